//! `<provider>-quota.json`: what a dashboard scraper read, as one more source of quota windows.
//!
//! Percentages are of use (`weekly_usage_pct`); a reset is told as hours or words from
//! the moment of the check. Without that moment there is no reset: it is never guessed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::domain::{AccountId, Allowance, Covers, DashboardReading, QuotaWindow, ResetConfidence, Source};

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
        let name = window_name(key)?;
        let percent = percent(value)?;
        let resets_at = checked_at.and_then(|at: Timestamp| at.checked_add(reset_in(fields, name)?).ok());
        Some(QuotaWindow {
            resets_at,
            reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Estimated),
            ..QuotaWindow::new(label(name), percent / 100.0, observed_at, Source::Page)
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

/// Fields beside the percentages that are ours to replace.
const OURS: [&str; 5] = ["status", "plan", "balance", "confidence", "windows"];

/// The file saying what a page said. Its own windows go: they would look as if they were checked
/// now. Other fields and the order of keys stay.
#[must_use]
pub(super) fn patched(root: &Value, reading: &DashboardReading) -> Value {
    let new = fields_of(reading);
    let mut root = root.as_object().cloned().unwrap_or_default();
    let names: Vec<String> = root.keys().filter_map(|key| window_name(key)).map(str::to_owned).collect();
    let of_window = |key: &String| names.iter().any(|name| parts(name).contains(key));
    root.retain(|key, _| new.contains_key(key) || !(of_window(key) || OURS.contains(&key.as_str())));
    root.extend(new);
    Value::Object(root)
}

fn window_name(key: &str) -> Option<&str> {
    key.strip_suffix("_usage_pct").or_else(|| key.strip_suffix("_pct"))
}

/// All fields that tell of one window.
fn parts(name: &str) -> [String; 4] {
    ["usage_pct", "pct", "reset_in", "reset_hours"].map(|part| format!("{name}_{part}"))
}

fn fields_of(reading: &DashboardReading) -> Map<String, Value> {
    let mut fields = Map::new();
    // A limit of one model must not stand for the account.
    let whole = reading.windows.iter().filter(|window| window.covers == Covers::Account);
    for (window, percent) in whole.filter_map(|window| Some((window, window.used_percent?))) {
        let (name, percent_key) = match window.id.as_str() {
            "5h" => ("rate_limit", "rate_limit_pct".to_owned()),
            other => (other, format!("{other}_usage_pct")),
        };
        fields.insert(percent_key, short(percent));
        let Some(ahead) = window.reset_at.map(|at| at.duration_since(reading.seen_at)) else { continue };
        fields.insert(format!("{name}_reset_in"), in_words(ahead).into());
        if name != "rate_limit" {
            fields.insert(format!("{name}_reset_hours"), ((ahead.as_secs() + 1800) / 3600).into());
        }
    }
    let status = if reading.windows.iter().any(blocks) { "rate_limited" } else { "ok" };
    fields.insert("status".to_owned(), status.into());
    if let Some(plan) = &reading.plan {
        fields.insert("plan".to_owned(), plan.as_str().into());
    }
    if let Some(money) = &reading.money {
        fields.insert("balance".to_owned(), json!({ "available": money.available, "currency": money.currency }));
    }
    fields.insert("confidence".to_owned(), reading.confidence.code().into());
    fields.insert("windows".to_owned(), reading.windows.iter().map(detailed).collect());
    fields.insert("checked_at".to_owned(), reading.seen_at.to_string().into());
    fields
}

fn blocks(window: &Allowance) -> bool {
    window.covers == Covers::Account && window.used_up()
}

/// Everything of a window, those of single models and add-ons as well.
fn detailed(window: &Allowance) -> Value {
    let scope = match &window.covers {
        Covers::Account => "account".to_owned(),
        Covers::Model(model) => format!("model:{model}"),
        Covers::Feature(feature) => format!("feature:{feature}"),
    };
    json!({
        "id": window.id, "unit": window.metric.code(), "scope": scope, "used": window.used, "limit": window.limit,
        "used_percent": window.used_percent.map(short), "reset_at": window.reset_at.map(|at| at.to_string()),
    })
}

/// `72`, `4.6`.
fn short(percent: f64) -> Value {
    let rounded = (percent * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 { Value::from(rounded as i64) } else { Value::from(rounded) }
}

/// "1 day 18 hours 5 minutes", as [`read`] understands it; a part of a minute counts as one.
fn in_words(ahead: SignedDuration) -> String {
    let minutes = (ahead.as_secs().max(0) + 59) / 60;
    let parts = [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let said = |(n, unit): &(i64, &str)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" });
    let said: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(said).collect();
    if said.is_empty() { "0 minutes".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::domain::{Metric, ReadingConfidence, Service, Span};

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

    fn window(id: &str, covers: Covers, percent: f64, reset: Option<&str>) -> Allowance {
        Allowance {
            id: id.to_owned(),
            span: Span::Weekly,
            metric: Metric::Percent,
            covers,
            used: None,
            limit: None,
            used_percent: Some(percent),
            raw_used_percent: None,
            reset_at: reset.map(|at| at.parse().unwrap()),
            stale: false,
        }
    }

    #[test]
    fn what_a_page_said_is_read_back_and_other_fields_stay() {
        let reading = DashboardReading {
            service: Service::Kimi,
            seen_at: "2026-11-23T07:00:00Z".parse().unwrap(),
            windows: vec![
                window("5h", Covers::Account, 4.56, Some("2026-11-23T09:14:30Z")),
                window("weekly", Covers::Account, 72.0, Some("2026-11-25T01:00:00Z")),
                window("weekly", Covers::Model("opus".to_owned()), 100.0, None),
            ],
            money: None,
            plan: Some("Allegretto".to_owned()),
            notes: Vec::new(),
            confidence: ReadingConfidence::High,
        };
        let before = json!({
            "note": "mine", "monthly_usage_pct": 9, "monthly_reset_in": "3 days", "weekly_usage_pct": 1,
            "weekly_reset_hours": 2, "balance": 3, "checked_at": "2026-11-01T00:00:00Z"
        });
        let root = patched(&before, &reading);
        let said = serde_json::to_string(&root).unwrap();
        let expected = concat!(
            r#"{"note":"mine","weekly_usage_pct":72,"weekly_reset_hours":42,"checked_at":"2026-11-23T07:00:00Z","#,
            r#""rate_limit_pct":4.6,"rate_limit_reset_in":"2 hours 15 minutes","weekly_reset_in":"1 day 18 hours","#,
            r#""status":"ok","plan":"Allegretto","confidence":"high","windows":["#
        );
        assert!(said.starts_with(expected), "{said}");
        let windows = read(&root, None);
        let told: Vec<_> = windows.iter().map(|window| (&*window.label, window.used_ratio)).collect();
        assert_eq!(told, [("Week", 0.72), ("Rate limit", 0.046)], "a model's limit is not the account's");
        assert_eq!(windows[0].resets_at, reading.windows[1].reset_at);
        assert_eq!(patched(&root, &reading), root, "the same again changes nothing");
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
