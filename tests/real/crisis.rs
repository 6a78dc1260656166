//! One click out and one click back, on a real gateway: two of three providers fail, sixty crons leave them,
//! somebody edits some of them meanwhile, and all of them come back.
//!
//! What it waits for: the gateway takes thirty writes a minute, so sixty crons go in a minute and come back in
//! another; a running cron is paused after its run, and a refused key is not used again for half a minute. A
//! person asks for a look at the provider, which by itself would come after a quarter of an hour.

pub mod crons;
mod plug;
mod wake;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model_orchestrator::domain::{
    AccountId, Change, ChangeKind, ChangeMark, CronId, Job, JobPhase, LineOutcome, OutageLevel, Plan, PlanNote,
    Readiness, Reason, Refusal, Seal, Switch,
};
use model_orchestrator::engine::{Command, Snapshot};
use serde_json::{Value, json};

use crate::engine::{Running, id};
use crate::gateway::{Changes, Gateway};
use crate::program::Program;
use crons::{Crons, Fate, SIXTY, by_id, definition};

/// Two of the gateway's minutes, on a machine that is busy with other things, too.
const PATIENCE: Duration = Duration::from_mins(4);
/// A provider that has returned is trusted after so many minutes, instead of ten.
const SETTLE: f64 = 0.05;

/// Of the sixty, those that a crisis moves or pauses.
const N_TOUCHED: usize = 53;

struct Stage {
    gateway: Gateway,
    program: Program,
    crons: Crons,
    engine: Running,
}

