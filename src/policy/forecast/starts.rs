//! The starts of many crons over days: as [`Timetable`] has them, without asking it for each of them.
//!
//! The time of day of an expression does not depend on the day, so it is worked out once, and a day is only asked
//! whether it matches. Days on which the zone's clock changes, and those next to them, are gone through one by one:
//! what a clock change means is said where crons fire.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::Weekday;
use jiff::Timestamp;

use crate::domain::{Cron, Schedule};
use crate::policy::fires::{Timetable, next_of};

/// Whole seconds after a moment, in order.
pub(super) type Seconds = Arc<[u32]>;

/// Expressions that were gone through once for all crons that share them.
pub(super) struct Starts<'a> {
    from: Timestamp,
    to: Timestamp,
    patterns: BTreeMap<(&'a str, Option<&'a str>), Option<Pattern>>,
}

struct Pattern {
    timetable: Timetable,
    /// Of those without a delay of their own.
    prompt: Option<Seconds>,
}

impl<'a> Starts<'a> {
    /// Of everything after `from`, up to and including `to`.
    pub(super) fn between(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to, patterns: BTreeMap::new() }
    }

    /// `None` when nobody can tell when it starts, and for what would start several times a second.
    pub(super) fn of(&mut self, cron: &'a Cron) -> Option<Seconds> {
        if cron.conditional {
            return None;
        }
        let (from, to) = (self.from, self.to);
        match &cron.schedule {
            Schedule::Cron { expr, zone, .. } => {
                let key = (expr.as_str(), zone.as_deref());
                let read = || Some(Pattern { timetable: Timetable::read(&cron.schedule)?, prompt: None });
                let pattern = self.patterns.entry(key).or_insert_with(read).as_mut()?;
                let delay = cron.delay();
                if delay.is_zero() {
                    let timetable = &pattern.timetable;
                    return Some(pattern.prompt.get_or_insert_with(|| seconds(timetable, from, to)).clone());
                }
                Some(seconds(&pattern.timetable.clone().delayed(delay), from, to))
            }
            Schedule::Every { every, .. } if every.as_secs() < 1 => None,
            _ => Some(seconds(&Timetable::of(cron)?, from, to)),
        }
    }
}

fn seconds(timetable: &Timetable, from: Timestamp, to: Timestamp) -> Seconds {
    // A moment within a second is before the next whole one, whatever part of it is over.
    let first = from.as_millisecond();
    let after = |at_ms: i64| u32::try_from((at_ms - first).div_euclid(1_000)).ok();
    let Some((pattern, zone)) = timetable.pattern() else {
        let all = timetable.clone().between(from, to);
        return all.filter_map(|at| after(at.as_millisecond())).collect();
    };
    let delay_ms = i64::try_from(timetable.delay().as_millis()).unwrap_or_default();
    let limits = (from.as_millisecond() - delay_ms, to.as_millisecond() - delay_ms);
    let mut found = Vec::new();
    each_of(pattern, zone, limits, |at| found.extend(after(at * 1_000 + delay_ms)));
    found.into()
}

/// Calls `found` with every second of the epoch after the first and up to the second limit, in milliseconds.
fn each_of(pattern: &croner::Cron, zone: Tz, limits: (i64, i64), mut found: impl FnMut(i64)) {
    let times = times_of_day(pattern);
    let (after, until) = (limits.0.div_euclid(1_000), limits.1.div_euclid(1_000));
    let mut strange: Option<i64> = None;
    let mut settled = after + 1;
    let Some(mut day) = date_at(after, zone).and_then(|day| day.checked_sub_days(Days::new(1))) else { return };
    while settled <= until {
        let (Some(next), Some(ordinary)) = (day.checked_add_days(Days::new(1)), ordinary(day, zone)) else {
            // The clock changes on it: it ends where the next ordinary day begins.
            strange.get_or_insert(settled);
            let Some(next) = day.checked_add_days(Days::new(1)) else { return };
            day = next;
            continue;
        };
        if let Some(from) = strange.take() {
            one_by_one(pattern, zone, from, ordinary.min(until + 1), &mut found);
            settled = settled.max(ordinary);
        }
        if matches(pattern, day) {
            let whole = ordinary >= settled && ordinary + DAY <= until;
            for time in &times {
                let at = ordinary + i64::from(*time);
                if whole || (settled <= at && at <= until) {
                    found(at);
                }
            }
        }
        settled = settled.max(ordinary + DAY);
        day = next;
    }
}

const DAY: i64 = 24 * 3600;

/// The seconds from the first up to but not including the second.
fn one_by_one(pattern: &croner::Cron, zone: Tz, from: i64, before: i64, found: &mut impl FnMut(i64)) {
    let Ok(mut at) = Timestamp::from_second(from - 1) else { return };
    while let Some(next) = next_of(pattern, zone, at).filter(|next| next.as_second() < before) {
        found(next.as_second());
        at = next;
    }
}

/// Seconds after midnight, in order.
fn times_of_day(pattern: &croner::Cron) -> Vec<u32> {
    let fields = &pattern.pattern;
    let (hours, minutes, seconds) = (fields.hours.values(), fields.minutes.values(), fields.seconds.values());
    let mut times = Vec::with_capacity(hours.len() * minutes.len() * seconds.len());
    for hour in &hours {
        for minute in &minutes {
            times.extend(
                seconds.iter().map(|second| u32::from(*hour) * 3600 + u32::from(*minute) * 60 + u32::from(*second)),
            );
        }
    }
    times
}

fn matches(pattern: &croner::Cron, day: NaiveDate) -> bool {
    let fields = &pattern.pattern;
    let weekday = Weekday::from_days_from_sunday(day.weekday().num_days_from_sunday());
    fields.year_match(day.year()).unwrap_or(false)
        && fields.month_match(day.month()).unwrap_or(false)
        && fields.day_match(day.year(), day.month(), day.day(), weekday).unwrap_or(false)
}

fn date_at(secs: i64, zone: Tz) -> Option<NaiveDate> {
    Some(chrono::DateTime::<Utc>::from_timestamp(secs, 0)?.with_timezone(&zone).date_naive())
}

/// When the day begins, in seconds of the epoch; `None` when the clock changes on it.
fn ordinary(day: NaiveDate, zone: Tz) -> Option<i64> {
    let midnight = |day: NaiveDate| {
        let at = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).single()?;
        Some((at.timestamp(), at.offset().fix().local_minus_utc()))
    };
    let (begins, offset) = midnight(day)?;
    let (ends, offset_after) = midnight(day.checked_add_days(Days::new(1))?)?;
    (offset == offset_after && ends - begins == DAY).then_some(begins)
}

#[cfg(test)]
mod tests;
