//! Jobs: the gateway's `cron.list`, `cron.get`, `cron.update` and events.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::value::{at, count, flag, moment, span_millis, span_seconds, text, texts};
use crate::domain::{
    AgentTurn, AutoDisabled, Cron, CronId, LastRun, MadeBy, Patch, Payload, Revision, RunStatus, Schedule,
};

/// One page of the list of crons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub crons: Vec<Cron>,
    /// Jobs that cannot be read, with their id or their place in the list, and why.
    pub unreadable: Vec<(String, String)>,
    /// Equal on two pages of an unchanged list.
    pub revision: Option<String>,
    pub next_offset: Option<usize>,
}

/// Reads a page that starts at `offset`.
pub fn crons_from(mut answer: Value, offset: usize) -> Result<Page, String> {
    let Some(Value::Array(jobs)) = answer.get_mut("jobs").map(Value::take) else {
        return Err("a list of crons without jobs".to_owned());
    };
    let n_jobs = jobs.len();
    let mut page = Page { crons: Vec::with_capacity(n_jobs), ..Page::default() };
    for (place, job) in jobs.into_iter().enumerate() {
        match cron_from(job) {
            Ok(cron) => page.crons.push(cron),
            Err((id, why)) => {
                let name = id.unwrap_or_else(|| format!("#{}", offset + place + 1));
                page.unreadable.push((name, why));
            }
        }
    }
    page.revision = text(&answer, "snapshotRevision");
    if flag(&answer, "hasMore") == Some(true) {
        let next = count(at(&answer, "nextOffset")).map_or(offset + n_jobs, |next| next as usize);
        page.next_offset = Some(next);
    }
    Ok(page)
}

/// Reads one job; the error holds its id, if it has one, and what is wrong with it.
///
/// Kinds of schedule and payload that this version does not know survive. What must be there is an id,
/// a schedule and a payload, for without them nothing true can be said of a cron.
pub fn cron_from(job: Value) -> Result<Cron, (Option<String>, String)> {
    let id = text(&job, "id");
    read(&job, id.as_deref()).map_err(|why| (id, why)).map(|cron| Cron { definition: definition(job), ..cron })
}

/// Everything but the definition, which takes the job apart.
fn read(job: &Value, id: Option<&str>) -> Result<Cron, String> {
    if !job.is_object() {
        return Err("it is not an object".to_owned());
    }
    let id = id.ok_or("it has no id")?;
    let state = at(job, "state");
    let enabled = match at(job, "enabled") {
        Value::Null => true,
        Value::Bool(enabled) => *enabled,
        _ => return Err("enabled is neither true nor false".to_owned()),
    };
    Ok(Cron {
        id: CronId::new(id),
        name: text(job, "name").unwrap_or_else(|| id.to_owned()),
        description: text(job, "description"),
        enabled,
        agent: agent(job),
        schedule: schedule(at(job, "schedule"))?,
        conditional: at(job, "trigger").is_object(),
        payload: payload(at(job, "payload"))?,
        revision: text(job, "configRevision").map(Revision::from),
        next_run_at: moment(at(state, "nextRunAtMs")).or_else(|| moment(at(job, "nextRunAtMs"))),
        running_since: moment(at(state, "runningAtMs")),
        last_run: last_run(job),
        consecutive_errors: count(at(state, "consecutiveErrors")).map_or(0, |errors| errors as u32),
        auto_disabled: auto_disabled(at(state, "autoDisabled")),
        declaration_key: text(job, "declarationKey"),
        delete_after_run: flag(job, "deleteAfterRun").unwrap_or(false),
        made_by: made_by(job),
        updated_at: moment(at(job, "updatedAtMs")),
        definition: Arc::new(Value::Null),
    })
}

/// The agent that was named, directly or by a session of its. What the list adds as effective is not
/// read: other answers lack it, and a cron must not differ by where it was read.
fn agent(job: &Value) -> Option<String> {
    let of_session = || {
        let key = text(job, "sessionKey")?;
        let agent = key.strip_prefix("agent:")?.split(':').next()?;
        (!agent.is_empty()).then(|| agent.to_owned())
    };
    text(job, "agentId").or_else(of_session)
}

fn schedule(schedule: &Value) -> Result<Schedule, String> {
    let kind = text(schedule, "kind").ok_or("its schedule has no kind")?;
    Ok(match kind.as_str() {
        "cron" => Schedule::Cron {
            expr: text(schedule, "expr").ok_or("its schedule has no expression")?,
            zone: text(schedule, "tz"),
            stagger: span_millis(at(schedule, "staggerMs")),
        },
        "every" => Schedule::Every {
            every: span_millis(at(schedule, "everyMs"))
                .filter(SignedDuration::is_positive)
                .ok_or("its schedule has no interval")?,
            anchor: moment(at(schedule, "anchorMs")),
        },
        "at" => Schedule::At { at: moment(at(schedule, "at")).ok_or("its schedule has no time")? },
        _ => Schedule::Event { kind },
    })
}

