//! A schedule in words.
//!
//! A time of day is said by the clock the schedule keeps; where that is not ours its zone is named
//! and our own time stands beside.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::cron_expr::{self, Days, When};
use super::text::list;
use super::time::day_and_time;
use super::{Speech, exact_span};
use crate::domain::Schedule;

/// "weekdays at 08:30", "every 5 min", "once on 3 Dec at 08:00", with the cron's own zone where it differs.
pub fn schedule(schedule: &Schedule, speech: &Speech<'_>) -> String {
    said(schedule, Zone::Whole, speech)
}

/// The same for a card, where the next run stands beside it: a foreign zone is named by its city alone.
pub fn schedule_in_short(schedule: &Schedule, speech: &Speech<'_>) -> String {
    said(schedule, Zone::City, speech)
}

/// How a foreign zone is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// "Europe/Berlin (08:00 here)".
    Whole,
    /// "Berlin".
    City,
}

impl Zone {
    fn name(self, zone: &str) -> String {
        match self {
            Self::Whole => format!(" {zone}"),
            Self::City => format!(" {}", zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")),
        }
    }
}

fn said(schedule: &Schedule, naming: Zone, speech: &Speech<'_>) -> String {
    match schedule {
        Schedule::Cron { expr, zone, .. } => cron(expr, zone.as_deref(), naming, speech),
        Schedule::Every { every, .. } => format!("every {}", interval(*every)),
        Schedule::At { at } => match day_and_time(*at, speech) {
            (None, time) => format!("once today at {time}"),
            (Some(day), time) if day.starts_with(|first: char| first.is_ascii_lowercase()) => {
                format!("once {day} at {time}")
            }
            (Some(day), time) => format!("once on {day} at {time}"),
        },
        Schedule::Event { kind } => event(kind),
    }
}

fn interval(every: SignedDuration) -> String {
    match every.as_secs() {
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        _ => exact_span(every),
    }
}

fn event(kind: &str) -> String {
    match kind {
        "on-exit" => "when its command exits".to_owned(),
        "stream" => "when its stream has news".to_owned(),
        "" | "manual" | "on-demand" => "on demand".to_owned(),
        other => format!("on an event ({other})"),
    }
}

fn cron(expr: &str, zone: Option<&str>, naming: Zone, speech: &Speech<'_>) -> String {
    let foreign = zone.and_then(|zone| Foreign::of(zone, speech));
    let named = foreign.as_ref().map_or_else(String::new, |foreign| naming.name(foreign.name));
    let Some(reading) = cron_expr::read(expr) else {
        return format!("cron \"{}\"{named}", expr.trim());
    };
    let days = reading.days.words();
    match reading.when {
        When::Interval(interval) => days.map_or_else(|| interval.clone(), |days| format!("{days} {interval}{named}")),
        When::Between { interval, from, to } => {
            let days = days.map_or_else(String::new, |days| format!("{days} "));
            format!("{days}{interval}, {from}–{to}{named}")
        }
        When::Times(times) => {
            let said: Vec<_> = times.iter().map(|time| clock_time(*time)).collect();
            let foreign = foreign.filter(|_| naming == Zone::Whole);
            let here = foreign.and_then(|foreign| foreign.here(&times, &reading.days, speech)).unwrap_or_default();
            format!("{}{}{named}{here}", lead(&reading.days, &times), list(&said))
        }
    }
}

/// What stands before the times: "daily at ", "1st of month ".
fn lead(days: &Days, times: &[(u8, u8, u8)]) -> String {
    match (days, days.words()) {
        (Days::Month { .. } | Days::LastOfMonth, Some(days)) => format!("{days} "),
        (_, Some(days)) => format!("{days} at "),
        (_, None) if matches!(times, [(0..3, ..)]) => "nightly at ".to_owned(),
        (_, None) => "daily at ".to_owned(),
    }
}

fn clock_time((hour, minute, second): (u8, u8, u8)) -> String {
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// A schedule's own zone whose clock is not ours.
struct Foreign<'a> {
    name: &'a str,
    /// `None` when nobody here knows the zone: it is named, nothing more.
    zone: Option<TimeZone>,
}

impl<'a> Foreign<'a> {
    /// `None` when both clocks agree, now and half a year on.
    fn of(name: &'a str, speech: &Speech<'_>) -> Option<Self> {
        let name = name.trim();
        if name.is_empty() || speech.zone.iana_name() == Some(name) {
            return None;
        }
        let Ok(zone) = TimeZone::get(name) else { return Some(Self { name, zone: None }) };
        let moments = [speech.now, speech.now + SignedDuration::from_hours(24 * 182)];
        let agree = moments.iter().all(|at| zone.to_offset(*at) == speech.zone.to_offset(*at));
        (!agree).then_some(Self { name, zone: Some(zone) })
    }

