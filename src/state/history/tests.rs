//! The journal and what it tells after a crash.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::domain::{
    AccountId, Cause, Change, ChangeKind, Confirmation, Cron, CronId, Fields, Fleet, Health, JobPhase, LineOutcome,
    Metric, ModelRef, Outage, PaidQuestion, Payload, Plan, PlanId, PlanOrigin, ProblemKind, QuotaWindow, Reason,
    Remembered, RouteKey, RunRecord, RunStatus, Schedule, Source, StartedBy, Switch, SwitchId, Vital,
};
use crate::state::switch_log::LogLine;
use crate::state::{Folder, names};

fn now() -> Timestamp {
    "2026-11-23T07:00:00.25Z".parse().unwrap()
}

fn fields(model: &str) -> Fields {
    Fields { model: Some(model.to_owned()), fallbacks: None, enabled: true }
}

fn change(cron: &str) -> Change {
    Change {
        cron: CronId::new(cron),
        name: format!("{cron} | 余"),
        tier: None,
        critical: false,
        revision: None,
        from: fields("a/old"),
        to: fields("b/new"),
        schedule: None,
        from_model: None,
        to_model: None,
        to_route: None,
        kind: ChangeKind::Move,
        reason: Reason::FirstServing { route: RouteKey::new("kimi"), ahead: Arc::default(), since: None },
        cause: Cause::Health,
        next_run_at: None,
        running_since: None,
        marks: vec![],
        ticked: true,
    }
}

fn plan(crons: &[&str]) -> Plan {
    Plan {
        id: PlanId::new("p1"),
        at: now(),
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes: crons.iter().map(|cron| change(cron)).collect(),
        decisions: vec![],
        notes: vec![],
        daily_cost: None,
        writes: None,
    }
}

fn switch(cron: &str) -> Switch {
    let change = change(cron);
    Switch {
        id: SwitchId::new(format!("s-{cron}")),
        plan: PlanId::new("p1"),
        at: now(),
        cron: change.cron,
        name: change.name,
        from: change.from,
        to: change.to,
        schedule: None,
        revision_before: None,
        revision_after: None,
        reason: change.reason,
        cause: change.cause,
        confirmation: Confirmation::Waiting,
        undone_by: None,
        by: crate::domain::StartedBy::Hand,
        seal: None,
    }
}

fn line(switch: &Switch) -> LogLine {
    let (at, name) = (switch.at, switch.name.clone());
    LogLine { at, name, from: "a/old".to_owned(), to: "b/new".to_owned(), reason: "Kimi serves".to_owned() }
}

/// Writes down that a line was switched. The log follows, or not.
fn switched(folder: &mut Folder, job: i64, switch: &Switch, takes_back: &[SwitchId], is_logged: bool) {
    let record = Record { switch, takes_back, line: &line(switch) };
    folder.outcome(job, &switch.cron, &LineOutcome::Verified, Some(record), now()).unwrap();
    if is_logged {
        folder.log_switch(record).unwrap();
    }
}

fn cron(id: &str, definition: serde_json::Value) -> (CronId, Arc<Cron>) {
    let cron = Cron {
        definition: Arc::new(definition),
        ..Cron::new(CronId::new(id), id, Schedule::At { at: now() }, Payload::Other("command".to_owned()))
    };
    (cron.id.clone(), Arc::new(cron))
}

fn rows(history: &History, query: &str) -> Vec<[String; 2]> {
    let mut query = history.db.prepare(query).unwrap();
    let rows = query.query_map([], |row| Ok([row.get(0)?, row.get(1)?])).unwrap();
    rows.map(Result::unwrap).collect()
}

fn ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.cron.as_str()).collect()
}

