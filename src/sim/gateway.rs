//! A simulated gateway by values: crons with revisions, runs, cooldowns, write limits, failures that switch off.
//!
//! A revision is a pure function of the definition, so giving back everything gives back the revision. Nothing here
//! waits: whoever drives the world says what time it is and when a run ends.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::happening::{Call, Hand, Method, Verdict};
use super::vendor::{Vendor, Vendors};
use crate::domain::{
    AccountId, AutoDisabled, Catalog, Cron, CronId, LastRun, Model, ModelRef, ModelScope, OWNER_KEY, OwnerMark, Patch,
    Payload, ProbeStatus, QuotaWindow, Revision, RunRecord, RunStatus, Schedule, Source, TokenUsage,
};
use crate::gateway::Usage;
use crate::policy;

#[derive(Debug)]
pub struct Gateway {
    pub crons: BTreeMap<CronId, Cron>,
    /// Its models without their cooldowns.
    pub models: Catalog,
    pub vendors: Vendors,
    /// Windows beside the one of the whole account.
    pub windows: BTreeMap<AccountId, Vec<QuotaWindow>>,
    pub runs: VecDeque<RunRecord>,
    cooldowns: BTreeMap<AccountId, Timestamp>,
    under_way: BTreeMap<CronId, Run>,
    n_runs: u64,
    /// The calls of each method by caller: the window's start, and how many since.
    limits: BTreeMap<(u64, Method), (Timestamp, u32)>,
}

/// A run that has begun, and how it will end.
#[derive(Clone, Debug)]
pub struct Run {
    pub number: u64,
    pub ends_at: Timestamp,
    started_at: Timestamp,
    by_hand: bool,
    ended: Ended,
}

#[derive(Clone, Debug, Default)]
struct Ended {
    ran: Option<ModelRef>,
    failure: Option<(String, Option<&'static str>)>,
    /// Accounts that cool down from its end on.
    cools: Vec<(AccountId, SignedDuration)>,
}

/// Calls of one method that a caller may make in a window.
const CALLS_PER_WINDOW: u32 = 30;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
const FAILURES_UNTIL_OFF: u32 = 10;
const RUNS_KEPT: usize = 400;
const HANGS_FOR: SignedDuration = SignedDuration::from_secs(120);
const A_TRY: SignedDuration = SignedDuration::from_secs(3);

/// The definition, from which the revision follows.
pub fn defined(mut cron: Cron) -> Cron {
    let turn = cron.turn().cloned().unwrap_or_default();
    let definition = json!({
        "id": cron.id, "name": cron.name, "enabled": cron.enabled, "declarationKey": cron.declaration_key,
        "description": cron.description, "schedule": cron.schedule,
        "payload": { "message": turn.message, "model": turn.model, "fallbacks": turn.fallbacks },
    });
    let mut hasher = DefaultHasher::new();
    definition.to_string().hash(&mut hasher);
    cron.revision = Some(Revision::new(format!("{:016x}", hasher.finish())));
    cron.definition = Arc::new(definition);
    cron
}

/// One that is off has no next run. An interval without an anchor counts from what is known of it, or from now.
pub fn schedule(cron: &mut Cron, now: Timestamp) {
    let fresh = || match cron.schedule {
        Schedule::Every { every, anchor: None } => policy::next_run(cron, now).or_else(|| now.checked_add(every).ok()),
        _ => None,
    };
    cron.next_run_at = policy::next_fire(&cron.schedule, now).or_else(fresh).filter(|_| cron.enabled);
}

impl Gateway {
    #[must_use]
    pub fn new(crons: Vec<Cron>, models: &[&str]) -> Self {
        let ids: Vec<ModelRef> = models.iter().filter_map(|id| ModelRef::parse(id)).collect();
        let models = Catalog {
            default_model: ids.first().cloned(),
            models: ids.iter().map(|id| (id.clone(), Model::new(id.clone()))).collect(),
            ..Catalog::default()
        };
        Self {
            crons: crons.into_iter().map(|cron| (cron.id.clone(), defined(cron))).collect(),
            vendors: models.accounts().into_iter().map(|id| (id, Vendor::Serves)).collect(),
            models,
            windows: BTreeMap::new(),
            runs: VecDeque::new(),
            cooldowns: BTreeMap::new(),
            under_way: BTreeMap::new(),
            n_runs: 0,
            limits: BTreeMap::new(),
        }
    }

