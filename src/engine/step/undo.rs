//! Undo is a plan like any other: prepared here, shown, and applied by the same job.
//!
//! Invariant: it takes back everything in its scope that still stands. The faces see only the
//! newest switches, so the history is asked for all of them first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::{Done, Event, Ticket, UndoScope, World};
use super::apply;
use crate::domain::{Cause, CronId, Plan, PlanId, ProblemKind, Refusal, Switch, SwitchId};
use crate::policy;

/// A plan that was asked for, with what follows when it is carried out.
#[derive(Debug)]
pub struct Offer {
    pub(in super::super) plan: Arc<Plan>,
    pub(super) takes_back: TakesBack,
}

/// The switches that a plan takes back, for each cron oldest first.
pub(super) type TakesBack = BTreeMap<CronId, Vec<Switch>>;

/// Asks for the switches in `scope`; [`offer_read`] goes on with them.
pub fn prepare(world: &World, ticket: Ticket, scope: UndoScope) -> Result<Vec<Effect>, Refusal> {
    if !world.ready() {
        return Err(Refusal::NotConnected);
    }
    // What is known here may not be in the history, when that could not be written.
    let newest = || world.switches.iter().find(|switch| stands(switch) && switch.cause != Cause::Undo);
    let scope = match scope {
        UndoScope::Last => newest().map_or(UndoScope::Last, |newest| UndoScope::Plan(newest.plan.clone())),
        named => named,
    };
    Ok(vec![Effect::Store(Box::new(StoreOp::ReadSwitches { session: world.session, ticket, scope }))])
}

/// The history has told: offers a plan that takes back what still stands.
pub fn offer_read(
    world: &mut World,
    session: u64,
    ticket: Ticket,
    scope: &UndoScope,
    result: Result<Vec<Switch>, ProblemKind>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    if session != world.session || !world.ready() {
        return Err(Refusal::NotConnected);
    }
    let told = result.map_err(Refusal::Problem)?;
    let scope = match scope {
        UndoScope::Named(name) => meant(name, told.iter().chain(world.switches.iter()))?,
        exact => exact.clone(),
    };
    let mut switches = with_known(world, &scope, told);
    switches.retain(stands);
    let of = match scope {
        UndoScope::Plan(plan) => plan,
        UndoScope::Switch(id) => {
            switches.retain(|switch| switch.cause != Cause::Undo);
            let named = switches.first().ok_or_else(|| unknown(id.as_str()))?;
            named.plan.clone()
        }
        UndoScope::Last | UndoScope::Named(_) => switches.first().ok_or(Refusal::NothingToDo)?.plan.clone(),
    };
    if switches.is_empty() {
        return Err(unknown(of.as_str()));
    }
    offer(world, &of, &switches, now)?;
    Ok(vec![Effect::Emit(Event::Done { ticket, what: Done::Quietly })])
}

/// The plan or the switch whose id is `name`, else the only one whose id begins so.
fn meant<'a>(name: &str, switches: impl Iterator<Item = &'a Switch>) -> Result<UndoScope, Refusal> {
    let (mut plans, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for switch in switches {
        plans.extend(Some(&switch.plan).filter(|plan| plan.as_str().starts_with(name)));
        ids.extend(Some(&switch.id).filter(|id| id.as_str().starts_with(name)));
    }
    // A whole id comes first among those that begin with it.
    let (plan, id) = (plans.first().copied(), ids.first().copied());
    match (plan, id) {
        (Some(plan), _) if plan.as_str() == name || (plans.len() == 1 && ids.is_empty()) => {
            Ok(UndoScope::Plan(plan.clone()))
        }
        (_, Some(id)) if id.as_str() == name || (ids.len() == 1 && plans.is_empty()) => {
            Ok(UndoScope::Switch(id.clone()))
        }
        (None, None) => Err(unknown(name)),
        _ => Err(Refusal::AmbiguousSwitch {
            name: name.to_owned(),
            plans: plans.into_iter().cloned().collect(),
            switches: ids.into_iter().cloned().collect(),
        }),
    }
}

/// Offers a plan that takes back these switches of one plan.
pub(super) fn offer(world: &mut World, of: &PlanId, switches: &[Switch], now: Timestamp) -> Result<(), Refusal> {
    let others = world.switches.iter().filter(|switch| switch.plan != *of);
    let all: Vec<Switch> = switches.iter().chain(others).cloned().collect();
    let mut plan = policy::undo_plan(&all, of, &world.observation(now), &world.planning);
    plan.writes = apply::writes_used(world.write_window);
    if plan.changes.is_empty() {
        return Err(Refusal::NothingToDo);
    }
    world.offer = Some(Offer { plan: Arc::new(plan), takes_back: by_cron(switches.to_vec()) });
    world.dirty.shown = true;
    Ok(())
}

pub(super) fn by_cron(switches: Vec<Switch>) -> TakesBack {
    let mut by_cron = TakesBack::new();
    for switch in switches {
        by_cron.entry(switch.cron.clone()).or_default().push(switch);
    }
    by_cron
}

/// What the history told, and what only we know because it could not be written.
fn with_known(world: &World, scope: &UndoScope, told: Vec<Switch>) -> Vec<Switch> {
    let last = told.first().map(|switch| switch.plan.clone());
    let in_scope = |switch: &&Switch| match scope {
        UndoScope::Plan(plan) => switch.plan == *plan,
        UndoScope::Switch(id) => switch.id == *id,
        UndoScope::Last | UndoScope::Named(_) => Some(&switch.plan) == last.as_ref(),
    };
    let mut told: BTreeMap<SwitchId, Switch> =
        told.into_iter().filter(|switch| in_scope(&switch)).map(|switch| (switch.id.clone(), switch)).collect();
    for known in world.switches.iter().filter(in_scope) {
        let switch = told.entry(known.id.clone()).or_insert_with(|| known.clone());
        switch.undone_by = switch.undone_by.take().or_else(|| known.undone_by.clone());
    }
    let mut switches: Vec<Switch> = told.into_values().collect();
    switches.sort_by_key(|switch| switch.at);
    switches
}

fn stands(switch: &Switch) -> bool {
    switch.undone_by.is_none()
}

fn unknown(name: &str) -> Refusal {
    Refusal::UnknownSwitch { name: name.to_owned() }
}
