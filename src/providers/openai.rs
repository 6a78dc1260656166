//! OpenAI by API key: the code decides, because the type is the same for all money and cap cases.

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::reset::{Calendar, ResetRule};
use super::ruling::{Codes, Reason, Rule, Ruling, Verdict, is, look_up};
use crate::domain::{DiagnosisScope, Finding};

const UNTIL_NEXT_MONTH: ResetRule = ResetRule::ToldOr(Calendar::UtcMonth);

const CODES: Codes = &[
    (
        &["organization_spend_limit_exceeded", "project_spend_limit_exceeded", "billing_hard_limit_reached"],
        Rule::Is(is(Finding::LimitHit).because("spend_limit").until(UNTIL_NEXT_MONTH)),
    ),
    (
        &["organization_usage_limit_exceeded"],
        Rule::Is(is(Finding::LimitHit).because("usage_tier_limit").until(UNTIL_NEXT_MONTH)),
    ),
    (&["slow_down"], Rule::Is(is(Finding::RateHit).because("slow_down"))),
    (&["credit_balance_exhausted"], Rule::Money { reason: Reason::Word("credit_balance_exhausted") }),
    (&["invalid_api_key"], Rule::Is(is(Finding::InvalidKey))),
    (&["account_deactivated"], Rule::Is(is(Finding::AccountDisabled))),
    (&["unsupported_country_region_territory"], Rule::Is(is(Finding::RegionRefused))),
    (&["model_not_found"], Rule::Is(is(Finding::UnknownOrDeniedModel))),
    (&["server_is_overloaded"], Rule::Is(is(Finding::Busy))),
    (&["insufficient_quota"], Rule::Money { reason: Reason::Word("insufficient_quota") }),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if let Some(verdict) = rate_limit(case, fault, is(Finding::LimitHit).because("daily_limit")) {
        return Some(verdict);
    }
    if fault.opens_with("you have insufficient permissions") {
        let only_the_list = case.kind() == Some(RequestKind::Models) && fault.message.contains("api.model.read");
        let finding = if only_the_list { Finding::ProbeNotPermitted } else { Finding::NoPermission };
        return Some(finding.into());
    }
    let verdict = look_up(CODES, &fault.codes, case);
    verdict.or_else(|| fault.has("usage_limit_reached").then(|| super::codex::judge(case, fault)).flatten())
}

/// `rate_limit_exceeded` in OpenAI's wording, which others copied: by the minute, by the day, or a
/// request that is larger than the whole window.
pub(super) fn rate_limit(case: &Case<'_>, fault: &Fault, daily: Ruling) -> Option<Verdict> {
    let said = fault.opens_with("rate limit reached for") || fault.opens_with("request too large for");
    if !fault.has("rate_limit_exceeded") && !said {
        return None;
    }
    let message = fault.message.to_lowercase();
    let model = case.model().or_else(|| limited_model(&message));
    let scope = if model.is_some() { DiagnosisScope::Model } else { DiagnosisScope::Account };
    let amount = |word: &str| amount_after(&message, word);
    let verdict: Verdict = match (amount("limit "), amount("requested ")) {
        (Some(limit), Some(requested)) if requested > limit => Finding::OverLimit.into(),
        _ if fault.opens_with("request too large") => Finding::OverLimit.into(),
        _ if ["per day", "(rpd)", "(tpd)"].iter().any(|words| message.contains(words)) => daily.about(scope).into(),
        _ => is(Finding::RateHit).about(scope).into(),
    };
    Some(verdict.with_model(model))
}

/// "Rate limit reached for gpt-5.5 in …", "… for model `llama-3.3` …".
fn limited_model(message: &str) -> Option<String> {
    let after =
        ["rate limit reached for ", "request too large for "].iter().find_map(|lead| message.strip_prefix(lead))?;
    let name = after.strip_prefix("model ").unwrap_or(after).split_whitespace().next()?.trim_matches(['`', '\'', '"']);
    name.contains(|letter: char| letter.is_ascii_digit()).then(|| name.to_owned())
}

/// The number behind a word: "Limit 30,000, Used 29500, Requested 2600".
fn amount_after(message: &str, word: &str) -> Option<f64> {
    message.match_indices(word).find_map(|(at, word)| {
        let rest = message[at + word.len()..].trim_start_matches([':', ' ']);
        let len = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ',').unwrap_or(rest.len());
        rest[..len].replace(',', "").parse().ok()
    })
}
