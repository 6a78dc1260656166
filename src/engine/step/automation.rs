//! What is done without being asked: only what health causes, only within the limits, only after a look.

use jiff::Timestamp;

use super::super::World;
use super::super::effect::Effect;
use crate::domain::Refusal;

pub fn now(_world: &mut World, _now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    Err(Refusal::NothingToDo)
}

pub fn settle(_world: &mut World, _now: Timestamp) -> Vec<Effect> {
    Vec::new()
}
