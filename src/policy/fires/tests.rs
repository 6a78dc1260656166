//! Fires as the gateway has them, and how many there were.

use jiff::{SignedDuration, Timestamp};

use super::{Timetable, fires, missed, next_fire, next_run};
use crate::domain::{Cron, CronId, LastRun, Missed, Payload, RunStatus, Schedule};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// Without a stagger.
fn pattern(expr: &str, zone: Option<&str>) -> Schedule {
    Schedule::Cron { expr: expr.to_owned(), zone: zone.map(str::to_owned), stagger: Some(SignedDuration::ZERO) }
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
        (
            every(10, Some("2026-11-24T00:05:00Z")),
            Some("2026-11-24T00:05:00Z"),
            "an anchor to come, with which it begins",
        ),
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
fn when_the_clock_goes_forward_what_falls_into_the_gap_does_not_fire() {
    // 29 March 2026: 02:00 is 03:00 in Brussels, at 01:00 UTC.
    let (from, to) = (at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"));
    let of = |expr: &str| fires(&pattern(expr, Some("Europe/Brussels")), from, to).collect::<Vec<_>>();
    assert_eq!(of("30 2 * * *"), [], "02:30 does not exist that day");
    assert_eq!(of("30 3 * * *"), [at("2026-03-29T01:30:00Z")], "03:30 does, an hour sooner than the day before");
    let hourly = of("0 * * * *");
    assert_eq!(hourly.len(), 24, "every hour that there is, once");
    assert!(hourly.windows(2).all(|two| two[1].duration_since(two[0]) == SignedDuration::from_hours(1)));
}

#[test]
fn when_the_clock_goes_back_what_comes_twice_fires_the_first_time_only() {
    // 25 October 2026: 03:00 is 02:00 again in Brussels, at 01:00 UTC.
    let (from, to) = (at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"));
    let of = |expr: &str| fires(&pattern(expr, Some("Europe/Brussels")), from, to).collect::<Vec<_>>();
    assert_eq!(of("30 2 * * *"), [at("2026-10-25T00:30:00Z")], "the first of both 02:30");
    let hourly = of("0 * * * *");
    assert_eq!(hourly.len(), 23, "one of the two hours after 02:00 is silent");
    assert!(!hourly.contains(&at("2026-10-25T01:00:00Z")));
    let cron = cron(pattern("*/20 * * * *", Some("Europe/Brussels")));
    let missed = missed(&cron, at("2026-10-25T00:00:00Z"), at("2026-10-25T01:50:00Z"));
    let expected = seen("2026-10-25T00:20:00Z", "2026-10-25T00:40:00Z", 2);
    assert_eq!(missed, Some(expected), "the last one was before that hour");
}

/// What its own code told, around changes of clocks, at ends of months and in zones without whole hours.
#[test]
fn fires_are_those_of_the_gateway() {
    let text = include_str!("../../../tests/recorded/gateway/fires.json");
    let recorded: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut wrong = Vec::new();
    for case in recorded["fires"].as_array().expect("a list") {
        let [expr, zone, asked, theirs @ ..] = &case.as_array().expect("a case")[..] else { panic!("{case}") };
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let schedule = pattern(&text(expr).expect("one"), text(zone).as_deref());
        let mut after = at(&text(asked).expect("a moment"));
        for expected in theirs {
            let next = next_fire(&schedule, after);
            if next != text(expected).map(|moment| at(&moment)) {
                wrong.push(format!("{expr} {zone} after {after}: {next:?}, not {expected}"));
            }
            after = next.unwrap_or(after);
        }
    }
    for expr in recorded["refused"].as_array().expect("a list").iter().filter_map(|expr| expr.as_str()) {
        if let Some(next) = next_fire(&pattern(expr, None), at("2026-11-23T06:30:00Z")) {
            wrong.push(format!("{expr:?} is refused, and not read as {next}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    assert_eq!(missed(&ran, from, to), Some(seen("2026-11-23T06:40:00Z", "2026-11-23T07:40:00Z", 3)), "from its last");
    let due = Cron { next_run_at: Some(at("2026-11-23T09:00:00Z")), ..ran };
    assert_eq!(missed(&due, from, to), Some(seen("2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z", 3)), "from its next");
}

#[test]
fn a_stagger_delays_each_cron_by_its_own_share_that_never_changes() {
    let staggered = |id: &str| Cron {
        id: CronId::new(id),
        ..cron(Schedule::Cron { expr: "0 * * * *".to_owned(), zone: None, stagger: Some(SignedDuration::from_mins(5)) })
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

#[test]
fn what_fires_on_the_hour_is_staggered_although_nobody_said_so() {
    let next = |expr: &str, stagger: Option<i64>| {
        let stagger = stagger.map(SignedDuration::from_mins);
        let schedule = Schedule::Cron { expr: expr.to_owned(), zone: None, stagger };
        let cron = Cron { id: CronId::new("abc"), ..cron(schedule) };
        next_run(&cron, at("2026-11-23T06:30:00Z"))
    };
    let late = "2026-11-23T07:00:32.319Z";
    let cases = [
        ("0 * * * *", None, late, "hourly"),
        ("0 */1 * * *", None, late, "the same"),
        ("0 0 * * * *", None, late, "with seconds"),
        ("0 1-3,*/7 * * *", None, late, "some hour or any"),
        ("0 * * * *", Some(0), "2026-11-23T07:00:00Z", "somebody said that it is not"),
        ("0 7 * * *", None, "2026-11-23T07:00:00Z", "at one hour"),
        ("0 7-9 * * *", None, "2026-11-23T07:00:00Z", "at some hours"),
        ("30 * * * *", None, "2026-11-23T07:30:00Z", "not on the hour"),
        ("*/60 * * * *", None, "2026-11-23T07:00:00Z", "not said to be on the hour"),
    ];
    for (expr, stagger, expected, why) in cases {
        assert_eq!(next(expr, stagger), Some(at(expected)), "{why}");
    }
}

#[test]
fn an_interval_goes_on_from_its_last_run_until_it_gets_another_anchor() {
    let run = |text: &str| LastRun {
        at: at(text),
        status: RunStatus::Ok,
        error: None,
        error_reason: None,
        undelivered: false,
        duration: None,
    };
    let ran = |anchor: &str, last: &str| {
        let cron = Cron { last_run: Some(run(last)), ..cron(every(30, Some(anchor))) };
        next_run(&cron, at("2026-11-23T06:30:00Z"))
    };
    assert_eq!(ran("2026-11-23T00:00:00Z", "2026-11-23T06:10:00Z"), Some(at("2026-11-23T06:40:00Z")), "a late run");
    assert_eq!(ran("2026-11-23T06:20:00Z", "2026-11-23T06:10:00Z"), Some(at("2026-11-23T06:50:00Z")), "set anew since");
    assert_eq!(
        ran("2031-01-01T00:00:00Z", "2026-11-23T06:10:00Z"),
        Some(at("2031-01-01T00:00:00Z")),
        "it begins there"
    );
    let (from, to) = (at("2026-11-23T06:00:00Z"), at("2026-11-23T07:10:00Z"));
    let begins = cron(every(30, Some("2026-11-23T06:50:00Z")));
    assert_eq!(missed(&begins, from, to), Some(seen("2026-11-23T06:50:00Z", "2026-11-23T06:50:00Z", 1)));
    let later = cron(every(30, Some("2026-11-23T08:00:00Z")));
    assert_eq!(missed(&later, from, to), Some(Missed { n_runs: 0, first: None, last: None }));
}
