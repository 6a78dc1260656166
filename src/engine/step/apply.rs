//! The apply job: one line at a time, journal before the call, read back, recorded.
//!
//! This is the only way a cron is ever changed. One write is in flight at a time, because the
//! gateway carries writes out one after another anyway; a line whose fate is unknown blocks the
//! job until the gateway was read again.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::effect::{Effect, StoreOp};
use super::super::input::{Proof, WriteResult};
use super::super::{Event, World};
use super::undo::TakesBack;
use super::{edited, record, undo};
use crate::domain::{
    Access, Change, ChangeKind, Cron, CronId, Job, JobLine, JobPhase, LedgerEntry, LedgerReason, LineOutcome, Plan,
    PlanId, PlanOrigin, ProblemKind, Reason, Refusal, Switch, SwitchId,
};
use crate::state::switch_log::LogLine;

/// The gateway allows this many calls of one method…
pub const WRITES_PER_WINDOW: u32 = 30;
/// …in this time, from the first of them.
pub const WRITE_WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// A run without a timeout of its own may take this long before the user is asked.
pub const DRAIN_PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// A plan being carried out.
#[derive(Debug)]
pub struct JobState {
    pub(super) id: u64,
    pub(super) plan: Arc<Plan>,
    pub(super) lines: Vec<Line>,
    pub(super) phase: JobPhase,
    pub(super) started_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) expected_end: Option<Timestamp>,
    /// The switches an undo takes back, and has not yet.
    pub(super) takes_back: TakesBack,
    /// A guarded write that must be refused comes first.
    pub(super) proving: bool,
    pub(super) paced_until: Option<Timestamp>,
    /// When a drain turns into a question.
    pub(super) drain_check_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub change: Arc<Change>,
    pub outcome: LineOutcome,
    pub stage: Stage,
    /// The user said to pause it although it runs.
    pub pause_now: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Idle,
    /// Its intent is on the way to the disk.
    Preparing,
    /// Its call is on the way.
    InFlight,
    /// The connection ended during its call.
    Uncertain,
}

impl Line {
    fn pauses(&self) -> bool {
        self.change.patch().enabled == Some(false)
    }

    fn open(&self) -> bool {
        matches!(
            self.outcome,
            LineOutcome::Waiting | LineOutcome::Draining { .. } | LineOutcome::DrainAsks { .. } | LineOutcome::Writing
        )
    }
}

impl JobState {
    pub(in super::super) fn running(&self) -> bool {
        !matches!(self.phase, JobPhase::Done | JobPhase::Stopped | JobPhase::Interrupted)
    }

    /// A line is between its intent and its outcome.
    pub(in super::super) fn writing(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.stage, Stage::Preparing | Stage::InFlight))
    }

    /// Crons the planner leaves alone.
    pub(in super::super) fn busy(&self) -> BTreeSet<CronId> {
        if !self.running() {
            return BTreeSet::new();
        }
        self.lines.iter().filter(|line| line.open()).map(|line| line.change.cron.clone()).collect()
    }

    pub(in super::super) fn next_wake(&self) -> Option<Timestamp> {
        if !self.running() {
            return None;
        }
        [self.paced_until, self.drain_check_at].into_iter().flatten().min()
    }

    pub(in super::super) fn picture(&self) -> Arc<Job> {
        let line = |line: &Line| JobLine { change: line.change.clone(), outcome: line.outcome.clone() };
        Arc::new(Job {
            id: self.id,
            plan: self.plan.clone(),
            lines: self.lines.iter().map(line).collect(),
            phase: self.phase.clone(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            expected_end: self.expected_end,
        })
    }

    pub(super) fn line_mut(&mut self, cron: &CronId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.change.cron == *cron && line.outcome != LineOutcome::LeftOut)
    }
}

