//! `ledger.json`: every pause this program made and has not given back.
//!
//! A view, like `tiers`. It is written before the first call to the gateway and never lives in the
//! database alone. An entry that cannot be read stays in the file, and is reported.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::{Crisis, CronId, Fields, Ledger, LedgerEntry, LedgerReason, Revision};

use super::BadValue;
use super::document::as_object;

const ENTRIES: &str = "entries";
const CRISIS: &str = "crisis";
/// What was taken over from `disabled-tracking.json`: cron id to its `disabledAt`.
const IMPORTED: &str = "imported_from_disabled_tracking";

const KNOWN: [&str; 8] = ["name", "opened_at", "why", "before", "wrote", "revision_before", "confirmed", "definition"];

const REASONS: [(LedgerReason, &str); 4] = [
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
        match read_entry(id, value) {
            Ok(entry) => {
                ledger.insert(CronId::new(id), entry);
            }
            Err(wrong) => bad.push(wrong),
        }
    }
    (ledger, bad)
}

fn read_entry(id: &str, value: &Value) -> Result<LedgerEntry, BadValue> {
    let path = |field: &str| format!("{ENTRIES}.{id}.{field}");
    let found = |field: &str| value.get(field).unwrap_or(&Value::Null);
    let expected = |field: &str, wanted: &str| BadValue::expected(path(field), wanted, found(field));
    let map = value.as_object().ok_or_else(|| BadValue::expected(format!("{ENTRIES}.{id}"), "an object", value))?;
    let opened_at = found("opened_at").as_str().and_then(|at| at.parse().ok());
    let why = found("why").as_str().and_then(|why| REASONS.iter().find(|(_, code)| *code == why));
    let fields = |field| read_fields(found(field)).ok_or_else(|| expected(field, "model, fallbacks and enabled"));
    Ok(LedgerEntry {
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
    })
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
    let mut root = root.clone();
    let entries = object_in(&mut root, ENTRIES);
    entries.retain(|id, _| after.contains_key(id.as_str()) || !before.contains_key(id.as_str()));
    for (id, entry) in after {
        if before.get(id) == Some(entry) && entries.contains_key(id.as_str()) {
            continue;
        }
        let slot = entries.entry(id.as_str()).or_insert_with(|| json!({}));
        let fields = as_object(slot);
        for (key, value) in entry_value(entry) {
            if fields.get(&key) != Some(&value) {
                fields.insert(key, value);
            }
        }
    }
    root
}

fn object_in<'a>(root: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    as_object(&mut root[key])
}

fn entry_value(entry: &LedgerEntry) -> Map<String, Value> {
    let fields =
        |fields: &Fields| json!({"model": fields.model, "fallbacks": fields.fallbacks, "enabled": fields.enabled});
    let code = REASONS.iter().find(|(reason, _)| *reason == entry.why).map_or("", |(_, code)| code);
    let mut map = Map::new();
    map.insert("name".to_owned(), Value::from(entry.name.as_str()));
    map.insert("opened_at".to_owned(), Value::from(entry.opened_at.to_string()));
    map.insert("why".to_owned(), Value::from(code));
    map.insert("before".to_owned(), fields(&entry.before));
    map.insert("wrote".to_owned(), fields(&entry.wrote));
    map.insert("revision_before".to_owned(), json!(entry.revision_before.as_ref().map(Revision::as_str)));
    map.insert("confirmed".to_owned(), Value::Bool(entry.confirmed));
    map.extend(entry.unknown.iter().map(own));
    map.insert("definition".to_owned(), (*entry.definition).clone());
    map
}

/// Crisis mode, as it was when this was written last.
#[must_use]
pub fn crisis(root: &Value) -> Crisis {
    root.get(CRISIS).and_then(|crisis| serde_json::from_value(crisis.clone()).ok()).unwrap_or_default()
}

