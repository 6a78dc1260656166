//! Moments and waits, in every spelling that providers use for them.
//!
//! Invariant: never guesses. What is not recognised as a moment is none, and a moment that has
//! passed or lies more than 40 days ahead is not believed.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::rfc2822;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::json;

/// What comes further ahead is no reset but a mistake.
const FARTHEST: SignedDuration = SignedDuration::from_hours(40 * 24);

/// `at` in whole seconds, rounded up, when it can be a reset.
pub(super) fn believable(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let at = whole_seconds(at);
    (at > now && at.duration_since(now) <= FARTHEST).then_some(at)
}

/// Rounded up: a moment early is too early.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    let up = i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(at.as_second().saturating_add(up)).unwrap_or(at)
}

/// `now` and a wait; a wait beyond all time is none.
pub(super) fn after(now: Timestamp, wait: SignedDuration) -> Option<Timestamp> {
    now.checked_add(wait).ok()
}

pub(super) fn seconds(seconds: f64) -> Option<SignedDuration> {
    (0.0..1e12).contains(&seconds).then(|| SignedDuration::try_from_secs_f64(seconds).ok()).flatten()
}

/// A moment as a field holds it: seconds or milliseconds since 1970, or a date and a time.
pub(super) fn written(value: &Value, naive: Offset) -> Option<Timestamp> {
    if let Some(number) = json::number(value) {
        return epoch(number);
    }
    value.as_str().and_then(|text| spelled(text, naive))
}

/// The same in a text, such as a header.
pub(super) fn spelled(text: &str, naive: Offset) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number);
    }
    let parsed = text.parse::<Timestamp>().ok();
    parsed.or_else(|| http_date(text)).or_else(|| Scanner::new(text).moment(naive))
}

fn epoch(number: f64) -> Option<Timestamp> {
    if !number.is_finite() || number < 1e9 {
        None
    } else if number < 1e11 {
        Timestamp::from_millisecond((number * 1000.0) as i64).ok()
    } else if number < 1e14 {
        Timestamp::from_millisecond(number as i64).ok()
    } else {
        None
    }
}

/// "Fri, 20 Nov 2026 08:01:10 GMT".
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// Words before a moment that make it the end of a limit.
const LEADS: &[&str] = &[
    "reset",
    "regain",
    "refresh",
    "resume",
    "renew",
    "until",
    "again",
    "available",
    "retry",
    "restore",
    "将在",
    "将于",
    "重置",
    "恢复",
    "刷新",
    "解除",
    "更新",
];

/// The moment a sentence names: the one after a word such as "resets", else the first believable one.
pub(super) fn in_sentence(text: &str, naive: Offset, now: Timestamp) -> Option<Timestamp> {
    let found = |(at, moment): (usize, Timestamp)| believable(moment, now).map(|moment| (at, moment));
    let moments: Vec<_> = all_moments(text, naive).into_iter().filter_map(found).collect();
    let led = moments.iter().find(|(at, _)| {
        let before = tail(&text[..*at], 60).to_lowercase();
        LEADS.iter().any(|lead| before.contains(lead))
    });
    led.or(moments.first()).map(|(_, moment)| *moment)
}

fn tail(text: &str, chars: usize) -> &str {
    text.char_indices().rev().nth(chars).map_or(text, |(at, _)| &text[at..])
}

fn all_moments(text: &str, naive: Offset) -> Vec<(usize, Timestamp)> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let begins = !before.is_alphanumeric() || is_cjk(before);
        before = letter;
        if at < next || !begins || !letter.is_ascii_alphanumeric() {
            continue;
        }
        let mut scanner = Scanner::new(&text[at..]);
        if let Some(moment) = scanner.moment(naive) {
            next = at + scanner.at;
            found.push((at, moment));
        }
    }
    found
}

fn is_cjk(letter: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&letter)
}

