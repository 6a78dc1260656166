//! Health from what the gateway shows anyway: runs and cooldowns.
//!
//! What the words of an error mean was found before, by `providers`; here is how much it counts.
//!
//! Invariants: a run that was refused during a cooldown says nothing; `available: true` proves
//! nothing; older evidence never overrules newer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::breaker::{Answer, conclusive, failed, forget, good};
use super::standing::later;
use super::windows::strain;
use crate::domain::{
    AccountId, Catalog, CronId, Diagnosis, DiagnosisScope, Finding, Fleet, Health, HealthState, ModelRef, RunRecord,
    RunStatus, Settings, Source, Vital,
};
use crate::fault::{self, Fault};

/// Two time-outs this close together are one failed probe.
pub(super) const TIMEOUTS_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// What a finished run proves about the account and the model it used; `said` is the diagnosis of its error.
pub fn absorb_run(fleet: &mut Fleet, run: &RunRecord, said: Option<&Diagnosis>, settings: &Settings, now: Timestamp) {
    let (Some(provider), Some(model)) = (run.provider.as_deref(), run.model.as_deref()) else { return };
    let Some(model) = ModelRef::parse(&format!("{provider}/{model}")) else { return };
    if later(run.finished_at, settings.thresholds.proof_lasts) <= now {
        return;
    }
    match (run.status, said) {
        (RunStatus::Ok, _) => served(fleet, &model, run, settings),
        (RunStatus::Error, Some(said)) => errored(fleet, &model, run, said),
        _ => {}
    }
}

fn served(fleet: &mut Fleet, model: &ModelRef, run: &RunRecord, settings: &Settings) {
    let account = model.account();
    let vital = fleet.accounts.entry(account.clone()).or_default();
    if is_news(vital, run.finished_at) {
        answered(fleet, &account, run.finished_at, Source::Run);
        strain(fleet, &account, &settings.thresholds, run.finished_at);
    }
    if let Some(vital) = fleet.models.get_mut(model).filter(|vital| is_news(vital, run.finished_at)) {
        good(vital, run.finished_at, Source::Run);
    }
}

/// An account served: what timed out before pairs with nothing after it.
pub(super) fn answered(fleet: &mut Fleet, account: &AccountId, at: Timestamp, source: Source) {
    let vital = fleet.accounts.entry(account.clone()).or_default();
    good(vital, at, source);
    let gone: Vec<CronId> = vital.timeouts.drain(..).map(|(_, cron)| cron).collect();
    remember_timed_out(fleet, account, gone);
}

pub(super) fn is_news(vital: &Vital, at: Timestamp) -> bool {
    vital.observed_at.is_none_or(|known| at > known)
}

/// A run can wait this long for its own provider.
const SHORT_WAIT: SignedDuration = SignedDuration::from_mins(2);

/// How much a diagnosis counts.
pub(super) enum Verdict {
    Conclusive(Health),
    /// One of two that it takes.
    Once(Health),
    TimedOut,
    /// About the request, the quota alone, a refusal of the gateway itself, or nothing we know.
    Nothing,
}

fn errored(fleet: &mut Fleet, model: &ModelRef, run: &RunRecord, said: &Diagnosis) {
    let account = model.account();
    let answer = Answer { at: run.finished_at, source: Source::Run, said: Some(Arc::new(said.clone())) };
    let verdict = verdict(said, run.finished_at);
    if matches!(verdict, Verdict::Nothing) {
        return;
    }
    if matches!(verdict, Verdict::TimedOut) {
        return timed_out(fleet, &account, run, answer);
    }
    let vital = match said.scope {
        DiagnosisScope::Model => fleet.models.entry(model.clone()).or_default(),
        _ => fleet.accounts.entry(account).or_default(),
    };
    weigh(vital, verdict, answer);
}

/// What is older than the newest evidence weighs nothing.
pub(super) fn weigh(vital: &mut Vital, verdict: Verdict, answer: Answer) {
    if !is_news(vital, answer.at) {
        return;
    }
    match verdict {
        Verdict::Conclusive(Health::RefusedKey) if fault::on(Fault::OverlooksRefusedKeys) => {}
        Verdict::Conclusive(health) => conclusive(vital, health, answer),
        Verdict::Once(health) => failed(vital, health, answer),
        Verdict::TimedOut | Verdict::Nothing => {}
    }
}

