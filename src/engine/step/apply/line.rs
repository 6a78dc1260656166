//! The way of one line: intent on disk, call, read back, outcome on disk.
//!
//! Invariant: the fate of a line whose call got no answer is found by reading. Where nothing has arrived
//! it is written again, guarded by the same revision: then the gateway takes one of the two calls, and
//! the line is verified by whichever it was.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::effect::{Effect, Fetch, StoreOp};
use super::super::super::input::WriteResult;
use super::super::super::{Event, World};
use super::super::{crisis, edit, edited, own, reconcile, record};
use super::advance::{advance, end};
use super::debt::{enter, not_begun, read_back, settle_ledger};
use super::drain::drains;
use super::job::{JobState, Line, Stage};
use super::pace::{WRITE_WINDOW, WRITES_PER_WINDOW, count_write};
use crate::domain::{
    Cause, Change, ChangeKind, Cron, CronId, JobPhase, LedgerEntry, LineOutcome, PlanOrigin, ProblemKind, Seal, Switch,
    SwitchId,
};
use crate::fault::{self, Fault};
use crate::state::switch_log::LogLine;

/// The journal, and for a pause the ledger, come before the call.
pub(super) fn prepare(world: &mut World, job: &mut JobState, index: usize, now: Timestamp) -> Effect {
    let line = &mut job.lines[index];
    line.outcome = LineOutcome::Writing;
    line.stage = Stage::Preparing;
    world.dirty.shown = true;
    let change = line.change.clone();
    let ledger = line.owes.then(|| {
        enter(world, &change, &job.plan.origin, now);
        world.ledger.clone()
    });
    if let Some(expected) = change.revision.clone().filter(|_| fault::on(Fault::WritesBeforeTheJournal)) {
        line.stage = Stage::InFlight;
        return Effect::Write { job: job.id, cron: change.cron.clone(), patch: change.patch(), expected };
    }
    let ledger = ledger.filter(|_| !fault::on(Fault::OwesLater));
    Effect::Store(Box::new(StoreOp::Prepare { job: job.id, change: line.change.clone(), ledger }))
}

