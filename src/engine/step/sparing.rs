//! Where distribution sends crons so that no quota runs out, when the user switched that on.
//!
//! Worked out now and then, not at every step: it learns from months of history. What comes of it is laid over the
//! mapping for planning alone; it is written down when a line that follows from it is carried out.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::World;
use crate::domain::{Detours, Observation, TierMap};
use crate::policy;

/// A quota does not run out so fast that it must be looked at more often.
const EVERY: SignedDuration = SignedDuration::from_mins(5);

/// The turns of windows that begin within this time must have room, too.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Debug, Default)]
pub struct Sparing {
    detours: Detours,
    looked_at: Option<Timestamp>,
}

/// Looks at what is foretold, when it is wanted and due.
pub(super) fn look(world: &mut World, now: Timestamp) {
    let wanted = world.settings.distribution.quota_aware && world.crisis.mode.is_none();
    if !wanted {
        world.sparing = Sparing::default();
        return;
    }
    let recent = world.sparing.looked_at.is_some_and(|at| at <= now && now.duration_since(at) < EVERY);
    // While something is written the plan stays what was agreed to.
    let busy = world.job.as_ref().is_some_and(super::apply::JobState::running);
    // What is worked out from half of it would stand for a while.
    let known = world.past.is_read() && world.evidence.runs && world.evidence.usage;
    if recent || busy || !world.connected() || !world.ready() || !known {
        return;
    }
    let obs = Observation { tiers: world.tiers.clone(), ..world.observation(now) };
    let learned = policy::learn(&world.past.usage, &obs);
    let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let detours = policy::sparing(&learned, &obs, &world.effective, until);
    world.sparing = Sparing { detours, looked_at: Some(now) };
}

/// The mapping as distribution plans with it.
pub fn mapping(world: &World) -> Arc<TierMap> {
    if world.sparing.detours.is_empty() {
        return world.tiers.clone();
    }
    policy::with_detours(&world.sparing.detours, &world.tiers)
}

#[cfg(test)]
impl Sparing {
    /// As if this had come of a look at that moment.
    pub fn of(detours: Detours, now: Timestamp) -> Self {
        Self { detours, looked_at: Some(now) }
    }
}
