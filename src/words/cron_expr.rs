//! A cron expression, read for its words.
//!
//! Reads the common shapes only. An expression it does not fully understand gives `None`, and the
//! caller shows the expression itself: better bare than wrong.

use super::text::list;

/// Beyond this many times of day a list says less than the expression.
const MAX_TIMES: usize = 4;
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const FULL_DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// On which days, and when on such a day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) days: Days,
    pub(super) when: When,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Days {
    Every,
    /// Of the week, Sunday is 0.
    Week(Vec<u8>),
    Month {
        days: Vec<u8>,
        /// Empty: each month.
        months: Vec<u8>,
    },
    LastOfMonth,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum When {
    /// "every 5 min", "hourly at :45": the same in each zone with whole hours.
    Interval(String),
    /// "every 30 min, 09:00–17:59".
    Between { interval: String, from: String, to: String },
    /// Hour, minute, second.
    Times(Vec<(u8, u8, u8)>),
}

/// What one field allows.
#[derive(Debug, PartialEq, Eq)]
enum Field {
    Any,
    /// `*/n`, where n divides the range evenly.
    Step(u8),
    /// Ascending, each once.
    Values(Vec<u8>),
    Range(u8, u8),
    Last,
}

/// `None` for a shape without short words.
pub(super) fn read(expr: &str) -> Option<Reading> {
    let expr = nickname(expr.trim());
    let mut fields: Vec<_> = expr.split_ascii_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let [second, minute, hour, day, month, weekday] = fields.try_into().ok()?;
    let second = field(second, 0, 59, &[])?;
    let minute = field(minute, 0, 59, &[])?;
    let hour = field(hour, 0, 23, &[])?;
    let days = days(day, month, weekday)?;
    let when = when(&second, &minute, &hour)?;
    // "1st of month every 5 min" and "Mondays every 10 s" are no words for anybody.
    let spoken = match days {
        Days::Every => true,
        Days::Week(_) => matches!(when, When::Times(_)) || second == Field::Values(vec![0]),
        Days::Month { .. } | Days::LastOfMonth => matches!(when, When::Times(_)),
    };
    spoken.then_some(Reading { days, when })
}

fn nickname(expr: &str) -> &str {
    match expr {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        other => other,
    }
}

fn when(second: &Field, minute: &Field, hour: &Field) -> Option<When> {
    use Field::{Any, Range, Step, Values};
    let on_the_minute = *second == Values(vec![0]);
    match (second, minute, hour) {
        (Any, Any, Any) => Some(When::Interval("every second".to_owned())),
        (Step(n), Any, Any) => Some(When::Interval(format!("every {n} s"))),
        (Values(seconds), Values(minutes), Values(hours)) => times(hours, minutes, seconds),
        // At which second of its minute such a cron runs is no news for anybody.
        (Values(seconds), Any | Step(_), Any) if seconds.len() == 1 => Some(When::Interval(every_minutes(minute)?)),
        _ if !on_the_minute => None,
        (_, Values(minutes), Any) if minutes.len() <= MAX_TIMES => {
            let minutes: Vec<_> = minutes.iter().map(|minute| format!(":{minute:02}")).collect();
            Some(When::Interval(format!("hourly at {}", list(&minutes))))
        }
        (_, Values(minutes), Step(n)) => match minutes[..] {
            [0] => Some(When::Interval(format!("every {n} h"))),
            [minute] => Some(When::Interval(format!("every {n} h at :{minute:02}"))),
            _ => None,
        },
        (_, Any | Step(_), Range(from, to)) => Some(When::Between {
            interval: every_minutes(minute)?,
            from: format!("{from:02}:00"),
            to: format!("{to:02}:59"),
        }),
        (_, Values(minutes), Range(from, to)) => match minutes[..] {
            [minute] => Some(When::Between {
                interval: "hourly".to_owned(),
                from: format!("{from:02}:{minute:02}"),
                to: format!("{to:02}:{minute:02}"),
            }),
            _ => None,
        },
        _ => None,
    }
}

fn every_minutes(minute: &Field) -> Option<String> {
    match minute {
        Field::Any => Some("every minute".to_owned()),
        Field::Step(n) => Some(format!("every {n} min")),
        _ => None,
    }
}

fn times(hours: &[u8], minutes: &[u8], seconds: &[u8]) -> Option<When> {
    if hours.len() * minutes.len() * seconds.len() > MAX_TIMES {
        return None;
    }
    let mut times = Vec::new();
    for &hour in hours {
        for &minute in minutes {
            times.extend(seconds.iter().map(|&second| (hour, minute, second)));
        }
    }
    Some(When::Times(times))
}

fn days(day: &str, month: &str, weekday: &str) -> Option<Days> {
    let day = if day == "L" { Field::Last } else { field(day, 1, 31, &[])? };
    let month = field(month, 1, 12, &MONTHS)?;
    let weekday = weekdays(field(weekday, 0, 7, &DAYS)?);
    match (day, month, weekday) {
        (Field::Any, Field::Any, None) => Some(Days::Every),
        (Field::Any, Field::Any, Some(days)) => Some(Days::Week(days)),
        (Field::Last, Field::Any, None) => Some(Days::LastOfMonth),
        (Field::Values(days), month, None) => Some(Days::Month { days, months: months(month)? }),
        _ => None,
    }
}

fn months(month: Field) -> Option<Vec<u8>> {
    match month {
        Field::Any => Some(Vec::new()),
        Field::Values(months) => Some(months),
        Field::Range(from, to) => Some((from..=to).collect()),
        Field::Step(step) => Some((1..=12).step_by(step.into()).collect()),
        Field::Last => None,
    }
}

/// The days of the week it allows; `None` for all of them.
fn weekdays(field: Field) -> Option<Vec<u8>> {
    let days: Vec<u8> = match field {
        Field::Values(days) => days,
        Field::Range(from, to) => (from..=to).collect(),
        Field::Step(1) | Field::Any | Field::Last => return None,
        Field::Step(step) => (0..=6).step_by(step.into()).collect(),
    };
    let mut days: Vec<_> = days.into_iter().map(|day| day % 7).collect();
    days.sort_unstable();
    days.dedup();
    (days.len() < 7).then_some(days)
}

fn field(text: &str, min: u8, max: u8, names: &[&str]) -> Option<Field> {
    if text == "*" || text == "?" && min == 1 || text == "?" && max == 7 {
        return Some(Field::Any);
    }
    if let Some(step) = text.strip_prefix("*/") {
        let step: u8 = step.parse().ok().filter(|step| *step > 0)?;
        let even = (max - min + 1).is_multiple_of(step);
        return match step {
            1 => Some(Field::Any),
            _ if even && step < max => Some(Field::Step(step)),
            _ => None,
        };
    }
    if let [(from, to)] = parts(text, min, max, names)?[..]
        && from < to
    {
        return Some(Field::Range(from, to));
    }
    let mut values: Vec<u8> = parts(text, min, max, names)?.into_iter().flat_map(|(from, to)| from..=to).collect();
    values.sort_unstable();
    values.dedup();
    Some(Field::Values(values))
}

/// A comma list of values and rising ranges.
fn parts(text: &str, min: u8, max: u8, names: &[&str]) -> Option<Vec<(u8, u8)>> {
    let part = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (value(from, min, names)?, value(to, min, names)?);
        (min <= from && from <= to && to <= max).then_some((from, to))
    };
    text.split(',').map(part).collect()
}

