//! Z.ai: business codes in every envelope; quota answers with HTTP 200 whatever they say.
//!
//! Code 1113 speaks of a balance and means the allowance of the period: it is never an empty balance.

use serde_json::Value;

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::json;
use super::reading::{Raw, Reading, moment_in};
use super::reset::{Calendar, ResetRule};
use super::ruling::{Codes, Phrases, Rule, Verdict, code_of_phrase, is, look_up};
use crate::domain::{Advice, Allowance, Billing, Covers, DiagnosisScope, Finding, Metric, Span};

const CODES: Codes = &[
    (&["1000", "1002", "1003", "1004", "401"], Rule::Is(is(Finding::InvalidKey))),
    (&["1001"], Rule::Is(is(Finding::MissingKey))),
    (&["1110", "1111", "1112", "1120", "1121"], Rule::Is(is(Finding::AccountDisabled))),
    (&["1113"], Rule::Is(is(Finding::LimitHit).by_code())),
    (&["1211"], Rule::Is(is(Finding::UnknownModel))),
    (&["1210", "1212", "1213", "1214", "1215"], Rule::Is(is(Finding::Malformed))),
    (&["1261"], Rule::Is(is(Finding::TooLong))),
    (&["1301"], Rule::Is(is(Finding::Filtered))),
    (&["1302", "1303"], Rule::Is(is(Finding::RateHit).by_code())),
    (&["1304"], Rule::Is(is(Finding::LimitHit).by_code().until(ResetRule::ToldOr(Calendar::BeijingDay)))),
    (&["1305"], Rule::Is(is(Finding::Busy).by_code())),
    (&["1312"], Rule::Is(is(Finding::Busy).by_code().about(DiagnosisScope::Model).advising(Advice::SwitchModel))),
    (&["1308", "1310", "1316", "1317", "1318", "1319", "1320", "1321"], Rule::Is(is(Finding::LimitHit).by_code())),
    (&["1309"], Rule::Is(is(Finding::PlanEnded).by_code())),
    (&["1311"], Rule::Is(is(Finding::NotInPlan).by_code())),
    (&["1313"], Rule::Is(is(Finding::FairUse))),
    (&["500", "1230", "1234"], Rule::Is(is(Finding::ServerError))),
];

/// Opening words of a message that lost its code on the way.
const PHRASES: Phrases = &[
    ("usage limit reached for", "1308"),
    ("小时的使用上限", "1308"),
    ("每周/每月使用上限", "1310"),
    ("weekly/monthly limit", "1310"),
    ("insufficient balance or no resource package", "1113"),
    ("余额不足", "1113"),
    ("今日调用次数限额", "1304"),
    ("rate limit reached", "1302"),
    ("并发数过高", "1302"),
    ("频率过高", "1303"),
    ("当前访问量过大", "1312"),
    ("the service may be temporarily overloaded", "1305"),
    ("套餐已到期", "1309"),
    ("your current subscription plan does not yet include", "1311"),
    ("公平使用", "1313"),
    ("fair use", "1313"),
    ("unknown model", "1211"),
    ("模型不存在", "1211"),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let mut codes = fault.codes.clone();
    codes.extend(bracketed(&fault.message));
    if codes.iter().any(|code| code == "1113") && plan_key_at_general_endpoint(case) {
        return Some(Finding::PlanKeyOnGeneralEndpoint.into());
    }
    look_up(CODES, &codes, case).or_else(|| look_up(CODES, &[code_of_phrase(PHRASES, fault)?], case))
}

/// "[1308][Usage limit reached …]".
fn bracketed(message: &str) -> Option<String> {
    let code = message.trim_start_matches(|letter: char| letter != '[' && !letter.is_alphanumeric());
    let code = code.strip_prefix('[')?.split_once(']')?.0;
    (code.len() == 4 && code.bytes().all(|digit| digit.is_ascii_digit())).then(|| code.to_owned())
}

/// A plan key does not work at the pay-per-use address, and there it gets the answer of a used-up
/// allowance even with room left.
fn plan_key_at_general_endpoint(case: &Case<'_>) -> bool {
    let prior = &case.evidence.prior_quota;
    let room = !prior.is_empty()
        && prior
            .iter()
            .filter(|window| window.blocks_chat)
            .all(|window| window.used_percent.is_some_and(|used| used < 100.0));
    case.billing() == Billing::QuotaPlan && room && case.url_has("/api/paas/") && !case.url_has("/api/coding/")
}

/// `data.limits[]`: chat windows in percent, and an add-on for search that never blocks chat.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let data = body.get("data").filter(|data| data.is_object());
    let Some(limits) = data.and_then(|data| data.get("limits")).filter(|limits| limits.is_array()) else {
        let answered = data.is_some() && case.kind() == Some(RequestKind::Quota);
        return answered.then(|| Finding::QuotaNotReported.into());
    };
    let reading = Reading::of(json::items(Some(limits)).map(|limit| window(limit, case)));
    if reading.windows.is_empty() {
        return Some(Finding::QuotaNotReported.into());
    }
    let plan = data.and_then(|data| json::text_in(data, &["planName", "plan_name"]));
    Some(reading.with_plan(plan).verdict())
}

/// A field called `usage` is the limit here, and `currentValue` is what was used.
///
/// Where a chat window has counts they are finer than its percentage; the add-on is shown as the
/// provider shows it.
fn window(limit: &Value, case: &Case<'_>) -> Option<Allowance> {
    let (unit, number) = (json::number_in(limit, &["unit"])?, json::number_in(limit, &["number"])?);
    let (used, most) = (json::number_in(limit, &["currentValue"]), json::number_in(limit, &["usage"]));
    let used = used.or_else(|| Some(most? - json::number_in(limit, &["remaining"])?));
    let counted = used.is_some() && most.is_some_and(|most| most > 0.0);
    let percent = json::number_in(limit, &["percentage"]);
    let (raw, percent) = match limit.get("type").and_then(Value::as_str)? {
        "TOKENS_LIMIT" if counted => (Raw::of(span(unit, number)?, Metric::Tokens), None),
        "TOKENS_LIMIT" => (Raw::of(span(unit, number)?, Metric::Percent), percent),
        "CREDIT_LIMIT" => (Raw::of(span(unit, number)?, Metric::PlanCredits), percent.filter(|_| !counted)),
        "TIME_LIMIT" => {
            let add_on = Raw::of(Span::Monthly, Metric::Calls).called("mcp_monthly");
            (add_on.covering(Covers::Feature("web-search".to_owned())), percent)
        }
        _ => return None,
    };
    let reset = moment_in(limit, &["nextResetTime"], case);
    raw.counts(used, most).percent(percent).resetting(reset).at(case.evidence.now)
}

fn span(unit: f64, number: f64) -> Option<Span> {
    let secs = match unit as i64 {
        1 => 86_400.0,
        3 => 3600.0,
        5 => 60.0,
        6 => 604_800.0,
        _ => return None,
    };
    super::reading::span_of(secs * number)
}
