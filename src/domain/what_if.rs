//! What somebody supposes on a copy of the world, and what would come of it. Nothing of it is ever sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{AccountId, Costs, CronId, Forecast, OutageLevel, Plan, PlanOrigin, RouteKey, Tier};

/// What is supposed. What is not named is as it is, or as it will be when the clock is moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hypothesis {
    /// The clock, up to [`Hypothesis::FURTHEST`] from now; `None`: as it is now.
    pub at: Option<Timestamp>,
    pub accounts: BTreeMap<AccountId, Supposed>,
    /// Share used of a window, by account and label: 1.0 is used up until its reset.
    pub windows: BTreeMap<(AccountId, String), f64>,
    pub tiers: BTreeMap<CronId, Tier>,
    /// The routes of a tier in another order, or others.
    pub chains: BTreeMap<Tier, Vec<RouteKey>>,
}

/// How an account is supposed to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supposed {
    /// It has not served for long enough to count, and nobody says until when.
    Down,
    /// It serves, and has for long enough to return to.
    Back,
}

impl Hypothesis {
    pub const FURTHEST: SignedDuration = SignedDuration::from_hours(30 * 24);

    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The moment it is about, when now is `now`.
    #[must_use]
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        let furthest = now.checked_add(Self::FURTHEST).unwrap_or(Timestamp::MAX);
        self.at.map_or(now, |at| at.clamp(now, furthest))
    }
}

/// What would come of it, beside what comes of the world as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Imagined {
    pub supposed: Hypothesis,
    pub today: Arc<Prospect>,
    /// The same one as `today` where nothing is supposed.
    pub then: Arc<Prospect>,
}

/// What would be done at one moment, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    pub at: Timestamp,
    /// At level Crisis what crisis mode does; below it the way back where crisis mode is on; else distribution.
    /// It carries the outage, and a decision for every cron it is about.
    pub plan: Plan,
    /// From `at` on, once the plan is carried out.
    pub forecast: Forecast,
    /// Of the seven days after `at`, beside the last seven.
    pub costs: Costs,
    /// When the level is expected below Crisis again, while it is Crisis.
    pub expected_end: Option<Timestamp>,
    /// If nothing was done.
    pub failing: FailingRuns,
}

impl Prospect {
    #[must_use]
    pub fn level(&self) -> OutageLevel {
        self.plan.outage.level
    }

    /// The plan is that of crisis mode.
    #[must_use]
    pub fn in_crisis(&self) -> bool {
        self.plan.origin == PlanOrigin::Crisis
    }
}

/// Runs that start within a day on a model that does not serve, without a fallback of theirs that may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailingRuns {
    pub n_crons: usize,
    /// Of those crons whose starts can be told.
    pub n_runs: u32,
}

/// What of a hypothesis can be made so, each by a change that its owner could make elsewhere, too. None of it writes
/// to the gateway: a plan follows, and waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    Sort {
        crons: Vec<CronId>,
        tier: Tier,
    },
    Chain {
        tier: Tier,
        routes: Vec<RouteKey>,
    },
    TreatAsDown {
        account: AccountId,
        until: Timestamp,
    },
    /// Its owner no longer says that it is down, or set aside.
    Trust {
        account: AccountId,
    },
}
