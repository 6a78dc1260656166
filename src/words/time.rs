//! Moments and spans: near ones relative, far ones with the weekday or date.
//!
//! A clock time is always in the zone of the [`Speech`]; days are the calendar days of that zone.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::Speech;

/// Anything nearer than this is "now".
const NOW: SignedDuration = SignedDuration::from_secs(5);

/// Clocks are not that far apart.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// "in 2 h", "3 min ago", "now".
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let ahead = at.duration_since(now);
    if ahead.abs() < NOW {
        "now".to_owned()
    } else if ahead.is_negative() {
        format!("{} ago", span(ahead))
    } else {
        format!("in {}", span(ahead))
    }
}

/// When something comes, without seconds, so that it does not read differently every second: "due now", "in under 1 min",
/// "in 2 h".
pub fn soon(at: Timestamp, now: Timestamp) -> String {
    match at.duration_since(now) {
        left if left <= SignedDuration::ZERO => "due now".to_owned(),
        left if left < SignedDuration::from_mins(1) => "in under 1 min".to_owned(),
        _ => relative(at, now),
    }
}

/// How old a reading is: "now" within the minute, so that it does not change every second. One that lies far ahead is
/// only imagined.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at) {
        age if age.abs() < SignedDuration::from_mins(1) => "now".to_owned(),
        age if age < -AHEAD => "foretold".to_owned(),
        _ => relative(at, now),
    }
}

/// "18:00", "tomorrow 09:00", "Fri 18:00", "3 Dec 18:00".
pub fn clock(at: Timestamp, speech: &Speech<'_>) -> String {
    let (day, time) = day_and_time(at, speech);
    day.map_or_else(|| time.clone(), |day| format!("{day} {time}"))
}

/// Like [`clock`], and today is said too: "today 18:00".
pub fn clock_with_day(at: Timestamp, speech: &Speech<'_>) -> String {
    let (day, time) = day_and_time(at, speech);
    format!("{} {time}", day.unwrap_or_else(|| "today".to_owned()))
}

/// "08:00, in 2 h".
pub fn clock_and_relative(at: Timestamp, speech: &Speech<'_>) -> String {
    format!("{}, {}", clock(at, speech), relative(at, speech.now))
}

/// About how long, in the one unit that tells most: "2 h", "45 s", "3 d".
pub fn span(duration: SignedDuration) -> String {
    let secs = duration.abs().as_secs();
    let rounded = |unit: i64| (secs + unit / 2) / unit;
    if secs < 60 {
        format!("{secs} s")
    } else if rounded(60) < 60 {
        format!("{} min", rounded(60))
    } else if rounded(3600) < 24 {
        format!("{} h", rounded(3600))
    } else {
        format!("{} d", rounded(86_400))
    }
}

