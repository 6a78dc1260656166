//! State files and bundles: each file read and changed, three versions merged, a folder opened, exported, imported.
//!
//! Input, by its first line: the name of a state file, then its text; `document` or `merge`, then JSON texts with
//! lines `=>` between them; `folder`, then files, each after a line `== NAME`.

mod folder;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AccountId, AutomationLevel, Crisis, CrisisMode, CronId, Fields, FolderIdentity, LedgerEntry, LedgerReason,
    ModelRef, OutageLevel, OwnerMark, Pin, StartedBy, TemporaryModel, Tier, TierEntry,
};
use model_orchestrator::state::document::{Document, Prefer, merge};
use model_orchestrator::state::status::{self, StatusReport};
use model_orchestrator::state::switch_log::LogLine;
use model_orchestrator::state::tiers::TakenOut;
use model_orchestrator::state::{BadValue, ledger, names, owner, scraped, settings, switch_log, tiers, tracking};
use serde_json::{Map, Value};

use super::secret;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        drop(Document::parse(bytes));
        return;
    };
    let Some((kind, text)) = text.split_once('\n') else { return };
    if kind == "folder" {
        return folder::run(text);
    }
    let text = secret::plant(text);
    if kind == names::SWITCHES {
        return log(&text);
    }
    let parts: Vec<Document> = match text.split("\n=>\n").map(|part| Document::parse(part.as_bytes())).collect() {
        Ok(parts) => parts,
        Err(error) => return secret::kept(&error.to_string(), "an error about a file"),
    };
    match (kind, parts.as_slice()) {
        ("document", [first, second]) => rewritten(first, second.root()),
        ("merge", [base, ours, theirs]) => merged(base.root(), ours.root(), theirs.root()),
        (names::TIERS, [file]) => tiers(file),
        (names::LEDGER, [file]) => ledger(file),
        (names::SETTINGS, [file]) => settings(file),
        (names::TRACKING, [file]) => tracking(file),
        (names::STATUS, [file]) => status(file),
        (names::DISABLED, [file]) => older_pauses(file.root()),
        (names::OWNER, [file]) => owner(file),
        (name, [file]) if names::is_quota(name) => quota(name, file.root()),
        _ => {}
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_795_420_800, 0)
}

/// A file that says something else says exactly that, and says it still when read again.
fn rewritten(file: &Document, target: &Value) {
    assert_eq!(file.rewritten(file.root()).bytes(), file.bytes(), "nothing changed");
    let changed = file.rewritten(target);
    let read = Document::parse(&changed.bytes()).unwrap_or_else(|error| panic!("{error}: {changed:?}"));
    assert_eq!(read.root(), target, "{changed:?}");
    let back = changed.rewritten(file.root());
    let read = Document::parse(&back.bytes()).unwrap_or_else(|error| panic!("{error}: {back:?}"));
    assert_eq!(read.root(), file.root(), "{back:?}");
}

/// What one side changed alone is there, whoever is preferred; without a conflict nobody has to be.
fn merged(base: &Value, ours: &Value, theirs: &Value) {
    for prefer in [Prefer::Ours, Prefer::Theirs] {
        assert_eq!(merge(base, ours, base, prefer), (ours.clone(), Vec::new()), "only we changed");
        assert_eq!(merge(base, base, theirs, prefer), (theirs.clone(), Vec::new()), "only they changed");
        assert_eq!(merge(base, ours, ours, prefer), (ours.clone(), Vec::new()), "both changed the same");
    }
    let (by_us, conflicts) = merge(base, ours, theirs, Prefer::Ours);
    let (by_them, same) = merge(base, ours, theirs, Prefer::Theirs);
    assert_eq!(conflicts, same);
    assert!(!conflicts.is_empty() || by_us == by_them);
    for (key, value) in ours.as_object().into_iter().flatten() {
        let (before, there) = (base.get(key), theirs.get(key));
        if Some(value) != before && there == before {
            assert_eq!(by_them.get(key), Some(value), "lost our {key}");
        }
    }
}

