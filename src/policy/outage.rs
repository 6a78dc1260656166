//! How many vendors are down, and so how bad it is.
//!
//! A vendor counts once, and only when a chain uses it and one of its routes is set up. Unknown
//! routes, routes set aside, short limits and cooldowns never make an outage.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::standing::{Failure, OUTAGE_AFTER, Standing, Weight, later, set_aside, standing};
use crate::domain::{
    AccountId, Health, ModelRef, Observation, Outage, OutageLevel, Route, Settings, Tier, VendorDown, VendorId,
};

/// The level at the moment of the observation.
#[must_use]
pub fn outage(obs: &Observation, settings: &Settings) -> Outage {
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

/// Vendors with a route in the chains that serves, and since when the youngest of them does.
#[must_use]
pub fn vendors_serving(obs: &Observation, settings: &Settings) -> BTreeMap<VendorId, Timestamp> {
    let mut serving = BTreeMap::new();
    for (route, model) in counted(obs, settings) {
        if let Standing::Serving { since } = standing(model, &obs.catalog, &obs.fleet, settings, obs.at) {
            let youngest = serving.entry(route.vendor.clone()).or_insert(Timestamp::MIN);
            *youngest = since.unwrap_or(Timestamp::MIN).max(*youngest);
        }
    }
    serving
}

/// Vendors that can count for the outage level: a chain uses them, and they are set up and not set aside.
#[must_use]
pub fn vendors_counted(obs: &Observation, settings: &Settings) -> BTreeSet<VendorId> {
    counted(obs, settings).map(|(route, _)| route.vendor.clone()).collect()
}

/// The accounts behind the routes of each vendor that fail.
pub(super) fn failing_accounts(obs: &Observation, settings: &Settings) -> BTreeMap<VendorId, BTreeSet<AccountId>> {
    let mut accounts: BTreeMap<VendorId, BTreeSet<AccountId>> = BTreeMap::new();
    for (route, model) in counted(obs, settings) {
        if standing(model, &obs.catalog, &obs.fleet, settings, obs.at).fails() {
            accounts.entry(route.vendor.clone()).or_default().insert(model.account());
        }
    }
    accounts
}

/// Routes of the chains that are set up and not set aside.
fn counted<'a>(obs: &'a Observation, settings: &'a Settings) -> impl Iterator<Item = (&'a Route, &'a ModelRef)> {
    let used = routes_in_chains(settings).into_iter().filter(|route| set_aside(route, settings, obs.at).is_none());
    used.filter_map(|route| Some((route, route.model.as_ref().filter(|model| obs.catalog.sets_up(model))?)))
}

fn failing(obs: &Observation, settings: &Settings) -> BTreeMap<VendorId, Vec<Failure>> {
    let mut failing: BTreeMap<VendorId, Vec<Failure>> = BTreeMap::new();
    let mut may_serve: BTreeSet<VendorId> = BTreeSet::new();
    for (route, model) in counted(obs, settings) {
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

pub(super) fn routes_in_chains(settings: &Settings) -> Vec<&Route> {
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
