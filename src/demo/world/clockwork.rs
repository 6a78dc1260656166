//! Time passes: runs begin when they are due, end, and leave their traces.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::job::{Job, Run};
use super::outcome::{self, Failure, Outcome, Providers};
use super::read::{job_id, not_found};
use super::{Random, World, cron_event, models};
use crate::demo::DemoOutage;
use crate::demo::schedule;
use crate::demo::wire::{Event, Fault, Reply};

/// A time-based job is switched off after this many failures in a row.
const FAILURES_UNTIL_OFF: u64 = 10;
/// Runs kept in all; the oldest go first.
const RUNS_KEPT: usize = 20_000;

/// What happens next, and when.
enum Due {
    Starts(String),
    Ends(String),
}

impl World {
    /// Lets everything happen that is due by `now`, in its order and at its own time.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Event> {
        let now_ms = now.as_millisecond();
        let mut events = Vec::new();
        while let Some((at_ms, due)) = self.due().filter(|(at_ms, _)| *at_ms <= now_ms) {
            match due {
                Due::Starts(id) => events.extend(self.start(&id, at_ms, None)),
                Due::Ends(id) => events.extend(self.finish(&id, at_ms)),
            }
        }
        events
    }

    /// When [`World::advance`] has something to do again.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due().and_then(|(at_ms, _)| Timestamp::from_millisecond(at_ms).ok())
    }

    fn due(&self) -> Option<(i64, Due)> {
        let next = |job: &Job| match &job.run {
            Some(run) => Some((run.ends_ms, false)),
            None if self.options.run_jobs && job.enabled() => job.next_run_ms().map(|at_ms| (at_ms, true)),
            None => None,
        };
        let jobs = self.jobs.values().filter_map(|job| next(job).map(|(at_ms, starts)| (at_ms, starts, job.id())));
        let (at_ms, starts, id) = jobs.min()?;
        Some((at_ms, if starts { Due::Starts(id.to_owned()) } else { Due::Ends(id.to_owned()) }))
    }

    /// Ends every run that is under way, now.
    pub fn finish_runs(&mut self, now: Timestamp) -> Vec<Event> {
        let running = self.jobs.values().filter(|job| job.run.is_some()).map(|job| job.id().to_owned());
        let running: Vec<_> = running.collect();
        running.iter().flat_map(|id| self.finish(id, now.as_millisecond())).collect()
    }

    /// Begins a run; the events that tell of it, none for a job that is not there.
    pub(super) fn start(&mut self, id: &str, now_ms: i64, run_id: Option<String>) -> Vec<Event> {
        let Some(job) = self.jobs.get(id) else { return Vec::new() };
        self.n_started += 1;
        let mut random = Random::of(self.options.seed, &format!("{id} {}", self.n_started));
        let resets = |provider: &str, outage| {
            let mut windows = self.quotas.shown(provider, outage, now_ms).into_iter();
            windows.find(|window| window.used_percent == 100).map(|window| window.resets_ms)
        };
        let providers = Providers { outages: &self.outages, cooldowns: &self.cooldowns, resets: &resets };
        let mut outcome = outcome::decide(job, &providers, now_ms, &mut random);
        outcome.duration_ms = ((outcome.duration_ms as f64 / self.options.speed.max(0.001)) as i64).max(1);
        let attempt = refused_attempt(id, &self.session(id, now_ms), &outcome, now_ms);
        let Some(job) = self.jobs.get_mut(id) else { return Vec::new() };
        job.state.insert("runningAtMs".into(), now_ms.into());
        job.run = Some(Run { started_ms: now_ms, ends_ms: now_ms + outcome.duration_ms, manual_id: run_id, outcome });
        let mut event = cron_event(job, "started");
        event.payload["runAtMs"] = now_ms.into();
        std::iter::once(event).chain(attempt).collect()
    }

    /// The session of a run: the same whenever it is asked for.
    fn session(&self, id: &str, started_ms: i64) -> String {
        Random::of(self.options.seed, &format!("{id} session {started_ms}")).uuid()
    }

    pub(super) fn finish(&mut self, id: &str, now_ms: i64) -> Vec<Event> {
        let started_ms = self.jobs.get(id).and_then(|job| job.run.as_ref()).map(|run| run.started_ms);
        let session = self.session(id, started_ms.unwrap_or(now_ms));
        let Some(job) = self.jobs.get_mut(id) else { return Vec::new() };
        let Some(run) = job.run.take() else { return Vec::new() };
        note(job, &run, now_ms);
        let manual = run.manual_id.is_some();
        let failed = run.outcome.error.is_some();
        let one_shot = job.schedule().get("kind").and_then(Value::as_str) == Some("at");
        let delete = one_shot && !manual && !failed && job.def.get("deleteAfterRun") == Some(&Value::Bool(true));
        if one_shot && !manual && !delete {
            job.def.insert("enabled".into(), false.into());
        }
        if !manual && failed && schedule::time_based(job.schedule()) && job.errors() >= FAILURES_UNTIL_OFF {
            switch_off(job, now_ms);
        }
        // A manual run leaves alone what is still to come.
        let still_to_come = manual && job.next_run_ms().is_some_and(|next| next > now_ms);
        if !still_to_come && !delete {
            job.reschedule(now_ms);
        }
        let entry = entry(job, &run, now_ms, &session);
        let mut events = vec![finished(job, &entry)];
        if delete {
            events.push(cron_event(job, "removed"));
            self.jobs.remove(id);
        }
        self.absorb(&run.outcome, now_ms, &mut events);
        self.remember(entry);
        if self.runs.len() > RUNS_KEPT {
            self.runs.drain(..RUNS_KEPT / 10);
        }
        events
    }

    /// Writes a run of the past into `job` and the list of runs, without letting time pass.
    pub(in crate::demo) fn live_through(
        &mut self,
        job: &mut Job,
        started_ms: i64,
        outages: &BTreeMap<String, DemoOutage>,
        failure: Option<Failure>,
    ) {
        let (mut outcome, mut random) = self.past_outcome(job, started_ms, outages);
        if failure.is_some() {
            outcome = Outcome { error: failure, usage: None, summary: None, ..outcome };
        }
        let ends_ms = started_ms + outcome.duration_ms;
        let run = Run { started_ms, ends_ms, manual_id: None, outcome };
        note(job, &run, ends_ms);
        let entry = entry(job, &run, ends_ms, &random.uuid());
        self.remember(entry);
    }

    /// How a run of the past ended: the same whenever it is asked.
    pub(in crate::demo) fn past_outcome(
        &self,
        job: &Job,
        started_ms: i64,
        outages: &BTreeMap<String, DemoOutage>,
    ) -> (Outcome, Random) {
        let mut random = Random::of(self.options.seed, &format!("{} past {started_ms}", job.id()));
        let providers = Providers { outages, cooldowns: &BTreeMap::new(), resets: &|_, _| None };
        let outcome = outcome::decide(job, &providers, started_ms, &mut random);
        (outcome, random)
    }

    /// Puts the past in order; a billing failure of the last ten minutes still cools its provider.
    pub(in crate::demo) fn settle_past(&mut self, now_ms: i64) {
        self.runs.sort_by_key(|entry| entry["ts"].as_i64());
        let billing = self.runs.iter().filter(|entry| entry["errorReason"] == "billing");
        let last: BTreeMap<_, _> =
            billing.filter_map(|entry| Some((entry["provider"].as_str()?.to_owned(), entry["ts"].as_i64()?))).collect();
        for (provider, failed_ms) in last {
            let until_ms = failed_ms + outcome::BILLING_COOLDOWN_MS;
            if until_ms > now_ms {
                self.cool(&provider, until_ms);
            }
        }
    }

    /// A run somebody started by hand and that takes its time; without due runs it never ends by itself.
    pub(in crate::demo) fn begin_long_run(&mut self, id: &str, started_ms: i64, ends_ms: i64) {
        let run_id = format!("manual:{id}:{started_ms}:1");
        if self.start(id, started_ms, Some(run_id)).is_empty() {
            return;
        }
        let ends_ms = if self.options.run_jobs { ends_ms } else { i64::MAX };
        if let Some(run) = self.jobs.get_mut(id).and_then(|job| job.run.as_mut()) {
            run.ends_ms = ends_ms;
        }
    }

    /// Two crons that run on `provider` happen to be due in a moment, so that an outage is noticed.
    pub fn hasten(&mut self, provider: &str, now: Timestamp) {
        if !self.options.run_jobs {
            return;
        }
        let now_ms = now.as_millisecond();
        let runs_there = |job: &&mut Job| {
            let own = job.payload("model").and_then(Value::as_str).unwrap_or(models::DEFAULT_MODEL);
            job.payload_kind() == "agentTurn"
                && job.enabled()
                && !job.gateway_owned()
                && job.run.is_none()
                && job.schedule().get("kind").and_then(Value::as_str) != Some("at")
                && models::resolve(own).is_some_and(|model| model.provider == provider)
        };
        let mut jobs: Vec<_> = self.jobs.values_mut().filter(runs_there).collect();
        jobs.sort_by_key(|job| job.next_run_ms());
        for (job, in_ms) in jobs.into_iter().zip([2_000, 6_000]) {
            let soon = job.next_run_ms().unwrap_or(i64::MAX).min(now_ms + in_ms);
            job.state.insert("nextRunAtMs".into(), soon.into());
        }
    }

    /// What a run did to its provider: tokens spent, a cooldown begun.
    fn absorb(&mut self, outcome: &Outcome, now_ms: i64, events: &mut Vec<Event>) {
        if let (Some((input, output)), Some((provider, _))) = (outcome.usage, &outcome.ran) {
            self.quotas.spend(provider, input + output, now_ms);
        }
        for (provider, for_ms) in &outcome.cools {
            self.cool(provider, now_ms + for_ms);
            events.push(Event { name: "chat.metadata.changed", payload: json!({ "ts": now_ms }) });
        }
    }

    /// Disabling a running job ends its run, which counts as an error.
    pub(super) fn kill_run(&mut self, id: &str, now_ms: i64) -> Vec<Event> {
        let Some(run) = self.jobs.get_mut(id).and_then(|job| job.run.as_mut()) else { return Vec::new() };
        run.outcome = Outcome {
            error: Some(Failure {
                text: "cron: job run aborted (automation disabled)".to_owned(),
                reason: None,
                source: "cron-setup",
            }),
            ran: run.outcome.ran.take(),
            ..Outcome::default()
        };
        self.finish(id, now_ms)
    }

    pub(super) fn run_now(&mut self, params: &Value, now_ms: i64) -> Reply {
        let id = match job_id("cron.run", params) {
            Ok(id) => id.to_owned(),
            Err(fault) => return Err(fault).into(),
        };
        let Some(job) = self.jobs.get(&id) else { return Err(not_found("Automation", &id)).into() };
        let mode = params.get("mode").and_then(Value::as_str).unwrap_or("force");
        let reason = match mode {
            _ if job.run.is_some() => Some("already-running"),
            "if-enabled" | "due" if !job.enabled() => Some("disabled"),
            "due" if job.next_run_ms().is_none_or(|next| next > now_ms) => Some("not-due"),
            "force" | "due" | "if-enabled" => None,
            _ => {
                let why = "invalid cron.run params: at /mode: must be equal to one of the allowed values";
                return Err(Fault::invalid(why)).into();
            }
        };
        if let Some(reason) = reason {
            let answer = json!({ "ok": true, "ran": false, "reason": reason, "processInstanceId": self.process_id });
            return Ok(answer).into();
        }
        let run_id = format!("manual:{id}:{now_ms}:{}", self.n_started + 1);
        let events = self.start(&id, now_ms, Some(run_id.clone()));
        let answer = json!({
            "ok": true, "enqueued": true, "runId": run_id, "processInstanceId": self.process_id,
        });
        Reply { answer: Ok(answer), events }
    }
}

