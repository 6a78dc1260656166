//! Opening, saving, sharing and breaking a folder.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::domain::{
    Cause, Confirmation, CrisisMode, CronId, Fields, LedgerEntry, LedgerReason, Outage, Plan, PlanId, PlanOrigin,
    ProblemKind, Reason, RecoveryReport, StartedBy, SwitchId, ThemeChoice, Tier, TierEntry, VendorId,
};
use crate::state::switch_log::LogLine;
use crate::state::{Record, atomic, ledger};

fn now() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn temp() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> (Folder, Loaded) {
    Folder::open(folder.path(), "test", now()).unwrap()
}

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    atomic::write(&folder.path().join(name), bytes.as_ref()).unwrap();
}

fn get(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn listing(folder: &TempDir) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> =
        names.filter(|name| !name.starts_with("history.db") && !name.starts_with("lease")).collect();
    names.sort();
    names
}

fn tier(folder: &mut Folder, cron: &str, tier: Tier) -> Result<(), StateError> {
    let change = BTreeMap::from([(CronId::new(cron), Some(TierEntry::new(tier)))]);
    folder.save_tiers(&change, &BTreeMap::new())
}

fn debt(cron: &str) -> LedgerEntry {
    let fields = |enabled| Fields { model: Some("a/b".into()), fallbacks: None, enabled };
    LedgerEntry {
        cron: CronId::new(cron),
        name: cron.to_owned(),
        opened_at: now(),
        why: LedgerReason::NothingServes,
        before: fields(true),
        wrote: fields(false),
        revision_before: None,
        definition: Arc::new(json!({"id": cron})),
        confirmed: false,
        held: None,
        unknown: serde_json::Map::new(),
    }
}

#[test]
fn an_empty_place_becomes_a_folder_with_defaults_and_no_files() {
    let place = temp();
    let (folder, loaded) = Folder::open(&place.path().join("new/one"), "test", now()).unwrap();
    assert_eq!((folder.held_by(), folder.read_only()), (None, None));
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.tiers.is_empty() && loaded.ledger.is_empty() && loaded.problems.is_empty());
    for name in names::FILES {
        assert!(!folder.path().join(name).exists(), "{name} is not made before there is something to say");
    }
}

#[test]
fn what_does_not_parse_is_set_aside_and_never_lost() {
    let huge = format!("{{\"crons\": {{\"a\": {{\"note\": \"{}\"", "x".repeat(10_000_000));
    let cases: [(&str, &[u8], &str); 8] = [
        (names::TIERS, b"{\"crons\": {\"a\": {\"ti", "half written"),
        (names::TIERS, b"", "empty"),
        (names::TIERS, b"[]", "a list at the top"),
        (names::TIERS, b"{\"crons\": [\"a\"]}", "a list where the crons belong"),
        (names::SETTINGS, b"{\"a\": \"\xff\xfe\"}", "not text"),
        (names::LEDGER, b"{\"entries\": 5}", "no entries"),
        (names::OWNER, b"{\"folder\": ", "the mark's file, cut off"),
        (names::TIERS, huge.as_bytes(), "huge and cut off"),
    ];
    for (name, content, why) in cases {
        let place = temp();
        put(&place, name, content);
        let (mut folder, loaded) = open(&place);
        let kept_as = format!("{name}.broken-2026-11-23T070000Z");
        let [Problem { what: ProblemKind::FileSetAside { file, kept_as: told, .. }, .. }] = &loaded.problems[..] else {
            panic!("{why}: {:?}", loaded.problems);
        };
        assert_eq!((file.as_str(), told), (name, &kept_as), "{why}");
        tier(&mut folder, "b", Tier::T1).unwrap();
        assert!(fs::read(place.path().join(&kept_as)).unwrap() == content, "{why}: kept as it was");
    }
}