/// What somebody else did while crons were being moved and paused.
struct Theirs {
    /// Another prompt, for a cron that was paused.
    reworded: CronId,
    /// Another model, for a cron that was moved.
    moved: CronId,
    /// Switched on, although it was paused.
    switched_on: CronId,
    /// Another prompt, for a cron whose turn had not come.
    reworded_early: CronId,
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn sixty_crons_leave_two_failing_providers_and_come_back_as_they_were_but_for_what_a_person_changed() {
    let stage = set_up();
    let (crons, engine) = (&stage.crons, &stage.engine);
    let offered = fail_two(&stage);
    keep_two_running(&stage);
    let plan = what_is_offered(crons, &offered);

    let entered = Instant::now();
    enter(&stage, &plan);
    engine.wait("the gateway's limit", |now| job_is(now, &plan, |job| matches!(job.phase, JobPhase::Paced { .. })));
    let theirs = meddle(&stage, &plan);
    let job = engine.finish_within(PATIENCE, &plan);
    let crisis_took = entered.elapsed();
    went_as_planned(&stage, &job, &theirs);
    pause_the_reworded(&stage, &theirs);
    everybody_is_where_a_crisis_wants_them(&stage, &theirs);

    both_return(&stage);
    let back = engine.now().crisis.recover.clone().expect("a way back");
    let recovered = Instant::now();
    let job = give_back(engine, &back);
    let recovery_took = recovered.elapsed();
    let (identical, n_sealed) = seals(engine, &back);
    came_back(&stage, &back, &job, &theirs);
    println!(
        "crisis: {} writes in {:.0?}; recovery: {} writes in {:.0?}; {identical} of {n_sealed} sealed identical",
        plan.changes.len(),
        crisis_took,
        back.changes.len(),
        recovery_took,
    );
    stage.engine.end();
    let again = Running::start(&stage.gateway, &stage.program);
    assert_eq!(seals(&again, &back), (identical, n_sealed), "the journal has every seal");
    again.end();
}

fn set_up() -> Stage {
    let gateway = Gateway::empty();
    let crons = Crons::put_on(&gateway, SIXTY);
    assert_eq!(crons.before.len(), 60);
    crons.show_that_all_serve(&gateway);
    let program = Program::new(&gateway);
    crons.describe_to(&program, &json!({ "thresholds": { "settle_minutes": SETTLE } }));
    let engine = Running::watching(&gateway, &program);
    let planned: Vec<String> = engine.now().plan.changes.iter().map(|change| change.name.clone()).collect();
    assert_eq!(planned, Vec::<String>::new(), "everything is where it should be");
    assert_eq!(engine.now().crisis.readiness, Readiness::NothingOwed);
    Stage { gateway, program, crons, engine }
}

/// One provider refuses its key, and one has a limit that lasts for hours.
fn fail_two(stage: &Stage) -> Arc<Snapshot> {
    let Stage { gateway, crons, engine, .. } = stage;
    gateway.provider("alpha", &json!({ "outcome": "unauthorized" }));
    gateway.provider("beta", &json!({ "outcome": "usage_limit" }));
    crons.run(gateway, "simple 01", "error");
    crons.run(gateway, "complex 01", "error");
    let untested = |change: &Change| change.marks.contains(&ChangeMark::Untested);
    let whole = |plan: &Arc<Plan>| plan.changes.len() == N_TOUCHED && !plan.changes.iter().any(untested);
    engine.wait("a crisis", |now| {
        now.plan.outage.level == OutageLevel::Crisis && now.crisis.enter.as_ref().is_some_and(whole)
    })
}

/// The providers answer these two slowly, and all others at once.
fn keep_two_running(stage: &Stage) {
    let Stage { gateway, crons, engine, .. } = stage;
    let asked = gateway.provider_calls("gamma");
    gateway.provider("gamma", &json!({ "delaySeconds": 25 }));
    let running: Vec<&str> = crons.named("medium and running").collect();
    for cron in &running {
        gateway.run(cron);
    }
    gateway.wait_asked("gamma", asked + running.len() as u64);
    gateway.provider("gamma", &json!({ "delaySeconds": 0 }));
    engine.wait("two crons that run", |now| running.iter().all(|cron| now.crons[&id(cron)].running_since.is_some()));
}

/// Every cron in its place; what must be named is.
fn what_is_offered(crons: &Crons, now: &Snapshot) -> Arc<Plan> {
    let plan = now.crisis.enter.clone().expect("crisis mode is on offer");
    let kinds = |wanted: ChangeKind| -> BTreeSet<CronId> {
        plan.changes.iter().filter(|change| change.kind == wanted).map(|change| change.cron.clone()).collect()
    };
    assert_eq!(kinds(ChangeKind::Move), crons.meant_to(Fate::Moves));
    assert_eq!(kinds(ChangeKind::Pause), crons.meant_to(Fate::Pauses));
    assert!(plan.changes.iter().all(|change| change.ticked));
    let to = |change: &&Change| change.to.model.as_deref() == Some("gamma/g-flash");
    assert_eq!(plan.changes.iter().filter(to).filter(|change| change.kind == ChangeKind::Move).count(), 24);
    for cron in crons.named("complex, late") {
        let said = plan.decision(&id(cron)).expect("a decision");
        assert!(matches!(said.reason, Reason::RunsAfterReturn { .. }), "{said:?}");
    }
    let named = |wanted: &dyn Fn(&PlanNote) -> bool| plan.notes.iter().any(wanted);
    let pinned = id(crons.id("complex, critical and pinned"));
    let once = id(crons.id("complex, once"));
    assert!(
        named(&|note| matches!(note, PlanNote::PinnedCritical { cron, .. } if *cron == pinned)),
        "{:?}",
        plan.notes
    );
    assert!(named(&|note| matches!(note, PlanNote::OneShotKept { cron, .. } if *cron == once)), "{:?}", plan.notes);
    assert!(named(&|note| matches!(note, PlanNote::UnsortedFailing { n_crons: 3, .. })), "{:?}", plan.notes);
    plan
}

/// One click. When the first write is heard of, every cron is in the ledger with its definition.
fn enter(stage: &Stage, plan: &Arc<Plan>) {
    let Stage { gateway, crons, engine, program } = stage;
    let changes = Changes::heard_at(gateway);
    // Two of them run by now, which makes it no other plan.
    let now = engine.now().crisis.enter.clone().expect("crisis mode is on offer");
    assert_eq!(now.id, plan.id);
    engine.ask(Command::EnterCrisis { plan: plan.id.clone(), crons: all(plan) });
    assert!(changes.wait(1, PATIENCE), "something is written");
    let ledger = program.ledger();
    let entries = ledger["entries"].as_object().expect("entries");
    assert_eq!(entries.keys().map(|cron| id(cron)).collect::<BTreeSet<_>>(), all(plan).into_iter().collect());
    for (cron, entry) in entries {
        assert_eq!(entry["revision_before"], crons.before[cron]["configRevision"]);
        assert_eq!(entry["definition"]["payload"], crons.before[cron]["payload"]);
    }
    assert!(!ledger["crisis"]["mode"].is_null(), "{}", ledger["crisis"]);
}

fn all(plan: &Plan) -> Vec<CronId> {
    plan.changes.iter().map(|change| change.cron.clone()).collect()
}

fn job_is(now: &Snapshot, plan: &Plan, wanted: impl Fn(&Job) -> bool) -> bool {
    now.job.as_ref().is_some_and(|job| job.plan.id == plan.id && wanted(job))
}

/// Somebody else, on a connection of their own.
fn meddle(stage: &Stage, plan: &Plan) -> Theirs {
    let job = stage.engine.now().job.clone().expect("a job");
    let of = |wanted: &dyn Fn(&Change) -> bool, outcome: &LineOutcome| -> Vec<CronId> {
        let lines = job.lines.iter().filter(|line| line.outcome == *outcome && wanted(&line.change));
        lines.map(|line| line.change.cron.clone()).collect()
    };
    let paused = of(
        &|change| change.name.starts_with("complex ") || change.name.starts_with("medium 0"),
        &LineOutcome::Verified,
    );
    let paused: Vec<&CronId> = paused.iter().filter(|cron| !plan.change(cron).expect("a line").to.enabled).collect();
    let moved = of(&|change| change.name == "complex and critical 02", &LineOutcome::Verified);
    let waiting = of(&|change| change.name.starts_with("medium, daily"), &LineOutcome::Waiting);
    let theirs = Theirs {
        reworded: paused[0].clone(),
        moved: moved[0].clone(),
        switched_on: paused[1].clone(),
        reworded_early: waiting.last().expect("some wait").clone(),
    };
    let person = Gateway::connect();
    let prompt = json!({ "payload": { "kind": "agentTurn", "message": "Say it in French." } });
    person.edit(theirs.reworded.as_str(), &prompt);
    person.edit(theirs.reworded_early.as_str(), &prompt);
    person.edit(theirs.moved.as_str(), &json!({ "payload": { "kind": "agentTurn", "model": "minimax/MiniMax-M3" } }));
    person.edit(theirs.switched_on.as_str(), &json!({ "enabled": true }));
    theirs
}

/// Critical ones and those that fire soonest came first; those that ran, after their run.
fn went_as_planned(stage: &Stage, job: &Job, theirs: &Theirs) {
    let Stage { gateway, crons, engine, .. } = stage;
    for line in &job.lines {
        if line.change.cron == theirs.reworded_early {
            assert!(matches!(line.outcome, LineOutcome::Conflict { .. }), "{:?}", line.outcome);
        } else {
            assert_eq!(line.outcome, LineOutcome::Verified, "{}", line.change.name);
        }
    }
    let now = engine.now();
    let written: Vec<&Switch> = now.switches.iter().rev().filter(|switch| switch.plan == job.plan.id).collect();
    let drained: BTreeSet<CronId> =
        ["medium and running", "medium, each minute"].iter().flat_map(|kind| crons.named(kind).map(id)).collect();
    let order = |crons: &mut dyn Iterator<Item = &CronId>| -> Vec<CronId> {
        crons.filter(|cron| !drained.contains(*cron) && **cron != theirs.reworded_early).cloned().collect()
    };
    assert_eq!(
        order(&mut written.iter().map(|switch| &switch.cron)),
        order(&mut job.plan.changes.iter().map(|change| &change.cron)),
        "in the order of the plan"
    );
    let critical: Vec<bool> =
        job.plan.changes.iter().map(|change| change.critical).skip_while(|critical| *critical).collect();
    assert!(critical.len() < job.plan.changes.len() && !critical.contains(&true), "critical crons first");
    for cron in crons.named("medium and running") {
        let runs = gateway.runs(cron);
        assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("ok")), "its run was not killed: {runs:?}");
        let paused = written.iter().find(|switch| switch.cron == id(cron)).expect("it was paused");
        assert!(paused.at.as_millisecond() >= runs[0]["ts"].as_i64().expect("a time"), "after its run");
    }
}

