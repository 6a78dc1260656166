//! What faces see: a picture that shows something else has a higher revision, because every cache goes by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::happening::{Computer, Scene};
use super::{Broken, Law};
use crate::domain::{CrisisView, Cron, CronId, Ledger, Plan};
use crate::engine::Snapshot;

#[derive(Debug, Default)]
pub(super) struct Pictures {
    last: BTreeMap<Computer, Shown>,
}

#[derive(Debug)]
struct Shown {
    revision: u64,
    crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    plan: Arc<Plan>,
    crisis: Arc<CrisisView>,
    ledger: Arc<Ledger>,
}

impl Shown {
    fn of(picture: &Snapshot) -> Self {
        Self {
            revision: picture.revision,
            crons: picture.crons.clone(),
            plan: picture.plan.clone(),
            crisis: picture.crisis.clone(),
            ledger: picture.ledger.clone(),
        }
    }

    fn shares_all_with(&self, picture: &Snapshot) -> bool {
        Arc::ptr_eq(&self.crons, &picture.crons)
            && Arc::ptr_eq(&self.plan, &picture.plan)
            && Arc::ptr_eq(&self.crisis, &picture.crisis)
            && Arc::ptr_eq(&self.ledger, &picture.ledger)
    }
}

impl Shown {
    /// Worked out anew, with the same result.
    fn says_the_same_as(&self, picture: &Snapshot) -> bool {
        let plan = self.plan.changes == picture.plan.changes && self.plan.decisions == picture.plan.decisions;
        plan && self.crons == picture.crons && self.crisis == picture.crisis && self.ledger == picture.ledger
    }
}

impl Pictures {
    pub(super) fn started(&mut self, computer: Computer) {
        self.last.remove(&computer);
    }

    pub(super) fn judge(&mut self, computer: Computer, scene: &Scene<'_>) -> Option<Broken> {
        let picture = scene.computers.get(computer)?.picture?;
        let Some(last) = self.last.get(&computer) else {
            self.last.insert(computer, Shown::of(picture));
            return None;
        };
        let (before, now) = (last.revision, picture.revision);
        if now == before && last.shares_all_with(picture) {
            return None;
        }
        let goes_on = now > before || now == before && last.says_the_same_as(picture);
        self.last.insert(computer, Shown::of(picture));
        (!goes_on).then(|| (Law::PicturesGoForward, format!("picture {now} of computer {computer} follows {before}")))
    }
}
