//! `ledger.json`: what this program changed and has not given back, and crisis mode.
//!
//! A view, like `tiers`. It is written before the first call to the gateway and never lives in the
//! database alone. An entry that cannot be read stays in the file, and is reported.

mod crisis;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use crisis::{patched as with_crisis, read as crisis};

use crate::domain::{CronId, Fields, Ledger, LedgerEntry, LedgerReason, Revision};

use super::BadValue;
use super::document::as_object;
use super::writer::{Writer, code_of};

const ENTRIES: &str = "entries";
/// What was taken over from `disabled-tracking.json`: cron id to its `disabledAt`.
const IMPORTED: &str = "imported_from_disabled_tracking";

const KNOWN: [&str; 9] =
    ["name", "opened_at", "why", "before", "wrote", "revision_before", "confirmed", "held", "definition"];

const REASONS: &[(LedgerReason, &str)] = &[
    (LedgerReason::NothingServes, "nothing_serves"),
    (LedgerReason::PinnedOnDeadRoute, "pinned_on_dead_route"),
    (LedgerReason::Crisis, "crisis"),
    (LedgerReason::Imported, "imported"),
];

/// Reads all entries; a bad one costs only itself.
#[must_use]
pub fn read(root: &Value) -> (Ledger, Vec<BadValue>) {
    let (mut ledger, mut bad) = (Ledger::new(), Vec::new());
    let entries = root.get(ENTRIES).and_then(Value::as_object);
    for (id, value) in entries.into_iter().flatten() {
        match read_entry(id, value, &mut bad) {
            Ok(entry) => {
                ledger.insert(CronId::new(id), entry);
            }
            Err(wrong) => bad.push(wrong),
        }
    }
    (ledger, bad)
}

/// What can do without is complained of in `bad`; what cannot is the end of the entry.
fn read_entry(id: &str, value: &Value, bad: &mut Vec<BadValue>) -> Result<LedgerEntry, BadValue> {
    let path = |field: &str| format!("{ENTRIES}.{id}.{field}");
    let found = |field: &str| value.get(field).unwrap_or(&Value::Null);
    let expected = |field: &str, wanted: &str| BadValue::expected(path(field), wanted, found(field));
    let map = value.as_object().ok_or_else(|| BadValue::expected(format!("{ENTRIES}.{id}"), "an object", value))?;
    let opened_at = found("opened_at").as_str().and_then(|at| at.parse().ok());
    let why = found("why").as_str().and_then(|why| REASONS.iter().find(|(_, code)| *code == why));
    let fields = |field| read_fields(found(field)).ok_or_else(|| expected(field, "model, fallbacks and enabled"));
    let entry = LedgerEntry {
        cron: CronId::new(id),
        name: found("name").as_str().unwrap_or(id).to_owned(),
        opened_at: opened_at.ok_or_else(|| expected("opened_at", "a date and time"))?,
        // A reason of a later version is no reason to forget the debt.
        why: why.map_or(LedgerReason::NothingServes, |(reason, _)| *reason),
        before: fields("before")?,
        wrote: fields("wrote")?,
        revision_before: found("revision_before").as_str().map(Revision::new),
        definition: Arc::new(found("definition").clone()),
        confirmed: found("confirmed").as_bool().unwrap_or(false),
        held: read_fields(found("held")),
        unknown: map.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str())).map(own).collect(),
    };
    if entry.held.is_none() && !found("held").is_null() {
        bad.push(expected("held", "model, fallbacks and enabled"));
    }
    Ok(entry)
}

fn own((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn read_fields(value: &Value) -> Option<Fields> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let fallbacks = match value.get("fallbacks") {
        None | Some(Value::Null) => None,
        Some(list) => Some(list.as_array()?.iter().map(text).collect::<Option<_>>()?),
    };
    let model = match value.get("model") {
        None | Some(Value::Null) => None,
        Some(model) => Some(text(model)?),
    };
    Some(Fields { model, fallbacks, enabled: value.get("enabled")?.as_bool()? })
}

/// The file's value with the ledger as it is now; `before` is what `root` was read as.
#[must_use]
pub fn patched(root: &Value, before: &Ledger, after: &Ledger) -> Value {
    if after.is_empty() && root.get(ENTRIES).is_none() {
        return root.clone();
    }
    let mut root = root.clone();
    let entries = object_in(&mut root, ENTRIES);
    entries.retain(|id, _| after.contains_key(id.as_str()) || !before.contains_key(id.as_str()));
    for (id, entry) in after {
        let slot = entries.entry(id.as_str()).or_insert(Value::Null);
        let before = before.get(id).filter(|_| slot.is_object());
        if before != Some(entry) {
            *slot = with_entry(slot.take(), before, entry);
        }
    }
    root
}

fn object_in<'a>(root: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    as_object(&mut root[key])
}

