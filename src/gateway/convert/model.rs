//! Models: the gateway's `models.list`, and the defaults in its configuration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::value::{at, count, flag, moment, text};
use crate::domain::{Catalog, Model, ModelRef};

/// The catalog of an answer to `models.list` and one to `config.get`; the latter may be `null`.
#[must_use]
pub fn catalog_from(list: &Value, config: &Value) -> Catalog {
    let entries = || at(list, "models").as_array().into_iter().flatten();
    let models: BTreeMap<_, _> = entries().filter_map(model).map(|model| (model.id.clone(), model)).collect();
    let tagged = entries().find(|entry| has_tag(entry, "default")).and_then(model_ref);
    let mut catalog = Catalog { models, ..Catalog::default() };

    let agents = at(at(config, "config"), "agents");
    let general = named(&catalog, at(at(agents, "defaults"), "model"));
    let listed: Vec<&Value> = at(agents, "list").as_array().into_iter().flatten().collect();
    for agent in &listed {
        if let (Some(id), Some(model)) = (text(agent, "id"), named(&catalog, at(agent, "model"))) {
            catalog.agent_defaults.insert(id, model);
        }
    }
    // A cron that names no agent belongs to the default one.
    let first = listed.iter().find(|agent| flag(agent, "default") == Some(true)).or(listed.first());
    let own = first.and_then(|agent| catalog.agent_defaults.get(&text(agent, "id")?)).cloned();
    catalog.default_model = own.or(general).or(tagged);
    catalog
}

fn model(entry: &Value) -> Option<Model> {
    let id = model_ref(entry)?;
    Some(Model {
        name: text(entry, "name").unwrap_or_else(|| id.model().to_owned()),
        alias: text(entry, "alias"),
        context_window: count(at(entry, "contextWindow")),
        available: flag(entry, "available").unwrap_or(true),
        unavailable_reason: text(entry, "unavailableReason"),
        unavailable_until: moment(at(entry, "unavailableUntil")),
        id,
    })
}

fn model_ref(entry: &Value) -> Option<ModelRef> {
    let id = text(entry, "id")?;
    match text(entry, "provider") {
        Some(provider) => Some(ModelRef::of(&provider, &id)),
        None => ModelRef::parse(&id),
    }
}

fn has_tag(entry: &Value, tag: &str) -> bool {
    at(entry, "tags").as_array().is_some_and(|tags| tags.iter().any(|found| found.as_str() == Some(tag)))
}

/// A configured model: a text, or an object with a primary one. An alias becomes what it stands for, and
/// a full reference counts even when it is not listed.
fn named(catalog: &Catalog, configured: &Value) -> Option<ModelRef> {
    let name = match configured {
        Value::String(name) => name.clone(),
        other => text(other, "primary")?,
    };
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    catalog.resolve(Some(name), None).or_else(|| ModelRef::parse(name))
}
