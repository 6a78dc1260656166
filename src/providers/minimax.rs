//! MiniMax: `base_resp` codes with HTTP 200, or a code in brackets at the end of the message.
//!
//! One key buys credits, another a plan: the same code 1008 is an empty balance for the first and a
//! used-up window for the second.

use serde_json::Value;

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::json;
use super::moment;
use super::reading::{Raw, Reading, moment_in, span_of};
use super::ruling::{Codes, Phrases, Reason, Rule, Verdict, code_of_phrase, is, look_up};
use crate::domain::{Allowance, Finding, Metric, Span};

const CODES: Codes = &[
    (&["1008", "insufficient_balance_error"], Rule::Money { reason: Reason::Word("minimax_1008") }),
    (&["1002", "1039", "1041"], Rule::Is(is(Finding::RateHit).by_code())),
    (&["2056"], Rule::Is(is(Finding::LimitHit).by_code())),
    (&["2061"], Rule::Is(is(Finding::NotInPlan))),
    (&["1004"], Rule::Is(is(Finding::InvalidKey))),
    (&["2049"], Rule::Is(is(Finding::InvalidKeyOrRegion))),
    (&["1000", "1001", "1013", "1024", "1033"], Rule::Is(is(Finding::ServerError))),
    (&["2064", "overloaded_error"], Rule::Is(is(Finding::Busy))),
    (&["1026", "1027"], Rule::Is(is(Finding::Filtered))),
    (&["1042", "2013"], Rule::Is(is(Finding::Malformed))),
];

const PHRASES: Phrases = &[
    ("insufficient balance", "1008"),
    ("usage limit exceeded", "2056"),
    ("invalid api key", "2049"),
    ("login fail", "1004"),
    ("under high load", "2064"),
    ("tpm limit", "1039"),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let mut codes: Vec<String> = bracketed(&fault.message).into_iter().collect();
    codes.extend(fault.codes.iter().cloned());
    if !codes.iter().any(|code| CODES.iter().any(|(known, _)| known.contains(&code.as_str()))) {
        codes.extend(code_of_phrase(PHRASES, fault));
    }
    let verdict = look_up(CODES, &codes, case)?;
    match verdict.code.as_deref() {
        Some("1004") if case.kind() == Some(RequestKind::Quota) => Some(Finding::NoPlanForKey.into()),
        Some("2013") if fault.message.to_lowercase().contains("unknown model") => Some(Finding::UnknownModel.into()),
        Some("2056") => Some(window_limit(verdict, fault)),
        _ => Some(verdict),
    }
}

/// "insufficient balance (1008)": a code, and no duration.
fn bracketed(message: &str) -> Option<String> {
    let code = message.trim_end_matches(['.', ' ']).strip_suffix(')')?.rsplit_once('(')?.1;
    (code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit())).then(|| code.to_owned())
}

/// "weekly usage limit reached for Token Plan X (u/l used)": which window, or that there is none.
fn window_limit(verdict: Verdict, fault: &Fault) -> Verdict {
    let message = fault.message.to_lowercase();
    if message.contains("(0/0 used)") {
        return Finding::NotInPlan.into();
    }
    let window = [("5-hour", "5h"), ("5 hour", "5h"), ("weekly", "weekly"), ("daily", "daily"), ("monthly", "monthly")];
    let found = window.iter().find(|(words, _)| message.contains(&format!("{words} usage limit")));
    match found {
        Some((_, id)) => verdict.with_reason(format!("minimax_2056_{id}")),
        None => verdict,
    }
}

/// `model_remains[]`: percentages count down, and on current plans the counts are all 0.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let data = body.get("data").filter(|data| data.get("model_remains").is_some()).unwrap_or(body);
    let list = data.get("model_remains").filter(|list| list.is_array())?;
    let name = |entry: &Value| json::text_in(entry, &["model_name"]).unwrap_or_default().to_lowercase();
    let chat = |entry: &&Value| name(entry) == "general" || name(entry).starts_with("minimax-m");
    let entries: Vec<&Value> = json::items(Some(list)).collect();
    let entry = entries.iter().copied().find(chat).or_else(|| entries.first().copied().filter(|_| entries.len() == 1));
    let Some(entry) = entry else { return Some(Finding::QuotaNotReported.into()) };
    let windows = [window(entry, &INTERVAL, case), window(entry, &WEEK, case)];
    let plan = json::text_in(data, &["current_subscribe_title"]).or_else(|| json::text_in(entry, &["plan"]));
    let reading = Reading::of(windows).with_plan(plan);
    if reading.windows.is_empty() {
        return Some(Verdict::from(Finding::QuotaNotReported).with_reading(reading));
    }
    Some(reading.verdict())
}

/// Where one window keeps its fields.
struct Fields {
    span: Span,
    percent_left: &'static str,
    total: &'static str,
    left: &'static str,
    status: &'static str,
    start: &'static str,
    end: &'static str,
    wait_millis: &'static str,
}

const INTERVAL: Fields = Fields {
    span: Span::Hours(5),
    percent_left: "current_interval_remaining_percent",
    total: "current_interval_total_count",
    left: "current_interval_usage_count",
    status: "current_interval_status",
    start: "start_time",
    end: "end_time",
    wait_millis: "remains_time",
};

const WEEK: Fields = Fields {
    span: Span::Weekly,
    percent_left: "current_weekly_remaining_percent",
    total: "current_weekly_total_count",
    left: "current_weekly_usage_count",
    status: "current_weekly_status",
    start: "weekly_start_time",
    end: "weekly_end_time",
    wait_millis: "weekly_remains_time",
};

/// Status 3 is a window that the plan does not have.
const NOT_IN_PLAN: f64 = 3.0;
const USED_UP: f64 = 2.0;

fn window(entry: &Value, fields: &Fields, case: &Case<'_>) -> Option<Allowance> {
    let number = |key: &str| json::number_in(entry, &[key]);
    let status = number(fields.status);
    if status == Some(NOT_IN_PLAN) {
        return None;
    }
    let now = case.evidence.now;
    let (start, end) = (moment_in(entry, &[fields.start], case), moment_in(entry, &[fields.end], case));
    let wait =
        number(fields.wait_millis).filter(|millis| *millis > 0.0).and_then(|millis| moment::seconds(millis / 1000.0));
    let reset = end.or_else(|| moment::after(now, wait?));
    let length = start.zip(end).and_then(|(start, end)| span_of(end.duration_since(start).as_secs_f64()));
    let span = if matches!(fields.span, Span::Weekly) { Span::Weekly } else { length.unwrap_or(fields.span) };
    let raw = match (number(fields.percent_left), number(fields.total).filter(|total| *total > 0.0)) {
        (Some(left), _) => Raw::of(span, Metric::Percent).percent(Some(100.0 - left)),
        // Called usage, it is what is left.
        (None, Some(total)) => Raw::of(span, Metric::Requests).counts(Some(total - number(fields.left)?), Some(total)),
        (None, None) if status == Some(USED_UP) => Raw::of(span, Metric::Percent).percent(Some(100.0)),
        (None, None) => return None,
    };
    raw.resetting(reset).at(now)
}
