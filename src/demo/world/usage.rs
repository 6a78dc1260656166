//! `usage.status`: quota windows that fill with the runs and empty at their resets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::models::PROVIDERS;
use crate::demo::DemoOutage;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// One limit of a provider.
#[derive(Clone, Debug)]
struct Window {
    label: &'static str,
    period_ms: i64,
    used_percent: f64,
    resets_ms: i64,
    /// What a turn of a thousand tokens adds.
    per_kilotoken: f64,
}

/// The quota windows of every provider that reports some.
#[derive(Clone, Debug)]
pub(super) struct Quotas {
    windows: BTreeMap<&'static str, Vec<Window>>,
}

impl Quotas {
    pub(super) fn new(now_ms: i64) -> Self {
        let window = |label, period_ms: i64, used_percent, left_ms: i64, per_kilotoken| Window {
            label,
            period_ms,
            used_percent,
            resets_ms: (now_ms + left_ms) / MINUTE * MINUTE,
            per_kilotoken,
        };
        let next_midnight_ms = DAY - now_ms.rem_euclid(DAY);
        let windows = BTreeMap::from([
            (
                "anthropic",
                vec![
                    window("5h", 5 * HOUR, 38.0, 3 * HOUR + 12 * MINUTE, 0.12),
                    window("Week", WEEK, 54.0, 3 * DAY + 5 * HOUR, 0.01),
                ],
            ),
            (
                "google",
                vec![
                    window("Per minute", MINUTE, 4.0, MINUTE, 0.4),
                    window("Daily", DAY, 71.0, next_midnight_ms, 0.03),
                ],
            ),
            (
                "kimi",
                vec![
                    window("5h", 5 * HOUR, 22.0, HOUR + 48 * MINUTE, 0.15),
                    window("Week", WEEK, 47.0, 4 * DAY + 9 * HOUR, 0.02),
                ],
            ),
            ("openai", vec![window("5h", 5 * HOUR, 9.0, 4 * HOUR + 5 * MINUTE, 0.1)]),
            (
                "zai",
                vec![window("5h", 5 * HOUR, 83.0, 52 * MINUTE, 0.2), window("Month", 30 * DAY, 31.0, 12 * DAY, 0.01)],
            ),
        ]);
        Self { windows }
    }

    /// A turn took this many tokens.
    pub(super) fn spend(&mut self, provider: &str, tokens: u64, now_ms: i64) {
        self.roll(now_ms);
        for window in self.windows.get_mut(provider).into_iter().flatten() {
            window.used_percent = (window.used_percent + tokens as f64 / 1_000.0 * window.per_kilotoken).min(99.0);
        }
    }

    /// When the longest wait ends that an exhausted quota of `provider` means: the first window's.
    pub(super) fn exhausted_until(&self, provider: &str, now_ms: i64) -> Option<i64> {
        let windows = self.windows.get(provider)?;
        let window = windows.iter().find(|window| window.period_ms > HOUR)?;
        let mut resets_ms = window.resets_ms;
        while resets_ms <= now_ms {
            resets_ms += window.period_ms;
        }
        Some(resets_ms)
    }

    fn roll(&mut self, now_ms: i64) {
        for window in self.windows.values_mut().flatten() {
            while window.resets_ms <= now_ms {
                window.resets_ms += window.period_ms;
                window.used_percent = 0.0;
            }
        }
    }

    pub(super) fn status(&mut self, outages: &BTreeMap<String, DemoOutage>, now_ms: i64) -> Value {
        self.roll(now_ms);
        let providers = PROVIDERS.iter().map(|provider| {
            let outage = outages.get(provider.id).copied().unwrap_or(DemoOutage::Serving);
            self.report(provider.id, provider.name, outage)
        });
        json!({ "updatedAt": now_ms, "providers": providers.collect::<Vec<_>>() })
    }

    fn report(&self, id: &str, name: &str, outage: DemoOutage) -> Value {
        let mut report = json!({ "provider": id, "displayName": name, "windows": [] });
        if outage == DemoOutage::RefusedKey {
            report["error"] = "HTTP 401".into();
            return report;
        }
        if id == "minimax" {
            let amount = if outage == DemoOutage::OutOfCredits { 0.0 } else { 18.40 };
            report["billing"] = json!([{ "type": "balance", "amount": amount, "unit": "USD" }]);
            report["summary"] = format!("${amount:.2} left").into();
            return report;
        }
        let windows = self.windows.get(id).into_iter().flatten();
        let mut exhausted = outage == DemoOutage::QuotaExhausted;
        let windows = windows.map(|window| {
            let hit = window.period_ms > HOUR && std::mem::take(&mut exhausted);
            let used = if hit { 100.0 } else { window.used_percent.round() };
            json!({ "label": window.label, "usedPercent": used, "resetAt": window.resets_ms })
        });
        report["windows"] = windows.collect();
        report
    }
}
