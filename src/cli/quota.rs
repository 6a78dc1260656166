//! Windows and money in the documents: one shape, whether an answer, a page or the engine tells of them.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Allowance, Covers, Metric, ModelRef, ModelScope, Money, QuotaWindow, Span};

/// One window of an account's quota.
#[derive(Debug, Serialize)]
pub(super) struct WindowRow {
    pub(super) id: String,
    unit: &'static str,
    scope: String,
    blocks_chat: bool,
    used: Option<f64>,
    limit: Option<f64>,
    pub(super) used_percent: Option<f64>,
    raw_used_percent: Option<f64>,
    pub(super) reset_at: Option<Timestamp>,
    stale: bool,
}

/// Money at a provider.
#[derive(Debug, Serialize)]
pub(super) struct BalanceRow {
    pub(super) available: Option<f64>,
    pub(super) currency: Option<String>,
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

    /// As it is known at `now`: once its reset has passed, its use is not.
    pub(super) fn known(window: &QuotaWindow, now: Timestamp) -> Self {
        // A whole account's window is called by its length, whatever its source calls it.
        let span =
            window.span.filter(|span| window.covers == ModelScope::All && Span::of_label(&window.label) == Some(*span));
        let stale = window.resets_at.is_some_and(|at| at <= now);
        let percent = two_digits(window.used_ratio * 100.0);
        let in_range = percent.clamp(0.0, 100.0);
        Self {
            id: span.map_or_else(|| window.label.clone(), Span::id),
            unit: window.metric.unwrap_or(Metric::Percent).code(),
            scope: match &window.covers {
                ModelScope::All => "account".to_owned(),
                ModelScope::Models(models) => {
                    let models: Vec<_> = models.iter().map(ModelRef::model).collect();
                    format!("model:{}", models.join(","))
                }
                ModelScope::Feature(feature) => format!("feature:{feature}"),
            },
            blocks_chat: !matches!(window.covers, ModelScope::Feature(_)),
            used: window.used,
            limit: window.limit,
            used_percent: (!stale).then_some(in_range),
            raw_used_percent: (!stale && !(0.0..=100.0).contains(&percent)).then_some(percent),
            reset_at: window.resets_at.filter(|_| !stale),
            stale,
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::WindowRow;
    use crate::domain::{ModelRef, ModelScope, QuotaWindow, Source};

    #[test]
    fn a_known_window_says_what_is_still_true_of_it() {
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().expect("a moment");
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let window = |used, resets_at| QuotaWindow { resets_at, ..QuotaWindow::new("5h", used, now, Source::Probe) };
        let cases = [
            (window(0.634_56, at("2026-11-23T09:00:00Z")), json!([63.46, null, "2026-11-23T09:00:00Z", false]), "read"),
            (window(1.2, None), json!([100.0, 120.0, null, false]), "overrun, without a reset"),
            (window(1.0, at("2026-11-23T05:00:00Z")), json!([null, null, null, true]), "it has rolled over since"),
        ];
        for (window, expected, why) in cases {
            let row = serde_json::to_value(WindowRow::known(&window, now)).expect("a row");
            let said = json!([row["used_percent"], row["raw_used_percent"], row["reset_at"], row["stale"]]);
            assert_eq!(said, expected, "{why}");
        }
        let models = ["google/gemini-3-flash", "google/gemini-3-pro"].map(|id| ModelRef::parse(id).expect("a model"));
        let of_models = QuotaWindow { covers: ModelScope::Models(models.into()), ..window(0.5, None) };
        assert_eq!(WindowRow::known(&of_models, now).scope, "model:gemini-3-flash,gemini-3-pro");
        let of_gateway = QuotaWindow::new("Week", 0.5, now, Source::UsageStatus);
        assert_eq!(WindowRow::known(&of_gateway, now).id, "weekly", "by one name, whoever told of it");
    }
}
