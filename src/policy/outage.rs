//! How many vendors are down, and so how bad it is.
//!
//! A vendor counts once, and only when a chain uses it and one of its routes is set up. Unknown
//! routes, routes set aside, short limits and cooldowns never make an outage.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::standing::{Failure, OUTAGE_AFTER, Standing, Weight, later, set_aside, standing};
use crate::domain::{Health, Observation, Outage, OutageLevel, Route, Settings, Tier, VendorDown, VendorId};

/// The level at the moment of the observation.
pub(super) fn outage(obs: &Observation, settings: &Settings) -> Outage {
    if !obs.gateway_reachable {
        return Outage { level: obs.previous_level, down: Vec::new() };
    }
    let failing = failing(obs, settings);
    let lasts =
        |vendor: &VendorId| obs.down_since.get(vendor).is_some_and(|since| later(*since, OUTAGE_AFTER) <= obs.at);
    let down: Vec<VendorDown> = failing
        .into_iter()
        .filter(|(vendor, failures)| conclusive(failures) || lasts(vendor))
        .map(|(vendor, failures)| vendor_down(vendor, &failures, obs))
        .collect();
    Outage { level: level(down.len(), settings), down }
}

/// Vendors whose routes in the chains all fail in a way that would be an outage if it lasted: what
/// [`Observation::down_since`] keeps the first sight of.
#[must_use]
pub fn vendors_failing_at(obs: &Observation, settings: &Settings) -> BTreeSet<VendorId> {
    failing(obs, settings).into_keys().collect()
}

fn failing(obs: &Observation, settings: &Settings) -> BTreeMap<VendorId, Vec<Failure>> {
    let mut failing: BTreeMap<VendorId, Vec<Failure>> = BTreeMap::new();
    let mut may_serve: BTreeSet<VendorId> = BTreeSet::new();
    for route in routes_in_chains(settings) {
        let counted = set_aside(route, settings, obs.at).is_none();
        let Some(model) = route.model.as_ref().filter(|model| counted && obs.catalog.sets_up(model)) else { continue };
        match standing(model, &obs.catalog, &obs.fleet, settings, obs.at) {
            Standing::Failing(failure) if failure.weight == Weight::Never => {}
            Standing::Failing(failure) => failing.entry(route.vendor.clone()).or_default().push(failure),
            _ => {
                may_serve.insert(route.vendor.clone());
            }
        }
    }
    failing.retain(|vendor, _| !may_serve.contains(vendor));
    failing
}

fn routes_in_chains(settings: &Settings) -> Vec<&Route> {
    let keys: BTreeSet<_> = Tier::ALL.into_iter().flat_map(|tier| &settings.chain(tier).routes).collect();
    keys.into_iter().filter_map(|key| settings.routes.get(key)).collect()
}

fn conclusive(failures: &[Failure]) -> bool {
    failures.iter().all(|failure| failure.weight == Weight::Conclusive)
}

fn level(n_down: usize, settings: &Settings) -> OutageLevel {
    match n_down {
        0 => OutageLevel::Healthy,
        n if n >= settings.thresholds.crisis_vendors.max(1) as usize => OutageLevel::Crisis,
        _ => OutageLevel::Degraded,
    }
}

fn vendor_down(vendor: VendorId, failures: &[Failure], obs: &Observation) -> VendorDown {
    let first_back = failures.iter().min_by_key(|failure| failure.back_at.unwrap_or(Timestamp::MAX));
    let since = failures.iter().filter_map(|failure| failure.since).max();
    VendorDown {
        since: since.or_else(|| obs.down_since.get(&vendor).copied()),
        health: first_back.map_or(Health::Unknown, |failure| failure.health.clone()),
        resets_at: first_back.and_then(|failure| failure.back_at),
        vendor,
    }
}