/// The entry saying `is`; what it says already, and what nobody here knows, stays.
fn with_entry(slot: Value, was: Option<&LedgerEntry>, is: &LedgerEntry) -> Value {
    let mut entry = Writer { root: slot };
    let differs = |same: &dyn Fn(&LedgerEntry) -> bool| !was.is_some_and(same);
    let mut put = |key: &str, differs: bool, value: Value| entry.optional(&[key], differs, Some(value));
    put("name", differs(&|was| was.name == is.name), is.name.as_str().into());
    put("opened_at", differs(&|was| was.opened_at == is.opened_at), is.opened_at.to_string().into());
    put("why", differs(&|was| was.why == is.why), code_of(REASONS, &is.why).into());
    put_fields(&mut entry, "before", was.map(|was| &was.before), &is.before);
    put_fields(&mut entry, "wrote", was.map(|was| &was.wrote), &is.wrote);
    let mut put = |key: &str, differs: bool, value: Value| entry.optional(&[key], differs, Some(value));
    let revision = json!(is.revision_before.as_ref().map(Revision::as_str));
    put("revision_before", differs(&|was| was.revision_before == is.revision_before), revision);
    put("confirmed", differs(&|was| was.confirmed == is.confirmed), is.confirmed.into());
    let held = was.and_then(|was| was.held.as_ref());
    match &is.held {
        Some(is) => put_fields(&mut entry, "held", held, is),
        None => entry.nullable(&["held"], held, None, |_| Value::Null),
    }
    for (key, value) in &is.unknown {
        if was.is_none_or(|was| was.unknown.get(key) != Some(value)) {
            entry.set(&[key], value.clone());
        }
    }
    if differs(&|was| was.definition == is.definition) {
        entry.set(&["definition"], (*is.definition).clone());
    }
    entry.root
}

fn put_fields(entry: &mut Writer, key: &str, was: Option<&Fields>, is: &Fields) {
    if was == Some(is) {
        return;
    }
    entry.object_at(&[key]);
    entry.set(&[key, "model"], json!(is.model));
    entry.set(&[key, "fallbacks"], json!(is.fallbacks));
    entry.set(&[key, "enabled"], is.enabled.into());
}

/// Takes over pauses of the older scripts, each once: those that providers caused, never the
/// user's own. Gives the changed file, or `None` when there is nothing new.
///
/// `older` is the content of `disabled-tracking.json`.
#[must_use]
pub fn with_imported(root: &Value, older: &Value, now: Timestamp) -> Option<Value> {
    let older = older.as_object()?;
    let mut after = root.clone();
    let seen = object_in(&mut after, IMPORTED).clone();
    let mut seen_now = Map::new();
    for (id, record) in older {
        let Some(disabled_at) = record.get("disabledAt").filter(|_| was_caused_by_provider(record)) else { continue };
        seen_now.insert(id.clone(), disabled_at.clone());
        let is_open = after.get(ENTRIES).is_some_and(|entries| entries.get(id).is_some());
        if seen.get(id) != Some(disabled_at) && !is_open {
            let entry = imported(id, record, now);
            object_in(&mut after, ENTRIES).insert(id.clone(), with_entry(Value::Null, None, &entry));
        }
    }
    if seen == seen_now {
        return None;
    }
    after[IMPORTED] = Value::Object(seen_now);
    Some(after)
}

fn was_caused_by_provider(record: &Value) -> bool {
    matches!(record.get("reason").and_then(Value::as_str), Some("provider_down" | "error"))
}

/// Only the switch is known to have been changed, so only that will be given back.
fn imported(id: &str, record: &Value, now: Timestamp) -> LedgerEntry {
    let at = record.get("disabledAt");
    let from_text = at.and_then(Value::as_str).and_then(|at| at.parse().ok());
    let from_millis = || Timestamp::from_millisecond(at?.as_i64()?).ok();
    let fields = |enabled| Fields { model: None, fallbacks: None, enabled };
    let kept = ["reason", "provider", "tier", "lastError"].iter();
    LedgerEntry {
        cron: CronId::new(id),
        name: record.get("name").and_then(Value::as_str).unwrap_or(id).to_owned(),
        opened_at: from_text.or_else(from_millis).unwrap_or(now),
        why: LedgerReason::Imported,
        before: fields(true),
        wrote: fields(false),
        revision_before: None,
        definition: Arc::new(Value::Null),
        confirmed: true,
        held: None,
        unknown: kept.filter_map(|key| Some(((*key).to_owned(), record.get(*key)?.clone()))).collect(),
    }
}

/// Both ledgers in one: a debt is never dropped by an import, one that both know stays ours, and so does
/// crisis mode. A pause of the older scripts that either has taken over is not taken over again.
#[must_use]
pub fn joined(ours: &Value, theirs: &Value) -> Value {
    let mut joined = ours.clone();
    for section in [ENTRIES, IMPORTED] {
        let Some(theirs) = theirs.get(section).and_then(Value::as_object).filter(|section| !section.is_empty()) else {
            continue;
        };
        let ours = object_in(&mut joined, section);
        for (id, value) in theirs {
            ours.entry(id).or_insert_with(|| value.clone());
        }
    }
    joined
}
