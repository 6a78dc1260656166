//! What a job does next, until it is done, stopped, or has to wait.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::super::World;
use super::super::super::effect::{Effect, StoreOp};
use super::super::crisis;
use super::super::own::{self, Standing};
use super::debt::not_begun;
use super::drain::{given_up, next_line};
use super::job::{JobState, Line, Stage};
use super::line::{arrived_late, finish_line, prepare, verified};
use super::pace::{expected_end, paced_until};
use crate::domain::{Change, ChangeKind, Cron, JobPhase, LineOutcome, PlanOrigin, Reason, Verdict};
use crate::fault::{self, Fault};
use crate::policy;

/// Takes the next step that can be taken now, if any.
pub fn advance(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let standing = own::mark::standing(world);
    let Some(mut job) = world.job.take() else { return Vec::new() };
    let effects = if job.running() { advance_job(world, &mut job, &standing, now) } else { Vec::new() };
    job.expected_end = expected_end(&job, world.write_window, now);
    world.job = Some(job);
    effects
}

fn advance_job(world: &mut World, job: &mut JobState, standing: &Standing, now: Timestamp) -> Vec<Effect> {
    job.drain_check_at = None;
    job.paced_until = job.paced_until.filter(|until| now < *until);
    if job.lines.iter().any(|line| line.stage != Stage::Idle) {
        wait_for_fate(world, job, standing, now);
        return Vec::new();
    }
    if job.phase == JobPhase::Stopping || world.closing {
        return end(world, job, JobPhase::Stopped, now);
    }
    if job.proving {
        return Vec::new();
    }
    if !world.connected() || !world.ready() {
        set_phase(world, job, JobPhase::GatewayAway);
        return Vec::new();
    }
    let mut effects = Vec::new();
    match standing {
        Standing::Ours => {}
        Standing::Free => return own::mark::place(world, now),
        Standing::Anothers(_) | Standing::Elsewhere => return end(world, job, JobPhase::Stopped, now),
    }
    loop {
        let Some(index) = next_line(world, job, now) else {
            let open = |line: &Line| line.open() && line.turn <= job.open_stage;
            if job.lines.iter().any(open) {
                set_phase(world, job, JobPhase::Draining);
            } else if job.lines.iter().any(Line::open) {
                if !next_stage_begins(world, job, now) {
                    return effects;
                }
                continue;
            } else {
                effects.extend(end(world, job, JobPhase::Done, now));
            }
            return effects;
        };
        if let Some(read) = arrived_late(world, &job.lines[index]) {
            effects.extend(verified(world, job, index, &read, now));
            continue;
        }
        let given_up = given_up(world, job, &job.lines[index]);
        if let Some(outcome) = given_up.or_else(|| objection(world, &job.lines[index].change, now)) {
            effects.extend(finish_line(world, job, index, outcome, None));
            continue;
        }
        if let Some(until) = paced_until(job, &mut world.write_window, now) {
            job.paced_until = Some(until);
            set_phase(world, job, JobPhase::Paced { until });
            return effects;
        }
        job.paced_until = None;
        set_phase(world, job, JobPhase::Writing);
        effects.push(prepare(world, job, index, now));
        return effects;
    }
}

/// How long a run of what was given back is waited for.
const STAGE_PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// The lines of this stage have their outcome. The next begins when a run has shown that it works, or has not come
/// in time; at once when nothing was given back.
fn next_stage_begins(world: &mut World, job: &mut JobState, now: Timestamp) -> bool {
    let gave_back = job.lines.iter().any(|line| line.turn == job.open_stage && line.outcome == LineOutcome::Verified);
    let until = job.proving_until.unwrap_or_else(|| now.saturating_add(STAGE_PATIENCE).unwrap_or(Timestamp::MAX));
    if !gave_back || now >= until {
        job.next_stage();
        return true;
    }
    job.proving_until = Some(until);
    set_phase(world, job, JobPhase::Proving { stage: job.open_stage, until });
    false
}

