//! Which crons carry an edit of the user that is not applied yet.
//!
//! Invariant: an edit is a wish that differs from the one under which the cron was left alone last.
//! Whoever goes back to that one, by undo or by hand, has edited nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use crate::domain::{Chain, CronId, ModelRef, Pin, Price, Settings, Tier, Usd};

/// What the user wishes for one cron, as far as a plan follows it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pinned: Option<Pin>,
    held: bool,
    /// `None`: unsorted.
    rules: Option<Arc<Rules>>,
}

/// What the settings say about the crons of one tier.
#[derive(Debug, PartialEq)]
struct Rules {
    tier: Tier,
    chain: Chain,
    /// For each route of the chain what decides about it; `None` where there is no such route.
    routes: Vec<Option<RouteNow>>,
    guard: Option<Usd>,
}

type RouteNow = (Option<ModelRef>, Option<Price>, Option<Timestamp>);

impl Rules {
    fn of(settings: &Settings, tier: Tier) -> Arc<Self> {
        let chain = settings.chain(tier).clone();
        let route = |key| {
            let route = settings.routes.get(key)?;
            Some((route.model.clone(), route.price, route.set_aside_until))
        };
        let routes = chain.routes.iter().map(route).collect();
        Arc::new(Self { tier, routes, chain, guard: settings.cost_guard.get(&tier).copied() })
    }
}

/// The wishes for these crons, to be compared by [`mark`] after a change.
pub fn wishes<'a>(world: &World, crons: impl IntoIterator<Item = &'a CronId>) -> BTreeMap<CronId, Wish> {
    wishes_under(&world.settings, world, crons)
}

/// The same as if these were the settings.
pub fn wishes_under<'a>(
    settings: &Settings,
    world: &World,
    crons: impl IntoIterator<Item = &'a CronId>,
) -> BTreeMap<CronId, Wish> {
    let rules = Tier::ALL.map(|tier| Rules::of(settings, tier));
    let wish = |id: &CronId| match world.tiers.get(id) {
        None => Wish { pinned: None, held: false, rules: None },
        Some(entry) => Wish {
            pinned: entry.pinned.clone(),
            held: entry.hold.is_some(),
            rules: rules.iter().find(|rules| rules.tier == entry.tier).cloned(),
        },
    };
    crons.into_iter().map(|id| (id.clone(), wish(id))).collect()
}

/// Marks the crons whose wish is another one than `before`, and unmarks those that are back.
pub fn mark(world: &mut World, before: BTreeMap<CronId, Wish>) {
    let mut now = wishes(world, before.keys());
    let edited = Arc::make_mut(&mut world.edited);
    for (id, was) in before {
        let Some(is) = now.remove(&id).filter(|is| *is != was) else { continue };
        if world.unedited.get(&id) == Some(&is) {
            world.unedited.remove(&id);
            edited.remove(&id);
        } else if edited.insert(id.clone()) {
            world.unedited.entry(id).or_insert(was);
        }
    }
}

/// The cron was written: what it was before is no way back any more. Says whether it was edited.
pub fn applied(world: &mut World, cron: &CronId) -> bool {
    world.unedited.remove(cron);
    world.edited.contains(cron) && Arc::make_mut(&mut world.edited).remove(cron)
}
