//! Until when: the candidates for a reset time, best first.
//!
//! An absolute time in the body, the counter's reset, `retry-after`, a wait in the text, an earlier
//! reading, a calendar rule. None of them: unknown, and that is said.

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::customs::Case;
use super::fault::Fault;
use super::{json, moment};
use crate::domain::{ResetConfidence, Service};

/// Where a ruling's reset time may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResetRule {
    Never,
    /// From this answer alone: short limits.
    Told,
    /// From this answer, else from an earlier reading.
    ToldOrRead,
    /// From this answer's own date or wait, else by the calendar.
    ToldOr(Calendar),
    /// By the calendar, whatever shorter wait is offered.
    Only(Calendar),
    /// The provider named it where only its own table looks.
    At(Timestamp, ResetConfidence),
}

/// When limits of a kind begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calendar {
    LosAngelesDay,
    LosAngelesMonth,
    UtcDay,
    UtcWeek,
    UtcMonth,
    BeijingDay,
}

pub(super) fn resolve(rule: ResetRule, case: &Case<'_>) -> (Option<Timestamp>, ResetConfidence) {
    let now = case.evidence.now;
    let exact = |at: Timestamp| (Some(at), ResetConfidence::Exact);
    let derived = |at: Timestamp| (Some(at), ResetConfidence::Derived);
    let found = match rule {
        ResetRule::Never => None,
        ResetRule::Told => told(case).map(exact),
        ResetRule::ToldOrRead => told(case).map(exact).or_else(|| read_before(case).map(derived)),
        ResetRule::ToldOr(calendar) => told(case).map(exact).or_else(|| next(calendar, now).map(derived)),
        ResetRule::Only(calendar) => next(calendar, now).map(derived),
        ResetRule::At(at, confidence) => moment::believable(at, now).map(|at| (Some(at), confidence)),
    };
    found.unwrap_or((None, ResetConfidence::Unknown))
}

/// The reset that this answer names.
fn told(case: &Case<'_>) -> Option<Timestamp> {
    let now = case.evidence.now;
    let message = case.fault.as_ref().map_or("", |fault| fault.message.as_str());
    let dated = in_fields(case).or_else(|| moment::in_sentence(message, case.naive(), now));
    if dated.is_some() {
        return dated;
    }
    let counter = counters(case);
    let after = case.headers.retry_after(now).or_else(|| wait_in_fields(case));
    let text = moment::wait_in_sentence(message)
        .and_then(|wait| moment::after(now, wait))
        .and_then(|at| moment::believable(at, now));
    match case.service {
        // Both must be over.
        Service::Anthropic | Service::ClaudeSubscription => counter.max(after).or(text),
        // Its counters tell when they are full again, the text when this request fits.
        Service::OpenAi | Service::Groq => after.or(text).or(counter),
        _ => counter.or(after).or(text),
    }
}

/// The latest reset among the counters that are used up.
fn counters(case: &Case<'_>) -> Option<Timestamp> {
    let now = case.evidence.now;
    let buckets = case.headers.buckets(now);
    let resets = buckets.into_iter().filter(super::headers::Bucket::exhausted).filter_map(|bucket| bucket.reset_at);
    resets.filter_map(|at| moment::believable(at, now)).max()
}

/// Places where an answer keeps fields about its limit.
fn places<'a>(case: &'a Case<'_>) -> impl Iterator<Item = &'a Value> {
    let fault = case.fault.as_ref().map(|fault| &fault.value);
    let inner =
        fault.into_iter().flat_map(|error| ["details", "metadata"].into_iter().filter_map(|key| error.get(key)));
    fault.into_iter().chain(inner).chain(case.json())
}

fn in_fields(case: &Case<'_>) -> Option<Timestamp> {
    const FIELDS: &[&str] = &[
        "resets_at",
        "reset_at",
        "resetsAt",
        "resetAt",
        "reset_time",
        "resetTime",
        "next_reset_time",
        "nextResetTime",
        "retry_at",
        "retryAt",
    ];
    let now = case.evidence.now;
    places(case).find_map(|place| {
        let values = FIELDS.iter().filter_map(|field| place.get(field));
        values.filter_map(|value| moment::written(value, case.naive())).find_map(|at| moment::believable(at, now))
    })
}