/// A line is on its way. Without its gateway nobody can say what became of it: then a job that shall
/// stop is left as after a crash, and settled when that gateway is back.
fn wait_for_fate(world: &mut World, job: &mut JobState, standing: &Standing, now: Timestamp) {
    let elsewhere = world.connected() && world.ready() && *standing == Standing::Elsewhere;
    if world.connected() && !elsewhere {
        return;
    }
    let underway = job.lines.iter().any(|line| matches!(line.stage, Stage::Preparing | Stage::InFlight));
    if job.phase != JobPhase::Stopping && !elsewhere {
        set_phase(world, job, JobPhase::GatewayAway);
    } else if !underway {
        for line in job.lines.iter_mut().filter(|line| line.open() && line.stage == Stage::Idle) {
            line.outcome = LineOutcome::NotStarted;
        }
        job.ended_at = Some(now);
        set_phase(world, job, JobPhase::Interrupted);
    }
}

/// Why a line cannot even be tried.
fn objection(world: &World, change: &Change, now: Timestamp) -> Option<LineOutcome> {
    let Some(cron) = world.crons.get(&change.cron) else {
        return Some(LineOutcome::Conflict { detail: "the cron no longer exists".to_owned() });
    };
    if change.revision.is_none() {
        return Some(LineOutcome::Failed { detail: "its definition is being read again".to_owned() });
    }
    if change.kind != ChangeKind::Undo && withdrawn(world, change, now) {
        return Some(LineOutcome::Withdrawn);
    }
    let unlisted = change
        .patch()
        .model
        .flatten()
        .filter(|model| world.catalog.resolve(Some(model), cron.agent.as_deref()).is_none());
    // Giving a cron back what it had is not ours to judge; choosing an unlisted model would be.
    let gives_back = matches!(change.kind, ChangeKind::Undo) || change.reason == Reason::GivenBack;
    unlisted
        .filter(|_| !gives_back)
        .map(|model| LineOutcome::Refused { detail: format!("the gateway does not list {model}") })
}

/// A job at the gateway's pace takes minutes. What was agreed to is written only while it is what
/// would be planned now: a cron that became critical, pinned, held or unsorted meanwhile, or whose
/// provider came back, is left as it is.
fn withdrawn(world: &World, change: &Change, now: Timestamp) -> bool {
    if change.kind == ChangeKind::Spread {
        let cron = world.crons.get(&change.cron);
        let may = |cron: &Arc<Cron>| policy::may_start_later(cron, &world.observation(now));
        return !world.settings.distribution.edits_schedules || !cron.is_some_and(may);
    }
    let mut obs = world.observation(now);
    // Its own line is why it would be left alone.
    Arc::make_mut(&mut obs.busy).remove(&change.cron);
    if fault::on(Fault::WithdrawsEverything) {
        return true;
    }
    let Some((decision, planned)) = policy::plan_one(&obs, &world.planning, &change.cron) else { return false };
    match (planned, decision.verdict) {
        (Some(planned), _) => planned.to != change.to || planned.kind != change.kind,
        (None, Verdict::LeftAlone) => {
            matches!(decision.reason, Reason::Held { .. } | Reason::Pinned { .. } | Reason::Unsorted)
        }
        (None, _) => true,
    }
}

pub(super) fn set_phase(world: &mut World, job: &mut JobState, phase: JobPhase) {
    if job.phase != phase {
        job.phase = phase;
        world.dirty.shown = true;
    }
}

/// Ends the job; lines that were not begun stay not started.
pub(super) fn end(world: &mut World, job: &mut JobState, phase: JobPhase, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    for line in job.lines.iter_mut().filter(|line| line.open()) {
        line.stage = Stage::Idle;
        line.outcome = LineOutcome::NotStarted;
        // A line that was begun and put back may have left an intent behind.
        effects.extend(not_begun(world, line));
    }
    job.proving_until = None;
    job.phase = phase.clone();
    job.ended_at = Some(now);
    job.paced_until = None;
    job.drain_check_at = None;
    world.dirty.shown = true;
    world.dirty.plan = true;
    effects.push(Effect::Store(Box::new(StoreOp::EndJob { job: job.id, phase })));
    if matches!(job.plan.origin, PlanOrigin::Undo { .. }) {
        effects.extend(crisis::undone(world, now));
    }
    if job.plan.origin == PlanOrigin::Recovery {
        effects.extend(crisis::job_ended(world, job, now));
    }
    effects
}