/// A refused key, an empty balance, a used-up quota and a wait of minutes that the provider asks for
/// need no second opinion; what passes sooner does.
pub(super) fn verdict(said: &Diagnosis, at: Timestamp) -> Verdict {
    let Some(health) = said.health().filter(Health::fails) else { return Verdict::Nothing };
    match said.state {
        _ if said.finding == Finding::JobTimedOut => Verdict::TimedOut,
        HealthState::RateLimited if said.reset_at.is_some_and(|reset| reset > later(at, SHORT_WAIT)) => {
            Verdict::Conclusive(health)
        }
        // A provider whose servers fail is busy with itself, not unreachable.
        HealthState::Down if said.finding == Finding::ServerError => Verdict::Once(Health::Overloaded),
        HealthState::RateLimited | HealthState::Overloaded | HealthState::Down => Verdict::Once(health),
        _ => Verdict::Conclusive(health),
    }
}

/// The gateway retries a plain 429 or 5xx until the job's time is up: two such runs within a
/// quarter of an hour, from different crons or from one that never timed out before, are one failed probe.
fn timed_out(fleet: &mut Fleet, account: &AccountId, run: &RunRecord, answer: Answer) {
    let before = fleet.timed_out_before.get(account).cloned().unwrap_or_default();
    let vital = fleet.accounts.entry(account.clone()).or_default();
    let mark = (run.finished_at, run.cron.clone());
    if vital.timeouts.contains(&mark) || !is_news(vital, run.finished_at) {
        return;
    }
    vital.timeouts.push(mark);
    vital.timeouts.sort();
    let oldest = vital.timeouts.len().saturating_sub(MOST_TIMEOUTS);
    let mut gone: Vec<CronId> = vital.timeouts.drain(..oldest).map(|(_, cron)| cron).collect();
    gone.extend(expire_timeouts(vital, run.finished_at));
    let others = vital.timeouts.iter().any(|(_, cron)| *cron != run.cron);
    let again = vital.timeouts.iter().filter(|(_, cron)| *cron == run.cron).count() > 1;
    if others || (again && !before.contains(&run.cron)) {
        failed(vital, Health::Overloaded, answer);
        gone.extend(vital.timeouts.drain(..).map(|(_, cron)| cron));
    }
    remember_timed_out(fleet, account, gone);
}

const MOST_TIMEOUTS: usize = 32;

/// Drops time-outs that are too old to pair with another; gives back whose they were.
pub(super) fn expire_timeouts(vital: &mut Vital, now: Timestamp) -> Vec<CronId> {
    let recent = |at: Timestamp| later(at, TIMEOUTS_WITHIN) >= now;
    let (kept, gone) = std::mem::take(&mut vital.timeouts).into_iter().partition(|(at, _)| recent(*at));
    vital.timeouts = kept;
    gone.into_iter().map(|(_, cron)| cron).collect()
}

pub(super) fn remember_timed_out(fleet: &mut Fleet, account: &AccountId, crons: Vec<CronId>) {
    if crons.is_empty() {
        return;
    }
    let known = fleet.timed_out_before.entry(account.clone()).or_default();
    known.extend(crons);
    known.sort();
    known.dedup();
}

/// Which accounts and models the gateway itself refuses to use for now.
///
/// A cooldown follows a billing or sign-in failure, so what was thought to serve is unknown after it.
pub fn absorb_catalog(fleet: &mut Fleet, catalog: &Catalog, now: Timestamp) {
    for account in catalog.accounts() {
        let listed: Vec<_> = catalog.models.values().filter(|model| model.id.account() == account).collect();
        let waits = |until: Option<Timestamp>| until.filter(|until| *until > now);
        let all_until = listed.iter().map(|model| waits(model.unavailable_until).filter(|_| !model.available));
        let whole = all_until.collect::<Option<Vec<Timestamp>>>().and_then(|each| each.into_iter().min());
        cool(fleet.accounts.get_mut(&account), whole, now);
        if let Some(until) = whole {
            cool(Some(fleet.accounts.entry(account.clone()).or_default()), Some(until), now);
        }
        for model in listed {
            let own = waits(model.unavailable_until).filter(|_| !model.available && whole.is_none());
            cool(fleet.models.get_mut(&model.id), own, now);
            if own.is_some() {
                cool(Some(fleet.models.entry(model.id.clone()).or_default()), own, now);
            }
        }
    }
}

fn cool(vital: Option<&mut Vital>, until: Option<Timestamp>, now: Timestamp) {
    let Some(vital) = vital else { return };
    if until.is_some() && vital.gateway_waits_until.is_none() && vital.health.serves() {
        forget(vital, now);
        vital.source = Source::Cooldown;
    }
    vital.gateway_waits_until = until;
}

#[cfg(test)]
mod tests;