/// What somebody edited before its turn was refused, and is on offer again.
fn pause_the_reworded(stage: &Stage, theirs: &Theirs) {
    let engine = &stage.engine;
    let cron = &theirs.reworded_early;
    let left = engine.wait("what is left of the crisis", |now| now.plan.change(cron).is_some()).plan.clone();
    let others = |change: &&Change| change.cron != *cron;
    let others: Vec<&CronId> = left.changes.iter().filter(others).map(|change| &change.cron).collect();
    assert!(others.iter().all(|cron| [&theirs.moved, &theirs.switched_on].contains(cron)), "{others:?}");
    engine.ask(Command::Apply { plan: left.id.clone(), crons: vec![cron.clone()] });
    let job = engine.finish_within(PATIENCE, &left);
    assert_eq!(job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count(), 1);
}

fn everybody_is_where_a_crisis_wants_them(stage: &Stage, theirs: &Theirs) {
    let Stage { gateway, crons, engine, .. } = stage;
    let now = by_id(gateway);
    let of = |cron: &CronId| &now[cron.as_str()];
    for cron in crons.meant_to(Fate::Pauses).iter().filter(|cron| **cron != theirs.switched_on) {
        assert_eq!(of(cron)["enabled"], false, "{}", of(cron));
    }
    for cron in crons.meant_to(Fate::Moves).iter().filter(|cron| **cron != theirs.moved) {
        assert_eq!((&of(cron)["enabled"], &of(cron)["payload"]["model"]), (&json!(true), &json!("gamma/g-flash")));
    }
    for cron in crons.meant_to(Fate::Stays) {
        assert_eq!(of(&cron)["configRevision"], crons.before[cron.as_str()]["configRevision"], "{}", of(&cron));
    }
    let ledger = &engine.now().ledger;
    assert!(!ledger.contains_key(&theirs.switched_on), "nothing is owed to what its owner switched on");
    assert_eq!(ledger.len(), N_TOUCHED - 1);
}

