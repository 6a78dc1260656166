//! Who switched a cron off.

use crate::domain::{Cron, LedgerEntry, LedgerReason};
use crate::engine::Snapshot;

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
    let ours = snapshot.ledger.get(&cron.id).filter(|entry| pauses(entry));
    Some(match ours {
        Some(entry) if entry.why == LedgerReason::Crisis => PausedBy::Crisis,
        Some(_) => PausedBy::Us,
        None if cron.auto_disabled.is_some() => PausedBy::Gateway,
        None => PausedBy::You,
    })
}

/// The debts that are pauses which still stand.
pub fn by_us(snapshot: &Snapshot) -> impl Iterator<Item = &LedgerEntry> {
    let off = |entry: &&LedgerEntry| snapshot.crons.get(&entry.cron).is_some_and(|cron| !cron.enabled);
    snapshot.ledger.values().filter(|entry| pauses(entry)).filter(off)
}

fn pauses(entry: &LedgerEntry) -> bool {
    entry.before.enabled && !entry.wrote.enabled
}
