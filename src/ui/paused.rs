//! Who switched a cron off, and what is owed back.

use crate::domain::{Cron, LedgerReason};
use crate::engine::Snapshot;
use crate::words::Owed;

/// Why a cron does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PausedBy {
    /// This program; its ledger knows what it was before.
    Us,
    /// This program, in crisis mode.
    Crisis,
    You,
    Gateway,
}

/// `None` while it is on.
#[must_use]
pub fn paused_by(snapshot: &Snapshot, cron: &Cron) -> Option<PausedBy> {
    if cron.enabled {
        return None;
    }
    let ours = snapshot.ledger.get(&cron.id).filter(|entry| entry.pauses(&cron.fields()));
    Some(match ours {
        Some(entry) if entry.why == LedgerReason::Crisis => PausedBy::Crisis,
        Some(_) => PausedBy::Us,
        None if cron.auto_disabled.is_some() => PausedBy::Gateway,
        None => PausedBy::You,
    })
}

/// What this program owes back.
pub fn owed(snapshot: &Snapshot) -> Owed {
    Owed::of(&snapshot.ledger, snapshot.crons_as_of.map(|_| &*snapshot.crons))
}
