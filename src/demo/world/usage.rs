//! Quota windows that fill with the runs and empty at their resets.
//!
//! The one source of them: `usage.status` and the providers' own endpoints both show
//! [`Quotas::shown`].

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::America::Los_Angeles;
use serde_json::{Value, json};

use super::models::PROVIDERS;
use crate::demo::DemoOutage;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// One limit of a provider.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Window {
    pub label: &'static str,
    cycle: Cycle,
    pub used_percent: f64,
    pub resets_ms: i64,
    /// What a turn of a thousand tokens adds.
    pub per_kilotoken: f64,
}

/// What the crons use of Google's day in an hour, in percent: more than a day of it has.
const DAILY_PACE: f64 = 4.8;

/// When a window begins anew.
#[derive(Clone, Copy, Debug)]
enum Cycle {
    Every(i64),
    /// At midnight in Los Angeles, where Google counts its days.
    PacificDay,
}

/// A window as everybody sees it at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::demo) struct Shown {
    pub label: &'static str,
    /// Whole percents.
    pub used_percent: u8,
    pub resets_ms: i64,
}

/// The quota windows of every provider that reports some.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Quotas {
    windows: BTreeMap<&'static str, Vec<Window>>,
}

impl Quotas {
    /// `day_left_ms`: how long Google's day goes on, where it is not to end at midnight.
    pub(super) fn new(now_ms: i64, day_left_ms: Option<i64>) -> Self {
        let window = |label, period_ms: i64, used_percent, left_ms: i64, per_kilotoken| Window {
            label,
            cycle: Cycle::Every(period_ms),
            used_percent,
            resets_ms: (now_ms + left_ms) / MINUTE * MINUTE,
            per_kilotoken,
        };
        let cycle = day_left_ms.map_or(Cycle::PacificDay, |_| Cycle::Every(DAY));
        let resets_ms = day_left_ms.map_or_else(|| cycle.after(now_ms), |left_ms| now_ms + left_ms);
        let daily = Window {
            label: "Daily",
            cycle,
            used_percent: used_of_day(now_ms - cycle.before(resets_ms), resets_ms - now_ms),
            resets_ms,
            per_kilotoken: 0.041,
        };
        let windows = BTreeMap::from([
            (
                "anthropic",
                vec![
                    window("5h", 5 * HOUR, 38.0, 3 * HOUR + 12 * MINUTE, 0.12),
                    window("Week", WEEK, 54.0, 3 * DAY + 5 * HOUR, 0.01),
                ],
            ),
            ("google", vec![window("Per minute", MINUTE, 4.0, MINUTE, 0.4), daily]),
            (
                "kimi",
                vec![
                    window("5h", 5 * HOUR, 22.0, HOUR + 48 * MINUTE, 0.05),
                    window("Week", WEEK, 31.0, 4 * DAY + 9 * HOUR, 0.008),
                ],
            ),
            ("openai", vec![window("5h", 5 * HOUR, 9.0, 4 * HOUR + 5 * MINUTE, 0.1)]),
            (
                "zai",
                vec![
                    window("5h", 5 * HOUR, 83.0, 52 * MINUTE, 0.2),
                    window("Week", WEEK, 31.0, 2 * DAY + 7 * HOUR, 0.01),
                ],
            ),
        ]);
        Self { windows }
    }

    /// The windows of every provider that reports some, as they stand when nothing fails.
    pub(in crate::demo) fn windows(&self) -> impl Iterator<Item = (&'static str, &Window)> {
        self.windows.iter().flat_map(|(provider, windows)| windows.iter().map(|window| (*provider, window)))
    }

    /// A turn took this many tokens.
    pub(super) fn spend(&mut self, provider: &str, tokens: u64, now_ms: i64) {
        for window in self.windows.get_mut(provider).into_iter().flatten() {
            window.roll(now_ms);
            window.used_percent = (window.used_percent + tokens as f64 / 1_000.0 * window.per_kilotoken).min(99.0);
        }
    }

    /// The windows of a provider that is in this outage.
    pub(super) fn shown(&self, provider: &str, outage: DemoOutage, now_ms: i64) -> Vec<Shown> {
        let full = used_up(provider, outage);
        let windows = self.windows.get(provider).cloned().unwrap_or_default();
        let shown = windows.into_iter().map(|mut window| {
            window.roll(now_ms);
            let used = if full == Some(window.label) { 100 } else { window.used_percent.round() as u8 };
            Shown { label: window.label, used_percent: used, resets_ms: window.resets_ms }
        });
        shown.collect()
    }