#[test]
fn a_large_healthy_file_and_a_byte_order_mark_are_read() {
    let place = temp();
    put(&place, names::TIERS, format!("\u{feff}{{\"pad\": \"{}\", \"crons\": {{\"a\": 1}}}}", "x".repeat(10_000_000)));
    let (mut folder, loaded) = open(&place);
    assert_eq!((loaded.tiers["a"].tier, loaded.problems), (Tier::T1, vec![]));
    tier(&mut folder, "a", Tier::T2).unwrap();
    let text = get(&place, names::TIERS);
    assert!(text.starts_with("\u{feff}{\"pad\": \"xxx") && text.ends_with("\"crons\": {\"a\": 2}}"));
}

#[test]
fn a_folder_in_the_place_of_a_file_is_a_problem_and_not_a_loss() {
    let place = temp();
    fs::create_dir(place.path().join(names::TIERS)).unwrap();
    put(&place, names::SETTINGS, "{\"window\": {\"theme\": \"dark\"}}");
    let (mut folder, loaded) = open(&place);
    assert_eq!(loaded.settings.window.theme, ThemeChoice::Dark, "the others are read");
    let [Problem { what: ProblemKind::UnusableFile { file, .. }, .. }] = &loaded.problems[..] else {
        panic!("{:?}", loaded.problems);
    };
    assert_eq!(file, names::TIERS);
    assert!(tier(&mut folder, "a", Tier::T1).is_err());
    assert!(place.path().join(names::TIERS).is_dir());
}

#[test]
fn a_file_that_is_far_too_large_is_left_where_it_is() {
    let place = temp();
    let path = place.path().join(names::TIERS);
    fs::File::create(&path).unwrap().set_len(65 * 1024 * 1024).unwrap();
    let (mut folder, loaded) = open(&place);
    let [Problem { what: ProblemKind::UnusableFile { file, detail }, .. }] = &loaded.problems[..] else {
        panic!("{:?}", loaded.problems);
    };
    assert_eq!((file.as_str(), detail.contains("64 MB")), (names::TIERS, true), "{detail}");
    assert!(tier(&mut folder, "a", Tier::T1).is_err());
    assert_eq!(fs::metadata(&path).unwrap().len(), 65 * 1024 * 1024);
}

/// A pipe keeps whoever opens it waiting for the other end.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_keeps_nobody_waiting() {
    let place = temp();
    for name in [names::TIERS, names::SWITCHES, "kimi-quota.json"] {
        assert!(std::process::Command::new("mkfifo").arg(place.path().join(name)).status().unwrap().success());
    }
    let (mut folder, loaded) = open(&place);
    let unusable =
        |problem: &Problem| matches!(&problem.what, ProblemKind::UnusableFile { file, .. } if file == names::TIERS);
    assert!(loaded.problems.iter().any(unusable), "{:?}", loaded.problems);
    assert!(tier(&mut folder, "a", Tier::T1).is_err());
    assert!(atomic::append_line(&place.path().join(names::SWITCHES), "line").is_err());
}

