//! What was written down is read back, whatever else stands there.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{Fleet, ModelScope, QuotaWindow, RunStatus};
use crate::state::history::schema;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn run(cron: &str, moment: &str) -> RunRecord {
    RunRecord {
        cron: CronId::new(cron),
        at: at(moment),
        finished_at: at(moment),
        status: RunStatus::Ok,
        provider: Some("google".to_owned()),
        model: Some("gemini-3-flash".to_owned()),
        error: None,
        error_reason: None,
        duration: Some(SignedDuration::from_millis(2_345)),
        usage: Some(TokenUsage { input: 4_000, output: 300, total: 4_300 }),
    }
}

fn refused(cron: &str, moment: &str) -> RunRecord {
    let (status, error) = (RunStatus::Error, Some("no".to_owned()));
    RunRecord { status, error, provider: None, model: None, duration: None, usage: None, ..run(cron, moment) }
}

fn read(history: &History, from: &str, until: &str) -> UsageHistory {
    history.usage(at(from), at(until)).unwrap()
}

const FROM: &str = "2026-11-01T00:00:00Z";
const UNTIL: &str = "2026-11-30T00:00:00Z";

#[test]
fn what_is_read_back_is_what_was_heard() {
    let place = tempfile::tempdir().unwrap();
    let (mut history, _) = History::open(place.path(), at(FROM)).unwrap();
    let mut heard = UsageHistory::default();
    let runs = [
        run("b", "2026-11-23T08:00:00Z"),
        refused("c", "2026-11-23T07:00:00Z"),
        run("a", "2026-11-23T08:00:00Z"),
        refused("a", "2026-11-23T08:00:00Z"),
    ];
    history.remember_runs(&runs, None).unwrap();
    for run in &runs {
        heard.keep_run(PastRun::of(run));
    }
    let flash = ModelScope::Models(vec![ModelRef::of("google", "gemini-3-flash")]);
    let window = |label: &str, percent: f64, moment: &str| QuotaWindow {
        metric: Some(Metric::Requests),
        ..QuotaWindow::new(label, percent / 100.0, at(moment), Source::UsageStatus)
    };
    let readings = [
        ("google", window("Daily", 40.0, "2026-11-23T08:00:00Z")),
        ("google", window("Daily", 40.0, "2026-11-23T08:05:00Z")),
        ("google", window("Daily", 41.0, "2026-11-23T08:10:00Z")),
        ("google", QuotaWindow { covers: flash, ..window("Daily", 42.0, "2026-11-23T08:15:00Z") }),
        ("kimi", QuotaWindow { source: Source::Page, ..window("strange", 42.0, "2026-11-23T08:15:00Z") }),
        (
            "kimi",
            QuotaWindow { resets_at: Some(at("2026-11-24T00:00:00Z")), ..window("5h", 9.0, "2026-11-23T08:15:00Z") },
        ),
    ];
    for (account, window) in readings {
        let windows = BTreeMap::from([(AccountId::new(account), vec![window.clone()])]);
        history.quota_seen(&Fleet { windows, ..Fleet::default() }).unwrap();
        heard.keep_reading(&account.into(), &window);
    }
    assert_eq!(read(&history, FROM, UNTIL), heard);
    let of = |from, until| read(&history, from, until).runs.len();
    assert_eq!(of("2026-11-23T07:00:00Z", "2026-11-23T07:59:59Z"), 1, "both ends are included");
    assert_eq!(of("2026-11-23T08:00:01Z", UNTIL), 0);
}

#[test]
fn of_too_many_rows_the_newest_are_read() {
    let place = tempfile::tempdir().unwrap();
    let (mut history, _) = History::open(place.path(), at(FROM)).unwrap();
    let runs: Vec<_> = (10..20).map(|hour| run("a", &format!("2026-11-23T{hour}:00:00Z"))).collect();
    history.remember_runs(&runs, None).unwrap();
    let n = |most| history.newest_usage(at(FROM), at(UNTIL), most).unwrap();
    assert_eq!(n(3).runs.iter().map(|run| run.at).collect::<Vec<_>>(), [17, 18, 19].map(|hour| runs[hour - 10].at));
    assert_eq!(n(10).runs.len(), 10);
}

#[test]
fn rows_of_earlier_versions_are_read_and_those_of_nobody_are_left_out() {
    let place = tempfile::tempdir().unwrap();
    let db = Connection::open(place.path().join("history.db")).unwrap();
    for step in &schema::MIGRATIONS[..5] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "user_version", 5).unwrap();
    let old = run("a", "2026-11-23T08:00:00Z");
    let mut put = db.prepare("INSERT INTO runs (cron, at, run) VALUES (?1, ?2, ?3)").unwrap();
    put.execute(params!["a", old.at.as_millisecond(), crate::state::history::to_json(&old)]).unwrap();
    put.execute(params!["b", old.at.as_millisecond(), "no run"]).unwrap();
    drop(put);
    db.execute_batch(
        "INSERT INTO quota_samples (account, label, at, used_ratio, source) VALUES
            ('kimi', 'Week', 1795400000000, 0.4, '\"UsageStatus\"'),
            ('kimi', 'Week', 1795400001000, 'much', '\"UsageStatus\"'),
            (x'ff', 'Week', 1795400001000, 0.5, 'nobody');",
    )
    .unwrap();
    drop(db);
    let (mut history, _) = History::open(place.path(), at(FROM)).unwrap();
    let usage = read(&history, "2026-11-01T00:00:00Z", UNTIL);
    assert_eq!(usage.runs, [PastRun::of(&old)]);
    let (key, window) = usage.windows.first_key_value().unwrap();
    assert_eq!((key.0.as_str(), window.span, window.samples.len()), ("kimi", Some(Span::Weekly), 1));
    assert_eq!(usage.windows.len(), 1);
    history.remember_runs(std::slice::from_ref(&old), None).unwrap();
    let has_columns = "SELECT count(*) FROM runs WHERE well = 1 AND total = 4300";
    assert_eq!(history.db.query_row(has_columns, [], |row| row.get::<_, i64>(0)).unwrap(), 1, "heard once more");
}
