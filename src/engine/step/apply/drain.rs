//! Which line is next: those that pause a running cron wait for the end of its run.

use jiff::{SignedDuration, Timestamp};

use super::super::super::World;
use super::job::{JobState, Line};
use crate::domain::{Cron, LineOutcome};

/// A run without a timeout of its own may take this long before the user is asked.
pub const DRAIN_PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The first line that can be written now. Lines that pause a running cron wait for its run.
pub(super) fn next_line(world: &mut World, job: &mut JobState, now: Timestamp) -> Option<usize> {
    let mut next = None;
    let open_stage = job.open_stage;
    for (index, line) in job.lines.iter_mut().enumerate() {
        if !line.open() || line.turn > open_stage {
            continue;
        }
        if let Some((since, limit)) = drains(world, line) {
            let asks_at = world.by_our_clock(since).saturating_add(limit).unwrap_or(Timestamp::MAX);
            let outcome =
                if now >= asks_at { LineOutcome::DrainAsks { since } } else { LineOutcome::Draining { since } };
            if now < asks_at {
                job.drain_check_at = Some(job.drain_check_at.map_or(asks_at, |at| at.min(asks_at)));
            }
            if line.outcome != outcome {
                line.outcome = outcome;
                world.dirty.shown = true;
            }
            continue;
        }
        if next.is_none() {
            next = Some(index);
        }
    }
    next
}

/// The run that this line must not end, and how long it may take.
pub(super) fn drains(world: &World, line: &Line) -> Option<(Timestamp, SignedDuration)> {
    let cron = world.crons.get(&line.change.cron).filter(|_| line.pauses() && !line.pause_now)?;
    Some((cron.running_since?, drain_limit(cron)))
}

fn drain_limit(cron: &Cron) -> SignedDuration {
    cron.turn().and_then(|turn| turn.timeout).unwrap_or(DRAIN_PATIENCE)
}
