//! Crisis mode: entered, left in stages, by a person or by automation within its limits.

use jiff::Timestamp;

use super::super::World;
use super::super::effect::Effect;
use crate::domain::{CronId, PlanId, Refusal};

pub fn enter(_world: &mut World, _plan: &PlanId, _crons: &[CronId], _now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn recover(_world: &mut World, _plan: &PlanId, _crons: &[CronId], _now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn go_on(_world: &mut World, _now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn stay(_world: &mut World, _now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn run_now(_world: &mut World, _crons: &[CronId]) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn dismiss_report(_world: &mut World) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn run_queued(_world: &mut World, cron: &CronId, result: Result<(), String>, _now: Timestamp) -> Vec<Effect> {
    tracing::info!(%cron, ?result, "a run was asked for");
    Vec::new()
}
