//! `quota` of an entry: an object for each window of the account, each with its source and age.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::{ModelRef, ModelScope, QuotaWindow, Span};
use crate::state::document::number;
use crate::state::status::{AccountReport, moment_text};

use super::entry::source_word;

/// Ours are replaced; what others wrote beside them stays.
pub(super) fn put(quota: &mut Map<String, Value>, seen: &AccountReport) {
    if seen.windows.is_empty() && seen.money.is_none() {
        return;
    }
    let mut wanted: Vec<(String, Value)> =
        named(&seen.windows).into_iter().map(|(name, window)| (name, window_fields(window))).collect();
    if let Some(read) = &seen.money {
        let balance = json!({
            "available": read.money.available, "currency": read.money.currency, "source": source_word(read.source),
            "observed_at": moment_text(read.observed_at),
        });
        wanted.push(("balance".to_owned(), balance));
    }
    quota.retain(|key, value| !is_ours(value) || wanted.iter().any(|(name, _)| name == key));
    quota.extend(wanted);
}

fn is_ours(value: &Value) -> bool {
    ["observed_at", "source"].iter().all(|key| value.get(key).is_some())
}

fn window_fields(window: &QuotaWindow) -> Value {
    let mut fields = json!({
        "used_pct": number((window.used_ratio * 1000.0).round() / 10.0),
        "resets_at": window.resets_at.map(moment_text),
        "source": source_word(window.source),
        "observed_at": moment_text(window.observed_at),
        "confidence": window.reset_confidence.code(),
    });
    let scope = match &window.covers {
        ModelScope::All => None,
        ModelScope::Models(models) => {
            Some(format!("models:{}", models.iter().map(ModelRef::as_str).collect::<Vec<_>>().join(",")))
        }
        ModelScope::Feature(feature) => Some(format!("feature:{feature}")),
    };
    let more = [
        ("metric", window.metric.map(|metric| metric.code().into())),
        ("used", window.used.map(number)),
        ("limit", window.limit.map(number)),
        ("scope", scope.map(Value::from)),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            fields[key] = value;
        }
    }
    fields
}

/// `weekly`, `5h`, `weekly_opus`; windows that would share a name are told apart by what they count.
fn named(windows: &[QuotaWindow]) -> Vec<(String, &QuotaWindow)> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for window in windows {
        *uses.entry(name(window)).or_default() += 1;
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut full_name = |window: &QuotaWindow| {
        let short = name(window);
        let metric = window.metric.filter(|_| uses[&short] > 1);
        let name = metric.map_or(short.clone(), |metric| format!("{short}_{}", metric.code()));
        let n = taken.entry(name.clone()).or_default();
        *n += 1;
        if *n == 1 { name } else { format!("{name}_{n}") }
    };
    windows.iter().map(|window| (full_name(window), window)).collect()
}

fn name(window: &QuotaWindow) -> String {
    let span = window.span.map_or_else(|| snake(&window.label), Span::id);
    match &window.covers {
        ModelScope::All => span,
        ModelScope::Models(models) if models.len() == 1 => format!("{span}_{}", snake(models[0].model())),
        ModelScope::Models(_) => snake(&window.label),
        ModelScope::Feature(feature) => format!("{span}_{}", snake(feature)),
    }
}

fn snake(text: &str) -> String {
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}