    /// The copy of one that is there: its crons and models as they are, its windows as they were read last.
    #[must_use]
    pub fn copied(
        crons: impl IntoIterator<Item = Cron>,
        mut models: Catalog,
        mut windows: BTreeMap<AccountId, Vec<QuotaWindow>>,
        now: Timestamp,
    ) -> Self {
        let mut cooldowns = BTreeMap::new();
        for model in models.models.values_mut() {
            if let Some(until) = model.unavailable_until.take() {
                cooldowns.insert(model.id.account(), until);
                (model.available, model.unavailable_reason) = (true, None);
            }
        }
        for account in models.accounts() {
            windows.entry(account).or_default();
        }
        let mut gateway = Self::new(Vec::new(), &[]);
        let taken_over = |mut cron: Cron| {
            cron.running_since = None;
            if !cron.enabled || cron.next_run_at.is_none_or(|next| next <= now) {
                schedule(&mut cron, now);
            }
            (cron.id.clone(), defined(cron))
        };
        gateway.crons = crons.into_iter().map(taken_over).collect();
        gateway.vendors = models.accounts().into_iter().map(|id| (id, Vendor::Serves)).collect();
        (gateway.models, gateway.windows, gateway.cooldowns) = (models, windows, cooldowns);
        gateway
    }

    fn serves(&self, account: &AccountId, now: Timestamp) -> bool {
        self.vendors.get(account).is_none_or(|vendor| vendor.serves(now))
    }

    /// Some window that covers the model is used up, while the account serves its others.
    fn holds_back(&self, model: &ModelRef, now: Timestamp) -> bool {
        let full = |window: &QuotaWindow| {
            let over = window.resets_at.is_some_and(|reset| reset <= now);
            window.used_ratio >= 1.0 && !over && matches!(window.covers, ModelScope::Models(_))
        };
        let windows = self.windows.get(&model.account()).into_iter().flatten();
        windows.into_iter().any(|window| full(window) && window.covers.covers(model))
    }

    /// Its list of models, with the cooldowns of the moment.
    #[must_use]
    pub fn catalog(&self, now: Timestamp) -> Catalog {
        let mut catalog = self.models.clone();
        for model in catalog.models.values_mut() {
            if let Some(until) = self.cooldowns.get(&model.id.account()).filter(|until| **until > now) {
                model.available = false;
                model.unavailable_reason = Some("cooldown".to_owned());
                model.unavailable_until = Some(*until);
            }
        }
        catalog
    }

    /// Its report of quotas.
    #[must_use]
    pub fn usage(&self, now: Timestamp) -> Usage {
        let of = |(id, vendor): (&AccountId, &Vendor)| {
            let full = matches!(vendor, Vendor::UsedUp { .. }) && !vendor.serves(now);
            let resets_at = match vendor {
                Vendor::UsedUp { resets_at } if full => *resets_at,
                _ => None,
            };
            let used = if full { 1.0 } else { 0.1 };
            let whole = QuotaWindow { resets_at, ..QuotaWindow::new("Plan", used, now, Source::UsageStatus) };
            // A copy has the account's own windows alone.
            let whole = (!self.windows.contains_key(id)).then_some(whole);
            let others = self.windows.get(id).into_iter().flatten();
            let others = others.map(|window| read_again(window, now));
            let asked = !matches!(vendor, Vendor::KeyRefused | Vendor::Unreachable);
            asked.then(|| (id.clone(), whole.into_iter().chain(others).collect()))
        };
        Usage { accounts: self.vendors.iter().filter_map(of).collect(), observed_at: now, ..Usage::default() }
    }

    /// What a small question of the gateway to an account comes to.
    #[must_use]
    pub fn question(&self, account: &AccountId, now: Timestamp) -> ProbeStatus {
        match self.vendors.get(account) {
            _ if self.serves(account, now) => ProbeStatus::Ok,
            Some(Vendor::KeyRefused) => ProbeStatus::Auth,
            Some(Vendor::BalanceEmpty | Vendor::UsedUp { resets_at: None }) => ProbeStatus::Billing,
            Some(Vendor::Overloaded | Vendor::Unreachable) => ProbeStatus::Timeout,
            _ => ProbeStatus::RateLimit,
        }
    }