#[test]
fn a_job_cut_off_at_any_step_tells_what_is_in_doubt() {
    let place = tempfile::tempdir().unwrap();
    let open = || Folder::open(place.path(), "test", now()).unwrap();
    let asked = ["c", "a", "b"].map(CronId::new);
    let (mut folder, loaded) = open();
    assert!(loaded.interrupted.is_none());
    let job = folder.begin_job(&plan(&["a", "b", "c", "d"]), &asked, StartedBy::Automation, now()).unwrap();

    // The process ends and another one opens the folder, after each step.
    drop(folder);
    let (mut folder, loaded) = open();
    let found = loaded.interrupted.expect("begun and not ended");
    assert_eq!(
        (found.id, ids(&found.not_begun)),
        (job, vec!["a", "b", "c"]),
        "in the plan's order, only what was asked"
    );
    assert_eq!(found.plan.as_deref(), Some(&plan(&["a", "b", "c", "d"])));
    assert_eq!(found.by, StartedBy::Automation, "what is found of it later counts for its limit");
    folder.intent(job, &change("a"), now()).unwrap();

    drop(folder);
    let (mut folder, loaded) = open();
    let found = loaded.interrupted.expect("still not ended");
    assert_eq!((ids(&found.in_doubt), ids(&found.not_begun)), (vec!["a"], vec!["b", "c"]));
    switched(&mut folder, job, &switch("a"), &[], true);
    let conflict = LineOutcome::Conflict { detail: "changed at 07:00".to_owned() };
    folder.intent(job, &change("b"), now()).unwrap();
    folder.outcome(job, &CronId::new("b"), &conflict, None, now()).unwrap();

    drop(folder);
    let (mut folder, loaded) = open();
    let found = loaded.interrupted.expect("one line is left");
    assert_eq!((found.in_doubt.len(), ids(&found.not_begun)), (0, vec!["c"]));
    assert_eq!(found.done, [(CronId::new("a"), LineOutcome::Verified), (CronId::new("b"), conflict)]);
    folder.end_job(job, &JobPhase::Interrupted, now()).unwrap();

    drop(folder);
    let (mut folder, loaded) = open();
    assert!(loaded.interrupted.is_some(), "an interrupted job can be continued, so it has no end");
    folder.end_job(job, &JobPhase::Stopped, now()).unwrap();
    drop(folder);
    assert!(open().1.interrupted.is_none());
}

#[test]
fn a_killed_process_leaves_each_switch_in_the_log_once() {
    let place = tempfile::tempdir().unwrap();
    let open = || Folder::open(place.path(), "test", now()).unwrap();
    let log = || fs::read_to_string(place.path().join(names::SWITCHES)).unwrap_or_default();
    let (mut folder, _) = open();
    let job = folder.begin_job(&plan(&["a", "b"]), &["a", "b"].map(CronId::new), StartedBy::Hand, now()).unwrap();
    switched(&mut folder, job, &switch("a"), &[], true);
    // Between the journal and the log.
    switched(&mut folder, job, &switch("b"), &[], false);
    assert_eq!(log().lines().count(), 1);
    drop(folder);
    let expected = "2026-11-23T07:00:00Z | a \\| 余 | a/old -> b/new | Kimi serves\n\
                    2026-11-23T07:00:00Z | b \\| 余 | a/old -> b/new | Kimi serves\n";
    for _ in 0..2 {
        drop(open());
        assert_eq!(log(), expected);
    }

    // Between the log and its mark in the journal.
    let (mut folder, _) = open();
    switched(&mut folder, job, &switch("c"), &[], false);
    drop(folder);
    atomic::append_line(&place.path().join(names::SWITCHES), &line(&switch("c")).to_text()).unwrap();
    drop(open());
    assert_eq!(log().lines().count(), 3);
}

