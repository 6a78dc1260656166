//! GitHub Copilot: premium requests by the month; HTTP 402 is that quota, not money.

use jiff::Timestamp;
use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in};
use super::reset::{Calendar, ResetRule};
use super::ruling::{Ruling, Verdict, is};
use crate::domain::{Finding, Metric, Span};

const USED_UP: Ruling = is(Finding::LimitHit).because("premium_requests").until(ResetRule::ToldOr(Calendar::UtcMonth));

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.has("quota_exceeded") || case.status == Some(402) {
        return Some(USED_UP.into());
    }
    (case.status == Some(401)).then(|| Finding::SignInExpired.into())
}

/// `quota_snapshots.premium_interactions`: percent left, below 0 when overused; a lane without
/// limit draws no bar, and one that may be overused still serves.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let snapshots = body.get("quota_snapshots")?;
    let plan = json::text_in(body, &["copilot_plan"]);
    let unlimited = |lane: &Value| lane.get("unlimited").and_then(json::truth) == Some(true);
    let lane = snapshots.get("premium_interactions").filter(|lane| lane.is_object());
    let Some(lane) = lane.filter(|lane| !unlimited(lane)) else {
        return Some(Verdict::from(Finding::Serves).with_reading(Reading::default().with_plan(plan)));
    };
    let resets: Option<Timestamp> = moment_in(body, &["quota_reset_date_utc", "quota_reset_date"], case);
    let limit = json::number_in(lane, &["entitlement"]);
    let left = json::number_in(lane, &["remaining", "quota_remaining"]);
    let used = limit.zip(left).map(|(limit, left)| limit - left);
    let percent = json::number_in(lane, &["percent_remaining"]).map(|left| 100.0 - left);
    let window = Raw::of(Span::Monthly, Metric::Requests).counts(used, limit).percent(percent).resetting(resets);
    let reading = Reading::of([window.at(case.evidence.now)]).with_plan(plan);
    let verdict = reading.clone().verdict();
    if verdict.ruling.finding != Finding::LimitHit {
        return Some(verdict);
    }
    let overage = lane.get("overage_permitted").and_then(json::truth) == Some(true);
    Some(if overage {
        Verdict::from(Finding::Serves).with_reading(reading)
    } else {
        verdict.with_reason("premium_requests")
    })
}
