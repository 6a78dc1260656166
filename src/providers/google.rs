//! Google Gemini, by API key and by sign-in: limits for each project and model.
//!
//! The message speaks of plan and billing even for a minute's limit; the details know better.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in};
use super::reset::{Calendar, ResetRule};
use super::ruling::{Codes, Reason, Rule, Ruling, Verdict, is, look_up, money};
use crate::domain::{Advice, Covers, DiagnosisScope, Finding, Metric, Service, Span};

const CAPACITY: Ruling =
    is(Finding::Busy).because("capacity").about(DiagnosisScope::Model).advising(Advice::SwitchModel);
const PER_DAY: Ruling = is(Finding::LimitHit)
    .because("per_day")
    .about(DiagnosisScope::Model)
    .until(ResetRule::Only(Calendar::LosAngelesDay))
    .advising(Advice::SwitchModel);
const PER_MINUTE: Ruling = is(Finding::RateHit).because("per_minute").about(DiagnosisScope::Model);
const UNSPECIFIED: Ruling = is(Finding::RateHit).because("unspecified").about(DiagnosisScope::Model);

/// Reasons in the details, then names of statuses.
const CODES: Codes = &[
    (&["API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_NOT_FOUND"], Rule::Is(is(Finding::InvalidKey))),
    (&["SERVICE_DISABLED"], Rule::Is(is(Finding::ApiNotEnabled))),
    (&["CONSUMER_SUSPENDED"], Rule::Is(is(Finding::AccountDisabled))),
    (&["ACCESS_TOKEN_EXPIRED"], Rule::Is(is(Finding::SignInExpired))),
    (&["UNSUPPORTED_CLIENT"], Rule::Is(is(Finding::SignInEnded))),
    (&["MODEL_CAPACITY_EXHAUSTED"], Rule::Is(CAPACITY)),
    // As a gateway calls it: limits here are always one model's.
    (&["rate_limit_error", "rate_limit"], Rule::Is(UNSPECIFIED)),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    look_up(CODES, &fault.codes, case)
        .or_else(|| by_opening(case, fault))
        .or_else(|| quota(case, fault))
        .or_else(|| by_status(case, fault))
}

fn by_opening(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let opening = fault.opening();
    let has = |words: &str| opening.contains(words);
    let finding = if has("spending cap") {
        let rule = ResetRule::ToldOr(Calendar::LosAngelesMonth);
        return Some(is(Finding::LimitHit).because("spend_limit").until(rule).into());
    } else if opening.starts_with("your prepayment credits") {
        return Some(money(case, Reason::Word("prepayment_credits")));
    } else if opening.starts_with("no capacity available") {
        return Some(CAPACITY.into());
    } else if has("reported as leaked") {
        Finding::LeakedKey
    } else if opening.starts_with("api key expired") || opening.starts_with("api key not valid") {
        Finding::InvalidKey
    } else if opening.starts_with("user location is not supported") {
        Finding::RegionRefused
    } else if has("no longer available") {
        Finding::ModelRetired
    } else if has("has not been used in project") {
        Finding::ApiNotEnabled
    } else {
        return None;
    };
    Some(finding.into())
}

/// The violated quotas: the longest window wins, and a limit of nothing is no limit that resets.
fn quota(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if case.status != Some(429)
        && !fault.has("RESOURCE_EXHAUSTED")
        && !fault.opens_with("you exceeded your current quota")
    {
        return None;
    }
    let violations: Vec<&Value> = fault.details().flat_map(|detail| json::items(detail.get("violations"))).collect();
    let named =
        violations.iter().find_map(|violation| json::at(violation, &["quotaDimensions", "model"]).and_then(json::text));
    let ids: Vec<&str> =
        violations.iter().filter_map(|violation| json::text_in(violation, &["quotaId", "quotaMetric"])).collect();
    let any = |part: &str| ids.iter().any(|id| id.to_lowercase().replace('_', "").contains(part));
    let nothing = violations.iter().any(|violation| json::number_in(violation, &["quotaValue"]) == Some(0.0));
    let ruling = if nothing || says_limit_zero(&fault.message) {
        is(Finding::NotInFreeTier)
    } else if any("perday") {
        PER_DAY
    } else if fault.has("QUOTA_EXHAUSTED") {
        is(Finding::LimitHit).because("per_day").about(DiagnosisScope::Model).advising(Advice::SwitchModel)
    } else if any("perminute") {
        PER_MINUTE
    } else if case.status == Some(429) && has_busy_words(fault) {
        is(Finding::Busy).about(DiagnosisScope::Model)
    } else {
        UNSPECIFIED
    };
    Some(Verdict::from(ruling).with_model(named.map(str::to_owned)))
}

/// "limit: 0", and not "limit: 0.5" or "limit: 05".
fn says_limit_zero(message: &str) -> bool {
    message
        .match_indices("limit: 0")
        .any(|(at, zero)| !message[at + zero.len()..].starts_with(|next: char| next.is_ascii_digit() || next == '.'))
}

fn has_busy_words(fault: &Fault) -> bool {
    ["overloaded", "high demand"].iter().any(|words| fault.opening_has(words))
}

fn by_status(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    match case.status {
        Some(503 | 529) => Some(is(Finding::Busy).about(DiagnosisScope::Model).into()),
        Some(404) => Some(Finding::UnknownModel.into()).filter(|_| case.model().is_some()),
        Some(401) if case.service == Service::GeminiCli => Some(Finding::SignInExpired.into()),
        _ if has_busy_words(fault) => Some(is(Finding::Busy).about(DiagnosisScope::Model).into()),
        _ => None,
    }
}

/// `buckets[]` with what is left of each; the lowest for each model counts.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let buckets = body.get("buckets").filter(|buckets| buckets.is_array())?;
    let mut lowest: std::collections::BTreeMap<&str, (f64, &Value)> = std::collections::BTreeMap::new();
    for bucket in json::items(Some(buckets)) {
        let (Some(model), Some(left)) =
            (json::text_in(bucket, &["modelId"]), json::number_in(bucket, &["remainingFraction"]))
        else {
            continue;
        };
        if lowest.get(model).is_none_or(|(known, _)| left < *known) {
            lowest.insert(model, (left, bucket));
        }
    }
    if lowest.is_empty() {
        return Some(Finding::QuotaNotReported.into());
    }
    let windows = lowest.into_iter().map(|(model, (left, bucket))| {
        Raw::of(Span::Daily, Metric::Percent)
            .covering(Covers::Model(model.to_owned()))
            .percent(Some((1.0 - left) * 100.0))
            .resetting(moment_in(bucket, &["resetTime"], case))
            .at(case.evidence.now)
    });
    Some(Reading::of(windows).verdict())
}
