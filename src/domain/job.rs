//! A plan being carried out, line by line, and why a wish can be refused.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Change, Plan, PlanId, ProblemKind, SwitchId, UnitTrouble};

/// An apply job: a plan being carried out, line by line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub id: u64,
    pub plan: Arc<Plan>,
    /// One for every line of the plan, in the plan's order.
    pub lines: Vec<JobLine>,
    pub phase: JobPhase,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When the last line is expected to be written, at the gateway's pace.
    pub expected_end: Option<Timestamp>,
}

impl Job {
    #[must_use]
    pub fn running(&self) -> bool {
        !matches!(self.phase, JobPhase::Done | JobPhase::Stopped | JobPhase::Interrupted)
    }

    /// Lines with a final outcome, and all lines that were asked for.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let asked = self.lines.iter().filter(|line| line.outcome != LineOutcome::LeftOut);
        (asked.clone().filter(|line| line.outcome.is_final()).count(), asked.count())
    }

    /// Lines that were written and read back.
    #[must_use]
    pub fn verified(&self) -> usize {
        self.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobPhase {
    Writing,
    /// The gateway's write limit is reached; it goes on then.
    Paced {
        until: Timestamp,
    },
    /// Giving back in stages: waits for a run of what was given back, until then at most.
    Proving {
        stage: u8,
        until: Timestamp,
    },
    /// Only crons that still run are left.
    Draining,
    /// The gateway is away; it goes on when it is back.
    GatewayAway,
    /// Stops after the line in flight.
    Stopping,
    Done,
    Stopped,
    /// Found in the journal at start: it can be continued.
    Interrupted,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobLine {
    pub change: Arc<Change>,
    pub outcome: LineOutcome,
    /// In which stage it is written; only giving back has more than one.
    pub stage: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LineOutcome {
    /// The user unticked it.
    LeftOut,
    Waiting,
    /// It pauses when its run ends.
    Draining {
        since: Timestamp,
    },
    /// Its run takes longer than its timeout: the user is asked.
    DrainAsks {
        since: Timestamp,
    },
    /// Its next start lies near: it would start twice, or not at all, with another delay.
    BetweenStarts {
        until: Timestamp,
    },
    Writing,
    /// Written and read back.
    Verified,
    /// Somebody else changed the cron meanwhile; nothing was written.
    Conflict {
        detail: String,
    },
    /// The gateway said no, and would say it again.
    Refused {
        detail: String,
    },
    /// It may work another time.
    Failed {
        detail: String,
    },
    /// Not started because the job was stopped.
    NotStarted,
    /// The user or a provider's health changed since, and it is not what would be planned now.
    /// Nothing was written.
    Withdrawn,
}

impl LineOutcome {
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Verified
                | Self::Conflict { .. }
                | Self::Refused { .. }
                | Self::Failed { .. }
                | Self::NotStarted
                | Self::Withdrawn
        )
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    NotConnected,
    ReadOnly,
    /// The plan that was shown is no longer the plan; a fresh one is in the snapshot.
    Drifted,
    JobRunning,
    /// The gateway went away during a write, and has not told since what became of it.
    Undecided,
    NothingToDo,
    /// The settings leave schedules alone.
    SchedulesStay,
    /// The program in the background went away before it answered: it may have been done.
    NoAnswer,
    /// The provider asked for patience: it is not asked before.
    ToldToWait {
        account: AccountId,
        until: Timestamp,
    },
    UnknownAccount {
        account: AccountId,
    },
    /// An edit cannot be taken back or done again: nothing of it stands any more.
    ChangedSince {
        label: String,
    },
    UnknownCron {
        cron: String,
    },
    /// Nothing in the journal can be undone under that name.
    UnknownSwitch {
        name: String,
    },
    /// The ids of several plans and switches begin so.
    AmbiguousSwitch {
        name: String,
        plans: Vec<PlanId>,
        switches: Vec<SwitchId>,
    },
    /// A program without a window cannot be installed here, or not removed.
    Service(UnitTrouble),
    Problem(ProblemKind),
}
