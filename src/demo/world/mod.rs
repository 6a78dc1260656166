//! The demo's gateway without its socket: jobs, runs, models, quotas, limits.
//!
//! Pure: every entry takes the moment as an argument, and the same calls with the same seed lead
//! to the same answers. Nothing here knows connections; `server` hands the events out.

mod clockwork;
mod job;
mod models;
mod outcome;
mod random;
mod read;
mod usage;
mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) use job::Job;
pub(super) use models::{MODELS, Model, PROVIDERS};
pub(super) use outcome::{Failure, Outcome};
pub(super) use random::{Random, hex, uuid};
use usage::Quotas;
pub(super) use usage::{Shown, Window};

use super::seed;
use super::wire::{Caller, Event, Fault, Reply, Request};
use super::{DemoOptions, DemoOutage};

/// A fixed window of this length counts the writes of one method and caller.
const WRITE_WINDOW_MS: i64 = 60_000;

/// Methods that write, each with its own limit.
const WRITES: [&str; 4] = ["cron.add", "cron.update", "cron.remove", "cron.run"];

/// Every method the demo answers, as `hello-ok` lists them.
pub(super) const METHODS: [&str; 14] = [
    "health",
    "usage.status",
    "config.get",
    "models.list",
    "models.authStatus",
    "models.probe",
    "cron.get",
    "cron.list",
    "cron.status",
    "cron.runs",
    "cron.add",
    "cron.update",
    "cron.remove",
    "cron.run",
];

/// A provider at one moment.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub outage: DemoOutage,
    pub windows: Vec<Shown>,
    pub now: Timestamp,
}

/// A gateway as values: [`World::apply`] answers calls, [`World::advance`] lets time pass.
#[derive(Clone, Debug)]
pub struct World {
    jobs: BTreeMap<String, Job>,
    /// Finished runs, oldest first.
    runs: Vec<Value>,
    outages: BTreeMap<String, DemoOutage>,
    /// Until when the gateway itself refuses a provider.
    cooldowns: BTreeMap<String, i64>,
    quotas: Quotas,
    /// Where the providers answer.
    origin: Option<String>,
    limits: BTreeMap<(String, &'static str), (i64, u32)>,
    calls: BTreeMap<String, u64>,
    options: DemoOptions,
    process_id: String,
    n_started: u64,
    n_added: u64,
}

impl World {
    /// The fifty crons with their past, MiniMax out of credits for forty minutes.
    #[must_use]
    pub fn new(options: &DemoOptions, now: Timestamp) -> Self {
        let now_ms = now.as_millisecond();
        let mut world = Self {
            jobs: BTreeMap::new(),
            runs: Vec::new(),
            outages: BTreeMap::new(),
            cooldowns: BTreeMap::new(),
            quotas: Quotas::new(now_ms, options.day_left.map(|left| left.as_millis() as i64)),
            origin: None,
            limits: BTreeMap::new(),
            calls: BTreeMap::new(),
            process_id: Random::of(options.seed, "process").uuid(),
            options: options.clone(),
            n_started: 0,
            n_added: 0,
        };
        seed::fill(&mut world, now_ms);
        world
    }

    /// Carries out one call.
    pub fn apply(&mut self, caller: &Caller, request: &Request, now: Timestamp) -> Reply {
        let now_ms = now.as_millisecond();
        *self.calls.entry(request.method.clone()).or_default() += 1;
        if let Err(fault) = self.admit(caller, &request.method, now_ms) {
            return Err(fault).into();
        }
        let params = &request.params;
        if !params.is_object() {
            return Err(Fault::invalid(format!("invalid {} params: at root: must be object", request.method))).into();
        }
        match request.method.as_str() {
            "health" => Ok(health(now_ms)).into(),
            "usage.status" => Ok(self.quotas.status(&self.outages, now_ms)).into(),
            "config.get" => Ok(models::config(self.origin.as_deref())).into(),
            "models.list" => models::list(caller, params, &self.cooldowns, now_ms).into(),
            "models.authStatus" => Ok(models::auth_status(now_ms)).into(),
            "models.probe" => self.probe(params, now_ms),
            "cron.get" => self.get(params).into(),
            "cron.list" => self.list(params).into(),
            "cron.status" => Ok(self.status()).into(),
            "cron.runs" => self.list_runs(params).into(),
            "cron.add" => self.add(params, now_ms),
            "cron.update" => self.update(params, now_ms),
            "cron.remove" => self.remove(params),
            "cron.run" => self.run_now(params, now_ms),
            unknown => Err(Fault::invalid(format!("unknown method: {unknown}"))).into(),
        }
    }

    /// Carries out a call of somebody else, whose limits and counters are not ours.
    pub(super) fn apply_uncounted(&mut self, request: &Request, now: Timestamp) -> Reply {
        let now_ms = now.as_millisecond();
        match request.method.as_str() {
            "cron.update" => self.update(&request.params, now_ms),
            "cron.add" => self.add(&request.params, now_ms),
            "cron.remove" => self.remove(&request.params),
            other => Err(Fault::invalid(format!("unknown method: {other}"))).into(),
        }
    }