fn value(text: &str, min: u8, names: &[&str]) -> Option<u8> {
    let position = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let by_name = position.and_then(|at| u8::try_from(at).ok()).map(|at| at + min);
    by_name.or_else(|| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten())
}

impl Days {
    /// "weekdays", "Mondays", "Mon, Wed and Fri", "1st of month"; `None` for every day.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Self::Every => None,
            Self::Week(days) => Some(week_words(days)),
            Self::LastOfMonth => Some("last day of month".to_owned()),
            Self::Month { days, months } => {
                let months: Vec<_> = months.iter().map(|month| MONTHS[usize::from(*month) - 1]).collect();
                let days: Vec<_> = days.iter().map(|day| ordinal(*day)).collect();
                let of = if months.is_empty() { "month".to_owned() } else { list(&months) };
                Some(format!("{} of {of}", list(&days)))
            }
        }
    }
}

fn week_words(days: &[u8]) -> String {
    match days {
        [1, 2, 3, 4, 5] => "weekdays".to_owned(),
        [0, 6] => "weekends".to_owned(),
        [day] => format!("{}s", FULL_DAYS[usize::from(*day)]),
        _ => {
            // The week is said from Monday on.
            let mut days = days.to_vec();
            days.sort_unstable_by_key(|day| (day + 6) % 7);
            let days: Vec<_> = days.iter().map(|day| DAYS[usize::from(*day)]).collect();
            list(&days)
        }
    }
}

fn ordinal(day: u8) -> String {
    let ending = match (day % 10, day / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}
