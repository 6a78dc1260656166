//! `provider-status.json`: the compact snapshot that the older scripts read.
//!
//! A view over two shapes: today's flat one (`"minimax": "up"`) and the older nested one
//! (`"minimax": {"status": "up", "model": "…"}` with `lastCheck`). Each is rewritten as found; a
//! provider of the file that we know nothing of is left as it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::{
    AccountId, Catalog, Fleet, Health, ModelRef, OutageLevel, RouteKey, Settings, Tier, VendorId, Vital, vendor_of,
};

/// What both status files say, as this program sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusReport {
    pub checked_at: Timestamp,
    pub mode: OutageLevel,
    pub vendors: BTreeMap<VendorId, VendorReport>,
    /// The model that each tier's crons go to; `None`: they pause.
    pub tier_models: BTreeMap<Tier, Option<ModelRef>>,
}

/// One vendor: the better of its accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct VendorReport {
    /// `None`: not set up on this gateway.
    pub health: Option<Health>,
    pub model: Option<ModelRef>,
    pub observed_at: Option<Timestamp>,
    pub detail: Option<String>,
}

/// The vendors of the skill, by the names it gives them, in its order.
const SKILL_NAMES: [(&str, &str); 6] = [
    ("minimax", "minimax"),
    ("google", "gemini_flash"),
    ("zai", "glm"),
    ("kimi", "kimi"),
    ("anthropic", "anthropic"),
    ("openai", "openai"),
];

/// The name a vendor has in the skill's files.
#[must_use]
pub fn skill_name(vendor: &VendorId) -> &str {
    SKILL_NAMES.iter().find(|(id, _)| *id == vendor.as_str()).map_or(vendor.as_str(), |(_, name)| name)
}

/// The word of the skill's files for a health; `None` is a vendor that is not set up.
#[must_use]
pub fn state_word(health: Option<&Health>) -> &'static str {
    match health {
        None => "no_key",
        Some(Health::Unknown) => "unknown",
        Some(Health::Up | Health::Strained) => "up",
        Some(Health::LimitHit { .. } | Health::RateLimited) => "rate_limited",
        Some(Health::Overloaded) => "overloaded",
        Some(Health::RefusedKey) => "session_expired",
        Some(Health::OutOfBalance | Health::ByHand { .. }) => "down",
        Some(Health::Unreachable) => "unreachable",
    }
}

pub(super) fn mode_word(mode: OutageLevel) -> &'static str {
    match mode {
        OutageLevel::Healthy => "healthy",
        OutageLevel::Degraded => "degraded",
        OutageLevel::Crisis => "crisis",
    }
}

/// A moment as the files carry it: to the second.
pub(super) fn moment_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl StatusReport {
    /// Gathers what is known; the vendors of the chains and the skill's own six are always in it.
    #[must_use]
    pub fn of(fleet: &Fleet, settings: &Settings, catalog: &Catalog, mode: OutageLevel, now: Timestamp) -> Self {
        let listed = catalog.accounts();
        let mut vendors: BTreeSet<VendorId> = SKILL_NAMES.iter().map(|(id, _)| VendorId::new(id)).collect();
        vendors.extend(settings.routes.values().map(|route| route.vendor.clone()));
        let report = |vendor: &VendorId| vendor_report(vendor, &listed, fleet, settings);
        let tier_models = Tier::ALL.map(|tier| (tier, tier_model(tier, fleet, settings, catalog)));
        Self {
            checked_at: now,
            mode,
            vendors: vendors.iter().map(|vendor| (vendor.clone(), report(vendor))).collect(),
            tier_models: tier_models.into(),
        }
    }
}

fn vendor_report(vendor: &VendorId, listed: &[AccountId], fleet: &Fleet, settings: &Settings) -> VendorReport {
    let unknown = Vital::default();
    let accounts = listed.iter().filter(|account| vendor_of(account) == *vendor);
    let best = accounts.map(|account| fleet.accounts.get(account).unwrap_or(&unknown)).min_by_key(|vital| rank(vital));
    let models = settings.routes.values().filter(|route| route.vendor == *vendor).find_map(|route| route.model.clone());
    VendorReport {
        health: best.map(|vital| vital.health.clone()),
        model: models,
        observed_at: best.and_then(|vital| vital.observed_at),
        detail: best.and_then(|vital| vital.said.as_ref()?.quote.clone()),
    }
}

/// Better first.
fn rank(vital: &Vital) -> u8 {
    match vital.health {
        Health::Up => 0,
        Health::Strained => 1,
        Health::Unknown => 2,
        Health::Overloaded | Health::RateLimited => 3,
        Health::LimitHit { .. } => 4,
        Health::Unreachable | Health::ByHand { .. } => 5,
        Health::RefusedKey => 6,
        Health::OutOfBalance => 7,
    }
}

