//! The models a gateway lists, and what a stored model name really means there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, ModelRef};

/// One entry of `models.list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub id: ModelRef,
    /// For a person, such as "Gemini 3 Flash".
    pub name: String,
    pub alias: Option<String>,
    /// In tokens.
    pub context_window: Option<u64>,
    /// `true` proves nothing; `false` comes with a reason.
    pub available: bool,
    /// `cooldown`, or another word of the gateway.
    pub unavailable_reason: Option<String>,
    pub unavailable_until: Option<Timestamp>,
}

impl Model {
    /// Listed by its bare id, and available.
    #[must_use]
    pub fn new(id: ModelRef) -> Self {
        Self {
            name: id.model().to_owned(),
            id,
            alias: None,
            context_window: None,
            available: true,
            unavailable_reason: None,
            unavailable_until: None,
        }
    }

    /// The gateway can reach its account; a cooldown passes by itself.
    #[must_use]
    pub fn reachable(&self) -> bool {
        self.available
            || self.unavailable_until.is_some()
            || self.unavailable_reason.as_deref().is_none_or(|reason| reason == "cooldown")
    }
}

/// What a gateway offers. Look-ups are by full reference; order is that of the references.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    pub models: BTreeMap<ModelRef, Model>,
    /// The model of a cron that names none.
    pub default_model: Option<ModelRef>,
    /// Where an agent's default differs from the general one.
    pub agent_defaults: BTreeMap<String, ModelRef>,
}

impl Catalog {
    /// What a cron's stored name runs as: itself when listed, else the model with that alias,
    /// else the only model with that bare id, else the agent's default for a missing name.
    ///
    /// `None` when the gateway lists nothing of the kind.
    #[must_use]
    pub fn resolve(&self, stored: Option<&str>, agent: Option<&str>) -> Option<ModelRef> {
        let Some(stored) = stored.map(str::trim).filter(|name| !name.is_empty()) else {
            let own = agent.and_then(|agent| self.agent_defaults.get(agent));
            return own.or(self.default_model.as_ref()).cloned();
        };
        if let Some(listed) = ModelRef::parse(stored).filter(|model| self.models.contains_key(model)) {
            return Some(listed);
        }
        let by_alias = |model: &&Model| model.alias.as_deref() == Some(stored);
        if let Some(model) = self.models.values().find(by_alias) {
            return Some(model.id.clone());
        }
        let mut bare = self.models.values().filter(|model| model.id.model() == stored);
        match (bare.next(), bare.next()) {
            (Some(only), None) => Some(only.id.clone()),
            _ => None,
        }
    }

    #[must_use]
    pub fn lists(&self, model: &ModelRef) -> bool {
        self.models.contains_key(model)
    }

    /// The gateway lists the model and can reach its account.
    #[must_use]
    pub fn sets_up(&self, model: &ModelRef) -> bool {
        self.models.get(model).is_some_and(Model::reachable)
    }

    /// Some model of the account is set up.
    #[must_use]
    pub fn sets_up_account(&self, account: &AccountId) -> bool {
        self.models.values().any(|model| model.id.provider() == account.as_str() && model.reachable())
    }

    /// The accounts behind the listed models, in order, each once.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<_> = self.models.keys().map(ModelRef::account).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }
}
