//! Moonshot's Open Platform: types decide, and a balance that is money or a limit by the account's billing.

use serde_json::Value;

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::json;
use super::reading::Reading;
use super::reset::{Calendar, ResetRule};
use super::ruling::{Codes, Reason, Rule, Verdict, is, look_up, money};
use crate::domain::Finding;

const CODES: Codes = &[
    (&["exceeded_current_quota_error"], Rule::Money { reason: Reason::Word("exceeded_current_quota_error") }),
    (&["engine_overloaded_error"], Rule::Is(is(Finding::Busy))),
    (&["invalid_authentication_error", "incorrect_api_key_error"], Rule::Is(is(Finding::InvalidKeyOrRegion))),
    (&["resource_not_found_error"], Rule::Is(is(Finding::UnknownOrDeniedModel))),
    (&["content_filter"], Rule::Is(is(Finding::Filtered))),
];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.has("rate_limit_reached_error") {
        return Some(rate_limit(fault));
    }
    let key = || (case.status == Some(401)).then(|| Finding::InvalidKeyOrRegion.into());
    look_up(CODES, &fault.codes, case).or_else(|| by_sentence(case, fault)).or_else(key)
}

fn rate_limit(fault: &Fault) -> Verdict {
    let message = fault.message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["tpd", "per day"]) {
        return is(Finding::LimitHit).because("per_day").until(ResetRule::ToldOr(Calendar::BeijingDay)).into();
    }
    let reason = match () {
        () if has(&["concurrency"]) => "concurrency",
        () if has(&["rpm", "tpm", "per minute"]) => "per_minute",
        () => "rate_limit",
    };
    is(Finding::RateHit).because(reason).into()
}

/// The same sentences where the type was lost on the way.
fn by_sentence(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if !fault.opens_with("your account") {
        return None;
    }
    if fault.opening_has("suspended due to insufficient balance") || fault.opening_has("exceeded current quota") {
        return Some(money(case, Reason::Word("exceeded_current_quota_error")));
    }
    (fault.opening_has("request reached")).then(|| rate_limit(fault))
}

/// `data.available_balance`: calls stop at 0, whatever the parts say.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let data = body.get("data").filter(|_| case.kind() != Some(RequestKind::Models))?;
    let available = json::number_in(data, &["available_balance"])?;
    let currency = if case.url_has("moonshot.cn") { "CNY" } else { "USD" };
    let reading = Reading::of_money(available, currency);
    let verdict: Verdict =
        if available > 0.0 { Finding::Serves.into() } else { money(case, Reason::Word("balance_zero")) };
    Some(verdict.with_reading(reading))
}