#[test]
fn crons_of_one_name_switched_in_one_second_have_a_line_each() {
    // What became of the line of each: written and known to be, written, or never written.
    #[derive(Clone, Copy)]
    enum Line {
        Known,
        Written,
        Lost,
    }
    use Line::{Known, Lost, Written};
    let twin = |n: usize| Switch { id: SwitchId::new(format!("s-{n}")), ..switch("a") };
    let cases: [&[Line]; 7] = [
        &[Known, Lost],
        &[Lost, Known],
        &[Known, Written],
        &[Written, Lost],
        &[Lost, Written],
        &[Lost, Lost, Known],
        &[Known, Written, Lost, Known],
    ];
    for (case, lines) in cases.into_iter().enumerate() {
        let place = tempfile::tempdir().unwrap();
        let open = || Folder::open(place.path(), "test", now()).unwrap();
        let (mut folder, _) = open();
        for (n, line_is) in lines.iter().enumerate() {
            switched(&mut folder, 1, &twin(n), &[], matches!(line_is, Known));
            if matches!(line_is, Written) {
                atomic::append_line(&place.path().join(names::SWITCHES), &line(&twin(n)).to_text()).unwrap();
            }
        }
        drop(folder);
        for _ in 0..2 {
            drop(open());
            let log = fs::read_to_string(place.path().join(names::SWITCHES)).unwrap();
            assert_eq!(log.lines().count(), lines.len(), "case {case}");
            assert!(log.lines().all(|said| said == line(&twin(0)).to_text()), "case {case}");
        }
    }
}

#[test]
fn a_switch_remembers_its_confirmation_and_who_took_it_back() {
    let place = tempfile::tempdir().unwrap();
    let open = || Folder::open(place.path(), "test", now()).unwrap();
    let (mut folder, _) = open();
    let old = [SwitchId::new("s-a")];
    for (cron, takes_back) in [("a", &[][..]), ("b", &old)] {
        switched(&mut folder, 1, &switch(cron), takes_back, true);
        // The same outcome told twice is one switch.
        switched(&mut folder, 1, &switch(cron), takes_back, false);
    }
    let confirmed = Confirmation::Confirmed { at: now() };
    folder.confirm(&SwitchId::new("s-a"), &confirmed).unwrap();
    drop(folder);
    let switches = open().1.switches;
    assert_eq!(switches[0], switch("b"), "newest first");
    let expected = Switch { confirmation: confirmed, undone_by: Some(SwitchId::new("s-b")), ..switch("a") };
    assert_eq!(switches[1..], [expected]);
}

