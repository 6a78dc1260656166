//! Resets in the ways that pages say them: "3 hr 12 min", "Thu 9:00 AM", "11月27日 08:00", "tomorrow".
//!
//! Pages show the reader's own time: what names no zone is in theirs. Never guesses: a time of day
//! is the next one, a day without a year the next such day within 40 days, and what cannot be a
//! reset is said to be unclear. Texts come in lower case.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// Where and when the page was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'a> {
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
}

/// What a text means as a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    Past,
    /// A moment that cannot be told, such as "today".
    Unclear,
}

/// What comes further ahead is no reset of a quota.
const FARTHEST: SignedDuration = SignedDuration::from_hours(40 * 24);

/// The moment or wait at the start of `text`, and its length.
pub(super) fn at_start(text: &str, clock: &Clock<'_>) -> Option<(When, usize)> {
    moment(text, clock).or_else(|| wait(text).map(|(wait, len)| (clock.after(wait), len)))
}

/// A date or a time of day at the start of `text`, and its length.
pub(super) fn moment(text: &str, clock: &Clock<'_>) -> Option<(When, usize)> {
    let mut scanner = Scanner { text, at: 0 };
    let when = scanner.when(clock)?;
    Some((when, scanner.at))
}

/// Whether a text begins like a clock: "3:12".
pub(super) fn is_clock(text: &str) -> bool {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    rest.len() < text.len() && rest.starts_with(':')
}

/// "03:12:45" as a wait.
pub(super) fn countdown(text: &str, clock: &Clock<'_>) -> Option<When> {
    let mut scanner = Scanner { text, at: 0 };
    let mut part = |sign: &'static str| {
        let number = scanner.digits(1, 3)?;
        (sign.is_empty() || scanner.one_of(&[sign]).is_some()).then_some(number)
    };
    let (hours, minutes, seconds) = (part(":")?, part(":")?, part("")?);
    Some(clock.after(SignedDuration::from_secs(hours * 3600 + minutes * 60 + seconds)))
}

/// A sum of numbers with units at the start of `text`: "2 days 3 hr", "3小时12分钟", "an hour".
pub(super) fn wait(text: &str) -> Option<(SignedDuration, usize)> {
    let (mut secs, mut end) = (0.0, 0);
    for _ in 0..5 {
        let rest = text[end..].trim_start_matches([' ', ',']);
        let rest = rest.strip_prefix("and ").unwrap_or(rest);
        let digits = rest.bytes().take(12).take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = match rest[..digits].parse::<f64>() {
            Ok(number) => (number, &rest[digits..]),
            Err(_) if end == 0 => match rest.strip_prefix("an ").or_else(|| rest.strip_prefix("a ")) {
                Some(after) => (1.0, after),
                None => break,
            },
            Err(_) => break,
        };
        let after = after.strip_prefix('-').unwrap_or(after).trim_start_matches(' ');
        let Some((unit_secs, len)) = unit(after) else { break };
        secs += number * unit_secs;
        end = text.len() - after.len() + len;
    }
    let lasting = end > 0 && (0.0..1e9).contains(&secs);
    lasting.then(|| (SignedDuration::from_secs(secs.ceil() as i64), end))
}

fn unit(text: &str) -> Option<(f64, usize)> {
    const WORDS: &[(f64, &[&str])] = &[
        (1.0, &["s", "sec", "secs", "second", "seconds"]),
        (60.0, &["m", "min", "mins", "minute", "minutes"]),
        (3600.0, &["h", "hr", "hrs", "hour", "hours"]),
        (86_400.0, &["d", "day", "days"]),
        (604_800.0, &["w", "wk", "week", "weeks"]),
    ];
    const SIGNS: &[(f64, &str)] = &[
        (1.0, "秒钟"),
        (1.0, "秒"),
        (60.0, "分钟"),
        (60.0, "分"),
        (3600.0, "个小时"),
        (3600.0, "小时"),
        (3600.0, "时"),
        (86_400.0, "天"),
        (604_800.0, "周"),
    ];
    let len = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = WORDS.iter().find(|(_, words)| words.contains(&&text[..len])).map(|(secs, _)| (*secs, len));
    word.or_else(|| SIGNS.iter().find(|(_, sign)| text.starts_with(sign)).map(|(secs, sign)| (*secs, sign.len())))
}