/// Reads a date, perhaps a time, perhaps a zone, from the start of a text.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn moment(&mut self, naive: Offset) -> Option<Timestamp> {
        let date = self.date()?;
        let time = self.attempt(Self::time);
        let offset = if time.is_some() { self.attempt(Self::zone) } else { None };
        let local = DateTime::from_parts(date, time.unwrap_or(Time::midnight()));
        TimeZone::fixed(offset.unwrap_or(naive)).to_timestamp(local).ok()
    }

    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = start;
        }
        found
    }

    fn date(&mut self) -> Option<Date> {
        self.attempt(Self::year_first)
            .or_else(|| self.attempt(Self::month_first))
            .or_else(|| self.attempt(Self::day_first))
    }

    /// 2026-11-20, 2026/11/20, 2026年11月20日.
    fn year_first(&mut self) -> Option<Date> {
        let year = self.digits(4, 4)?;
        self.one_of(&["-", "/", "年"])?;
        let month = self.digits(1, 2)?;
        self.one_of(&["-", "/", "月"])?;
        let day = self.digits(1, 2)?;
        self.one_of(&["日", "号"]);
        date_of(year, month, day)
    }

    /// November 20, 2026.
    fn month_first(&mut self) -> Option<Date> {
        let month = self.month()?;
        self.spaces();
        let day = self.digits(1, 2)?;
        self.one_of(&["st", "nd", "rd", "th"]);
        self.one_of(&[","]);
        self.spaces();
        let year = self.digits(4, 4)?;
        date_of(year, month, day)
    }

    /// 20 November 2026.
    fn day_first(&mut self) -> Option<Date> {
        let day = self.digits(1, 2)?;
        self.one_of(&["st", "nd", "rd", "th"]);
        self.spaces();
        let month = self.month()?;
        self.one_of(&[",", "."]);
        self.spaces();
        let year = self.digits(4, 4)?;
        date_of(year, month, day)
    }

    fn month(&mut self) -> Option<i64> {
        let word: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        let lower = word.to_ascii_lowercase();
        let month = MONTHS.iter().position(|month| lower.starts_with(month))?;
        self.at += word.len();
        i64::try_from(month + 1).ok()
    }

    /// 19:12, 19:12:05.5, 7:12 PM, 19时12分.
    fn time(&mut self) -> Option<Time> {
        self.spaces();
        if self.one_of(&["T", "t", ",", "at "]).is_some() {
            self.spaces();
        }
        self.one_of(&["at "]);
        let hour = self.digits(1, 2)?;
        self.one_of(&[":", "时", "点"])?;
        let minute = self.digits(2, 2)?;
        let second = if self.one_of(&[":", "分"]).is_some() { self.digits(2, 2).unwrap_or(0) } else { 0 };
        self.one_of(&["秒"]);
        if self.rest().starts_with('.') && self.rest()[1..].starts_with(|digit: char| digit.is_ascii_digit()) {
            self.at += 1;
            while self.digits(1, 9).is_some() {}
        }
        let half = self.attempt(|scanner| {
            scanner.spaces();
            scanner.one_of(&["AM", "PM", "am", "pm", "a.m.", "p.m."])
        });
        let hour = match half {
            Some(half) if half.to_ascii_lowercase().starts_with('p') && hour < 12 => hour + 12,
            Some(half) if half.to_ascii_lowercase().starts_with('a') && hour == 12 => 0,
            _ => hour,
        };
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()
    }

    /// Z, UTC, GMT, +08:00, UTC+8, 北京时间.
    fn zone(&mut self) -> Option<Offset> {
        self.spaces();
        self.one_of(&["("]);
        let named = self.one_of(&["UTC", "GMT", "Z", "utc"]);
        if self.one_of(&["北京时间", "中国标准时间"]).is_some() {
            return Some(Offset::constant(8));
        }
        let Some(sign) = self.one_of(&["+", "-"]) else { return named.map(|_| Offset::UTC) };
        let hours = self.digits(1, 2)?;
        self.one_of(&[":"]);
        let minutes = self.digits(2, 2).unwrap_or(0);
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let found = self.rest().bytes().take(most).take_while(u8::is_ascii_digit).count();
        let more = self.rest().as_bytes().get(found).is_some_and(u8::is_ascii_digit);
        if found < least || (more && most < 9) {
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

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

fn date_of(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Words right before a wait. "for" is none: "limit reached for 5 hours" names the window.
const WAIT_LEADS: &[&str] = &["in", "after", "wait", "about", "等待", "请在", "约", "于", "在"];

/// "Please try again in 1m12.3s", "retry after 9 seconds", "请在30秒后重试".
pub(super) fn wait_in_sentence(text: &str) -> Option<SignedDuration> {
    let text = text.to_lowercase();
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let begins = letter.is_ascii_digit() && !before.is_ascii_alphanumeric() && before != '.' && before != '-';
        before = letter;
        if !begins {
            continue;
        }
        let Some((wait, len)) = leading_duration(&text[at..]) else { continue };
        let lead = text[..at].trim_end();
        let announced = WAIT_LEADS.iter().any(|word| ends_with_word(lead, word));
        if announced && waits(lead, &text[at + len..]) {
            return Some(wait);
        }
    }
    None
}

/// Whether the sentence around a wait is about trying again.
fn waits(before: &str, after: &str) -> bool {
    const CUES: &[&str] = &[
        "again",
        "retry",
        "wait",
        "reset",
        "refresh",
        "available",
        "back off",
        "resume",
        "重试",
        "等待",
        "重置",
        "恢复",
    ];
    let before = tail(before, 40);
    let after: String = after.chars().take(24).collect();
    CUES.iter().any(|cue| before.contains(cue) || after.contains(cue))
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(front) = text.strip_suffix(word) else { return false };
    !word.is_ascii() || !front.ends_with(|letter: char| letter.is_ascii_alphanumeric())
}

/// "6m0s", "12ms", "36s", "1h2m3.5s": nothing else before or behind.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim().to_lowercase();
    leading_duration(&text).filter(|(_, len)| *len == text.len()).map(|(wait, _)| wait)
}

/// A sum of numbers with units at the start of `text`, and where it ends.
fn leading_duration(text: &str) -> Option<(SignedDuration, usize)> {
    let mut total = 0.0;
    let mut end = 0;
    loop {
        let rest = text[end..].trim_start_matches([' ', ',']);
        let rest = rest.strip_prefix("and ").unwrap_or(rest);
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let Ok(number) = rest[..digits].parse::<f64>() else { break };
        let after = rest[digits..].trim_start();
        let Some((unit, len)) = unit(after) else { break };
        total += number * unit;
        end = text.len() - after.len() + len;
    }
    (end > 0).then(|| seconds(total)).flatten().map(|wait| (wait, end))
}

fn unit(text: &str) -> Option<(f64, usize)> {
    const WORDS: &[(f64, &[&str])] = &[
        (0.001, &["ms", "msec", "millisecond", "milliseconds"]),
        (1.0, &["s", "sec", "secs", "second", "seconds"]),
        (60.0, &["m", "min", "mins", "minute", "minutes"]),
        (3600.0, &["h", "hr", "hrs", "hour", "hours"]),
        (86_400.0, &["d", "day", "days"]),
    ];
    const SIGNS: &[(f64, &str)] =
        &[(0.001, "毫秒"), (1.0, "秒"), (60.0, "分钟"), (60.0, "分"), (3600.0, "小时"), (86_400.0, "天")];
    let len = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = WORDS.iter().find(|(_, words)| words.contains(&&text[..len])).map(|(unit, _)| (*unit, len));
    word.or_else(|| SIGNS.iter().find(|(_, sign)| text.starts_with(sign)).map(|(unit, sign)| (*unit, sign.len())))
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;
    use jiff::{SignedDuration, Timestamp};

    use super::{duration, in_sentence, spelled, wait_in_sentence};

    const BEIJING: Offset = Offset::constant(8);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_sentence_names_its_moment_in_many_ways() {
        let now = at("2026-11-20T08:00:00Z");
        let cases = [
            ("Your limit will reset at 2026-11-20 19:12:05", BEIJING, Some("2026-11-20T11:12:05Z"), "Z.ai"),
            ("您的限额将在 2026-11-25 10:03:21 重置。", BEIJING, Some("2026-11-25T02:03:21Z"), "Chinese around it"),
            ("将在2026年11月25日 10:03重置", BEIJING, Some("2026-11-25T02:03:00Z"), "a Chinese date"),
            ("regain access on 2026-12-01 at 00:00 UTC.", BEIJING, Some("2026-12-01T00:00:00Z"), "its own zone wins"),
            ("resets at 2026-11-23T00:00:00+08:00", Offset::UTC, Some("2026-11-22T16:00:00Z"), "an offset"),
            ("resets at 2026-11-20T10:00:00Z (2056)", Offset::UTC, Some("2026-11-20T10:00:00Z"), "a code behind it"),
            ("Resets on November 25, 2026 at 3:05 PM UTC", Offset::UTC, Some("2026-11-25T15:05:00Z"), "American"),
            ("available again 25 Nov 2026 03:05", Offset::UTC, Some("2026-11-25T03:05:00Z"), "European"),
            ("resets 2026-11-25 12:30 AM", Offset::UTC, Some("2026-11-25T00:30:00Z"), "midnight is 12 AM"),
            ("regain access on 2026-12-01", Offset::UTC, Some("2026-12-01T00:00:00Z"), "a day alone"),
            (
                "since 2026-11-21 00:00 too much; resets at 2026-11-22 00:00",
                Offset::UTC,
                Some("2026-11-22T00:00:00Z"),
                "the one that resets",
            ),
            ("will reset at 2026-11-01 00:00:00", Offset::UTC, None, "the past is no reset"),
            ("will reset at 2030-01-01 00:00:00", Offset::UTC, None, "nor is the far future"),
            ("[1308][…][20261120161903b36a]", BEIJING, None, "a number of a request is no date"),
            ("version 3.1-2026", Offset::UTC, None, "nor is a version"),
            ("2026-13-45 99:99", Offset::UTC, None, "nor nonsense"),
        ];
        for (text, zone, expected, why) in cases {
            assert_eq!(in_sentence(text, zone, now), expected.map(at), "{why}: {text}");
        }
    }

    #[test]
    fn a_field_holds_seconds_milliseconds_or_a_date() {
        let cases = [
            ("1795173125", Some("2026-11-20T11:12:05Z")),
            ("1795173125000", Some("2026-11-20T11:12:05Z")),
            ("1795173125000000", None),
            ("2026-11-20T11:12:05.717479433Z", Some("2026-11-20T11:12:05.717479433Z")),
            ("Fri, 20 Nov 2026 08:01:10 GMT", Some("2026-11-20T08:01:10Z")),
            ("soon", None),
            ("20", None),
        ];
        for (text, expected) in cases {
            assert_eq!(spelled(text, Offset::UTC), expected.map(at), "{text}");
        }
    }

    #[test]
    fn a_wait_is_read_where_a_sentence_asks_for_one() {
        let cases = [
            ("Please try again in 1m12.3s.", Some(72_300), "Go style"),
            ("please try again after 1 seconds", Some(1000), "words"),
            ("Please retry in 36.508s.", Some(36_508), "a fraction"),
            ("Retry after about 10 minutes, or switch", Some(600_000), "about"),
            ("Quota resets in 2 hours and 5 minutes", Some(7_500_000), "two units"),
            ("请在 30 秒后重试", Some(30_000), "Chinese"),
            ("Usage limit reached for 5 hour. It will reset", None, "the window's length is no wait"),
            ("resets at the end (2056)", None, "nor is a code"),
            ("in 2 of 3 tries again", None, "nor is a number without a unit"),
        ];
        for (text, millis, why) in cases {
            assert_eq!(wait_in_sentence(text), millis.map(SignedDuration::from_millis), "{why}: {text}");
        }
    }

    #[test]
    fn a_duration_stands_alone() {
        for (text, millis) in [
            ("6m0s", Some(360_000)),
            ("12ms", Some(12)),
            ("4h30m43.2s", Some(16_243_200)),
            ("36s", Some(36_000)),
            ("1s later", None),
            ("20", None),
        ] {
            assert_eq!(duration(text), millis.map(SignedDuration::from_millis), "{text}");
        }
    }
}
