//! The writing half of `cron.*`: what a client may change, and how it is refused.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::job::{Job, canonical};
use super::read::{delivery_preview, job_id, not_found};
use super::{World, cron_event, uuid};
use crate::demo::schedule;
use crate::demo::wire::{Event, Fault, Reply};

/// What `cron.update` takes in its patch.
const PATCHABLE: &[&str] = &[
    "name",
    "displayName",
    "description",
    "enabled",
    "agentId",
    "sessionKey",
    "schedule",
    "sessionTarget",
    "wakeMode",
    "payload",
    "delivery",
    "deleteAfterRun",
    "failureAlert",
    "pacing",
    "trigger",
    "state",
];

const PAYLOAD_KINDS: [&str; 5] = ["agentTurn", "command", "script", "systemEvent", "heartbeat"];

/// A one-shot that is so late runs at once; a later one is refused.
const LATE_MS: i64 = 60_000;

const ADD_REQUIRED: [&str; 5] = ["name", "schedule", "sessionTarget", "wakeMode", "payload"];

fn invalid_update(why: impl std::fmt::Display) -> Fault {
    Fault::invalid(format!("invalid cron.update params: {why}"))
}

impl World {
    pub(super) fn update(&mut self, params: &Value, now_ms: i64) -> Reply {
        match self.check_update(params) {
            Err(fault) => Err(fault).into(),
            Ok((id, patch)) => {
                let mut events = self.edit(&id, &patch, now_ms);
                let job = &self.jobs[&id];
                events.push(cron_event(job, "updated"));
                Reply { answer: Ok(job.whole()), events }
            }
        }
    }

    fn check_update(&self, params: &Value) -> Result<(String, Map<String, Value>), Fault> {
        let unknown = params.as_object().into_iter().flat_map(Map::keys);
        let mut unknown =
            unknown.filter(|key| !["id", "jobId", "patch", "expectedConfigRevision"].contains(&key.as_str()));
        if let Some(key) = unknown.next() {
            return Err(invalid_update(format!("at root: unexpected property '{key}'")));
        }
        let id = job_id("cron.update", params)?;
        let Some(patch) = params.get("patch").and_then(Value::as_object) else {
            return Err(invalid_update("at root: must have required property 'patch'"));
        };
        if let Some(key) = patch.keys().find(|key| !PATCHABLE.contains(&key.as_str())) {
            return Err(invalid_update(format!(
                "at /patch: unexpected property '{key}'; must have required property 'jobId'; at root: unexpected \
                 property 'id'; must match a schema in anyOf"
            )));
        }
        check_payload(patch)?;
        let job = self.jobs.get(id).ok_or_else(|| not_found("Automation", id))?;
        check_kind(job, patch)?;
        if job.gateway_owned() {
            return Err(Fault::new("UNAVAILABLE", "Error: system-owned monitor jobs cannot be edited by cron clients"));
        }
        let actual = job.revision();
        match params.get("expectedConfigRevision").and_then(Value::as_str) {
            Some(expected) if expected != actual => Err(Fault::invalid(
                "cron job definition no longer matches the loaded version; review the latest version before retrying",
            )
            .with(json!({
                "code": "CRON_JOB_CHANGED", "expectedConfigRevision": expected, "actualConfigRevision": actual,
            }))),
            _ => Ok((id.to_owned(), patch.clone())),
        }
    }

    /// Writes a checked patch; the events are those of a run that it ended.
    pub(super) fn edit(&mut self, id: &str, patch: &Map<String, Value>, now_ms: i64) -> Vec<Event> {
        let killed = patch.get("enabled") == Some(&Value::Bool(false));
        let events = if killed { self.kill_run(id, now_ms) } else { Vec::new() };
        let Some(job) = self.jobs.get_mut(id) else { return events };
        let was_enabled = job.enabled();
        for (key, value) in patch {
            match (key.as_str(), value) {
                ("payload", Value::Object(changes)) => patch_payload(job, changes),
                ("schedule", Value::Object(schedule)) => replace_schedule(job, schedule),
                ("state", _) => {}
                (_, Value::Null) => {
                    job.def.shift_remove(key);
                }
                _ => {
                    job.def.insert(key.clone(), value.clone());
                }
            }
        }
        job.updated_ms = now_ms;
        if patch.get("enabled").is_some_and(Value::is_boolean) {
            job.state.insert("scheduleActivatedAtMs".into(), now_ms.into());
            if job.enabled() {
                job.state.insert("consecutiveErrors".into(), 0.into());
                job.state.insert("scheduleErrorCount".into(), 0.into());
                job.state.shift_remove("autoDisabled");
            }
        }
        if patch.contains_key("schedule") || was_enabled != job.enabled() {
            job.reschedule(now_ms);
        }
        events
    }

