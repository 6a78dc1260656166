//! What is known about each account and model: does it serve, since when, how do we know.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, CronId, Diagnosis, HealthState, Metric, ModelRef, Money, ResetConfidence, Span};

/// Whether runs can succeed now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Health {
    /// Neither down nor proof: nobody has asked or seen anything yet.
    #[default]
    Unknown,
    Up,
    /// Serving, with a quota window at 80 % or more.
    Strained,
    /// A quota, or a rate limit of which it is known until when.
    LimitHit {
        resets_at: Option<Timestamp>,
    },
    /// A limit of minutes that nobody put a time on.
    RateLimited,
    /// Busy beyond the breaker's patience: overload, server errors, timeouts in a row.
    Overloaded,
    RefusedKey,
    /// Only a prepaid account can be.
    OutOfBalance,
    Unreachable,
    /// Its owner says so, whatever is seen; never found by evidence.
    ByHand {
        until: Timestamp,
    },
}

impl Health {
    /// Known to serve. `Unknown` is not.
    #[must_use]
    pub fn serves(&self) -> bool {
        matches!(self, Self::Up | Self::Strained)
    }

    /// The nearest of a diagnosis' states, when nothing finer is known.
    #[must_use]
    pub fn state(&self) -> HealthState {
        match self {
            Self::Unknown => HealthState::Unknown,
            Self::Up | Self::Strained => HealthState::Up,
            Self::LimitHit { .. } => HealthState::QuotaExhausted,
            Self::RateLimited => HealthState::RateLimited,
            Self::Overloaded => HealthState::Overloaded,
            Self::RefusedKey => HealthState::Auth,
            Self::OutOfBalance => HealthState::BalanceEmpty,
            Self::Unreachable | Self::ByHand { .. } => HealthState::Down,
        }
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
    /// One small question that the gateway put to its provider for us.
    GatewayProbe,
    /// A usage page that a person or a scraper read.
    Page,
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

impl Vital {
    /// The same in the finer terms of a diagnosis, where one explains the health.
    #[must_use]
    pub fn state(&self) -> HealthState {
        self.explained().map_or_else(|| self.health.state(), |said| said.state)
    }

    /// What the newest answer meant, when that is why the health is what it is.
    #[must_use]
    pub fn explained(&self) -> Option<&Diagnosis> {
        let kind = |health: &Health| std::mem::discriminant(health);
        self.said.as_deref().filter(|said| said.health().is_some_and(|health| kind(&health) == kind(&self.health)))
    }
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
    pub reset_confidence: ResetConfidence,
    pub covers: ModelScope,
    /// How long it lasts, where that is known: two sources mean the same window by it.
    #[serde(default)]
    pub span: Option<Span>,
    #[serde(default)]
    pub metric: Option<Metric>,
    /// In units of `metric`.
    #[serde(default)]
    pub used: Option<f64>,
    #[serde(default)]
    pub limit: Option<f64>,
    pub observed_at: Timestamp,
    pub source: Source,
}

impl QuotaWindow {
    /// A window of the whole account of which only the use is known.
    #[must_use]
    pub fn new(label: impl Into<String>, used_ratio: f64, observed_at: Timestamp, source: Source) -> Self {
        let label = label.into();
        Self {
            span: Span::of_label(&label),
            label,
            used_ratio,
            resets_at: None,
            reset_confidence: ResetConfidence::Unknown,
            covers: ModelScope::All,
            metric: None,
            used: None,
            limit: None,
            observed_at,
            source,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelScope {
    #[default]
    All,
    Models(Vec<ModelRef>),
    /// Something beside chat, such as a search add-on: no model waits for it.
    Feature(String),
}

impl ModelScope {
    #[must_use]
    pub fn covers(&self, model: &ModelRef) -> bool {
        match self {
            Self::All => true,
            Self::Models(models) => models.contains(model),
            Self::Feature(_) => false,
        }
    }
}

/// Money at a provider, as somebody last saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MoneyRead {
    pub money: Money,
    pub observed_at: Timestamp,
    pub source: Source,
}

/// Everything known about the providers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    pub accounts: BTreeMap<AccountId, Vital>,
    /// Only models with news of their own: a limit or cooldown that does not cover the account.
    pub models: BTreeMap<ModelRef, Vital>,
    pub windows: BTreeMap<AccountId, Vec<QuotaWindow>>,
    #[serde(default)]
    pub money: BTreeMap<AccountId, MoneyRead>,
    /// Plans by the names that the providers call them.
    #[serde(default)]
    pub plans: BTreeMap<AccountId, String>,
    /// Crons that ran into a timeout before, by account: their next one proves less.
    #[serde(default)]
    pub timed_out_before: BTreeMap<AccountId, Vec<CronId>>,
}

impl Fleet {
    /// What is known of an account for whoever uses these models of it: of the account as a whole, or of
    /// its models where each of them is worse off than it.
    #[must_use]
    pub fn vital_of<'a>(
        &'a self,
        account: &AccountId,
        used: impl IntoIterator<Item = &'a ModelRef>,
    ) -> Option<&'a Vital> {
        let whole = self.accounts.get(account);
        if whole.is_some_and(|vital| vital.health.fails()) {
            return whole;
        }
        let each = used.into_iter().map(|model| self.models.get(model).filter(|own| own.health.fails()));
        let each: Option<Vec<&Vital>> = each.collect();
        each.and_then(|each| each.into_iter().next()).or(whole)
    }
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
