//! What we owe a cron that we pause: in the ledger before the call, and out of it when given back.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::World;
use super::super::super::effect::{Effect, StoreOp};
use super::job::Line;
use crate::domain::{Change, Cron, LedgerEntry, LedgerReason, Reason};

/// What we will owe for pausing `cron`.
pub(super) fn debt(cron: &Cron, change: &Change, now: Timestamp) -> LedgerEntry {
    let why = match change.reason {
        Reason::PinnedOnDeadRoute { .. } => LedgerReason::PinnedOnDeadRoute,
        _ => LedgerReason::NothingServes,
    };
    LedgerEntry {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        opened_at: now,
        why,
        before: cron.fields(),
        wrote: change.to.clone(),
        revision_before: cron.revision.clone(),
        definition: cron.definition.clone(),
        confirmed: false,
        held: None,
        unknown: serde_json::Map::new(),
    }
}

/// The ledger after a line's outcome, when it changed. A pause whose call got no answer stays owed:
/// it may still be carried out.
pub(super) fn settle_ledger(world: &mut World, line: &Line, verified: bool) -> Option<Arc<crate::domain::Ledger>> {
    let cron = &line.change.cron;
    let entry = world.ledger.get(cron)?;
    let enables = line.change.patch().enabled == Some(true);
    let pauses = line.pauses() && !entry.confirmed;
    if verified && enables || !verified && pauses && !line.unanswered {
        Arc::make_mut(&mut world.ledger).remove(cron);
    } else if verified && pauses {
        if let Some(entry) = Arc::make_mut(&mut world.ledger).get_mut(cron) {
            entry.confirmed = true;
        }
    } else {
        return None;
    }
    Some(world.ledger.clone())
}

/// The debt of a line that was prepared and put back.
pub(super) fn not_begun(world: &mut World, line: &Line) -> Option<Effect> {
    let ledger = settle_ledger(world, line, false)?;
    Some(Effect::Store(Box::new(StoreOp::SaveLedger { ledger })))
}
