//! The moment a limit resets, when it stands only in a provider's sentence.
//!
//! Invariant: never guesses. A text without a recognisable moment, or with one that lies in the
//! past or more than 40 days ahead, gives none.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::standing::later;
use crate::domain::VendorId;

/// What comes further ahead is no reset but a mistake.
const FARTHEST: SignedDuration = SignedDuration::from_hours(40 * 24);

/// The reset named in `text`: an absolute moment, or a wait such as "try again in 1m12.3s".
///
/// Moments without a zone are UTC+8 for Z.ai, which writes them so, and UTC for everybody else.
pub(super) fn reset_in(text: &str, vendor: &VendorId, now: Timestamp) -> Option<Timestamp> {
    let found = absolute(text, vendor).or_else(|| relative(text, now))?;
    (found > now && found <= later(now, FARTHEST)).then_some(found)
}

/// Whether `text` names a moment at all, be it one to believe or not.
pub(super) fn names_a_moment(text: &str, vendor: &VendorId) -> bool {
    absolute(text, vendor).is_some()
}

fn absolute(text: &str, vendor: &VendorId) -> Option<Timestamp> {
    let mut starts = text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at);
    starts.find_map(|at| moment(&text[at..], vendor))
}

/// A moment at the very start of `text`: `2026-09-09 05:38:28`, with `T`, a fraction or a zone.
fn moment(text: &str, vendor: &VendorId) -> Option<Timestamp> {
    let date_ends = text.get(..10).filter(|date| date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-')?.len();
    let allowed = |letter: char| letter.is_ascii_digit() || matches!(letter, ':' | '.' | '+' | '-' | 'T' | 'Z');
    let rest = &text[date_ends..];
    let gap = usize::from(rest.starts_with(' ') || rest.starts_with('T'));
    let time_len = rest[gap..].find(|letter| !allowed(letter)).unwrap_or(rest.len() - gap);
    let clock = rest[gap..gap + time_len].trim_end_matches(['.', '-', '+', 'T']);
    let written =
        if clock.contains(':') { format!("{}T{clock}", &text[..date_ends]) } else { text[..date_ends].to_owned() };
    if let Ok(zoned) = written.parse::<Timestamp>() {
        return Some(zoned);
    }
    let local = written.parse::<DateTime>().ok()?;
    let offset = if vendor.as_str() == "zai" { Offset::constant(8) } else { Offset::UTC };
    TimeZone::fixed(offset).to_timestamp(local).ok()
}

/// "in 1m12.3s", "after 9 seconds", "in 2 hours".
fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.to_ascii_lowercase();
    let wait = [" in ", " after "]
        .iter()
        .find_map(|word| text.match_indices(word).find_map(|(at, word)| duration(&text[at + word.len()..])))?;
    Some(later(now, wait))
}

/// A sum of numbers with units at the start of `text`; the first thing that is neither ends it.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut total = SignedDuration::ZERO;
    let mut rest = text.trim_start().trim_start_matches("about ");
    let mut found = false;
    loop {
        let number_len = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len());
        let Ok(number) = rest[..number_len].parse::<f64>() else { break };
        let after = rest[number_len..].trim_start();
        let unit_len = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let Some(unit_secs) = unit(&after[..unit_len]) else { break };
        total = total.saturating_add(SignedDuration::try_from_secs_f64((number * unit_secs).ceil()).ok()?);
        found = true;
        rest = after[unit_len..].trim_start();
    }
    found.then_some(total)
}

fn unit(word: &str) -> Option<f64> {
    match word {
        "ms" | "millisecond" | "milliseconds" => Some(0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3_600.0),
        "d" | "day" | "days" => Some(86_400.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_read_from_a_sentence_or_not_at_all() {
        let now: Timestamp = "2026-09-08T12:00:00Z".parse().expect("a moment");
        let cases = [
            ("Your limit will reset at 2026-09-09 05:38:28", "zai", Some("2026-09-08T21:38:28Z"), "Z.ai writes UTC+8"),
            ("Your limit will reset at 2026-09-09 05:38:28", "kimi", Some("2026-09-09T05:38:28Z"), "others UTC"),
            ("将在 2026-09-09 05:38:28 重置", "zai", Some("2026-09-08T21:38:28Z"), "in Chinese"),
            ("regain access on 2026-09-10 at 00:00 UTC", "anthropic", Some("2026-09-10T00:00:00Z"), "a day alone"),
            ("resets 2026-09-09T01:02:03+02:00.", "openai", Some("2026-09-08T23:02:03Z"), "its own zone wins"),
            ("Please try again in 1m12.3s.", "openai", Some("2026-09-08T12:01:13Z"), "rounded up"),
            ("Retry after 9 seconds", "google", Some("2026-09-08T12:00:09Z"), "a plain wait"),
            ("Your limit will reset at 2026-09-01 00:00:00", "kimi", None, "the past is no reset"),
            ("Your limit will reset at 2030-01-01 00:00:00", "zai", None, "nor is the far future"),
            ("Usage limit reached for 5 hour", "zai", None, "the window's length is no reset"),
            ("余额不足", "zai", None, "nothing said"),
        ];
        for (text, vendor, expected, why) in cases {
            let expected: Option<Timestamp> = expected.map(|at| at.parse().expect("a moment"));
            assert_eq!(reset_in(text, &VendorId::new(vendor), now), expected, "{why}: {text}");
        }
    }
}
