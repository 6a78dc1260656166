//! Kimi's coding membership: the sentence decides, for quota comes as 403 with the type of a ban.
//!
//! Its errors carry no time; the usage endpoint does.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in, span_of};
use super::ruling::{Ruling, Verdict, is};
use crate::domain::{Allowance, Covers, Finding, Metric, Money, Span};

const fn limit(reason: &'static str) -> Ruling {
    is(Finding::LimitHit).because(reason)
}

/// Opening words, all of a row; the first row that fits.
const SENTENCES: &[(&[&str], Ruling)] = &[
    (&["only available for coding agents"], is(Finding::ClientNotListed)),
    (&["suspended until", "reset"], limit("kimi_cycle_limit")),
    (&["terms"], is(Finding::AccountDisabled)),
    (&["violat"], is(Finding::AccountDisabled)),
    (&["weekly", "limit"], limit("kimi_weekly_limit")),
    (&["7-day", "limit"], limit("kimi_weekly_limit")),
    (&["5-hour", "limit"], limit("kimi_5h_limit")),
    (&["usage limit for this period"], limit("kimi_5h_limit")),
    (&["monthly", "limit"], limit("kimi_monthly_limit")),
    (&["usage limit for this billing cycle"], limit("kimi_cycle_limit")),
    (&["reached your", "usage limit"], limit("kimi_cycle_limit")),
    (&["too many requests"], is(Finding::RateHit)),
    (&["engine is currently overloaded"], is(Finding::Busy)),
    (&["membership"], is(Finding::MembershipEnded)),
    (&["do not have access to model"], is(Finding::NotInPlan)),
    (&["not have access to", "model"], is(Finding::NotInPlan)),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let opening = fault.opening();
    // A refused request may quote its user; only refusals of the account are read as sentences.
    let about_account = !matches!(case.status, Some(400 | 413 | 422));
    let row = SENTENCES.iter().find(|(words, _)| words.iter().all(|word| opening.contains(word)));
    if let Some((_, ruling)) = row.filter(|_| about_account) {
        return Some((*ruling).into());
    }
    match case.status {
        Some(401) => Some(Finding::InvalidKey.into()),
        // Here 402 asks for a membership, not for money.
        Some(402) => Some(Finding::MembershipEnded.into()),
        _ => None,
    }
}

/// `usage` (weekly) and `limits[]`, or the newer `usages` with fractions.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let pools = body.get("usages").filter(|pools| pools.is_object());
    let weekly = body.get("usage").filter(|usage| usage.get("limit").is_some());
    let limits = body.get("limits").filter(|limits| limits.is_array());
    if pools.is_none() && weekly.is_none() && limits.is_none() {
        return None;
    }
    let mut windows: Vec<Allowance> = Vec::new();
    windows.extend(weekly.and_then(|usage| counted(Span::Weekly, usage, case)));
    for limit in json::items(limits) {
        let span = limit.get("window").and_then(window_span);
        windows.extend(span.zip(limit.get("detail")).and_then(|(span, detail)| counted(span, detail, case)));
    }
    for (key, id, span) in [
        ("limit_5h", "5h", Span::Hours(5)),
        ("limit_7d", "weekly", Span::Weekly),
        ("limit_week", "weekly", Span::Weekly),
        ("limit_month_total", "monthly", Span::Monthly),
        ("limit_month_code", "monthly_code", Span::Monthly),
    ] {
        let window = pools.and_then(|pools| pool(pools.get(key)?, id, span, case));
        windows.extend(window.filter(|window| !windows.iter().any(|known| known.id == window.id)));
    }
    if windows.is_empty() {
        return Some(Finding::QuotaNotReported.into());
    }
    let mut reading = Reading::of(windows.into_iter().map(Some));
    reading.money = extra_usage(body);
    Some(reading.verdict())
}

const RESETS: &[&str] = &["resetTime", "resetAt", "reset_time", "reset_at"];

fn counted(span: Span, detail: &Value, case: &Case<'_>) -> Option<Allowance> {
    let limit = json::number_in(detail, &["limit"])?;
    let used = json::number_in(detail, &["used"]);
    let used = used.or_else(|| json::number_in(detail, &["remaining"]).map(|left| limit - left))?;
    let reset = moment_in(detail, RESETS, case);
    Raw::of(span, Metric::Requests).counts(Some(used), Some(limit)).resetting(reset).at(case.evidence.now)
}

fn pool(pool: &Value, id: &str, span: Span, case: &Case<'_>) -> Option<Allowance> {
    let used = json::number_in(pool, &["used_ratio", "usedRatio"])? * 100.0;
    let reset = moment_in(pool, RESETS, case);
    let raw = Raw::of(span, Metric::Percent).called(id).covering(Covers::Account);
    raw.percent(Some(used)).resetting(reset).at(case.evidence.now)
}

fn window_span(window: &Value) -> Option<Span> {
    let unit = json::text_in(window, &["timeUnit", "time_unit"])?;
    let secs = match unit.trim_start_matches("TIME_UNIT_") {
        "SECOND" => 1.0,
        "MINUTE" => 60.0,
        "HOUR" => 3600.0,
        "DAY" => 86_400.0,
        "WEEK" => 604_800.0,
        _ => return None,
    };
    span_of(json::number_in(window, &["duration"])? * secs)
}

/// The wallet beside the plan: a million units are a cent.
fn extra_usage(body: &Value) -> Option<Money> {
    let left = json::number_in(json::at(body, &["boosterWallet", "balance"])?, &["amountLeft", "amount_left"])?;
    let limit = json::at(body, &["boosterWallet", "monthlyChargeLimit"]);
    let currency = limit.and_then(|limit| json::text_in(limit, &["currency"])).map(str::to_owned);
    Some(Money { available: None, currency, extra_usage_left: Some(left / 1_000_000.0 / 100.0) })
}
