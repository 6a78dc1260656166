//! The program is killed in the middle of crisis and recovery, ten times; afterwards nothing is lost, doubled or
//! forgotten.
//!
//! Every life is a process of its own that does what the one before left undone. It ends after some writes that
//! were heard of on the gateway, and a moment later; both by lot, with a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model_orchestrator::domain::{CronId, Seal};
use serde_json::{Value, json};

use super::crons::{Crons, SOME, by_id, definition};
use crate::engine::{Running, id};
use crate::gateway::{Changes, Gateway, PATIENCE};
use crate::program::Program;

const SEED: u64 = 2026;
/// In the crisis, and as many in the recovery.
const KILLED: usize = 5;
/// So many crons are written in a crisis, and again in the recovery.
const WRITES: usize = 24;

/// Lots that are the same in every run.
struct Lots(u64);

impl Lots {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

struct Stage {
    gateway: Gateway,
    program: Program,
    crons: Crons,
    changes: Changes,
    lots: Lots,
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn killed_ten_times_in_crisis_and_recovery_nothing_is_lost_doubled_or_forgotten() {
    let mut stage = set_up();
    let crisis = ["crisis", "--yes"];
    let recovery = ["recover", "--yes", "--now"];
    let in_crisis = killed(&mut stage, &crisis, WRITES);
    stage.program.ok(&crisis);
    let touched = stage.crons.touched(&stage.gateway);
    assert_eq!(touched.len(), WRITES, "the rest of the crisis");
    assert_eq!(owed(&stage.program), touched);
    assert_eq!(stage.changes.by_job(), times(&touched, 1), "each cron was written once");

    for provider in ["alpha", "beta"] {
        stage.gateway.provider(provider, &json!({ "outcome": "ok" }));
        stage.gateway.wait_cooled_down(provider);
        stage.program.ok(&["check-provider", provider]);
    }
    let in_recovery = killed(&mut stage, &recovery, 2 * WRITES);
    let back = stage.program.ok(&recovery);
    println!("killed after {in_crisis:?} writes of the crisis and {in_recovery:?} of the recovery, of {WRITES} each");
    assert_eq!(back["crisis"]["on"], false);
    all_is_as_before(&stage, &touched);
}

fn set_up() -> Stage {
    let gateway = Gateway::empty();
    let crons = Crons::put_on(&gateway, SOME);
    crons.show_that_all_serve(&gateway);
    let program = Program::new(&gateway);
    crons.describe_to(&program, &json!({ "thresholds": { "settle_minutes": 0 } }));
    for provider in ["alpha", "beta"] {
        gateway.provider(provider, &json!({ "outcome": "unauthorized" }));
    }
    crons.run(&gateway, "simple 01", "error");
    crons.run(&gateway, "complex 01", "error");
    assert_eq!(program.ok(&["crisis", "--dry-run"])["level"], "crisis");
    let changes = Changes::heard_at(&gateway);
    Stage { gateway, program, crons, changes, lots: Lots(SEED) }
}

/// Leads lives that are all cut short; says how much was written at the end of each.
fn killed(stage: &mut Stage, arguments: &[&str], end: usize) -> Vec<usize> {
    let begun = end - WRITES;
    let mut after = Vec::new();
    for left in (1..=KILLED).rev() {
        let open = end - stage.changes.count();
        let writes = stage.lots.below((2 * open / (left + 1)).max(1) as u64) as usize;
        // Before the first write there is a connection to make, and a plan.
        let moment = Duration::from_micros(stage.lots.below(if writes == 0 { 1_000_000 } else { 60_000 }));
        one_life(stage, arguments, stage.changes.count() + writes, moment);
        nothing_is_forgotten(stage);
        after.push(stage.changes.count() - begun);
    }
    after
}

/// Starts the program, and kills it a moment after it has written so much.
fn one_life(stage: &Stage, arguments: &[&str], writes: usize, moment: Duration) {
    let mut child = stage.program.spawn(arguments);
    let ended = |child: &mut std::process::Child| child.try_wait().expect("it can be asked").is_some();
    let started = Instant::now();
    while !stage.changes.wait(writes, Duration::from_millis(20)) && !ended(&mut child) {
        assert!(started.elapsed() < PATIENCE, "waited in vain for {writes} writes");
    }
    // Not for anything to happen: the moment is the case.
    std::thread::sleep(moment);
    child.kill().ok(); // It may have ended by itself.
    child.wait().expect("it has ended");
}

/// The debts on the disk.
fn owed(program: &Program) -> BTreeSet<CronId> {
    let ledger = program.ledger();
    ledger["entries"].as_object().into_iter().flatten().map(|(cron, _)| id(cron)).collect()
}

fn times(crons: &BTreeSet<CronId>, each: usize) -> BTreeMap<String, usize> {
    crons.iter().map(|cron| (cron.to_string(), each)).collect()
}

/// Whatever is not as it was is owed, with what it was.
fn nothing_is_forgotten(stage: &Stage) {
    let ledger = stage.program.ledger();
    for cron in stage.crons.touched(&stage.gateway) {
        let (entry, before) = (&ledger["entries"][cron.as_str()], &stage.crons.before[cron.as_str()]);
        assert_eq!(entry["revision_before"], before["configRevision"], "{before}");
        assert_eq!(entry["before"]["model"], before["payload"]["model"], "{before}");
        assert_eq!(entry["before"]["enabled"], true, "{before}");
    }
}

fn all_is_as_before(stage: &Stage, touched: &BTreeSet<CronId>) {
    let Stage { gateway, program, crons, changes, .. } = stage;
    let now = by_id(gateway);
    for (cron, before) in &crons.before {
        assert_eq!(now[cron]["configRevision"], before["configRevision"], "{before}");
        assert_eq!(definition(&now[cron]), definition(before));
    }
    assert_eq!(changes.by_job(), times(touched, 2), "each was written once more");
    let ledger = program.ledger();
    assert_eq!((&ledger["entries"], &ledger["crisis"]["mode"]), (&json!({}), &Value::Null));
    let told = ledger["crisis"]["report"]["lines"].as_array().expect("a report");
    let told: Vec<CronId> = told.iter().map(|line| id(line["cron"].as_str().expect("a cron"))).collect();
    assert_eq!(told.len(), touched.len(), "each is in the report once");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), *touched);

    let mut logged: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in program.log() {
        *logged.entry(name).or_insert(0) += 1;
    }
    assert_eq!(logged.into_values().collect::<Vec<_>>(), vec![2; WRITES], "each switch is logged once");
    let engine = Running::start(gateway, program);
    let sealed = |seal: Option<Seal>| -> BTreeSet<CronId> {
        let now = engine.now();
        now.switches.iter().filter(|switch| switch.seal == seal).map(|switch| switch.cron.clone()).collect()
    };
    assert_eq!(engine.now().switches.len(), 2 * WRITES, "each switch is in the journal once");
    assert_eq!((sealed(None), sealed(Some(Seal::Identical))), (touched.clone(), touched.clone()));
    engine.end();
}