#[test]
fn a_plan_is_remembered_whole_although_a_face_sees_only_the_newest() {
    let place = tempfile::tempdir().unwrap();
    let (mut history, _) = History::open(place.path(), now()).unwrap();
    history.db.pragma_update(None, "synchronous", "OFF").unwrap();
    let crons: Vec<String> = (0..1500).map(|n| format!("{n:04}")).collect();
    for cron in &crons {
        let switch = switch(cron);
        let record = Record { switch: &switch, takes_back: &[], line: &line(&switch) };
        history.outcome(1, &switch.cron, &LineOutcome::Verified, Some(record), now()).unwrap();
        history.mark_logged(&switch.id).unwrap();
    }
    let other = Switch { id: SwitchId::new("undo"), plan: PlanId::new("p2"), cause: Cause::Undo, ..switch("0000") };
    let record = Record { switch: &other, takes_back: &[SwitchId::new("s-0000")], line: &line(&other) };
    history.outcome(2, &other.cron, &LineOutcome::Verified, Some(record), now()).unwrap();
    drop(history);
    let (folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    assert_eq!(loaded.switches.len(), 1000);
    assert_eq!(folder.newest_standing_plan().unwrap(), Some(PlanId::new("p1")), "an undo is not taken back by itself");
    let whole = folder.switches_of(&PlanId::new("p1")).unwrap();
    assert_eq!(whole.iter().map(|switch| switch.cron.as_str()).collect::<Vec<_>>(), crons);
    let taken_back = whole.iter().filter(|switch| switch.undone_by.is_some());
    assert_eq!(taken_back.map(|switch| switch.cron.as_str()).collect::<Vec<_>>(), ["0000"], "although not shown");
    let named = |name: &str| folder.switches_named(name).unwrap().len();
    assert_eq!(
        [named("p1"), named("p"), named("s-0000"), named("s-"), named("P1"), named("%")],
        [1500, 1501, 1, 1500, 0, 0]
    );
}

#[test]
fn an_interrupted_undo_knows_what_it_takes_back() {
    let place = tempfile::tempdir().unwrap();
    let open = || Folder::open(place.path(), "test", now()).unwrap();
    let (mut folder, _) = open();
    for cron in ["a", "b"] {
        switched(&mut folder, 1, &switch(cron), &[], true);
    }
    let origin = PlanOrigin::Undo { of: PlanId::new("p1") };
    let undo = Plan { id: PlanId::new("p2"), origin, ..plan(&["a", "b"]) };
    let job = folder.begin_job(&undo, &["a", "b"].map(CronId::new), StartedBy::Hand, now()).unwrap();
    let back = Switch { id: SwitchId::new("back"), plan: undo.id, ..switch("a") };
    switched(&mut folder, job, &back, &[SwitchId::new("s-a")], true);
    drop(folder);
    assert_eq!(open().1.interrupted.expect("no end yet").undoes, [switch("b")]);
}

#[test]
fn equal_definitions_are_kept_once() {
    let place = tempfile::tempdir().unwrap();
    let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
    let first = BTreeMap::from([cron("a", json!({"x": 1})), cron("b", json!({"x": 1}))]);
    assert!(folder.snapshot_definitions(&first, "daily", now()).unwrap());
    assert!(!folder.snapshot_definitions(&first, "before an apply", now()).unwrap(), "nothing differs");
    let second = BTreeMap::from([cron("a", json!({"x": 2})), cron("b", json!({"x": 1}))]);
    assert!(folder.snapshot_definitions(&second, "before an apply", now()).unwrap());
    let history = History::open(place.path(), now()).unwrap().0;
    let newest = "SELECT cron, definition FROM snapshot_crons JOIN definitions USING (hash) \
                  WHERE snapshot = (SELECT max(id) FROM snapshots) ORDER BY cron";
    let expected = [["a", "{\"x\":2}"], ["b", "{\"x\":1}"]].map(|pair| pair.map(str::to_owned));
    assert_eq!(rows(&history, newest), expected);
    let n: i64 = history.db.query_row("SELECT count(*) FROM definitions", [], |row| row.get(0)).unwrap();
    assert_eq!(n, 2);
}

#[test]
fn a_run_is_kept_once_and_old_ones_go() {
    let place = tempfile::tempdir().unwrap();
    let run = |at: &str| RunRecord {
        cron: CronId::new("a"),
        at: at.parse().unwrap(),
        finished_at: at.parse().unwrap(),
        status: RunStatus::Ok,
        provider: Some("kimi".to_owned()),
        model: None,
        error: None,
        error_reason: None,
        duration: None,
        usage: None,
    };
    let (old, new) = (run("2025-01-01T00:00:00Z"), run("2026-11-23T06:00:00Z"));
    let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
    for run in [&old, &new, &new] {
        folder.remember_runs(std::slice::from_ref(run), Some(run.at), now()).unwrap();
    }
    let kept = || {
        let history = History::open(place.path(), now()).unwrap().0;
        let runs = rows(&history, "SELECT cron, run FROM runs ORDER BY at");
        runs.iter().map(|[_, run]| from_json(run).unwrap()).collect::<Vec<RunRecord>>()
    };
    assert_eq!(kept(), [old, new.clone()]);
    folder.forget_before("2026-11-23T06:00:00Z".parse().unwrap(), now()).unwrap();
    assert_eq!(kept(), [new]);
}

#[test]
fn a_database_of_a_later_version_stays_and_nothing_is_applied_beside_it() {
    let place = tempfile::tempdir().unwrap();
    let (history, _) = History::open(place.path(), now()).unwrap();
    history.db.pragma_update(None, "user_version", 99).unwrap();
    drop(history);
    assert!(matches!(History::open(place.path(), now()), Err(StateError::NewerHistory)));
    assert!(matches!(History::open_read_only(place.path()), Err(StateError::NewerHistory)));
    let (mut folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    let said: Vec<_> = loaded.problems.iter().map(|problem| &problem.what).collect();
    assert_eq!(said, [&ProblemKind::NewerFile { file: FILE.to_owned() }]);
    let refused = folder.begin_job(&plan(&["a"]), &[CronId::new("a")], StartedBy::Hand, now());
    assert!(matches!(refused, Err(StateError::NewerHistory)), "{refused:?}");
    drop(folder);
    let db = Connection::open(place.path().join(FILE)).unwrap();
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99, "it is not set aside");
}

#[cfg(unix)]
#[test]
fn the_database_is_for_its_owner_only_like_every_state_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let private = || {
        let entries = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap());
        entries
            .for_each(|entry| assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}"));
    };
    drop(History::open(place.path(), now()).unwrap());
    private();
    std::fs::set_permissions(place.path().join(FILE), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_open, _) = History::open(place.path(), now()).unwrap();
    private();
}

