//! The gateway's write limit: when the next write may go, and when the last one will have gone.

use jiff::{SignedDuration, Timestamp};

use super::job::JobState;
use crate::domain::WritesUsed;
use crate::fault::{self, Fault};

/// The gateway allows this many calls of one method…
pub const WRITES_PER_WINDOW: u32 = 30;

/// …in this time, from the first of them.
pub const WRITE_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// When the gateway's write limit allows the next write, if not now.
pub(super) fn paced_until(job: &JobState, window: &mut Option<(Timestamp, u32)>, now: Timestamp) -> Option<Timestamp> {
    if let Some(until) = job.paced_until.filter(|until| now < *until) {
        return Some(until);
    }
    let (start, calls) = (*window)?;
    let end = start.saturating_add(WRITE_WINDOW).unwrap_or(Timestamp::MAX);
    if now >= end {
        *window = None;
        return None;
    }
    (calls >= WRITES_PER_WINDOW && !fault::on(Fault::IgnoresThePace)).then_some(end)
}

/// One more call goes out. One that comes after the end of a window begins another.
pub fn count_write(window: &mut Option<(Timestamp, u32)>, now: Timestamp) {
    let begun = window.filter(|(start, _)| now < start.saturating_add(WRITE_WINDOW).unwrap_or(Timestamp::MAX));
    let (start, calls) = begun.unwrap_or((now, 0));
    *window = Some((start, calls + 1));
}

/// What a plan must know of the window, to say how long it takes.
pub fn writes_used(window: Option<(Timestamp, u32)>) -> Option<WritesUsed> {
    let (start, n_used) = window?;
    Some(WritesUsed { n_used, renewed_at: start.checked_add(WRITE_WINDOW).ok()? })
}

/// When the last line will be written, at the gateway's pace.
pub(super) fn expected_end(job: &JobState, window: Option<(Timestamp, u32)>, now: Timestamp) -> Option<Timestamp> {
    if !job.running() {
        return None;
    }
    let left = u32::try_from(job.lines.iter().filter(|line| line.open()).count()).unwrap_or(u32::MAX);
    let (start, used) = window.filter(|(start, _)| now < *start + WRITE_WINDOW).unwrap_or((now, 0));
    let free = WRITES_PER_WINDOW.saturating_sub(used);
    if left <= free {
        return now.checked_add(SignedDuration::from_millis(50) * i32::try_from(left).unwrap_or(i32::MAX)).ok();
    }
    let windows = (left - free).div_ceil(WRITES_PER_WINDOW);
    start.checked_add(WRITE_WINDOW * i32::try_from(windows).unwrap_or(i32::MAX)).ok()
}
