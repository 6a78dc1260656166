//! What is known about each account and model: does it serve, since when, how do we know.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, CronId, Diagnosis, ModelRef};

/// Whether runs can succeed now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Health {
    /// Neither down nor proof: nobody has asked or seen anything yet.
    #[default]
    Unknown,
    Up,
    /// Serving, with a quota window at 80 % or more.
    Strained,
    /// A quota or rate limit; until `resets_at` when it is known.
    LimitHit {
        resets_at: Option<Timestamp>,
    },
    /// Busy beyond the breaker's patience: overload, server errors, timeouts in a row.
    Overloaded,
    RefusedKey,
    /// Only a prepaid account can be.
    OutOfBalance,
    Unreachable,
}

impl Health {
    /// Known to serve. `Unknown` is not.
    #[must_use]
    pub fn serves(&self) -> bool {
        matches!(self, Self::Up | Self::Strained)
    }

    /// Known not to serve. `Unknown` is not.
    #[must_use]
    pub fn fails(&self) -> bool {
        !matches!(self, Self::Unknown | Self::Up | Self::Strained)
    }
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    #[default]
    Nothing,
    /// A finished run of a cron.
    Run,
    /// The gateway's cooldown, from its list of models.
    Cooldown,
    /// The gateway's quota report.
    UsageStatus,
    /// Our own probe.
    Probe,
    /// The user said so.
    Hand,
}

/// Circuit breaker: closed trusts, open does not try, half-open tries carefully.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Breaker {
    Closed { failures: u32 },
    Open { since: Timestamp, retry_at: Option<Timestamp>, conclusive: bool },
    HalfOpen { good: u32 },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// What is known of one account, or of one model where its limits are its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vital {
    pub health: Health,
    pub breaker: Breaker,
    /// When `health` became what it is.
    pub since: Option<Timestamp>,
    /// The first evidence of the current unbroken stretch of serving.
    pub serving_since: Option<Timestamp>,
    /// The newest evidence, whatever it said.
    pub observed_at: Option<Timestamp>,
    pub source: Source,
    /// The gateway itself refuses runs until then ("gateway waits until 10:42").
    pub gateway_waits_until: Option<Timestamp>,
    /// Recent timeouts, for the rule that two within 15 minutes are one failed probe.
    #[serde(default)]
    pub timeouts: Vec<(Timestamp, CronId)>,
    /// What the newest answer meant, where it was one to be understood.
    #[serde(default)]
    pub said: Option<Arc<Diagnosis>>,
}

/// One limit of an account, such as "5h" or "Week".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaWindow {
    /// Unique within its account; shown as is.
    pub label: String,
    /// Share used up: 0.0 untouched, 1.0 exhausted, above 1.0 when the provider let us overrun.
    pub used_ratio: f64,
    /// `None` when the provider does not tell. Never guessed.
    pub resets_at: Option<Timestamp>,
    pub covers: ModelScope,
    pub observed_at: Timestamp,
    pub source: Source,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelScope {
    #[default]
    All,
    Models(Vec<ModelRef>),
}

impl ModelScope {
    #[must_use]
    pub fn covers(&self, model: &ModelRef) -> bool {
        match self {
            Self::All => true,
            Self::Models(models) => models.contains(model),
        }
    }
}

/// Everything known about the providers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    pub accounts: BTreeMap<AccountId, Vital>,
    /// Only models with news of their own: a limit or cooldown that does not cover the account.
    pub models: BTreeMap<ModelRef, Vital>,
    pub windows: BTreeMap<AccountId, Vec<QuotaWindow>>,
    /// Crons that ran into a timeout before, by account: their next one proves less.
    #[serde(default)]
    pub timed_out_before: BTreeMap<AccountId, Vec<CronId>>,
}

/// How many vendors are down, as the status files carry it in `mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageLevel {
    #[default]
    Healthy,
    Degraded,
    Crisis,
}