    /// " (08:00 here)", as of today; `None` when the day here would differ from the days that were said.
    fn here(&self, times: &[(u8, u8, u8)], days: &Days, speech: &Speech<'_>) -> Option<String> {
        let zone = self.zone.as_ref()?;
        let today = zone.to_datetime(speech.now).date();
        let mut said = Vec::new();
        for time in times {
            let (date, time) = moved(*time, today, zone, speech.zone)?;
            if date != today && *days != Days::Every {
                return None;
            }
            said.push(time);
        }
        Some(format!(" ({} here)", list(&said)))
    }
}

fn moved((hour, minute, second): (u8, u8, u8), on: Date, from: &TimeZone, to: &TimeZone) -> Option<(Date, String)> {
    let time = Time::new(hour.cast_signed(), minute.cast_signed(), second.cast_signed(), 0).ok()?;
    let here = to.to_datetime(from.to_timestamp(on.to_datetime(time)).ok()?);
    let (hour, minute) = (u8::try_from(here.hour()).ok()?, u8::try_from(here.minute()).ok()?);
    Some((here.date(), clock_time((hour, minute, second))))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::testing::{at, world};
    use super::{schedule, schedule_in_short};
    use crate::domain::Schedule;

    fn said(expr: &str, zone: Option<&str>) -> String {
        let cron = Schedule::Cron { expr: expr.to_owned(), zone: zone.map(str::to_owned), stagger: None };
        schedule(&cron, &world().speech())
    }

    #[test]
    fn common_cron_expressions_have_words() {
        let cases = [
            ("* * * * *", "every minute"),
            ("*/1 * * * *", "every minute"),
            ("*/5 * * * *", "every 5 min"),
            ("*/30 * * * 1-5", "weekdays every 30 min"),
            ("*/30 9-17 * * 1-5", "weekdays every 30 min, 09:00–17:59"),
            ("0 9-17 * * *", "hourly, 09:00–17:00"),
            ("45 * * * *", "hourly at :45"),
            ("0,30 * * * *", "hourly at :00 and :30"),
            ("0 */2 * * *", "every 2 h"),
            ("15 */6 * * *", "every 6 h at :15"),
            ("30 8 * * 1-5", "weekdays at 08:30"),
            ("30 8 * * MON-FRI", "weekdays at 08:30"),
            ("0 10 * * 0,6", "weekends at 10:00"),
            ("0 10 * * 6-7", "weekends at 10:00"),
            ("0 20 * * 0", "Sundays at 20:00"),
            ("0 20 * * 7", "Sundays at 20:00"),
            ("0 9 * * tue", "Tuesdays at 09:00"),
            ("0 9 * * 1,3,5", "Mon, Wed and Fri at 09:00"),
            ("0 9 * * 0,1", "Mon and Sun at 09:00"),
            ("0 9 * * 0-6", "daily at 09:00"),
            ("30 1 * * *", "nightly at 01:30"),
            ("0 3 * * *", "daily at 03:00"),
            ("0 8,20 * * *", "daily at 08:00 and 20:00"),
            ("0 7 1 * *", "1st of month 07:00"),
            ("0 7 1,15 * *", "1st and 15th of month 07:00"),
            ("0 7 22 * ?", "22nd of month 07:00"),
            ("0 7 12,13 * *", "12th and 13th of month 07:00"),
            ("0 7 L * *", "last day of month 07:00"),
            ("0 8 3 12 *", "3rd of Dec 08:00"),
            ("0 8 1 */3 *", "1st of Jan, Apr, Jul and Oct 08:00"),
            ("@daily", "nightly at 00:00"),
            ("@hourly", "hourly at :00"),
            ("0 30 8 * * 1-5", "weekdays at 08:30"),
            ("15 30 8 * * *", "daily at 08:30:15"),
            ("*/10 * * * * *", "every 10 s"),
            ("30 */12 * * * *", "every 12 min"),
            ("* * * * * *", "every second"),
        ];
        for (expr, words) in cases {
            assert_eq!(said(expr, None), words, "{expr}");
        }
    }

    #[test]
    fn an_expression_without_short_words_is_shown_itself() {
        let cases = [
            ("*/7 3-5 * * 1,4", "*/7 does not repeat evenly"),
            ("*/7 * * * *", "nor alone"),
            ("0 7 1 * 1", "a day of the month or of the week"),
            ("0 7 * 6 *", "daily in one month"),
            ("*/5 * 1 * *", "an interval on days of a month"),
            ("30 45 * * * *", "hourly with seconds"),
            ("0,10,20,25,50 * * * *", "too many minutes"),
            ("5/10 * * * *", "a step from a start"),
            ("0 7 * * 5#2", "the second Friday"),
            ("0 25 * * *", "no such hour"),
            ("+1 2 * * *", "a sign"),
            ("0 8 * *", "too few fields"),
            ("", "nothing"),
        ];
        for (expr, why) in cases {
            assert_eq!(said(expr, None), format!("cron \"{expr}\""), "{why}");
        }
    }

    #[test]
    fn on_a_card_a_foreign_zone_is_its_city() {
        let cases = [
            ("30 8 * * 1", Some("America/New_York"), "Mondays at 08:30 New York"),
            ("0 7 * * *", Some("UTC"), "daily at 07:00 UTC"),
            ("0 7 * * *", None, "daily at 07:00"),
        ];
        for (expr, zone, said) in cases {
            let cron = Schedule::Cron { expr: expr.to_owned(), zone: zone.map(str::to_owned), stagger: None };
            assert_eq!(schedule_in_short(&cron, &world().speech()), said);
        }
    }

    #[test]
    fn a_zone_is_named_where_its_clock_is_not_ours() {
        let cases = [
            ("0 7 * * *", "Europe/Berlin", "daily at 07:00", "our own"),
            ("0 7 * * *", "Europe/Brussels", "daily at 07:00", "keeps the same time as ours"),
            ("0 7 * * *", "Europe/London", "daily at 07:00 Europe/London (08:00 here)", "an hour behind"),
            ("0 23 * * *", "Europe/London", "daily at 23:00 Europe/London (00:00 here)", "daily is daily everywhere"),
            ("0 23 * * 1", "Europe/London", "Mondays at 23:00 Europe/London", "Tuesday here: the day decides"),
            ("0 8,20 * * *", "UTC", "daily at 08:00 and 20:00 UTC (09:00 and 21:00 here)", "every time is moved"),
            ("0 7 * * *", "Mars/Olympus", "daily at 07:00 Mars/Olympus", "unknown: named, not computed"),
            ("*/5 * * * *", "Asia/Tokyo", "every 5 min", "an interval is the same everywhere"),
            ("*/30 9-17 * * *", "Asia/Tokyo", "every 30 min, 09:00–17:59 Asia/Tokyo", "hours are not"),
            ("*/7 3-5 * * 1,4", "Asia/Tokyo", "cron \"*/7 3-5 * * 1,4\" Asia/Tokyo", "nor is what has no words"),
        ];
        for (expr, zone, words, why) in cases {
            assert_eq!(said(expr, Some(zone)), words, "{why}");
        }
    }

    #[test]
    fn the_other_kinds_of_schedule_have_words() {
        let every = |secs| Schedule::Every { every: SignedDuration::from_secs(secs), anchor: None };
        let once = |local| Schedule::At { at: at(local) };
        let event = |kind: &str| Schedule::Event { kind: kind.to_owned() };
        let cases = [
            (every(300), "every 5 min"),
            (every(60), "every minute"),
            (every(3600), "every hour"),
            (every(5400), "every 90 min"),
            (every(86_400), "every day"),
            (every(172_800), "every 2 d"),
            (once("2026-11-23 18:00"), "once today at 18:00"),
            (once("2026-11-24 09:00"), "once tomorrow at 09:00"),
            (once("2026-11-27 09:00"), "once on Fri at 09:00"),
            (once("2026-12-03 08:00"), "once on 3 Dec at 08:00"),
            (event("on-exit"), "when its command exits"),
            (event("manual"), "on demand"),
            (event("moon-phase"), "on an event (moon-phase)"),
        ];
        for (kind, words) in cases {
            assert_eq!(schedule(&kind, &world().speech()), words);
        }
    }
}
