//! The state of an apply job and of each of its lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::undo::TakesBack;
use crate::domain::{Change, CronId, Job, JobLine, JobPhase, LineOutcome, Plan, StartedBy};

/// A plan being carried out.
#[derive(Debug)]
pub struct JobState {
    pub(in crate::engine::step) id: u64,
    pub(in crate::engine::step) plan: Arc<Plan>,
    pub(in crate::engine::step) lines: Vec<Line>,
    pub(in crate::engine::step) phase: JobPhase,
    pub(in crate::engine::step) started_at: Timestamp,
    pub(in crate::engine::step) ended_at: Option<Timestamp>,
    pub(in crate::engine::step) expected_end: Option<Timestamp>,
    /// The switches an undo takes back, and has not yet.
    pub(in crate::engine::step) takes_back: TakesBack,
    /// A guarded write that must be refused comes first.
    pub(in crate::engine::step) proving: bool,
    pub(in crate::engine::step) by: StartedBy,
    /// Lines of later stages are not written yet.
    pub(in crate::engine::step) open_stage: u8,
    /// When the next stage begins, whatever was heard until then.
    pub(in crate::engine::step) proving_until: Option<Timestamp>,
    pub(in crate::engine::step) paced_until: Option<Timestamp>,
    /// When a drain turns into a question.
    pub(in crate::engine::step) drain_check_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(in crate::engine::step) struct Line {
    pub change: Arc<Change>,
    pub outcome: LineOutcome,
    pub stage: Stage,
    /// In which stage of its job it is written.
    pub turn: u8,
    /// The cron is, or will be, in the ledger for it.
    pub owes: bool,
    /// A call of it got no answer and had not arrived when the cron was read: it may still.
    pub unanswered: bool,
    /// The user said to pause it although it runs.
    pub pause_now: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::step) enum Stage {
    Idle,
    /// Its intent is on the way to the disk.
    Preparing,
    /// Its call is on the way.
    InFlight,
    /// The connection ended during its call.
    Uncertain,
}

impl Line {
    pub(super) fn pauses(&self) -> bool {
        self.change.patch().enabled == Some(false)
    }

    pub(super) fn open(&self) -> bool {
        matches!(
            self.outcome,
            LineOutcome::Waiting
                | LineOutcome::Draining { .. }
                | LineOutcome::DrainAsks { .. }
                | LineOutcome::BetweenStarts { .. }
                | LineOutcome::Writing
        )
    }
}

impl JobState {
    pub(in crate::engine) fn running(&self) -> bool {
        !matches!(self.phase, JobPhase::Done | JobPhase::Stopped | JobPhase::Interrupted)
    }

    /// A line is between its intent and its outcome.
    pub(in crate::engine) fn writing(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.stage, Stage::Preparing | Stage::InFlight))
    }

    /// How many lines no call was made for, and would have been.
    pub(in crate::engine::step) fn n_not_begun(&self) -> usize {
        self.lines.iter().filter(|line| line.open() && line.stage == Stage::Idle).count()
    }

    /// What was given back, or written, so far.
    pub(in crate::engine::step) fn verified(&self) -> impl Iterator<Item = &Change> {
        self.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).map(|line| &*line.change)
    }

    pub(in crate::engine::step) fn next_stage(&mut self) {
        self.open_stage = self.open_stage.saturating_add(1);
        self.proving_until = None;
    }

    pub(in crate::engine::step) fn every_stage(&mut self) {
        self.open_stage = u8::MAX;
        self.proving_until = None;
    }

    /// Crons the planner leaves alone.
    pub(in crate::engine) fn busy(&self) -> BTreeSet<CronId> {
        if !self.running() {
            return BTreeSet::new();
        }
        self.lines.iter().filter(|line| line.open()).map(|line| line.change.cron.clone()).collect()
    }

    pub(in crate::engine) fn next_wake(&self) -> Option<Timestamp> {
        if !self.running() {
            return None;
        }
        [self.paced_until, self.drain_check_at, self.proving_until].into_iter().flatten().min()
    }

    pub(in crate::engine) fn picture(&self) -> Arc<Job> {
        let line =
            |line: &Line| JobLine { change: line.change.clone(), outcome: line.outcome.clone(), stage: line.turn };
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

    pub(in crate::engine::step) fn line_mut(&mut self, cron: &CronId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.change.cron == *cron && line.outcome != LineOutcome::LeftOut)
    }
}