    /// A guarded edit. What a caller may do in a minute is counted for each method.
    pub fn update(
        &mut self,
        by: Hand,
        caller: u64,
        cron: &CronId,
        patch: &Patch,
        expected: Option<&Revision>,
        now: Timestamp,
    ) -> Call {
        let before = self.crons.get(cron).cloned();
        let mut call = Call {
            by,
            method: Method::Update,
            cron: cron.clone(),
            patch: Some(patch.clone()),
            after: before.clone(),
            before,
            verdict: Verdict::Done,
        };
        if self.over_limit(caller, Method::Update, now) {
            call.verdict = Verdict::Limited;
            return call;
        }
        let Some(known) = &call.before else {
            call.verdict = Verdict::Gone;
            return call;
        };
        if expected.is_some_and(|expected| known.revision.as_ref() != Some(expected)) {
            call.verdict = Verdict::Conflict;
            return call;
        }
        let mut changed = known.clone();
        if let Payload::AgentTurn(turn) = &mut changed.payload {
            if let Some(model) = &patch.model {
                turn.model.clone_from(model);
            }
            if let Some(fallbacks) = &patch.fallbacks {
                turn.fallbacks.clone_from(fallbacks);
            }
        }
        if let Some(schedule) = &patch.schedule {
            changed.schedule.clone_from(schedule);
        }
        if patch.enabled == Some(true) {
            changed.auto_disabled = None;
        }
        changed.enabled = patch.enabled.unwrap_or(changed.enabled);
        call.after = Some(self.put(changed, now));
        call
    }

    /// Somebody changes a cron at the gateway, unguarded.
    pub fn edit(&mut self, cron: &CronId, change: impl FnOnce(&mut Cron), now: Timestamp) -> Option<Call> {
        let before = self.crons.get(cron)?.clone();
        let mut changed = before.clone();
        change(&mut changed);
        let after = Some(self.put(changed, now));
        let cron = cron.clone();
        let before = Some(before);
        Some(Call { by: Hand::Other, method: Method::Update, cron, patch: None, before, after, verdict: Verdict::Done })
    }

    fn put(&mut self, cron: Cron, now: Timestamp) -> Cron {
        let was_on = self.crons.get(&cron.id).is_some_and(|known| known.enabled);
        let mut cron = defined(cron);
        cron.updated_at = Some(now);
        if cron.enabled != was_on || cron.next_run_at.is_none_or(|next| next <= now) {
            schedule(&mut cron, now);
        }
        self.crons.insert(cron.id.clone(), cron.clone());
        cron
    }

    /// A cron is added, or takes the place of the one with its declaration key.
    pub fn add(&mut self, by: Hand, caller: u64, cron: Cron, now: Timestamp) -> Call {
        let same = |known: &&Cron| cron.declaration_key.is_some() && known.declaration_key == cron.declaration_key;
        let before = self.crons.values().find(same).cloned();
        let id = before.as_ref().map_or_else(|| cron.id.clone(), |known| known.id.clone());
        let mut call = Call {
            by,
            method: Method::Add,
            cron: id.clone(),
            patch: None,
            before,
            after: None,
            verdict: Verdict::Done,
        };
        if self.over_limit(caller, Method::Add, now) {
            call.after.clone_from(&call.before);
            call.verdict = Verdict::Limited;
            return call;
        }
        let mut cron = Cron { id, ..cron };
        cron.next_run_at = None;
        call.after = Some(self.put(cron, now));
        call
    }

    pub fn remove(&mut self, by: Hand, caller: u64, cron: &CronId, now: Timestamp) -> Call {
        let before = self.crons.get(cron).cloned();
        let limited = self.over_limit(caller, Method::Remove, now);
        let verdict = match &before {
            _ if limited => Verdict::Limited,
            None => Verdict::Gone,
            Some(_) => Verdict::Done,
        };
        if verdict == Verdict::Done {
            self.crons.remove(cron);
            self.under_way.remove(cron);
        }
        let after = if verdict == Verdict::Limited { before.clone() } else { None };
        Call { by, method: Method::Remove, cron: cron.clone(), patch: None, before, after, verdict }
    }

    /// Puts a mark where there is none, or in the place of the one that was seen; what is there then.
    pub fn mark(
        &mut self,
        by: Hand,
        caller: u64,
        mark: &OwnerMark,
        over: Option<&(CronId, Revision)>,
        now: Timestamp,
    ) -> Call {
        let there = self.crons.values().find(|cron| cron.declaration_key.as_deref() == Some(OWNER_KEY)).cloned();
        let fits = |cron: &Cron| over.is_some_and(|(_, seen)| cron.revision.as_ref() == Some(seen));
        match there {
            Some(known) if !fits(&known) => Call {
                by,
                method: if over.is_some() { Method::Update } else { Method::Add },
                cron: known.id.clone(),
                patch: None,
                before: Some(known.clone()),
                after: Some(known),
                verdict: Verdict::Conflict,
            },
            there => {
                let schedule = Schedule::Every { every: SignedDuration::from_hours(24 * 36_500), anchor: None };
                let cron = Cron {
                    description: Some(mark.description()),
                    enabled: false,
                    declaration_key: Some(OWNER_KEY.to_owned()),
                    ..Cron::new(CronId::new(MARK), mark.name(), schedule, Payload::Other("command".to_owned()))
                };
                let call = self.add(by, caller, cron, now);
                Call { method: if there.is_some() { Method::Update } else { Method::Add }, ..call }
            }
        }
    }

