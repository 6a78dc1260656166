//! What all plans of one moment stand on: the chains, the outage and the routes are the same whether a crisis is
//! entered, left, or nothing of the kind, and are worked out once.

use std::collections::BTreeMap;

use super::chain::ChainsNow;
use super::outage::outage;
use crate::domain::{ModelRef, Observation, Outage, RouteKey, Settings};

/// One moment under one set of settings. Its `mode` is no part of it: each plan is asked for with its own.
#[derive(Debug)]
pub struct Ground<'a> {
    pub(super) obs: &'a Observation,
    pub(super) settings: &'a Settings,
    pub(super) chains: ChainsNow<'a>,
    pub(super) outage: Outage,
    pub(super) by_model: BTreeMap<&'a ModelRef, &'a RouteKey>,
}

impl<'a> Ground<'a> {
    #[must_use]
    pub fn new(obs: &'a Observation, settings: &'a Settings) -> Self {
        let mut by_model = BTreeMap::new();
        for (key, route) in &settings.routes {
            if let Some(model) = &route.model {
                by_model.entry(model).or_insert(key);
            }
        }
        Self { obs, settings, chains: ChainsNow::new(obs, settings), outage: outage(obs, settings), by_model }
    }
}
