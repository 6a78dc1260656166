//! What an answer of a provider means: the state it proves, for whom, until when, and what to do.
//!
//! Invariant: `HealthState::BalanceEmpty` is only ever found for an account that is billed from
//! prepaid credits. Sentences are made in `words`; here are the machine words that scripts see.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Billing, Finding, Health, Service, coded};

coded! {
    /// Whether jobs can run, and if not, what kind of trouble it is.
    pub enum HealthState {
        Up = "up",
        /// A window of at most an hour: a minute, a second, requests at once.
        RateLimited = "rate_limited",
        /// A longer window, or a cap on spending or usage.
        QuotaExhausted = "quota_exhausted",
        /// The provider's capacity, not the user's quota.
        Overloaded = "overloaded",
        /// Prepaid money is used up.
        BalanceEmpty = "balance_empty",
        Auth = "auth",
        PlanInactive = "plan_inactive",
        /// Region, network, client or account: refused for good.
        Blocked = "blocked",
        ModelUnavailable = "model_unavailable",
        /// Key and address do not belong together.
        Misconfigured = "misconfigured",
        Down = "down",
        /// Not checked, or the answer cannot be read: the last good state stays for a while.
        Unknown = "unknown",
        NoKey = "no_key",
    }
}

coded! {
    /// Whom a finding concerns.
    pub enum DiagnosisScope {
        Account = "account",
        Model = "model",
        Key = "key",
        Request = "request",
        /// Only what is known of the quota; health stays what it was.
        QuotaEndpoint = "quota_endpoint",
    }
}

coded! {
    /// How far a reset time can be trusted.
    pub enum ResetConfidence {
        /// The provider named it in this answer.
        Exact = "exact",
        /// From a calendar rule or an earlier reading.
        Derived = "derived",
        Estimated = "estimated",
        Unknown = "unknown",
    }
}

coded! {
    /// What helps.
    pub enum Advice {
        None = "none",
        Wait = "wait",
        Backoff = "backoff",
        SwitchModel = "switch_model",
        OpenDashboard = "open_dashboard",
        FixKey = "fix_key",
        FixEndpoint = "fix_endpoint",
        RefetchQuota = "refetch_quota",
        KeepLastQuota = "keep_last_quota",
        TopUp = "top_up",
        RenewPlan = "renew_plan",
        Reauth = "reauth",
        SwitchAuth = "switch_auth",
        SwitchProbe = "switch_probe",
        ShrinkRequest = "shrink_request",
        CheckNetwork = "check_network",
        CheckAccountSetup = "check_account_setup",
        StartService = "start_service",
        LoadModel = "load_model",
        OpenDetails = "open_details",
    }
}

coded! {
    /// What an allowance counts.
    pub enum Metric {
        Percent = "percent",
        Requests = "requests",
        Tokens = "tokens",
        /// Units of a plan, never money.
        PlanCredits = "plan_credits",
        Calls = "calls",
        Usd = "usd",
    }
}

/// How long an allowance lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Span {
    Minute,
    Hours(u32),
    Daily,
    Weekly,
    Monthly,
    /// It does not come back by itself, or nobody says when.
    Endless,
}

impl Span {
    /// From a window's name: "5h", "Week", "daily".
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        let label = label.trim().to_ascii_lowercase();
        let hours =
            label.strip_suffix("-hour").or_else(|| label.strip_suffix(" hours")).or_else(|| label.strip_suffix('h'));
        if let Some(hours) = hours.and_then(|number| number.trim().parse().ok()) {
            return Some(Self::Hours(hours));
        }
        Some(match label.as_str() {
            "minute" | "per minute" => Self::Minute,
            "day" | "daily" | "per day" | "today" => Self::Daily,
            "week" | "weekly" | "7d" => Self::Weekly,
            "month" | "monthly" | "30d" => Self::Monthly,
            _ => return None,
        })
    }

    /// `5h`, `weekly`: what a window of the whole account is called.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::Minute => "minute".to_owned(),
            Self::Hours(hours) => format!("{hours}h"),
            Self::Daily => "daily".to_owned(),
            Self::Weekly => "weekly".to_owned(),
            Self::Monthly => "monthly".to_owned(),
            Self::Endless => "total".to_owned(),
        }
    }

    /// The span of such an id.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        if id == Self::Endless.id() { Some(Self::Endless) } else { Self::of_label(id) }
    }
}

/// Which models an allowance covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Covers {
    Account,
    Model(String),
    /// Something beside chat, such as a search add-on.
    Feature(String),
}

/// One window of an account's quota, as its provider reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    /// `5h`, `weekly`, `requests_minute`.
    pub id: String,
    pub span: Span,
    pub metric: Metric,
    pub covers: Covers,
    pub used: Option<f64>,
    pub limit: Option<f64>,
    /// 0 to 100; `None` when the window has rolled over since.
    pub used_percent: Option<f64>,
    /// What the provider said when that is outside 0 to 100.
    pub raw_used_percent: Option<f64>,
    /// Never before the moment of the answer, never guessed.
    pub reset_at: Option<Timestamp>,
    /// Its reset lies in the past: ask again before believing it.
    pub stale: bool,
}

impl Allowance {
    /// Whether chat stops when it is used up.
    #[must_use]
    pub fn blocks_chat(&self) -> bool {
        !matches!(self.covers, Covers::Feature(_))
    }

    #[must_use]
    pub fn used_up(&self) -> bool {
        !self.stale && self.used_percent.is_some_and(|used| used >= 100.0)
    }
}