/// The key is taken again, which a look finds out; the limit is over, which a run shows that its owner asked for.
fn both_return(stage: &Stage) {
    let Stage { gateway, crons, engine, .. } = stage;
    assert!(matches!(engine.now().crisis.readiness, Readiness::StillDown { .. }));
    for provider in ["alpha", "beta"] {
        gateway.provider(provider, &json!({ "outcome": "ok" }));
    }
    gateway.wait_cooled_down("alpha");
    engine.ask(Command::Check { accounts: Some(vec![AccountId::new("alpha")]) });
    let one = engine.wait("the first to return", |now| now.plan.outage.level == OutageLevel::Degraded);
    assert_ne!(one.crisis.readiness, Readiness::NothingOwed);
    crons.run(gateway, "complex, critical and pinned", "ok");
    engine.wait("the way back", |now| {
        now.plan.outage.level == OutageLevel::Healthy && now.crisis.readiness == Readiness::Ready
    });
}

/// One click back, and no patience between the stages.
fn give_back(engine: &Running, plan: &Arc<Plan>) -> Arc<Job> {
    engine.ask(Command::Recover { plan: plan.id.clone(), crons: all(plan) });
    loop {
        let next = |job: &Job| !job.running() || matches!(job.phase, JobPhase::Proving { .. });
        let now = engine.wait_for(PATIENCE, "the next stage", |now| job_is(now, plan, next));
        let job = now.job.clone().expect("a job");
        if !job.running() {
            return job;
        }
        let refused = engine.try_(Command::GoOn);
        // A run may have been as quick.
        assert!(matches!(refused, None | Some(Refusal::NothingToDo)), "{refused:?}");
    }
}

/// How many that came back are sealed as identical, and how many are sealed at all.
fn seals(engine: &Running, back: &Plan) -> (usize, usize) {
    let now = engine.now();
    let seals: Vec<Seal> =
        now.switches.iter().filter(|switch| switch.plan == back.id).filter_map(|switch| switch.seal).collect();
    (seals.iter().filter(|seal| **seal == Seal::Identical).count(), seals.len())
}

fn came_back(stage: &Stage, back: &Plan, job: &Job, theirs: &Theirs) {
    let Stage { gateway, program, crons, engine } = stage;
    assert_eq!(back.changes.len(), N_TOUCHED - 1, "all but the one that its owner switched on");
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified), "{:?}", job.lines);
    let now = by_id(gateway);
    let mut same = 0;
    for (cron, before) in &crons.before {
        let mut expected = before.clone();
        if [&theirs.reworded, &theirs.reworded_early].contains(&&id(cron)) {
            expected["payload"]["message"] = "Say it in French.".into();
        } else if theirs.moved == id(cron) {
            expected["payload"]["model"] = "minimax/MiniMax-M3".into();
        } else {
            assert_eq!(now[cron]["configRevision"], before["configRevision"], "{before}");
            same += 1;
        }
        assert_eq!(definition(&now[cron]), definition(&expected));
    }
    assert_eq!((same, crons.before.len()), (57, 60));
    // Its revision was read after somebody had edited it, and is the one from before all the same.
    let differ = [&theirs.reworded, &theirs.moved];
    assert_eq!(seals(engine, back), (back.changes.len() - differ.len(), back.changes.len()));
    for switch in engine.now().switches.iter().filter(|switch| switch.plan == back.id) {
        let expected = if differ.contains(&&switch.cron) { Seal::Differs } else { Seal::Identical };
        assert_eq!(switch.seal, Some(expected), "{}", switch.name);
    }

    let now = engine.wait("the end of crisis mode", |now| {
        now.crisis.state.mode.is_none() && now.job.as_ref().is_some_and(|job| !job.running())
    });
    assert_eq!((now.ledger.len(), &now.crisis.readiness), (0, &Readiness::NothingOwed));
    assert!(now.plan.changes.iter().all(|change| change.cron == theirs.moved), "{:?}", now.plan.changes);
    let ledger = program.ledger();
    assert_eq!((&ledger["entries"], &ledger["crisis"]["mode"]), (&json!({}), &Value::Null));
    let report = now.crisis.state.report.clone().expect("a report");
    assert_eq!(report.lines.len(), back.changes.len());
    let missed = report.lines.iter().filter(|line| line.missed.is_some_and(|missed| missed.n_runs > 0));
    let missed: BTreeSet<CronId> = missed.map(|line| line.cron.clone()).collect();
    assert_eq!(missed, crons.named("medium, each minute").map(id).collect(), "what was missed is named");
}
