//! Anthropic, by API key and by Claude subscription: one host, one shape of errors.
//!
//! The types are generic, so error codes, opening words and the unified headers come before them.

use serde_json::Value;

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::json;
use super::moment;
use super::reading::{Raw, Reading, moment_in};
use super::reset::{Calendar, ResetRule};
use super::ruling::{Codes, Reason, Rule, Verdict, is, look_up, money};
use crate::domain::{Allowance, Billing, Covers, DiagnosisScope, Finding, Metric, Service, Span};

const CODES: Codes = &[
    (
        &["enforced_spend_limit_reached"],
        Rule::Is(is(Finding::LimitHit).because("spend_limit").until(ResetRule::ToldOr(Calendar::UtcMonth))),
    ),
    (&["overloaded_error"], Rule::Is(is(Finding::Busy))),
    (&["permission_error"], Rule::Is(is(Finding::NoPermission))),
    (&["forbidden"], Rule::Is(is(Finding::RegionRefused))),
    (&["request_too_large"], Rule::Is(is(Finding::TooLong))),
    (&["invalid_request_error"], Rule::Is(is(Finding::Malformed))),
    (&["api_error", "timeout_error"], Rule::Is(is(Finding::ServerError))),
    (&["billing_error"], Rule::Money { reason: Reason::Word("billing_error") }),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    rejected(case)
        .or_else(|| spend_limit(case, fault))
        .or_else(|| by_opening(case, fault))
        .or_else(|| by_type(case, fault))
}

/// A subscription says in its headers which window is used up.
fn rejected(case: &Case<'_>) -> Option<Verdict> {
    let status = case.headers.get("anthropic-ratelimit-unified-status")?;
    if status != "rejected" {
        return None;
    }
    let reading = Reading::of([unified(case, "5h", Span::Hours(5)), unified(case, "7d", Span::Weekly)]);
    let verdict = reading.clone().verdict();
    if verdict.ruling.finding == Finding::LimitHit {
        return Some(verdict);
    }
    // Rejected all the same: the headers name the end, if not the window.
    let claim = case.headers.get("anthropic-ratelimit-unified-representative-claim").unwrap_or_default();
    let reset = case.headers.reset("anthropic-ratelimit-unified-reset", case.evidence.now);
    let rule = reset.map_or(ResetRule::ToldOrRead, |at| ResetRule::At(at, crate::domain::ResetConfidence::Exact));
    let reason = match claim {
        "five_hour" => "window_5h_exhausted",
        _ if claim.starts_with("seven_day") => "window_weekly_exhausted",
        _ => "usage_limit_reached",
    };
    Some(Verdict::from(is(Finding::LimitHit).because(reason).until(rule)).with_reading(reading))
}

/// Here use is a fraction; at the usage endpoint it is a percentage.
fn unified(case: &Case<'_>, name: &str, span: Span) -> Option<Allowance> {
    let header = |field: &str| format!("anthropic-ratelimit-unified-{name}-{field}");
    let rejected = case.headers.get(&header("status")) == Some("rejected");
    let used = case.headers.number(&header("utilization")).map(|fraction| fraction * 100.0);
    let used = if rejected { Some(used.unwrap_or(100.0).max(100.0)) } else { used };
    let now = case.evidence.now;
    Raw::of(span, Metric::Percent).percent(used).resetting(case.headers.reset(&header("reset"), now)).at(now)
}

/// "You have reached your specified (workspace) API usage limits. You will regain access on …"
fn spend_limit(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let said = fault.opens_with("you have reached your") && fault.opening_has("api usage limits");
    let code = "enforced_spend_limit_reached".to_owned();
    if said || fault.has(&code) { look_up(CODES, &[code], case) } else { None }
}