fn window(label: &str, percent: f64, at: &str) -> QuotaWindow {
    QuotaWindow::new(label, percent / 100.0, at.parse().unwrap(), Source::Probe)
}

fn fleet(windows: Vec<QuotaWindow>) -> Fleet {
    Fleet { windows: BTreeMap::from([(AccountId::new("kimi"), windows)]), ..Fleet::default() }
}

#[test]
fn a_reading_that_says_the_same_again_is_no_row_until_an_hour_has_passed() {
    let place = tempfile::tempdir().unwrap();
    let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
    let week = |percent, at| window("Week", percent, at);
    let soon = QuotaWindow { resets_at: "2026-11-24T01:00:00Z".parse().ok(), ..week(41.0, "2026-11-23T08:07:00Z") };
    let jitter = |reset: &str, at| QuotaWindow { resets_at: reset.parse().ok(), ..week(41.0, at) };
    let cases = [
        (week(40.0, "2026-11-23T07:00:00Z"), 1, "the first"),
        (week(40.0, "2026-11-23T07:00:00Z"), 1, "the same reading"),
        (week(40.0, "2026-11-23T07:59:59Z"), 1, "nothing new"),
        (week(40.0, "2026-11-23T08:00:00Z"), 2, "an hour later it is news that nothing changed"),
        (week(41.0, "2026-11-23T08:06:00Z"), 3, "another use"),
        (soon, 4, "a reset is known"),
        (jitter("2026-11-24T01:01:30Z", "2026-11-23T08:08:00Z"), 4, "nearly the same reset"),
        (jitter("2026-11-24T06:00:00Z", "2026-11-23T08:09:00Z"), 5, "another reset"),
        (window("5h", 41.0, "2026-11-23T08:09:00Z"), 6, "another window"),
    ];
    for (window, n_rows, why) in cases {
        folder.remember_quota(&fleet(vec![window]), now()).unwrap();
        let history = History::open_read_only(place.path()).unwrap();
        let n: i64 = history.db.query_row("SELECT count(*) FROM quota_samples", [], |row| row.get(0)).unwrap();
        assert_eq!(n, n_rows, "{why}");
    }
}