/// Money at a provider, where it reports any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Money {
    pub available: Option<f64>,
    pub currency: Option<String>,
    /// Bought beside a plan and used after it: a side note, never a balance.
    pub extra_usage_left: Option<f64>,
}

/// One model that is worse off than its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelState {
    pub model: String,
    pub state: HealthState,
    pub reset_at: Option<Timestamp>,
}

/// What one answer means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub service: Service,
    /// As the gateway or the user calls it.
    pub provider: String,
    pub billing: Billing,
    pub state: HealthState,
    /// Time alone mends it.
    pub temporary: bool,
    /// What the sentence turns on.
    pub finding: Finding,
    /// The machine word, with the provider's own code where it has one: `zai_1308`.
    pub reason: String,
    pub scope: DiagnosisScope,
    pub model: Option<String>,
    pub reset_at: Option<Timestamp>,
    pub reset_confidence: ResetConfidence,
    /// When it may be tried again: the reset and a margin. Without one, back off.
    pub retry_at: Option<Timestamp>,
    pub advice: Advice,
    pub windows: Vec<Allowance>,
    pub money: Option<Money>,
    /// The plan's name, as the provider calls it.
    pub plan: Option<String>,
    pub models: Vec<ModelState>,
    /// How many models a local service offers, when that was asked.
    pub local_models: Option<usize>,
    pub http_status: Option<u16>,
    pub provider_code: Option<String>,
    /// The provider's own sentence, for the details only; without keys, shortened.
    pub quote: Option<String>,
}

impl Diagnosis {
    /// The same in the coarser terms of [`Health`]; `None` when this answer says nothing about it.
    ///
    /// An answer about one request or about the quota alone changes no health, and neither does one
    /// that cannot be read. What a person must mend (plan ended, account blocked, wrong address) is
    /// a refused key there: conclusive, and no wait helps. A model that is not to be had is
    /// unreachable, for that model; `scope` says so. An account without a key was never set up,
    /// which is nothing to hold against it.
    #[must_use]
    pub fn health(&self) -> Option<Health> {
        if matches!(self.scope, DiagnosisScope::Request | DiagnosisScope::QuotaEndpoint) {
            return (self.state == HealthState::Up).then_some(Health::Up);
        }
        match self.state {
            HealthState::Up => Some(Health::Up),
            HealthState::RateLimited if self.reset_at.is_none() => Some(Health::RateLimited),
            HealthState::RateLimited | HealthState::QuotaExhausted => {
                Some(Health::LimitHit { resets_at: self.reset_at })
            }
            HealthState::Overloaded => Some(Health::Overloaded),
            HealthState::BalanceEmpty => Some(Health::OutOfBalance),
            HealthState::Auth | HealthState::PlanInactive | HealthState::Blocked | HealthState::Misconfigured => {
                Some(Health::RefusedKey)
            }
            HealthState::ModelUnavailable | HealthState::Down => Some(Health::Unreachable),
            HealthState::Unknown | HealthState::NoKey => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Advice, Diagnosis, DiagnosisScope, HealthState, ResetConfidence};
    use crate::domain::{Billing, Finding, Health, Service};

    fn found(finding: Finding) -> Diagnosis {
        let profile = finding.profile();
        Diagnosis {
            service: Service::Other,
            provider: "somebody".to_owned(),
            billing: Billing::RateTier,
            state: profile.state,
            temporary: profile.temporary,
            finding,
            reason: profile.reason.to_owned(),
            scope: profile.scope,
            model: None,
            reset_at: None,
            reset_confidence: ResetConfidence::Unknown,
            retry_at: None,
            advice: Advice::None,
            windows: Vec::new(),
            money: None,
            plan: None,
            models: Vec::new(),
            local_models: None,
            http_status: None,
            provider_code: None,
            quote: None,
        }
    }

    #[test]
    fn a_finding_becomes_a_health_only_where_it_speaks_of_one() {
        let cases = [
            (Finding::Serves, Some(Health::Up), "it serves"),
            (Finding::Malformed, Some(Health::Up), "it answered, and only this request was wrong"),
            (Finding::LimitHit, Some(Health::LimitHit { resets_at: None }), "a limit"),
            (Finding::RateHit, Some(Health::RateLimited), "a limit of minutes"),
            (Finding::Busy, Some(Health::Overloaded), "load"),
            (Finding::NoBalance, Some(Health::OutOfBalance), "money"),
            (Finding::InvalidKey, Some(Health::RefusedKey), "a key"),
            (Finding::PlanEnded, Some(Health::RefusedKey), "a person must act"),
            (Finding::UnknownModel, Some(Health::Unreachable), "of that model"),
            (Finding::ServerError, Some(Health::Unreachable), "no answer to use"),
            (Finding::LongContextNotInPlan, None, "one request says nothing of the account"),
            (Finding::UsageThrottled, None, "the quota alone"),
            (Finding::Unclassified, None, "not understood"),
            (Finding::NoKey, None, "never set up"),
        ];
        for (finding, health, why) in cases {
            assert_eq!(found(finding).health(), health, "{why}");
        }
    }

    #[test]
    fn machine_words_are_read_back() {
        for state in HealthState::ALL {
            assert_eq!(HealthState::of_code(state.code()), Some(*state));
            assert_eq!(serde_json::to_value(state).ok(), Some(state.code().into()), "files say the same");
        }
        assert_eq!(DiagnosisScope::of_code("galaxy"), None);
    }
}
