//! What part of time is shown: spans, panning, zooming, and where a moment lies.

use std::ops::Range;

use egui::{Rangef, Ui, lerp};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ui::widgets::chip;

/// How much of a span lies behind now, when it is chosen.
const BEHIND: f64 = 0.25;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// Nobody needs to see less at once, or more.
const WIDTHS: Range<f64> = HOUR..120.0 * DAY;

/// The spans that are offered, by what they are called.
const SPANS: [(&str, f64); 4] = [("24 h", DAY), ("48 h", 2.0 * DAY), ("7 d", 7.0 * DAY), ("30 d", 30.0 * DAY)];

/// Seconds from now: the view goes on with the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui::screens) struct View {
    pub from: f64,
    pub width: f64,
}

impl Default for View {
    fn default() -> Self {
        Self::span(SPANS[1].1)
    }
}

impl View {
    /// So much time around now.
    pub fn span(width: f64) -> Self {
        Self { from: -width * BEHIND, width }
    }

    /// The coming day, with an hour of what is over.
    pub const fn coming_day() -> Self {
        Self { from: -HOUR, width: DAY + HOUR }
    }

    /// Whether this is the span as it was chosen.
    pub fn is_span(self, width: f64) -> bool {
        self == Self::span(width)
    }

    pub fn to(self) -> f64 {
        self.from + self.width
    }

    /// Moves by a part of what is seen: positive goes on in time.
    pub fn pan(&mut self, part: f64) {
        self.from += part * self.width;
        self.hold();
    }

    /// Shows less for a factor above one; what lies at `part` of the width stays there.
    pub fn zoom(&mut self, factor: f64, part: f64) {
        let width = (self.width / factor).clamp(WIDTHS.start, WIDTHS.end);
        self.from += (self.width - width) * part;
        self.width = width;
        self.hold();
    }

    /// Now is not seen.
    pub fn is_away(self) -> bool {
        self.from > 0.0 || self.to() < 0.0
    }

    /// Now in its place again, with as much to see as before.
    pub fn home(&mut self) {
        *self = Self::span(self.width);
    }

    /// Now, or the time that a month reaches from it, stays in sight.
    fn hold(&mut self) {
        let far = 31.0 * DAY;
        self.from = self.from.clamp(-180.0 * DAY, (far - self.width).max(-self.width * 0.9));
    }

    /// How far forecasts must reach: one of the spans, so that panning does not ask all the time.
    pub fn ahead(self) -> SignedDuration {
        let reach = SPANS.iter().map(|span| span.1).find(|span| *span >= self.to()).unwrap_or(30.0 * DAY);
        SignedDuration::from_secs(reach as i64)
    }
}

/// The spans that are offered, from right to left, and the way back to now.
pub(in crate::ui::screens) fn spans_ui(ui: &mut Ui, view: &mut View) {
    for (name, width) in SPANS.into_iter().rev() {
        if chip(ui, name, view.is_span(width)).clicked() {
            *view = View::span(width);
        }
    }
    if view.is_away() && chip(ui, "now", false).on_hover_text("Leads back to now (Home)").clicked() {
        view.home();
    }
}

/// A view at a moment, on a stretch of the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub now: Timestamp,
    pub view: View,
    pub x: Rangef,
}

impl Scale {
    pub fn at(self, moment: Timestamp) -> f32 {
        let part = (moment.duration_since(self.now).as_secs_f64() - self.view.from) / self.view.width;
        // Far away is far enough: the painter clips.
        lerp(f64::from(self.x.min)..=f64::from(self.x.max), part.clamp(-4.0, 5.0)) as f32
    }

    pub fn moment(self, x: f32) -> Timestamp {
        let part = f64::from((x - self.x.min) / self.x.span().max(1.0));
        self.later(self.view.from + part * self.view.width)
    }

    pub fn from(self) -> Timestamp {
        self.later(self.view.from)
    }

    pub fn to(self) -> Timestamp {
        self.later(self.view.to())
    }

    fn later(self, secs: f64) -> Timestamp {
        SignedDuration::try_from_secs_f64(secs)
            .ok()
            .and_then(|secs| self.now.checked_add(secs).ok())
            .unwrap_or(self.now)
    }

    pub fn shows(self, from: Timestamp, to: Timestamp) -> bool {
        from <= self.to() && to >= self.from()
    }

    /// Pixels that so many seconds take.
    pub fn pixels(self, secs: f64) -> f64 {
        secs / self.view.width * f64::from(self.x.span())
    }
}

