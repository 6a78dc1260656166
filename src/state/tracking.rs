//! `provider-tracking.json`: the detailed registry of providers, and the models added for a while.
//!
//! A view. Providers that nobody has news of keep what they say, so what is stale looks stale;
//! temporary models (`configured`, `standby`) are the user's: a report never touches them. An entry
//! is a vendor under its name in the skill's files, or a further account of one under its id.

mod checks;
mod entry;
mod quota;
mod temporary;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub use temporary::{temporary_models, with_temporary};

use crate::domain::ModelRef;

use super::document::as_object;
use super::status::{
    AccountReport, StatusReport, VendorReport, in_skill_order, is_available, mode_word, moment_text, skill_name,
};

const SCHEMA: &str = "2026-03-14.provider-tracking.v1";

/// The file's value saying this report.
#[must_use]
pub fn patched(root: &Value, report: &StatusReport) -> Value {
    let mut root = root.clone();
    let Some(top) = root.as_object_mut() else { return root };
    let checked_at = moment_text(report.checked_at);
    top.entry("schema_version").or_insert_with(|| SCHEMA.into());
    top.insert("checked_at".to_owned(), checked_at.as_str().into());
    top.insert("mode".to_owned(), mode_word(report.mode).into());
    top.entry("available_count").or_insert(Value::Null);
    let tiers = top.entry("tier_assignments").or_insert_with(|| json!({}));
    if let Some(tiers) = tiers.as_object_mut() {
        for (tier, model) in &report.tier_models {
            let model = model.as_ref().map_or("NONE", ModelRef::as_str);
            tiers.insert(tier.code().to_ascii_lowercase(), model.into());
        }
    }
    let providers = as_object(top.entry("providers").or_insert_with(|| json!({})));
    for (vendor, seen) in in_skill_order(&report.vendors) {
        put_vendor(providers, skill_name(vendor), seen, report);
    }
    let counts = |entry: &&Value| entry["status"].as_str().is_some_and(is_available) && !entry["vendor"].is_string();
    let n_available = providers.values().filter(counts).count();
    top.insert("available_count".to_owned(), n_available.into());
    root
}

/// The vendor's entry is its better account; every other one has an entry of its own. An account that
/// has one keeps it while it is the better: nothing in the file is left to grow old unseen.
fn put_vendor(providers: &mut Map<String, Value>, name: &str, seen: &VendorReport, report: &StatusReport) {
    let Some(best) = &seen.best else { return };
    let model = best.model.as_ref().or(seen.model.as_ref());
    entry::put(providers, name, best, &entry::Place { vendor: None, model, tiers: &seen.tiers });
    for account in seen.others.iter().chain([best]) {
        let id = own_name(account, report);
        let is_known = providers.get(&id).is_some_and(|entry| entry["vendor"] == name);
        if seen.others.contains(account) || is_known {
            let model = account.model.as_ref();
            entry::put(providers, &id, account, &entry::Place { vendor: Some(name), model, tiers: &account.tiers });
        }
    }
}

/// An account's id, unless a vendor has that name.
fn own_name(account: &AccountReport, report: &StatusReport) -> String {
    let id = account.account.as_str();
    let is_vendor = report.vendors.keys().any(|vendor| skill_name(vendor) == id);
    if is_vendor { format!("{id}.account") } else { id.to_owned() }
}
