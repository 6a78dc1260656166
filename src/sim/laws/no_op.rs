//! Nothing is written that is there already, by whatever name.

use super::write::Write;
use super::{Broken, Law};
use crate::domain::{Catalog, ChangeKind, Reason};

pub(super) fn judge(write: &Write<'_>) -> Option<Broken> {
    let unchanged = write.before.fields() == write.after.fields();
    (unchanged || only_respelt(write)).then(|| (Law::EmptyPlanMakesNoCall, write.name()))
}

/// The model alone, and it runs as the one before: an alias, a bare id or the default.
fn only_respelt(write: &Write<'_>) -> bool {
    let (Some(picture), Some(Some(model))) = (write.desk.picture, &write.patch.model) else { return false };
    let gives_back = write.change().is_some_and(|change| {
        change.kind == ChangeKind::Undo || change.kind == ChangeKind::Resume || change.reason == Reason::GivenBack
    });
    if gives_back || write.patch.enabled.is_some() {
        return false;
    }
    let catalog: &Catalog = &picture.catalog;
    let runs_as = |name: Option<&str>| catalog.resolve(name, write.before.agent.as_deref());
    let before = runs_as(write.before.fields().model.as_deref());
    before.is_some() && before == runs_as(Some(model))
}