    pub(super) fn add(&mut self, params: &Value, now_ms: i64) -> Reply {
        let invalid = |why: String| Err(Fault::invalid(format!("invalid cron.add params: {why}")));
        let Some(def) = params.as_object() else { return invalid("at root: must be object".into()).into() };
        if let Some(missing) = ADD_REQUIRED.into_iter().find(|key| !def.contains_key(*key)) {
            return invalid(format!("at root: must have required property '{missing}'")).into();
        }
        let known = |key: &str| PATCHABLE.contains(&key) || key == "declarationKey" || key == "owner";
        if let Some(key) = def.keys().find(|key| !known(key)) {
            return invalid(format!("at root: unexpected property '{key}'")).into();
        }
        let kind = def["payload"].get("kind").and_then(Value::as_str).unwrap_or_default();
        if !PAYLOAD_KINDS.contains(&kind) {
            return invalid("at /payload: must have required property 'kind'".into()).into();
        }
        let at_ms = schedule::at_ms(&def["schedule"]).filter(|_| def["schedule"]["kind"] == "at");
        if let Some(at_ms) = at_ms.filter(|at_ms| *at_ms < now_ms - LATE_MS) {
            return Err(Fault::invalid(past(&def["schedule"], at_ms, now_ms))).into();
        }
        let key = def.get("declarationKey").and_then(Value::as_str);
        let existing = key.and_then(|key| self.jobs.values().find(|job| job.text("declarationKey") == key));
        let Some(existing) = existing.cloned() else {
            let id = self.fresh_id();
            let state = Map::new();
            let mut job = Job { def: definition(&id, def), state, created_ms: now_ms, updated_ms: now_ms, run: None };
            job.reschedule(now_ms);
            run_if_late(&mut job, at_ms, now_ms);
            let (events, preview) = (vec![cron_event(&job, "added")], delivery_preview(&job));
            let mut shown = job.whole();
            let answer = if key.is_some() {
                json!({ "created": true, "job": shown, "deliveryPreview": preview })
            } else {
                shown["deliveryPreview"] = preview;
                shown
            };
            self.insert(job);
            return Reply { answer: Ok(answer), events };
        };
        let mut job = Job { def: converged(&existing, def), ..existing.clone() };
        let updated = canonical(&Value::Object(job.def.clone())) != canonical(&Value::Object(existing.def));
        let mut events = Vec::new();
        if updated {
            job.updated_ms = now_ms;
            job.state.insert("scheduleActivatedAtMs".into(), now_ms.into());
            if def.get("enabled") == Some(&Value::Bool(true)) {
                job.state.insert("consecutiveErrors".into(), 0.into());
                job.state.insert("scheduleErrorCount".into(), 0.into());
            }
            job.reschedule(now_ms);
            run_if_late(&mut job, at_ms, now_ms);
            events.push(cron_event(&job, "updated"));
        }
        let preview = delivery_preview(&job);
        let answer = json!({ "created": false, "updated": updated, "job": job.whole(), "deliveryPreview": preview });
        self.insert(job);
        Reply { answer: Ok(answer), events }
    }

    fn fresh_id(&mut self) -> String {
        self.n_added += 1;
        let mut random = super::Random::of(self.options.seed, &format!("added {}", self.n_added));
        uuid(u128::from(random.word()) << 64 | u128::from(random.word()))
    }

    pub(super) fn remove(&mut self, params: &Value) -> Reply {
        let id = match job_id("cron.remove", params) {
            Ok(id) => id,
            Err(fault) => return Err(fault).into(),
        };
        match self.jobs.get(id) {
            None => Err(not_found("Automation", id)).into(),
            Some(job) if job.gateway_owned() => {
                let why = "Error: system-owned monitor jobs cannot be removed by cron clients";
                Err(Fault::new("UNAVAILABLE", why)).into()
            }
            Some(job) => {
                let events = vec![cron_event(job, "removed")];
                self.jobs.remove(id);
                Reply { answer: Ok(json!({ "ok": true, "removed": true })), events }
            }
        }
    }
}

/// The schema's part: a payload says its kind and holds what that kind has.
fn check_payload(patch: &Map<String, Value>) -> Result<(), Fault> {
    let Some(payload) = patch.get("payload") else { return Ok(()) };
    let Some(payload) = payload.as_object() else { return Err(invalid_update("at /patch/payload: must be object")) };
    let Some(kind) = payload.get("kind").and_then(Value::as_str) else {
        let others = payload.keys().map(|key| format!("at /patch/payload: unexpected property '{key}'"));
        let mut why = vec!["at /patch/payload: must have required property 'kind'".to_owned()];
        why.extend(others);
        return Err(invalid_update(why.join("; ")));
    };
    let allowed: &[&str] = match kind {
        "agentTurn" => {
            &["kind", "message", "model", "fallbacks", "thinking", "timeoutSeconds", "toolsAllow", "lightContext"]
        }
        "command" => &["kind", "argv", "cwd", "env", "timeoutSeconds"],
        "script" => &["kind", "script", "timeoutSeconds", "toolBudget", "toolsAllow"],
        "systemEvent" => &["kind", "text"],
        "heartbeat" => &["kind"],
        _ => return Err(invalid_update("at /patch/payload/kind: must be equal to one of the allowed values")),
    };
    match payload.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(key) => Err(invalid_update(format!("at /patch/payload: unexpected property '{key}'"))),
        None => Ok(()),
    }
}