/// How long in two units, and none that does not matter: "1 d 12 h", "6 h 05 min", "12 min", "40 s".
pub fn fine_span(duration: SignedDuration) -> String {
    let secs = duration.abs().as_secs();
    let (days, hours, minutes) = (secs / 86_400, secs / 3600, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes:02} min"),
        (days, hours, _) if hours % 24 == 0 => format!("{days} d"),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

/// Exactly how long, for durations that somebody set: "90 min", "2 h", "1500 ms".
pub fn exact_span(duration: SignedDuration) -> String {
    let (amount, unit) = largest_exact_unit(duration);
    format!("{amount} {}", unit.0)
}

/// The same spelled out: "10 minutes", "1 hour".
pub fn long_span(duration: SignedDuration) -> String {
    let (amount, unit) = largest_exact_unit(duration);
    if amount == 1 { format!("1 {}", unit.1) } else { format!("{amount} {}s", unit.1) }
}

fn largest_exact_unit(duration: SignedDuration) -> (i128, (&'static str, &'static str)) {
    const UNITS: [(i128, (&str, &str)); 4] =
        [(86_400_000, ("d", "day")), (3_600_000, ("h", "hour")), (60_000, ("min", "minute")), (1000, ("s", "second"))];
    let millis = duration.abs().as_millis();
    let exact = UNITS.into_iter().find(|(unit, _)| millis >= *unit && millis % unit == 0);
    exact.map_or((millis, ("ms", "millisecond")), |(unit, name)| (millis / unit, name))
}

/// The day as it is called from here, `None` for today, and the time of day.
pub(super) fn day_and_time(at: Timestamp, speech: &Speech<'_>) -> (Option<String>, String) {
    let here = speech.zone.to_datetime(at);
    let today = speech.zone.to_datetime(speech.now).date();
    let ahead = today.until(here.date()).map_or(i32::MAX, |span| span.get_days());
    let day = match ahead {
        0 => None,
        1 => Some("tomorrow".to_owned()),
        -1 => Some("yesterday".to_owned()),
        -6..=6 => Some(here.strftime("%a").to_string()),
        _ if here.year() == today.year() => Some(here.strftime("%-d %b").to_string()),
        _ => Some(here.strftime("%-d %b %Y").to_string()),
    };
    (day, hour_and_minute(here))
}

pub(super) fn hour_and_minute(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::testing::{at, world};
    use super::{clock, clock_and_relative, clock_with_day, exact_span, fine_span, long_span, relative, soon, span};

    #[test]
    fn a_span_in_two_units_leaves_out_what_does_not_matter() {
        let cases =
            [(40, "40 s"), (12 * 60 + 20, "12 min"), (5400, "1 h 30 min"), (6 * 3600, "6 h"), (129_600, "1 d 12 h")];
        for (secs, expected) in cases {
            assert_eq!(fine_span(SignedDuration::from_secs(secs)), expected);
        }
        assert_eq!(fine_span(SignedDuration::from_hours(48)), "2 d");
    }

    #[test]
    fn a_near_moment_is_said_from_now() {
        let now = at("2026-11-23 06:00");
        let cases = [
            (0, "now"),
            (4, "now"),
            (-4, "now"),
            (45, "in 45 s"),
            (-40, "40 s ago"),
            (150, "in 3 min"),
            (-3 * 60, "3 min ago"),
            (59 * 60 + 45, "in 1 h"),
            (2 * 3600, "in 2 h"),
            (23 * 3600 + 45 * 60, "in 1 d"),
            (3 * 86_400, "in 3 d"),
        ];
        for (secs, said) in cases {
            assert_eq!(relative(now + SignedDuration::from_secs(secs), now), said, "{secs} s from now");
        }
    }

    #[test]
    fn what_comes_soon_is_said_without_seconds() {
        let now = at("2026-11-23 06:00");
        for (secs, said) in
            [(-3, "due now"), (0, "due now"), (45, "in under 1 min"), (60, "in 1 min"), (7200, "in 2 h")]
        {
            assert_eq!(soon(now + SignedDuration::from_secs(secs), now), said, "{secs} s from now");
        }
    }

    #[test]
    fn a_clock_time_names_the_day_unless_it_is_today() {
        // A Monday, 06:00 in Berlin.
        let world = world();
        let cases = [
            ("2026-11-23 18:00", "18:00", "today 18:00"),
            ("2026-11-24 09:00", "tomorrow 09:00", "tomorrow 09:00"),
            ("2026-11-22 21:04", "yesterday 21:04", "yesterday 21:04"),
            ("2026-11-27 18:00", "Fri 18:00", "Fri 18:00"),
            ("2026-11-18 18:00", "Wed 18:00", "Wed 18:00"),
            ("2026-12-03 18:00", "3 Dec 18:00", "3 Dec 18:00"),
            ("2027-01-03 08:05", "3 Jan 2027 08:05", "3 Jan 2027 08:05"),
        ];
        for (moment, plain, with_day) in cases {
            assert_eq!(clock(at(moment), &world.speech()), plain);
            assert_eq!(clock_with_day(at(moment), &world.speech()), with_day);
        }
        assert_eq!(clock_and_relative(at("2026-11-23 08:00"), &world.speech()), "08:00, in 2 h");
    }

    #[test]
    fn a_measured_span_is_rounded_and_a_set_one_is_exact() {
        let cases = [
            (45, "45 s", "45 s", "45 seconds"),
            (60, "1 min", "1 min", "1 minute"),
            (90, "2 min", "90 s", "90 seconds"),
            (600, "10 min", "10 min", "10 minutes"),
            (5400, "2 h", "90 min", "90 minutes"),
            (7200, "2 h", "2 h", "2 hours"),
            (259_200, "3 d", "3 d", "3 days"),
        ];
        for (secs, rounded, exact, long) in cases {
            let duration = SignedDuration::from_secs(secs);
            assert_eq!((span(duration), exact_span(duration)), (rounded.to_owned(), exact.to_owned()));
            assert_eq!(long_span(duration), long);
        }
        assert_eq!(exact_span(SignedDuration::from_millis(1500)), "1500 ms");
    }
}
