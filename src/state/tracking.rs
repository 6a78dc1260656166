//! `provider-tracking.json`: the detailed registry of providers, and the models added for a while.
//!
//! A view. Providers that nobody has news of keep what they say, so what is stale looks stale;
//! temporary models (`configured`, `standby`) are the user's and never touched.

use serde_json::{Map, Value, json};

use crate::domain::{Health, ModelRef, TemporaryModel, Tier};

use super::document::as_object;
use super::status::{
    StatusReport, VendorReport, in_skill_order, is_available, mode_word, moment_text, skill_name, state_word,
};

const SCHEMA: &str = "2026-03-14.provider-tracking.v1";
const STALE_AFTER_MINUTES: u32 = 180;

/// The temporary models of the file, in its order.
#[must_use]
pub fn temporary_models(root: &Value) -> Vec<TemporaryModel> {
    let providers = root.get("providers").and_then(Value::as_object).into_iter().flatten();
    providers.filter(|(_, entry)| is_temporary(entry)).map(|(id, entry)| temporary(id, entry)).collect()
}

fn is_temporary(entry: &Value) -> bool {
    matches!(entry["status"].as_str(), Some("configured" | "standby"))
}

fn temporary(id: &str, entry: &Value) -> TemporaryModel {
    let hint = entry["tier_hint"].as_str().unwrap_or_default().to_ascii_lowercase();
    let is_named = |tier: &Tier| hint.split(['_', ',', ' ', '-']).any(|part| part == tier.code().to_ascii_lowercase());
    let expiry = entry.get("expires_at").or_else(|| entry.get("expires"));
    TemporaryModel {
        id: id.to_owned(),
        model: entry["primary_model"].as_str().and_then(ModelRef::parse),
        is_standby: entry["status"] == "standby",
        tiers: Tier::ALL.into_iter().filter(is_named).collect(),
        expires_at: expiry.and_then(Value::as_str).and_then(|text| text.parse().ok()),
    }
}

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
        put_provider(providers, skill_name(vendor), seen, &checked_at);
    }
    let n_available = providers.values().filter(|entry| entry["status"].as_str().is_some_and(is_available)).count();
    top.insert("available_count".to_owned(), n_available.into());
    root
}

fn put_provider(providers: &mut Map<String, Value>, name: &str, seen: &VendorReport, checked_at: &str) {
    let Some(health) = seen.health.as_ref().filter(|health| **health != Health::Unknown) else { return };
    let is_new = !providers.contains_key(name);
    let entry = providers.entry(name).or_insert_with(|| fresh(name));
    let Some(fields) = entry.as_object_mut() else { return };
    if is_temporary(&Value::Object(fields.clone())) {
        return;
    }
    let seen_at = seen.observed_at.map_or_else(|| checked_at.to_owned(), moment_text);
    fields.insert("status".to_owned(), state_word(Some(health)).into());
    fields.insert("signal".to_owned(), signal(health).into());
    fields.insert("checked_at".to_owned(), seen_at.as_str().into());
    if let Some(model) = seen.model.as_ref().filter(|_| is_new || !fields["primary_model"].is_string()) {
        fields.insert("primary_model".to_owned(), model.as_str().into());
    }
    if health.serves() {
        fields.insert("last_success_at".to_owned(), seen_at.into());
        fields.insert("failure_reason".to_owned(), Value::Null);
    } else {
        fields.insert("last_failure_at".to_owned(), seen_at.into());
        fields.insert("failure_reason".to_owned(), json!(seen.detail));
    }
}

fn fresh(name: &str) -> Value {
    json!({
        "provider": name,
        "status": "unknown",
        "signal": "unknown",
        "primary_model": null,
        "tier_hint": null,
        "checked_at": null,
        "stale_after_minutes": STALE_AFTER_MINUTES,
        "source": {"type": "gateway", "quota_file": null},
        "checks": {},
        "quota": {},
        "usage_summary": null,
        "notes": [],
        "last_success_at": null,
        "last_failure_at": null,
        "failure_reason": null
    })
}

