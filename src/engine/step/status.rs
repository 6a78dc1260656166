//! What the status files say to the older scripts: each vendor by its better account, each tier's model.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::World;
use crate::domain::{Health, ModelRef, RouteKey, Tier, VendorId, vendor_of};
use crate::state::status::{StatusReport, VendorReport};

pub fn report(world: &World, now: Timestamp) -> StatusReport {
    let mut vendors = BTreeMap::<VendorId, VendorReport>::new();
    for (account, vital) in &world.fleet.accounts {
        let better = VendorReport {
            health: Some(vital.health.clone()),
            model: None,
            observed_at: vital.observed_at,
            detail: vital.detail.clone(),
        };
        let vendor = vendors.entry(vendor_of(account)).or_insert_with(|| better.clone());
        if rank(better.health.as_ref()) > rank(vendor.health.as_ref()) {
            *vendor = better;
        }
    }
    for route in world.effective.routes.values() {
        let listed = route.model.clone().filter(|model| world.catalog.lists(model));
        let health = listed.is_some().then_some(Health::Unknown);
        let vendor = vendors.entry(route.vendor.clone()).or_insert(VendorReport {
            health,
            model: None,
            observed_at: None,
            detail: None,
        });
        if vendor.model.is_none() {
            vendor.model = listed;
        }
    }
    let tier_models = Tier::ALL.into_iter().map(|tier| (tier, tier_model(world, tier))).collect();
    StatusReport { checked_at: now, mode: world.plan.outage.level, vendors, tier_models }
}

/// The better of two accounts speaks for the vendor.
fn rank(health: Option<&Health>) -> u8 {
    match health {
        Some(health) if health.serves() => 3,
        Some(Health::Unknown) => 2,
        Some(_) => 1,
        None => 0,
    }
}

/// Where the tier's crons go: the first route of its chain that nothing speaks against.
fn tier_model(world: &World, tier: Tier) -> Option<ModelRef> {
    let works = |key: &RouteKey| {
        let model = world.effective.routes.get(key)?.model.clone()?;
        let account_fails = world.fleet.accounts.get(&model.account()).is_some_and(|vital| vital.health.fails());
        let model_fails = world.fleet.models.get(&model).is_some_and(|vital| vital.health.fails());
        (world.catalog.lists(&model) && !account_fails && !model_fails).then_some(model)
    };
    world.effective.chain(tier).routes.iter().find_map(works)
}
