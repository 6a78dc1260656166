//! What to do about what is foreseen: each piece of advice with what it rests on and what it would change.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{AccountId, Costs, CronId, Detours, Forecast, Overload, Plan, Usd};

/// What is foreseen, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    pub forecast: Forecast,
    /// The most urgent first.
    pub advice: Vec<QuotaAdvice>,
    pub costs: Costs,
    /// Windows that would be used up before their reset by what a crisis moves to them.
    pub overloads: Vec<Overload>,
    /// The same of the plan that waits.
    pub planned: Vec<Overload>,
}

impl Outlook {
    /// What is said where there is room for one thing.
    #[must_use]
    pub fn first(&self) -> Option<&QuotaAdvice> {
        self.advice.first()
    }

    /// Runs of a flat plan that were paid by the token lately: nobody chose that, so it is an alarm.
    #[must_use]
    pub fn paid_lately(&self, now: Timestamp) -> Option<&PaidFallbacks> {
        let paid = self.advice.iter().filter_map(|advice| match advice {
            QuotaAdvice::PaidFallbacks(paid) => Some(paid),
            _ => None,
        });
        paid.filter(|paid| paid.is_lately(now)).max_by_key(|paid| paid.last_at)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum QuotaAdvice {
    /// A window is used up before it comes back.
    RunsOut(Box<RunsOut>),
    /// Crons of a flat plan really ran where each token costs money.
    PaidFallbacks(PaidFallbacks),
    /// Many runs start in one minute.
    Together(Together),
}

/// A window that is used up before it comes back, and which crons could run elsewhere until then.
#[derive(Clone, Debug, PartialEq)]
pub struct RunsOut {
    pub account: AccountId,
    /// Of the window.
    pub label: String,
    /// With a reserve: when that is reached.
    pub at: Timestamp,
    pub resets_at: Timestamp,
    /// Share of the window that its owner keeps free.
    pub reserve: f64,
    /// The window at its reset.
    pub level: Level,
    /// Windows that get more to do, the fullest afterwards first.
    pub others: Vec<Level>,
    /// Which crons go where; empty where nothing helps.
    pub detours: Detours,
    pub helps: Helps,
    /// Carries the detours out; without a change where nothing helps.
    pub plan: Plan,
}

/// Where a window is likely to be at its fullest, as things are and with the advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub account: AccountId,
    pub label: String,
    pub before: f64,
    pub after: f64,
    /// When a turn of it ends that is meant.
    pub at: Timestamp,
}

/// What the advice reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Helps {
    /// Every window it touches stays below this share.
    Below(f64),
    /// The window lasts until its reset, above what is aimed at.
    Lasts,
    /// It still runs out, but so much later.
    Later(Timestamp),
    Not(NoWay),
}

/// Why nothing helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// What uses it up are not scheduled runs.
    OtherUse,
    /// None of the crons on it may be moved: pinned, held, unsorted, or left to its owner.
    NoneMayMove,
    /// No other route of their chains serves with enough room.
    NoRoom,
    /// The crons that may move are too few to make a difference.
    TooLittle,
    /// In a crisis its rules decide where crons run.
    Crisis,
}

/// Runs on a route that is paid by the token, of crons whose own model is of a flat plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PaidFallbacks {
    /// The account that is paid.
    pub account: AccountId,
    /// The account of the plan.
    pub instead_of: AccountId,
    pub n_runs: u32,
    pub crons: Vec<CronId>,
    /// Of the runs whose tokens and price are known.
    pub cost: Usd,
    /// Runs of which no cost is known.
    pub n_unpriced: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl PaidFallbacks {
    /// What is longer ago is told, and alarms nobody any more.
    pub const LATELY: SignedDuration = SignedDuration::from_hours(24);

    /// The last of them ran within a day before `now`.
    #[must_use]
    pub fn is_lately(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_at) <= Self::LATELY
    }
}

/// Staggers that schedules would get.
pub type Staggers = BTreeMap<CronId, SignedDuration>;

/// Runs on one account that start in the same minute of the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    pub account: AccountId,
    pub n_together: u32,
    pub n_crons: u32,
    /// When they do for the first time.
    pub at: Timestamp,
    /// How fewer would; `None` where no schedule may be given a stagger that helps.
    pub apart: Option<Apart>,
}

/// Some of the crons that start together, each a little later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    pub staggers: Staggers,
    /// So many start together at the most on that account then.
    pub n_together: u32,
    /// By how much the last of them starts later than now.
    pub latest: SignedDuration,
}
