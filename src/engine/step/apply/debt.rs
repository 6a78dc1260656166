//! What we owe a cron: in the ledger before the call, and out of it when nothing of ours stands in it any more.
//!
//! Owed is what a pause or a crisis changed, and whatever is written to a cron that is owed something already.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::World;
use super::super::super::effect::{Effect, StoreOp};
use super::job::Line;
use crate::domain::{Cause, Change, Cron, CronId, Fields, Ledger, LedgerEntry, LedgerReason, PlanOrigin, Reason};
use crate::fault::{self, Fault};
use crate::policy;

/// Enters every cron of a job at once that will be owed something, before the first of its calls.
pub(super) fn owe_all(world: &mut World, lines: &mut [Line], origin: &PlanOrigin, now: Timestamp) -> Option<Effect> {
    let mut entered = false;
    for line in lines.iter_mut().filter(|line| line.open()) {
        line.owes = owes(world, &line.change, origin);
        // A pause of ordinary distribution is entered when its turn comes: until then it may be withdrawn.
        if line.owes && *origin == PlanOrigin::Crisis && !fault::on(Fault::OwesOneByOne) {
            enter(world, &line.change, origin, now);
            entered = true;
        }
    }
    let entered = entered && !fault::on(Fault::OwesLater);
    entered.then(|| Effect::Store(Box::new(StoreOp::SaveLedger { ledger: world.ledger.clone() })))
}

pub fn owes(world: &World, change: &Change, origin: &PlanOrigin) -> bool {
    change.patch().enabled == Some(false)
        || of_a_crisis(world, change, origin)
        || world.ledger.contains_key(&change.cron)
}

/// What leaves a dead route before a crisis is over belongs to that crisis, whatever its rules are by now.
fn of_a_crisis(world: &World, change: &Change, origin: &PlanOrigin) -> bool {
    let meanwhile = || world.crisis.mode.is_some() && policy::waits_for_no_stage(change);
    *origin == PlanOrigin::Crisis || *origin == PlanOrigin::Distribution && meanwhile()
}

/// What we will owe for carrying out `change`, with what we owe already.
pub(super) fn enter(world: &mut World, change: &Change, origin: &PlanOrigin, now: Timestamp) {
    let Some(cron) = world.crons.get(&change.cron).cloned() else { return };
    let known = world.ledger.get(&cron.id).cloned();
    let in_crisis = of_a_crisis(world, change, origin);
    let entry = debt(&cron, known, change, in_crisis, now);
    Arc::make_mut(&mut world.ledger).insert(cron.id.clone(), entry);
}

fn debt(cron: &Cron, known: Option<LedgerEntry>, change: &Change, in_crisis: bool, now: Timestamp) -> LedgerEntry {
    let fields = cron.fields();
    let mut entry = known.unwrap_or_else(|| LedgerEntry {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        opened_at: now,
        why: LedgerReason::NothingServes,
        before: fields.clone(),
        wrote: fields.clone(),
        revision_before: cron.revision.clone(),
        definition: cron.definition.clone(),
        confirmed: false,
        held: None,
        unknown: serde_json::Map::new(),
    });
    entry.why = why(entry.why, &change.reason, in_crisis);
    // A field that somebody changed meanwhile is theirs, and given back as they left it.
    entry.before = entry.given_back(&fields);
    if fault::on(Fault::ForgetsTheModel) {
        entry.before.model.clone_from(&change.to.model);
    }
    if fault::on(Fault::ForgetsTheFallbacks) {
        entry.before.fallbacks.clone_from(&change.to.fallbacks);
    }
    entry.held = Some(fields);
    entry.wrote = change.to.clone();
    entry.confirmed = false;
    entry
}

/// What a crisis has touched once is given back as a whole.
fn why(known: LedgerReason, reason: &Reason, in_crisis: bool) -> LedgerReason {
    match (in_crisis, reason) {
        (true, _) => LedgerReason::Crisis,
        (_, Reason::PinnedOnDeadRoute { .. }) => LedgerReason::PinnedOnDeadRoute,
        _ => known,
    }
}

/// The ledger after a line's outcome, when it changed. A write whose call got no answer stays owed: it may still
/// be carried out.
pub(super) fn settle_ledger(world: &mut World, line: &Line, verified: bool) -> Option<Arc<Ledger>> {
    let cron = &line.change.cron;
    let entry = world.ledger.get(cron).filter(|_| line.owes)?;
    let next = if verified {
        let mut entry = entry.clone();
        if line.change.cause == Cause::Edit {
            // The user wants this model, and has it: nothing is owed for it, but a pause still is.
            entry.before = Fields { enabled: entry.before.enabled, ..line.change.to.clone() };
        }
        seen(entry, &line.change.to).filter(|_| !fault::on(Fault::ForgetsTheDebt))
    } else if line.unanswered || entry.held.is_none() {
        return None;
    } else {
        entry.clone().without_the_write()
    };
    put(world, cron, next)
}

/// A write of ours arrived in another form: what is there now is what we wrote.
pub(super) fn read_back(world: &mut World, cron: &CronId, fields: &Fields) -> Option<Effect> {
    let mut entry = world.ledger.get(cron)?.clone();
    (entry.wrote, entry.held, entry.confirmed) = (fields.clone(), None, true);
    let next = entry.stands(fields).then_some(entry);
    let ledger = put(world, cron, next)?;
    Some(Effect::Store(Box::new(StoreOp::SaveLedger { ledger })))
}

/// The debt once a cron was seen to hold `fields`; `None` when nothing of ours stands in it.
pub fn seen(mut entry: LedgerEntry, fields: &Fields) -> Option<LedgerEntry> {
    if entry.held.as_ref().is_some_and(|held| held == fields) && entry.wrote != *fields {
        entry = entry.without_the_write()?;
    } else if entry.wrote == *fields {
        entry.held = None;
    }
    entry.confirmed |= entry.held.is_none();
    (entry.stands(fields) || fault::on(Fault::KeepsPaidDebts)).then_some(entry)
}

fn put(world: &mut World, cron: &CronId, entry: Option<LedgerEntry>) -> Option<Arc<Ledger>> {
    if world.ledger.get(cron) == entry.as_ref() {
        return None;
    }
    let ledger = Arc::make_mut(&mut world.ledger);
    match entry {
        Some(entry) => ledger.insert(cron.clone(), entry),
        None => ledger.remove(cron),
    };
    Some(world.ledger.clone())
}

/// The debt of a line that was entered and put back.
pub fn not_begun(world: &mut World, line: &Line) -> Option<Effect> {
    let ledger = settle_ledger(world, line, false)?;
    Some(Effect::Store(Box::new(StoreOp::SaveLedger { ledger })))
}