/// The file's value with that state of crisis mode.
#[must_use]
pub fn with_crisis(root: &Value, crisis: &Crisis) -> Value {
    let mut root = root.clone();
    as_object(&mut root).insert(CRISIS.to_owned(), serde_json::to_value(crisis).unwrap_or_default());
    root
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
            object_in(&mut after, ENTRIES).insert(id.clone(), Value::Object(entry_value(&entry)));
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

/// Both ledgers in one: a debt is never dropped by an import, and one that both know stays ours.
#[must_use]
pub fn joined(ours: &Value, theirs: &Value) -> Value {
    let mut joined = ours.clone();
    let theirs: BTreeMap<_, _> =
        theirs.get(ENTRIES).and_then(Value::as_object).into_iter().flatten().map(own).collect();
    let entries = object_in(&mut joined, ENTRIES);
    for (id, entry) in theirs {
        entries.entry(id).or_insert(entry);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> LedgerEntry {
        LedgerEntry {
            cron: CronId::new(id),
            name: format!("{id} 余"),
            opened_at: "2026-11-23T07:00:00Z".parse().unwrap(),
            why: LedgerReason::PinnedOnDeadRoute,
            before: Fields { model: Some("a/b".into()), fallbacks: Some(["c/d".into()].into()), enabled: true },
            wrote: Fields { model: Some("a/b".into()), fallbacks: None, enabled: false },
            revision_before: Some(Revision::new("r1")),
            definition: Arc::new(json!({"id": id, "payload": {"kind": "agentTurn"}})),
            confirmed: false,
            held: None,
            unknown: Map::new(),
        }
    }

    fn ledger(entries: &[LedgerEntry]) -> Ledger {
        entries.iter().map(|entry| (entry.cron.clone(), entry.clone())).collect()
    }

    #[test]
    fn every_debt_comes_back_as_it_was_written() {
        let mut strange = entry("b");
        strange.unknown.insert("later_field".to_owned(), json!([1, {"x": 2}]));
        let whole = ledger(&[entry("a"), strange]);
        let written = patched(&json!({"x": 1}), &Ledger::new(), &whole);
        assert_eq!(read(&written), (whole.clone(), vec![]));
        let fewer = ledger(&[entry("a")]);
        let after = patched(&written, &whole, &fewer);
        assert_eq!(read(&after).0, fewer);
        assert_eq!(after["x"], 1);
    }

    #[test]
    fn a_bad_entry_is_reported_and_stays_in_the_file() {
        let root = json!({"entries": {"a": {"opened_at": "soon"}, "b": 7}});
        let (read_back, bad) = read(&root);
        assert!(read_back.is_empty());
        assert_eq!(bad.iter().map(|bad| &*bad.path).collect::<Vec<_>>(), ["entries.a.opened_at", "entries.b"]);
        let after = patched(&root, &read_back, &ledger(&[entry("c")]));
        assert_eq!((&after["entries"]["a"], &after["entries"]["b"]), (&root["entries"]["a"], &root["entries"]["b"]));
    }

    #[test]
    fn older_pauses_are_taken_over_once_and_the_users_own_never() {
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        let older = json!({
            "p": {"disabledAt": "2026-03-01T10:00:00Z", "reason": "provider_down", "provider": "kimi", "tier": 2, "lastError": "429"},
            "e": {"disabledAt": 1_772_359_200_000_i64, "reason": "error", "tier": 1},
            "m": {"disabledAt": "2026-03-01T10:00:00Z", "reason": "manual"}
        });
        let first = with_imported(&json!({}), &older, now).expect("two are new");
        let (taken, bad) = read(&first);
        assert_eq!((taken.keys().map(CronId::as_str).collect::<Vec<_>>(), bad), (vec!["e", "p"], vec![]));
        assert_eq!(taken["p"].why, LedgerReason::Imported);
        assert_eq!(taken["p"].opened_at.to_string(), "2026-03-01T10:00:00Z");
        assert_eq!(taken["p"].unknown["provider"], "kimi");
        assert_eq!((taken["e"].before.enabled, taken["e"].wrote.enabled), (true, false));

        let given_back = patched(&first, &taken, &Ledger::new());
        assert_eq!(with_imported(&given_back, &older, now), None, "not again after it was given back");

        let mut again = older.clone();
        again["p"]["disabledAt"] = json!("2026-04-01T10:00:00Z");
        let second = with_imported(&given_back, &again, now).expect("a later pause is another one");
        assert_eq!(read(&second).0.len(), 1);
    }

    #[test]
    fn an_import_never_drops_a_debt() {
        let ours = patched(&json!({}), &Ledger::new(), &ledger(&[entry("a")]));
        let mut other = entry("a");
        other.confirmed = true;
        let theirs = patched(&json!({}), &Ledger::new(), &ledger(&[other, entry("b")]));
        assert_eq!(read(&joined(&ours, &theirs)).0, ledger(&[entry("a"), entry("b")]));
    }
}
