//! A moment as a person types it: `18:00`, `tomorrow 04:00`, `+6h`, `2026-11-24 18:00`, `2026-11-24`, or RFC 3339.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

/// The moment meant, by the clock of `zone`; a time of day alone is the next such time. `None` for what is no time.
#[must_use]
pub fn typed_moment(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let here = now.to_zoned(zone.clone());
    let at = |at: DateTime| zone.to_timestamp(at).ok();
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    if let Some(later) = text.strip_prefix('+') {
        return here.checked_add(later.trim().parse::<Span>().ok()?).ok().map(|then| then.timestamp());
    }
    if let Some(of_day) = text.strip_prefix("tomorrow") {
        return at(here.date().checked_add(1.day()).ok()?.to_datetime(time(of_day)?));
    }
    if let Ok(whole) = DateTime::strptime("%Y-%m-%d %H:%M", text) {
        return at(whole);
    }
    if let Ok(date) = Date::strptime("%Y-%m-%d", text) {
        return at(date.at(0, 0, 0, 0));
    }
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(exact);
    }
    let today = at(here.date().to_datetime(time(text)?))?;
    if today > now { Some(today) } else { at(here.date().checked_add(1.day()).ok()?.to_datetime(time(text)?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_by_the_clock_of_the_reader() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().expect("a timestamp");
        let cases = [
            ("2026-11-24 18:00", Some("2026-11-24T17:00:00Z"), "a date and a time"),
            (" 2026-12-01 ", Some("2026-11-30T23:00:00Z"), "the beginning of a day"),
            ("18:00", Some("2026-11-23T17:00:00Z"), "later today"),
            ("06:30", Some("2026-11-24T05:30:00Z"), "that has passed today"),
            ("tomorrow 04:00", Some("2026-11-24T03:00:00Z"), "tomorrow"),
            ("+6h", Some("2026-11-23T12:00:00Z"), "from now on"),
            ("+2d 30m", Some("2026-11-25T06:30:00Z"), "in two units"),
            ("2026-11-24T18:00:00+01:00", Some("2026-11-24T17:00:00Z"), "in full"),
            ("soon", None, "no time"),
            ("tomorrow", None, "no time of it"),
            ("+", None, "no length"),
            ("2026-02-30 10:00", None, "no such day"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(typed_moment(text, now, &zone).map(|at| at.to_string()).as_deref(), expected, "{why}");
        }
    }
}
