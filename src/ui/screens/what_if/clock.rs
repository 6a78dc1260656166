//! The clock: now, or any quarter of an hour of the next thirty days.
//!
//! The near future has more room on the slider than the far one: what resets today matters to the hour.

use egui::{Align, Id, Layout, RichText, Ui};
use jiff::{SignedDuration, Timestamp};

use crate::domain::Hypothesis;
use crate::ui::theme;
use crate::ui::widgets::{Moved, Track, elided};
use crate::words::{self, Speech};

const QUARTER: i64 = 15 * 60;
const DAY: i64 = 24 * 3600;

/// Days, by what they are called.
const MARKS: [(i64, &str); 6] = [(0, "now"), (1, "1 d"), (3, "3 d"), (7, "7 d"), (14, "14 d"), (30, "30 d")];

pub(super) fn ui(ui: &mut Ui, at: &mut Option<Timestamp>, wants_focus: bool, speech: &Speech<'_>) {
    let palette = theme::palette(ui);
    let said = at.map_or_else(|| "as it is now".to_owned(), |at| words::clock_and_ahead(at, speech));
    ui.horizontal(|ui| {
        ui.label(RichText::new("Clock").font(theme::title_font()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let color = if at.is_some() { palette.accent } else { palette.secondary };
            let room = ui.available_width();
            elided(ui, &said, theme::strong_font(), color, room);
        });
    });
    let marks = MARKS.map(|(days, name)| (part_of(days * DAY), name));
    let ahead = at.map_or(0, |at| at.duration_since(speech.now).as_secs());
    let id = Id::unique("what-if clock");
    let track = Track { id, name: "Clock", said: &said, part: part_of(ahead), color: palette.accent, marks: &marks };
    let room = ui.available_width();
    let (response, moved) = track.ui(ui, room);
    if at.is_some() {
        ui.label(RichText::new(words::UNTIL_THEN).font(theme::small_font()).color(palette.secondary));
    }
    if wants_focus {
        response.request_focus();
    }
    let secs = match moved {
        None => return,
        Some(Moved::To(part)) => secs_of(part),
        Some(Moved::Steps(steps)) => ahead + i64::from(steps) * QUARTER,
        Some(Moved::Strides(days)) => ahead + i64::from(days) * DAY,
        Some(Moved::ToBegin) => 0,
        Some(Moved::ToEnd) => Hypothesis::FURTHEST.as_secs(),
    };
    *at = quarter(speech.now, secs);
}

fn part_of(secs: i64) -> f32 {
    (secs.max(0) as f64 / Hypothesis::FURTHEST.as_secs_f64()).sqrt().min(1.0) as f32
}

fn secs_of(part: f32) -> i64 {
    (f64::from(part).powi(2) * Hypothesis::FURTHEST.as_secs_f64()).round() as i64
}

/// The nearest quarter of an hour; `None` for what is not ahead.
fn quarter(now: Timestamp, ahead_secs: i64) -> Option<Timestamp> {
    let most = Hypothesis::FURTHEST.as_secs();
    let at = now.as_second() + ahead_secs.clamp(0, most);
    let rounded = Timestamp::from_second((at + QUARTER / 2).div_euclid(QUARTER) * QUARTER).ok()?;
    let furthest = now.checked_add(SignedDuration::from_secs(most)).unwrap_or(Timestamp::MAX);
    Some(rounded.min(furthest)).filter(|at| *at > now && ahead_secs > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_future_has_more_room_and_every_part_leads_back_to_itself() {
        assert!(part_of(DAY) > 0.15, "a day of thirty has more than its share: {}", part_of(DAY));
        for secs in [0, QUARTER, 6 * 3600, DAY, 7 * DAY, 30 * DAY] {
            assert!((secs_of(part_of(secs)) - secs).abs() < 60, "{secs}: {}", secs_of(part_of(secs)));
        }
    }

    #[test]
    fn the_clock_stops_at_quarters_of_an_hour_and_never_behind_now() {
        let now: Timestamp = "2026-11-27T10:07:00Z".parse().expect("a moment");
        let at = |secs| quarter(now, secs).map(|at| at.to_string());
        assert_eq!(at(0), None);
        assert_eq!(at(20), None, "that is now");
        assert_eq!(at(QUARTER).as_deref(), Some("2026-11-27T10:15:00Z"));
        assert_eq!(at(DAY).as_deref(), Some("2026-11-28T10:00:00Z"));
        assert_eq!(at(99 * DAY).as_deref(), Some("2026-12-27T10:00:00Z"));
    }
}
