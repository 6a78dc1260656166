//! `<provider>-quota.json`: what a dashboard scraper read, as one more source of quota windows.
//!
//! Percentages are of use (`weekly_usage_pct`); a reset is told as hours or words from
//! the moment of the check. Without that moment there is no reset: it is never guessed.
//!
//! Invariant: a limit of one model or of an add-on never stands for the account.

mod detail;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::domain::{
    AccountId, Allowance, Covers, DashboardReading, ModelRef, ModelScope, QuotaWindow, ResetConfidence, Service,
    Source, Span,
};

use super::document::{Document, number};
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
                    let account = AccountId::new(provider);
                    let read = read(&account, document.root(), modified);
                    windows.insert(account, read);
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
pub fn read(account: &AccountId, root: &Value, modified: Option<Timestamp>) -> Vec<QuotaWindow> {
    let Some(fields) = root.as_object() else { return Vec::new() };
    let checked_at = fields.get("checked_at").and_then(Value::as_str).and_then(|at| at.parse().ok());
    let Some(observed_at) = checked_at.or(modified) else { return Vec::new() };
    let window = |(key, value): (&String, &Value)| {
        let name = window_name(key)?;
        let percent = percent(value)?;
        let resets_at = checked_at.and_then(|at: Timestamp| at.checked_add(reset_in(fields, name)?).ok());
        let window = QuotaWindow {
            resets_at,
            reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Estimated),
            covers: scope_of(account, name),
            ..QuotaWindow::new(label(name), percent / 100.0, observed_at, Source::Page)
        };
        Some((name.to_owned(), QuotaWindow { span: window.span.or_else(|| span_of(account, name)), ..window }))
    };
    let mut windows: Vec<_> = fields.iter().filter_map(window).collect();
    let details = detail::read_all(account, root);
    for (name, window) in &mut windows {
        detail::refine(window, details.iter().find(|detail| name_of(&detail.id) == name));
    }
    let others = details.into_iter().filter_map(detail::Detail::of_its_own);
    windows.into_iter().map(|(_, window)| window).chain(others).collect()
}

/// Words in the names of windows that belong to something beside chat.
const ADD_ONS: [&str; 9] = ["search", "mcp", "tool", "tools", "image", "images", "video", "speech", "music"];

/// Those that belong to one family of models.
const FAMILIES: [&str; 4] = ["opus", "sonnet", "haiku", "flash"];

fn scope_of(account: &AccountId, name: &str) -> ModelScope {
    let words = || name.split('_');
    if words().any(|word| ADD_ONS.contains(&word)) {
        return ModelScope::Feature(name.replace('_', "-"));
    }
    let family = words().find(|word| FAMILIES.contains(word));
    family.map_or(ModelScope::All, |family| ModelScope::Models(vec![ModelRef::of(account.as_str(), family)]))
}

/// At Kimi the rate limit is that of five hours.
fn span_of(account: &AccountId, name: &str) -> Option<Span> {
    let is_kimi = Service::of(account.as_str(), None) == Service::Kimi;
    (name == RATE_LIMIT && is_kimi).then_some(Span::Hours(5))
}

/// What scrapers call the window of five hours.
const RATE_LIMIT: &str = "rate_limit";

/// The name that a window has in the keys of the file.
fn name_of(id: &str) -> &str {
    if id == "5h" { RATE_LIMIT } else { id }
}

/// `42`, `"42"` or `"42%"`.
fn percent(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().trim_end_matches('%').trim().parse().ok())?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn label(name: &str) -> String {
    match name {
        "weekly" => "Week".to_owned(),
        RATE_LIMIT => "Rate limit".to_owned(),
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
        let (name, percent_key) = match name_of(&window.id) {
            RATE_LIMIT => (RATE_LIMIT, format!("{RATE_LIMIT}_pct")),
            other => (other, format!("{other}_usage_pct")),
        };
        fields.insert(percent_key, short(percent));
        let Some(ahead) = window.reset_at.map(|at| at.duration_since(reading.seen_at)) else { continue };
        fields.insert(format!("{name}_reset_in"), in_words(ahead).into());
        if name != RATE_LIMIT {
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
    fields.insert(
        "windows".to_owned(),
        reading.windows.iter().map(|window| detail::written(window, reading.seen_at)).collect(),
    );
    fields.insert("checked_at".to_owned(), reading.seen_at.to_string().into());
    fields
}

fn blocks(window: &Allowance) -> bool {
    window.covers == Covers::Account && window.used_up()
}

/// `72`, `4.6`.
fn short(percent: f64) -> Value {
    number((percent * 10.0).round() / 10.0)
}

/// "1 day 18 hours 5 minutes", as [`read`] understands it; a part of a minute counts as one.
fn in_words(ahead: SignedDuration) -> String {
    let minutes = (ahead.as_secs().max(0) + 59) / 60;
    let parts = [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let said = |(n, unit): &(i64, &str)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" });
    let said: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(said).collect();
    if said.is_empty() { "0 minutes".to_owned() } else { said.join(" ") }
}
