//! DeepSeek: paid in advance; 402 says that nothing is left, and so does its balance.

use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::json;
use super::reading::Reading;
use super::ruling::{Reason, Verdict, money};
use crate::domain::Finding;

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let empty = case.status == Some(402) || fault.opens_with("insufficient balance");
    empty.then(|| money(case, Reason::Word("insufficient_balance")))
}

/// `is_available` decides; the amounts are strings, one entry for each currency.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    let infos: Vec<&Value> = json::items(body.get("balance_infos")).collect();
    let total = |info: &&Value| json::number_in(info, &["total_balance"]);
    let info = infos.iter().find(|info| total(info).is_some_and(|total| total > 0.0)).or(infos.first());
    let available = body.get("is_available").and_then(json::truth).or_else(|| Some(total(info?)? > 0.0))?;
    let amount = info.and_then(|info| Some((total(info)?, json::text_in(info, &["currency"])?)));
    let reading = amount.map_or_else(Reading::default, |(total, currency)| Reading::of_money(total, currency));
    let verdict: Verdict = if available { Finding::Serves.into() } else { money(case, Reason::Word("balance_zero")) };
    Some(verdict.with_reading(reading))
}