#[test]
fn health_is_kept_when_it_changes() {
    let place = tempfile::tempdir().unwrap();
    let limit = |reset: &str| Health::LimitHit { resets_at: reset.parse().ok() };
    let cases = [
        ("kimi", Health::Unknown, 0, "nothing was known"),
        ("kimi", Health::Up, 1, "news"),
        ("kimi", Health::Up, 1, "no news"),
        ("kimi", limit("2026-11-23T08:00:00Z"), 2, "a limit"),
        ("kimi", limit("2026-11-23T08:00:20Z"), 2, "the same limit"),
        ("zai", Health::Up, 3, "another account"),
        ("kimi", Health::Unknown, 4, "it is no longer known"),
    ];
    for (id, health, n_rows, why) in cases {
        // A new start knows what was kept before.
        let (mut folder, _) = Folder::open(place.path(), "test", now()).unwrap();
        let vital = Vital { health, ..Vital::default() };
        let fleet = Fleet { accounts: BTreeMap::from([(AccountId::new(id), vital)]), ..Fleet::default() };
        folder.remember_health(&fleet, now()).unwrap();
        let history = History::open_read_only(place.path()).unwrap();
        assert_eq!(rows(&history, "SELECT subject, state FROM health_changes").len(), n_rows, "{why}");
    }
    let history = History::open_read_only(place.path()).unwrap();
    let states = rows(&history, "SELECT subject, state FROM health_changes ORDER BY rowid");
    let states: Vec<_> = states.iter().map(|[subject, state]| (&**subject, &**state)).collect();
    assert_eq!(states, [("kimi", "up"), ("kimi", "quota_exhausted"), ("zai", "up"), ("kimi", "unknown")]);
}

#[test]
fn a_database_of_an_earlier_version_keeps_its_rows_and_takes_new_ones() {
    let place = tempfile::tempdir().unwrap();
    let db = Connection::open(place.path().join(FILE)).unwrap();
    for step in &schema::MIGRATIONS[..4] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "user_version", 4).unwrap();
    db.execute_batch(
        "INSERT INTO quota_samples VALUES ('kimi', 'Week', 1795400000000, 0.4, NULL, '\"UsageStatus\"');
         INSERT INTO health_changes VALUES (1795400000000, 'kimi', '\"Up\"', '\"Run\"');",
    )
    .unwrap();
    drop(db);
    let (mut folder, loaded) = Folder::open(place.path(), "test", now()).unwrap();
    assert_eq!(loaded.problems, []);
    let week = QuotaWindow { metric: Some(Metric::Percent), ..window("Week", 40.0, "2026-11-23T07:00:00Z") };
    let vital = Vital { health: Health::Up, ..Vital::default() };
    let accounts = BTreeMap::from([(AccountId::new("kimi"), vital)]);
    let fleet = Fleet { accounts, ..fleet(vec![week]) };
    folder.remember_quota(&fleet, now()).unwrap();
    folder.remember_health(&fleet, now()).unwrap();
    let history = History::open_read_only(place.path()).unwrap();
    let kept = rows(&history, "SELECT coalesce(span, '-'), coalesce(metric, '-') FROM quota_samples ORDER BY at");
    assert_eq!(kept, [["-", "-"], ["weekly", "percent"]].map(|row| row.map(str::to_owned)));
    let kept = rows(&history, "SELECT health, coalesce(state, '-') FROM health_changes ORDER BY rowid");
    assert_eq!(kept, [["\"Up\"", "-"], ["\"Up\"", "up"]].map(|row| row.map(str::to_owned)));
}

#[test]
fn how_the_accounts_stood_is_known_again() {
    let place = tempfile::tempdir().unwrap();
    let at: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let limit = Vital { health: Health::LimitHit { resets_at: Some(at) }, observed_at: Some(at), ..Vital::default() };
    let fleet = Fleet {
        accounts: [("kimi".into(), limit.clone())].into(),
        models: [(ModelRef::of("google", "gemini-3-flash"), limit)].into(),
        windows: [("kimi".into(), vec![QuotaWindow::new("Week", 1.0, at, Source::Probe)])].into(),
        ..Fleet::default()
    };
    let known = Remembered {
        fleet: std::sync::Arc::new(fleet),
        not_before: [("zai".into(), at)].into(),
        paid: vec![PaidQuestion { account: "kimi".into(), at, tokens: 8 }],
        down_since: [("kimi".into(), at)].into(),
    };
    let (mut history, _) = History::open(place.path(), at).unwrap();
    assert_eq!(history.accounts().unwrap(), Remembered::default());
    history.note_accounts(&known).unwrap();
    drop(history);
    assert_eq!(History::open(place.path(), at).unwrap().0.accounts().unwrap(), known);
}