    /// `usage.status`.
    pub(super) fn status(&self, outages: &BTreeMap<String, DemoOutage>, now_ms: i64) -> Value {
        let providers = PROVIDERS.iter().map(|provider| {
            let outage = outages.get(provider.id).copied().unwrap_or(DemoOutage::Serving);
            self.report(provider.id, provider.name, outage, now_ms)
        });
        json!({ "updatedAt": now_ms, "providers": providers.collect::<Vec<_>>() })
    }

    fn report(&self, id: &str, name: &str, outage: DemoOutage, now_ms: i64) -> Value {
        let mut report = json!({ "provider": id, "displayName": name, "windows": [] });
        if let Some(error) = trouble(id, outage) {
            report["error"] = error.into();
            return report;
        }
        if id == "minimax" {
            let amount = if outage == DemoOutage::OutOfCredits { 0.0 } else { 18.40 };
            report["billing"] = json!([{ "type": "balance", "amount": amount, "unit": "USD" }]);
            report["summary"] = format!("${amount:.2} left").into();
            return report;
        }
        let windows = self.shown(id, outage, now_ms).into_iter().map(|window| {
            let used = f64::from(window.used_percent);
            json!({ "label": window.label, "usedPercent": used, "resetAt": window.resets_ms })
        });
        report["windows"] = windows.collect();
        report
    }
}

/// The window that an outage means.
fn used_up(provider: &str, outage: DemoOutage) -> Option<&'static str> {
    match (provider, outage) {
        ("google", DemoOutage::RateLimited) => Some("Per minute"),
        ("google", DemoOutage::QuotaExhausted) => Some("Daily"),
        ("kimi", DemoOutage::QuotaExhausted) => Some("Week"),
        ("zai", DemoOutage::QuotaExhausted | DemoOutage::MoneyWords) => Some("5h"),
        _ => None,
    }
}

/// Why the gateway cannot read the quota.
fn trouble(provider: &str, outage: DemoOutage) -> Option<&'static str> {
    match outage {
        DemoOutage::RefusedKey if provider == "google" => Some("HTTP 400"),
        DemoOutage::RefusedKey => Some("HTTP 401"),
        DemoOutage::ServerError => Some("HTTP 500"),
        DemoOutage::Unreachable => Some("fetch failed"),
        _ => None,
    }
}

/// What Google's day has been used so long after its beginning: it will run out some hours before its end, whenever
/// the demo begins.
fn used_of_day(since_ms: i64, left_ms: i64) -> f64 {
    let hours = |ms: i64| ms as f64 / HOUR as f64;
    (DAILY_PACE * hours(since_ms)).min(100.0 - 0.4 * DAILY_PACE * hours(left_ms)).round()
}

impl Window {
    /// When it began anew, the latest moment first: the past and the next one.
    pub fn resets(&self) -> impl Iterator<Item = i64> {
        std::iter::successors(Some(self.resets_ms), |resets_ms| Some(self.cycle.before(*resets_ms)))
    }

    fn roll(&mut self, now_ms: i64) {
        while self.resets_ms <= now_ms {
            self.resets_ms = self.cycle.after(self.resets_ms);
            self.used_percent = 0.0;
        }
    }
}

impl Cycle {
    /// The beginning that follows a moment.
    fn after(self, at_ms: i64) -> i64 {
        match self {
            Self::Every(period_ms) => at_ms + period_ms,
            Self::PacificDay => pacific_midnight(at_ms).unwrap_or(at_ms + DAY),
        }
    }

    /// The beginning before one.
    fn before(self, began_ms: i64) -> i64 {
        match self {
            Self::Every(period_ms) => began_ms - period_ms,
            // Well within the day before, however long that was.
            Self::PacificDay => pacific_midnight(began_ms - DAY - DAY / 2).unwrap_or(began_ms - DAY),
        }
    }
}

fn pacific_midnight(after_ms: i64) -> Option<i64> {
    let there = DateTime::<Utc>::from_timestamp_millis(after_ms)?.with_timezone(&Los_Angeles);
    let midnight = there.date_naive().succ_opt()?.and_time(NaiveTime::MIN);
    Some(Los_Angeles.from_local_datetime(&midnight).earliest()?.timestamp_millis())
}
