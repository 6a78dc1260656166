//! What time alone changes: passed resets, back-offs and old evidence, and when that happens next.

use jiff::Timestamp;

use super::breaker::forget;
use super::evidence::{TIMEOUTS_WITHIN, expire_timeouts, remember_timed_out};
use super::standing::{OUTAGE_AFTER, later};
use super::windows::strain;
use crate::domain::{
    AccountId, Breaker, CronId, Fleet, Health, Observation, Plan, Settings, Thresholds, Trigger, Vital,
};

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
    fleet.models.retain(|_, vital| !says_nothing(vital, limits, now));
}

/// The clock was set back: what was seen a moment ago would be news from the future, and whatever comes now
/// would be older than it.
pub fn set_back(fleet: &mut Fleet, now: Timestamp) {
    for vital in fleet.accounts.values_mut().chain(fleet.models.values_mut()) {
        for moment in [&mut vital.observed_at, &mut vital.since, &mut vital.serving_since] {
            *moment = moment.map(|at| at.min(now));
        }
        vital.timeouts.retain(|(at, _)| *at <= now);
    }
    for window in fleet.windows.values_mut().flatten() {
        window.observed_at = window.observed_at.min(now);
    }
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

fn says_nothing(vital: &Vital, limits: &Thresholds, now: Timestamp) -> bool {
    let waits = vital.gateway_waits_until.is_some_and(|until| until > now);
    let doubted = matches!(vital.breaker, Breaker::Open { .. } | Breaker::HalfOpen { .. })
        && vital.since.is_some_and(|since| later(since, limits.proof_lasts) > now);
    let counting = matches!(vital.breaker, Breaker::Closed { failures } if failures > 0)
        && vital.observed_at.is_some_and(|at| later(at, limits.proof_lasts) > now);
    vital.health == Health::Unknown && !waits && !doubted && !counting
}

/// The next moment after `now` at which time alone changes health, the outage level or the plan.
#[must_use]
pub fn next_wake(obs: &Observation, plan: &Plan, settings: &Settings) -> Option<Timestamp> {
    let (fleet, now) = (&obs.fleet, obs.at);
    let limits = &settings.thresholds;
    let vitals = fleet.accounts.values().chain(fleet.models.values()).flat_map(|vital| moments(vital, limits));
    let windows = fleet.windows.values().flatten().filter(|window| window.used_ratio >= limits.strained_ratio);
    let resets = windows.filter_map(|window| window.resets_at);
    let aside = settings.routes.values().filter_map(|route| route.set_aside_until);
    let by_hand = settings.accounts.values().flat_map(|own| own.down_until.into_iter().chain(own.set_aside_until));
    let awaited = plan.decisions.iter().filter_map(|decision| match &decision.would_change {
        Some(Trigger::At { at }) => Some(*at),
        _ => None,
    });
    // The outage level counts from when a whole vendor was first seen to fail.
    let outages = obs.down_since.values().map(|since| later(*since, OUTAGE_AFTER));
    vitals.chain(resets).chain(aside).chain(by_hand).chain(awaited).chain(outages).filter(|at| *at > now).min()
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
    let settled = vital.serving_since.map(|since| later(since, limits.settle));
    let timeout = vital.timeouts.first().map(|(at, _)| later(*at, TIMEOUTS_WITHIN));
    let all = [reset, retry, settled, timeout, vital.gateway_waits_until, stale_at(vital, limits)];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::{ModelRef, OutageLevel, Source, VendorId};
    use crate::policy::plan;

    fn now() -> Timestamp {
        "2026-11-23T08:00:00Z".parse().expect("a moment")
    }

    fn mins(minutes: i64) -> Timestamp {
        now() + SignedDuration::from_mins(minutes)
    }

    fn observe(fleet: Fleet, down_since: BTreeMap<VendorId, Timestamp>) -> Observation {
        Observation {
            at: now(),
            gateway_reachable: true,
            crons: std::sync::Arc::default(),
            catalog: std::sync::Arc::default(),
            fleet: std::sync::Arc::new(fleet),
            tiers: std::sync::Arc::default(),
            ledger: std::sync::Arc::default(),
            edited: std::sync::Arc::default(),
            down_since,
            previous_level: OutageLevel::Healthy,
            busy: std::sync::Arc::default(),
            mode: crate::domain::PlanMode::Ordinary,
        }
    }

    fn wake(obs: &Observation) -> Option<Timestamp> {
        let settings = Settings::default();
        next_wake(obs, &plan(obs, &settings), &settings)
    }

    #[test]
    fn the_next_wake_is_the_first_moment_that_matters() {
        let limit = Health::LimitHit { resets_at: Some(mins(180)) };
        let cases = [
            (Vital::default(), None, "nothing is known, nothing comes by itself"),
            (
                Vital { health: limit, since: Some(mins(-60)), ..Vital::default() },
                Some(mins(180)),
                "a limit ends at its reset",
            ),
            (
                Vital { health: Health::Up, serving_since: Some(mins(-3)), ..Vital::default() },
                Some(mins(7)),
                "crons may return after the settle time",
            ),
            (
                Vital { gateway_waits_until: Some(mins(2)), source: Source::Cooldown, ..Vital::default() },
                Some(mins(2)),
                "the gateway's cooldown ends",
            ),
        ];
        for (vital, expected, why) in cases {
            let fleet = Fleet { accounts: [(AccountId::new("kimi"), vital)].into(), ..Fleet::default() };
            assert_eq!(wake(&observe(fleet, BTreeMap::new())), expected, "{why}");
        }
    }

    /// Its accounts may have begun to fail at other times: what counts is when nothing was left of the vendor.
    #[test]
    fn a_vendor_that_stays_away_is_an_outage_on_the_minute() {
        let failing = Vital { health: Health::Unreachable, since: Some(mins(-9)), ..Vital::default() };
        let fleet = Fleet { accounts: [(AccountId::new("kimi"), failing)].into(), ..Fleet::default() };
        let down_since = BTreeMap::from([(VendorId::new("kimi"), mins(-4))]);
        assert_eq!(wake(&observe(fleet, down_since)), Some(mins(6)));
    }

    #[test]
    fn a_model_follows_its_account_again_when_its_own_limit_is_long_over() {
        let settings = Settings::default();
        let model = ModelRef::of("google", "gemini-3-flash");
        let limited = Vital {
            health: Health::LimitHit { resets_at: Some(mins(60)) },
            breaker: Breaker::Open { since: now(), retry_at: Some(mins(60)), conclusive: true },
            since: Some(now()),
            observed_at: Some(now()),
            ..Vital::default()
        };
        let mut fleet = Fleet { models: [(model.clone(), limited)].into(), ..Fleet::default() };
        advance(&mut fleet, &settings, mins(60));
        assert_eq!(fleet.models[&model].health, Health::Unknown, "tried carefully at first");
        advance(&mut fleet, &settings, mins(60 + 24 * 60));
        assert!(fleet.models.is_empty());
    }
}
