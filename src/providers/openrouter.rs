//! OpenRouter: limits of the account, of the key and of free models; and other providers' failures.
//!
//! What a provider behind it said is somebody else's story and is never read.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::headers::Headers;
use super::json;
use super::moment;
use super::reading::{Raw, Reading};
use super::reset::{self, Calendar, ResetRule};
use super::ruling::{Reason, Ruling, Verdict, is, money};
use crate::domain::{DiagnosisScope, Finding, Metric, ResetConfidence, Span};

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let metadata = fault.value.get("metadata").unwrap_or(&Value::Null);
    if metadata.get("raw").is_some_and(|raw| !raw.is_null()) || fault.opens_with("provider returned error") {
        return Some(Finding::Upstream.into());
    }
    match metadata.get("limit_source").and_then(json::text) {
        Some("openrouter_key_limit") => return Some(key_limit(&fault.message).into()),
        Some("openrouter_credits") => return Some(money(case, Reason::Word("credits"))),
        _ if fault.opens_with("key limit exceeded") => return Some(key_limit(&fault.message).into()),
        _ => {}
    }
    if fault.message.contains("free-models-per-day") {
        return Some(free_per_day(case, metadata).into());
    }
    match case.status {
        Some(402) => Some(money(case, Reason::Word("credits"))),
        Some(403) if metadata.get("reasons").is_some() => Some(Finding::Filtered.into()),
        _ => None,
    }
}

/// "Key limit exceeded (monthly limit)": a budget somebody set for the key.
fn key_limit(message: &str) -> Ruling {
    let message = message.to_lowercase();
    let calendar = [("daily", Calendar::UtcDay), ("weekly", Calendar::UtcWeek), ("monthly", Calendar::UtcMonth)];
    let found = calendar.iter().find(|(word, _)| message.contains(word));
    let ruling = match found {
        Some((_, calendar)) => is(Finding::LimitHit).until(ResetRule::ToldOr(*calendar)),
        None if message.contains("total") => is(Finding::NoReset),
        None => is(Finding::LimitHit),
    };
    ruling.because("key_limit").about(DiagnosisScope::Key)
}

/// Its reset stands in milliseconds, in a header or in a copy of the headers inside the error.
fn free_per_day(case: &Case<'_>, metadata: &Value) -> Ruling {
    let now = case.evidence.now;
    let copied = metadata.get("headers").and_then(Value::as_object).into_iter().flatten();
    let copied = copied.filter_map(|(name, value)| {
        Some((name.clone(), json::code(value).or_else(|| json::text(value).map(str::to_owned))?))
    });
    let copied = Headers::new(&copied.collect());
    let reset = case.headers.reset("x-ratelimit-reset", now).or_else(|| copied.reset("x-ratelimit-reset", now));
    let told = reset.and_then(|at| moment::believable(at, now)).map(|at| ResetRule::At(at, ResetConfidence::Exact));
    let ruling = is(Finding::LimitHit).because("free_per_day").about(DiagnosisScope::Model);
    ruling.until(told.unwrap_or(ResetRule::Only(Calendar::UtcDay)))
}

pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let data = body.get("data")?;
    if let Some(bought) = json::number_in(data, &["total_credits"]) {
        let left = bought - json::number_in(data, &["total_usage"])?;
        let verdict: Verdict =
            if left > 0.0 { Finding::Serves.into() } else { money(case, Reason::Word("balance_zero")) };
        return Some(verdict.with_reading(Reading::of_money(left, "USD")));
    }
    if data.get("label").is_none() && data.get("limit_remaining").is_none() {
        return None;
    }
    let limit = json::number_in(data, &["limit"]);
    let left = json::number_in(data, &["limit_remaining"]);
    let (span, calendar) = match data.get("limit_reset").and_then(json::text) {
        Some("daily") => (Span::Daily, Some(Calendar::UtcDay)),
        Some("weekly") => (Span::Weekly, Some(Calendar::UtcWeek)),
        Some("monthly") => (Span::Monthly, Some(Calendar::UtcMonth)),
        _ => (Span::Endless, None),
    };
    let now = case.evidence.now;
    let resets = calendar.and_then(|calendar| reset::next(calendar, now));
    let used = limit.zip(left).map(|(limit, left)| limit - left);
    let reading = Reading::of([Raw::of(span, Metric::Usd).counts(used, limit).resetting(resets).at(now)]);
    if !reading.windows.iter().any(crate::domain::Allowance::used_up) {
        return Some(reading.verdict());
    }
    let budget = match resets {
        Some(at) => is(Finding::LimitHit).until(ResetRule::At(at, ResetConfidence::Derived)),
        None => is(Finding::NoReset),
    };
    Some(Verdict::from(budget.because("key_limit").about(DiagnosisScope::Key)).with_reading(reading))
}