#[test]
fn the_second_engine_looks_but_does_not_touch() {
    let place = temp();
    put(&place, names::LEDGER, "half");
    put(&place, names::DISABLED, "{\"a\": {\"disabledAt\": \"2026-01-01T00:00:00Z\", \"reason\": \"error\"}}");
    let (first, _) = Folder::open(place.path(), "window on home-mini", now()).unwrap();
    put(&place, names::TIERS, "half");
    let before = listing(&place);
    let fields = |model: &str| Fields { model: Some(model.into()), fallbacks: None, enabled: true };
    let switch = Switch {
        id: SwitchId::new("s"),
        plan: PlanId::new("p"),
        at: now(),
        cron: CronId::new("a"),
        name: "a".to_owned(),
        from: fields("a/b"),
        to: fields("c/d"),
        schedule: None,
        revision_before: None,
        revision_after: None,
        reason: Reason::ChainEdited,
        cause: Cause::Edit,
        confirmation: Confirmation::Waiting,
        undone_by: None,
        by: crate::domain::StartedBy::Hand,
        seal: None,
    };
    let line = LogLine::parse("2026-11-23T07:00:00Z | a | a/b -> c/d | edited").unwrap();
    let (mut second, loaded) = Folder::open(place.path(), "command line", now()).unwrap();
    assert!(second.held_by().is_some_and(|holder| holder.starts_with("window on home-mini")));
    assert!(matches!(&loaded.problems[0].what, ProblemKind::FolderHeld { holder } if holder.contains("home-mini")));
    assert_eq!(listing(&place), before, "nothing was set aside");
    for refused in [
        tier(&mut second, "a", Tier::T1),
        second.save_settings(&Settings::default()),
        second.save_ledger(&Ledger::new()),
        second.log_switch(Record { switch: &switch, takes_back: &[], line: &line }),
        second.end_job(1, &crate::domain::JobPhase::Done, now()),
    ] {
        assert!(matches!(refused, Err(StateError::Held { .. })), "{refused:?}");
    }
    drop(first);
    let (third, _) = Folder::open(place.path(), "command line", now()).unwrap();
    assert_eq!(third.held_by(), None, "free again");
}

#[test]
fn a_folder_is_looked_into_without_being_asked_for_or_touched() {
    let place = temp();
    put(&place, names::TIERS, "{\"crons\": {\"a\": 1}}");
    put(&place, names::LEDGER, "half");
    let mut looks = Folder::look(place.path(), now()).unwrap();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "no lock, no history, and nothing set aside");
    let out = temp();
    let what = crate::domain::ExportWhat::File(names::TIERS.to_owned());
    assert_eq!(looks.export(out.path(), &what, now()).unwrap(), 1);
    assert!(matches!(tier(&mut looks, "a", Tier::T2), Err(StateError::FolderNotWritable { .. })));
    let (acts, _) = Folder::open(place.path(), "window", now()).unwrap();
    assert_eq!(acts.held_by(), None, "the folder is free all the while");
    assert!(Folder::look(&place.path().join("none"), now()).is_err());
    assert!(!place.path().join("none").exists());
}