fn payload(payload: &Value) -> Result<Payload, String> {
    let kind = text(payload, "kind").ok_or("its payload has no kind")?;
    if kind != "agentTurn" {
        return Ok(Payload::Other(kind));
    }
    Ok(Payload::AgentTurn(AgentTurn {
        message: text(payload, "message").unwrap_or_default(),
        model: text(payload, "model"),
        fallbacks: texts(at(payload, "fallbacks")).map(Into::into),
        timeout: span_seconds(at(payload, "timeoutSeconds")),
        thinking: text(payload, "thinking"),
    }))
}

fn last_run(job: &Value) -> Option<LastRun> {
    let state = at(job, "state");
    let status = state.get("lastRunStatus").or_else(|| state.get("lastStatus"));
    let undelivered = undelivered(job);
    let of_delivery = || text(state, "lastDeliveryError").filter(|_| undelivered);
    Some(LastRun {
        at: moment(at(state, "lastRunAtMs"))?,
        status: status.map_or(RunStatus::Unknown, run_status),
        error: text(state, "lastError").or_else(of_delivery),
        error_reason: text(state, "lastErrorReason"),
        undelivered,
        duration: span_millis(at(state, "lastDurationMs")),
    })
}

/// What was held back on purpose, or need not arrive, is not missed.
fn undelivered(job: &Value) -> bool {
    let state = at(job, "state");
    let missed = text(state, "lastDeliveryStatus").as_deref() == Some("not-delivered");
    let on_purpose = !at(state, "deliverySuppressionReason").is_null();
    let best_effort = flag(at(job, "delivery"), "bestEffort") == Some(true);
    missed && !on_purpose && !best_effort
}

pub(super) fn run_status(status: &Value) -> RunStatus {
    match status.as_str() {
        Some("ok") => RunStatus::Ok,
        Some("error") => RunStatus::Error,
        Some("skipped") => RunStatus::Skipped,
        _ => RunStatus::Unknown,
    }
}

fn auto_disabled(value: &Value) -> Option<AutoDisabled> {
    value.is_object().then(|| AutoDisabled {
        at: moment(at(value, "atMs")),
        reason: text(value, "reason"),
        consecutive_errors: count(at(value, "consecutiveErrors")).map_or(0, |errors| errors as u32),
    })
}

/// When in doubt an agent made it: then an edit asks first.
fn made_by(job: &Value) -> MadeBy {
    let policy = at(job, "scheduledToolPolicy");
    let trusted = policy.is_null() || policy.get("mode").and_then(Value::as_str) == Some("trusted");
    if trusted && at(job, "owner").is_null() && at(job, "sessionKey").is_null() {
        MadeBy::Operator
    } else {
        MadeBy::Agent
    }
}

/// The job without what the gateway writes as it runs, its keys in one order whatever the answer's was.
fn definition(job: Value) -> Arc<Value> {
    let Value::Object(fields) = job else { return Arc::new(Value::Null) };
    let kept: Map<String, Value> = fields.into_iter().filter(|(key, _)| !runtime_field(key)).collect();
    let mut definition = Value::Object(kept);
    definition.sort_all_objects();
    Arc::new(definition)
}

fn runtime_field(key: &str) -> bool {
    matches!(
        key,
        "state"
            | "configRevision"
            | "nextRunAtMs"
            | "effectiveAgentId"
            | "createdAtMs"
            | "updatedAtMs"
            | "deliveryPreview"
    ) || key.strip_prefix("last").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// `patch` as `cron.update` takes it: a payload needs its kind, and `null` drops an override. A schedule is replaced
/// whole, and none but that of an expression is ever written.
pub(crate) fn patch_to(patch: &Patch) -> Value {
    let mut wire = json!({});
    if let Some(enabled) = patch.enabled {
        wire["enabled"] = enabled.into();
    }
    if let Some(Schedule::Cron { expr, zone, stagger }) = &patch.schedule {
        wire["schedule"] = json!({ "kind": "cron", "expr": expr });
        if let Some(zone) = zone {
            wire["schedule"]["tz"] = zone.as_str().into();
        }
        if let Some(stagger) = stagger {
            wire["schedule"]["staggerMs"] = i64::try_from(stagger.as_millis()).unwrap_or(i64::MAX).into();
        }
    }
    if patch.model.is_some() || patch.fallbacks.is_some() {
        wire["payload"] = json!({ "kind": "agentTurn" });
    }
    if let Some(model) = &patch.model {
        wire["payload"]["model"] = json!(model);
    }
    if let Some(fallbacks) = &patch.fallbacks {
        wire["payload"]["fallbacks"] = json!(fallbacks);
    }
    wire
}

#[cfg(test)]
mod tests;