/// The first route of the chain that is listed and not known to fail.
fn tier_model(tier: Tier, fleet: &Fleet, settings: &Settings, catalog: &Catalog) -> Option<ModelRef> {
    let model = |key: &RouteKey| settings.routes.get(key)?.model.clone().filter(|model| catalog.lists(model));
    let fails = |model: &ModelRef| {
        let own = fleet.models.get(model).is_some_and(|vital| vital.health.fails());
        own || fleet.accounts.get(&model.account()).is_some_and(|vital| vital.health.fails())
    };
    settings.chain(tier).routes.iter().filter_map(model).find(|model| !fails(model))
}

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

pub(super) fn is_available(word: &str) -> bool {
    matches!(word, "up" | "assumed_up")
}

/// The skill's six in its order, then the others by name.
pub(super) fn in_skill_order<T>(vendors: &BTreeMap<VendorId, T>) -> Vec<(&VendorId, &T)> {
    let place = |vendor: &VendorId| SKILL_NAMES.iter().position(|(id, _)| *id == vendor.as_str()).unwrap_or(usize::MAX);
    let mut ordered: Vec<_> = vendors.iter().collect();
    ordered.sort_by_key(|(vendor, _)| place(vendor));
    ordered
}

fn put_vendor(fields: &mut Map<String, Value>, name: &str, seen: &VendorReport, is_nested: bool, is_new: bool) {
    let word = state_word(seen.health.as_ref());
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
        None if seen.health.is_none() && !is_new => {}
        None if is_nested => {
            let model = seen.model.as_ref().map(ModelRef::as_str);
            fields.insert(name.to_owned(), json!({"status": word, "model": model}));
        }
        None => {
            fields.insert(name.to_owned(), Value::from(word));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(words: &[(&str, Option<Health>)]) -> StatusReport {
        let vendor = |(name, health): &(&str, Option<Health>)| {
            let seen = VendorReport {
                health: health.clone(),
                model: Some(ModelRef::of(name, "new")),
                observed_at: None,
                detail: None,
            };
            (VendorId::new(name), seen)
        };
        StatusReport {
            checked_at: "2026-11-23T07:00:00.5Z".parse().unwrap(),
            mode: OutageLevel::Degraded,
            vendors: words.iter().map(vendor).collect(),
            tier_models: BTreeMap::from([
                (Tier::T1, Some(ModelRef::of("kimi", "k3"))),
                (Tier::T2, None),
                (Tier::T3, Some(ModelRef::of("anthropic", "opus"))),
            ]),
        }
    }

    #[test]
    fn the_flat_shape_stays_flat_and_keeps_what_is_unknown() {
        let root = json!({
            "minimax": "up", "gemini_flash": "assumed_up", "glm": "up", "other": "up", "available_count": 4,
            "tier1_model": "x", "checked_at": "2026-01-01T00:00:00Z", "mode": "healthy", "host": "mini"
        });
        let seen = [
            ("minimax", Some(Health::OutOfBalance)),
            ("google", Some(Health::Unknown)),
            ("zai", Some(Health::LimitHit { resets_at: None })),
            ("openai", None),
            ("kimi", Some(Health::Strained)),
        ];
        let expected = json!({
            "minimax": "down", "gemini_flash": "assumed_up", "glm": "rate_limited", "other": "up", "available_count": 3,
            "tier1_model": "kimi/k3", "checked_at": "2026-11-23T07:00:00Z", "mode": "degraded", "host": "mini",
            "kimi": "up", "tier2_model": "NONE", "tier3_model": "anthropic/opus"
        });
        assert_eq!(patched(&root, &report(&seen)), expected);
    }

    #[test]
    fn the_older_nested_shape_stays_nested() {
        let root = json!({
            "minimax": {"status": "up", "model": "old", "latency": 3}, "kimi": {"status": "assumed_up", "model": "k"},
            "lastCheck": "2026-01-01T00:00:00Z", "availableCount": 2
        });
        let seen = [("minimax", Some(Health::RefusedKey)), ("kimi", Some(Health::Unknown)), ("zai", Some(Health::Up))];
        let expected = json!({
            "minimax": {"status": "session_expired", "model": "minimax/new", "latency": 3},
            "kimi": {"status": "assumed_up", "model": "k"},
            "lastCheck": "2026-11-23T07:00:00Z", "availableCount": 2,
            "glm": {"status": "up", "model": "zai/new"}
        });
        assert_eq!(patched(&root, &report(&seen)), expected);
    }

    #[test]
    fn every_health_has_a_word_of_the_skill() {
        let cases = [
            (None, "no_key"),
            (Some(Health::Unknown), "unknown"),
            (Some(Health::Up), "up"),
            (Some(Health::Strained), "up"),
            (Some(Health::LimitHit { resets_at: None }), "rate_limited"),
            (Some(Health::Overloaded), "overloaded"),
            (Some(Health::RefusedKey), "session_expired"),
            (Some(Health::OutOfBalance), "down"),
            (Some(Health::Unreachable), "unreachable"),
        ];
        for (health, word) in cases {
            assert_eq!(state_word(health.as_ref()), word);
            assert!(is_state(&Value::from(word)));
        }
    }
}
