//! What the plan screen shows: the ordinary plan, one that was asked for, or a job with its results.

use std::sync::Arc;

use crate::domain::{Change, Decision, Job, LineOutcome, Plan};
use crate::engine::Snapshot;

/// The lines on screen and where they come from.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    /// What distribution proposes.
    Offer(Arc<Plan>),
    /// What was asked for: taking switches back, or following an advice.
    Asked(Arc<Plan>),
    /// A plan being carried out, or carried out, until it is dismissed.
    Job(Arc<Job>),
}

impl Shown {
    /// A running job comes first, then a plan somebody asked for, then the results of the last job.
    pub fn of(snapshot: &Snapshot) -> Self {
        let job = snapshot.job.as_ref();
        match (job.filter(|job| job.running()), &snapshot.offer, job) {
            (Some(job), ..) | (None, None, Some(job)) => Self::Job(Arc::clone(job)),
            (None, Some(plan), _) => Self::Asked(Arc::clone(plan)),
            (None, None, None) => Self::Offer(Arc::clone(&snapshot.plan)),
        }
    }

    pub fn plan(&self) -> &Plan {
        match self {
            Self::Offer(plan) | Self::Asked(plan) => plan,
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
