//! Which line is next: those that pause a running cron wait for the end of its run, and those that move a start until it is over.

use jiff::{SignedDuration, Timestamp};

use super::super::super::World;
use super::super::automation::does_not_ask;
use super::job::{JobState, Line};
use crate::domain::{Cron, LineOutcome};
use crate::fault::{self, Fault};
use crate::policy;

/// A run without a timeout of its own may take this long before the user is asked.
pub const DRAIN_PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// The first line that can be written now. Lines that pause a running cron wait for its run.
pub(super) fn next_line(world: &mut World, job: &mut JobState, now: Timestamp) -> Option<usize> {
    let mut next = None;
    let (open_stage, leaves) = (job.open_stage, does_not_ask(job));
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
            if now >= asks_at && leaves && next.is_none() {
                next = Some(index);
            }
            continue;
        }
        if let Some(until) = starts_soon(world, line, now) {
            let outcome = LineOutcome::BetweenStarts { until };
            job.drain_check_at = Some(job.drain_check_at.map_or(until, |at| at.min(until)));
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

/// Until when its cron must not get another delay, by our clock.
fn starts_soon(world: &World, line: &Line, now: Timestamp) -> Option<Timestamp> {
    let edit = line.change.schedule.as_ref()?;
    let cron = world.crons.get(&line.change.cron)?;
    let until = policy::between_starts(cron, &edit.to, world.by_gateways_clock(now))?;
    Some(world.by_our_clock(until))
}

/// Nobody is there to be asked: a run that takes too long is left to end, and its cron to a later plan.
pub(super) fn given_up(world: &World, job: &JobState, line: &Line) -> Option<LineOutcome> {
    let asks = matches!(line.outcome, LineOutcome::DrainAsks { .. });
    drains(world, line).filter(|_| asks && does_not_ask(job))?;
    let detail = "it still runs, longer than it may; it pauses another time".to_owned();
    Some(LineOutcome::Failed { detail })
}

/// The run that this line must not end, and how long it may take.
pub(super) fn drains(world: &World, line: &Line) -> Option<(Timestamp, SignedDuration)> {
    let waits = line.pauses() && !line.pause_now && !fault::on(Fault::EndsRuns);
    let cron = world.crons.get(&line.change.cron).filter(|_| waits)?;
    Some((cron.running_since?, drain_limit(cron)))
}

fn drain_limit(cron: &Cron) -> SignedDuration {
    cron.turn().and_then(|turn| turn.timeout).unwrap_or(DRAIN_PATIENCE)
}
