//! Which plan the cards show. In a crisis that nobody has answered yet it is that of crisis mode, so that one sees what
//! the banner speaks of.

use std::sync::Arc;

use crate::domain::{OutageLevel, Plan};
use crate::engine::Snapshot;

/// Crisis mode is offered because of an outage, or on.
#[must_use]
pub fn crisis_is_shown(snapshot: &Snapshot) -> bool {
    snapshot.crisis.state.governs() || offered(snapshot).is_some()
}

/// What entering crisis mode would write, while the outage asks for it.
#[must_use]
pub fn offered(snapshot: &Snapshot) -> Option<&Arc<Plan>> {
    let asked = snapshot.level() == OutageLevel::Crisis && snapshot.crisis.state.mode.is_none();
    snapshot.crisis.enter.as_ref().filter(|_| asked)
}

/// The plan that board and details show.
#[must_use]
pub fn shown_plan(snapshot: &Snapshot) -> &Arc<Plan> {
    offered(snapshot).unwrap_or(&snapshot.plan)
}
