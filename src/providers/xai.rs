//! xAI: one sentence for used-up credits and a reached spending limit, with 403 or 429.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::Reading;
use super::ruling::{Reason, Verdict, money};
use crate::domain::{Billing, Finding};

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let spent =
        fault.opening_has("used all available credits") || fault.opening_has("reached its monthly spending limit");
    if spent || case.status == Some(402) {
        let prepaid = case.billing() == Billing::PrepaidCredits;
        return Some(if prepaid && spent {
            Finding::NoBalanceOrCap.into()
        } else {
            money(case, Reason::Word("credits_or_spend_limit"))
        });
    }
    let wrong_key = case.status == Some(400) && fault.opens_with("incorrect api key");
    wrong_key.then(|| Finding::InvalidKey.into())
}

/// `total.val`: cents, as a string, with the sign of a ledger: minus is what is left.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    if let Some(team_blocked) = body.get("team_blocked").and_then(json::truth) {
        let key = ["api_key_blocked", "api_key_disabled"];
        let key_off = key.iter().any(|field| body.get(field).and_then(json::truth) == Some(true));
        let finding = match (team_blocked, key_off) {
            (true, _) => Finding::AccountDisabled,
            (_, true) => Finding::InvalidKey,
            _ => Finding::Serves,
        };
        return Some(finding.into());
    }
    let left = -json::number_in(body.get("total")?, &["val"])? / 100.0;
    // No "-0.00".
    let left = if left == 0.0 { 0.0 } else { left };
    let verdict: Verdict = if left > 0.0 { Finding::Serves.into() } else { money(case, Reason::Word("balance_zero")) };
    Some(verdict.with_reading(Reading::of_money(left, "USD")))
}
