//! Whether a model serves right now, from everything known about it and its account.
//!
//! Invariants: unknown is neither down nor proof, a limit whose reset has passed is unknown, not
//! serving, and what its owner says of an account goes before what is seen.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Catalog, Fleet, Health, ModelRef, QuotaWindow, Route, Settings, SkipReason, Thresholds, Vital};
use crate::fault::{self, Fault};

/// How a listed model stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Serving {
        /// Start of the unbroken stretch of serving; `None` when nobody saw it begin.
        since: Option<Timestamp>,
    },
    Unknown,
    Failing(Failure),
}

/// What is wrong with a model that is known not to serve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub why: SkipReason,
    pub health: Health,
    pub since: Option<Timestamp>,
    /// When it is expected back, if anybody said so.
    pub back_at: Option<Timestamp>,
    /// What it says about its vendor being down.
    pub weight: Weight,
}

/// How much a failure says about an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Down at once: refused key, out of balance, a long limit.
    Conclusive,
    /// Down when it lasts.
    WhenItLasts,
    /// Never: a cooldown of the gateway, or one model that its account does not offer.
    Never,
}

/// Failures shorter than this are no outage.
pub(super) const OUTAGE_AFTER: SignedDuration = SignedDuration::from_mins(10);

impl Standing {
    pub(super) fn fails(&self) -> bool {
        matches!(self, Self::Failing(_))
    }

    pub(super) fn serves(&self) -> bool {
        matches!(self, Self::Serving { .. })
    }
}

/// The standing of one model: it fails when its account, its own limits, a used-up window or the
/// gateway's cooldown says so; it serves when its account is known to and nothing of its own is doubtful.
pub(super) fn standing(
    model: &ModelRef,
    catalog: &Catalog,
    fleet: &Fleet,
    settings: &Settings,
    at: Timestamp,
) -> Standing {
    let account_id = model.account();
    let limits = &settings.thresholds;
    if let Some(until) = settings.accounts.get(&account_id).and_then(|own| own.down_until).filter(|until| *until > at) {
        return Standing::Failing(down_by_hand(until, at));
    }
    let account = fleet.accounts.get(&account_id);
    let own = fleet.models.get(model);
    let windows = fleet.windows.get(&account_id).map_or(&[][..], Vec::as_slice);

    let ill = account.and_then(|vital| ill(vital, Scope::Account, at)).or_else(|| ill(own?, Scope::Model, at));
    if let Some(failure) = ill {
        return Standing::Failing(with_window_reset(failure, windows, model, limits, at));
    }
    if let Some(window) = exhausted(windows, model, limits, at).filter(|_| !fault::on(Fault::OverlooksUsedUp)) {
        return Standing::Failing(used_up(window, at));
    }
    if let Some(until) = gateway_waits(model, catalog, account, own, at) {
        return Standing::Failing(Failure {
            why: SkipReason::GatewayWaits { until },
            health: Health::Unknown,
            since: None,
            back_at: Some(until),
            weight: Weight::Never,
        });
    }
    match (account.map(|vital| &vital.health), own) {
        (Some(Health::Up | Health::Strained), None) => serving(account, None),
        (Some(Health::Up | Health::Strained), Some(own)) if own.health.serves() => serving(account, Some(own)),
        _ => Standing::Unknown,
    }
}

/// `at` plus `wait`, or the end of time.
pub(super) fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Until when a route is skipped because its owner set it or its account aside.
pub(super) fn set_aside(route: &Route, settings: &Settings, at: Timestamp) -> Option<Timestamp> {
    let account = route.account().and_then(|account| settings.accounts.get(&account)?.set_aside_until);
    [route.set_aside_until, account].into_iter().flatten().filter(|until| *until > at).max()
}

fn down_by_hand(until: Timestamp, at: Timestamp) -> Failure {
    let health = Health::ByHand { until };
    Failure {
        why: SkipReason::Down { health: health.clone(), since: None },
        health,
        since: None,
        back_at: Some(until),
        weight: limit_weight(Some(until), at),
    }
}

