//! The list `windows` of a file: everything that a page said of each, those of single models and of
//! add-ons as well.
//!
//! An entry carries the moment when it was seen: another program may renew the rest of the file, and
//! then it must not look as if it were seen again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::short;
use crate::domain::{
    AccountId, Allowance, Covers, Metric, ModelRef, ModelScope, QuotaWindow, ResetConfidence, Source, Span,
};

pub(super) fn written(window: &Allowance, seen_at: Timestamp) -> Value {
    let scope = match &window.covers {
        Covers::Account => ACCOUNT.to_owned(),
        Covers::Model(model) => format!("{MODEL}{model}"),
        Covers::Feature(feature) => format!("{FEATURE}{feature}"),
    };
    json!({
        "id": window.id, "span": window.span.id(), "unit": window.metric.code(), "scope": scope, "used": window.used,
        "limit": window.limit, "used_percent": window.used_percent.map(short),
        "reset_at": window.reset_at.map(|at| at.to_string()), "seen_at": seen_at.to_string(),
    })
}

const ACCOUNT: &str = "account";
const MODEL: &str = "model:";
const FEATURE: &str = "feature:";

/// One entry of the list.
pub(super) struct Detail {
    /// What the window is called within its scope: `weekly`.
    pub id: String,
    window: QuotaWindow,
}

pub(super) fn read_all(account: &AccountId, root: &Value) -> Vec<Detail> {
    root["windows"].as_array().into_iter().flatten().filter_map(|entry| read(account, entry)).collect()
}

/// `None` for an entry without use or moment: there is nothing to show, or no age.
fn read(account: &AccountId, entry: &Value) -> Option<Detail> {
    let moment = |key: &str| entry[key].as_str()?.parse::<Timestamp>().ok();
    let id = entry["id"].as_str()?;
    let percent = entry["used_percent"].as_f64().filter(|percent| *percent >= 0.0)?;
    let scope = entry["scope"].as_str()?;
    let covers = match (scope.strip_prefix(MODEL), scope.strip_prefix(FEATURE)) {
        (Some(model), _) => ModelScope::Models(vec![ModelRef::parse(&format!("{account}/{model}"))?]),
        (_, Some(feature)) => ModelScope::Feature(feature.to_owned()),
        _ if scope == ACCOUNT => ModelScope::All,
        _ => return None,
    };
    let label = match scope.split_once(':') {
        Some((_, name)) => format!("{name} {id}"),
        None => id.to_owned(),
    };
    let span = entry["span"].as_str().and_then(Span::of_id);
    let observed_at = moment("seen_at")?;
    // One that was over before the window was seen is no reset of it.
    let resets_at = moment("reset_at").filter(|at| *at > observed_at);
    let window = QuotaWindow {
        resets_at,
        reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Derived),
        covers,
        span,
        metric: entry["unit"].as_str().and_then(Metric::of_code),
        used: entry["used"].as_f64(),
        limit: entry["limit"].as_f64(),
        ..QuotaWindow::new(label, percent / 100.0, observed_at, Source::Page)
    };
    Some(Detail { id: id.to_owned(), window })
}

impl Detail {
    /// The window, unless it is the account's: that one stands in the file's own keys.
    pub fn of_its_own(self) -> Option<QuotaWindow> {
        (self.window.covers != ModelScope::All).then_some(self.window)
    }
}

/// What the list says beyond the file's keys, when both are of one reading.
pub(super) fn refine(window: &mut QuotaWindow, detail: Option<&Detail>) {
    let Some(Detail { window: more, .. }) = detail else { return };
    let is_one = more.covers == ModelScope::All
        && more.observed_at == window.observed_at
        && (more.used_ratio - window.used_ratio).abs() < 1e-9;
    if is_one {
        *window = QuotaWindow { label: window.label.clone(), ..more.clone() };
    }
}
