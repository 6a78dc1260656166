//! Routes, chains and prices: where a tier's crons may run, in which order, at what cost.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AccountId, ModelRef, RouteKey, Tier, TokenUsage, VendorId};

/// US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub f64);

/// One choice in a chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Short name for a person: "MiniMax", "Flash 3", "Opus".
    pub label: String,
    pub vendor: VendorId,
    /// `None` until it was matched to a model of the gateway.
    pub model: Option<ModelRef>,
    /// The user's own price; else the table's.
    pub price: Option<Price>,
    /// Skipped until then, and never counted as down; its account can be set aside as a whole.
    #[serde(default)]
    pub set_aside_until: Option<jiff::Timestamp>,
}

impl Route {
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.model.as_ref().map(ModelRef::account)
    }
}

/// A tier's ordered routes; after the last comes pause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    #[serde(default)]
    pub order: ChainOrder,
    pub routes: Vec<RouteKey>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainOrder {
    /// As the user listed them.
    #[default]
    Listed,
    /// "Cheapest available": by output price, then by listing.
    Cheapest,
    /// "Smartest available": by capability, then by listing.
    Smartest,
}

/// US dollars for one million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub input: Usd,
    pub output: Usd,
}

impl Price {
    /// What these tokens cost. `None` when it is not known how many were read and how many written.
    #[must_use]
    pub fn of(&self, used: TokenUsage) -> Option<Usd> {
        let cost = self.input.0 * used.input as f64 + self.output.0 * used.output as f64;
        (used.input + used.output > 0).then_some(Usd(cost / 1e6))
    }
}

/// What is known of a model's price and strength.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Matched without case against the part of a reference after its provider: the entry whose
    /// pattern is the longest one contained in it wins.
    pub pattern: String,
    pub vendor: VendorId,
    pub price: Price,
    /// 0 to 100; only the order matters.
    pub capability: u8,
}

/// Editable prices and capabilities, with the day they were looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceTable {
    pub as_of: Date,
    pub models: Vec<ModelFacts>,
}

impl ModelFacts {
    fn is_of(&self, name: &[u8]) -> bool {
        let pattern = self.pattern.as_bytes();
        pattern.is_empty() || name.windows(pattern.len()).any(|part| part.eq_ignore_ascii_case(pattern))
    }
}

impl PriceTable {
    #[must_use]
    pub fn facts(&self, model: &ModelRef) -> Option<&ModelFacts> {
        let name = model.model().as_bytes();
        self.models.iter().filter(|facts| facts.is_of(name)).max_by_key(|facts| facts.pattern.len())
    }
}

/// The chains of the three tiers.
pub type Chains = BTreeMap<Tier, Chain>;