#[test]
fn who_found_the_folder_held_takes_it_when_it_is_free_and_reads_it_again() {
    let place = temp();
    let (mut first, _) = Folder::open(place.path(), "first", now()).unwrap();
    let (mut second, _) = Folder::open(place.path(), "second", now()).unwrap();
    tier(&mut first, "a", Tier::T2).unwrap();
    let plan = Plan {
        id: PlanId::new("p"),
        at: now(),
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes: vec![],
        decisions: vec![],
        notes: vec![],
        daily_cost: None,
        writes: None,
    };
    first.begin_job(&plan, &[], StartedBy::Hand, now()).unwrap();
    assert!(second.ask_again("second", now()).unwrap().is_none(), "held still");
    let (_third, looked) = Folder::open(place.path(), "third", now()).unwrap();
    assert!(looked.interrupted.is_none(), "its holder is at it");
    drop(first);
    let loaded = second.ask_again("second", now()).unwrap().expect("free");
    assert_eq!((second.held_by(), second.read_only()), (None, None));
    assert_eq!(loaded.tiers["a"].tier, Tier::T2, "as the last holder left it");
    assert!(loaded.interrupted.is_some(), "nobody is at it any more");
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    assert!(second.ask_again("second", now()).unwrap().is_none(), "there is nothing to ask for");
    tier(&mut second, "a", Tier::T3).unwrap();
    let (fourth, _) = Folder::open(place.path(), "fourth", now()).unwrap();
    assert!(fourth.held_by().is_some_and(|holder| holder.starts_with("second")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_read_only_and_says_so() {
    // Whoever runs the tests, nobody makes files there.
    let (mut folder, loaded) = Folder::open(Path::new("/proc/self"), "test", now()).unwrap();
    assert!(folder.read_only().is_some());
    assert_eq!(folder.held_by(), None);
    let [Problem { what, .. }, ..] = &loaded.problems[..] else { panic!("a problem") };
    assert!(matches!(what, ProblemKind::FolderNotWritable { folder, .. } if folder == "/proc/self"), "{what:?}");
    let refused = tier(&mut folder, "a", Tier::T1).unwrap_err();
    assert_eq!(refused.problem(now()).what, *what, "with the cause that was found");
}

#[test]
fn what_others_changed_meanwhile_is_merged_field_by_field() {
    let place = temp();
    put(&place, names::TIERS, "{\"crons\": {\"a\": {\"tier\": 1, \"x\": 1}, \"b\": {\"tier\": 1}}}");
    let (mut folder, _) = open(&place);
    put(
        &place,
        names::TIERS,
        "{\"crons\": {\"a\": {\"tier\": 1, \"x\": 2}, \"b\": {\"tier\": 3}, \"c\": {\"tier\": 2}}}",
    );
    tier(&mut folder, "a", Tier::T2).unwrap();
    assert_eq!(
        get(&place, names::TIERS),
        "{\"crons\": {\"a\": {\"tier\": 2, \"x\": 2}, \"b\": {\"tier\": 3}, \"c\": {\"tier\": 2}}}"
    );
    let loaded = folder.reload(now()).unwrap().expect("what others changed is news");
    assert_eq!((loaded.tiers["b"].tier, loaded.tiers["c"].tier), (Tier::T3, Tier::T2));
    assert!(folder.reload(now()).unwrap().is_none(), "told once");
}

#[test]
fn the_same_field_changed_twice_is_asked_about() {
    let place = temp();
    put(&place, names::TIERS, "{\"crons\": {\"a\": {\"tier\": 1}, \"b\": {\"tier\": 1}}}");
    let (mut folder, _) = open(&place);
    put(&place, names::TIERS, "{\"crons\": {\"a\": {\"tier\": 3}, \"b\": {\"tier\": 1}}}");
    let both = ["a", "b"].map(|cron| (CronId::new(cron), Some(TierEntry::new(Tier::T2))));
    let error = folder.save_tiers(&BTreeMap::from(both.clone()), &BTreeMap::new()).unwrap_err();
    let expected = ProblemKind::EditConflict { file: names::TIERS.into(), field: "crons.a.tier".into() };
    assert_eq!(error.problem(now()).what, expected);
    let loaded = folder.reload(now()).unwrap().expect("differs from what was wished");
    assert_eq!((loaded.tiers["a"].tier, loaded.tiers["b"].tier), (Tier::T3, Tier::T2), "theirs, and ours beside it");
    folder.save_tiers(&BTreeMap::from(both), &BTreeMap::new()).unwrap();
    assert_eq!(
        get(&place, names::TIERS),
        "{\"crons\": {\"a\": {\"tier\": 2}, \"b\": {\"tier\": 2}}}",
        "asked again, it is done"
    );
}

#[test]
fn our_own_writes_are_no_news_and_those_of_others_are() {
    let place = temp();
    let (mut folder, _) = open(&place);
    tier(&mut folder, "a", Tier::T1).unwrap();
    let mut settings = Settings::default();
    settings.window.compact_cards = true;
    folder.save_settings(&settings).unwrap();
    folder.save_ledger(&Ledger::from([(CronId::new("a"), debt("a"))])).unwrap();
    assert!(folder.reload(now()).unwrap().is_none());
    put(&place, "kimi-quota.json", "{\"weekly_usage_pct\": 50, \"checked_at\": \"2026-11-23T07:00:00Z\"}");
    let loaded = folder.reload(now()).unwrap().expect("a quota came");
    assert_eq!(loaded.scraped["kimi"][0].label, "Week");
    assert_eq!((loaded.settings, loaded.ledger.len()), (settings, 1));
}

#[test]
fn a_file_broken_while_open_is_left_until_it_would_be_written_over() {
    let place = temp();
    put(&place, names::TIERS, "{\"crons\": {\"a\": {\"tier\": 1, \"x\": 1}}}");
    let (mut folder, _) = open(&place);
    put(&place, names::TIERS, "{\"crons\": {\"a\": {\"ti");
    let loaded = folder.reload(now()).unwrap().expect("a problem is news");
    assert!(matches!(&loaded.problems[0].what, ProblemKind::UnusableFile { .. }));
    assert_eq!(loaded.tiers["a"].tier, Tier::T1, "what it said before still holds");
    assert_eq!(listing(&place), [names::TIERS], "it may be in the middle of somebody's write");
    tier(&mut folder, "a", Tier::T3).unwrap();
    assert_eq!(get(&place, names::TIERS), "{\"crons\": {\"a\": {\"tier\": 3, \"x\": 1}}}");
    assert_eq!(get(&place, "cron-tiers.json.broken-2026-11-23T070000Z"), "{\"crons\": {\"a\": {\"ti");
    let told = folder.reload(now()).unwrap().expect("told");
    assert!(matches!(&told.problems[0].what, ProblemKind::FileSetAside { .. }));
}

#[test]
fn leftovers_of_a_crash_between_writing_and_renaming_are_cleaned() {
    let place = temp();
    put(&place, names::TIERS, "{\"crons\": {\"a\": 1}}");
    put(&place, ".cron-tiers.json.Ab12Cd.tmp", "{\"crons\": {\"a\": 2");
    let (_folder, loaded) = open(&place);
    assert_eq!((loaded.tiers["a"].tier, loaded.problems), (Tier::T1, vec![]));
    assert_eq!(listing(&place), [names::TIERS]);
}

#[test]
fn a_debt_outlives_the_history() {
    let place = temp();
    let ledger = Ledger::from([(CronId::new("a"), debt("a"))]);
    {
        let (mut folder, _) = open(&place);
        folder.save_ledger(&ledger).unwrap();
        tier(&mut folder, "a", Tier::T2).unwrap();
    }
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(place.path().join(format!("history.db{suffix}"))).ok();
    }
    let (_folder, loaded) = open(&place);
    assert_eq!((loaded.ledger, loaded.tiers["a"].tier), (ledger, Tier::T2));
}

/// A crisis in which everything is said, with a debt whose second write is on its way.
fn in_crisis() -> (Ledger, Crisis) {
    let mut moving = debt("a");
    moving.why = LedgerReason::Crisis;
    moving.held = Some(moving.wrote.clone());
    let crisis = Crisis {
        mode: Some(CrisisMode { since: now(), by: StartedBy::Automation, recovering: None }),
        left_at: Some("2026-11-20T07:00:00Z".parse().unwrap()),
        away: [VendorId::new("google")].into(),
        relapses: vec![now()],
        came_back: BTreeMap::from([(VendorId::new("kimi"), now())]),
        report: Some(RecoveryReport { since: now(), lines: vec![] }),
        unknown: serde_json::Map::new(),
    };
    (Ledger::from([(CronId::new("a"), moving)]), crisis)
}

fn save(folder: &mut Folder, ledger: &Ledger, crisis: &Crisis) {
    folder.save_ledger(ledger).unwrap();
    folder.save_crisis(crisis).unwrap();
}

#[test]
fn nothing_to_say_of_a_crisis_makes_no_file() {
    let place = temp();
    let (mut folder, _) = open(&place);
    save(&mut folder, &Ledger::new(), &Crisis::default());
    assert_eq!(listing(&place), [""; 0]);
    let (_, crisis) = in_crisis();
    folder.save_crisis(&crisis).unwrap();
    assert!(folder.reload(now()).unwrap().is_none(), "our own write is no news");
    folder.save_crisis(&Crisis::default()).unwrap();
    drop(folder);
    let (_folder, loaded) = open(&place);
    assert_eq!((loaded.crisis, loaded.problems), (Crisis::default(), vec![]), "what is over is over");
}

#[test]
fn a_crisis_outlives_the_history_and_goes_with_a_copied_folder() {
    let (place, copy) = (temp(), temp());
    let (ledger, crisis) = in_crisis();
    {
        let (mut folder, _) = open(&place);
        save(&mut folder, &ledger, &crisis);
        // While we hold it, as somebody who makes a backup would.
        for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(place.path().join(format!("history.db{suffix}"))).ok();
    }
    for place in [&place, &copy] {
        let (folder, loaded) = open(place);
        assert_eq!(folder.held_by(), None);
        assert_eq!((loaded.ledger, loaded.crisis, loaded.problems), (ledger.clone(), crisis.clone(), vec![]));
    }
}

#[test]
fn a_program_of_another_version_loses_no_debt_and_no_mode() {
    let place = temp();
    let (ledger, crisis) = in_crisis();
    {
        let (mut folder, _) = open(&place);
        save(&mut folder, &ledger, &crisis);
    }
    // A later version was here and said more.
    let mut said: Value = serde_json::from_str(&get(&place, names::LEDGER)).unwrap();
    said["entries"]["a"]["proof"] = json!([1]);
    said["crisis"]["level"] = json!("deep");
    said["crisis"]["mode"]["by_whom"] = json!("ann");
    said["sealed"] = json!(true);
    put(&place, names::LEDGER, serde_json::to_string_pretty(&said).unwrap());
    let (mut folder, loaded) = open(&place);
    assert_eq!((&loaded.crisis.mode, &loaded.problems[..]), (&crisis.mode, &[][..]));
    assert_eq!(loaded.ledger["a"].held, ledger["a"].held);
    let (mut after, mut debts) = (loaded.crisis.clone(), loaded.ledger.clone());
    debts.get_mut("a").unwrap().held = None;
    after.relapses.clear();
    save(&mut folder, &debts, &after);
    let mut expected = said;
    expected["entries"]["a"]["held"] = Value::Null;
    expected["crisis"]["relapses"] = json!([]);
    assert_eq!(get(&place, names::LEDGER), serde_json::to_string_pretty(&expected).unwrap());
}

#[test]
fn what_is_bad_of_a_crisis_is_reported_and_the_debts_stand() {
    let place = temp();
    let (debts, crisis) = in_crisis();
    let mut said =
        ledger::with_crisis(&ledger::patched(&json!({}), &Ledger::new(), &debts), &Crisis::default(), &crisis);
    said["crisis"]["left_at"] = json!("soon");
    put(&place, names::LEDGER, said.to_string());
    let (_folder, loaded) = open(&place);
    let [Problem { what: ProblemKind::BadValue { file, path, .. }, .. }] = &loaded.problems[..] else {
        panic!("{:?}", loaded.problems);
    };
    assert_eq!((&**file, &**path), (names::LEDGER, "crisis.left_at"));
    assert_eq!((loaded.ledger, loaded.crisis), (debts, Crisis { left_at: None, ..crisis }));
}

#[test]
fn older_pauses_are_taken_over_during_a_crisis_too() {
    let place = temp();
    let (ledger, crisis) = in_crisis();
    let (mut folder, _) = open(&place);
    save(&mut folder, &ledger, &crisis);
    put(&place, names::DISABLED, "{\"b\": {\"disabledAt\": \"2026-01-01T00:00:00Z\", \"reason\": \"error\"}}");
    let loaded = folder.reload(now()).unwrap().expect("a pause was taken over");
    assert_eq!((loaded.ledger.len(), &loaded.ledger["a"], &loaded.crisis), (2, &ledger["a"], &crisis));
    let left = Crisis { mode: None, left_at: Some(now()), ..crisis };
    folder.save_crisis(&left).unwrap();
    drop(folder);
    let (_folder, again) = open(&place);
    assert_eq!((again.ledger, again.crisis), (loaded.ledger, left));
}

#[test]
fn a_broken_history_is_set_aside_and_starts_anew() {
    let place = temp();
    put(&place, names::HISTORY, "this is no database, but it is long enough to be looked at as one".repeat(40));
    let (mut folder, loaded) = open(&place);
    assert!(
        matches!(&loaded.problems[..], [Problem { what: ProblemKind::FileSetAside { file, .. }, .. }] if file == names::HISTORY)
    );
    assert!(place.path().join("history.db.broken-2026-11-23T070000Z").exists());
    assert!(folder.snapshot_definitions(&BTreeMap::new(), "daily", now()).unwrap());
}

#[test]
fn older_pauses_are_in_the_ledger_before_anybody_asks() {
    let place = temp();
    put(&place, names::DISABLED, "{\"a\": {\"disabledAt\": \"2026-01-01T00:00:00Z\", \"reason\": \"provider_down\"}}");
    let (mut folder, loaded) = open(&place);
    assert_eq!(loaded.ledger["a"].why, LedgerReason::Imported);
    let on_disk: Value = serde_json::from_str(&get(&place, names::LEDGER)).unwrap();
    assert_eq!(on_disk["entries"]["a"]["why"], "imported");
    folder.save_ledger(&Ledger::new()).unwrap();
    drop(folder);
    let (_folder, again) = open(&place);
    assert!(again.ledger.is_empty(), "given back is given back");
}

#[test]
fn a_folder_made_for_an_address_that_led_nowhere_goes_again() {
    let place = temp();
    let path = place.path().join("gateways/nowhere");
    let open = || Folder::open(&path, "test", now()).unwrap().0;
    drop(open());
    assert!(!path.exists(), "nothing was learned");
    let mut folder = open();
    tier(&mut folder, "a", Tier::T1).unwrap();
    drop(folder);
    assert!(path.join(names::TIERS).is_file() && path.join(names::HISTORY).is_file(), "something was");
    drop(open());
    assert!(path.join(names::TIERS).is_file());
    let empty = temp();
    drop(self::open(&empty));
    assert!(empty.path().join(names::HISTORY).is_file(), "a folder that was there is the user's");
}

#[cfg(unix)]
#[test]
fn a_folder_put_in_the_place_of_ours_is_noticed_and_left_alone() {
    let place = temp();
    let (path, away) = (place.path().join("state"), place.path().join("away"));
    let (folder, _) = Folder::open(&path, "test", now()).unwrap();
    assert!(!folder.is_replaced());
    fs::rename(&path, &away).unwrap();
    assert!(!folder.is_replaced(), "nothing stands there yet");
    fs::create_dir(&path).unwrap();
    atomic::write(&path.join(names::HISTORY), b"theirs").unwrap();
    assert!(folder.is_replaced());
    drop(folder);
    assert_eq!(fs::read_to_string(path.join(names::HISTORY)).unwrap(), "theirs");
}

#[test]
fn a_temporary_model_reaches_the_file_and_the_next_load() {
    let place = temp();
    put(&place, names::TRACKING, "{\"providers\": {\"kimi\": {\"status\": \"up\"}}}");
    let (mut folder, _) = open(&place);
    let model = TemporaryModel {
        id: "trial".to_owned(),
        model: crate::domain::ModelRef::parse("mistral/large"),
        is_standby: false,
        tiers: vec![Tier::T1],
        expires_at: None,
    };
    folder.put_temporary("trial", Some(&model)).unwrap();
    assert_eq!(folder.reload(now()).unwrap().map(|loaded| loaded.temporary), Some(vec![model.clone()]));
    let refused = folder.put_temporary("kimi", Some(&model));
    assert!(matches!(refused, Err(StateError::NameTaken { .. })), "{refused:?}");
    put(&place, names::TRACKING, "{\"providers\": {\"trial\": {\"status\": \"up\"}}}");
    folder.put_temporary("trial", None).unwrap();
    assert_eq!(get(&place, names::TRACKING), "{\"providers\": {\"trial\": {\"status\": \"up\"}}}");
    assert_eq!(folder.reload(now()).unwrap().map(|loaded| loaded.temporary), Some(vec![]));
}