fn complained(bad: &[BadValue]) {
    for bad in bad {
        secret::kept(&bad.detail, "a complaint");
    }
}

/// Everything below `section` but one entry, and everything beside it.
fn others(root: &Value, section: &str, id: &str) -> Value {
    let mut root = root.clone();
    if let Some(entries) = root.get_mut(section).and_then(Value::as_object_mut) {
        entries.remove(id);
    }
    root
}

fn on_disk(file: &Document, root: &Value) -> Value {
    let bytes = file.rewritten(root).bytes();
    Document::parse(&bytes).unwrap_or_else(|error| panic!("{error}: {bytes:?}")).root().clone()
}

/// A change of one cron changes nothing else, keeps what nobody knows, and can be taken back.
fn tiers(file: &Document) {
    let root = file.root();
    let (read, bad) = tiers::read(root, now());
    complained(&bad);
    let Some(entries) = root.get("crons").and_then(Value::as_object) else { return };
    for id in entries.keys() {
        let named = bad.iter().any(|bad| bad.path.starts_with(&format!("crons.{id}")));
        assert!(read.contains_key(id.as_str()) || named, "silently lost {id:?}");
    }
    let patch = |root: &Value, id: &CronId, entry: Option<TierEntry>, out: &mut TakenOut| {
        tiers::patched(root, &read, &BTreeMap::from([(id.clone(), entry)]), &BTreeMap::new(), out)
    };
    for (id, before) in read.iter().take(3) {
        let mut out = TakenOut::new();
        assert_eq!(&patch(root, id, Some(before.clone()), &mut out), root, "nothing changed");
        let pinned = if before.pinned.is_some() { None } else { Some(Pin { model: ModelRef::parse("a/b") }) };
        let tier = if before.tier == Tier::T3 { Tier::T1 } else { Tier::T3 };
        let after =
            TierEntry { tier, critical: !before.critical, pinned, note: Some("n".to_owned()), ..before.clone() };
        let changed = on_disk(file, &patch(root, id, Some(after.clone()), &mut out));
        assert_eq!(others(&changed, "crons", id.as_str()), others(root, "crons", id.as_str()), "of another cron");
        let mut wanted = read.clone();
        wanted.insert(id.clone(), after);
        assert_eq!(tiers::read(&changed, now()).0, wanted);
        for (key, value) in entries[id.as_str()].as_object().into_iter().flatten() {
            let ours = ["tier", "critical", "pinned", "note"].contains(&key.as_str());
            assert!(ours || changed["crons"][id.as_str()].get(key) == Some(value), "lost {key} of {id:?}");
        }
        let gone = patch(root, id, None, &mut out);
        assert_eq!((&gone, gone["crons"].get(id.as_str())), (&others(root, "crons", id.as_str()), None));
        assert_eq!(&patch(&gone, id, Some(before.clone()), &mut out), root, "given back as it was");
    }
}

/// A debt is closed without touching another, one that cannot be read stays, and a new one is read back.
fn ledger(file: &Document) {
    let root = file.root();
    let (read, bad) = ledger::read(root);
    complained(&bad);
    let entries = root.get("entries").and_then(Value::as_object);
    for id in entries.into_iter().flatten().map(|(id, _)| id) {
        let named = bad.iter().any(|bad| bad.path.starts_with(&format!("entries.{id}")));
        assert!(read.contains_key(id.as_str()) || named, "silently lost {id:?}");
    }
    if entries.is_some() {
        assert_eq!(&ledger::patched(root, &read, &read), root, "nothing changed");
    }
    for id in read.keys().take(2) {
        let mut without = read.clone();
        without.remove(id);
        let changed = on_disk(file, &ledger::patched(root, &read, &without));
        assert_eq!(changed, others(root, "entries", id.as_str()), "of another debt");
        assert_eq!(ledger::read(&changed).0, without);
        let mut confirmed = read.clone();
        confirmed.entry(id.clone()).and_modify(|debt| {
            debt.confirmed = !debt.confirmed;
            debt.wrote.model = Some("x/y".to_owned());
        });
        let changed = on_disk(file, &ledger::patched(root, &read, &confirmed));
        assert_eq!(ledger::read(&changed).0, confirmed);
        assert_eq!(others(&changed, "entries", id.as_str()), others(root, "entries", id.as_str()));
    }
    let mut more = read.clone();
    more.insert(CronId::new("new"), debt());
    assert_eq!(ledger::read(&on_disk(file, &ledger::patched(root, &read, &more))).0, more);
    crisis(file);
}