/// Writes a finished run into the job's state.
fn note(job: &mut Job, run: &Run, now_ms: i64) {
    let errors = job.errors();
    let state = &mut job.state;
    state.shift_remove("runningAtMs");
    for stale in ["lastError", "lastErrorReason", "lastDiagnostics", "lastDiagnosticSummary", "lastDelivered"] {
        state.shift_remove(stale);
    }
    let status = if run.outcome.error.is_some() { "error" } else { "ok" };
    let mut set = |key: &str, value: Value| {
        state.insert(key.to_owned(), value);
    };
    set("lastRunAtMs", run.started_ms.into());
    set("lastRunStatus", status.into());
    set("lastStatus", status.into());
    set("lastDurationMs", (now_ms - run.started_ms).into());
    set("lastDeliveryStatus", "not-requested".into());
    set("lastFailureNotificationDeliveryStatus", "not-requested".into());
    set("consecutiveSkipped", 0.into());
    match &run.outcome.error {
        None => {
            set("lastDelivered", false.into());
            set("consecutiveErrors", 0.into());
        }
        Some(failure) => {
            set("consecutiveErrors", (errors + 1).into());
            set("lastError", failure.text.clone().into());
            set("lastDiagnostics", failure.diagnostics(now_ms));
            set("lastDiagnosticSummary", failure.text.clone().into());
            if let Some(reason) = failure.reason {
                set("lastErrorReason", reason.into());
            }
        }
    }
    job.updated_ms = now_ms;
}