/// The intent is on disk: now the call. If it is not, nothing is written.
pub fn prepared(
    world: &mut World,
    id: u64,
    cron: &CronId,
    result: Result<(), ProblemKind>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(mut job) = world.job.take_if(|job| job.id == id) else { return Vec::new() };
    let Some(index) = position(&job, cron, Stage::Preparing) else {
        world.job = Some(job);
        return Vec::new();
    };
    let mut effects = Vec::new();
    if let Err(problem) = result {
        // Without a journal nothing may be written, on this line or any other.
        world.raise("state/journal", problem, now);
        let detail = "the journal could not be written, so the cron was left alone".to_owned();
        effects.extend(finish_line(world, &mut job, index, LineOutcome::Failed { detail }, None));
        effects.extend(end(world, &mut job, JobPhase::Stopped, now));
    } else if drains(world, &job.lines[index]).is_some() {
        // Its run began after it was chosen.
        let line = &mut job.lines[index];
        line.stage = Stage::Idle;
        line.outcome = LineOutcome::Waiting;
        let line = &job.lines[index];
        effects.extend(not_begun(world, line));
    } else {
        let line = &mut job.lines[index];
        let revision = line.change.revision.clone();
        // Somebody may have taken over, or the mark off, while the disk was busy.
        let may_call = world.connected() && world.ready() && own::mark::ours(world);
        if let (Some(expected), true) = (revision, may_call) {
            line.stage = Stage::InFlight;
            count_write(&mut world.write_window, now);
            effects.push(Effect::Write { job: id, cron: cron.clone(), patch: line.change.patch(), expected });
        } else {
            line.stage = Stage::Idle;
            line.outcome = LineOutcome::Waiting;
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

fn position(job: &JobState, cron: &CronId, stage: Stage) -> Option<usize> {
    job.lines.iter().position(|line| line.change.cron == *cron && line.stage == stage)
}

/// A write came back.
pub fn written(world: &mut World, id: u64, cron: &CronId, result: WriteResult, now: Timestamp) -> Vec<Effect> {
    let Some(mut job) = world.job.take_if(|job| job.id == id) else { return Vec::new() };
    let Some(index) = position(&job, cron, Stage::InFlight) else {
        world.job = Some(job);
        return Vec::new();
    };
    let mut effects = Vec::new();
    match result {
        WriteResult::ReadBack(read) => effects.extend(verified(world, &mut job, index, &read, now)),
        // A call before this one may be why. Calls are carried out in order, so by now it was.
        WriteResult::Conflict { now: None } if job.lines[index].unanswered => {
            effects.extend(ask_for_fate(world, &mut job.lines[index]));
        }
        WriteResult::Conflict { now: Some(read) } if is_late_write(&job.lines[index], &read) => {
            effects.extend(verified(world, &mut job, index, &read, now));
        }
        WriteResult::Conflict { now: current } => {
            match current {
                Some(current) => record::cron(world, current),
                None => {
                    effects.push(Effect::Fetch { session: world.session, what: Fetch::Cron(cron.clone()) });
                }
            }
            job.lines[index].unanswered = false;
            let detail = "somebody else changed it meanwhile; nothing was written".to_owned();
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
        }
        WriteResult::Gone => {
            Arc::make_mut(&mut world.crons).remove(cron);
            world.dirty.plan = true;
            effects.extend(reconcile::forget_debt(world, cron));
            let detail = "the cron no longer exists".to_owned();
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
        }
        WriteResult::Later { retry_after } => {
            let line = &mut job.lines[index];
            line.stage = Stage::Idle;
            line.outcome = LineOutcome::Waiting;
            let until = now.saturating_add(retry_after).unwrap_or(Timestamp::MAX);
            job.paced_until = Some(until);
            // Its window is another than ours: full, and over at that moment.
            world.write_window = Some((until.saturating_sub(WRITE_WINDOW).unwrap_or(now), WRITES_PER_WINDOW));
        }
        WriteResult::Refused { detail } => {
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Refused { detail }, None));
        }
        WriteResult::Unknown { detail } => {
            tracing::info!(%cron, %detail, "a write's fate is unknown until the gateway is read again");
            effects.extend(ask_for_fate(world, &mut job.lines[index]));
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

fn ask_for_fate(world: &World, line: &mut Line) -> Option<Effect> {
    line.stage = Stage::Uncertain;
    let what = Fetch::Cron(line.change.cron.clone());
    world.connected().then_some(Effect::Fetch { session: world.session, what })
}

/// The cron is as a call of ours that got no answer would have left it.
fn is_late_write(line: &Line, cron: &Cron) -> bool {
    line.unanswered && line.change.patch().stands_in(cron)
}

/// The cron as a call of ours left it that showed no effect when it was read.
pub(super) fn arrived_late(world: &World, line: &Line) -> Option<Cron> {
    let cron = world.crons.get(&line.change.cron)?;
    is_late_write(line, cron).then(|| (**cron).clone())
}

/// The gateway was read again: lines whose fate was unknown have one now.
pub fn resolve_uncertain(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if !own::mark::knows_fate(world) {
        return Vec::new();
    }
    let Some(mut job) = world.job.take() else { return Vec::new() };
    let mut effects = Vec::new();
    for index in 0..job.lines.len() {
        let in_doubt = job.phase != JobPhase::Interrupted || !fault::on(Fault::LeavesDoubt);
        if job.lines[index].stage != Stage::Uncertain || !in_doubt {
            continue;
        }
        job.lines[index].unanswered = true;
        let change = job.lines[index].change.clone();
        match world.crons.get(&change.cron).cloned() {
            None => {
                let detail = "the gateway does not list it any more".to_owned();
                effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
            }
            Some(cron) if change.patch().stands_in(&cron) => {
                effects.extend(verified(world, &mut job, index, &cron, now));
            }
            Some(cron) if cron.revision == change.revision => {
                let line = &mut job.lines[index];
                line.stage = Stage::Idle;
                line.outcome = LineOutcome::Waiting;
            }
            Some(_) => {
                // Whatever was not carried out yet meets another revision.
                job.lines[index].unanswered = false;
                let detail = "somebody else changed it meanwhile; nothing was written".to_owned();
                effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
            }
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

/// The read-back decides: what we wrote is there, or it is not.
pub(super) fn verified(
    world: &mut World,
    job: &mut JobState,
    index: usize,
    read: &Cron,
    now: Timestamp,
) -> Vec<Effect> {
    job.lines[index].unanswered = false;
    let change = job.lines[index].change.clone();
    let fields = read.fields();
    let revision_after = read.revision.clone();
    let debt = world.ledger.get(&change.cron).filter(|_| change.gives_back()).cloned();
    record::cron(world, read.clone());
    if !change.patch().stands_in(read) {
        let detail = "it was written, but reads back differently".to_owned();
        let owed = read_back(world, &change.cron, &fields);
        let mut effects = finish_line(world, job, index, LineOutcome::Failed { detail }, None);
        effects.extend(owed);
        return effects;
    }
    let seal = match &debt {
        Some(debt) => Some(seal(debt, read)),
        // The power failed after its debt was closed and before its outcome was recorded.
        None if change.gives_back() => crisis::sealed(world, &change.cron),
        None => None,
    };
    let switch = Switch {
        id: SwitchId::new(format!("{:x}-{}", now.as_millisecond(), change.cron)),
        plan: job.plan.id.clone(),
        at: now,
        cron: change.cron.clone(),
        name: change.name.clone(),
        from: change.from.clone(),
        to: change.to.clone(),
        schedule: change.schedule.clone(),
        revision_before: change.revision.clone(),
        revision_after,
        reason: change.reason.clone(),
        cause: change.cause,
        confirmation: record::first_confirmation(&change),
        undone_by: None,
        by: job.by,
        seal,
    };
    let mut effects = Vec::new();
    // Only what says where it runs is held: an earlier start says nothing of that.
    if change.kind == ChangeKind::Undo && change.from != change.to {
        // Before the outcome, so that a crash in between does not offer the cron again.
        effects.extend(edit::hold_after_undo(world, &change.cron, now));
    }
    if let (Some(debt), Some(seal)) = (debt, seal) {
        // Also before it: a crash in between does not leave it out of the report.
        let paused_from = (!debt.held.as_ref().unwrap_or(&debt.wrote).enabled).then(|| paused_at(world, &debt));
        effects.push(crisis::gave_back(world, read, paused_from, seal, now));
    }
    effects.extend(finish_line(world, job, index, LineOutcome::Verified, Some(switch.clone())));
    if fault::on(Fault::RecordsTwice) {
        effects.extend(finish_line(world, job, index, LineOutcome::Verified, Some(switch.clone())));
    }
    if seal.is_some() && fault::on(Fault::RunsTheCanary) {
        effects.push(Effect::RunCron { session: world.session, cron: change.cron.clone() });
    }
    effects.push(Effect::Emit(Event::Switched(Box::new(switch))));
    // A crisis carries out no wish, and neither does what gives back or says when it starts, so that stays one.
    let is_no_wish = job.plan.origin == PlanOrigin::Crisis || change.gives_back() || change.kind == ChangeKind::Spread;
    let is_wish = !is_no_wish || change.cause == Cause::Edit;
    if is_wish && edited::applied(world, &change.cron) {
        effects.push(Effect::Store(Box::new(StoreOp::SavePending((*world.edited).clone()))));
    }
    effects
}

fn seal(debt: &LedgerEntry, read: &Cron) -> Seal {
    let same = debt.revision_before.is_some() && debt.revision_before == read.revision;
    if same { Seal::Identical } else { Seal::Differs }
}

/// When the newest pause of ours was seen on the gateway.
fn paused_at(world: &World, debt: &LedgerEntry) -> Timestamp {
    let pause = |switch: &&Switch| switch.cron == debt.cron && !switch.to.enabled && switch.at >= debt.opened_at;
    world.switches.iter().find(pause).map_or(debt.opened_at, |switch| switch.at)
}

/// Gives a line its final outcome and records it; the ledger follows the truth.
pub(super) fn finish_line(
    world: &mut World,
    job: &mut JobState,
    index: usize,
    outcome: LineOutcome,
    switch: Option<Switch>,
) -> Vec<Effect> {
    let line = &mut job.lines[index];
    line.stage = Stage::Idle;
    line.outcome = outcome.clone();
    world.dirty.shown = true;
    world.dirty.plan = true;
    let change = line.change.clone();
    let ledger = settle_ledger(world, line, outcome == LineOutcome::Verified);
    let mut undone = Vec::new();
    if let Some(switch) = &switch {
        let taken_back = job.takes_back.remove(&change.cron).unwrap_or_default();
        undone = taken_back.into_iter().map(|old| old.id).collect();
        record::switch(world, switch.clone(), &undone);
    }
    let log = switch.as_ref().map(|switch| log_line(world, switch, &change));
    vec![Effect::Store(Box::new(StoreOp::Settle {
        job: job.id,
        cron: change.cron.clone(),
        outcome,
        switch: switch.filter(|_| !fault::on(Fault::ForgetsTheHistory)).map(Box::new),
        log: log.filter(|_| !fault::on(Fault::ForgetsTheLog)),
        undone,
        ledger,
    }))]
}

fn log_line(world: &World, switch: &Switch, change: &Change) -> LogLine {
    let side = |fields: &crate::domain::Fields, model: Option<&crate::domain::ModelRef>| {
        if !fields.enabled {
            return "paused".to_owned();
        }
        let stored = fields.model.clone().unwrap_or_else(|| "agent default".to_owned());
        model.map_or(stored, ToString::to_string)
    };
    let from = side(&change.from, change.from_model.as_ref());
    let mut to = side(&change.to, change.to_model.as_ref());
    if to == from && change.schedule.is_some() {
        to.push_str(" (only when it starts)");
    } else if to == from && change.from.fallbacks != change.to.fallbacks {
        to.push_str(" (only its fallbacks)");
    }
    LogLine {
        at: switch.at,
        name: switch.name.clone(),
        from,
        to,
        reason: record::reason_in_words(world, &switch.reason, switch.at),
    }
}
