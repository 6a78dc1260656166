//! One owner for each gateway: two folders beside one demo, as two computers have them, and one folder beside two.

use std::path::Path;

use model_orchestrator::demo::{Demo, DemoOptions, seed_state};
use model_orchestrator::domain::{
    Access, Connection, GatewayTarget, JobPhase, LineOutcome, ProblemKind, Refusal, Tier,
};
use model_orchestrator::engine::{Command, Event, Snapshot, Target};
use serde_json::{Value, json};

use crate::support::{Rig, Running};

fn access(now: &Snapshot) -> Option<Access> {
    match &now.connection {
        Connection::Connected(info) => Some(info.access),
        _ => None,
    }
}

/// Another computer, with a folder of its own for the same gateway.
fn elsewhere(rig: &Rig) -> Running {
    let folder = rig.root().join("elsewhere");
    seed_state(&folder, &rig.demo).expect("the demo's files");
    connected(rig, GatewayTarget { state_dir: Some(folder), ..rig.target() })
}

fn connected(rig: &Rig, target: GatewayTarget) -> Running {
    let running = rig.engine_alone();
    running.tell(Command::Connect(Target::Gateway(target)));
    running.wait("a plan", |now| {
        now.crons_as_of.is_some() && !now.catalog.models.is_empty() && now.plan.decisions.len() == now.crons.len()
    });
    running
}

fn read_only(event: &Event) -> bool {
    matches!(event, Event::Refused { why: Refusal::ReadOnly, .. })
}

fn entries(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("ledger.json")).expect("a ledger");
    let ledger: Value = serde_json::from_str(&text).expect("JSON");
    ledger["entries"].as_object().map_or(0, serde_json::Map::len)
}

#[test]
fn the_second_computer_only_looks_takes_over_when_told_to_and_the_first_only_looks_then() {
    let rig = Rig::new();
    let first = rig.engine();
    assert_eq!((rig.writes(), first.now().owner.is_none()), (0, true), "nothing is written on connecting");
    let applied = first.apply_all();
    assert!(applied.lines.iter().any(|line| line.outcome == LineOutcome::Verified));
    let mark = first.now().owner.clone().expect("the mark");
    assert_eq!(rig.calls("cron.add"), 1, "once, before the first line");

    let second = elsewhere(&rig);
    let now = second.now();
    assert_eq!((access(&now), now.owner.as_ref()), (Some(Access::GatewayOwned), Some(&mark)));
    let owned =
        |now: &Snapshot| now.problems.iter().any(|problem| matches!(problem.what, ProblemKind::GatewayOwned { .. }));
    assert!(owned(&now), "{:?}", now.problems);
    assert!(!rig.root().join("elsewhere/owner.json").exists(), "looking makes no id");
    second.set_tier(&["Newsletter digest"], Tier::T1);
    let plan = second.now().plan.clone();
    let crons: Vec<_> = plan.changes.iter().map(|change| change.cron.clone()).collect();
    let writes = rig.writes();
    assert!(read_only(&second.ask(Command::Apply { plan: plan.id.clone(), crons: crons.clone() })));
    assert!(read_only(&second.ask(Command::RunNow { crons })));
    assert_eq!(rig.writes(), writes);

    assert!(matches!(second.ask(Command::TakeOver), Event::Done { .. }));
    let now = second.wait("the right to write", |now| access(now) == Some(Access::ReadWrite));
    assert!(!owned(&now) && now.owner.as_ref().is_some_and(|owner| owner.folder != mark.folder));
    first.wait("another's mark", |now| access(now) == Some(Access::GatewayOwned) && owned(now));
    let plan = first.now().plan.clone();
    assert!(read_only(&first.ask(Command::Apply { plan: plan.id.clone(), crons: vec![] })));
    let verified = second.apply_all();
    assert!(verified.lines.iter().any(|line| line.outcome == LineOutcome::Verified), "{verified:?}");
    assert_eq!(rig.calls("cron.add"), 1, "the mark was changed, not added");
    assert!(matches!(first.ask(Command::TakeOver), Event::Done { .. }), "and back");
    second.wait("another's mark", |now| access(now) == Some(Access::GatewayOwned));

    assert!(matches!(first.ask(Command::LetGo), Event::Done { .. }));
    second.wait("a free gateway", |now| now.owner.is_none() && access(now) == Some(Access::ReadWrite));
    assert!(second.now().crons.values().all(|cron| !cron.is_our_own()));
}

