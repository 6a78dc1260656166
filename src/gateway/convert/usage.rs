//! Quotas: the gateway's `usage.status`.

use jiff::Timestamp;
use serde_json::Value;

use super::value::{at, flag, moment, text};
use crate::domain::{AccountId, Metric, Money, QuotaWindow, ResetConfidence, Source};
use crate::gateway::Usage;

/// Reads a quota report. An account whose quota could not be asked is left out: what was known of it stays.
///
/// The gateway keeps its answers for a minute and tells the old one first, so the report says itself how
/// old it is; a gateway whose clock is ahead is not believed in that.
#[must_use]
pub fn usage_from(answer: &Value, now: Timestamp) -> Usage {
    let observed_at = moment(at(answer, "updatedAt")).filter(|told| *told <= now).unwrap_or(now);
    let mut usage = Usage { observed_at, refreshing: flag(answer, "refreshing").unwrap_or(false), ..Usage::default() };
    for provider in at(answer, "providers").as_array().into_iter().flatten() {
        let Some(account) = text(provider, "provider").map(AccountId::from) else { continue };
        if !at(provider, "error").is_null() {
            continue;
        }
        if let Some(plan) = text(provider, "plan") {
            usage.plans.push((account.clone(), plan));
        }
        if let Some(money) = money(provider) {
            usage.money.push((account.clone(), money));
        }
        let windows = at(provider, "windows").as_array().into_iter().flatten();
        usage.accounts.push((account, windows.filter_map(|w| window(w, observed_at)).collect()));
    }
    usage.accounts.sort_by(|(a, _), (b, _)| a.cmp(b));
    usage
}

/// What is left of money that was paid in; budgets and what was spent are no balance.
fn money(provider: &Value) -> Option<Money> {
    let entries = at(provider, "billing").as_array().into_iter().flatten();
    let mut balances = entries.filter(|entry| text(entry, "type").as_deref() == Some("balance"));
    let balance = balances.next()?;
    let amount = at(balance, "amount").as_f64().filter(|amount| amount.is_finite())?;
    Some(Money { available: Some(amount), currency: text(balance, "unit"), extra_usage_left: None })
}

fn window(window: &Value, observed_at: Timestamp) -> Option<QuotaWindow> {
    let used_percent = at(window, "usedPercent").as_f64().filter(|percent| percent.is_finite())?;
    let label = text(window, "label").unwrap_or_else(|| "quota".to_owned());
    let resets_at = moment(at(window, "resetAt"));
    Some(QuotaWindow {
        resets_at,
        reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Exact),
        metric: Some(Metric::Percent),
        ..QuotaWindow::new(label, (used_percent / 100.0).max(0.0), observed_at, Source::UsageStatus)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::usage_from;
    use crate::domain::{AccountId, Money};

    fn recorded(file: &str) -> crate::gateway::Usage {
        let file: Value = serde_json::from_str(file).expect("is JSON");
        usage_from(&file["frames"][1]["frame"]["payload"], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn recorded_quotas_become_windows() {
        let usage = recorded(include_str!("../../../tests/recorded/gateway/usage-status.json"));
        let rows: Vec<_> = usage
            .accounts
            .iter()
            .flat_map(|(account, windows)| {
                windows.iter().map(move |w| (account.as_str(), w.label.as_str(), w.used_ratio))
            })
            .collect();
        let wanted = [("clawrouter", "Monthly budget", 0.92), ("minimax", "5h", 0.63), ("minimax", "Week", 0.19)];
        assert_eq!(rows, wanted);
        assert!(usage.accounts.iter().all(|(_, windows)| windows.iter().all(|window| window.resets_at.is_some())));
        assert!(!usage.refreshing);
        let plan = |account: &str, name: &str| (AccountId::new(account), name.to_owned());
        assert_eq!(usage.plans, [plan("clawrouter", "Managed monthly budget"), plan("minimax", "Coding Plan Plus")]);
        assert_eq!(usage.money, [], "a budget is no balance");
    }

    #[test]
    fn a_report_is_as_old_as_it_says_and_a_balance_is_what_is_left() {
        let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1);
        let report = |updated: i64| {
            json!({ "updatedAt": updated, "providers": [{
                "provider": "minimax",
                "windows": [{ "label": "5h", "usedPercent": 3 }],
                "billing": [{ "type": "spend", "amount": 7 }, { "type": "balance", "amount": 18.4, "unit": "USD" }],
            }] })
        };
        let old = usage_from(&report(60_000), now);
        let minute = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(60);
        assert_eq!((old.observed_at, old.accounts[0].1[0].observed_at), (minute, minute));
        assert_eq!(usage_from(&report(i64::from(u32::MAX)), now).observed_at, now, "of a clock that is ahead");
        let left = Money { available: Some(18.4), currency: Some("USD".to_owned()), extra_usage_left: None };
        assert_eq!(old.money, [(AccountId::new("minimax"), left)]);
    }

    #[test]
    fn an_account_that_could_not_be_asked_says_nothing() {
        assert_eq!(recorded(include_str!("../../../tests/recorded/gateway/usage-status-error.json")).accounts, []);
        let cold = recorded(include_str!("../../../tests/recorded/gateway/usage-status-refreshing.json"));
        assert!(cold.refreshing && cold.accounts.is_empty());
        let odd = json!({"providers": [{"provider": "p", "windows": [{"label": "5h"}, {"usedPercent": 130}, 7]}, {}]});
        let odd = usage_from(&odd, Timestamp::UNIX_EPOCH);
        assert_eq!(odd.accounts[0].1.len(), 1, "a window without a number is none");
        assert!((odd.accounts[0].1[0].used_ratio - 1.3).abs() < 1e-9, "an overrun is kept");
    }
}
