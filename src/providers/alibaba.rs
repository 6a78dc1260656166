//! Alibaba Model Studio: pay-per-use with throttling, or a coding plan with three windows.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in};
use super::ruling::{Codes, Reason, Rule, Verdict, is, look_up, money};
use crate::domain::{Finding, Metric, Span};

const CODES: Codes = &[
    (&["limit_requests", "limit_burst_rate"], Rule::Is(is(Finding::RateHit).because("per_minute"))),
    (&["Arrearage"], Rule::Money { reason: Reason::Word("arrearage") }),
    (&["InvalidApiKey", "invalid_api_key"], Rule::Is(is(Finding::InvalidKey))),
    (&["ModelNotFound", "model_not_found", "Model.AccessDenied"], Rule::Is(is(Finding::UnknownOrDeniedModel))),
    (&["AccessDenied.Unpurchased"], Rule::Is(is(Finding::NotInPlan))),
    (&["DataInspectionFailed", "data_inspection_failed"], Rule::Is(is(Finding::Filtered))),
    (&["insufficient_quota"], Rule::Is(is(Finding::LimitHit).because("allocated_quota"))),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let opening = fault.opening();
    let windows =
        [("hour", "window_5h_exhausted"), ("week", "window_weekly_exhausted"), ("month", "window_monthly_exhausted")];
    let window = windows.iter().find(|(word, _)| opening.contains(&format!("{word} allocated quota exceeded")));
    if let Some((_, reason)) = window {
        return Some(is(Finding::LimitHit).because(reason).into());
    }
    if fault.codes.iter().any(|code| code.starts_with("Throttling")) {
        return Some(is(Finding::RateHit).because("per_minute").into());
    }
    if fault.codes.iter().any(|code| code.starts_with("Arrearage")) {
        return Some(money(case, Reason::Word("arrearage")));
    }
    look_up(CODES, &fault.codes, case)
}

/// The plan that is valid counts; old ones stay in the list.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let data = body.get("data").unwrap_or(body);
    let plans: Vec<&Value> = json::items(data.get("codingPlanInstanceInfos")).collect();
    let valid = |plan: &&Value| plan.get("status").and_then(json::text) == Some("VALID");
    let Some(plan) = plans.iter().copied().find(valid) else {
        return plans.first().map(|_| Finding::PlanEnded.into());
    };
    let quota = plan.get("codingPlanQuotaInfo")?;
    let windows = [("per5Hour", Span::Hours(5)), ("perWeek", Span::Weekly), ("perBillMonth", Span::Monthly)];
    let windows = windows.into_iter().map(|(name, span)| {
        let number = |field: &str| json::number_in(quota, &[&format!("{name}{field}")]);
        let reset = moment_in(quota, &[&format!("{name}QuotaNextRefreshTime")], case);
        let raw = Raw::of(span, Metric::Requests).counts(number("UsedQuota"), number("TotalQuota"));
        raw.resetting(reset).at(case.evidence.now)
    });
    Some(Reading::of(windows).with_plan(json::text_in(plan, &["planName"])).verdict())
}
