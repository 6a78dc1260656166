//! No table entry: what the HTTP status alone says, and what a body that is no JSON says.

use super::customs::{Case, Content};
use super::fault::Fault;
use super::ruling::{Reason, Verdict, is, money};
use crate::domain::{Finding, HealthState};

/// A body that no table can read.
pub(super) fn unreadable(case: &Case<'_>) -> Option<Verdict> {
    let status = case.status?;
    if status == 407 {
        return Some(Finding::ProxySignIn.into());
    }
    let success = (200..300).contains(&status);
    let finding = match &case.content {
        Content::Json(_) | Content::Stream => return None,
        Content::Text(_) if !success => return None,
        Content::Text(_) if case.service.is_local() => Finding::Serves,
        Content::Empty if success && case.asks_usage() => Finding::UsageEmpty,
        Content::CutOff if success && case.asks_usage() => Finding::UsageCutOff,
        _ if success && case.asks_usage() => Finding::UsageUnreadable,
        Content::Page if success || (300..400).contains(&status) => Finding::WebPage,
        Content::Empty if success => Finding::AnswerEmpty,
        _ if success => Finding::AnswerUnreadable,
        Content::Page if status == 429 => return Some(is(Finding::RateHit).because("edge_rate_limit").into()),
        Content::Page if status >= 500 && !matches!(status, 503 | 529) => Finding::GatewayPage,
        _ => return None,
    };
    Some(finding.into())
}

/// By the status alone.
pub(super) fn by_status(case: &Case<'_>, fault: Option<&Fault>) -> Verdict {
    let Some(status) = case.status else { return Finding::Unclassified.into() };
    let busy = fault.is_some_and(|fault| {
        [" overloaded", "high demand"].iter().any(|words| format!(" {}", fault.opening()).contains(words))
    });
    let finding = match status {
        200..300 if fault.is_none() => Finding::Serves,
        _ if busy && (status == 429 || status >= 500) => Finding::Busy,
        401 => Finding::InvalidKey,
        402 => return money(case, Reason::Word("payment_required")),
        403 => Finding::Forbidden,
        404 if case.model().is_some() => Finding::UnknownOrDeniedModel,
        400 | 422 => Finding::Malformed,
        413 => Finding::TooLong,
        429 => return is(Finding::RateHit).because("unspecified").into(),
        503 | 529 => Finding::Busy,
        408 | 409 | 425 | 500.. => Finding::ServerError,
        _ => Finding::Unclassified,
    };
    finding.into()
}

/// A usage endpoint has limits and failures of its own: they change what is known of the quota, and
/// never health.
pub(super) fn softened(case: &Case<'_>, verdict: Verdict) -> Verdict {
    if !case.asks_usage() || case.succeeded() || verdict.ruling.finding == Finding::ProxySignIn {
        return verdict;
    }
    let finding = match (verdict.ruling.finding, verdict.ruling.finding.profile().state) {
        (_, HealthState::RateLimited) => Finding::UsageThrottled,
        (_, HealthState::Overloaded | HealthState::Down | HealthState::ModelUnavailable)
        | (Finding::Malformed | Finding::TooLong | Finding::Filtered | Finding::Forbidden | Finding::Unclassified, _) => {
            Finding::UsageFailed
        }
        _ => return verdict,
    };
    Verdict { reading: verdict.reading, ..finding.into() }
}
