//! Windows and money in the documents: one shape, whether an answer or a page tells of them.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Allowance, Covers, Money};

/// One window of an account's quota.
#[derive(Debug, Serialize)]
pub(super) struct WindowRow {
    id: String,
    unit: &'static str,
    scope: String,
    blocks_chat: bool,
    used: Option<f64>,
    limit: Option<f64>,
    used_percent: Option<f64>,
    raw_used_percent: Option<f64>,
    reset_at: Option<Timestamp>,
    stale: bool,
}

/// Money at a provider.
#[derive(Debug, Serialize)]
pub(super) struct BalanceRow {
    available: Option<f64>,
    currency: Option<String>,
    extra_usage_left: Option<f64>,
}

impl WindowRow {
    /// As an answer or a page told it.
    pub(super) fn told(window: &Allowance) -> Self {
        Self {
            id: window.id.clone(),
            unit: window.metric.code(),
            scope: match &window.covers {
                Covers::Account => "account".to_owned(),
                Covers::Model(model) => format!("model:{model}"),
                Covers::Feature(feature) => format!("feature:{feature}"),
            },
            blocks_chat: window.blocks_chat(),
            used: window.used,
            limit: window.limit,
            used_percent: window.used_percent.map(two_digits),
            raw_used_percent: window.raw_used_percent.map(two_digits),
            reset_at: window.reset_at,
            stale: window.stale,
        }
    }
}

impl From<Money> for BalanceRow {
    fn from(money: Money) -> Self {
        Self { available: money.available, currency: money.currency, extra_usage_left: money.extra_usage_left }
    }
}

fn two_digits(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}