fn debt() -> LedgerEntry {
    let fields = |enabled| Fields { model: None, fallbacks: None, enabled };
    LedgerEntry {
        cron: CronId::new("new"),
        name: "New".to_owned(),
        opened_at: now(),
        why: LedgerReason::Crisis,
        before: fields(true),
        wrote: fields(false),
        revision_before: None,
        definition: Value::Null.into(),
        confirmed: false,
        held: None,
        unknown: Map::new(),
    }
}

fn crisis(file: &Document) {
    let root = file.root();
    let (was, bad) = ledger::crisis(root, now());
    complained(&bad);
    assert_eq!(&ledger::with_crisis(root, &was, &was), root, "nothing changed");
    let mode = CrisisMode { since: now(), by: StartedBy::Hand, recovering: None };
    for mode in [None, Some(mode)] {
        let is = Crisis { mode, left_at: Some(now()), ..was.clone() };
        let changed = on_disk(file, &ledger::with_crisis(root, &was, &is));
        assert_eq!(ledger::crisis(&changed, now()).0, is);
        assert_eq!(changed.get("entries"), root.get("entries"));
    }
}

/// Reading changes nothing; what is set is read back; everything else stays.
fn settings(file: &Document) {
    let root = file.root();
    let (read, bad) = settings::read(root);
    complained(&bad);
    assert_eq!(&settings::patched(root, &read), root, "nothing changed");
    let mut wanted = read.clone();
    wanted.checks.every =
        SignedDuration::from_mins(if read.checks.every == SignedDuration::from_mins(7) { 9 } else { 7 });
    wanted.automation.level = match read.automation.level {
        AutomationLevel::Observe => AutomationLevel::Ask,
        _ => AutomationLevel::Observe,
    };
    if let Some(account) = wanted.accounts.values_mut().next() {
        "Another name".clone_into(&mut account.label);
        account.down_until = Some(now());
    }
    let changed = on_disk(file, &settings::patched(root, &wanted));
    assert_eq!(settings::read(&changed).0, wanted);
    assert_eq!(settings::patched(&changed, &wanted), changed, "written once");
    for (key, value) in root.as_object().into_iter().flatten() {
        let ours = ["checks", "automation", "accounts", "billing"].contains(&key.as_str());
        assert!(ours || changed.get(key) == Some(value), "lost {key}");
    }
}

fn report() -> StatusReport {
    let tier_models = BTreeMap::from([(Tier::T1, ModelRef::parse("a/b")), (Tier::T2, None)]);
    StatusReport { checked_at: now(), mode: OutageLevel::Degraded, vendors: BTreeMap::new(), tier_models }
}