    fn over_limit(&mut self, caller: u64, method: Method, now: Timestamp) -> bool {
        if caller == NO_LIMIT {
            return false;
        }
        let window = self.limits.entry((caller, method)).or_insert((now, 0));
        if now.duration_since(window.0) >= WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
        window.1 > CALLS_PER_WINDOW
    }

    /// A run begins, if the cron is there and does not run already. Says when it ends.
    pub fn start(&mut self, cron: &CronId, by_hand: bool, takes: SignedDuration, now: Timestamp) -> Option<Run> {
        let known = self.crons.get(cron).filter(|_| !self.under_way.contains_key(cron))?;
        let (ended, lasts) = self.fate(known, takes, now);
        self.n_runs += 1;
        let run = Run { number: self.n_runs, ends_at: now + lasts, started_at: now, by_hand, ended };
        self.under_way.insert(cron.clone(), run.clone());
        if let Some(known) = self.crons.get_mut(cron) {
            known.running_since = Some(now);
        }
        Some(run)
    }

    /// How a run that begins now will end, and how long it lasts.
    fn fate(&self, cron: &Cron, takes: SignedDuration, now: Timestamp) -> (Ended, SignedDuration) {
        let Some(turn) = cron.turn() else {
            return (Ended::default(), SignedDuration::from_secs(1));
        };
        let fallbacks = turn.fallbacks.iter().flat_map(|list| list.iter());
        let names = std::iter::once(turn.model.as_deref()).chain(fallbacks.map(|name| Some(name.as_str())));
        let mut spent = SignedDuration::ZERO;
        let mut first: Option<Ended> = None;
        let mut cools = Vec::new();
        let mut failed = |ended: Ended| {
            first.get_or_insert(ended);
        };
        for name in names {
            let Some(model) = self.models.resolve(name, cron.agent.as_deref()) else {
                failed(fails(None, "model not found".to_owned(), None));
                continue;
            };
            let account = model.account();
            if self.cooldowns.get(&account).is_some_and(|until| *until > now) {
                let text = format!("Provider {account} is in cooldown (all profiles unavailable)");
                failed(fails(Some(model), text, Some("rate_limit")));
                continue;
            }
            if self.serves(&account, now) && !self.holds_back(&model, now) {
                return (Ended { ran: Some(model), failure: None, cools }, spent + takes);
            }
            spent += A_TRY;
            match self.vendors.get(&account) {
                Some(Vendor::Overloaded | Vendor::Unreachable) => {
                    let text = "cron: job execution timed out (last phase: model-call-started)".to_owned();
                    let ended = fails(Some(model), text, Some("timeout"));
                    return (Ended { cools, ..ended }, spent + HANGS_FOR);
                }
                Some(Vendor::KeyRefused) => {
                    cools.push((account, SignedDuration::from_mins(1)));
                    failed(fails(Some(model), "HTTP 401: Invalid Authentication".to_owned(), Some("auth")));
                }
                Some(Vendor::BalanceEmpty | Vendor::UsedUp { resets_at: None }) => {
                    let text = format!("⚠️ {account} returned a billing error: out of credits or quota");
                    cools.push((account, SignedDuration::from_mins(10)));
                    failed(fails(Some(model), text, Some("billing")));
                }
                _ => {
                    let text = "⚠️ API rate limit reached. Please try again later.".to_owned();
                    failed(fails(Some(model), text, Some("rate_limit")));
                }
            }
        }
        (Ended { cools, ..first.unwrap_or_default() }, spent + A_TRY)
    }

    /// The run's time is up. `None`: it is not under way any more, because somebody ended it before.
    pub fn finish(&mut self, cron: &CronId, number: u64, now: Timestamp) -> Option<Finished> {
        if self.under_way.get(cron)?.number != number {
            return None;
        }
        self.end(cron, now)
    }

    /// Switching a cron off ends its run, which counts as an error.
    pub fn kill(&mut self, cron: &CronId, now: Timestamp) -> Option<Finished> {
        let run = self.under_way.get_mut(cron)?;
        let text = "cron: job run aborted (automation disabled)".to_owned();
        run.ended = Ended { failure: Some((text, None)), cools: Vec::new(), ran: run.ended.ran.take() };
        self.end(cron, now)
    }