fn signal(health: &Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Up | Health::Strained => "live_check",
        Health::LimitHit { .. } | Health::RateLimited | Health::OutOfBalance => "quota_or_provider_limit",
        Health::RefusedKey => "auth_or_config",
        Health::Overloaded | Health::Unreachable => "connectivity_or_provider_error",
        Health::ByHand { .. } => "manual_assignment_only",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{OutageLevel, VendorId};

    fn seen(health: Option<Health>) -> VendorReport {
        let detail = Some("429 too many".to_owned());
        VendorReport {
            health,
            model: ModelRef::parse("a/new"),
            observed_at: "2026-11-23T06:59:00Z".parse().ok(),
            detail,
        }
    }

    fn report() -> StatusReport {
        StatusReport {
            checked_at: "2026-11-23T07:00:00Z".parse().unwrap(),
            mode: OutageLevel::Crisis,
            vendors: BTreeMap::from([
                (VendorId::new("kimi"), seen(Some(Health::LimitHit { resets_at: None }))),
                (VendorId::new("minimax"), seen(Some(Health::Up))),
                (VendorId::new("zai"), seen(Some(Health::Unknown))),
                (VendorId::new("openai"), seen(None)),
                (VendorId::new("mistral"), seen(Some(Health::Up))),
            ]),
            tier_models: BTreeMap::from([(Tier::T1, None), (Tier::T2, ModelRef::parse("a/b"))]),
        }
    }

    #[test]
    fn providers_with_news_change_and_all_others_stay() {
        let root = json!({
            "schema_version": SCHEMA, "tier_assignments": {"t1": "x", "t3": "y"}, "available_count": 9,
            "providers": {
                "kimi": {"status": "up", "primary_model": "kimi/k2", "quota": {"weekly": 40}, "last_success_at": "before"},
                "glm": {"status": "up", "checked_at": "long ago"},
                "mistral": {"status": "configured", "signal": "manual_assignment_only", "tier_hint": "t1_t2"}
            }
        });
        let after = patched(&root, &report());
        let kimi = &after["providers"]["kimi"];
        assert_eq!((&kimi["status"], &kimi["signal"]), (&json!("rate_limited"), &json!("quota_or_provider_limit")));
        assert_eq!((&kimi["primary_model"], &kimi["quota"]), (&json!("kimi/k2"), &json!({"weekly": 40})));
        assert_eq!((&kimi["last_success_at"], &kimi["failure_reason"]), (&json!("before"), &json!("429 too many")));
        for kept in ["glm", "mistral"] {
            assert_eq!(after["providers"][kept], root["providers"][kept], "{kept}");
        }
        assert_eq!(after["providers"].get("openai"), None, "not set up, not in the file");
        assert_eq!(after["providers"]["minimax"]["checked_at"], "2026-11-23T06:59:00Z");
        assert_eq!(after["tier_assignments"], json!({"t1": "NONE", "t3": "y", "t2": "a/b"}));
        assert_eq!((&after["mode"], &after["available_count"]), (&json!("crisis"), &json!(2)));
    }

    #[test]
    fn temporary_models_say_which_tiers_they_serve() {
        let root = json!({"providers": {
            "a": {"status": "configured", "tier_hint": "t1_t2", "primary_model": "x/y", "expires_at": "2026-12-01T00:00:00Z"},
            "b": {"status": "standby", "tier_hint": "emergency_only"},
            "c": {"status": "up", "tier_hint": "t1"}
        }});
        let found = temporary_models(&root);
        let said: Vec<_> = found.iter().map(|model| (&*model.id, model.is_standby, model.tiers.clone())).collect();
        assert_eq!(said, [("a", false, vec![Tier::T1, Tier::T2]), ("b", true, vec![])]);
        assert_eq!(found[0].expires_at, "2026-12-01T00:00:00Z".parse().ok());
    }
}
