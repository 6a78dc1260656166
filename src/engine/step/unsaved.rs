//! Debts on their way to the disk: newer than a ledger that was read before they got there.

use super::super::World;
use super::super::effect::Effect;
use crate::domain::Ledger;

/// Remembers with which ledger each debt was sent that is another one than `before`.
pub fn note_debts(world: &mut World, before: &Ledger, effects: &[Effect]) {
    let sent = effects.iter().filter(|effect| matches!(effect, Effect::Store(op) if op.saves_ledger())).count();
    world.ledgers_sent += sent as u64;
    let is_ours = world.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
    if sent == 0 || !is_ours {
        return;
    }
    for id in before.keys().chain(world.ledger.keys()) {
        if before.get(id) != world.ledger.get(id) {
            world.debts_sent.insert(id.clone(), world.ledgers_sent);
        }
    }
}

/// Puts what is not on disk yet over a ledger that was read when `n_ledgers` of ours were.
pub fn keep_debts(world: &mut World, read: &mut Ledger, n_ledgers: u64) {
    world.debts_sent.retain(|_, sent| *sent > n_ledgers);
    for id in world.debts_sent.keys() {
        match world.ledger.get(id) {
            Some(entry) => read.insert(id.clone(), entry.clone()),
            None => read.remove(id),
        };
    }
}
