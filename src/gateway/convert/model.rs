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
    let general = named(&catalog, at(at(agents, "defaults"), "model")).or(tagged);
    let listed: Vec<&Value> = at(agents, "list").as_array().into_iter().flatten().collect();
    let follows = |agent: &Value| named(&catalog, at(agent, "model")).or_else(|| general.clone());
    // A cron that names no agent belongs to the default one.
    let first = listed.iter().find(|agent| flag(agent, "default") == Some(true)).or(listed.first());
    let default_model = first.map_or_else(|| general.clone(), |agent| follows(agent));
    let own = listed.iter().filter_map(|agent| Some((text(agent, "id")?, follows(agent)?)));
    let agent_defaults = own.filter(|(_, model)| Some(model) != default_model.as_ref()).collect();
    catalog.default_model = default_model;
    catalog.agent_defaults = agent_defaults;
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::catalog_from;
    use crate::domain::{Catalog, ModelRef};

    fn recorded(file: &str) -> Value {
        let file: Value = serde_json::from_str(file).expect("is JSON");
        file["frames"][1]["frame"]["payload"].clone()
    }

    fn models() -> Value {
        json!({ "models": [
            { "id": "a-large", "provider": "alpha", "name": "Alpha Large", "alias": "big", "tags": ["default"] },
            { "id": "a-small", "provider": "alpha", "alias": "small" },
            { "id": "b-opus", "provider": "beta" },
        ] })
    }

    fn catalog(agents: &Value) -> Catalog {
        catalog_from(&models(), &json!({ "config": { "agents": agents } }))
    }

    fn reference(text: &str) -> Option<ModelRef> {
        ModelRef::parse(text)
    }

    #[test]
    fn a_recorded_catalog_has_its_cooldowns_and_its_default() {
        let list = recorded(include_str!("../../../tests/recorded/gateway/models-list.json"));
        let config = recorded(include_str!("../../../tests/recorded/gateway/config-get.json"));
        let catalog = catalog_from(&list, &config);
        assert_eq!(catalog.models.len(), list["models"].as_array().map_or(0, Vec::len));
        assert_eq!(catalog.default_model, reference("alpha/a-large"));
        let cooling: Vec<_> = catalog.models.values().filter(|model| !model.available).collect();
        assert!(!cooling.is_empty());
        for model in cooling {
            assert_eq!(model.unavailable_reason.as_deref(), Some("cooldown"), "{}", model.id);
            assert!(model.unavailable_until.is_some(), "{}", model.id);
        }
    }

    #[test]
    fn the_default_comes_from_the_configuration_else_from_the_list() {
        let cases = [
            (json!({"defaults": {"model": {"primary": "beta/b-opus"}}}), "beta/b-opus", "an object"),
            (json!({"defaults": {"model": "beta/b-opus"}}), "beta/b-opus", "a text"),
            (json!({"defaults": {"model": " small "}}), "alpha/a-small", "an alias"),
            (json!({"defaults": {"model": "b-opus"}}), "beta/b-opus", "a bare id"),
            (json!({"defaults": {"model": "gone/model"}}), "gone/model", "a model that is not listed"),
            (json!({"defaults": {"model": {"fallbacks": []}}}), "alpha/a-large", "no primary: the tag"),
            (json!({}), "alpha/a-large", "no defaults: the tag"),
            (json!(7), "alpha/a-large", "nonsense: the tag"),
        ];
        for (agents, expected, why) in cases {
            assert_eq!(catalog(&agents).default_model, reference(expected), "{why}");
        }
        assert_eq!(catalog_from(&models(), &Value::Null).default_model, reference("alpha/a-large"));
        assert_eq!(catalog_from(&Value::Null, &Value::Null), Catalog::default());
    }

    #[test]
    fn agents_have_defaults_of_their_own() {
        let catalog = catalog(&json!({
            "defaults": {"model": "alpha/a-large"},
            "list": [{"id": "ops", "model": "small"}, {"id": "main", "default": true, "model": {"primary": "beta/b-opus"}},
                {"id": "plain"}],
        }));
        assert_eq!(catalog.resolve(None, Some("ops")), reference("alpha/a-small"));
        assert_eq!(catalog.resolve(None, Some("main")), reference("beta/b-opus"));
        assert_eq!(catalog.resolve(None, None), reference("beta/b-opus"), "no agent means the default one");
        assert_eq!(catalog.resolve(None, Some("plain")), reference("alpha/a-large"), "the general one");
        assert_eq!(catalog.agent_defaults.get("main"), None, "only those that differ are kept");
    }

    #[test]
    fn entries_that_name_no_model_are_left_out() {
        let list = json!({ "models": [7, {}, {"id": "x"}, {"id": "p/x"}, {"id": "y", "provider": "p"}] });
        let catalog = catalog_from(&list, &Value::Null);
        assert_eq!(catalog.models.keys().map(ModelRef::as_str).collect::<Vec<_>>(), ["p/x", "p/y"]);
        assert!(catalog.models.values().all(|model| model.available), "not said is not unavailable");
    }
}