#[test]
fn a_job_under_way_ends_when_another_takes_over_and_what_it_owes_stays_written_down() {
    let rig = Rig::with(DemoOptions { write_limit: 2, run_jobs: false, ..DemoOptions::default() });
    let first = rig.engine();
    let plan = first.now().plan.clone();
    let crons: Vec<_> = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    assert!(crons.len() > 3, "the plan has more lines than the gateway takes in a minute");
    assert!(matches!(first.ask(Command::Apply { plan: plan.id.clone(), crons }), Event::Done { .. }));
    let paced = |now: &Snapshot| now.job.as_ref().is_some_and(|job| matches!(job.phase, JobPhase::Paced { .. }));
    first.wait("the gateway's pace", paced);
    let second = elsewhere(&rig);
    assert!(matches!(second.ask(Command::TakeOver), Event::Done { .. }));
    let now = first.wait("the end of the job", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let job = now.job.clone().expect("a job");
    assert_eq!(job.phase, JobPhase::Stopped);
    let of = |outcome: &LineOutcome| job.lines.iter().filter(|line| line.outcome == *outcome).count();
    assert!(of(&LineOutcome::Verified) >= 1 && of(&LineOutcome::NotStarted) >= 1, "{job:?}");
    let stopped = now.problems.iter().find(|problem| problem.id == "job/owner").expect("it is said why");
    assert_eq!(
        stopped.what,
        ProblemKind::TakenOver {
            host: now.owner.as_ref().expect("a mark").host.clone(),
            left: of(&LineOutcome::NotStarted)
        }
    );
    assert_eq!(rig.log_of(of(&LineOutcome::Verified)).len(), of(&LineOutcome::Verified), "what was done is recorded");
}

#[test]
fn a_folder_closes_no_debt_on_another_gateway_with_the_same_crons() {
    let rig = Rig::new();
    let first = rig.engine();
    first.apply_all();
    let cron = first.cron("Heartbeat ping");
    drop(first);
    // As after a pause: on its own gateway it would be found to run again, and the debt closed.
    let entry = json!({
        "name": "Heartbeat ping", "opened_at": "2026-11-22T10:00:00Z", "why": "nothing_serves",
        "before": { "model": null, "fallbacks": null, "enabled": true },
        "wrote": { "model": null, "fallbacks": null, "enabled": false },
        "definition": { "name": "Heartbeat ping" }, "confirmed": true
    });
    rig.write_ledger(&cron, &entry);
    let other = Demo::start(DemoOptions { run_jobs: false, ..DemoOptions::default() }).expect("another demo");
    let there = GatewayTarget { url: other.url().to_owned(), token: Some(other.token().clone()), ..rig.target() };
    let strange = connected(&rig, there.clone());
    let now = strange.wait("its word", |now| access(now) == Some(Access::AnotherGateway));
    assert_eq!((now.ledger.len(), entries(&rig.state_dir())), (1, 1));
    let said =
        |problem: &&model_orchestrator::domain::Problem| problem.what == ProblemKind::AnotherGateway { n_debts: 1 };
    assert!(now.problems.iter().any(|problem| said(&problem)), "{:?}", now.problems);
    let plan = now.plan.clone();
    assert!(read_only(&strange.ask(Command::Apply { plan: plan.id.clone(), crons: vec![] })));
    drop(strange);
    assert_eq!((entries(&rig.state_dir()), other.calls().get("cron.add")), (1, None));

    let home = rig.engine();
    home.wait("the debt to be settled at home", |now| now.ledger.is_empty());
    drop(home);
    rig.write_ledger(&cron, &entry);
    let strange = connected(&rig, there);
    assert!(matches!(strange.ask(Command::TakeOver), Event::Done { .. }), "a person says that this is its gateway");
    strange.wait("the debt to be settled here", |now| now.ledger.is_empty() && access(now) == Some(Access::ReadWrite));
}
