//! What must hold of every diagnosis, whatever the answer was.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{Billing, Catalog, Diagnosis, HealthState, Service, Settings};
use model_orchestrator::providers::Evidence;
use model_orchestrator::words::{self, Speech};

/// Words of money, which are said to nobody whose account does not run out of it.
pub const MONEY: &[&str] = &["balance", "top-up", "top up", "recharge", "out of credit", "depleted"];

/// Fails when `found` may not be said of `evidence`.
pub fn lawful(evidence: &Evidence, found: &Diagnosis, settings: &Settings) {
    let now = evidence.now;
    if let Some(reset) = found.reset_at {
        assert!(reset > now, "a reset in the past: {found:?}");
        assert!(reset.duration_since(now) <= SignedDuration::from_hours(40 * 24), "too far: {found:?}");
        assert!(found.retry_at.is_some_and(|retry| retry > reset), "no margin: {found:?}");
    }
    for window in &found.windows {
        assert!(window.used_percent.is_none_or(|used| (0.0..=100.0).contains(&used)), "{window:?}");
        assert!(window.reset_at.is_none_or(|reset| reset >= now), "{window:?}");
    }
    let prepaid = evidence.billing == Billing::PrepaidCredits;
    assert!(found.state != HealthState::BalanceEmpty || prepaid, "{found:?}");
    assert!(found.state != HealthState::BalanceEmpty || found.service != Service::Zai, "{found:?}");
    let catalog = Catalog::default();
    let speech = Speech { now, zone: &TimeZone::UTC, settings, catalog: &catalog };
    let said = words::diagnosis_headline(found, &speech);
    assert!(!said.is_empty());
    let lower = said.to_lowercase();
    assert!(prepaid || !MONEY.iter().any(|word| lower.contains(word)), "{said}: {found:?}");
}
