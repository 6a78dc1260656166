//! When a cron fires, and how often it would have while it was off.
//!
//! What cannot be told is not guessed: events, conditions, an interval whose phase nobody knows, an
//! expression nobody can read. An expression without a zone follows the gateway's own, which the
//! gateway does not tell: it is read in UTC, the zone of most servers.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::CronParser;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::domain::{Cron, CronId, Missed, Schedule};

/// The first moment after `after` at which `schedule` fires. A stagger comes on top of it: its size depends
/// on the cron.
#[must_use]
pub fn next_fire(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    Timetable::read(schedule)?.next(after)
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
    Pattern { pattern: Box<croner::Cron>, zone: Tz },
    Interval { every: SignedDuration, anchor: Timestamp },
    Once(Timestamp),
}

impl Timetable {
    /// When `cron` fires, its own stagger included. An interval without an anchor counts from its next run,
    /// else from its last.
    pub(super) fn of(cron: &Cron) -> Option<Self> {
        let phase = || cron.next_run_at.or_else(|| cron.last_run.as_ref().map(|run| run.at));
        match &cron.schedule {
            Schedule::Every { every, anchor: None } => Self::interval(*every, phase()?),
            Schedule::Cron { stagger: Some(stagger), .. } => {
                Some(Self { delay: stagger_of(&cron.id, *stagger), ..Self::read(&cron.schedule)? })
            }
            schedule => Self::read(schedule),
        }
    }

    pub(super) fn read(schedule: &Schedule) -> Option<Self> {
        match schedule {
            Schedule::Cron { expr, zone, .. } => {
                let zone: Tz = zone.as_deref().unwrap_or("UTC").parse().ok()?;
                let pattern = Box::new(CronParser::new().parse(expr.trim()).ok()?);
                Some(Self::prompt(Times::Pattern { pattern, zone }))
            }
            Schedule::Every { every, anchor } => Self::interval(*every, (*anchor)?),
            Schedule::At { at } => Some(Self::prompt(Times::Once(*at))),
            Schedule::Event { .. } => None,
        }
    }

    fn interval(every: SignedDuration, anchor: Timestamp) -> Option<Self> {
        (every.as_millis() > 0).then(|| Self::prompt(Times::Interval { every, anchor }))
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
            Times::Pattern { pattern, zone } => {
                to_jiff(&pattern.find_next_occurrence(&to_chrono(after, *zone)?, false).ok()?)
            }
            Times::Interval { every, anchor } => nth(*anchor, *every, steps(*anchor, *every, after).checked_add(1)?),
            Times::Once(at) => Some(*at).filter(|at| *at > after),
        };
        next?.checked_add(self.delay).ok()
    }

    /// The last moment up to and including `to`.
    fn last(&self, to: Timestamp) -> Option<Timestamp> {
        let to = to.checked_sub(self.delay).ok()?;
        let last = match &self.times {
            Times::Pattern { pattern, zone } => {
                to_jiff(&pattern.find_previous_occurrence(&to_chrono(to, *zone)?, true).ok()?)
            }
            Times::Interval { every, anchor } => nth(*anchor, *every, steps(*anchor, *every, to)),
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
        if let Times::Interval { every, anchor } = self.times {
            let n_steps = steps(anchor, every, to).saturating_sub(steps(anchor, every, from));
            return u32::try_from(n_steps.max(0)).unwrap_or(most).min(most);
        }
        u32::try_from(self.clone().between(from, to).take(most as usize).count()).unwrap_or(most)
    }
}

/// How often `every` fits between `anchor` and `at`; negative when `at` comes first.
fn steps(anchor: Timestamp, every: SignedDuration, at: Timestamp) -> i64 {
    let n_steps = at.duration_since(anchor).as_nanos().div_euclid(every.as_nanos());
    i64::try_from(n_steps).unwrap_or(i64::MAX)
}

fn nth(anchor: Timestamp, every: SignedDuration, n_steps: i64) -> Option<Timestamp> {
    let length = every.as_nanos().checked_mul(i128::from(n_steps))?;
    Timestamp::from_nanosecond(anchor.as_nanosecond().checked_add(length)?).ok()
}

/// The share of `stagger` that the gateway gives to this cron, from a hash of its id.
fn stagger_of(id: &CronId, stagger: SignedDuration) -> SignedDuration {
    let Some(most) = u64::try_from(stagger.as_millis()).ok().filter(|most| *most > 1) else {
        return SignedDuration::ZERO;
    };
    let hash = Sha256::digest(id.as_str());
    let number = hash.iter().take(4).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    SignedDuration::from_millis(i64::try_from(number % most).unwrap_or_default())
}

fn to_chrono(at: Timestamp, zone: Tz) -> Option<DateTime<Tz>> {
    // Patterns know whole seconds; a part of one would only be carried along.
    Some(
        DateTime::<Utc>::from_timestamp(at.as_nanosecond().div_euclid(1_000_000_000).try_into().ok()?, 0)?
            .with_timezone(&zone),
    )
}

