//! Ollama's cloud: session and weekly limits, named in a sentence; fractions at its usage endpoint.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in};
use super::ruling::{Verdict, is};
use crate::domain::{Finding, Metric, Span};

const WINDOWS: &[(&str, &str)] = &[
    ("weekly usage limit", "window_weekly_exhausted"),
    ("session usage limit", "window_5h_exhausted"),
    ("hourly usage limit", "window_1h_exhausted"),
    ("daily usage limit", "window_daily_exhausted"),
    ("monthly usage limit", "window_monthly_exhausted"),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let window = WINDOWS.iter().find(|(words, _)| fault.opening_has(words));
    if let Some((_, reason)) = window {
        return Some(is(Finding::LimitHit).because(reason).into());
    }
    let missing = case.status == Some(404) && fault.opens_with("model");
    missing.then(|| Finding::UnknownOrDeniedModel.into())
}

pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let limits = body.get("limits")?;
    let window = |name: &str, span: Span| {
        let window = limits.get(name)?;
        let used = json::number_in(window, &["usage"])? * 100.0;
        let reset = moment_in(window, &["resets_at", "reset_at", "resetAt"], case);
        Raw::of(span, Metric::Percent).percent(Some(used)).resetting(reset).at(case.evidence.now)
    };
    let reading = Reading::of([window("session", Span::Hours(5)), window("weekly", Span::Weekly)]);
    (!reading.windows.is_empty()).then(|| reading.verdict())
}