/// One line of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub at: Timestamp,
    /// `None`: a line between two named ones.
    pub name: Option<String>,
}

/// Room that a name needs, in points.
const NAMED: f64 = 64.0;

/// The least between two lines.
const APART: f64 = 40.0;

/// Steps in minutes that fit evenly into a day.
const MINUTES: [i64; 9] = [5, 10, 15, 30, 60, 120, 180, 360, 720];

/// Lines at even times of the clock here: on every day anew, so that a change of clocks shifts none.
pub(super) fn ticks(scale: Scale, zone: &TimeZone) -> Vec<Tick> {
    let fits = |minutes: i64| scale.pixels(minutes as f64 * 60.0) >= NAMED;
    let mut ticks = Vec::new();
    let mut day = zone.to_datetime(scale.from()).date();
    let last = zone.to_datetime(scale.to()).date();
    let named = MINUTES.into_iter().find(|minutes| fits(*minutes));
    let lines = named.map(|named| {
        MINUTES.into_iter().find(|m| named % m == 0 && scale.pixels(*m as f64 * 60.0) >= APART).unwrap_or(named)
    });
    let days = (NAMED / scale.pixels(DAY)).ceil().max(1.0) as i64;
    let days = if days > 2 { 7 } else { days };
    let with_date = scale.view.width > 8.0 * DAY;
    while day <= last {
        // Counted from a Monday.
        let counted = day.since(Date::constant(1970, 1, 5)).map_or(0, |span| i64::from(span.get_days()));
        let midnight_named = counted.rem_euclid(days) == 0;
        for minute in (0..24 * 60).step_by(usize::try_from(lines.unwrap_or(24 * 60)).unwrap_or(1)) {
            let civil = day.at(i8::try_from(minute / 60).unwrap_or(0), i8::try_from(minute % 60).unwrap_or(0), 0, 0);
            // What falls into the hour that is left out is shown by the next one.
            let Ok(at) = zone.to_ambiguous_timestamp(civil).compatible() else { continue };
            if zone.to_datetime(at) != civil || at < scale.from() || at > scale.to() {
                continue;
            }
            let name = match minute {
                0 if midnight_named && with_date => Some(civil.strftime("%-d %b").to_string()),
                0 if midnight_named => Some(civil.strftime("%a").to_string()),
                0 => None,
                minute if named.is_some_and(|named| minute % named == 0) => Some(civil.strftime("%H:%M").to_string()),
                _ => None,
            };
            ticks.push(Tick { at, name });
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    name_a_day(&mut ticks, scale, zone);
    ticks
}

/// Where no midnight is seen, the first name says also which day it is; not one that the moment now stands over.
fn name_a_day(ticks: &mut [Tick], scale: Scale, zone: &TimeZone) {
    let civil = |tick: &Tick| zone.to_datetime(tick.at);
    if ticks.iter().any(|tick| tick.name.is_some() && civil(tick).time() == Time::midnight()) {
        return;
    }
    let beside_now = |tick: &Tick| f64::from((scale.at(tick.at) - scale.at(scale.now)).abs()) > NAMED;
    let mut named = ticks.iter_mut().filter(|tick| tick.name.is_some() && beside_now(tick));
    let Some(first) = named.next() else { return };
    let far = scale.view.from.abs().max(scale.view.to().abs()) > 6.0 * DAY;
    first.name = Some(civil(first).strftime(if far { "%-d %b %H:%M" } else { "%a %H:%M" }).to_string());
}

/// Widths of the bars below, in minutes, with what they are called.
const BINS: [(i64, &str); 12] = [
    (1, "per minute"),
    (2, "per two minutes"),
    (5, "per five minutes"),
    (10, "per ten minutes"),
    (15, "per quarter of an hour"),
    (30, "per half hour"),
    (60, "per hour"),
    (120, "per two hours"),
    (180, "per three hours"),
    (360, "per six hours"),
    (720, "per half day"),
    (1_440, "per day"),
];

/// Even parts of time that the runs are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bins {
    pub from: Timestamp,
    pub secs: i64,
    pub n: usize,
    pub name: &'static str,
}

impl Bins {
    /// Bars of some seven points, on even times of the clock here.
    pub fn of(scale: Scale, zone: &TimeZone) -> Self {
        let fits = |(minutes, _): &&(i64, &str)| scale.pixels(*minutes as f64 * 60.0) >= 7.0;
        let (minutes, name) = BINS.iter().find(fits).copied().unwrap_or(BINS[BINS.len() - 1]);
        let secs = minutes * 60;
        let offset = i64::from(zone.to_offset(scale.now).seconds());
        let first = (scale.from().as_second() + offset).div_euclid(secs) * secs - offset;
        let n = (scale.to().as_second() - first).div_euclid(secs) + 1;
        let from = Timestamp::from_second(first).unwrap_or(scale.now);
        Self { from, secs, n: usize::try_from(n).unwrap_or(0), name }
    }

    pub fn edge(self, index: usize) -> Timestamp {
        let secs = self.secs.saturating_mul(i64::try_from(index).unwrap_or(0));
        self.from.checked_add(SignedDuration::from_secs(secs)).unwrap_or(Timestamp::MAX)
    }

    pub fn index(self, at: Timestamp) -> Option<usize> {
        let secs = at.as_second() - self.from.as_second();
        usize::try_from(secs.div_euclid(self.secs)).ok().filter(|index| *index < self.n)
    }
}

#[cfg(test)]
mod tests {
    use egui::Rangef;
    use jiff::tz::TimeZone;

    use super::{Bins, DAY, HOUR, Scale, View, ticks};

    fn scale(now: &str, view: View) -> Scale {
        Scale { now: now.parse().expect("a moment"), view, x: Rangef::new(100.0, 980.0) }
    }

    fn named(scale: Scale, zone: &TimeZone) -> Vec<String> {
        ticks(scale, zone).into_iter().filter_map(|tick| tick.name).collect()
    }

    #[test]
    fn moments_and_places_are_each_others_inverse() {
        let scale = scale("2026-11-24T05:00:00Z", View::default());
        for x in [100.0, 320.0, 555.0, 980.0] {
            assert!((scale.at(scale.moment(x)) - x).abs() < 0.01, "{x}");
        }
        assert!((scale.at(scale.now) - 320.0).abs() < 0.01, "a quarter lies behind now");
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_ends_somewhere() {
        let mut view = View::span(2.0 * DAY);
        let before = view.from + view.width * 0.6;
        view.zoom(1.5, 0.6);
        assert!((view.from + view.width * 0.6 - before).abs() < 1.0);
        view.zoom(1e9, 0.5);
        assert!((view.width - HOUR).abs() < 1.0);
        view.pan(1e9);
        assert!(view.to() <= 31.5 * DAY, "nothing is known of what comes later");
        view.home();
        assert!(view.is_span(HOUR));
    }

    #[test]
    fn the_axis_names_hours_and_days_of_the_clock_here() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let two_days = scale("2026-11-24T05:00:00Z", View::default());
        assert_eq!(
            named(two_days, &berlin),
            ["18:00", "Tue", "06:00", "12:00", "18:00", "Wed", "06:00", "12:00", "18:00"]
        );
        let month = named(scale("2026-11-24T05:00:00Z", View::span(30.0 * DAY)), &berlin);
        assert!(month.iter().all(|name| name.contains(' ')), "{month:?}");
    }

    #[test]
    fn an_axis_without_a_midnight_names_the_day_once() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let hour = View { from: 4.0 * HOUR, width: HOUR };
        let names = named(scale("2026-11-24T05:00:00Z", hour), &berlin);
        assert_eq!(names[..2], ["Tue 10:00", "10:05"], "{names:?}");
        let month_ago = View { from: -30.0 * DAY, width: HOUR };
        let names = named(scale("2026-11-24T05:00:00Z", month_ago), &berlin);
        assert_eq!(names[0], "25 Oct 06:00", "a weekday says nothing of so long ago");
        assert_eq!(names.iter().filter(|name| name.len() > 5).count(), 1, "{names:?}");
    }

    #[test]
    fn a_change_of_clocks_shifts_no_line_of_the_axis() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        for night in ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"] {
            let names = named(scale(night, View::default()), &berlin);
            assert!(names.contains(&"12:00".to_owned()), "{names:?}");
            assert!(names.iter().all(|name| name.ends_with(":00") || name.len() == 3), "{names:?}");
        }
    }

    #[test]
    fn bars_begin_at_even_times_of_zones_without_whole_hours() {
        let kolkata = TimeZone::get("Asia/Kolkata").expect("a zone");
        let bins = Bins::of(scale("2026-11-24T05:17:00Z", View::span(7.0 * DAY)), &kolkata);
        assert_eq!(bins.secs, 2 * 3600);
        let first = kolkata.to_datetime(bins.from);
        assert_eq!((first.hour() % 2, first.minute()), (0, 0));
        assert_eq!(bins.index(bins.edge(3)), Some(3));
        assert_eq!(bins.index(bins.edge(bins.n)), None);
    }
}
