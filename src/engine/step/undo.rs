//! Undo is a plan like any other: prepared here, shown, and applied by the same job.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::{UndoScope, World};
use crate::domain::{PlanId, Refusal, Switch};
use crate::policy;

/// Offers a plan that takes back the switches in `scope` that still stand.
pub fn prepare(world: &mut World, scope: &UndoScope, now: Timestamp) -> Result<(), Refusal> {
    if !world.ready() {
        return Err(Refusal::NotConnected);
    }
    let stands = |switch: &&Switch| switch.undone_by.is_none() && switch.cause != crate::domain::Cause::Undo;
    let (of, switches): (PlanId, Vec<Switch>) = match scope {
        UndoScope::Switch(id) => {
            let named = world.switches.iter().find(|switch| switch.id == *id);
            let switch = named.filter(stands).ok_or_else(|| unknown(id.as_str()))?;
            (switch.plan.clone(), vec![switch.clone()])
        }
        UndoScope::Plan(plan) => (plan.clone(), of_plan(world, plan)),
        UndoScope::Last => {
            let newest = world.switches.iter().find(stands).ok_or(Refusal::NothingToDo)?;
            (newest.plan.clone(), of_plan(world, &newest.plan.clone()))
        }
    };
    if switches.is_empty() {
        return Err(unknown(of.as_str()));
    }
    let plan = policy::undo_plan(&switches, &of, &world.observation(now), &world.effective);
    if plan.changes.is_empty() {
        return Err(Refusal::NothingToDo);
    }
    world.undo_plan = Some(Arc::new(plan));
    world.dirty.shown = true;
    Ok(())
}

fn of_plan(world: &World, plan: &PlanId) -> Vec<Switch> {
    world.switches.iter().filter(|switch| switch.plan == *plan && switch.undone_by.is_none()).cloned().collect()
}

fn unknown(name: &str) -> Refusal {
    Refusal::UnknownSwitch { name: name.to_owned() }
}