/// Starts carrying out the named lines of a plan that was shown.
///
/// # Errors
/// With the reason when nothing may be written, or the plan is no longer the plan.
pub fn begin(world: &mut World, plan: &PlanId, crons: &[CronId], now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    if world.job.as_ref().is_some_and(JobState::running) {
        return Err(Refusal::JobRunning);
    }
    let access = world.access().ok_or(Refusal::NotConnected)?;
    if matches!(access, Access::ReadOnlyScopes | Access::FolderHeld) {
        return Err(Refusal::ReadOnly);
    }
    let (plan, takes_back) = match &world.undo {
        Some(undo) if undo.plan.id == *plan => (undo.plan.clone(), undo.takes_back.clone()),
        _ if world.plan.id == *plan => (world.plan.clone(), TakesBack::new()),
        _ => return Err(Refusal::Drifted),
    };
    let asked: BTreeSet<&CronId> = crons.iter().collect();
    let lines: Vec<Line> = plan.changes.iter().map(|change| new_line(change, asked.contains(&change.cron))).collect();
    let Some(first) = lines.iter().find(|line| line.open()).map(|line| line.change.cron.clone()) else {
        return Err(Refusal::NothingToDo);
    };
    let closing = close_interrupted(world);
    let id = world.next_job;
    world.next_job += 1;
    let named = lines.iter().filter(|line| line.open()).map(|line| line.change.cron.clone()).collect();
    let mut effects: Vec<Effect> = closing.into_iter().collect();
    effects.push(Effect::Store(Box::new(StoreOp::BeginJob {
        job: id,
        plan: plan.clone(),
        crons: named,
        definitions: world.crons.clone(),
    })));
    let proving = access == Access::UnprovenVersion;
    if proving {
        effects.push(Effect::Prove { session: world.session, cron: first });
    }
    world.undo = None;
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
        paced_until: None,
        drain_check_at: None,
    });
    world.clear("job/interrupted");
    world.dirty.shown = true;
    effects.extend(advance(world, now));
    Ok(effects)
}

/// The journal of a job of an earlier life gets its end: it goes on as another job, or not at all.
pub fn close_interrupted(world: &World) -> Option<Effect> {
    let job = world.job.as_ref().filter(|job| job.phase == JobPhase::Interrupted)?;
    Some(Effect::Store(Box::new(StoreOp::EndJob { job: job.id, phase: JobPhase::Stopped })))
}

fn new_line(change: &Change, asked: bool) -> Line {
    let outcome = if asked { LineOutcome::Waiting } else { LineOutcome::LeftOut };
    Line { change: Arc::new(change.clone()), outcome, stage: Stage::Idle, pause_now: false }
}

/// Takes the next step that can be taken now, if any.
pub fn advance(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Some(mut job) = world.job.take() else { return Vec::new() };
    let effects = if job.running() { advance_job(world, &mut job, now) } else { Vec::new() };
    job.expected_end = expected_end(&job, world.write_window, now);
    world.job = Some(job);
    effects
}

