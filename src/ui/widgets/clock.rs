//! Labels that count: asks for the next frame when such a label will read differently, and not before.

use std::time::Duration;

use egui::Ui;
use jiff::{SignedDuration, Timestamp};

/// Repaints when "in 3 min" or "3 min ago" about `at` changes. Call it where the label is visible.
pub fn counts(ui: &Ui, at: Timestamp, now: Timestamp) {
    ui.ctx().request_repaint_after(until_change(at, now));
}

/// Like [`counts`] for a label that says "under 1 min" instead of seconds: an idle window then rests.
pub fn counts_minutes(ui: &Ui, at: Timestamp, now: Timestamp) {
    let left = at.duration_since(now);
    if left.abs() >= SignedDuration::from_mins(1) {
        counts(ui, at, now);
    } else if left.is_positive() {
        ui.ctx().request_repaint_after(left.unsigned_abs() + Duration::from_millis(50));
    }
}

/// How long a relative label about `at` stays true: until the next second, minute or hour, at least one second.
#[must_use]
pub fn until_change(at: Timestamp, now: Timestamp) -> Duration {
    let left = at.duration_since(now);
    let unit = match left.abs() {
        span if span < SignedDuration::from_mins(1) => 1_000,
        span if span < SignedDuration::from_hours(1) => 60_000,
        _ => 3_600_000,
    };
    // Labels round to the nearest unit, so they change in the middle between two.
    let into = (left.abs().as_millis() + unit / 2).rem_euclid(unit);
    let wait = if left.is_negative() { unit - into } else { into + 1 };
    Duration::from_millis(u64::try_from(wait).unwrap_or(1_000).max(1_000))
}

#[cfg(test)]
mod tests {
    use super::until_change;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn a_counting_label_asks_for_a_frame_when_its_words_change() {
        let cases = [
            (30, 1, "seconds are counted"),
            (150, 1, "two and a half minutes stop being three at once"),
            (-150, 60, "three minutes ago stays so for a minute"),
            (7_200 + 60, 1_860, "two hours stay so until an hour and a half is left"),
        ];
        let now = Timestamp::UNIX_EPOCH;
        for (left, expected, why) in cases {
            let at = now + SignedDuration::from_secs(left);
            assert_eq!(until_change(at, now).as_secs(), expected, "{why}");
        }
    }
}
