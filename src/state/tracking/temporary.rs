//! Temporary models: entries of `provider-tracking.json` that the user adds by hand, and ends.

use serde_json::{Map, Value, json};

use crate::domain::{ModelRef, TemporaryModel, Tier};
use crate::state::document::as_object;

/// The hint of a model that no tier uses by itself.
const NO_TIER: &str = "emergency_only";

/// The temporary models of the file, in its order.
#[must_use]
pub fn temporary_models(root: &Value) -> Vec<TemporaryModel> {
    let providers = root.get("providers").and_then(Value::as_object).into_iter().flatten();
    providers.filter(|(_, entry)| is_temporary(entry["status"].as_str())).map(|(id, entry)| read(id, entry)).collect()
}

pub(super) fn is_temporary(status: Option<&str>) -> bool {
    matches!(status, Some("configured" | "standby"))
}

fn read(id: &str, entry: &Value) -> TemporaryModel {
    TemporaryModel {
        id: id.to_owned(),
        model: entry["primary_model"].as_str().and_then(ModelRef::parse),
        is_standby: entry["status"] == "standby",
        tiers: tiers_of_hint(entry["tier_hint"].as_str().unwrap_or_default()),
        expires_at: entry[expiry_key(entry)].as_str().and_then(|text| text.parse().ok()),
    }
}

/// Two spellings are in use.
fn expiry_key(entry: &Value) -> &'static str {
    if entry.get("expires_at").is_none() && entry.get("expires").is_some() { "expires" } else { "expires_at" }
}

pub(super) fn tiers_of_hint(hint: &str) -> Vec<Tier> {
    let hint = hint.to_ascii_lowercase();
    let is_named = |tier: &Tier| hint.split(['_', ',', ' ', '-']).any(|part| part == tier.code().to_ascii_lowercase());
    Tier::ALL.into_iter().filter(is_named).collect()
}

/// `t1_t2`; `None` for no tier.
pub(super) fn hint(tiers: &[Tier]) -> Option<String> {
    let named: Vec<_> = Tier::ALL.iter().filter(|tier| tiers.contains(tier)).collect();
    let codes: Vec<_> = named.iter().map(|tier| tier.code().to_ascii_lowercase()).collect();
    (!codes.is_empty()).then(|| codes.join("_"))
}

/// The file's value with this temporary model, or without the one of that id.
///
/// Unknown fields of its entry stay. `None` where a provider has that id: it is never written over;
/// and taking out what is no temporary model changes nothing.
#[must_use]
pub fn with_temporary(root: &Value, id: &str, model: Option<&TemporaryModel>) -> Option<Value> {
    let found = root.get("providers").and_then(|providers| providers.get(id)).filter(|entry| !entry.is_null());
    let is_free = found.is_none_or(|entry| is_temporary(entry["status"].as_str()));
    let mut root = root.clone();
    let Some(model) = model else {
        if let Some(providers) = root.get_mut("providers").and_then(Value::as_object_mut).filter(|_| is_free) {
            providers.shift_remove(id);
        }
        return Some(root);
    };
    if !is_free || id.trim().is_empty() {
        return None;
    }
    let providers = as_object(as_object(&mut root).entry("providers").or_insert_with(|| json!({})));
    let entry = providers.entry(id).or_insert_with(|| json!({}));
    let before = entry.is_object().then(|| read(id, entry));
    let expiry = expiry_key(entry);
    write(as_object(entry), before.as_ref().filter(|_| found.is_some()), model, expiry);
    Some(root)
}

/// What it says already in other words stays in those.
fn write(
    fields: &mut Map<String, Value>,
    before: Option<&TemporaryModel>,
    model: &TemporaryModel,
    expiry: &'static str,
) {
    let reference = model.model.as_ref().map(ModelRef::as_str);
    let provider = model.model.as_ref().map_or(model.id.as_str(), |model| model.provider());
    let status = if model.is_standby { "standby" } else { "configured" };
    if before.is_none_or(|before| before.model != model.model) {
        fields.insert("provider".to_owned(), provider.into());
    }
    fields.insert("status".to_owned(), status.into());
    fields.insert("signal".to_owned(), "manual_assignment_only".into());
    if before.is_none_or(|before| before.model != model.model) {
        fields.insert("primary_model".to_owned(), reference.into());
    }
    if before.is_none_or(|before| before.tiers != model.tiers) {
        let hint = hint(&model.tiers).unwrap_or_else(|| NO_TIER.to_owned());
        fields.insert("tier_hint".to_owned(), hint.into());
    }
    if before.is_none_or(|before| before.expires_at != model.expires_at) {
        match model.expires_at {
            Some(at) => drop(fields.insert(expiry.to_owned(), at.to_string().into())),
            None => drop(fields.shift_remove(expiry)),
        }
    }
}
