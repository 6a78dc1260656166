//! Quotas: the gateway's `usage.status`.

use jiff::Timestamp;
use serde_json::Value;

use super::value::{at, flag, moment, text};
use crate::domain::{AccountId, Metric, QuotaWindow, ResetConfidence, Source};
use crate::gateway::Usage;

/// Reads a quota report. An account whose quota could not be asked is left out: what was known of it stays.
#[must_use]
pub fn usage_from(answer: &Value, now: Timestamp) -> Usage {
    let providers = at(answer, "providers").as_array().into_iter().flatten();
    let mut accounts: Vec<_> = providers
        .filter(|provider| at(provider, "error").is_null())
        .filter_map(|provider| {
            let windows = at(provider, "windows").as_array().into_iter().flatten();
            Some((AccountId::from(text(provider, "provider")?), windows.filter_map(|w| window(w, now)).collect()))
        })
        .collect();
    accounts.sort_by(|(a, _): &(AccountId, Vec<QuotaWindow>), (b, _)| a.cmp(b));
    Usage { accounts, refreshing: flag(answer, "refreshing").unwrap_or(false) }
}

fn window(window: &Value, now: Timestamp) -> Option<QuotaWindow> {
    let used_percent = at(window, "usedPercent").as_f64().filter(|percent| percent.is_finite())?;
    let label = text(window, "label").unwrap_or_else(|| "quota".to_owned());
    let resets_at = moment(at(window, "resetAt"));
    Some(QuotaWindow {
        resets_at,
        reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Exact),
        metric: Some(Metric::Percent),
        ..QuotaWindow::new(label, (used_percent / 100.0).max(0.0), now, Source::UsageStatus)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::usage_from;

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