fn switch_off(job: &mut Job, now_ms: i64) {
    let errors = job.errors();
    job.def.insert("enabled".into(), false.into());
    let mark = json!({ "reason": "consecutive-failures", "atMs": now_ms, "consecutiveErrors": errors });
    job.state.insert("autoDisabled".into(), mark);
}

/// The run's entry in `cron.runs`.
fn entry(job: &Job, run: &Run, now_ms: i64, session: &str) -> Value {
    let mut entry = Map::new();
    let mut set = |key: &str, value: Value| {
        entry.insert(key.to_owned(), value);
    };
    let outcome = &run.outcome;
    set("ts", now_ms.into());
    set("jobId", job.id().into());
    set("action", "finished".into());
    set("status", if outcome.error.is_some() { "error" } else { "ok" }.into());
    set("completionStatus", if outcome.error.is_some() { "failed" } else { "succeeded" }.into());
    if let Some(failure) = &outcome.error {
        set("error", failure.text.clone().into());
        if let Some(reason) = failure.reason {
            set("errorReason", reason.into());
        }
        set("diagnostics", failure.diagnostics(now_ms));
    }
    if let Some(summary) = &outcome.summary {
        set("summary", summary.clone().into());
    }
    if let Some(run_id) = &run.manual_id {
        set("runId", run_id.clone().into());
    }
    set("runAtMs", run.started_ms.into());
    set("durationMs", (now_ms - run.started_ms).into());
    if let Some(next) = job.next_run_ms() {
        set("nextRunAtMs", next.into());
    }
    if let Some((provider, model)) = &outcome.ran {
        set("model", model.clone().into());
        set("provider", provider.clone().into());
    }
    if let Some((input, output)) = outcome.usage {
        set("usage", json!({ "input_tokens": input, "output_tokens": output, "total_tokens": input + output }));
    }
    if job.payload_kind() == "command" {
        // It has no session, and nobody to whom an answer would go.
        set("delivery", json!({ "intended": { "source": "explicit" } }));
    } else {
        if outcome.error.is_none() {
            set("delivered", false.into());
            let intended = json!({ "channel": "last", "to": null, "source": "last" });
            set("delivery", json!({ "intended": intended, "fallbackUsed": false, "delivered": false }));
        }
        set("sessionId", session.into());
        set("sessionKey", session_key(job.id(), session).into());
    }
    set("deliveryStatus", "not-requested".into());
    set("jobName", job.text("name").into());
    Value::Object(entry)
}

