//! What time alone changes: passed resets, back-offs and old evidence, and when that happens next.

use jiff::Timestamp;

use super::breaker::forget;
use super::evidence::{TIMEOUTS_WITHIN, expire_timeouts, remember_timed_out, strain};
use super::standing::{OUTAGE_AFTER, later};
use crate::domain::{AccountId, Breaker, CronId, Fleet, Health, Plan, Settings, Thresholds, Trigger, Vital};

/// Brings what is known up to `now` without any new evidence.
///
/// A limit whose reset has passed is unknown and tried carefully; a back-off that is over makes the
/// breaker half-open, while what was wrong stays wrong until somebody sees it serve; evidence older
/// than `proof_lasts` says nothing any more.
pub fn advance(fleet: &mut Fleet, settings: &Settings, now: Timestamp) {
    let limits = &settings.thresholds;
    let accounts: Vec<AccountId> = fleet.accounts.keys().cloned().collect();
    for account in accounts {
        let Some(vital) = fleet.accounts.get_mut(&account) else { continue };
        age(vital, limits, now);
        let gone: Vec<CronId> = expire_timeouts(vital, now);
        remember_timed_out(fleet, &account, gone);
        strain(fleet, &account, limits, now);
    }
    for vital in fleet.models.values_mut() {
        age(vital, limits, now);
    }
    // A model with nothing left to say follows its account again.
    fleet.models.retain(|_, vital| !says_nothing(vital, now));
}

fn age(vital: &mut Vital, limits: &Thresholds, now: Timestamp) {
    if vital.gateway_waits_until.is_some_and(|until| until <= now) {
        vital.gateway_waits_until = None;
    }
    if let Health::LimitHit { resets_at: Some(reset) } = vital.health {
        if reset <= now {
            forget(vital, reset);
        }
        return;
    }
    if let Some(stale_at) = stale_at(vital, limits).filter(|stale_at| *stale_at <= now) {
        forget(vital, stale_at);
    }
    if matches!(vital.breaker, Breaker::Open { retry_at: Some(retry_at), .. } if retry_at <= now) {
        vital.breaker = Breaker::HalfOpen { good: 0 };
    }
}

/// When the newest evidence stops proving anything.
fn stale_at(vital: &Vital, limits: &Thresholds) -> Option<Timestamp> {
    let known = vital.health != Health::Unknown;
    vital.observed_at.filter(|_| known).map(|at| later(at, limits.proof_lasts))
}

fn says_nothing(vital: &Vital, now: Timestamp) -> bool {
    let quiet = vital.health == Health::Unknown && vital.gateway_waits_until.is_none_or(|until| until <= now);
    quiet && matches!(vital.breaker, Breaker::Closed { .. }) && vital.timeouts.is_empty()
}

/// The next moment after `now` at which time alone changes health, the outage level or the plan.
#[must_use]
pub fn next_wake(fleet: &Fleet, plan: &Plan, settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    let limits = &settings.thresholds;
    let vitals = fleet.accounts.values().chain(fleet.models.values()).flat_map(|vital| moments(vital, limits));
    let windows = fleet.windows.values().flatten().filter(|window| window.used_ratio >= limits.strained_ratio);
    let resets = windows.filter_map(|window| window.resets_at);
    let aside = settings.routes.values().filter_map(|route| route.set_aside_until);
    let awaited = plan.decisions.iter().filter_map(|decision| match &decision.would_change {
        Some(Trigger::At { at }) => Some(*at),
        _ => None,
    });
    vitals.chain(resets).chain(aside).chain(awaited).filter(|at| *at > now).min()
}

fn moments(vital: &Vital, limits: &Thresholds) -> Vec<Timestamp> {
    let reset = match vital.health {
        Health::LimitHit { resets_at } => resets_at,
        _ => None,
    };
    let retry = match vital.breaker {
        Breaker::Open { retry_at, .. } => retry_at,
        _ => None,
    };
    let outage = vital.since.filter(|_| vital.health.fails()).map(|since| later(since, OUTAGE_AFTER));
    let settled = vital.serving_since.map(|since| later(since, limits.settle));
    let timeout = vital.timeouts.first().map(|(at, _)| later(*at, TIMEOUTS_WITHIN));
    let all = [reset, retry, outage, settled, timeout, vital.gateway_waits_until, stale_at(vital, limits)];
    all.into_iter().flatten().collect()
}
