//! Plans of `ChatGPT` through Codex: windows in the usage answer, in headers, and in the refusal itself.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in, span_of};
use super::ruling::{Verdict, is};
use crate::domain::{Allowance, Covers, Finding, Metric};

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.has("usage_limit_reached") || fault.opens_with("the usage limit has been reached") {
        return Some(limit(case, fault));
    }
    let expired = case.status == Some(401) || fault.has("token_expired");
    expired.then(|| Finding::SignInExpired.into())
}

/// The refusal's own time counts; the headers say which window it is.
fn limit(case: &Case<'_>, fault: &Fault) -> Verdict {
    let reading = Reading::of([header_window(case, "primary"), header_window(case, "secondary")])
        .with_plan(json::text_in(&fault.value, &["plan_type"]));
    let read = reading.clone().verdict();
    let reason = if read.ruling.finding == Finding::LimitHit { read.reason } else { None };
    let told =
        Verdict::from(is(Finding::LimitHit)).with_reason(reason.unwrap_or_else(|| "usage_limit_reached".to_owned()));
    let (at, _) = super::reset::resolve(super::reset::ResetRule::Told, case);
    let ruling = if at.is_some() { told.ruling } else { read.ruling };
    let ruling = if ruling.finding == Finding::LimitHit { ruling } else { told.ruling };
    Verdict { ruling, ..told }.with_reading(reading)
}

fn header_window(case: &Case<'_>, name: &str) -> Option<Allowance> {
    let header = |field: &str| format!("x-codex-{name}-{field}");
    let minutes = case.headers.number(&header("window-minutes"))?;
    let now = case.evidence.now;
    let reset = case.headers.reset(&header("reset-at"), now);
    let reset = reset.or_else(|| case.headers.reset(&header("reset-after-seconds"), now));
    let used = case.headers.number(&header("used-percent"));
    Raw::of(span_of(minutes * 60.0)?, Metric::Percent).percent(used).resetting(reset).at(now)
}

/// `rate_limit.primary_window`: named by its length, for on free plans the first one is weekly.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let limits = body.get("rate_limit").filter(|limits| limits.is_object())?;
    let mut windows = windows_of(limits, &Covers::Account, case);
    for extra in json::items(body.get("additional_rate_limits")) {
        let name = json::text_in(extra, &["limit_name", "metered_feature", "name", "model"]);
        let (Some(name), Some(limits)) = (name, extra.get("rate_limit")) else { continue };
        windows.extend(windows_of(limits, &Covers::Model(name.to_owned()), case));
    }
    if windows.is_empty() {
        return Some(Finding::QuotaNotReported.into());
    }
    let reading = Reading::of(windows.into_iter().map(Some)).with_plan(json::text_in(body, &["plan_type"]));
    let verdict = reading.clone().verdict();
    let refused = limits.get("limit_reached").and_then(json::truth) == Some(true)
        || limits.get("allowed").and_then(json::truth) == Some(false);
    if refused && verdict.ruling.finding != Finding::LimitHit {
        return Some(Verdict::from(is(Finding::LimitHit).because("usage_limit_reached")).with_reading(reading));
    }
    Some(verdict)
}

fn windows_of(limits: &Value, covers: &Covers, case: &Case<'_>) -> Vec<Allowance> {
    let window = |name: &str| {
        let window = limits.get(name)?;
        let span = span_of(json::number_in(window, &["limit_window_seconds"])?)?;
        let now = case.evidence.now;
        let wait = json::number_in(window, &["reset_after_seconds"]).and_then(super::moment::seconds);
        let reset = moment_in(window, &["reset_at"], case).or_else(|| super::moment::after(now, wait?));
        let used = json::number_in(window, &["used_percent"]);
        Raw::of(span, Metric::Percent).covering(covers.clone()).percent(used).resetting(reset).at(now)
    };
    ["primary_window", "secondary_window"].into_iter().filter_map(window).collect()
}
