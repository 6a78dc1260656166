//! The apply job: one line at a time, journal before the call, read back, recorded.
//!
//! This is the only way a cron is ever changed. One write is in flight at a time, because the
//! gateway carries writes out one after another anyway; a line whose fate is unknown blocks the
//! job until the gateway was read again. Here a person starts it, stops it and lets it go on.

mod advance;
mod debt;
mod drain;
mod job;
mod line;
mod pace;
mod proof;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use super::super::effect::{Effect, StoreOp};
use super::undo::{self, TakesBack};
use super::{advice, crisis, own};
use crate::domain::{
    Access, Change, CronId, JobPhase, LineOutcome, Plan, PlanId, PlanOrigin, Refusal, StartedBy, Switch,
};
use crate::policy;

pub use advance::advance;
pub(super) use debt::{not_begun, owes, seen};
pub use job::JobState;
pub(super) use job::{Line, Stage};
pub use line::{prepared, resolve_uncertain, written};
pub use pace::{WRITE_WINDOW, WRITES_PER_WINDOW, count_write, writes_used};
pub use proof::{prove_again, proven};

/// Starts carrying out the named lines of a plan that was shown.
///
/// # Errors
/// With the reason when nothing may be written, or the plan is no longer the plan.
pub fn begin(world: &mut World, plan: &PlanId, crons: &[CronId], now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    may_begin(world)?;
    let (plan, takes_back) = match &world.offer {
        Some(offer) if offer.plan.id == *plan => (offer.plan.clone(), offer.takes_back.clone()),
        _ if world.plan.id == *plan => (world.plan.clone(), TakesBack::new()),
        _ => return Err(Refusal::Drifted),
    };
    begin_with(world, plan, takes_back, crons, StartedBy::Hand, now)
}

/// Whether anything may be written now.
///
/// # Errors
/// With the reason when not.
pub fn may_begin(world: &World) -> Result<(), Refusal> {
    if world.job.as_ref().is_some_and(JobState::running) || world.letting_go.is_some() {
        return Err(Refusal::JobRunning);
    }
    decided(world)?;
    let access = world.access().ok_or(Refusal::NotConnected)?;
    if access.looks_only() { Err(Refusal::ReadOnly) } else { Ok(()) }
}

/// Starts carrying out the named lines of a plan that is the plan of this moment.
///
/// # Errors
/// When nothing may be written, or none of its lines is named.
pub fn start(
    world: &mut World,
    plan: Arc<Plan>,
    crons: &[CronId],
    by: StartedBy,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    begin_with(world, plan, TakesBack::new(), crons, by, now)
}

fn begin_with(
    world: &mut World,
    plan: Arc<Plan>,
    takes_back: TakesBack,
    crons: &[CronId],
    by: StartedBy,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    may_begin(world)?;
    let access = world.access().ok_or(Refusal::NotConnected)?;
    let asked: BTreeSet<&CronId> = crons.iter().collect();
    let mut lines: Vec<Line> =
        plan.changes.iter().map(|change| new_line(change, asked.contains(&change.cron))).collect();
    for line in &mut lines {
        // What the job of before sent may arrive during this one.
        line.unanswered = world.job.iter().flat_map(|job| &job.lines).any(|old| {
            old.unanswered && old.change.cron == line.change.cron && old.change.patch() == line.change.patch()
        });
    }
    let Some(first) = lines.iter().find(|line| line.open()).map(|line| line.change.cron.clone()) else {
        return Err(Refusal::NothingToDo);
    };
    stage(&mut lines, &plan.origin);
    let closing = close_interrupted(world);
    let id = world.next_job;
    world.next_job += 1;
    let named = lines.iter().filter(|line| line.open()).map(|line| line.change.cron.clone()).collect();
    let mut effects: Vec<Effect> = closing.into_iter().collect();
    effects.extend(advice::note(world, &plan, &asked));
    let owed = debt::owe_all(world, &mut lines, &plan.origin, now);
    effects.push(Effect::Store(Box::new(StoreOp::BeginJob {
        job: id,
        plan: plan.clone(),
        crons: named,
        by,
        definitions: own::mark::of_the_user(&world.crons),
    })));
    // After the journal, which shows later that no call was made for what stands in the ledger.
    effects.extend(owed);
    let proving = access == Access::UnprovenVersion;
    if proving {
        count_write(&mut world.write_window, now);
        effects.push(Effect::Prove { session: world.session, cron: first });
    }
    own::mark::try_again(world);
    world.offer = None;
    world.job = Some(JobState {
        id,
        plan,
        lines,
        phase: JobPhase::Writing,
        started_at: now,
        ended_at: None,
        expected_end: None,
        takes_back,
        proving,
        by,
        open_stage: 0,
        proving_until: None,
        paced_until: None,
        drain_check_at: None,
    });
    world.clear("job/interrupted");
    world.dirty.shown = true;
    effects.extend(advance(world, now));
    Ok(effects)
}

