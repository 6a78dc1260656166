//! What an import would do, file by file and entry by entry.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::domain::{ImportEffect, ImportFile, ImportPreview};
use crate::state::document::Document;
use crate::state::switch_log::LogLine;
use crate::state::{StateError, files, names};

/// Reads both sides. The id stands for their content: when it is the same later, nothing moved.
pub(super) fn preview(folder: &Path, from: &Path) -> Result<ImportPreview, StateError> {
    let sources = sources(from)?;
    let mut hasher = DefaultHasher::new();
    let mut files = Vec::new();
    for (name, path) in sources {
        let theirs = files::read(&path)?.unwrap_or_default();
        // What cannot be read here cannot be compared either, and is replaced.
        let ours = files::read(&folder.join(&name)).ok().flatten();
        (&name, &theirs, &ours).hash(&mut hasher);
        let effect =
            if names::is_known(&name) { effect(&name, ours.as_deref(), &theirs) } else { ImportEffect::Foreign };
        files.push(ImportFile { name, effect });
    }
    Ok(ImportPreview { id: hasher.finish(), from: from.to_owned(), files })
}

/// Where the content for a state file comes from.
pub(super) fn source_of(from: &Path, name: &str) -> PathBuf {
    if from.is_dir() { from.join(name) } else { from.to_owned() }
}

/// What is to be imported, by its name in the state folder.
fn sources(from: &Path) -> Result<BTreeMap<String, PathBuf>, StateError> {
    let nothing = || StateError::NothingToImport { path: from.to_owned() };
    if from.is_dir() {
        let found = super::known_names(from);
        let files = found.into_iter().map(|name| (name.clone(), from.join(name))).filter(|(_, path)| path.is_file());
        let files: BTreeMap<_, _> = files.collect();
        return if files.is_empty() { Err(nothing()) } else { Ok(files) };
    }
    let own_name = from.file_name().ok_or_else(nothing)?.to_string_lossy().into_owned();
    let bytes = files::read(from)?.ok_or_else(nothing)?;
    let name = if names::is_known(&own_name) { own_name } else { recognised(&bytes).unwrap_or(own_name) };
    Ok(BTreeMap::from([(name, from.to_owned())]))
}

/// The state file that has this shape, for one that was saved under another name.
fn recognised(bytes: &[u8]) -> Option<String> {
    let Ok(document) = Document::parse(bytes) else {
        let text = std::str::from_utf8(bytes).ok()?;
        let first = text.lines().find(|line| !line.trim().is_empty())?;
        return LogLine::parse(first).map(|_| names::SWITCHES.to_owned());
    };
    let root = document.root();
    let has = |key: &str| root.get(key).is_some();
    let settings = [
        "routes",
        "chains",
        "thresholds",
        "cost_guard_usd",
        "automation",
        "prices",
        "window",
        "billing",
        "accounts",
        "checks",
        "notifications",
    ];
    let name = if has("crons") {
        names::TIERS
    } else if has("entries") || has("crisis") {
        names::LEDGER
    } else if has("providers") {
        names::TRACKING
    } else if has("lastCheck") || has("available_count") || has("availableCount") {
        names::STATUS
    } else if settings.iter().any(|key| has(key)) {
        names::SETTINGS
    } else if root.as_object()?.values().any(|value| value.get("disabledAt").is_some()) {
        names::DISABLED
    } else {
        return None;
    };
    Some(name.to_owned())
}

fn effect(name: &str, ours: Option<&[u8]>, theirs: &[u8]) -> ImportEffect {
    if name == names::SWITCHES {
        return log_effect(ours, theirs);
    }
    let theirs = match files::usable(name, theirs) {
        Ok(document) => entries(name, document.root()),
        Err(detail) => return ImportEffect::Broken { detail },
    };
    let Some(ours) = ours.and_then(|ours| files::usable(name, ours).ok()) else {
        return ImportEffect::Added { n_entries: theirs.len() };
    };
    let ours = entries(name, ours.root());
    // Of a ledger nothing but debts is taken where there is one already: crisis mode stays ours.
    let only_grows = name == names::LEDGER;
    let named = |found: Vec<&Entry>| found.iter().map(|entry| entry.name.clone()).collect();
    let added: Vec<_> = theirs.iter().filter(|(id, _)| !ours.contains_key(*id)).map(|(_, entry)| entry).collect();
    let differs = |id: &String, entry: &Entry| ours.get(id).is_some_and(|here| here.value != entry.value);
    let changed: Vec<_> = theirs.iter().filter(|(id, entry)| differs(id, entry)).map(|(_, entry)| entry).collect();
    let removed: Vec<_> = ours.iter().filter(|(id, _)| !theirs.contains_key(*id)).map(|(_, entry)| entry).collect();
    let (changed, removed) = if only_grows { (Vec::new(), Vec::new()) } else { (changed, removed) };
    if added.is_empty() && changed.is_empty() && removed.is_empty() {
        return ImportEffect::Same;
    }
    ImportEffect::Changed { added: named(added), changed: named(changed), removed: named(removed) }
}

fn log_effect(ours: Option<&[u8]>, theirs: &[u8]) -> ImportEffect {
    let Ok(theirs) = std::str::from_utf8(theirs) else {
        return ImportEffect::Broken { detail: "not UTF-8 text".to_owned() };
    };
    let lines: Vec<_> = theirs.lines().filter(|line| LogLine::parse(line).is_some()).collect();
    if lines.is_empty() && !theirs.trim().is_empty() {
        return ImportEffect::Broken { detail: "no line of it is a switch".to_owned() };
    }
    let Some(ours) = ours else { return ImportEffect::Added { n_entries: lines.len() } };
    let ours = String::from_utf8_lossy(ours);
    let here: std::collections::BTreeSet<_> = ours.lines().collect();
    let added: Vec<_> = lines.iter().filter(|line| !here.contains(**line)).map(|line| (*line).to_owned()).collect();
    if added.is_empty() {
        return ImportEffect::Same;
    }
    ImportEffect::Changed { added, changed: Vec::new(), removed: Vec::new() }
}

/// What a person calls one thing in a file, and what it says.
struct Entry {
    name: String,
    value: Value,
}

/// The things in a file: crons, debts (and nothing else of a ledger), providers; of other files the fields, two
/// levels deep.
fn entries(name: &str, root: &Value) -> BTreeMap<String, Entry> {
    let section = match name {
        names::TIERS => Some("crons"),
        names::LEDGER => Some("entries"),
        names::TRACKING => Some("providers"),
        _ => None,
    };
    let mut entries = BTreeMap::new();
    let empty = Map::new();
    for (key, value) in root.as_object().unwrap_or(&empty) {
        match value.as_object() {
            Some(inner) if section == Some(key.as_str()) => {
                for (id, value) in inner {
                    let name = value.get("name").and_then(Value::as_str).unwrap_or(id).to_owned();
                    entries.insert(format!("{key}.{id}"), Entry { name, value: value.clone() });
                }
            }
            _ if name == names::LEDGER => {}
            Some(inner) if name == names::SETTINGS => {
                for (field, value) in inner {
                    let path = format!("{key}.{field}");
                    entries.insert(path.clone(), Entry { name: path, value: value.clone() });
                }
            }
            _ => drop(entries.insert(key.clone(), Entry { name: key.clone(), value: value.clone() })),
        }
    }
    entries
}