fn session_key(id: &str, session: &str) -> String {
    format!("agent:main:cron:{id}:run:{session}")
}

/// What a gateway tells of an attempt that it is going to repeat. Of all attempts of a run the first stands here:
/// the others say the same.
fn refused_attempt(id: &str, session: &str, outcome: &Outcome, now_ms: i64) -> Option<Event> {
    let (refusal, (provider, model)) = outcome.repeated.as_ref().zip(outcome.ran.as_ref())?;
    let data = json!({
        "phase": "finishing",
        "error": refusal.text,
        "errorObservation": {
            "provider": provider,
            "model": model,
            "failoverReason": refusal.reason,
            "providerRuntimeFailureKind": if refusal.reason == "rate_limit" { "rate_limit" } else { "timeout" },
        },
        "aborted": false,
        "livenessState": "blocked",
        "endedAt": now_ms,
    });
    let payload = json!({
        "runId": session,
        "sessionKey": session_key(id, session),
        "sessionId": session,
        "agentId": "main",
        "stream": "lifecycle",
        "data": data,
        "seq": 3,
        "ts": now_ms,
    });
    Some(Event { name: "agent", payload })
}

/// The event of a finished run: the job, and its entry without what the list adds.
fn finished(job: &Job, entry: &Value) -> Event {
    let mut event = cron_event(job, "finished");
    for (key, value) in entry.as_object().into_iter().flatten() {
        if !["ts", "jobId", "action", "jobName"].contains(&key.as_str()) {
            event.payload[key] = value.clone();
        }
    }
    event
}
