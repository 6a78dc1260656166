//! Advice is a plan like any other: prepared here, shown, and applied by the same job.
//!
//! Invariant: where crons are sent is in the mapping before the first of them is written. So the ordinary plan wants
//! what the job writes: a line is checked, retried and taken up after a crash like every other, and nothing is
//! proposed to go back before its time.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use super::super::effect::Effect;
use super::apply;
use super::edit::{self, Entries};
use super::undo::{Offer, TakesBack};
use crate::domain::{Change, CronId, Detour, Detours, Plan, Reason, Refusal, Staggers, TierEntry};
use crate::policy;

/// Offers a plan that sends these crons where they are to go for a while.
pub fn offer(world: &mut World, detours: &Detours, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    make_offer(world, |world| policy::advised_plan(detours, &world.observation(now), &world.planning))
}

/// Offers a plan that gives these crons these staggers.
pub fn offer_apart(world: &mut World, staggers: &Staggers, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    if !world.settings.distribution.edits_schedules {
        return Err(Refusal::SchedulesStay);
    }
    make_offer(world, |world| policy::staggered_plan(staggers, &world.observation(now), &world.planning))
}

fn make_offer(world: &mut World, plan: impl Fn(&World) -> Plan) -> Result<Vec<Effect>, Refusal> {
    if !world.ready() || !world.connected() {
        return Err(Refusal::NotConnected);
    }
    let mut plan = plan(world);
    plan.writes = apply::writes_used(world.write_window);
    if plan.changes.is_empty() {
        return Err(Refusal::NothingToDo);
    }
    world.offer = Some(Offer { plan: Arc::new(plan), takes_back: TakesBack::new() });
    world.dirty.shown = true;
    Ok(Vec::new())
}

/// Notes where the lines that are carried out send their crons, whatever plan they are of.
pub(super) fn note(world: &mut World, plan: &Plan, asked: &BTreeSet<&CronId>) -> Vec<Effect> {
    let sent = |change: &Change| match &change.reason {
        Reason::Detour { route, until } => Some(Detour { route: route.clone(), until: *until }),
        _ => None,
    };
    let mut entries = Entries::new();
    for change in plan.changes.iter().filter(|change| asked.contains(&change.cron)) {
        let Some((detour, entry)) = sent(change).zip(world.tiers.get(&change.cron)) else { continue };
        if entry.detour.as_ref() != Some(&detour) {
            entries.insert(change.cron.clone(), Some(TierEntry { detour: Some(detour), ..entry.clone() }));
        }
    }
    if entries.is_empty() { Vec::new() } else { edit::put(world, None, entries) }
}
