//! On a gateway with several providers: look, sort, plan, apply, verify, conflict, drain, undo.

use std::collections::BTreeMap;

use model_orchestrator::domain::{Confirmation, LineOutcome, Tier};
use model_orchestrator::engine::{Command, Edit, UndoScope};
use serde_json::json;

use crate::engine::{Running, id};
use crate::gateway::{Gateway, Mark, mark, owned};
use crate::program::{Program, names, with_outcome};

const ROUTES: &[(&str, &str)] =
    &[("small", "alpha/a-small"), ("large", "alpha/a-large"), ("flash", "gamma/g-flash"), ("opus", "beta/b-opus")];
const CHAINS: &[(Tier, &[&str])] =
    &[(Tier::T1, &["small", "flash"]), (Tier::T2, &["flash", "small"]), (Tier::T3, &["large", "flash"])];

/// A cron of every kind that the gateway takes, and a few names that are hard to draw.
fn every_kind(gateway: &Gateway) -> usize {
    let system_event = json!({ "sessionTarget": "main",
        "payload": { "kind": "systemEvent", "text": "wake up", "message": null, "timeoutSeconds": null } });
    let command =
        json!({ "payload": { "kind": "command", "argv": ["true"], "message": null, "timeoutSeconds": null } });
    let cases = [
        ("full reference", Some("alpha/a-small"), json!({ "payload": { "fallbacks": ["gamma/g-flash"] } })),
        ("bare model id", Some("g-flash"), json!({})),
        ("alias", Some("small"), json!({})),
        ("agent default", None, json!({})),
        ("no fallbacks", Some("beta/b-opus"), json!({ "payload": { "fallbacks": [] } })),
        ("unknown model", Some("nope/none"), json!({})),
        (
            "every three hours",
            Some("alpha/a-small"),
            json!({ "schedule": { "kind": "every", "everyMs": 10_800_000, "expr": null, "tz": null } }),
        ),
        (
            "once",
            None,
            json!({ "schedule": { "kind": "at", "at": "2031-01-01T08:00:00Z", "expr": null, "tz": null }, "deleteAfterRun": true }),
        ),
        ("six fields", None, json!({ "schedule": { "expr": "30 0 7 1 1 *" } })),
        ("switched off", Some("alpha/a-small"), json!({ "enabled": false })),
        ("declared", None, json!({ "declarationKey": "tests:declared" })),
        ("竞品周报 余额 🧾", None, json!({})),
        ("system event", None, system_event),
        ("command", None, command),
    ];
    for (name, model, with) in &cases {
        gateway.add(name, *model, with.clone());
    }
    gateway.add(&"long ".repeat(40), None, json!({}));
    cases.len() + 1
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn the_first_connection_reads_every_kind_of_cron_writes_nothing_and_plans_nothing() {
    let gateway = Gateway::empty();
    let n_ours = every_kind(&gateway);
    let n_owned = gateway.jobs().values().filter(|job| owned(job)).count();
    let before = gateway.marks();
    let program = Program::new(&gateway);

    let plan = program.ok(&["plan"]);
    assert_eq!(plan["changes"], json!([]), "nobody has sorted anything");
    assert_eq!(plan["mode"], "healthy");
    let status = program.ok(&["status"]);
    assert_eq!(status["crons"]["total"], n_ours + n_owned, "{status}");
    assert_eq!(status["crons"]["routable"], n_ours - 2, "all but the system event and the command");
    assert_eq!(status["problems"], json!([]), "every job of a real gateway is readable");

    let engine = Running::start(&gateway, &program);
    let now = engine.now();
    assert_eq!(now.plan.changes, []);
    assert_eq!(now.suggestions.len(), n_ours - 2, "a tier is suggested for every routable cron");
    engine.end();
    assert_eq!(gateway.marks(), before, "looking is not touching");
    assert_eq!(program.log(), []);
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn distribute_moves_only_what_differs_once_and_undo_gives_every_revision_back() {
    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let fallbacks = json!({ "payload": { "fallbacks": ["gamma/g-flash"] } });
    gateway.add("there already", Some("alpha/a-small"), fallbacks);
    gateway.add("there by alias", Some("small"), json!({}));
    gateway.add("there by default", None, json!({}));
    let elsewhere = gateway.add("elsewhere", Some("gamma/g-flash"), json!({}));
    let on_default = gateway.add("on the default", None, json!({}));
    gateway.add("unsorted", Some("beta/b-opus"), json!({}));
    gateway.add("pinned", Some("beta/b-opus"), json!({}));
    gateway.add("held", Some("beta/b-opus"), json!({}));
    gateway.add("switched off", Some("beta/b-opus"), json!({ "enabled": false }));
    let engine = Running::start(&gateway, &program);
    engine.set_chains(ROUTES, CHAINS);
    engine.end();
    let before = gateway.marks();

    program.ok(&["tier", "there already", "there by alias", "elsewhere", "switched off", "T1"]);
    program.ok(&["tier", "on the default", "T2"]);
    program.ok(&["tier", "there by default", "T3"]);
    program.ok(&["tier", "pinned", "T1", "--pin", "beta/b-opus"]);
    program.ok(&["tier", "held", "T1", "--hold"]);
    assert_eq!(gateway.marks(), before, "sorting changes the wish, not the gateway");

    let dry = program.ok(&["distribute", "--dry-run"]);
    assert_eq!(names(&dry["changes"]), ["elsewhere", "on the default"], "{dry}");
    assert!(dry["changes"].as_array().expect("a list").iter().all(|change| change["cause"] == "edit"), "{dry}");
    assert_eq!(gateway.marks(), before, "a dry run is dry");

    let first = program.ok(&["distribute", "--yes"]);
    assert_eq!(with_outcome(&first, "verified"), ["elsewhere", "on the default"]);
    assert_eq!(names(&first["lines"]).len(), 2);
    let (moved, given) = (gateway.job(&elsewhere), gateway.job(&on_default));
    assert_eq!(
        (&moved["payload"]["model"], &moved["payload"]["fallbacks"]),
        (&json!("alpha/a-small"), &json!(["gamma/g-flash"]))
    );
    assert_eq!(
        (&given["payload"]["model"], &given["payload"]["fallbacks"]),
        (&json!("gamma/g-flash"), &json!(["alpha/a-small"]))
    );
    let after = gateway.marks();
    let touched: Vec<_> =
        after.iter().filter(|(name, mark)| before[*name] != **mark).map(|(name, _)| name.clone()).collect();
    assert_eq!(touched, ["elsewhere", "on the default"], "only what differed was written");
    let mut log = program.log();
    log.sort();
    assert_eq!(
        log,
        [
            ("elsewhere".to_owned(), "gamma/g-flash -> alpha/a-small".to_owned()),
            ("on the default".to_owned(), "alpha/a-large -> gamma/g-flash".to_owned()),
        ],
        "the log has exactly the verified switches"
    );

    let second = program.ok(&["distribute", "--yes"]);
    assert_eq!((&second["changes"], &second["lines"]), (&json!([]), &json!([])));
    assert_eq!(gateway.marks(), after, "the second run makes no call that writes");
    assert_eq!(program.log().len(), 2);

    let undone = program.ok(&["undo", "--yes"]);
    assert_eq!(with_outcome(&undone, "verified"), ["elsewhere", "on the default"]);
    assert_eq!(revisions(&gateway.marks()), revisions(&before), "every definition is the one of before");
    assert_eq!(program.log().len(), 4, "the way back is logged, too");
    let third = program.ok(&["plan"]);
    assert_eq!(third["changes"], json!([]), "an undone cron is held, not moved again");
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn a_cron_that_was_edited_between_plan_and_write_is_a_conflict_and_stays_theirs() {
    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let ids: Vec<_> = (0..16).map(|n| gateway.add(&format!("cron {n:02}"), Some("gamma/g-flash"), json!({}))).collect();
    let engine = Running::start(&gateway, &program);
    engine.set_chains(ROUTES, CHAINS);
    let crons = ids.iter().map(|cron| id(cron)).collect();
    engine.ask(Command::Edit(Edit::SetTier { crons, tier: Some(Tier::T1) }));
    engine.wait_saved();
    let plan = engine.wait("all of them in the plan", |now| now.plan.changes.len() == ids.len()).plan.clone();
    let last = plan.changes.last().expect("there are changes").clone();

    // The edit comes while the first lines are being written: too late for the plan, too early for the line.
    engine.begin(&plan);
    gateway.edit(last.cron.as_str(), &json!({ "payload": { "kind": "agentTurn", "message": "Theirs." } }));
    let theirs = mark(&gateway.job(last.cron.as_str()));
    let job = engine.finish(&plan);
    for line in &job.lines {
        if line.change.cron == last.cron {
            assert!(matches!(line.outcome, LineOutcome::Conflict { .. }), "{:?}", line.outcome);
        } else {
            assert_eq!(line.outcome, LineOutcome::Verified, "{}", line.change.name);
        }
    }
    let job = gateway.job(last.cron.as_str());
    assert_eq!(mark(&job), theirs, "nothing was written over it");
    assert_eq!(job["payload"]["message"], "Theirs.");
    assert_eq!(program.log().len(), ids.len() - 1);
    assert!(program.log().iter().all(|(name, _)| *name != last.name));
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn a_switch_is_confirmed_by_the_next_run_and_undone_through_the_engine() {
    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let cron = gateway.add("digest", Some("alpha/a-large"), json!({}));
    let before = mark(&gateway.job(&cron));
    let engine = Running::start(&gateway, &program);
    engine.set_chains(ROUTES, CHAINS);
    engine.ask(Command::Edit(Edit::SetTier { crons: vec![id(&cron)], tier: Some(Tier::T2) }));
    let planned = engine.wait("the cron in the plan", |now| now.plan.change(&id(&cron)).is_some());
    engine.begin(&planned.plan);
    engine.finish(&planned.plan);
    assert_eq!(engine.now().switches[0].confirmation, Confirmation::Waiting);

    let calls = gateway.provider_calls("gamma");
    gateway.run(&cron);
    let confirmed =
        engine.wait("the run that confirms it", |now| now.switches[0].confirmation != Confirmation::Waiting);
    assert!(
        matches!(confirmed.switches[0].confirmation, Confirmation::Confirmed { .. }),
        "{:?}",
        confirmed.switches[0]
    );
    assert_eq!(gateway.provider_calls("gamma"), calls + 1, "the provider of the plan was really asked");

    engine.ask(Command::PrepareUndo(UndoScope::Last));
    let undo = engine.wait("an undo on offer", |now| now.offer.is_some()).offer.clone().expect("an undo");
    engine.begin(&undo);
    engine.finish(&undo);
    assert_eq!(mark(&gateway.job(&cron)).revision, before.revision);
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn a_running_cron_that_shall_pause_finishes_its_run_first() {
    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let soon = json!({ "schedule": { "kind": "every", "everyMs": 300_000, "expr": null, "tz": null } });
    let slow = gateway.add("slow", Some("beta/b-opus"), soon.clone());
    let failing = gateway.add("failing", Some("beta/b-opus"), soon);
    let engine = Running::start(&gateway, &program);
    engine.set_chains(ROUTES, &[(Tier::T1, &["opus"]), (Tier::T2, &["flash"]), (Tier::T3, &["large"])]);
    engine.end();
    program.ok(&["tier", "slow", "failing", "T1"]);

    gateway.provider("beta", &json!({ "delaySeconds": 40 }));
    gateway.run(&slow);
    gateway.wait(&slow, "the slow run", |job| job["state"]["runningAtMs"].is_i64());
    gateway.wait_asked("beta", 1);
    gateway.provider("beta", &json!({ "delaySeconds": 0, "outcome": "insufficient_balance" }));
    gateway.run(&failing);
    gateway.wait(&failing, "the failing run", |job| job["state"]["lastErrorReason"] == "billing");

    let plan = program.ok(&["plan"]);
    assert_eq!(names(&plan["changes"]), ["failing", "slow"], "{plan}");
    let changes = plan["changes"].as_array().expect("a list");
    assert!(changes.iter().all(|change| change["to"] == "paused"), "{plan}");
    let running = changes.iter().find(|change| change["name"] == "slow").expect("its line");
    assert!(running["marks"].as_array().is_some_and(|marks| marks.contains(&json!("running"))), "{running}");
    assert!(gateway.job(&slow)["state"]["runningAtMs"].is_i64(), "it still runs while the plan is applied");

    let done = program.ok(&["distribute", "--yes"]);
    assert_eq!(with_outcome(&done, "verified"), ["failing", "slow"], "{done}");
    let job = gateway.job(&slow);
    assert_eq!(job["enabled"], false);
    let runs = gateway.runs(&slow);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0]["status"], "ok", "its run was not killed: {}", runs[0]);
    let ended = runs[0]["ts"].as_i64().expect("a time");
    assert!(job["updatedAtMs"].as_i64().expect("a time") >= ended, "it was paused after its run");
    let ledger = program.ledger();
    for cron in [&slow, &failing] {
        assert!(ledger.to_string().contains(cron.as_str()), "{cron} is owed its definition");
    }

    let undone = program.ok(&["undo", "--yes"]);
    assert_eq!(with_outcome(&undone, "verified"), ["failing", "slow"]);
    assert_eq!(gateway.job(&slow)["enabled"], true);
}

/// Every job's revision by name.
fn revisions(marks: &BTreeMap<String, Mark>) -> Vec<(&str, &str)> {
    marks.iter().map(|(name, mark)| (name.as_str(), mark.revision.as_str())).collect()
}
