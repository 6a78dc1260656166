//! What a look at an account changes of what is known: its health, windows, money and plan.
//!
//! Invariants: a look that finds nothing of the health leaves it as it was; a transport failure counts
//! only where the gateway would meet the same; a key of our own that is refused is no news of the
//! gateway's; that a host takes a key proves nothing about a limit.

use std::sync::Arc;

use jiff::Timestamp;

use super::breaker::{Answer, good};
use super::evidence::{Verdict, is_news, verdict, weigh};
use super::windows::{absorb_windows, of_allowances};
use crate::domain::{
    AccountId, Breaker, CheckReport, Diagnosis, DiagnosisScope, Fleet, Health, HealthState, KeySource, ModelRef,
    MoneyRead, Proof, ProviderAccount, Settings, Source, Vital,
};

/// Where a look was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// The gateway runs on this computer: what we cannot reach it cannot reach either.
    Shared,
    /// The gateway is on another computer, with another way to the providers.
    Elsewhere,
}

/// Takes the report of one look in.
pub fn absorb_check(
    fleet: &mut Fleet,
    report: &CheckReport,
    account: &ProviderAccount,
    vantage: Vantage,
    settings: &Settings,
) {
    let at = report.checked_at;
    let id = &report.account;
    if let Some(money) = &report.money {
        let read = MoneyRead { money: money.clone(), observed_at: at, source: Source::Probe };
        fleet.money.insert(id.clone(), read);
    }
    if let Some(plan) = &report.plan {
        fleet.plans.insert(id.clone(), plan.clone());
    }
    if let Some(said) = &report.diagnosis {
        diagnosed(fleet, id, report, said, account, vantage);
    }
    let windows = of_allowances(&report.windows, id, at, Source::Probe);
    if !windows.is_empty() {
        absorb_windows(fleet, Source::Probe, &[(id.clone(), windows)], settings, at);
    }
}

fn diagnosed(
    fleet: &mut Fleet,
    id: &AccountId,
    report: &CheckReport,
    said: &Diagnosis,
    account: &ProviderAccount,
    vantage: Vantage,
) {
    let at = report.checked_at;
    if unreached(said) && vantage == Vantage::Elsewhere {
        return;
    }
    // Somebody else's key says nothing of the one that jobs run with.
    let own_key = matches!(account.key, KeySource::Keychain | KeySource::Environment(_));
    let about_key = matches!(said.state, HealthState::Auth | HealthState::Misconfigured | HealthState::NoKey);
    if own_key && about_key {
        return;
    }
    for state in &said.models {
        let model = ModelRef::of(id.as_str(), &state.model);
        let health = match state.state {
            HealthState::RateLimited | HealthState::QuotaExhausted => Health::LimitHit { resets_at: state.reset_at },
            HealthState::ModelUnavailable => Health::Unreachable,
            _ => continue,
        };
        let answer = Answer { at, source: Source::Probe, said: None };
        weigh(fleet.models.entry(model).or_default(), Verdict::Conclusive(health), answer);
    }
    let vital = match (&said.model, said.scope) {
        (Some(model), DiagnosisScope::Model) => fleet.models.entry(ModelRef::of(id.as_str(), model)).or_default(),
        _ => fleet.accounts.entry(id.clone()).or_default(),
    };
    if said.health() == Some(Health::Up) {
        let proves = report.proof == Proof::Jobs || (report.proof == Proof::Key && key_suffices(vital));
        if proves && is_news(vital, at) {
            good(vital, at, Source::Probe);
        }
        return;
    }
    let answer = Answer { at, source: Source::Probe, said: Some(Arc::new(said.clone())) };
    weigh(vital, verdict(said, at), answer);
}

/// Nothing answered at all: the way there may be to blame.
#[must_use]
pub fn unreached(said: &Diagnosis) -> bool {
    said.state == HealthState::Down && said.http_status.is_none()
}

/// Whether a key that is taken shows that jobs run: not after a limit, an empty balance or overload.
fn key_suffices(vital: &Vital) -> bool {
    match vital.breaker {
        Breaker::Closed { .. } => !vital.health.fails(),
        _ if vital.health.fails() => matches!(vital.health, Health::RefusedKey | Health::Unreachable),
        _ => vital.health.serves(),
    }
}

/// What the gateway's own small question to a provider showed; `None`: it was answered.
pub fn absorb_gateway_probe(fleet: &mut Fleet, account: &AccountId, said: Option<&Diagnosis>, at: Timestamp) {
    let vital = fleet.accounts.entry(account.clone()).or_default();
    match said {
        None if is_news(vital, at) => good(vital, at, Source::GatewayProbe),
        None => {}
        Some(said) => {
            let answer = Answer { at, source: Source::GatewayProbe, said: Some(Arc::new(said.clone())) };
            let verdict = match verdict(said, at) {
                // The gateway gave up waiting for this one question.
                Verdict::TimedOut => Verdict::Once(Health::Overloaded),
                other => other,
            };
            weigh(vital, verdict, answer);
        }
    }
}
