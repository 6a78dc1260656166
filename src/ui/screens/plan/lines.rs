//! What the plan screen shows: the offered plan, an offered undo, or a job with its results.

use std::sync::Arc;

use crate::domain::{Change, Decision, Job, JobPhase, LineOutcome, Plan};
use crate::engine::Snapshot;

/// The lines on screen and where they come from.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// What distribution proposes.
    Offer(Arc<Plan>),
    /// What would take switches back.
    Undo(Arc<Plan>),
    /// A plan being carried out, or carried out, until it is dismissed.
    Job(Arc<Job>),
}

impl Shown {
    /// A running job comes first, then an undo somebody asked for, then the results of the last job.
    pub fn of(snapshot: &Snapshot) -> Self {
        let job = snapshot.job.as_ref();
        match (job.filter(|job| job.running()), &snapshot.undo_plan, job) {
            (Some(job), ..) | (None, None, Some(job)) => Self::Job(Arc::clone(job)),
            (None, Some(plan), _) => Self::Undo(Arc::clone(plan)),
            (None, None, None) => Self::Offer(Arc::clone(&snapshot.plan)),
        }
    }

    pub fn plan(&self) -> &Plan {
        match self {
            Self::Offer(plan) | Self::Undo(plan) => plan,
            Self::Job(job) => &job.plan,
        }
    }

    pub fn job(&self) -> Option<&Job> {
        match self {
            Self::Job(job) => Some(job),
            _ => None,
        }
    }

    /// Lines can be ticked before they are applied, not after.
    pub fn can_tick(&self) -> bool {
        self.job().is_none()
    }

    pub fn len(&self) -> usize {
        self.job().map_or(self.plan().changes.len(), |job| job.lines.len())
    }

    pub fn change(&self, line: usize) -> &Change {
        match self.job() {
            Some(job) => &job.lines[line].change,
            None => &self.plan().changes[line],
        }
    }

    pub fn outcome(&self, line: usize) -> Option<&LineOutcome> {
        self.job().map(|job| &job.lines[line].outcome)
    }

    pub fn decision(&self, line: usize) -> Option<&Decision> {
        self.plan().decision(&self.change(line).cron)
    }
}

/// What became of a job's lines, counted when the snapshot changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub verified: usize,
    pub failed: usize,
    pub not_started: usize,
    /// Lines that wait for the user or that failed, in the plan's order.
    pub attention: Vec<usize>,
}

impl Tally {
    pub fn of(job: &Job) -> Self {
        let mut tally = Self::default();
        for (at, line) in job.lines.iter().enumerate() {
            match &line.outcome {
                LineOutcome::Verified => tally.verified += 1,
                LineOutcome::Conflict { .. } | LineOutcome::Refused { .. } | LineOutcome::Failed { .. } => {
                    tally.failed += 1;
                    tally.attention.push(at);
                }
                LineOutcome::DrainAsks { .. } => tally.attention.push(at),
                LineOutcome::NotStarted | LineOutcome::Waiting if !job.running() => tally.not_started += 1,
                _ => {}
            }
        }
        tally
    }

    /// There is something that "continue" would go on with.
    pub fn can_continue(&self, job: &Job) -> bool {
        self.not_started > 0 && matches!(job.phase, JobPhase::Stopped | JobPhase::Interrupted)
    }
}