fn advance_job(world: &mut World, job: &mut JobState, now: Timestamp) -> Vec<Effect> {
    job.drain_check_at = None;
    job.paced_until = job.paced_until.filter(|until| now < *until);
    if job.lines.iter().any(|line| line.stage != Stage::Idle) {
        wait_for_fate(world, job, now);
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
    loop {
        let Some(index) = next_line(world, job, now) else {
            let draining = job.lines.iter().any(Line::open);
            if draining {
                set_phase(world, job, JobPhase::Draining);
            } else {
                effects.extend(end(world, job, JobPhase::Done, now));
            }
            return effects;
        };
        if let Some(outcome) = objection(world, &job.lines[index].change) {
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

/// A line is on its way. Without a gateway nobody can say what became of it: then a job that shall
/// stop is left as after a crash, and settled when the gateway is back.
fn wait_for_fate(world: &mut World, job: &mut JobState, now: Timestamp) {
    if world.connected() {
        return;
    }
    let underway = job.lines.iter().any(|line| matches!(line.stage, Stage::Preparing | Stage::InFlight));
    if job.phase != JobPhase::Stopping {
        set_phase(world, job, JobPhase::GatewayAway);
    } else if !underway {
        for line in job.lines.iter_mut().filter(|line| line.open() && line.stage == Stage::Idle) {
            line.outcome = LineOutcome::NotStarted;
        }
        job.ended_at = Some(now);
        set_phase(world, job, JobPhase::Interrupted);
    }
}

/// The first line that can be written now. Lines that pause a running cron wait for its run.
fn next_line(world: &mut World, job: &mut JobState, now: Timestamp) -> Option<usize> {
    let mut next = None;
    for (index, line) in job.lines.iter_mut().enumerate() {
        if !line.open() {
            continue;
        }
        let running =
            world.crons.get(&line.change.cron).and_then(|cron| Some((cron.running_since?, drain_limit(cron))));
        if let (true, false, Some((since, limit))) = (line.pauses(), line.pause_now, running) {
            let asks_at = since.saturating_add(limit).unwrap_or(Timestamp::MAX);
            let outcome =
                if now >= asks_at { LineOutcome::DrainAsks { since } } else { LineOutcome::Draining { since } };
            if now < asks_at {
                job.drain_check_at = Some(job.drain_check_at.map_or(asks_at, |at| at.min(asks_at)));
            }
            if line.outcome != outcome {
                line.outcome = outcome;
                world.dirty.shown = true;
            }
            continue;
        }
        if next.is_none() {
            next = Some(index);
        }
    }
    next
}

fn drain_limit(cron: &Cron) -> SignedDuration {
    cron.turn().and_then(|turn| turn.timeout).unwrap_or(DRAIN_PATIENCE)
}

/// Why a line cannot even be tried.
fn objection(world: &World, change: &Change) -> Option<LineOutcome> {
    let Some(cron) = world.crons.get(&change.cron) else {
        return Some(LineOutcome::Conflict { detail: "the cron no longer exists".to_owned() });
    };
    if change.revision.is_none() {
        return Some(LineOutcome::Failed { detail: "its definition is being read again".to_owned() });
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

/// When the gateway's write limit allows the next write, if not now.
fn paced_until(job: &JobState, window: &mut Option<(Timestamp, u32)>, now: Timestamp) -> Option<Timestamp> {
    if let Some(until) = job.paced_until.filter(|until| now < *until) {
        return Some(until);
    }
    let (start, calls) = (*window)?;
    let end = start.saturating_add(WRITE_WINDOW).unwrap_or(Timestamp::MAX);
    if now >= end {
        *window = None;
        return None;
    }
    (calls >= WRITES_PER_WINDOW).then_some(end)
}

/// The journal, and for a pause the ledger, come before the call.
fn prepare(world: &mut World, job: &mut JobState, index: usize, now: Timestamp) -> Effect {
    let line = &mut job.lines[index];
    line.outcome = LineOutcome::Writing;
    line.stage = Stage::Preparing;
    world.dirty.shown = true;
    let ledger = line.pauses().then(|| {
        if let Some(cron) = world.crons.get(&line.change.cron).cloned() {
            let entry = debt(&cron, &line.change, now);
            Arc::make_mut(&mut world.ledger).insert(cron.id.clone(), entry);
        }
        world.ledger.clone()
    });
    Effect::Store(Box::new(StoreOp::Prepare { job: job.id, change: line.change.clone(), ledger }))
}

/// What we will owe for pausing `cron`.
fn debt(cron: &Cron, change: &Change, now: Timestamp) -> LedgerEntry {
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
        unknown: serde_json::Map::new(),
    }
}

/// The intent is on disk: now the call. If it is not, nothing is written.
pub fn prepared(
    world: &mut World,
    id: u64,
    cron: &CronId,
    result: Result<(), ProblemKind>,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(mut job) = world.job.take().filter(|job| job.id == id) else { return Vec::new() };
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
    } else {
        let line = &mut job.lines[index];
        let revision = line.change.revision.clone();
        if let (Some(expected), true) = (revision, world.connected()) {
            line.stage = Stage::InFlight;
            let calls = world.write_window.map_or(0, |(_, calls)| calls);
            let start = world.write_window.map_or(now, |(start, _)| start);
            world.write_window = Some((start, calls + 1));
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
    let Some(mut job) = world.job.take().filter(|job| job.id == id) else { return Vec::new() };
    let Some(index) = position(&job, cron, Stage::InFlight) else {
        world.job = Some(job);
        return Vec::new();
    };
    let mut effects = Vec::new();
    match result {
        WriteResult::ReadBack(read) => effects.extend(verified(world, &mut job, index, read, now)),
        WriteResult::Conflict { now: current } => {
            match current {
                Some(current) => record::cron(world, current),
                None => {
                    effects.push(Effect::Fetch {
                        session: world.session,
                        what: super::super::effect::Fetch::Cron(cron.clone()),
                    });
                }
            }
            let detail = "somebody else changed it meanwhile; nothing was written".to_owned();
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
        }
        WriteResult::Gone => {
            Arc::make_mut(&mut world.crons).remove(cron);
            world.dirty.plan = true;
            let detail = "the cron no longer exists".to_owned();
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
        }
        WriteResult::Later { retry_after } => {
            let line = &mut job.lines[index];
            line.stage = Stage::Idle;
            line.outcome = LineOutcome::Waiting;
            job.paced_until = Some(now.saturating_add(retry_after).unwrap_or(Timestamp::MAX));
        }
        WriteResult::Refused { detail } => {
            effects.extend(finish_line(world, &mut job, index, LineOutcome::Refused { detail }, None));
        }
        WriteResult::Unknown { detail } => {
            tracing::info!(%cron, %detail, "a write's fate is unknown until the gateway is read again");
            job.lines[index].stage = Stage::Uncertain;
            if world.connected() {
                effects.push(Effect::Fetch {
                    session: world.session,
                    what: super::super::effect::Fetch::Cron(cron.clone()),
                });
            }
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

/// The gateway was read again: lines whose fate was unknown have one now.
pub fn resolve_uncertain(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Some(mut job) = world.job.take() else { return Vec::new() };
    let mut effects = Vec::new();
    for index in 0..job.lines.len() {
        if job.lines[index].stage != Stage::Uncertain {
            continue;
        }
        let change = job.lines[index].change.clone();
        match world.crons.get(&change.cron).cloned() {
            None => {
                let detail = "the cron no longer exists".to_owned();
                effects.extend(finish_line(world, &mut job, index, LineOutcome::Conflict { detail }, None));
            }
            Some(cron) if change.patch().holds_in(&cron.fields()) => {
                effects.extend(verified(world, &mut job, index, (*cron).clone(), now));
            }
            Some(cron) if cron.revision == change.revision => {
                let line = &mut job.lines[index];
                line.stage = Stage::Idle;
                line.outcome = LineOutcome::Waiting;
            }
            Some(_) => {
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
pub(super) fn verified(world: &mut World, job: &mut JobState, index: usize, read: Cron, now: Timestamp) -> Vec<Effect> {
    let change = job.lines[index].change.clone();
    let fields = read.fields();
    let revision_after = read.revision.clone();
    record::cron(world, read);
    if !change.patch().holds_in(&fields) {
        let detail = "it was written, but reads back differently".to_owned();
        return finish_line(world, job, index, LineOutcome::Failed { detail }, None);
    }
    let switch = Switch {
        id: SwitchId::new(format!("{:x}-{}", now.as_millisecond(), change.cron)),
        plan: job.plan.id.clone(),
        at: now,
        cron: change.cron.clone(),
        name: change.name.clone(),
        from: change.from.clone(),
        to: change.to.clone(),
        revision_before: change.revision.clone(),
        revision_after,
        reason: change.reason.clone(),
        cause: change.cause,
        confirmation: record::first_confirmation(&change),
        undone_by: None,
    };
    let mut effects = Vec::new();
    if change.kind == ChangeKind::Undo {
        // Before the outcome, so that a crash in between does not offer the cron again.
        effects.extend(super::edit::hold_after_undo(world, &change.cron, now));
    }
    effects.extend(finish_line(world, job, index, LineOutcome::Verified, Some(switch.clone())));
    effects.push(Effect::Emit(Event::Switched(Box::new(switch))));
    if edited::applied(world, &change.cron) {
        effects.push(Effect::Store(Box::new(StoreOp::SavePending((*world.edited).clone()))));
    }
    effects
}

/// Gives a line its final outcome and records it; the ledger follows the truth.
fn finish_line(
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
    let ledger = settle_ledger(world, &change, outcome == LineOutcome::Verified);
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
        switch: switch.map(Box::new),
        log,
        undone,
        ledger,
    }))]
}

/// The ledger after a line's outcome, when it changed.
fn settle_ledger(world: &mut World, change: &Change, verified: bool) -> Option<Arc<crate::domain::Ledger>> {
    let entry = world.ledger.get(&change.cron)?;
    let enables = change.patch().enabled == Some(true);
    let pauses = change.patch().enabled == Some(false);
    if verified && enables || !verified && pauses && !entry.confirmed {
        Arc::make_mut(&mut world.ledger).remove(&change.cron);
    } else if verified && pauses && !entry.confirmed {
        if let Some(entry) = Arc::make_mut(&mut world.ledger).get_mut(&change.cron) {
            entry.confirmed = true;
        }
    } else {
        return None;
    }
    Some(world.ledger.clone())
}

fn log_line(world: &World, switch: &Switch, change: &Change) -> LogLine {
    let side = |fields: &crate::domain::Fields, model: Option<&crate::domain::ModelRef>| {
        if !fields.enabled {
            return "paused".to_owned();
        }
        let stored = fields.model.clone().unwrap_or_else(|| "agent default".to_owned());
        model.map_or(stored, ToString::to_string)
    };
    LogLine {
        at: switch.at,
        name: switch.name.clone(),
        from: side(&change.from, change.from_model.as_ref()),
        to: side(&change.to, change.to_model.as_ref()),
        reason: record::reason_in_words(world, &switch.reason, switch.at),
    }
}

fn set_phase(world: &mut World, job: &mut JobState, phase: JobPhase) {
    if job.phase != phase {
        job.phase = phase;
        world.dirty.shown = true;
    }
}

/// Ends the job; lines that were not begun stay not started.
fn end(world: &mut World, job: &mut JobState, phase: JobPhase, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    for line in job.lines.iter_mut().filter(|line| line.open()) {
        line.stage = Stage::Idle;
        line.outcome = LineOutcome::NotStarted;
        // A line that was begun and put back may have left an intent behind.
        let ledger = settle_ledger(world, &line.change, false);
        effects.extend(ledger.map(|ledger| Effect::Store(Box::new(StoreOp::SaveLedger { ledger }))));
    }
    job.phase = phase.clone();
    job.ended_at = Some(now);
    job.paced_until = None;
    job.drain_check_at = None;
    world.dirty.shown = true;
    world.dirty.plan = true;
    effects.push(Effect::Store(Box::new(StoreOp::EndJob { job: job.id, phase })));
    effects
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

/// The version refused a write it had to refuse, or it did not, or it could not be asked.
pub fn proven(world: &mut World, proof: Proof, now: Timestamp) -> Vec<Effect> {
    let Some(mut job) = world.job.take().filter(|job| job.proving) else { return Vec::new() };
    let mut effects = Vec::new();
    job.proving = false;
    match proof {
        Proof::Refused => {
            if let crate::domain::Connection::Connected(info) = &mut world.connection {
                info.access = Access::ReadWrite;
                world.proven.insert(info.version.clone());
                effects.push(Effect::Store(Box::new(StoreOp::SaveProven(world.proven.clone()))));
            }
            world.clear("gateway/version");
        }
        Proof::Obeyed => {
            let version = world.connection.info().map(|info| info.version.clone()).unwrap_or_default();
            world.raise("gateway/version", ProblemKind::UnprovenGateway { version }, now);
            effects.extend(end(world, &mut job, JobPhase::Stopped, now));
        }
        Proof::NotAsked { detail } => {
            world.raise("gateway/proof", ProblemKind::Refused { detail }, now);
            effects.extend(end(world, &mut job, JobPhase::Stopped, now));
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

/// The connection was lost before the proof came: it is asked for again.
pub fn prove_again(world: &World) -> Option<Effect> {
    let job = world.job.as_ref().filter(|job| job.running() && job.proving)?;
    let cron = job.lines.iter().find(|line| line.open())?.change.cron.clone();
    Some(Effect::Prove { session: world.session, cron })
}

/// Plans what is left of the finished job again and applies it.
pub fn carry_on(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let job = world.job.as_ref().ok_or(Refusal::NothingToDo)?;
    if job.running() {
        return Err(Refusal::JobRunning);
    }
    let left: Vec<Arc<Change>> = job
        .lines
        .iter()
        .filter(|line| matches!(line.outcome, LineOutcome::Failed { .. } | LineOutcome::NotStarted))
        .map(|line| line.change.clone())
        .collect();
    if let PlanOrigin::Undo { of } = job.plan.origin.clone() {
        let switches: Vec<Switch> = job.takes_back.values().flatten().cloned().collect();
        undo::offer(world, &of, &switches, now)?;
        let undo = world.undo.as_ref().map(|undo| undo.plan.clone()).ok_or(Refusal::NothingToDo)?;
        return begin(world, &undo.id, &still_meant(&undo, &left), now);
    }
    world.derive(now);
    let plan = world.plan.clone();
    let same = still_meant(&plan, &left);
    if same.is_empty() && !plan.changes.is_empty() {
        return Err(Refusal::Drifted);
    }
    begin(world, &plan.id, &same, now)
}

/// The lines of `plan` that would write what was agreed to before; anything else was never shown.
fn still_meant(plan: &Plan, agreed: &[Arc<Change>]) -> Vec<CronId> {
    let same = |old: &&Arc<Change>| plan.change(&old.cron).is_some_and(|new| new.to == old.to && new.kind == old.kind);
    agreed.iter().filter(same).map(|change| change.cron.clone()).collect()
}

/// When the last line will be written, at the gateway's pace.
fn expected_end(job: &JobState, window: Option<(Timestamp, u32)>, now: Timestamp) -> Option<Timestamp> {
    if !job.running() {
        return None;
    }
    let left = u32::try_from(job.lines.iter().filter(|line| line.open()).count()).unwrap_or(u32::MAX);
    let (start, used) = window.filter(|(start, _)| now < *start + WRITE_WINDOW).unwrap_or((now, 0));
    let free = WRITES_PER_WINDOW.saturating_sub(used);
    if left <= free {
        return now.checked_add(SignedDuration::from_millis(50) * i32::try_from(left).unwrap_or(i32::MAX)).ok();
    }
    let windows = (left - free).div_ceil(WRITES_PER_WINDOW);
    start.checked_add(WRITE_WINDOW * i32::try_from(windows).unwrap_or(i32::MAX)).ok()
}
