//! What can be found in an answer, each with the state it proves.
//!
//! One row says everything that always goes together: machine word, state, whether time mends it,
//! whom it concerns and what helps. A provider's table may narrow the scope or name its own code.

use serde::{Deserialize, Serialize};

use super::{Advice, DiagnosisScope, HealthState};

/// What always goes with a finding.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    pub reason: &'static str,
    pub state: HealthState,
    pub temporary: bool,
    pub scope: DiagnosisScope,
    pub advice: Advice,
}

macro_rules! findings {
    ($($(#[$doc:meta])* $name:ident: $reason:literal, $state:ident, $lasting:ident, $scope:ident, $advice:ident;)+) => {
        /// What an answer turned out to say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Finding {
            $($(#[$doc])* $name,)+
        }

        impl Finding {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub const fn profile(self) -> Profile {
                match self {
                    $(Self::$name => Profile {
                        reason: $reason,
                        state: HealthState::$state,
                        temporary: findings!(@ $lasting),
                        scope: DiagnosisScope::$scope,
                        advice: Advice::$advice,
                    },)+
                }
            }
        }
    };
    (@ passes) => { true };
    (@ stays) => { false };
    (@ fine) => { false };
}

findings! {
    Serves: "ok", Up, fine, Account, None;
    /// The usage endpoint answers without windows.
    QuotaNotReported: "quota_unknown", Up, fine, Account, CheckAccountSetup;
    /// A window has rolled over since the reading.
    QuotaStale: "quota_stale", Up, fine, Account, RefetchQuota;
    /// Some models are used up, others are not.
    ModelUsedUp: "model_window_exhausted", Up, fine, Account, SwitchModel;
    Filtered: "request_rejected", Up, fine, Request, None;
    Malformed: "request_rejected", Up, fine, Request, None;
    TooLong: "request_rejected", Up, fine, Request, ShrinkRequest;
    /// One request alone asks for more than a window holds.
    OverLimit: "request_too_large", Up, fine, Request, ShrinkRequest;
    /// A key that may be used, but not for this free question.
    ProbeNotPermitted: "probe_not_permitted", Up, fine, Key, SwitchProbe;

    /// A long window is used up.
    LimitHit: "quota_limit", QuotaExhausted, passes, Account, Wait;
    /// Used up, and nothing resets by itself.
    NoReset: "account_usage_limit", QuotaExhausted, stays, Account, OpenDashboard;
    RateHit: "rate_limit", RateLimited, passes, Account, Wait;
    Busy: "overloaded", Overloaded, passes, Account, Backoff;
    /// A provider behind an aggregator fails.
    Upstream: "upstream_error", Overloaded, passes, Model, SwitchModel;
    NoBalance: "balance_empty", BalanceEmpty, stays, Account, TopUp;
    /// The answer cannot tell credits from a monthly cap.
    NoBalanceOrCap: "credits_or_spend_limit", BalanceEmpty, stays, Account, OpenDashboard;

    MissingKey: "missing_key", Auth, stays, Key, FixKey;
    InvalidKey: "invalid_key", Auth, stays, Key, FixKey;
    /// Keys of another region get the same answer.
    InvalidKeyOrRegion: "invalid_key", Auth, stays, Key, FixKey;
    LeakedKey: "key_revoked", Auth, stays, Key, FixKey;
    NoPermission: "permission", Auth, stays, Key, FixKey;
    ApiNotEnabled: "api_not_enabled", Auth, stays, Key, FixKey;
    SignInExpired: "token_expired", Auth, passes, Key, Reauth;
    NoKey: "no_key", NoKey, stays, Account, FixKey;

    PlanEnded: "plan_expired", PlanInactive, stays, Account, RenewPlan;
    MembershipEnded: "membership_inactive", PlanInactive, stays, Account, RenewPlan;
    NoPlanForKey: "no_active_plan_or_wrong_key", PlanInactive, stays, Account, OpenDashboard;

    FairUse: "fair_use_restriction", Blocked, stays, Account, OpenDashboard;
    AccountDisabled: "account_disabled", Blocked, stays, Account, OpenDashboard;
    RegionRefused: "region_or_network", Blocked, stays, Account, OpenDashboard;
    /// Other clients may still get through.
    ClientNotListed: "client_not_allowed", Blocked, stays, Account, SwitchProbe;
    /// The provider ended this way of signing in.
    SignInEnded: "client_not_allowed", Blocked, stays, Account, SwitchAuth;
    Forbidden: "forbidden", Blocked, stays, Account, OpenDashboard;

    UnknownModel: "unknown_model", ModelUnavailable, stays, Model, SwitchModel;
    UnknownOrDeniedModel: "unknown_model", ModelUnavailable, stays, Model, SwitchModel;
    NotInstalled: "unknown_model", ModelUnavailable, stays, Model, SwitchModel;
    NotInPlan: "not_in_plan", ModelUnavailable, stays, Model, SwitchModel;
    NotInFreeTier: "not_in_free_tier", ModelUnavailable, stays, Model, SwitchModel;
    ModelRetired: "model_retired", ModelUnavailable, stays, Model, SwitchModel;
    LongContextNotInPlan: "feature_not_in_plan", ModelUnavailable, stays, Request, SwitchModel;
    NoModelLoaded: "no_model_loaded", ModelUnavailable, stays, Account, LoadModel;

    PlanKeyOnGeneralEndpoint: "coding_plan_key_on_general_endpoint", Misconfigured, stays, Account, FixEndpoint;

    ServerError: "server_error", Down, passes, Account, Backoff;
    /// A page of a proxy instead of the provider's answer.
    GatewayPage: "gateway_html", Down, passes, Account, Backoff;
    /// A web page where an API should be, with a status that claims success.
    WebPage: "not_json", Down, passes, Account, CheckNetwork;
    ProxySignIn: "proxy_auth", Down, stays, Account, CheckNetwork;
    NameUnknown: "dns", Down, passes, Account, CheckNetwork;
    NoAnswer: "timeout", Down, passes, Account, CheckNetwork;
    /// The gateway gave up while it waited for the model.
    JobTimedOut: "timeout", Down, passes, Account, Backoff;
    TlsFailed: "tls", Down, stays, Account, CheckNetwork;
    NoConnection: "unreachable", Down, passes, Account, CheckNetwork;
    NotRunning: "not_running", Down, passes, Account, StartService;

    UsageThrottled: "quota_endpoint_throttled", Unknown, passes, QuotaEndpoint, KeepLastQuota;
    UsageFailed: "quota_endpoint_error", Unknown, passes, QuotaEndpoint, KeepLastQuota;
    UsageEmpty: "parse_error", Unknown, passes, QuotaEndpoint, KeepLastQuota;
    UsageCutOff: "parse_error", Unknown, passes, QuotaEndpoint, KeepLastQuota;
    UsageUnreadable: "parse_error", Unknown, passes, QuotaEndpoint, KeepLastQuota;
    /// The token may run jobs, but not read its usage.
    UsageNotPermitted: "quota_scope_missing", Unknown, stays, QuotaEndpoint, Reauth;
    AnswerEmpty: "parse_error", Unknown, passes, Account, Backoff;
    AnswerUnreadable: "parse_error", Unknown, passes, Account, OpenDetails;
    /// The gateway refused by itself and asked nobody: no news.
    GatewayWaits: "gateway_cooldown", Unknown, passes, Account, Wait;
    Unclassified: "unclassified", Unknown, passes, Account, OpenDetails;
}

#[cfg(test)]
mod tests {
    use super::Finding;
    use crate::domain::HealthState;

    #[test]
    fn what_serves_or_stays_empty_does_not_pass_with_time() {
        for finding in Finding::ALL {
            let profile = finding.profile();
            let lasting = matches!(
                profile.state,
                HealthState::Up
                    | HealthState::BalanceEmpty
                    | HealthState::PlanInactive
                    | HealthState::Blocked
                    | HealthState::ModelUnavailable
                    | HealthState::Misconfigured
                    | HealthState::NoKey
            );
            assert!(!(lasting && profile.temporary), "{finding:?}");
        }
    }
}
