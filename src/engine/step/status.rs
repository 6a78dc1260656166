//! The status files, and what the history keeps of the providers: after every round of looks, and
//! whenever something of it is new.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::World;
use super::super::effect::{Effect, StoreOp};
use super::check;
use crate::domain::AccountId;
use crate::policy;
use crate::state::status::{Said, Sight, StatusReport};
use crate::words::{self, AccountSeen, Speech};

pub fn files(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Some(key) = world.status_key() else { return Vec::new() };
    if world.status_written.as_ref() == Some(&key) {
        return Vec::new();
    }
    world.status_written = Some(key);
    let said = world.accounts.keys().map(|id| (id.clone(), in_words(world, id, now))).collect::<BTreeMap<_, _>>();
    let sight = Sight {
        fleet: &world.fleet,
        settings: &world.effective,
        catalog: &world.catalog,
        accounts: &world.accounts,
        looks: &world.looks,
        mode: world.plan.outage.level,
        tier_models: &policy::tier_models(&world.observation(now), &world.effective),
        said: &said,
    };
    let report = StatusReport::of(&sight, now);
    let ops = [
        StoreOp::SaveStatus(Box::new(report)),
        StoreOp::RememberHealth(Arc::clone(&world.fleet)),
        StoreOp::RememberAccounts(Box::new(check::remembered(world))),
    ];
    ops.into_iter().map(|op| Effect::Store(Box::new(op))).collect()
}

/// In UTC: the files are read on other computers, too.
fn in_words(world: &World, id: &AccountId, now: Timestamp) -> Said {
    let speech = Speech { now, zone: &TimeZone::UTC, settings: &world.effective, catalog: &world.catalog };
    let account = &world.accounts[id];
    let windows = world.fleet.windows.get(id).map_or(&[][..], Vec::as_slice);
    let seen = AccountSeen {
        account,
        vital: world.fleet.vital_of(id, world.effective.routed(id)),
        look: world.looks.accounts.get(id),
        windows,
        set_up: world.catalog.sets_up_account(id),
    };
    let state = words::account_state(&seen, &speech);
    let used: Vec<String> =
        windows.iter().map(|window| format!("{} {}", words::window_name(window), words::window_used(window))).collect();
    Said { headline: Some(state.headline), usage: (!used.is_empty()).then(|| used.join(", ")) }
}