#[derive(Clone, Copy)]
enum Scope {
    Account,
    Model,
}

fn serving(account: Option<&Vital>, own: Option<&Vital>) -> Standing {
    let start = |vital: &Vital| vital.serving_since.or(vital.since);
    Standing::Serving { since: account.and_then(start).max(own.and_then(start)) }
}

fn ill(vital: &Vital, scope: Scope, at: Timestamp) -> Option<Failure> {
    if !vital.health.fails() {
        return None;
    }
    let back_at = match vital.health {
        Health::LimitHit { resets_at: Some(reset) } if reset <= at => return None,
        Health::LimitHit { resets_at } => resets_at,
        _ => None,
    };
    let weight = match (&vital.health, scope) {
        (Health::LimitHit { .. }, _) => limit_weight(back_at, at),
        (Health::RefusedKey | Health::OutOfBalance, _) => Weight::Conclusive,
        (_, Scope::Model) => Weight::Never,
        (_, Scope::Account) => Weight::WhenItLasts,
    };
    Some(Failure {
        why: SkipReason::Down { health: vital.health.clone(), since: vital.since },
        health: vital.health.clone(),
        since: vital.since,
        back_at,
        weight,
    })
}

/// A limit is conclusive when its reset is unknown or far away.
fn limit_weight(resets_at: Option<Timestamp>, at: Timestamp) -> Weight {
    match resets_at {
        Some(reset) if reset <= later(at, OUTAGE_AFTER) => Weight::WhenItLasts,
        _ => Weight::Conclusive,
    }
}

/// A limit without a date borrows the one of a used-up window that explains it.
fn with_window_reset(
    mut failure: Failure,
    windows: &[QuotaWindow],
    model: &ModelRef,
    limits: &Thresholds,
    at: Timestamp,
) -> Failure {
    if failure.health == (Health::LimitHit { resets_at: None })
        && let Some(window) = exhausted(windows, model, limits, at)
        && let Some(reset) = window.resets_at
    {
        let health = Health::LimitHit { resets_at: Some(reset) };
        failure.why = SkipReason::Down { health: health.clone(), since: failure.since };
        failure.health = health;
        failure.back_at = Some(reset);
        failure.weight = limit_weight(Some(reset), at);
    }
    failure
}

/// The used-up window that lasts longest, of those that cover `model` and have not rolled over.
fn exhausted<'a>(
    windows: &'a [QuotaWindow],
    model: &ModelRef,
    limits: &Thresholds,
    at: Timestamp,
) -> Option<&'a QuotaWindow> {
    windows
        .iter()
        .filter(|window| window.used_ratio >= 1.0 && window.covers.covers(model) && current(window, limits, at))
        .max_by_key(|window| window.resets_at.unwrap_or(Timestamp::MAX))
}

/// Whether a window still says anything: not rolled over, and not read too long ago.
pub(super) fn current(window: &QuotaWindow, limits: &Thresholds, at: Timestamp) -> bool {
    match window.resets_at {
        Some(reset) => reset > at,
        None => later(window.observed_at, limits.proof_lasts) > at,
    }
}

fn used_up(window: &QuotaWindow, at: Timestamp) -> Failure {
    Failure {
        why: SkipReason::WindowExhausted { label: window.label.clone(), resets_at: window.resets_at },
        health: Health::LimitHit { resets_at: window.resets_at },
        since: Some(window.observed_at),
        back_at: window.resets_at,
        weight: limit_weight(window.resets_at, at),
    }
}

fn gateway_waits(
    model: &ModelRef,
    catalog: &Catalog,
    account: Option<&Vital>,
    own: Option<&Vital>,
    at: Timestamp,
) -> Option<Timestamp> {
    let listed = catalog.models.get(model).filter(|model| !model.available).and_then(|model| model.unavailable_until);
    let told = [listed, account.and_then(|vital| vital.gateway_waits_until), own.and_then(|v| v.gateway_waits_until)];
    told.into_iter().flatten().filter(|until| *until > at).max()
}
