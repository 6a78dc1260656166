//! One verified change of a cron, as the journal keeps it and Activity shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, CronId, Fields, Patch, PlanId, Reason, Revision, ScheduleEdit, Seal, StartedBy, SwitchId};

/// A change that was written and read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Switch {
    pub id: SwitchId,
    pub plan: PlanId,
    pub at: Timestamp,
    pub cron: CronId,
    pub name: String,
    pub from: Fields,
    pub to: Fields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleEdit>,
    pub revision_before: Option<Revision>,
    pub revision_after: Option<Revision>,
    pub reason: Reason,
    pub cause: Cause,
    pub confirmation: Confirmation,
    /// The switch that took this one back.
    pub undone_by: Option<SwitchId>,
    #[serde(default)]
    pub by: StartedBy,
    /// For one that gave back what was owed: whether the definition is the one from before.
    #[serde(default)]
    pub seal: Option<Seal>,
}

impl Switch {
    /// What was written.
    #[must_use]
    pub fn patch(&self) -> Patch {
        let schedule = self.schedule.as_ref().map(|edit| edit.to.clone());
        Patch { schedule, ..Patch::between(&self.from, &self.to) }
    }
}

/// Whether a real run has used what the switch wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// No run since.
    Waiting,
    Confirmed {
        at: Timestamp,
    },
    /// "Ran on another model than intended".
    RanElsewhere {
        at: Timestamp,
        provider: String,
        model: String,
    },
    /// A pause needs no run to be true.
    NotNeeded,
}