/// A payload of another kind has to be whole.
fn check_kind(job: &Job, patch: &Map<String, Value>) -> Result<(), Fault> {
    let Some(payload) = patch.get("payload").and_then(Value::as_object) else { return Ok(()) };
    let kind = payload.get("kind").and_then(Value::as_str).unwrap_or_default();
    let needs = match kind {
        "agentTurn" => "message",
        "command" => "argv",
        "script" => "script",
        "systemEvent" => "text",
        _ => return Ok(()),
    };
    if kind == job.payload_kind() || payload.contains_key(needs) {
        return Ok(());
    }
    Err(invalid_update(format!("cron.update payload.kind=\"{kind}\" requires {needs}")))
}

/// A stagger that is not said stays, as long as the expression does.
fn replace_schedule(job: &mut Job, schedule: &Map<String, Value>) {
    let mut schedule = schedule.clone();
    let stagger = job.schedule().get("staggerMs").filter(|_| job.schedule().get("expr") == schedule.get("expr"));
    if let Some(stagger) = stagger.cloned() {
        schedule.entry("staggerMs").or_insert(stagger);
    }
    job.def.insert("schedule".into(), Value::Object(schedule));
}

/// `null` drops a field, and so does an empty model; another kind replaces the payload.
fn patch_payload(job: &mut Job, changes: &Map<String, Value>) {
    let same_kind = changes.get("kind").and_then(Value::as_str) == Some(job.payload_kind());
    let kept = if same_kind { job.def.get("payload").and_then(Value::as_object).cloned() } else { None };
    let mut payload = kept.unwrap_or_default();
    for (key, value) in changes {
        let drops = value.is_null() || (key == "model" && value.as_str().is_some_and(|model| model.trim().is_empty()));
        if drops {
            payload.shift_remove(key);
        } else {
            payload.insert(key.clone(), value.clone());
        }
    }
    job.def.insert("payload".into(), Value::Object(payload));
}

/// A one-shot whose moment has just passed runs at once.
fn run_if_late(job: &mut Job, at_ms: Option<i64>, now_ms: i64) {
    if let Some(at_ms) = at_ms.filter(|at_ms| job.enabled() && *at_ms <= now_ms) {
        job.state.insert("nextRunAtMs".into(), at_ms.into());
    }
}

fn past(schedule: &Value, at_ms: i64, now_ms: i64) -> String {
    let moment = |ms| Timestamp::from_millisecond(ms).map(|at| format!("{at:.3}")).unwrap_or_default();
    let at = schedule["at"].as_str().unwrap_or_default();
    let minutes = (now_ms - at_ms) / 60_000;
    format!("schedule.at is in the past: {at} ({minutes} minutes ago). Current time: {}", moment(now_ms))
}

/// What a declaration changes of the job that has its key. What that is called stays: of two marks the first does.
const DECLARED: [&str; 6] = ["schedule", "pacing", "trigger", "payload", "delivery", "displayName"];

/// The existing job as a second `cron.add` with its key leaves it.
fn converged(existing: &Job, given: &Map<String, Value>) -> Map<String, Value> {
    let mut def = existing.def.clone();
    let whole = definition(existing.id(), given);
    for key in DECLARED {
        match whole.get(key) {
            Some(value) => drop(def.insert(key.into(), value.clone())),
            None => drop(def.shift_remove(key)),
        }
    }
    // Whether it is on stays as it is, unless it is named.
    if let Some(enabled) = given.get("enabled") {
        def.insert("enabled".into(), enabled.clone());
    }
    def
}

/// What the gateway stores of `cron.add`: the definition, with what it adds of its own.
fn definition(id: &str, given: &Map<String, Value>) -> Map<String, Value> {
    let mut def = Map::new();
    def.insert("id".into(), id.into());
    def.extend(given.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())));
    def.entry("enabled").or_insert(true.into());
    let kind = def["payload"]["kind"].as_str().unwrap_or_default().to_owned();
    if kind == "agentTurn" {
        if let Some(payload) = def.get_mut("payload").and_then(Value::as_object_mut) {
            payload.entry("toolsAllow").or_insert(json!(["*"]));
        }
        def.insert("scheduledToolPolicy".into(), json!({ "version": 1, "mode": "trusted" }));
    }
    if def.get("sessionTarget").and_then(Value::as_str) == Some("isolated") {
        def.entry("delivery").or_insert(json!({ "mode": "announce" }));
    }
    def
}