    fn end(&mut self, cron: &CronId, now: Timestamp) -> Option<Finished> {
        let run = self.under_way.remove(cron)?;
        for (account, span) in &run.ended.cools {
            self.cooldowns.insert(account.clone(), now + *span);
        }
        let known = self.crons.get_mut(cron)?;
        let before = known.clone();
        let failed = run.ended.failure.is_some();
        let status = if failed { RunStatus::Error } else { RunStatus::Ok };
        let (error, reason) = run.ended.failure.clone().map_or((None, None), |(text, reason)| (Some(text), reason));
        let reason = reason.map(str::to_owned);
        known.running_since = None;
        known.last_run = Some(LastRun {
            at: run.started_at,
            status,
            error: error.clone(),
            error_reason: reason.clone(),
            undelivered: false,
            duration: Some(now.duration_since(run.started_at)),
        });
        known.consecutive_errors = if failed { known.consecutive_errors + 1 } else { 0 };
        known.updated_at = Some(now);
        let record = RunRecord {
            cron: cron.clone(),
            at: run.started_at,
            finished_at: now,
            status,
            provider: run.ended.ran.as_ref().map(|model| model.provider().to_owned()),
            model: run.ended.ran.as_ref().map(|model| model.model().to_owned()),
            error,
            error_reason: reason,
            duration: Some(now.duration_since(run.started_at)),
            usage: (!failed).then_some(TokenUsage { input: 1200, output: 300, total: 1500 }),
        };
        self.runs.push_front(record.clone());
        self.runs.truncate(RUNS_KEPT);
        let one_shot = known.one_shot();
        let over = one_shot && !run.by_hand && !failed && known.delete_after_run;
        let mut off = one_shot && !run.by_hand && !over;
        if failed && !run.by_hand && known.consecutive_errors >= FAILURES_UNTIL_OFF && !one_shot && known.enabled {
            known.auto_disabled = Some(AutoDisabled {
                at: Some(now),
                reason: Some("consecutive-failures".to_owned()),
                consecutive_errors: known.consecutive_errors,
            });
            off = true;
        }
        let mut by_itself = None;
        if over {
            self.crons.remove(cron);
            by_itself = Some(Method::Remove);
        } else if off && known.enabled {
            known.enabled = false;
            *known = defined(known.clone());
            by_itself = Some(Method::Update);
        }
        if let Some(known) = self.crons.get_mut(cron)
            && (!run.by_hand || known.next_run_at.is_none_or(|next| next <= now))
        {
            schedule(known, now);
        }
        let after = self.crons.get(cron).cloned();
        let call = by_itself.map(|method| Call {
            by: Hand::Gateway,
            method,
            cron: cron.clone(),
            patch: None,
            before: Some(before.clone()),
            after: after.clone(),
            verdict: Verdict::Done,
        });
        Some(Finished { record, cron: after.unwrap_or(before), call, cooled: !run.ended.cools.is_empty() })
    }

    /// Runs under way end with the process.
    pub fn restart(&mut self) {
        for id in std::mem::take(&mut self.under_way).into_keys() {
            if let Some(cron) = self.crons.get_mut(&id) {
                cron.running_since = None;
            }
        }
        self.limits.clear();
    }
}

/// A window as it is read then: empty once its reset has passed, and full or not as it was until then.
fn read_again(window: &QuotaWindow, now: Timestamp) -> QuotaWindow {
    let over = window.resets_at.is_some_and(|reset| reset <= now);
    let left = QuotaWindow { observed_at: now, ..window.clone() };
    if !over {
        return left;
    }
    QuotaWindow { used_ratio: 0.0, used: left.limit.map(|_| 0.0), resets_at: None, ..left }
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Finished {
    pub record: RunRecord,
    /// As it is now, or was when it went.
    pub cron: Cron,
    /// What the gateway did about it by itself.
    pub call: Option<Call>,
    /// Its account cools down: the list of models says so.
    pub cooled: bool,
}

/// The id of the mark.
pub const MARK: &str = "mark";

/// A person at the gateway, whose calls nobody counts.
pub const NO_LIMIT: u64 = u64::MAX;

fn fails(ran: Option<ModelRef>, text: String, reason: Option<&'static str>) -> Ended {
    Ended { ran, failure: Some((text, reason)), cools: Vec::new() }
}

/// A one-shot that goes after its run, or a mark that never runs.
pub fn own_cron(key: String, name: &str, at: Timestamp, enabled: bool) -> Cron {
    Cron {
        declaration_key: Some(key.clone()),
        delete_after_run: true,
        enabled,
        ..Cron::new(CronId::new(key), name, Schedule::At { at }, Payload::Other("systemEvent".to_owned()))
    }
}
