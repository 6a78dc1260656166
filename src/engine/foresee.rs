//! What a snapshot lets foresee: the forecast of every quota window, for whichever face asks.
//!
//! Pure, and for another thread than a window's: learning from months takes tens of milliseconds. What was learned
//! is kept as long as nothing new was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Snapshot;
use crate::domain::{Cause, Forecast, Observation, OutageLevel, Plan, PlanMode, TrackRecord, UsageHistory};
use crate::policy::{self, Learned};

/// Keeps what was learned between two questions.
#[derive(Debug, Default)]
pub struct Foresight {
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    history: Arc<UsageHistory>,
    learned: Learned,
    record: TrackRecord,
}

impl Foresight {
    /// From the moment of the snapshot until `until`; `after`: once that plan is carried out.
    pub fn forecast(&mut self, seen: &Snapshot, after: Option<&Plan>, until: Timestamp) -> Forecast {
        let obs = seen.observation();
        let known = match self.known.take() {
            Some(known) if Arc::ptr_eq(&known.history, &seen.history) => known,
            _ => Known {
                history: seen.history.clone(),
                learned: policy::learn(&seen.history, &obs),
                record: policy::track_record(&seen.history, &obs, &seen.settings),
            },
        };
        let forecast = policy::forecast(&known.learned, &obs, &seen.settings, after, until);
        let record = known.record.clone();
        self.known = Some(known);
        Forecast { record, ..forecast }
    }
}

impl Snapshot {
    /// What the policy may know of this moment, as far as faces know it, too: nothing is busy.
    #[must_use]
    pub fn observation(&self) -> Observation {
        let edits = self.plan.changes.iter().filter(|change| change.cause == Cause::Edit);
        Observation {
            at: self.at,
            gateway_reachable: self.connection.info().is_some() && self.crons_as_of.is_some(),
            crons: self.crons.clone(),
            catalog: self.catalog.clone(),
            fleet: self.fleet.clone(),
            tiers: self.tiers.clone(),
            ledger: self.ledger.clone(),
            edited: Arc::new(edits.map(|change| change.cron.clone()).collect()),
            down_since: BTreeMap::new(),
            previous_level: OutageLevel::Healthy,
            busy: Arc::default(),
            mode: if self.crisis.state.mode.is_some() { PlanMode::Crisis } else { PlanMode::Ordinary },
        }
    }
}