/// A report touches no provider without news; a temporary model is put, read back and taken out alone.
fn tracking(file: &Document) {
    let root = file.root();
    let told = tracking::patched(root, &report());
    assert_eq!(tracking::patched(&told, &report()), told, "told once");
    let providers = |root: &Value| root.get("providers").and_then(Value::as_object).cloned().unwrap_or_default();
    assert_eq!(providers(&told), providers(root));
    let found = tracking::temporary_models(root);
    let new = TemporaryModel {
        id: "fuzz-added".to_owned(),
        model: ModelRef::parse("a/b"),
        is_standby: false,
        tiers: vec![Tier::T1],
        expires_at: Some(now()),
    };
    let Some(with) = tracking::with_temporary(root, &new.id, Some(&new)) else { return };
    let read = tracking::temporary_models(&on_disk(file, &with));
    assert!(read.contains(&new) && found.iter().all(|old| old.id == new.id || read.contains(old)), "{read:?}");
    for old in &found {
        assert_eq!(
            tracking::with_temporary(root, &old.id, Some(old)).as_ref().map(tracking::temporary_models).as_ref(),
            Some(&found).filter(|_| !old.id.trim().is_empty())
        );
        let without = tracking::with_temporary(root, &old.id, None).expect("can be taken out");
        assert_eq!(without, others(root, "providers", &old.id));
    }
}

fn status(file: &Document) {
    let root = file.root();
    drop(status::read(root));
    let told = status::patched(root, &report());
    assert_eq!(status::patched(&told, &report()), told, "told once");
    assert_eq!(on_disk(file, &told), told);
    assert_eq!(status::read(&told).len(), status::read(&on_disk(file, &told)).len());
}

/// A mark that was placed is read back, in a copy as well; what nobody knows stays.
fn owner(file: &Document) {
    let root = file.root();
    let at = |inode: Option<u64>| owner::Place { inode, machine: None };
    let was = owner::read(root, &at(Some(7)));
    let mark = OwnerMark { folder: "f".to_owned(), host: "h".to_owned(), since: now() };
    let placed = on_disk(file, &owner::with_placed(root, &mark));
    assert_eq!(owner::read(&placed, &at(Some(7))), FolderIdentity { placed: Some(mark.clone()), ..was });
    let named = on_disk(file, &owner::with_id(&placed, "new", &at(Some(8))));
    let named = [Some(8), None].map(|inode| owner::read(&named, &at(inode)));
    let own = FolderIdentity { folder: Some("new".to_owned()), placed: Some(mark) };
    assert_eq!(named, [own.clone(), own]);
    for (key, value) in root.as_object().into_iter().flatten() {
        assert!(
            ["folder", "place", "machine", "placed"].contains(&key.as_str()) || placed.get(key) == Some(value),
            "lost {key}"
        );
    }
}

/// Pauses of the older scripts are taken over once.
fn older_pauses(older: &Value) {
    let empty = Value::Object(Map::new());
    let Some(with) = ledger::with_imported(&empty, older, now()) else { return };
    assert_eq!(ledger::with_imported(&with, older, now()), None, "taken over once");
    let (read, bad) = ledger::read(&with);
    assert_eq!(bad, [], "our own entries can be read: {with}");
    let named = with.get("entries").and_then(Value::as_object).map_or(0, Map::len);
    assert_eq!(read.len(), named);
}

fn quota(name: &str, root: &Value) {
    let account = AccountId::new(name.trim_end_matches(names::QUOTA_SUFFIX));
    for window in scraped::read(&account, root, Some(now())) {
        assert!(window.used_ratio.is_finite() && window.used_ratio >= 0.0, "{window:?}");
        assert!(window.resets_at.is_none_or(|at| at >= window.observed_at), "{window:?}");
    }
}

/// A line that was read is written as one line that says the same.
fn log(text: &str) {
    // Years that no clock of ours shows are written in more letters than they are read in.
    let dated = |line: &LogLine| (0..253_402_300_800).contains(&line.at.as_second());
    for line in switch_log::read(text).into_iter().filter(dated) {
        let written = line.to_text();
        assert_eq!(written.lines().count(), 1, "{written:?}");
        let mut to_the_second = line.clone();
        to_the_second.at = Timestamp::from_second(line.at.as_second()).expect("is within time");
        assert_eq!(switch_log::read(&written), [to_the_second], "{written:?}");
    }
}
