//! What is owed is on disk before the gateway carries a change out.

use super::write::Write;
use super::{Broken, Law};
use crate::domain::PlanOrigin;

pub(super) fn judge(write: &Write<'_>) -> Option<Broken> {
    let in_crisis = write.plan().is_some_and(|plan| plan.origin == PlanOrigin::Crisis);
    if !write.pauses() && !in_crisis {
        return None;
    }
    let ledger = write.desk.disk.ledger();
    let owed = ledger.get(&write.before.id).is_some_and(|debt| !write.pauses() || debt.paused());
    let lines = write.journal.iter().flat_map(|line| &line.job.lines);
    // Before the first call of a crisis, that of each cron it will touch.
    let first = in_crisis && lines.clone().all(|line| line.outcome.is_none());
    let whole = !first || lines.clone().all(|line| ledger.contains_key(&line.change.cron));
    (!owed || !whole).then(|| (Law::DebtBeforeTheCall, write.name()))
}
