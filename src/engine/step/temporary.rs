//! Models that a person adds for a while.

use std::sync::Arc;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Receipt;
use super::super::{Ticket, World};
use super::edit;
use crate::domain::{Refusal, TemporaryModel};

/// Adds, changes or takes out a temporary model: saved to `provider-tracking.json`.
pub fn put(
    world: &mut World,
    ticket: Ticket,
    id: String,
    model: Option<TemporaryModel>,
) -> Result<Vec<Effect>, Refusal> {
    edit::may_save(world)?;
    let temporary = Arc::make_mut(&mut world.temporary);
    let place = temporary.iter().position(|known| known.id == id);
    match (model.clone(), place) {
        (Some(model), Some(place)) => temporary[place] = model,
        (Some(model), None) => temporary.push(model),
        (None, Some(place)) => drop(temporary.remove(place)),
        (None, None) => return Err(Refusal::NothingToDo),
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    let receipt = Receipt::Reading { ticket };
    Ok(vec![Effect::Store(Box::new(StoreOp::PutTemporary { id, model, receipt }))])
}
