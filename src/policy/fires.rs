//! When a cron fires, and how often it would have while it was off.
//!
//! As the gateway does it: an expression names times of the wall clock in its zone. One that a change of the clock
//! leaves out is passed over, one that comes twice counts the first time only, even where the expression fires every
//! minute. An interval counts from its last run, so a late run moves those after it.
//!
//! What cannot be told is not guessed: events, conditions, an interval whose phase nobody knows, an
//! expression nobody can read. An expression without a zone follows the gateway's own, which the
//! gateway does not tell: it is read in UTC, the zone of most servers.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use croner::parser::CronParser;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{Cron, Missed, Schedule};

/// The first moment after `after` at which `schedule` fires. A stagger comes on top of it: its size depends
/// on the cron.
#[must_use]
pub fn next_fire(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    Timetable::read(schedule)?.next(after)
}

/// The first moment after `after` at which `cron` fires, its own stagger included; `None` when that cannot be told.
#[must_use]
pub fn next_run(cron: &Cron, after: Timestamp) -> Option<Timestamp> {
    Timetable::of(cron)?.next(after)
}

/// Every moment after `from`, up to and including `to`, at which `schedule` fires.
pub fn fires(schedule: &Schedule, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> + use<> {
    Timetable::read(schedule).into_iter().flat_map(move |timetable| timetable.between(from, to))
}

/// How often `cron` would have fired after `from`, up to and including `to`; `None` when that cannot be told.
#[must_use]
pub fn missed(cron: &Cron, from: Timestamp, to: Timestamp) -> Option<Missed> {
    if cron.conditional {
        return None;
    }
    let timetable = Timetable::of(cron)?;
    let first = timetable.next(from).filter(|first| *first <= to);
    let last = first.and_then(|_| timetable.last(to));
    Some(Missed { n_runs: timetable.count(from, to, Missed::COUNTED), first, last })
}

/// A schedule that was read once, to be asked often.
#[derive(Clone, Debug)]
pub(super) struct Timetable {
    times: Times,
    /// The gateway delays each cron of a staggered schedule by a share of its stagger that never changes.
    delay: SignedDuration,
}

#[derive(Clone, Debug)]
enum Times {
    Pattern {
        pattern: Box<croner::Cron>,
        zone: Tz,
    },
    /// `begins`: it does not fire before its anchor.
    Interval {
        every: SignedDuration,
        anchor: Timestamp,
        begins: bool,
    },
    Once(Timestamp),
}

impl Timetable {
    /// When `cron` fires, its own stagger included. An interval counts from its next run, else from its last, unless it
    /// was given an anchor since.
    pub(super) fn of(cron: &Cron) -> Option<Self> {
        match &cron.schedule {
            Schedule::Every { every, anchor } => {
                let last =
                    cron.last_run.as_ref().map(|run| run.at).filter(|at| anchor.is_none_or(|anchor| anchor <= *at));
                match cron.next_run_at.or(last) {
                    Some(phase) => Self::interval(*every, phase, false),
                    None => Self::read(&cron.schedule),
                }
            }
            Schedule::Cron { .. } => Some(Self::read(&cron.schedule)?.delayed(cron.delay())),
            schedule => Self::read(schedule),
        }
    }

    pub(super) fn delayed(self, delay: SignedDuration) -> Self {
        Self { delay, ..self }
    }

    pub(super) fn read(schedule: &Schedule) -> Option<Self> {
        match schedule {
            Schedule::Cron { expr, zone, .. } => {
                let zone: Tz = zone.as_deref().unwrap_or("UTC").parse().ok()?;
                let pattern = Box::new(CronParser::new().parse(&as_read_here(expr)?).ok()?);
                Some(Self::prompt(Times::Pattern { pattern, zone }))
            }
            Schedule::Every { every, anchor } => Self::interval(*every, (*anchor)?, true),
            Schedule::At { at } => Some(Self::prompt(Times::Once(*at))),
            Schedule::Event { .. } => None,
        }
    }

    fn interval(every: SignedDuration, anchor: Timestamp, begins: bool) -> Option<Self> {
        (every.as_millis() > 0).then(|| Self::prompt(Times::Interval { every, anchor, begins }))
    }

    fn prompt(times: Times) -> Self {
        Self { times, delay: SignedDuration::ZERO }
    }

    /// The expression and its zone, where that is what says when.
    pub(super) fn pattern(&self) -> Option<(&croner::Cron, Tz)> {
        match &self.times {
            Times::Pattern { pattern, zone } => Some((pattern, *zone)),
            Times::Interval { .. } | Times::Once(_) => None,
        }
    }

    /// What comes on top of each moment of it.
    pub(super) fn delay(&self) -> SignedDuration {
        self.delay
    }

    /// The first moment after `after`.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.checked_sub(self.delay).ok()?;
        let next = match &self.times {
            Times::Pattern { pattern, zone } => next_of(pattern, *zone, after),
            Times::Interval { every, anchor, begins } => {
                nth(*anchor, *every, steps(*anchor, *every, *begins, after).checked_add(1)?)
            }
            Times::Once(at) => Some(*at).filter(|at| *at > after),
        };
        next?.checked_add(self.delay).ok()
    }

    /// The last moment up to and including `to`.
    fn last(&self, to: Timestamp) -> Option<Timestamp> {
        let to = to.checked_sub(self.delay).ok()?;
        let last = match &self.times {
            Times::Pattern { pattern, zone } => last_of(pattern, *zone, to),
            Times::Interval { anchor, begins: true, .. } if to < *anchor => None,
            Times::Interval { every, anchor, begins } => nth(*anchor, *every, steps(*anchor, *every, *begins, to)),
            Times::Once(at) => Some(*at).filter(|at| *at <= to),
        };
        last?.checked_add(self.delay).ok()
    }

    pub(super) fn between(self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        let mut at = Some(from);
        std::iter::from_fn(move || {
            at = self.next(at?).filter(|next| *next <= to);
            at
        })
    }

    /// How many moments [`Timetable::between`] has, counted up to `most`.
    pub(super) fn count(&self, from: Timestamp, to: Timestamp, most: u32) -> u32 {
        if let Times::Interval { every, anchor, begins } = self.times {
            let n_steps = steps(anchor, every, begins, to).saturating_sub(steps(anchor, every, begins, from));
            return u32::try_from(n_steps.max(0)).unwrap_or(most).min(most);
        }
        u32::try_from(self.clone().between(from, to).take(most as usize).count()).unwrap_or(most)
    }
}