fn to_jiff(at: &DateTime<Tz>) -> Option<Timestamp> {
    Timestamp::from_second(at.timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Timetable, fires, missed, next_fire};
    use crate::domain::{Cron, CronId, LastRun, Missed, Payload, RunStatus, Schedule};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    fn pattern(expr: &str, zone: Option<&str>) -> Schedule {
        Schedule::Cron { expr: expr.to_owned(), zone: zone.map(str::to_owned), stagger: None }
    }

    fn every(mins: i64, anchor: Option<&str>) -> Schedule {
        Schedule::Every { every: SignedDuration::from_mins(mins), anchor: anchor.map(at) }
    }

    fn cron(schedule: Schedule) -> Cron {
        Cron::new(CronId::new("a"), "A", schedule, Payload::Other("command".to_owned()))
    }

    fn seen(first: &str, last: &str, n_runs: u32) -> Missed {
        Missed { n_runs, first: Some(at(first)), last: Some(at(last)) }
    }

    #[test]
    fn every_kind_of_schedule_says_when_it_fires_next() {
        let once = |text: &str| Schedule::At { at: at(text) };
        let cases = [
            (pattern("0 7 * * 1-5", Some("Europe/Brussels")), Some("2026-11-24T06:00:00Z"), "its own zone"),
            (pattern("0 7 * * 1-5", None), Some("2026-11-23T07:00:00Z"), "without a zone: UTC"),
            (pattern("30 */12 * * * *", None), Some("2026-11-23T06:36:30Z"), "six fields: seconds first"),
            (pattern("* * * * * *", None), Some("2026-11-23T06:30:11Z"), "the next second, not this one"),
            (pattern("0 9 L * *", None), Some("2026-11-30T09:00:00Z"), "the last day of the month"),
            (pattern("0 9 13 * 5", None), Some("2026-11-27T09:00:00Z"), "day of month or day of week"),
            (pattern(" @daily ", None), Some("2026-11-24T00:00:00Z"), "a nickname"),
            (pattern("0 7 * * *", Some("Mars/Olympus")), None, "a zone nobody knows"),
            (pattern("whenever", None), None, "nobody can read this"),
            (pattern("0 0 30 2 *", None), None, "a day that never comes"),
            (every(10, Some("2026-11-23T00:05:00Z")), Some("2026-11-23T06:35:00Z"), "from its anchor"),
            (every(10, Some("2026-11-24T00:05:00Z")), Some("2026-11-23T06:35:00Z"), "an anchor to come"),
            (every(10, None), None, "an interval from nowhere"),
            (every(0, Some("2026-11-23T00:05:00Z")), None, "no interval at all"),
            (once("2026-11-23T06:30:11Z"), Some("2026-11-23T06:30:11Z"), "a one-shot to come"),
            (once("2026-11-23T06:30:10Z"), None, "a one-shot that is past"),
            (Schedule::Event { kind: "stream".to_owned() }, None, "an event has no time"),
        ];
        for (schedule, expected, why) in cases {
            assert_eq!(next_fire(&schedule, at("2026-11-23T06:30:10Z")), expected.map(at), "{why}");
        }
    }

    #[test]
    fn a_moment_within_a_second_is_after_it_began() {
        let each_minute = pattern("* * * * *", None);
        assert_eq!(next_fire(&each_minute, at("2026-11-23T06:30:00.4Z")), Some(at("2026-11-23T06:31:00Z")));
        assert_eq!(next_fire(&each_minute, at("2026-11-23T06:29:59.6Z")), Some(at("2026-11-23T06:30:00Z")));
        assert_eq!(next_fire(&each_minute, at("1969-12-31T23:59:59.6Z")), Some(at("1970-01-01T00:00:00Z")));
    }

    #[test]
    fn moments_come_in_order_after_the_first_limit_and_up_to_the_second() {
        let quarters: Vec<Timestamp> =
            fires(&pattern("*/15 * * * *", None), at("2026-11-23T06:15:00Z"), at("2026-11-23T07:00:00Z")).collect();
        assert_eq!(quarters, ["06:30", "06:45", "07:00"].map(|time| at(&format!("2026-11-23T{time}:00Z"))));
        let backwards = fires(&pattern("*/15 * * * *", None), at("2026-11-23T07:00:00Z"), at("2026-11-23T06:15:00Z"));
        assert_eq!(backwards.count(), 0);
    }

    #[test]
    fn when_the_clock_goes_forward_what_falls_into_the_gap_fires_once_after_it() {
        // 29 March 2026: 02:00 is 03:00 in Brussels, at 01:00 UTC.
        let (from, to) = (at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
        let of = |expr: &str| fires(&pattern(expr, Some("Europe/Brussels")), from, to).collect::<Vec<_>>();
        assert_eq!(of("30 2 * * *"), [at("2026-03-29T01:00:00Z")], "02:30 does not exist that day");
        assert_eq!(of("30 3 * * *"), [at("2026-03-29T01:30:00Z")], "03:30 does, an hour sooner than the day before");
        let hourly = of("0 * * * *");
        assert_eq!(hourly.len(), 24, "every hour that there is, once");
        assert!(hourly.windows(2).all(|two| two[1].duration_since(two[0]) == SignedDuration::from_hours(1)));
    }

    #[test]
    fn when_the_clock_goes_back_a_fixed_time_fires_once_and_an_hourly_one_each_hour() {
        // 25 October 2026: 03:00 is 02:00 again in Brussels, at 01:00 UTC.
        let (from, to) = (at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"));
        let of = |expr: &str| fires(&pattern(expr, Some("Europe/Brussels")), from, to).collect::<Vec<_>>();
        assert_eq!(of("30 2 * * *"), [at("2026-10-25T00:30:00Z")], "the first of both 02:30");
        let hourly = of("0 * * * *");
        assert_eq!(hourly.len(), 24);
        assert!(hourly.windows(2).all(|two| two[1].duration_since(two[0]) == SignedDuration::from_hours(1)));
    }

    #[test]
    fn what_was_missed_is_counted_with_its_first_and_its_last() {
        let (from, to) = (at("2026-11-23T06:30:10Z"), at("2026-11-23T09:10:00Z"));
        let none = Some(Missed { n_runs: 0, first: None, last: None });
        let once = |text: &str| Schedule::At { at: at(text) };
        let cases = [
            (pattern("0 * * * *", None), Some(seen("2026-11-23T07:00:00Z", "2026-11-23T09:00:00Z", 3)), "hourly"),
            (pattern("0 12 * * *", None), none, "not due meanwhile"),
            (
                every(60, Some("2026-11-20T00:10:00Z")),
                Some(seen("2026-11-23T07:10:00Z", "2026-11-23T09:10:00Z", 3)),
                "up to and including the end",
            ),
            (once("2026-11-23T08:00:00Z"), Some(seen("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z", 1)), "a one-shot"),
            (once("2026-11-23T06:00:00Z"), none, "a one-shot before"),
            (
                pattern("*/2 * * * * *", None),
                Some(seen("2026-11-23T06:30:12Z", "2026-11-23T09:10:00Z", Missed::COUNTED)),
                "so many that they are not counted on",
            ),
            (
                Schedule::Every { every: SignedDuration::from_millis(1), anchor: Some(from) },
                Some(seen("2026-11-23T06:30:10.001Z", "2026-11-23T09:10:00Z", Missed::COUNTED)),
                "the same for an interval",
            ),
            (every(60, None), None, "an interval whose phase nobody knows"),
            (Schedule::Event { kind: "on-exit".to_owned() }, None, "an event"),
            (pattern("61 * * * *", None), None, "an expression nobody can read"),
        ];
        for (schedule, expected, why) in cases {
            assert_eq!(missed(&cron(schedule), from, to), expected, "{why}");
        }
        let conditional = Cron { conditional: true, ..cron(pattern("0 * * * *", None)) };
        assert_eq!(missed(&conditional, from, to), None, "a condition would have decided");
    }

    #[test]
    fn an_interval_without_an_anchor_counts_from_the_run_that_is_known() {
        let (from, to) = (at("2026-11-23T06:30:00Z"), at("2026-11-23T08:00:00Z"));
        let run = |text: &str| LastRun {
            at: at(text),
            status: RunStatus::Ok,
            error: None,
            error_reason: None,
            undelivered: false,
            duration: None,
        };
        let ran = Cron { last_run: Some(run("2026-11-23T06:10:00Z")), ..cron(every(30, None)) };
        assert_eq!(
            missed(&ran, from, to),
            Some(seen("2026-11-23T06:40:00Z", "2026-11-23T07:40:00Z", 3)),
            "from its last"
        );
        let due = Cron { next_run_at: Some(at("2026-11-23T09:00:00Z")), ..ran };
        assert_eq!(
            missed(&due, from, to),
            Some(seen("2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z", 3)),
            "from its next"
        );
    }

    #[test]
    fn a_stagger_delays_each_cron_by_its_own_share_that_never_changes() {
        let staggered = |id: &str| Cron {
            id: CronId::new(id),
            ..cron(Schedule::Cron {
                expr: "0 * * * *".to_owned(),
                zone: None,
                stagger: Some(SignedDuration::from_mins(5)),
            })
        };
        let next = |id: &str| Timetable::of(&staggered(id)).expect("readable").next(at("2026-11-23T06:30:00Z"));
        // sha256("abc") begins with ba7816bf: 3_128_432_319 ms modulo 300_000 ms.
        assert_eq!(next("abc"), Some(at("2026-11-23T07:00:32.319Z")));
        assert_eq!(
            missed(&staggered("abc"), at("2026-11-23T07:00:32.318Z"), at("2026-11-23T08:00:32Z")),
            Some(seen("2026-11-23T07:00:32.319Z", "2026-11-23T07:00:32.319Z", 1)),
            "the hour before is not over for it, the next has not begun"
        );
        assert_ne!(next("abc"), next("abd"));
    }
}