/// A job that has ended is shown no longer.
///
/// # Errors
/// While it runs, or nobody knows yet what became of one of its writes.
pub fn dismiss(world: &mut World) -> Result<Vec<Effect>, Refusal> {
    if world.job.as_ref().is_some_and(JobState::running) {
        return Err(Refusal::JobRunning);
    }
    decided(world)?;
    let effects = close_interrupted(world).into_iter().collect();
    world.job = None;
    world.clear("job/interrupted");
    world.dirty.shown = true;
    Ok(effects)
}

/// The journal of a job that was interrupted is closed only when all its writes have an outcome.
fn decided(world: &World) -> Result<(), Refusal> {
    let undecided = world.job.iter().flat_map(|job| &job.lines).any(|line| line.stage == Stage::Uncertain);
    if undecided { Err(Refusal::Undecided) } else { Ok(()) }
}

/// The journal of a job of an earlier life gets its end: it goes on as another job, or not at all.
pub fn close_interrupted(world: &World) -> Option<Effect> {
    let job = world.job.as_ref().filter(|job| job.phase == JobPhase::Interrupted)?;
    Some(Effect::Store(Box::new(StoreOp::EndJob { job: job.id, phase: JobPhase::Stopped })))
}

fn new_line(change: &Change, asked: bool) -> Line {
    let outcome = if asked { LineOutcome::Waiting } else { LineOutcome::LeftOut };
    Line {
        change: Arc::new(change.clone()),
        outcome,
        stage: Stage::Idle,
        turn: 0,
        owes: false,
        unanswered: false,
        pause_now: false,
    }
}

/// Giving back goes in stages; everything else in one.
fn stage(lines: &mut [Line], origin: &PlanOrigin) {
    if *origin != PlanOrigin::Recovery {
        return;
    }
    let n_open = lines.iter().filter(|line| line.open()).count();
    for (line, turn) in lines.iter_mut().filter(|line| line.open()).zip(policy::stages(n_open)) {
        line.turn = turn;
    }
}

/// Finishes the line in flight; the rest is not started.
pub fn stop(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let job = world.job.as_mut().filter(|job| job.running()).ok_or(Refusal::NothingToDo)?;
    job.phase = JobPhase::Stopping;
    world.dirty.shown = true;
    Ok(advance(world, now))
}

/// The user does not want to wait for a run to end.
pub fn pause_now(world: &mut World, cron: &CronId, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let job = world.job.as_mut().filter(|job| job.running()).ok_or(Refusal::NothingToDo)?;
    let unknown = || Refusal::UnknownCron { cron: cron.to_string() };
    job.line_mut(cron).ok_or_else(unknown)?.pause_now = true;
    Ok(advance(world, now))
}

/// Plans what is left of the finished job again and applies it.
pub fn carry_on(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let job = world.job.as_ref().ok_or(Refusal::NothingToDo)?;
    if job.running() {
        return Err(Refusal::JobRunning);
    }
    decided(world)?;
    let left: Vec<Arc<Change>> = job
        .lines
        .iter()
        .filter(|line| matches!(line.outcome, LineOutcome::Failed { .. } | LineOutcome::NotStarted))
        .map(|line| line.change.clone())
        .collect();
    if let PlanOrigin::Undo { of } = job.plan.origin.clone() {
        let switches: Vec<Switch> = job.takes_back.values().flatten().cloned().collect();
        undo::offer(world, &of, &switches, now)?;
        let undo = world.offer.as_ref().map(|undo| undo.plan.clone()).ok_or(Refusal::NothingToDo)?;
        return begin(world, &undo.id, &still_meant(&undo, &left), now);
    }
    if job.plan.origin == PlanOrigin::Spreading {
        let stagger = |change: &Arc<Change>| Some((change.cron.clone(), change.schedule.as_ref()?.to.stagger()?));
        advice::offer_apart(world, &left.iter().filter_map(stagger).collect(), now)?;
        let rest = world.offer.as_ref().map(|offer| offer.plan.clone()).ok_or(Refusal::NothingToDo)?;
        return begin(world, &rest.id, &still_meant(&rest, &left), now);
    }
    let (gives_back, by) = (job.plan.origin == PlanOrigin::Recovery, job.by);
    world.derive(now);
    if gives_back {
        let plan = world.crisis_view.recover.clone().ok_or(Refusal::NothingToDo)?;
        return crisis::recover(world, &plan.id, &still_meant(&plan, &left), by, now);
    }
    let plan = world.plan.clone();
    let same = still_meant(&plan, &left);
    if same.is_empty() && !plan.changes.is_empty() {
        return Err(Refusal::Drifted);
    }
    begin(world, &plan.id, &same, now)
}

/// The lines of `plan` that would write what was agreed to before; anything else was never shown.
fn still_meant(plan: &Plan, agreed: &[Arc<Change>]) -> Vec<CronId> {
    let same = |old: &&Arc<Change>| {
        plan.change(&old.cron).is_some_and(|new| new.kind == old.kind && new.patch() == old.patch())
    };
    agreed.iter().filter(same).map(|change| change.cron.clone()).collect()
}
