//! Two folders on one real gateway, as two computers have them: the mark, the second one that looks, the hand-over.

use model_orchestrator::domain::{
    Access, Connection, CronId, JobPhase, LineOutcome, OWNER_KEY, OwnerMark, ProblemKind, Tier,
};
use model_orchestrator::engine::{Command, Edit, Snapshot};
use serde_json::{Value, json};

use crate::engine::Running;
use crate::gateway::Gateway;
use crate::program::{Program, with_outcome};

const ROUTES: &[(&str, &str)] = &[("small", "alpha/a-small"), ("flash", "gamma/g-flash")];
const CHAINS: &[(Tier, &[&str])] =
    &[(Tier::T1, &["small", "flash"]), (Tier::T2, &["flash", "small"]), (Tier::T3, &["flash", "small"])];

fn access(now: &Snapshot) -> Option<Access> {
    match &now.connection {
        Connection::Connected(info) => Some(info.access),
        _ => None,
    }
}

/// A folder whose chains lead to the mock providers.
fn computer(gateway: &Gateway) -> Program {
    let program = Program::new(gateway);
    let engine = Running::start(gateway, &program);
    engine.set_chains(ROUTES, CHAINS);
    engine.end();
    program
}

fn said(mark: &Value) -> OwnerMark {
    let text = mark["description"].as_str().expect("a description");
    serde_json::from_str(&text[text.find('{').expect("what it says")..]).expect("a mark")
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn the_first_write_puts_a_mark_there_that_never_runs_and_of_two_the_first_stays() {
    let gateway = Gateway::empty();
    gateway.add("elsewhere", Some("gamma/g-flash"), json!({}));
    let program = computer(&gateway);
    program.ok(&["tier", "elsewhere", "T1"]);
    program.ok(&["plan"]);
    assert!(gateway.owner_mark().is_none(), "looking and sorting put nothing there");
    assert_eq!(with_outcome(&program.ok(&["distribute", "--yes"]), "verified"), ["elsewhere"]);

    let mark = gateway.owner_mark().expect("the mark");
    assert_eq!((&mark["enabled"], &mark["delivery"]["mode"]), (&json!(false), &json!("none")));
    assert_eq!(mark["payload"], json!({ "kind": "command", "argv": ["true"] }));
    assert!(mark.get("nextRunAtMs").is_none() && mark["state"].get("nextRunAtMs").is_none(), "{mark}");
    let owner = said(&mark);
    assert!(mark["name"].as_str().is_some_and(|name| name.contains(&owner.host)), "{mark}");

    let other = json!({
        "name": "Model Orchestrator on nas acts on this gateway", "description": "{}", "declarationKey": OWNER_KEY,
        "enabled": false, "schedule": mark["schedule"], "sessionTarget": mark["sessionTarget"],
        "wakeMode": mark["wakeMode"], "payload": mark["payload"], "delivery": mark["delivery"],
    });
    let answer = gateway.call("cron.add", &other);
    assert_eq!((&answer["created"], &answer["updated"]), (&json!(false), &json!(false)), "{answer}");
    assert_eq!(gateway.owner_mark().expect("the same")["configRevision"], mark["configRevision"]);

    // Taken off by hand, it comes back before the next write, as long as the program runs with the same words.
    let engine = Running::start(&gateway, &program);
    gateway.call("cron.remove", &json!({ "id": mark["id"] }));
    engine.wait("no mark", |now| now.owner.is_none());
    let crons = vec![CronId::new(gateway.jobs()["elsewhere"]["id"].as_str().expect("an id"))];
    engine.ask(Command::Edit(Edit::SetTier { crons, tier: Some(Tier::T2) }));
    engine.wait_saved();
    let plan = engine.wait("a plan", |now| !now.plan.changes.is_empty()).plan.clone();
    engine.begin(&plan);
    assert_eq!(engine.finish(&plan).lines[0].outcome, LineOutcome::Verified);
    assert_eq!(said(&gateway.owner_mark().expect("again")), owner);
    engine.end();
    assert_eq!(program.ok(&["status"])["owner"]["here"], true);
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn the_second_computer_only_looks_takes_over_and_the_first_stops_after_the_line_in_flight() {
    let gateway = Gateway::empty();
    // More than the gateway takes in a minute, in two connections of the one who makes them.
    let names: Vec<String> = (1..=34).map(|n| format!("cron {n:02}")).collect();
    for some in names.chunks(20) {
        let another = Gateway::connect();
        for name in some {
            another.add(name, Some("gamma/g-flash"), json!({}));
        }
    }
    let (first, second) = (computer(&gateway), computer(&gateway));
    let sort: Vec<&str> = ["tier"].into_iter().chain(names.iter().map(String::as_str)).chain(["T1"]).collect();
    first.ok(&sort);
    let acting = Running::start(&gateway, &first);
    let plan = acting.wait("a plan", |now| now.plan.changes.len() == names.len()).plan.clone();
    acting.begin(&plan);
    let paced = |now: &Snapshot| now.job.as_ref().is_some_and(|job| matches!(job.phase, JobPhase::Paced { .. }));
    acting.wait("the gateway's pace", paced);

    let status = second.ok(&["status"]);
    assert_eq!((&status["gateway"]["access"], &status["owner"]["here"]), (&json!("gateway_owned"), &json!(false)));
    second.ok(&["tier", "cron 01", "T2"]);
    let before = gateway.marks();
    let refused = second.start(&["distribute", "--yes"], &[], &[]);
    assert_eq!(refused.status.code(), Some(5), "{}", String::from_utf8_lossy(&refused.stderr));
    assert_eq!(gateway.marks(), before, "nothing was written");
    let taken = second.ok(&["take-over", "--yes"]);
    assert_eq!(taken["here"], true, "{taken}");

    let now = acting.wait("the end of the job", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let job = now.job.clone().expect("a job");
    let left = job.lines.iter().filter(|line| line.outcome == LineOutcome::NotStarted).count();
    assert_eq!((job.phase.clone(), left > 0), (JobPhase::Stopped, true), "{job:?}");
    assert_eq!(access(&now), Some(Access::GatewayOwned));
    let why = now.problems.iter().find(|problem| problem.id == "job/owner").map(|problem| &problem.what);
    assert!(matches!(why, Some(ProblemKind::TakenOver { left: told, .. }) if *told == left), "{why:?}");
    let written = job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count();
    let moved = gateway.jobs().values().filter(|cron| cron["payload"]["model"] == "alpha/a-small").count();
    assert_eq!((moved, written + left), (written, names.len()), "what was written is what was verified");
    acting.end();
    assert_eq!(first.log().len(), written);

    second.ok(&["distribute", "--yes"]);
    second.ok(&["take-over", "--release"]);
    assert!(gateway.owner_mark().is_none());
    assert_eq!(first.ok(&["status"])["gateway"]["access"], "read_write");
}