fn by_opening(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.opens_with("your credit balance is too low") {
        return Some(money(case, Reason::Word("insufficient_balance")));
    }
    let opening = fault.opening();
    let paid = ["extra usage", "usage credits"].iter().any(|words| opening.starts_with(words));
    if paid && opening.contains("long context") {
        return Some(Finding::LongContextNotInPlan.into());
    }
    if opening.starts_with("this organization has been disabled") {
        return Some(Finding::AccountDisabled.into());
    }
    let usage = matches!(case.kind(), Some(RequestKind::Quota));
    if usage && opening.contains("does not meet scope requirement") {
        return Some(Finding::UsageNotPermitted.into());
    }
    (opening.starts_with("oauth token") && opening.contains("expired")).then(|| Finding::SignInExpired.into())
}

fn by_type(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.has("rate_limit_error") {
        let counted = case.headers.buckets(case.evidence.now).iter().any(super::headers::Bucket::exhausted);
        let scope = if counted { DiagnosisScope::Model } else { DiagnosisScope::Account };
        return Some(is(Finding::RateHit).about(scope).into());
    }
    if fault.has("authentication_error") || case.status == Some(401) {
        let signed_in = case.service == Service::ClaudeSubscription || case.evidence.billing == Billing::QuotaPlan;
        let finding = if signed_in { Finding::SignInExpired } else { Finding::InvalidKey };
        return Some(finding.into());
    }
    if fault.has("not_found_error") {
        let named = fault.opens_with("model") || case.evidence.request.model.is_some();
        return named.then(|| Finding::UnknownModel.into());
    }
    look_up(CODES, &fault.codes, case)
}

/// Models that have windows of their own.
const FAMILIES: &[&str] = &["opus", "sonnet", "haiku"];

/// `five_hour`, `seven_day`, `seven_day_opus`, and a newer list of limits that repeats them.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let object = body.as_object()?;
    if !["five_hour", "seven_day", "limits"].iter().any(|key| object.contains_key(*key)) {
        return None;
    }
    let mut windows: Vec<Allowance> = object.iter().filter_map(|(key, window)| classic(key, window, case)).collect();
    for limit in json::items(body.get("limits")) {
        let Some(window) = listed(limit, case) else { continue };
        let known = windows.iter().any(|other| other.id == window.id && other.covers == window.covers);
        if !known {
            windows.push(window);
        }
    }
    if windows.is_empty() {
        return Some(Finding::QuotaNotReported.into());
    }
    Some(Reading::of(windows.into_iter().map(Some)).verdict())
}

fn classic(key: &str, window: &Value, case: &Case<'_>) -> Option<Allowance> {
    let (span, covers) = match key.strip_prefix("seven_day_") {
        Some(family) if FAMILIES.contains(&family) => (Span::Weekly, Covers::Model(family.to_owned())),
        Some(other) => (Span::Weekly, Covers::Feature(other.to_owned())),
        None if key == "five_hour" => (Span::Hours(5), Covers::Account),
        None if key == "seven_day" => (Span::Weekly, Covers::Account),
        None => return None,
    };
    let used = json::number_in(window, &["utilization"])?;
    let reset = moment_in(window, &["resets_at"], case);
    Raw::of(span, Metric::Percent).covering(covers).percent(Some(used)).resetting(reset).at(case.evidence.now)
}

fn listed(limit: &Value, case: &Case<'_>) -> Option<Allowance> {
    let kind = json::text_in(limit, &["group", "kind"])?;
    let span = if kind.contains("session") {
        Span::Hours(5)
    } else if kind.contains("week") {
        Span::Weekly
    } else {
        return None;
    };
    let model = json::at(limit, &["scope", "model"]);
    let name = model.and_then(|model| json::text_in(model, &["display_name", "id"])).map(str::to_lowercase);
    let family =
        name.map(|name| FAMILIES.iter().find(|f| name.contains(**f)).map_or(name.clone(), |f| (*f).to_owned()));
    let covers = family.map_or(Covers::Account, Covers::Model);
    let used = json::number_in(limit, &["percent", "utilization"])?;
    let reset = limit.get("resets_at").and_then(|at| moment::written(at, case.naive()));
    Raw::of(span, Metric::Percent).covering(covers).percent(Some(used)).resetting(reset).at(case.evidence.now)
}
