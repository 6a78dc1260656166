//! Quotas: the gateway's `usage.status`.

use jiff::Timestamp;
use serde_json::Value;

use super::value::{at, flag, moment, text};
use crate::domain::{AccountId, ModelScope, QuotaWindow, Source};
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
    Some(QuotaWindow {
        label: text(window, "label").unwrap_or_else(|| "quota".to_owned()),
        used_ratio: (used_percent / 100.0).max(0.0),
        resets_at: moment(at(window, "resetAt")),
        covers: ModelScope::All,
        observed_at: now,
        source: Source::UsageStatus,
    })
}