impl Clock<'_> {
    fn after(&self, wait: SignedDuration) -> When {
        self.now.checked_add(wait).map_or(When::Unclear, |at| self.judged(at))
    }

    fn today(&self) -> Date {
        self.zone.to_datetime(self.now).date()
    }

    fn judged(&self, at: Timestamp) -> When {
        match at.duration_since(self.now) {
            ahead if ahead <= SignedDuration::ZERO => When::Past,
            ahead if ahead > FARTHEST => When::Unclear,
            _ => When::At(at),
        }
    }
}

/// A day as it was said.
#[derive(Clone, Copy)]
enum Day {
    Full(Date),
    /// Of this year or the next.
    Yearless(i8, i8),
    OfWeek(Weekday),
    /// Days from today.
    Ahead(i64),
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
const CHINESE_DAYS: [(&str, Weekday); 8] = [
    ("一", Weekday::Monday),
    ("二", Weekday::Tuesday),
    ("三", Weekday::Wednesday),
    ("四", Weekday::Thursday),
    ("五", Weekday::Friday),
    ("六", Weekday::Saturday),
    ("日", Weekday::Sunday),
    ("天", Weekday::Sunday),
];

impl<'a> Scanner<'a> {
    fn when(&mut self, clock: &Clock<'_>) -> Option<When> {
        let mut day = self.attempt(Self::day);
        // "Thursday, Nov 26": the date tells more.
        if let Some(Day::OfWeek(_)) = day {
            let date = self.attempt(|scanner| {
                scanner.skip(&[",", " "]);
                scanner.attempt(Self::year_first).or_else(|| scanner.attempt(Self::month_and_day))
            });
            day = date.or(day);
        }
        // A day may be followed by its weekday, in brackets or not.
        if day.is_some() {
            self.attempt(|scanner| {
                scanner.skip(&[" ", "(", ","]);
                scanner.weekday()?;
                scanner.skip(&[")"]);
                Some(())
            });
        }
        let time = self.attempt(|scanner| scanner.time(day.is_some()));
        let mut named = time.and_then(|_| self.attempt(Self::zone));
        // "09:12 on 27 Nov".
        if day.is_none() && time.is_some() {
            day = self.attempt(|scanner| {
                scanner.skip(&[" ", ",", "on "]);
                scanner.day()
            });
            named = named.or_else(|| day.and_then(|_| self.attempt(Self::zone)));
        }
        let zone = named.as_ref().unwrap_or(clock.zone);
        let there = Clock { now: clock.now, zone };
        match (day, time) {
            (None, None) => None,
            (None, Some(time)) => Some(next(&there, 0, 1, time)),
            (Some(day), time) => Some(of_day(&there, day, time)),
        }
    }

    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = start;
        }
        found
    }

    fn day(&mut self) -> Option<Day> {
        self.attempt(Self::year_first)
            .or_else(|| self.attempt(Self::month_and_day))
            .or_else(|| self.attempt(Self::numbers))
            .or_else(|| self.attempt(Self::relative))
            .or_else(|| self.weekday().map(Day::OfWeek))
    }

    /// 2026-11-20, 2026/11/20, 2026.11.20, 2026年11月20日.
    fn year_first(&mut self) -> Option<Day> {
        let year = self.digits(4, 4)?;
        self.one_of(&["-", "/", ".", "年"])?;
        let month = self.digits(1, 2)?;
        self.one_of(&["-", "/", ".", "月"])?;
        let day = self.digits(1, 2)?;
        self.one_of(&["日", "号"]);
        Some(Day::Full(Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?))
    }

    /// "november 20", "nov 20, 2026", "20 nov 2026", "11月20日".
    fn month_and_day(&mut self) -> Option<Day> {
        let (month, day) = if let Some(month) = self.month() {
            self.skip(&[" ", "."]);
            (month, self.digits(1, 2)?)
        } else {
            let number = self.digits(1, 2)?;
            if self.one_of(&["月"]).is_some() {
                self.skip(&[" "]);
                let day = self.digits(1, 2)?;
                self.one_of(&["日", "号"])?;
                (narrow(number)?, day)
            } else {
                self.one_of(&["st", "nd", "rd", "th"]);
                self.skip(&[" "]);
                (self.month()?, number)
            }
        };
        self.one_of(&["st", "nd", "rd", "th"]);
        let year = self.attempt(|scanner| {
            scanner.skip(&[",", " ", "."]);
            let year = scanner.digits(4, 4)?;
            // "Nov 20 1830" would be a time to a soldier.
            (2000..2200).contains(&year).then_some(year)
        });
        let day = narrow(day)?;
        match year {
            Some(year) => Some(Day::Full(Date::new(i16::try_from(year).ok()?, month, day).ok()?)),
            None => (1..=31).contains(&day).then_some(Day::Yearless(month, day)),
        }
    }

    /// "11-27" and "11/27" before a time, and 11/27/2026 where only one order makes a date.
    fn numbers(&mut self) -> Option<Day> {
        let first = narrow(self.digits(1, 2)?)?;
        let sign = self.one_of(&["-", "/"])?;
        let second = narrow(self.digits(1, 2)?)?;
        if self.one_of(&[sign]).is_some() {
            let year = i16::try_from(self.digits(4, 4)?).ok()?;
            let (american, european) = (Date::new(year, first, second), Date::new(year, second, first));
            return match (american, european) {
                (Ok(date), Err(_)) | (Err(_), Ok(date)) => Some(Day::Full(date)),
                (Ok(one), Ok(other)) => (one == other).then_some(Day::Full(one)),
                _ => None,
            };
        }
        let before_time =
            self.rest().starts_with([' ', ',']) && Scanner { text: self.text, at: self.at }.time(true).is_some();
        let sure = sign == "-" || second > 12;
        (before_time && sure && (1..=12).contains(&first)).then_some(Day::Yearless(first, second))
    }

    fn relative(&mut self) -> Option<Day> {
        const WORDS: &[(&str, i64)] = &[
            ("today", 0),
            ("tonight", 0),
            ("tomorrow", 1),
            ("今天", 0),
            ("今日", 0),
            ("明天", 1),
            ("明日", 1),
            ("次日", 1),
            ("后天", 2),
        ];
        let (word, ahead) = WORDS.iter().find(|(word, _)| self.rest().starts_with(word))?;
        self.at += word.len();
        Some(Day::Ahead(*ahead))
    }

    fn weekday(&mut self) -> Option<Weekday> {
        let rest = self.rest();
        for lead in ["星期", "礼拜", "下周", "本周", "周"] {
            let Some(after) = rest.strip_prefix(lead) else { continue };
            let Some((sign, day)) = CHINESE_DAYS.iter().find(|(sign, _)| after.starts_with(sign)) else { continue };
            self.at += lead.len() + sign.len();
            return Some(*day);
        }
        let word = self.word();
        let found = DAYS.iter().find(|(name, _)| abbreviates(word, name))?;
        self.at += word.len();
        self.one_of(&["."]);
        Some(found.1)
    }

    fn month(&mut self) -> Option<i8> {
        let word = self.word();
        let at = MONTHS.iter().position(|name| abbreviates(word, name))?;
        self.at += word.len();
        i8::try_from(at + 1).ok()
    }

    fn word(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.bytes().take_while(u8::is_ascii_alphabetic).count()]
    }

    /// 19:12, 19:12:05, 7:12 pm, 9am, 上午9:00, 下午3点, noon; a bare hour only with its half of the day.
    fn time(&mut self, after_day: bool) -> Option<Time> {
        self.skip(&[" ", ",", "t", "at ", "的"]);
        if !after_day && self.at > 0 {
            return None;
        }
        if let Some(word) = self.one_of(&["midnight", "noon", "零点", "午夜", "中午"]) {
            return Some(Time::constant(if matches!(word, "noon" | "中午") { 12 } else { 0 }, 0, 0, 0));
        }
        let half = self.one_of(&["上午", "凌晨", "早上", "下午", "晚上"]);
        self.skip(&[" "]);
        let hour = self.digits(1, 2)?;
        let minute = self.attempt(|scanner| {
            let sign = scanner.one_of(&[":", "时", "点"])?;
            match scanner.digits(2, 2) {
                Some(minute) => Some(minute),
                None => (sign != ":").then_some(0),
            }
        });
        let second = self.attempt(|scanner| {
            minute?;
            scanner.one_of(&[":", "分"])?;
            Some(scanner.digits(2, 2).unwrap_or(0))
        });
        self.one_of(&["秒"]);
        if second.is_some() && self.one_of(&["."]).is_some() {
            while self.digits(1, 9).is_some() {}
        }
        let half = half.or_else(|| {
            self.attempt(|scanner| {
                scanner.skip(&[" "]);
                let half = scanner.one_of(&["a.m.", "p.m.", "am", "pm"])?;
                (!scanner.rest().starts_with(|next: char| next.is_ascii_alphanumeric())).then_some(half)
            })
        });
        if minute.is_none() && half.is_none() {
            return None;
        }
        let afternoon = matches!(half, Some("p.m." | "pm" | "下午" | "晚上"));
        let morning = matches!(half, Some("a.m." | "am" | "上午" | "凌晨" | "早上"));
        let hour = match hour {
            12 if morning => 0,
            1..=11 if afternoon => hour + 12,
            other => other,
        };
        Time::new(narrow(hour)?, narrow(minute.unwrap_or(0))?, narrow(second.unwrap_or(0))?, 0).ok()
    }

    /// UTC, GMT+8, +08:00, PST, (Europe/Berlin), 北京时间.
    fn zone(&mut self) -> Option<TimeZone> {
        self.skip(&[" ", "("]);
        if self.one_of(&["北京时间", "中国标准时间"]).is_some() {
            self.skip(&[")"]);
            return Some(TimeZone::fixed(Offset::constant(8)));
        }
        let name: usize =
            self.rest().bytes().take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'_')).count();
        let word = &self.rest()[..name];
        let known = match word {
            "pst" | "pdt" | "pt" | "pacific" => Some("America/Los_Angeles"),
            "est" | "edt" | "et" | "eastern" => Some("America/New_York"),
            iana if iana.contains('/') => Some(iana),
            _ => None,
        };
        if let Some(zone) = known {
            self.at += name;
            self.skip(&[" time", ")"]);
            return TimeZone::get(zone).ok();
        }
        let named = self.one_of(&["utc", "gmt", "z"]);
        if named.is_some_and(|_| self.rest().starts_with(|next: char| next.is_ascii_alphabetic())) {
            return None;
        }
        let Some(sign) = self.one_of(&["+", "-"]) else {
            self.skip(&[")"]);
            return named.map(|_| TimeZone::UTC);
        };
        let hours = self.digits(1, 2)?;
        self.one_of(&[":"]);
        let minutes = self.digits(2, 2).unwrap_or(0);
        self.skip(&[")"]);
        let secs = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        Offset::from_seconds(if sign == "-" { -secs } else { secs }).ok().map(TimeZone::fixed)
    }

    /// So many digits and no more.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let found = self.rest().bytes().take(most + 1).take_while(u8::is_ascii_digit).count();
        if found < least || found > most {
            return None;
        }
        let number = self.rest()[..found].parse().ok()?;
        self.at += found;
        Some(number)
    }

    fn one_of(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let word = words.iter().find(|word| self.rest().starts_with(**word))?;
        self.at += word.len();
        Some(word)
    }

    /// Any of these, a few times.
    fn skip(&mut self, words: &[&'static str]) {
        for _ in 0..4 {
            if self.one_of(words).is_none() {
                return;
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

fn narrow(number: i64) -> Option<i8> {
    i8::try_from(number).ok()
}

/// "thu", "thur", "thurs" and "thursday".
fn abbreviates(word: &str, name: &str) -> bool {
    word.len() >= 3 && (name.starts_with(word) || (name == "september" && word == "sept"))
}

fn of_day(clock: &Clock<'_>, day: Day, time: Option<Time>) -> When {
    let today = clock.today();
    match day {
        Day::Full(date) => on(clock, date, time),
        Day::Ahead(days) => today.checked_add(days.days()).map_or(When::Unclear, |date| on(clock, date, time)),
        Day::OfWeek(weekday) => {
            let ahead = i64::from(today.weekday().until(weekday));
            match time {
                Some(time) => next(clock, ahead, 7, time),
                None if ahead == 0 => When::Unclear,
                None => today.checked_add(ahead.days()).map_or(When::Unclear, |date| on(clock, date, None)),
            }
        }
        Day::Yearless(month, day) => {
            let of_year = |year| Date::new(year, month, day).map_or(When::Unclear, |date| on(clock, date, time));
            match of_year(today.year()) {
                When::Past => match of_year(today.year().saturating_add(1)) {
                    When::At(at) => When::At(at),
                    // Of two days that are both far away nobody knows which is meant.
                    _ if recent(today, month, day) => When::Past,
                    _ => When::Unclear,
                },
                other => other,
            }
        }
    }
}

/// Whether that day of this year was not long ago.
fn recent(today: Date, month: i8, day: i8) -> bool {
    let date = Date::new(today.year(), month, day);
    date.is_ok_and(|date| date.duration_until(today) <= FARTHEST)
}

/// A day with its time, or its first moment.
fn on(clock: &Clock<'_>, date: Date, time: Option<Time>) -> When {
    if time.is_none() && date == clock.today() {
        return When::Unclear;
    }
    let local = DateTime::from_parts(date, time.unwrap_or(Time::midnight()));
    clock.zone.to_timestamp(local).map_or(When::Unclear, |at| clock.judged(at))
}

/// That time of day, `ahead` days from today, or one `period` later when it has passed.
fn next(clock: &Clock<'_>, ahead: i64, period: i64, time: Time) -> When {
    let on =
        |days: i64| clock.today().checked_add(days.days()).map_or(When::Unclear, |date| on(clock, date, Some(time)));
    match on(ahead) {
        When::Past => on(ahead + period),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Clock, When, at_start};

    /// A Friday, 09:00 in Berlin.
    const NOW: &str = "2026-11-20T08:00:00Z";

    fn said(text: &str, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).expect("a zone");
        let clock = Clock { now: NOW.parse().expect("a moment"), zone: &zone };
        let (when, len) = at_start(text, &clock)?;
        let when = match when {
            When::At(at) => at.to_string(),
            other => format!("{other:?}"),
        };
        Some(format!("{when} {}", &text[len..]))
    }

    #[test]
    fn a_reset_is_understood_in_the_ways_pages_say_it() {
        let cases = [
            ("3 hr 12 min", "2026-11-20T11:12:00Z "),
            ("2 days, 3 hours and 5 minutes later", "2026-11-22T11:05:00Z  later"),
            ("an hour", "2026-11-20T09:00:00Z "),
            ("18小时后", "2026-11-21T02:00:00Z 后"),
            ("3 天 4 小时", "2026-11-23T12:00:00Z "),
            ("1h30m", "2026-11-20T09:30:00Z "),
            ("thu 9:00 am", "2026-11-26T08:00:00Z "),
            ("fri 8:59 am", "2026-11-27T07:59:00Z "),
            ("friday at 9:01 am", "2026-11-20T08:01:00Z "),
            ("3:45 pm", "2026-11-20T14:45:00Z "),
            ("8:45 am", "2026-11-21T07:45:00Z "),
            ("19:12", "2026-11-20T18:12:00Z "),
            ("9 am (utc)", "2026-11-20T09:00:00Z "),
            ("midnight pacific time", "2026-11-21T08:00:00Z "),
            ("10:00 utc+8", "2026-11-21T02:00:00Z "),
            ("2026-11-27 08:00 后", "2026-11-27T07:00:00Z  后"),
            ("2026-11-27t08:00:30+08:00", "2026-11-27T00:00:30Z "),
            ("2026年11月27日 8:00", "2026-11-27T07:00:00Z "),
            ("11月27日(周五) 上午8:00", "2026-11-27T07:00:00Z "),
            ("nov 27, 2026, 9:12 am", "2026-11-27T08:12:00Z "),
            ("november 27 at 9:12 am", "2026-11-27T08:12:00Z "),
            ("27 nov 09:12", "2026-11-27T08:12:00Z "),
            ("09:12 on 27 nov", "2026-11-27T08:12:00Z "),
            ("9 am (utc) on thursday", "2026-11-26T09:00:00Z "),
            ("thursday, nov 26 at 9:00 am", "2026-11-26T08:00:00Z "),
            ("2026-11-27t08:00:00.123z", "2026-11-27T08:00:00Z "),
            ("11/27, 8:00 am", "2026-11-27T07:00:00Z "),
            ("3pm (europe/berlin)", "2026-11-20T14:00:00Z "),
            ("dec 1", "2026-11-30T23:00:00Z "),
            ("11-27 08:00", "2026-11-27T07:00:00Z "),
            ("11/27/2026 08:00", "2026-11-27T07:00:00Z "),
            ("tomorrow at 9:00 am", "2026-11-21T08:00:00Z "),
            ("明天 08:00", "2026-11-21T07:00:00Z "),
            ("周一 下午3:30", "2026-11-23T14:30:00Z "),
            ("11/12/2026 08:00", "no"),
            ("today", "Unclear "),
            ("friday", "Unclear "),
            ("nov 20", "Unclear "),
            ("today at 8:00 am", "Past "),
            ("2026-11-19 08:00", "Past "),
            ("nov 10", "Past "),
            ("jan 31", "Unclear "),
            ("2027-03-01", "Unclear "),
            ("900 days", "Unclear "),
            ("7", "no"),
            ("soon", "no"),
            ("24/7", "no"),
            ("63%", "no"),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text, "Europe/Berlin").as_deref().unwrap_or("no"), expected, "{text}");
        }
    }

    #[test]
    fn a_year_ends_and_a_clock_changes() {
        let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
        let clock = Clock { now: "2026-12-31T20:00:00Z".parse().expect("a moment"), zone: &zone };
        let at = |text| at_start(text, &clock).map(|(when, _)| when);
        let on = |moment: &str| Some(When::At(moment.parse().expect("a moment")));
        assert_eq!(at("jan 2, 9:00 am"), on("2027-01-02T17:00:00Z"));
        assert_eq!(at("thu 11:00 am"), on("2027-01-07T19:00:00Z"), "today's has passed");
        let spring = Clock { now: "2026-03-07T20:00:00Z".parse().expect("a moment"), zone: &zone };
        let (when, _) = at_start("mon 9:00 am", &spring).expect("a moment");
        assert_eq!(when, When::At("2026-03-09T16:00:00Z".parse().expect("a moment")), "an hour earlier than before");
    }
}
