//! Codes and opening words that several APIs share, for services without a row of their own.

use super::customs::Case;
use super::fault::Fault;
use super::ruling::{Codes, Phrases, Reason, Rule, Verdict, code_of_phrase, is, look_up};
use crate::domain::Finding;

const CODES: Codes = &[
    (
        &["rate_limit_error", "rate_limit_exceeded", "rate_limit_reached_error", "rate_limited", "rate_limit"],
        Rule::Is(is(Finding::RateHit)),
    ),
    (&["too_many_requests", "requests_limit_exceeded", "throttled"], Rule::Is(is(Finding::RateHit))),
    (&["slow_down"], Rule::Is(is(Finding::RateHit).because("slow_down"))),
    (
        &[
            "overloaded_error",
            "overloaded",
            "engine_overloaded_error",
            "server_is_overloaded",
            "service_unavailable",
            "model_overloaded",
        ],
        Rule::Is(is(Finding::Busy)),
    ),
    (
        &["usage_limit_reached", "quota_exceeded", "usage_limit_exceeded"],
        Rule::Is(is(Finding::LimitHit).because("usage_limit_reached")),
    ),
    (
        &[
            "insufficient_quota",
            "insufficient_balance",
            "insufficient_balance_error",
            "exceeded_current_quota_error",
            "credit_balance_exhausted",
            "payment_required",
            "insufficient_credits",
        ],
        Rule::Money { reason: Reason::Word("insufficient_balance") },
    ),
    (&["billing_error"], Rule::Money { reason: Reason::Word("billing_error") }),
    (
        &[
            "authentication_error",
            "invalid_api_key",
            "invalidapikey",
            "invalid_authentication_error",
            "unauthorized",
            "incorrect_api_key",
            "api_key_invalid",
        ],
        Rule::Is(is(Finding::InvalidKey)),
    ),
    (&["no_key"], Rule::Is(is(Finding::NoKey))),
    (&["token_expired"], Rule::Is(is(Finding::SignInExpired))),
    (&["unsupported_country_region_territory"], Rule::Is(is(Finding::RegionRefused))),
    (&["account_deactivated", "account_disabled", "account_suspended"], Rule::Is(is(Finding::AccountDisabled))),
    (&["model_not_found", "modelnotfound", "resource_not_found_error"], Rule::Is(is(Finding::UnknownOrDeniedModel))),
    (&["content_filter", "content_policy_violation", "data_inspection_failed"], Rule::Is(is(Finding::Filtered))),
    (&["context_length_exceeded", "string_above_max_length", "request_too_large"], Rule::Is(is(Finding::TooLong))),
    (&["api_error", "server_error", "internal_error", "internal_server_error"], Rule::Is(is(Finding::ServerError))),
    (&["job_timed_out"], Rule::Is(is(Finding::JobTimedOut))),
    (&["connection_error"], Rule::Is(is(Finding::NoConnection))),
    (&["gateway_cooldown"], Rule::Is(is(Finding::GatewayWaits))),
];

/// Sentences without code or status, such as the gateway passes on.
const PHRASES: Phrases = &[
    ("api rate limit reached", "rate_limit"),
    ("rate limit", "rate_limit"),
    ("too many requests", "rate_limit"),
    ("usage limit", "usage_limit_reached"),
    ("quota exceeded", "usage_limit_reached"),
    ("overloaded", "overloaded"),
    ("high demand", "overloaded"),
    ("incorrect api key", "invalid_api_key"),
    ("invalid api key", "invalid_api_key"),
    ("invalid x-api-key", "invalid_api_key"),
    ("unauthorized", "unauthorized"),
];

/// Words of money count only as the very first words.
const MONEY: &[&str] = &["insufficient balance", "insufficient credits", "your credit balance is too low", "余额不足"];

/// By a code that several APIs share.
pub(super) fn by_code(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let verdict = look_up(CODES, &fault.codes, case)?;
    // An overlong key of a phrase: a job that timed out elsewhere says nothing about its provider.
    let elsewhere = verdict.ruling.finding == Finding::JobTimedOut
        && fault.message.contains("last phase")
        && !fault.message.contains("model");
    Some(if elsewhere { Finding::Unclassified.into() } else { verdict })
}

/// By opening words, when neither code nor status says anything.
pub(super) fn by_phrase(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if MONEY.iter().any(|words| fault.opens_with(words)) {
        return look_up(CODES, &["insufficient_balance".to_owned()], case);
    }
    look_up(CODES, &[code_of_phrase(PHRASES, fault)?], case)
}
