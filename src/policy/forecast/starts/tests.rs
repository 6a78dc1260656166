//! Against the schedules one by one, over the days on which zones change their clocks.

use jiff::{SignedDuration, Timestamp};

use super::{Starts, seconds};
use crate::domain::{Cron, CronId, Payload, Schedule};
use crate::policy::fires::Timetable;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn cron(id: &str, schedule: Schedule) -> Cron {
    Cron::new(CronId::new(id), id, schedule, Payload::Other("command".to_owned()))
}

fn pattern(expr: &str, zone: Option<&str>) -> Schedule {
    Schedule::Cron { expr: expr.to_owned(), zone: zone.map(str::to_owned), stagger: None }
}

#[test]
fn starts_are_those_that_schedules_have_one_by_one() {
    let expressions = [
        "0 * * * *",
        "*/7 * * * *",
        "30 2 * * *",
        "30 1,2,3 * * *",
        "0 0 * * *",
        "59 23 * * 0",
        "15 8 * * 1-5",
        "0 9 L * *",
        "0 9 29 2 *",
        "0 9 13 * 5",
        "0 9 * * 5#2",
        "0 9 15W * *",
        "*/20 30 */6 * * *",
        "@weekly",
        "0 12 30 2 *",
        "5 0-6 * 3,10 *",
    ];
    let zones = [
        None,
        Some("Europe/Brussels"),
        Some("America/New_York"),
        Some("Asia/Kolkata"),
        Some("Asia/Kathmandu"),
        Some("Australia/Lord_Howe"),
        Some("America/Sao_Paulo"),
        Some("Africa/Cairo"),
        Some("Asia/Beirut"),
        Some("Pacific/Chatham"),
        Some("America/Nuuk"),
    ];
    let spans = [
        ("2026-03-25T10:11:12.5Z", "2026-04-06T10:00:00Z"),
        ("2026-10-23T23:59:59Z", "2026-11-02T00:00:00Z"),
        ("2028-02-27T00:00:00Z", "2028-03-02T12:00:00Z"),
        ("2026-04-23T22:00:00Z", "2026-04-25T02:00:00Z"),
        ("2026-11-23T06:30:00Z", "2026-11-23T06:30:00Z"),
        ("2018-02-16T00:00:00Z", "2018-02-19T00:00:00Z"),
        ("2018-11-03T01:00:00Z", "2018-11-05T03:00:00Z"),
    ];
    for expr in expressions {
        for zone in zones {
            let timetable = Timetable::read(&pattern(expr, zone)).expect("readable");
            for (from, to) in spans.map(|(from, to)| (at(from), at(to))) {
                let whole = |at: Timestamp| u32::try_from(at.duration_since(from).as_secs()).expect("small");
                let expected: Vec<u32> = timetable.clone().between(from, to).map(whole).collect();
                assert_eq!(seconds(&timetable, from, to).as_ref(), expected, "{expr} {zone:?} {from} {to}");
            }
        }
    }
}

#[test]
fn a_stagger_and_an_interval_are_each_crons_own_and_a_condition_cannot_be_told() {
    let (from, to) = (at("2026-11-23T06:30:00Z"), at("2026-11-23T09:10:00Z"));
    let mut starts = Starts::between(from, to);
    let staggered = |id: &str| {
        let stagger = Some(SignedDuration::from_mins(5));
        cron(id, Schedule::Cron { expr: "0 * * * *".to_owned(), zone: None, stagger })
    };
    let (one, other) = (staggered("abc"), staggered("abd"));
    assert_eq!(starts.of(&one).as_deref(), Some(&[1_832, 5_432, 9_032][..]), "32.319 s after each hour");
    assert_ne!(starts.of(&other), starts.of(&one));
    let every = Schedule::Every { every: SignedDuration::from_mins(45), anchor: Some(at("2026-11-23T06:00:00Z")) };
    let interval = cron("every", every);
    assert_eq!(starts.of(&interval).as_deref(), Some(&[900, 3_600, 6_300, 9_000][..]));
    let conditional = Cron { conditional: true, ..cron("perhaps", pattern("0 * * * *", None)) };
    let event = cron("event", Schedule::Event { kind: "stream".to_owned() });
    assert_eq!((starts.of(&conditional), starts.of(&event)), (None, None));
}
