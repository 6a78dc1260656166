//! `<provider>-quota.json`: what a dashboard scraper read, as one more source of quota windows.
//!
//! Read only. Percentages are of use (`weekly_usage_pct`); a reset is told as hours or words from
//! the moment of the check. Without that moment there is no reset: it is never guessed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::domain::{AccountId, ModelScope, QuotaWindow, Source};

use super::document::Document;
use super::{BadValue, names};

/// The quota files of a folder, sorted.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| names::is_quota(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Quota windows by account.
pub type Windows = BTreeMap<AccountId, Vec<QuotaWindow>>;

/// All quota files of a folder, and what was wrong in them, by file.
pub(super) fn read_all(folder: &Path) -> (Windows, Vec<(String, BadValue)>) {
    let (mut windows, mut bad) = (Windows::new(), Vec::new());
    for path in files(folder) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let provider = name.strip_suffix(names::QUOTA_SUFFIX).unwrap_or(&name);
        match super::files::read(&path) {
            Ok(Some(bytes)) => match Document::parse(&bytes) {
                Ok(document) => {
                    let modified = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
                    let modified = modified.and_then(|time| Timestamp::try_from(time).ok());
                    windows.insert(AccountId::new(provider), read(document.root(), modified));
                }
                Err(error) => bad.push((name, BadValue::new("", error.to_string()))),
            },
            Ok(None) => {}
            Err(error) => bad.push((name, BadValue::new("", error.full_text()))),
        }
    }
    (windows, bad)
}

/// The windows of one file, in its order. `modified` dates one that does not say when it was read.
#[must_use]
pub fn read(root: &Value, modified: Option<Timestamp>) -> Vec<QuotaWindow> {
    let Some(fields) = root.as_object() else { return Vec::new() };
    let checked_at = fields.get("checked_at").and_then(Value::as_str).and_then(|at| at.parse().ok());
    let Some(observed_at) = checked_at.or(modified) else { return Vec::new() };
    let window = |(key, value): (&String, &Value)| {
        let name = key.strip_suffix("_usage_pct").or_else(|| key.strip_suffix("_pct"))?;
        let percent = percent(value)?;
        Some(QuotaWindow {
            label: label(name),
            used_ratio: percent / 100.0,
            resets_at: checked_at.and_then(|at: Timestamp| at.checked_add(reset_in(fields, name)?).ok()),
            covers: ModelScope::All,
            observed_at,
            source: Source::Probe,
        })
    };
    fields.iter().filter_map(window).collect()
}

/// `42`, `"42"` or `"42%"`.
fn percent(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().trim_end_matches('%').trim().parse().ok())?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn label(name: &str) -> String {
    match name {
        "weekly" => "Week".to_owned(),
        "rate_limit" => "Rate limit".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// Words first: "2 hours 15 minutes" is finer than whole hours.
fn reset_in(fields: &Map<String, Value>, name: &str) -> Option<SignedDuration> {
    let words = fields.get(&format!("{name}_reset_in")).and_then(Value::as_str).and_then(duration);
    words.or_else(|| {
        let hours = fields.get(&format!("{name}_reset_hours"))?.as_f64()?;
        (0.0..=24.0 * 366.0).contains(&hours).then(|| SignedDuration::from_secs((hours * 3600.0) as i64))
    })
}

/// "18 hours", "2 days 3 hours", "45m", "an hour". `None` when any part is not understood.
fn duration(text: &str) -> Option<SignedDuration> {
    let text = text.to_ascii_lowercase().replace(',', " ");
    let mut spaced = String::new();
    for letter in text.chars() {
        let was_digit = spaced.ends_with(|last: char| last.is_ascii_digit());
        if was_digit && letter.is_ascii_alphabetic() {
            spaced.push(' ');
        }
        spaced.push(letter);
    }
    let words: Vec<_> = spaced.split_whitespace().filter(|word| !matches!(*word, "in" | "and" | "about")).collect();
    if words.is_empty() || words.len() % 2 != 0 {
        return None;
    }
    words.chunks(2).try_fold(SignedDuration::ZERO, |sum, pair| {
        let number: f64 = if matches!(pair[0], "a" | "an") { 1.0 } else { pair[0].parse().ok()? };
        let unit_secs = match pair[1].trim_end_matches(['s', '.']) {
            "d" | "day" => 86_400.0,
            "h" | "hr" | "hour" => 3_600.0,
            "m" | "min" | "minute" => 60.0,
            "" | "sec" | "second" => 1.0,
            "w" | "week" => 604_800.0,
            _ => return None,
        };
        let part = number * unit_secs;
        (0.0..1e8).contains(&part).then(|| sum + SignedDuration::from_secs(part as i64))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scraped_dashboard_gives_its_windows() {
        let root = json!({
            "weekly_usage_pct": 72, "weekly_reset_in": "18 hours", "weekly_reset_hours": 18,
            "rate_limit_pct": "5%", "rate_limit_reset_in": "2 hours 15 minutes", "status": "ok",
            "checked_at": "2026-11-23T07:00:00Z"
        });
        let windows = read(&root, None);
        let said: Vec<_> = windows
            .iter()
            .map(|window| (&*window.label, window.used_ratio, window.resets_at.map(|at| at.to_string())))
            .collect();
        let expected = [
            ("Week", 0.72, Some("2026-11-24T01:00:00Z".to_owned())),
            ("Rate limit", 0.05, Some("2026-11-23T09:15:00Z".to_owned())),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_reset_is_never_guessed() {
        let modified = "2026-11-23T07:00:00Z".parse().ok();
        let cases = [
            (json!({"weekly_usage_pct": 1, "weekly_reset_in": "18 hours"}), "no moment to count from"),
            (json!({"weekly_usage_pct": 1, "weekly_reset_in": "soon", "checked_at": "2026-11-23T07:00:00Z"}), "words"),
            (json!({"weekly_usage_pct": 1, "weekly_reset_hours": -3, "checked_at": "2026-11-23T07:00:00Z"}), "past"),
        ];
        for (root, why) in cases {
            let windows = read(&root, modified);
            assert_eq!(windows.len(), 1, "{why}");
            assert_eq!(windows[0].resets_at, None, "{why}");
        }
        assert!(read(&json!({"weekly_usage_pct": 1}), None).is_empty(), "without any moment it has no age");
    }

    #[test]
    fn spans_are_understood_in_the_ways_dashboards_say_them() {
        let cases = [
            ("18 hours", Some(18 * 3600)),
            ("2 days 3 hours", Some(51 * 3600)),
            ("45m", Some(45 * 60)),
            ("1h 30m", Some(90 * 60)),
            ("in about an hour", Some(3600)),
            ("20s", Some(20)),
            ("1.5 hours", Some(5400)),
            ("tomorrow", None),
            ("3 moons", None),
            ("", None),
        ];
        for (text, secs) in cases {
            assert_eq!(duration(text), secs.map(SignedDuration::from_secs), "{text:?}");
        }
    }
}
