//! Failing crons: what each one's last error is about, and in which order a person should look.
//!
//! What a provider's words mean was found before, by `providers`; here are the gateway's own sentences,
//! about things that are no provider's fault. The gateway's code counts before its prose, which is read by
//! the opening words of a clause only.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{
    AccountId, Change, Cron, CronId, Diagnosis, DiagnosisScope, FAILURES_TO_SWITCH_OFF, Finding, HealthState, Mender,
    ModelRef, Observation, Owner, Plan, Planned, RunStatus, Schedule, SwitchOff, Triage, TriageKind, quotation,
};

/// One entry for each cron that fails, or that the gateway switched off: those first that need a person or
/// are about to be switched off, critical ones before others, then the one that is switched off soonest.
///
/// `said` are the diagnoses of their last errors.
#[must_use]
pub fn triage(obs: &Observation, plan: &Plan, said: &BTreeMap<CronId, Arc<Diagnosis>>) -> Vec<Triage> {
    let changes: BTreeMap<&CronId, &Change> = plan.changes.iter().map(|change| (&change.cron, change)).collect();
    let listed = obs.crons.values().filter(|cron| stands_out(cron, obs));
    let mut entries: Vec<_> = listed
        .map(|cron| {
            let entry = entry(cron, obs, said.get(&cron.id), planned(plan, &changes, &cron.id));
            ((first_look(&entry), urgency(cron, obs)), entry)
        })
        .collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// What the user switched off, or we did, does not run: it cannot fail again.
fn stands_out(cron: &Cron, obs: &Observation) -> bool {
    let off = || cron.auto_disabled.is_some() || (over(cron) && !obs.ledger.contains_key(&cron.id));
    let listed = if cron.enabled { cron.failing() } else { off() };
    listed && cron.owner() != Owner::ThisProgram
}

/// The gateway keeps a one-shot that failed for good, switched off.
fn over(cron: &Cron) -> bool {
    let Schedule::At { at } = cron.schedule else { return false };
    cron.last_run.as_ref().is_some_and(|run| run.status == RunStatus::Error && run.at >= at)
}

fn first_look(entry: &Triage) -> Mender {
    if entry.switch_off == SwitchOff::Far { entry.kind.mender() } else { Mender::User }
}

type Urgency = (bool, Timestamp, Timestamp, CronId);

/// Smaller is more urgent; what is off already is so before what will be.
fn urgency(cron: &Cron, obs: &Observation) -> Urgency {
    let critical = obs.tiers.get(&cron.id).is_some_and(|entry| entry.critical);
    let off_at = match switch_off(cron) {
        SwitchOff::Far => Timestamp::MAX,
        SwitchOff::Near { next_run_at } => next_run_at.unwrap_or(Timestamp::MAX),
        SwitchOff::Off { at, .. } => at.unwrap_or(Timestamp::MIN),
        SwitchOff::Over => cron.last_run.as_ref().map_or(Timestamp::MIN, |run| run.at),
    };
    (!critical, off_at, cron.next_run_at.unwrap_or(Timestamp::MAX), cron.id.clone())
}

/// Only recurring crons of a user are switched off; failures of runs by hand count, but do not do it.
fn switch_off(cron: &Cron) -> SwitchOff {
    let recurring = matches!(cron.schedule, Schedule::Cron { .. } | Schedule::Every { .. });
    match &cron.auto_disabled {
        Some(off) if !cron.enabled => {
            let failures = Some(off.consecutive_errors).filter(|_| !by_schedule(cron));
            SwitchOff::Off { at: off.at, failures }
        }
        _ if !cron.enabled => SwitchOff::Over,
        _ if recurring && cron.owner() == Owner::User && cron.consecutive_errors + 1 >= FAILURES_TO_SWITCH_OFF => {
            SwitchOff::Near { next_run_at: cron.next_run_at }
        }
        _ => SwitchOff::Far,
    }
}

fn by_schedule(cron: &Cron) -> bool {
    let reason = cron.auto_disabled.as_ref().and_then(|off| off.reason.as_deref());
    !cron.enabled && reason == Some("schedule-errors")
}

fn planned(plan: &Plan, changes: &BTreeMap<&CronId, &Change>, cron: &CronId) -> Planned {
    match changes.get(cron) {
        Some(change) if !change.to.enabled => Planned::Pauses,
        Some(change) if change.from_model != change.to_model => Planned::Moves { to: change.to_model.clone() },
        _ => Planned::Nothing { why: plan.decision(cron).map(|decision| decision.reason.clone()) },
    }
}

fn entry(cron: &Cron, obs: &Observation, said: Option<&Arc<Diagnosis>>, planned: Planned) -> Triage {
    let (kind, said) = explained(cron, obs, said);
    let error = cron.last_run.as_ref().and_then(|run| run.error.as_deref()).and_then(quotation);
    Triage {
        cron: cron.id.clone(),
        kind,
        account: account(cron, kind, said.as_deref(), obs),
        said,
        failures: cron.consecutive_errors,
        switch_off: switch_off(cron),
        error,
        planned,
    }
}

/// The kind, and the diagnosis where the kind follows from it. While the gateway waits, what it waits for is
/// what its account is known to suffer from.
fn explained(cron: &Cron, obs: &Observation, said: Option<&Arc<Diagnosis>>) -> (TriageKind, Option<Arc<Diagnosis>>) {
    let kind = kind_of(cron, said.map(|said| &**said));
    let said = said.filter(|said| of_diagnosis(said) == Some(kind));
    if kind != TriageKind::Cooldown {
        return (kind, said.cloned());
    }
    let vital = said.and_then(|said| obs.fleet.accounts.get(said.provider.as_str()));
    let behind = vital.filter(|vital| vital.health.fails()).and_then(|vital| vital.said.as_ref());
    match behind.and_then(|behind| Some((of_diagnosis(behind)?, behind))) {
        Some((kind, behind)) => (kind, Some(behind.clone())),
        None => (kind, said.cloned()),
    }
}

/// Kinds that no provider has a part in name no account.
fn account(cron: &Cron, kind: TriageKind, said: Option<&Diagnosis>, obs: &Observation) -> Option<AccountId> {
    if let Some(said) = said {
        return Some(AccountId::new(&said.provider));
    }
    let of_provider = matches!(
        kind,
        TriageKind::Auth
            | TriageKind::Account
            | TriageKind::Model
            | TriageKind::Limit
            | TriageKind::Overload
            | TriageKind::Unreachable
            | TriageKind::Cooldown
    );
    let turn = cron.turn().filter(|_| of_provider)?;
    let stored = turn.model.as_deref();
    let model = obs.catalog.resolve(stored, cron.agent.as_deref()).or_else(|| ModelRef::parse(stored?));
    model.map(|model| model.account())
}

/// Codes that say nothing, and one that the gateway gives to whatever took too long.
const VAGUE: &[&str] = &["timeout", "unclassified", "unknown", "no_error_details", "empty_response"];

fn kind_of(cron: &Cron, said: Option<&Diagnosis>) -> TriageKind {
    if by_schedule(cron) {
        return TriageKind::Schedule;
    }
    let Some(run) = &cron.last_run else { return TriageKind::Unknown };
    let reason = run.error_reason.as_deref();
    let of_prose = || run.error.as_deref().filter(|_| reason.is_none_or(|reason| VAGUE.contains(&reason)));
    let kind = of_prose()
        .and_then(|error| of_own_words(error, cron))
        .or_else(|| said.and_then(of_diagnosis))
        .or_else(|| reason.and_then(of_reason))
        .or_else(|| run.undelivered.then_some(TriageKind::Delivery));
    match kind {
        Some(TriageKind::Timeout) if cron.turn().is_none() => TriageKind::Job,
        Some(kind) => kind,
        // Without a model there is only its own work.
        None if cron.turn().is_none() && run.error.is_some() => TriageKind::Job,
        None => TriageKind::Unknown,
    }
}

/// How the gateway opens its own sentences, in small letters.
const OWN_WORDS: &[(&str, TriageKind)] = &[
    ("cron delivery target is missing", TriageKind::Delivery),
    ("channel is required", TriageKind::Delivery),
    ("target is required", TriageKind::Delivery),
    ("delivery target is required", TriageKind::Delivery),
    ("invalid delivery target", TriageKind::Delivery),
    ("delivering to ", TriageKind::Delivery),
    ("refusing implicit isolated cron delivery", TriageKind::Delivery),
    ("cron announce delivery", TriageKind::Delivery),
    ("cron webhook delivery", TriageKind::Delivery),
    ("unsupported channel", TriageKind::Delivery),
    ("automation model override", TriageKind::Model),
    ("no api key found for", TriageKind::Auth),
    ("inline api key for provider", TriageKind::Cooldown),
    ("auth profile \"", TriageKind::Cooldown),
    ("cron: job execution timed out", TriageKind::Timeout),
    ("cron: isolated agent setup timed out", TriageKind::Timeout),
    ("cron: isolated agent run stalled", TriageKind::Timeout),
    ("cron: job interrupted", TriageKind::Interrupted),
    ("session file locked", TriageKind::Lock),
    ("session file changed", TriageKind::Lock),
    ("session writer claim changed", TriageKind::Lock),
    ("agent run superseded by a newer session writer", TriageKind::Lock),
    ("cron trigger evaluation failed", TriageKind::Job),
    ("cron script payload failed", TriageKind::Job),
    ("agent-less cron job", TriageKind::Job),
];

/// The same of a payload without a model, whose words are its own.
const COMMAND_WORDS: &[&str] =
    &["command exited with", "command timed out", "command stopped", "command produced no output", "command failed"];

/// Clauses before the one that counts: "Agent failed before reply: session file locked (…)".
const CLAUSES: usize = 3;

/// A tool that failed is told by its picture after the warning sign: "⚠️ 🛠️ Exec failed: …".
fn of_a_tool(error: &str) -> bool {
    let told = error.strip_prefix('⚠').map(|rest| rest.trim_start_matches(['\u{FE0F}', ' ']));
    let picture = |first| matches!(first, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}');
    told.and_then(|told| told.chars().next()).is_some_and(picture)
}

fn of_own_words(error: &str, cron: &Cron) -> Option<TriageKind> {
    if of_a_tool(error) {
        return Some(TriageKind::Job);
    }
    let error = error.trim_start_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    let later = error.match_indices(": ").map(|(at, colon)| &error[at + colon.len()..]);
    let mut clauses = std::iter::once(error.as_str()).chain(later).take(CLAUSES);
    clauses.find_map(|clause| {
        let own = OWN_WORDS.iter().find(|(opening, _)| clause.starts_with(opening)).map(|(_, kind)| *kind);
        let command = || {
            let of_command = cron.turn().is_none() && COMMAND_WORDS.iter().any(|opening| clause.starts_with(opening));
            of_command.then_some(TriageKind::Job)
        };
        own.or_else(command)
    })
}

/// `None` when it says nothing of what a person should do.
fn of_diagnosis(said: &Diagnosis) -> Option<TriageKind> {
    Some(match said.state {
        HealthState::Auth | HealthState::NoKey => TriageKind::Auth,
        HealthState::PlanInactive | HealthState::Blocked | HealthState::Misconfigured | HealthState::BalanceEmpty => {
            TriageKind::Account
        }
        _ if said.scope == DiagnosisScope::Request => TriageKind::Job,
        HealthState::ModelUnavailable => TriageKind::Model,
        HealthState::RateLimited | HealthState::QuotaExhausted => TriageKind::Limit,
        HealthState::Overloaded => TriageKind::Overload,
        HealthState::Down if said.finding == Finding::JobTimedOut => TriageKind::Timeout,
        HealthState::Down => TriageKind::Unreachable,
        HealthState::Unknown if said.finding == Finding::GatewayWaits => TriageKind::Cooldown,
        HealthState::Up | HealthState::Unknown => return None,
    })
}

/// The gateway's codes, for errors of which nobody knows the provider.
fn of_reason(reason: &str) -> Option<TriageKind> {
    Some(match reason {
        "auth" | "auth_permanent" | "session_expired" => TriageKind::Auth,
        "rate_limit" | "billing" => TriageKind::Limit,
        "overloaded" => TriageKind::Overload,
        "server_error" | "tls_certificate" => TriageKind::Unreachable,
        "timeout" => TriageKind::Timeout,
        "model_not_found" => TriageKind::Model,
        "format" | "context_overflow" => TriageKind::Job,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
