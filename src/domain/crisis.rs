//! Crisis mode and the way out of it: what is remembered across restarts, and what a face shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AccountId, CronId, Plan, VendorId};

/// Declaration keys of the one-shots that wake this program when an account is expected back: this and its id.
pub const RECOVERY_KEY_PREFIX: &str = "model-orchestrator:recovery:";

/// What of a crisis must survive a restart: kept in `ledger.json`, beside the debts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Crisis {
    /// `None`: crisis mode is off, and ordinary distribution goes on.
    pub mode: Option<CrisisMode>,
    /// When crisis mode last ended.
    pub left_at: Option<Timestamp>,
    /// Vendors of this outage that have not come back yet.
    pub away: BTreeSet<VendorId>,
    /// When a vendor that had come back failed again: each within 24 h doubles the wait before recovery.
    pub relapses: Vec<Timestamp>,
    /// Vendors that came back since crisis mode was entered, or while something was still owed, and when.
    pub came_back: BTreeMap<VendorId, Timestamp>,
    /// What was given back lately and what was missed meanwhile, until the user has read it.
    pub report: Option<RecoveryReport>,
    /// Fields of the file that this version does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrisisMode {
    pub since: Timestamp,
    /// One entered by hand ends only by hand.
    pub by: StartedBy,
    /// What was changed is being given back: until that has ended, the mode can be gone back to.
    #[serde(default)]
    pub recovering: Option<Recovering>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovering {
    pub since: Timestamp,
    pub by: StartedBy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartedBy {
    #[default]
    Hand,
    Automation,
}

impl Crisis {
    /// Crisis mode is on, and nothing is being given back yet: the rules of a crisis hold.
    #[must_use]
    pub fn governs(&self) -> bool {
        self.mode.as_ref().is_some_and(|mode| mode.recovering.is_none())
    }

    /// Which rules plan now.
    #[must_use]
    pub fn plan_mode(&self) -> PlanMode {
        match self.governs() {
            false => PlanMode::Ordinary,
            true if self.came_back.is_empty() => PlanMode::Crisis,
            true => PlanMode::Waning,
        }
    }

    #[must_use]
    pub fn recovering(&self) -> Option<Recovering> {
        self.mode.as_ref()?.recovering
    }
}

/// Which rules plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanMode {
    /// Each cron on the first serving route of its chain; what is owed is given back where that serves.
    #[default]
    Ordinary,
    /// Critical crons and T1 keep running as cheaply as possible, the others pause.
    Crisis,
    /// The same while vendors come back: nothing more pauses unless the outage level is Crisis again.
    Waning,
}

/// Whether a definition that was given back is the one from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    /// The gateway's revision equals the one before: *definition identical to before*.
    Identical,
    /// Something differs: the user's own edit, or a model that does not serve yet.
    Differs,
}

/// What was given back, cron by cron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryReport {
    /// When the first of its crons was given back.
    pub since: Timestamp,
    /// In the order in which they were given back; one line for each cron.
    pub lines: Vec<ReportLine>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportLine {
    pub cron: CronId,
    pub name: String,
    pub back_at: Timestamp,
    pub seal: Seal,
    /// While it was paused; `None` when it was only moved.
    #[serde(default)]
    pub paused_from: Option<Timestamp>,
    /// How often it would have fired meanwhile; `None` when that cannot be told: events, conditions.
    #[serde(default)]
    pub missed: Option<Missed>,
    /// When the user had it run after all.
    #[serde(default)]
    pub ran_at: Option<Timestamp>,
}

/// Runs that did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// At most [`Missed::COUNTED`]; then it was that many or more.
    pub n_runs: u32,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl Missed {
    pub const COUNTED: u32 = 1000;
}

/// Everything about crisis and recovery that a face shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrisisView {
    pub state: Arc<Crisis>,
    /// What entering crisis mode would write; `None` while it is on, or when nothing can be planned.
    pub enter: Option<Arc<Plan>>,
    /// What leaving it, or giving back what is owed, would write; `None` when nothing is owed and the mode is off.
    pub recover: Option<Arc<Plan>>,
    pub readiness: Readiness,
    /// When the outage level is expected below the threshold: pauses are planned to last until then.
    pub expected_end: Option<Timestamp>,
    /// Vendors that will not be back for a long time: to be set aside rather than waited for.
    pub away: Vec<LongAway>,
    /// The one-shots on the gateway, by account.
    pub checks: BTreeMap<AccountId, RecoveryCheck>,
    /// Why automation does not do by itself what is planned.
    pub automation: AutomationWord,
}

/// Whether what was changed may be given back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Readiness {
    /// Crisis mode is off and nothing is owed.
    #[default]
    NothingOwed,
    /// Too many vendors are still down.
    StillDown {
        vendors: Vec<VendorId>,
        expected: Option<Timestamp>,
    },
    /// They are back, and shall serve for a while first.
    Settling {
        until: Timestamp,
        n_relapses: u32,
    },
    Ready,
    /// It is being given back now.
    Recovering,
}

/// A quota window that the moved crons would use up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overload {
    pub account: AccountId,
    /// The window's label.
    pub window: String,
    /// Share used up now, and at its reset if nothing is done: 1.0 is all of it.
    pub used_ratio: f64,
    pub expected_ratio: f64,
    pub resets_at: Timestamp,
    /// The moment at which it would be used up.
    pub runs_out_at: Option<Timestamp>,
    /// How many crons would run on it, those that are there already included.
    pub n_crons: usize,
}

/// A vendor with a reset so far away that waiting for it would pause crons for days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LongAway {
    pub vendor: VendorId,
    pub accounts: Vec<AccountId>,
    pub until: Timestamp,
}

/// The one-shot on the gateway that reminds this program when an account is expected back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryCheck {
    /// By our clock.
    pub at: Timestamp,
    /// `None` while it is being placed.
    pub cron: Option<CronId>,
}

/// What automation makes of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum AutomationWord {
    /// It is not allowed to act by itself, or there is nothing to do.
    #[default]
    Silent,
    Acting,
    /// The first look since the start, or since sleep, is not over.
    LooksFirst,
    /// More crons than it may change in an hour.
    OverLimit {
        n_crons: usize,
        limit: usize,
    },
    QuietUntil {
        until: Timestamp,
    },
    /// Too soon after crisis mode was entered or left.
    Dwells {
        until: Timestamp,
    },
    /// A person stopped a job.
    StoppedByHand {
        until: Timestamp,
    },
    /// It changed what is left to be done so often within an hour that one more time helps nobody.
    TurnsTooOften {
        until: Timestamp,
    },
    /// The crisis was entered by hand and ends only so.
    ByHandOnly,
}