fn wait_in_fields(case: &Case<'_>) -> Option<Timestamp> {
    const SECONDS: &[&str] = &[
        "resets_in_seconds",
        "reset_in_seconds",
        "reset_after_seconds",
        "retry_after",
        "retry_after_seconds",
        "retryAfter",
        "retryDelay",
    ];
    const MILLIS: &[&str] = &["retry_after_ms", "retryAfterMs", "reset_after_ms"];
    let now = case.evidence.now;
    let wait = |value: &Value, unit: f64| -> Option<SignedDuration> {
        let number = json::number(value).and_then(|number| moment::seconds(number * unit));
        number.or_else(|| value.as_str().and_then(moment::duration))
    };
    let details: Vec<&Value> = case.fault.iter().flat_map(Fault::details).collect();
    places(case).chain(details).find_map(|place| {
        let seconds = SECONDS.iter().filter_map(|field| wait(place.get(field)?, 1.0));
        let millis = MILLIS.iter().filter_map(|field| wait(place.get(field)?, 0.001));
        let mut ends = seconds.chain(millis).filter_map(|wait| moment::after(now, wait));
        ends.find_map(|at| moment::believable(at, now))
    })
}

/// The latest reset among the windows that an earlier reading found used up; one without a date
/// leaves the end unknown.
fn read_before(case: &Case<'_>) -> Option<Timestamp> {
    let resets: Option<Vec<Timestamp>> = case.still_used_up().map(|window| window.reset_at).collect();
    resets?.into_iter().max().and_then(|at| moment::believable(at, case.evidence.now))
}

/// The next moment at which such a limit begins anew.
pub(super) fn next(calendar: Calendar, now: Timestamp) -> Option<Timestamp> {
    let (zone, of_date): (TimeZone, fn(Date) -> Option<Date>) = match calendar {
        Calendar::LosAngelesDay => (los_angeles()?, tomorrow),
        Calendar::LosAngelesMonth => (los_angeles()?, next_month),
        Calendar::UtcDay => (TimeZone::UTC, tomorrow),
        Calendar::UtcWeek => (TimeZone::UTC, next_monday),
        Calendar::UtcMonth => (TimeZone::UTC, next_month),
        Calendar::BeijingDay => (TimeZone::fixed(Offset::constant(8)), tomorrow),
    };
    let date = of_date(zone.to_datetime(now).date())?;
    Some(date.to_zoned(zone).ok()?.timestamp())
}

/// By its rule instead of the machine's zone files, so that every machine agrees.
fn los_angeles() -> Option<TimeZone> {
    TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").ok()
}

fn tomorrow(date: Date) -> Option<Date> {
    date.tomorrow().ok()
}

fn next_monday(date: Date) -> Option<Date> {
    date.nth_weekday(1, Weekday::Monday).ok()
}

fn next_month(date: Date) -> Option<Date> {
    date.last_of_month().tomorrow().ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Calendar, next};

    #[test]
    fn the_calendar_minds_month_ends_years_and_daylight_saving() {
        let cases = [
            (Calendar::LosAngelesDay, "2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z", "midnight itself is a day away"),
            (Calendar::LosAngelesDay, "2026-11-01T06:59:00Z", "2026-11-01T07:00:00Z", "still summer time"),
            (Calendar::LosAngelesDay, "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z", "a day of 25 hours"),
            (Calendar::LosAngelesDay, "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z", "a day of 23 hours"),
            (Calendar::LosAngelesMonth, "2026-11-20T08:00:00Z", "2026-12-01T08:00:00Z", "winter"),
            (Calendar::LosAngelesMonth, "2026-12-01T07:59:00Z", "2026-12-01T08:00:00Z", "November there"),
            (Calendar::UtcMonth, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "the year turns"),
            (Calendar::UtcMonth, "2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z", "a leap day"),
            (Calendar::UtcDay, "2026-11-20T08:00:00Z", "2026-11-21T00:00:00Z", "tomorrow"),
            (Calendar::UtcWeek, "2026-11-20T08:00:00Z", "2026-11-23T00:00:00Z", "Monday"),
            (Calendar::UtcWeek, "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z", "on a Monday the next one"),
            (Calendar::BeijingDay, "2026-11-20T08:00:00Z", "2026-11-20T16:00:00Z", "eight hours ahead"),
            (Calendar::BeijingDay, "2026-11-20T16:00:00Z", "2026-11-21T16:00:00Z", "already tomorrow there"),
        ];
        for (calendar, now, expected, why) in cases {
            let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
            assert_eq!(next(calendar, at(now)), Some(at(expected)), "{why}: {calendar:?} {now}");
        }
    }
}