    /// Scope and write limit; invalid calls count too.
    fn admit(&mut self, caller: &Caller, method: &str, now_ms: i64) -> Result<(), Fault> {
        let Some(scope) = scope_of(method) else { return Ok(()) };
        if !caller.holds(scope) {
            return Err(Fault::new("FORBIDDEN", format!("missing scope: {scope}")).with(json!({
                "code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope],
            })));
        }
        let Some(method) = WRITES.into_iter().find(|write| *write == method) else { return Ok(()) };
        let limit = self.options.write_limit;
        let (since_ms, n_calls) = self.limits.entry((caller.id.clone(), method)).or_insert((now_ms, 0));
        if now_ms - *since_ms >= WRITE_WINDOW_MS {
            (*since_ms, *n_calls) = (now_ms, 0);
        }
        if *n_calls >= limit {
            let left_ms = *since_ms + WRITE_WINDOW_MS - now_ms;
            let message = format!("rate limit exceeded for {method}; retry after {}s", (left_ms + 999) / 1_000);
            let details = json!({ "method": method, "limit": format!("{limit} per 60s") });
            return Err(Fault::new("UNAVAILABLE", message).retry_after(left_ms).with(details));
        }
        *n_calls += 1;
        Ok(())
    }

    /// A real question to one provider. A real gateway repeats it for minutes while it is told to wait; here
    /// every answer is quick. Its cooldowns are for runs: it asks all the same, and ends none.
    fn probe(&mut self, params: &Value, now_ms: i64) -> Reply {
        let Some(wanted) = params.get("provider").and_then(Value::as_str) else {
            let why = "invalid models.probe params: must have required property 'provider'";
            return Err(Fault::invalid(why.to_owned())).into();
        };
        let standard = models::resolve(models::DEFAULT_MODEL).filter(|model| model.provider == wanted);
        let Some(model) = standard.or_else(|| models::MODELS.iter().find(|model| model.provider == wanted)) else {
            let error = "No probe targets are available for this provider.";
            return Ok(json!({ "provider": wanted, "status": "unknown", "error": error, "results": [] })).into();
        };
        let (status, error) = outcome::probe_status(model, &self.outages);
        let latency_ms = Random::of(self.options.seed ^ now_ms as u64, wanted).between(300, 1_400);
        let label = format!("Configured credential · {wanted}/{}", model.id);
        let mut result = json!({ "label": label, "status": status, "latencyMs": latency_ms });
        let mut answer = json!({ "provider": wanted, "status": status, "latencyMs": latency_ms });
        if let Some(error) = error {
            result["error"] = error.into();
            answer["error"] = error.into();
        }
        answer["results"] = json!([result]);
        Ok(answer).into()
    }

    /// Lets a provider fail from now on, or serve again. A cooldown that began stays, as it would.
    pub fn set_outage(&mut self, provider: &str, outage: DemoOutage) {
        self.outages.insert(provider.to_owned(), outage.at(provider));
    }

    /// The providers answer at this address, each under its id.
    pub(super) fn serve_at(&mut self, origin: &str) {
        self.origin = Some(origin.to_owned());
    }

    /// How a provider stands: what its own endpoints show.
    pub(super) fn standing(&self, provider: &str, now: Timestamp) -> Standing {
        let outage = self.outages.get(provider).copied().unwrap_or(DemoOutage::Serving);
        Standing { outage, windows: self.quotas.shown(provider, outage, now.as_millisecond()), now }
    }

    pub(super) fn options(&self) -> &DemoOptions {
        &self.options
    }

    pub(super) fn all_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// The windows of the providers, as they stand when nothing fails.
    pub(super) fn windows(&self) -> impl Iterator<Item = (&'static str, &Window)> {
        self.quotas.windows()
    }

    /// How often each method was called, refused calls included.
    #[must_use]
    pub fn calls(&self) -> &BTreeMap<String, u64> {
        &self.calls
    }

    /// A job as `cron.get` shows it.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<Value> {
        self.jobs.get(id).map(Job::whole)
    }

    /// Every job as `cron.get` shows it, in the order of ids.
    pub fn jobs(&self) -> impl Iterator<Item = Value> {
        self.jobs.values().map(Job::whole)
    }

    pub(super) fn insert(&mut self, job: Job) {
        self.jobs.insert(job.id().to_owned(), job);
    }

    pub(super) fn remember(&mut self, entry: Value) {
        self.runs.push(entry);
    }

    pub(super) fn cool(&mut self, provider: &str, until_ms: i64) {
        self.cooldowns.insert(provider.to_owned(), until_ms);
    }
}

fn scope_of(method: &str) -> Option<&'static str> {
    match method {
        "cron.add" | "cron.update" | "cron.remove" | "cron.run" | "models.probe" => Some("operator.admin"),
        "health" => None,
        known if METHODS.contains(&known) => Some("operator.read"),
        _ => None,
    }
}

fn health(now_ms: i64) -> Value {
    json!({
        "ok": true,
        "ts": now_ms,
        "durationMs": 3,
        "plugins": { "loaded": ["anthropic", "google", "minimax", "openai"], "errors": [], "unavailable": [] },
        "configReload": { "hotReloadStatus": "active" },
        "channels": {},
        "channelOrder": [],
        "channelLabels": {},
        "heartbeatSeconds": 0,
        "defaultAgentId": "main",
        "agents": [{ "agentId": "main", "isDefault": true }],
        "sessions": { "count": 0, "recent": [] },
        "eventLoop": { "degraded": false, "reasons": [], "delayP99Ms": 4.1, "delayMaxMs": 11.0, "utilization": 0.03 },
    })
}

fn cron_event(job: &Job, action: &str) -> Event {
    let mut payload = json!({ "jobId": job.id(), "action": action, "job": job.in_event() });
    if let Some(next) = job.next_run_ms().filter(|_| matches!(action, "added" | "updated")) {
        payload["nextRunAtMs"] = next.into();
    }
    Event { name: "cron", payload }
}
