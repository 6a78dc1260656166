//! When crons fire: this program's own account of it beside the gateway's `nextRunAtMs`.
//!
//! The gateway says only when a cron fires next, so the expressions name the days that matter: changes of clocks, the
//! 29th of February, ends of months. What happens in between is in `tests/recorded/gateway/fires.json`.

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{Staggers, Tier};
use model_orchestrator::engine::{Command, Edit, SettingsChange, UndoScope};
use model_orchestrator::policy::next_run;
use serde_json::{Value, json};

use crate::engine::{Running, id};
use crate::gateway::Gateway;
use crate::program::Program;

/// Adds of one connection within a minute.
const ADDS: usize = 25;

const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Los_Angeles",
];

const EXPRESSIONS: [&str; 14] = [
    // In the hour that is left out, or comes twice, in one of the zones.
    "30 2 28 3 *",
    "30 2 14 3 *",
    "30 2 31 10 *",
    "30 1 7 11 *",
    "45 1 4 4 *",
    "15 2 3 10 *",
    "0 0 29 2 *",
    "0 0 31 * *",
    "59 23 L * *",
    "0 9 * * 1#1",
    "0 9 * * 5#L",
    "0 12 15W * *",
    "30 0 7 1 1 *",
    "0 3 13 * 5",
];

fn schedules() -> Vec<Value> {
    let cron = |expr: &str, zone: &str| json!({ "kind": "cron", "expr": expr, "tz": zone });
    let mut schedules: Vec<Value> =
        ZONES.iter().flat_map(|zone| EXPRESSIONS.iter().map(move |expr| cron(expr, zone))).collect();
    schedules
        .extend(["@monthly", "@yearly", "@weekly", "@midnight", "? 4 ? ? ?"].map(|expr| cron(expr, "Europe/Berlin")));
    // Without being told so the gateway staggers what fires on the hour.
    schedules.extend(["0 */6 * * *", "0 0 */12 * * *", "0 1,*/5 1 * *"].map(|expr| cron(expr, "Asia/Kolkata")));
    for stagger in [0, 1, 60_000, 7_200_000] {
        schedules.push(json!({ "kind": "cron", "expr": "0 */6 * * *", "tz": "UTC", "staggerMs": stagger }));
    }
    for anchor in [json!(1_767_225_600_123_i64), json!(4_102_444_800_000_i64), Value::Null] {
        schedules.push(json!({ "kind": "every", "everyMs": 86_400_000, "anchorMs": anchor, "expr": null, "tz": null }));
    }
    schedules.push(json!({ "kind": "at", "at": "2031-03-30T02:30:00+02:00", "expr": null, "tz": null }));
    schedules
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn every_cron_fires_when_the_gateway_says() {
    drop(Gateway::empty());
    let mut wrong = Vec::new();
    let schedules = schedules();
    for (n, some) in schedules.chunks(ADDS).enumerate() {
        let another = Gateway::connect();
        for (m, schedule) in some.iter().enumerate() {
            let payload = json!({ "kind": "command", "argv": ["true"], "message": null, "timeoutSeconds": null });
            let name = format!("fires {}", n * ADDS + m);
            let id = another.add(&name, None, json!({ "schedule": schedule, "payload": payload }));
            let job = another.job(&id);
            let added =
                job["createdAtMs"].as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok()).expect("a time");
            let theirs = job["nextRunAtMs"].as_i64().or_else(|| job["state"]["nextRunAtMs"].as_i64());
            let mut cron = another.cron(&id);
            // Ours is worked out, not copied.
            cron.next_run_at = None;
            let ours = next_run(&cron, added).map(Timestamp::as_millisecond);
            if ours != theirs {
                let said = |ms: Option<i64>| ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
                wrong.push(format!("{schedule} after {added}: {:?}, not {:?}", said(ours), said(theirs)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), schedules.len(), wrong.join("\n"));
}

/// What the gateway says of when a job runs next, and of its stagger.
fn next_and_stagger(gateway: &Gateway, job: &str) -> (Option<i64>, Option<i64>) {
    let job = gateway.job(job);
    let next = job["nextRunAtMs"].as_i64().or_else(|| job["state"]["nextRunAtMs"].as_i64());
    (next, job["schedule"]["staggerMs"].as_i64())
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn a_stagger_delays_as_foretold_and_an_undo_brings_back_the_former_time() {
    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let schedule = json!({ "kind": "cron", "expr": "30 6 * * *", "tz": "Europe/Brussels" });
    let job = gateway.add("half past", Some("alpha/a-large"), json!({ "schedule": schedule }));
    let (before, none) = next_and_stagger(&gateway, &job);
    assert_eq!(none, None);
    let engine = Running::start(&gateway, &program);
    engine.ask(Command::Edit(Edit::SetTier { crons: vec![id(&job)], tier: Some(Tier::T1) }));
    engine.ask(Command::Settings(SettingsChange::SetEditsSchedules(true)));
    let staggers: Staggers = [(id(&job), SignedDuration::from_mins(10))].into();
    engine.ask(Command::PrepareApart(staggers));
    let offer = engine.wait("the offer", |now| now.offer.is_some()).offer.clone().expect("it is there");
    engine.begin(&offer);
    engine.finish(&offer);

    let (delayed, stagger) = next_and_stagger(&gateway, &job);
    let mut cron = gateway.cron(&job);
    cron.next_run_at = None;
    let from = before.and_then(|ms| Timestamp::from_millisecond(ms - 1).ok()).expect("a time");
    assert_eq!((delayed, stagger), (next_run(&cron, from).map(Timestamp::as_millisecond), Some(600_000)));
    assert!(delayed > before, "{delayed:?} after {before:?}");

    engine.ask(Command::PrepareUndo(UndoScope::Last));
    let undo = engine.wait("the undo", |now| now.offer.is_some()).offer.clone().expect("it is there");
    engine.begin(&undo);
    engine.finish(&undo);
    assert_eq!(next_and_stagger(&gateway, &job), (before, Some(0)));
    engine.end();
}
