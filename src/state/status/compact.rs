//! `provider-status.json`: the compact snapshot that the older scripts read.
//!
//! A view over two shapes: today's flat one (`"minimax": "up"`) and the older nested one
//! (`"minimax": {"status": "up", "model": "…"}` with `lastCheck`). Each is rewritten as found; a
//! provider of the file that we know nothing of is left as it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{NOT_SET_UP, StatusReport, VendorReport, in_skill_order, is_available, mode_word, moment_text, skill_name};
use crate::domain::ModelRef;

/// The names of providers that either shape of the file holds, with their state words.
#[must_use]
pub fn read(root: &Value) -> BTreeMap<String, String> {
    let word = |value: &Value| match value {
        Value::String(word) => Some(word.clone()),
        Value::Object(fields) => fields.get("status")?.as_str().map(str::to_owned),
        _ => None,
    };
    let fields = root.as_object().into_iter().flatten();
    let providers =
        fields.filter(|(key, value)| !META.contains(&key.as_str()) && (value.is_object() || is_state(value)));
    providers.filter_map(|(key, value)| Some((key.clone(), word(value)?))).collect()
}

const META: [&str; 8] = [
    "available_count",
    "availableCount",
    "checked_at",
    "lastCheck",
    "mode",
    "tier1_model",
    "tier2_model",
    "tier3_model",
];

fn is_state(value: &Value) -> bool {
    const WORDS: [&str; 9] = [
        "up",
        "rate_limited",
        "overloaded",
        "session_expired",
        "no_key",
        "unreachable",
        "down",
        "unknown",
        "assumed_up",
    ];
    value.as_str().is_some_and(|word| WORDS.contains(&word))
}

/// The file's value saying this report, in the shape it has.
#[must_use]
pub fn patched(root: &Value, report: &StatusReport) -> Value {
    let mut root = root.clone();
    let Some(fields) = root.as_object_mut() else { return root };
    let is_new = fields.is_empty();
    let is_nested = fields.contains_key("lastCheck") || fields.values().any(|value| value.get("status").is_some());
    for (vendor, seen) in in_skill_order(&report.vendors) {
        put_vendor(fields, skill_name(vendor), seen, is_nested, is_new);
    }
    let n_available = read(&Value::Object(fields.clone())).values().filter(|word| is_available(word)).count();
    let (count, checked) = if is_nested { ("availableCount", "lastCheck") } else { ("available_count", "checked_at") };
    fields.insert(count.to_owned(), Value::from(n_available));
    for (tier, model) in &report.tier_models {
        let key = format!("tier{}_model", tier.number());
        if !is_nested || fields.contains_key(&key) {
            fields.insert(key, Value::from(model.as_ref().map_or("NONE", ModelRef::as_str)));
        }
    }
    fields.insert(checked.to_owned(), Value::from(moment_text(report.checked_at)));
    if !is_nested || fields.contains_key("mode") {
        fields.insert("mode".to_owned(), Value::from(mode_word(report.mode)));
    }
    root
}

fn put_vendor(fields: &mut Map<String, Value>, name: &str, seen: &VendorReport, is_nested: bool, is_new: bool) {
    let word = seen.best.as_ref().map_or(NOT_SET_UP, |account| account.word);
    match fields.get_mut(name) {
        // Assumed is as much as we know, and says so.
        Some(found) if word == "unknown" && found.get("status").unwrap_or(found) == "assumed_up" => {}
        Some(Value::Object(own)) => {
            own.insert("status".to_owned(), Value::from(word));
            if let (Some(model), true) = (&seen.model, own.contains_key("model")) {
                own.insert("model".to_owned(), Value::from(model.as_str()));
            }
        }
        Some(found) => *found = Value::from(word),
        // What neither the file nor the gateway knows needs no line.
        None if seen.best.is_none() && !is_new => {}
        None if is_nested => {
            let model = seen.model.as_ref().map(ModelRef::as_str);
            fields.insert(name.to_owned(), json!({"status": word, "model": model}));
        }
        None => {
            fields.insert(name.to_owned(), Value::from(word));
        }
    }
}