/// How often `every` fits between `anchor` and `at`; negative when `at` comes first, by one step alone where it begins
/// with the anchor.
fn steps(anchor: Timestamp, every: SignedDuration, begins: bool, at: Timestamp) -> i64 {
    let n_steps = at.duration_since(anchor).as_nanos().div_euclid(every.as_nanos());
    let n_steps = i64::try_from(n_steps).unwrap_or(i64::MAX);
    if begins { n_steps.max(-1) } else { n_steps }
}

fn nth(anchor: Timestamp, every: SignedDuration, n_steps: i64) -> Option<Timestamp> {
    let length = every.as_nanos().checked_mul(i128::from(n_steps))?;
    Timestamp::from_nanosecond(anchor.as_nanosecond().checked_add(length)?).ok()
}

/// What the gateway reads, as this program's library spells it; `None` for what only that would read.
fn as_read_here(expr: &str) -> Option<String> {
    /// Of seconds, minutes, hours, days, months and days of the week: longer steps are refused.
    const LONGEST_STEPS: [u32; 6] = [60, 60, 24, 31, 12, 7];
    let fields: Vec<&str> = expr.split_whitespace().collect();
    let longest = &LONGEST_STEPS[usize::from(fields.len() < 6)..];
    let steps = |field: &str| field.split(',').filter_map(|part| part.split_once('/')?.1.parse().ok()).max();
    if fields.iter().zip(longest).any(|(field, longest)| steps(field).is_some_and(|step: u32| step > *longest)) {
        return None;
    }
    // The last of which day of the week?
    if matches!(fields[..], [_, _, _, _, "L"] | [_, _, _, _, _, "L"]) {
        return None;
    }
    Some(match expr.trim() {
        "@midnight" => "@daily".to_owned(),
        expr => expr.replace('?', "*"),
    })
}

/// Clocks are not set back by more than this.
const SET_BACK: TimeDelta = TimeDelta::hours(3);

/// The first moment after `after`, without any delay.
pub(super) fn next_of(pattern: &croner::Cron, zone: Tz, after: Timestamp) -> Option<Timestamp> {
    let mut wall = wall_clock(after, zone)?;
    loop {
        wall = pattern.find_next_occurrence(&wall.and_utc(), false).ok()?.naive_utc();
        match moment_of(wall, zone) {
            Some(at) if at > after => return Some(at),
            _ => {}
        }
    }
}

/// Up to and including `to`.
fn last_of(pattern: &croner::Cron, zone: Tz, to: Timestamp) -> Option<Timestamp> {
    let mut wall = wall_clock(to, zone)?;
    // While the clock goes through an hour again, all of that hour has been.
    let again = moment_of(wall, zone).is_some_and(|first| to.duration_since(first) >= SignedDuration::from_secs(1));
    if again {
        wall = wall.checked_add_signed(SET_BACK)?;
    }
    let mut inclusive = true;
    loop {
        wall = pattern.find_previous_occurrence(&wall.and_utc(), inclusive).ok()?.naive_utc();
        inclusive = false;
        match moment_of(wall, zone) {
            Some(at) if at <= to => return Some(at),
            _ => {}
        }
    }
}

/// Patterns know whole seconds.
fn wall_clock(at: Timestamp, zone: Tz) -> Option<NaiveDateTime> {
    let second = at.as_nanosecond().div_euclid(1_000_000_000);
    Some(DateTime::<Utc>::from_timestamp(second.try_into().ok()?, 0)?.with_timezone(&zone).naive_local())
}

/// When the clock first shows this; `None` where it jumps over it.
fn moment_of(wall: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    let at = match zone.from_local_datetime(&wall) {
        LocalResult::None => return None,
        LocalResult::Single(at) => at,
        LocalResult::Ambiguous(one, other) => one.min(other),
    };
    Timestamp::from_second(at.timestamp()).ok()
}

#[cfg(test)]
mod tests;
