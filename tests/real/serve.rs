//! `serve` as a process of its own on a real gateway, with a watcher beside it: the gateway restarts, a provider
//! refuses its key, the process is killed in the middle of a job, another takes its place and is told to end.
//!
//! What the watcher and the process say, the gateway, the journal and `switches.log` must agree on.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model_orchestrator::domain::{
    Automation, AutomationLevel, CronId, Job, JobPhase, LineOutcome, OutageLevel, Plan, Tier,
};
use model_orchestrator::engine::{Command, Edit, SettingsChange, Snapshot};
use serde_json::{Value, json};

use crate::crisis::crons::{Crons, SOME};
use crate::engine::{Running, id};
use crate::gateway::{Changes, Gateway, PATIENCE};
use crate::program::Program;

/// How long a program that was told to end may take.
const END: Duration = Duration::from_secs(5);
/// What the gateway of these tests sends to its providers.
const PLANTED: &str = "sk-planted-key-of-the-gateway";

const SIMPLE: [&str; 3] = ["simple", "simple by its alias", "simple by default"];

/// The built program as a supervisor starts it.
struct Serving {
    child: Child,
    log: &'static str,
}

impl Serving {
    fn start(program: &Program, log: &'static str) -> Self {
        let file = File::create(program.home().join(log)).expect("a file");
        let health = program.home().join("health.json");
        let health = health.to_str().expect("a path of letters");
        let child = program.spawn_into(&["serve", "--log-format", "json", "--health", health], file);
        Self { child, log }
    }

    /// What it said so far of this kind.
    fn said(&self, gateway: &Gateway, program: &Program, event: &str) -> Vec<Value> {
        let text = read(gateway, program, self.log);
        // The last line may still be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).expect("a document a line"));
        lines.filter(|line| line["event"] == event).collect()
    }

    fn waits_to_say(&self, gateway: &Gateway, program: &Program, event: &str) {
        self.waits_to_say_times(gateway, program, event, 1);
    }

    fn waits_to_say_times(&self, gateway: &Gateway, program: &Program, event: &str, n_times: usize) {
        gateway.until(&format!("{event} in the log, {n_times} times"), || {
            let said = self.said(gateway, program, event);
            if said.len() < n_times { Err(read(gateway, program, self.log)) } else { Ok(()) }
        });
    }

    fn kill(&mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it has ended");
    }

    /// The code it ends with after a SIGTERM, and how long that took.
    fn terminate(&mut self) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        let sent = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        let code = self.child.wait().expect("it has ended").code();
        (code, asked.elapsed())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A file beside the state folder, which never holds a secret.
fn read(gateway: &Gateway, program: &Program, name: &str) -> String {
    let text = std::fs::read_to_string(program.home().join(name)).unwrap_or_default();
    assert!(!text.contains(&gateway.token) && !text.contains(PLANTED), "a secret in {name}");
    text
}

struct Stage {
    gateway: Gateway,
    program: Program,
    crons: Crons,
    watcher: Running,
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn served_through_a_restart_an_outage_and_a_kill_nothing_is_lost_or_done_twice() {
    let began = Instant::now();
    let gateway = Gateway::empty();
    let crons = Crons::put_on(&gateway, SOME);
    crons.show_that_all_serve(&gateway);
    let program = Program::new(&gateway);
    crons.describe_to(&program, &json!({ "thresholds": { "settle_minutes": 0.05 } }));
    let mut serving = Serving::start(&program, "first.log");
    serving.waits_to_say(&gateway, &program, "connected");
    let watcher = Running::watching(&gateway, &program);
    let now = watcher.now();
    assert_eq!(now.background.as_ref().map(|background| background.pid), Some(serving.child.id()));
    assert!(now.plan.changes.is_empty(), "everything is where it should be: {:?}", now.plan.changes);
    let automation = Automation { level: AutomationLevel::ActWithinLimits, ..Automation::default() };
    watcher.ask(Command::Settings(SettingsChange::SetAutomation(automation)));
    let mut stage = Stage { gateway, program, crons, watcher };
    println!("{:.1?}: served and watched", began.elapsed());

    the_gateway_restarts(&mut stage);
    println!("{:.1?}: the gateway has restarted", began.elapsed());
    let changes = Changes::heard_at(&stage.gateway);
    let moved = a_provider_refuses_its_key(&stage);
    println!("{:.1?}: {} crons moved by themselves", began.elapsed(), moved.len());
    let wished = a_wish_is_carried_out(&stage);
    println!("{:.1?}: a wish was carried out", began.elapsed());
    serving.waits_to_say_times(&stage.gateway, &stage.program, "switch", moved.len() + 1);
    assert_eq!(serving.said(&stage.gateway, &stage.program, "switch").len(), moved.len() + 1);

    let plan = killed_in_the_middle(&stage, &mut serving, &changes);
    println!("{:.1?}: killed and taken over", began.elapsed());
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let of_plan = plan.changes.iter().map(|change| change.cron.clone());
    for cron in moved.into_iter().chain([wished]).chain(of_plan) {
        *times.entry(cron.to_string()).or_insert(0) += 1;
    }
    all_agree(&stage, &changes, &times);

    another_takes_its_place(stage, &changes, &times);
    println!("{:.1?}: another took its place, and ended", began.elapsed());
}

/// The program comes back by itself; the watcher and the health file say so.
fn the_gateway_restarts(stage: &mut Stage) {
    let Stage { gateway, program, watcher, .. } = stage;
    let healthy = health(gateway, program, "a connection", |health| health["connection"] == "connected");
    assert_eq!((&healthy["acts"], &healthy["level"]), (&json!(true), &json!("healthy")), "{healthy:#}");
    gateway.call("gateway.restart.request", &json!({ "reason": "a test" }));
    let away = watcher.wait("a gateway that is away", |now| now.connection.info().is_none());
    assert!(away.background.is_some(), "the process lives");
    let told = health(gateway, program, "a gateway that is away", |health| health["connection"] != "connected");
    assert_eq!(told["status"], "degraded", "{told:#}");
    watcher.wait("the gateway again", |now| {
        now.background.is_some() && now.connection.info().is_some() && now.evidence_read && now.plan.changes.is_empty()
    });
    let back = health(gateway, program, "a connection", |health| health["connection"] == "connected");
    assert_eq!(back["status"], healthy["status"], "as before: {back:#}");
    // Ours has ended with the gateway of before.
    *gateway = Gateway::connect();
}

/// The health file, once it is as described.
fn health(gateway: &Gateway, program: &Program, what: &str, as_described: impl Fn(&Value) -> bool) -> Value {
    gateway.until(&format!("{what} in the health file"), || {
        let told = read(gateway, program, "health.json");
        let told: Value = serde_json::from_str(&told).expect("it is replaced whole");
        if as_described(&told) { Ok(told) } else { Err(told) }
    })
}

/// Automation leads its crons elsewhere; the watcher sees every line. Says which.
fn a_provider_refuses_its_key(stage: &Stage) -> Vec<CronId> {
    let Stage { gateway, program, crons, watcher } = stage;
    gateway.provider("alpha", &json!({ "outcome": "unauthorized" }));
    crons.run(gateway, "simple 01", "error");
    let over = |now: &Snapshot| now.job.as_ref().is_some_and(|job| !job.running());
    let seen = watcher.wait("a job that nobody asked for", over);
    assert!(seen.background.is_some());
    let job = seen.job.as_ref().expect("a job");
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified), "{:?}", job.lines);
    let mut moved: Vec<CronId> = job.lines.iter().map(|line| line.change.cron.clone()).collect();
    let mut meant: Vec<CronId> = SIMPLE.iter().flat_map(|kind| crons.named(kind).map(id)).collect();
    moved.sort();
    meant.sort();
    assert_eq!(moved, meant);
    let told = health(gateway, program, "an outage", |health| health["level"] == "degraded");
    assert_eq!(told["status"], "degraded", "{told:#}");
    assert_eq!(seen.level(), OutageLevel::Degraded);
    moved
}

/// The watcher sorts a cron elsewhere and applies that. Says which cron.
fn a_wish_is_carried_out(stage: &Stage) -> CronId {
    let cron = id(stage.crons.id("medium 01"));
    let plan = sorted_elsewhere(&stage.watcher, vec![cron.clone()]);
    stage.watcher.begin(&plan);
    let job = stage.watcher.finish(&plan);
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified), "{:?}", job.lines);
    assert!(stage.watcher.now().background.is_some(), "by the other");
    assert_eq!(stage.gateway.job(cron.as_str())["payload"]["model"], "beta/b-opus");
    cron
}

/// The plan for crons that are complex from now on, and nothing else.
fn sorted_elsewhere(watcher: &Running, crons: Vec<CronId>) -> Arc<Plan> {
    let n_crons = crons.len();
    watcher.ask(Command::Edit(Edit::SetTier { crons, tier: Some(Tier::T3) }));
    let planned = watcher.wait("a plan for these", |now| now.saving.is_empty() && now.plan.changes.len() == n_crons);
    planned.plan.clone()
}

/// The watcher goes on by itself: it settles the line in doubt and does the rest. Says what was to be done.
#[expect(clippy::print_stdout, reason = "figures, for whoever runs it")]
fn killed_in_the_middle(stage: &Stage, serving: &mut Serving, changes: &Changes) -> Arc<Plan> {
    let Stage { crons, watcher, .. } = stage;
    let wished = id(crons.id("medium 01"));
    let kinds = SIMPLE.iter().chain(&["medium"]);
    let all = kinds.flat_map(|kind| crons.named(kind).map(id)).filter(|cron| *cron != wished).collect();
    let plan = sorted_elsewhere(watcher, all);
    let written = changes.count();
    watcher.begin(&plan);
    assert!(changes.wait(written + 3, PATIENCE), "some are written");
    serving.kill();
    let killed = Instant::now();
    let settled = |job: &Job| {
        job.phase == JobPhase::Interrupted && job.lines.iter().all(|line| line.outcome != LineOutcome::Writing)
    };
    let acts = watcher.wait("its own turn", |now| {
        now.background.is_none() && now.evidence_read && now.job.as_ref().is_some_and(|job| settled(job))
    });
    assert_eq!(acts.folder.as_ref().and_then(|folder| folder.held_by.as_ref()), None, "the folder is its own");
    let job = acts.job.as_ref().expect("a job");
    let done = job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count();
    let lines = job.lines.len();
    println!("killed with {done} of {lines} lines done; the watcher had settled that after {:.1?}", killed.elapsed());
    assert!((3..lines).contains(&done), "in the middle: {done} of {lines}");
    watcher.ask(Command::ContinueJob);
    let over = |job: &Job| job.phase == JobPhase::Done;
    watcher.wait("the end of the job", |now| now.job.as_ref().is_some_and(|job| over(job)));
    plan
}

/// Each was written so often, by what the gateway told, by the journal and by the log.
fn all_agree(stage: &Stage, changes: &Changes, times: &BTreeMap<String, usize>) {
    let Stage { gateway, program, watcher, .. } = stage;
    let writes = times.values().sum();
    assert!(changes.wait(writes, PATIENCE), "every write is heard of");
    assert_eq!(changes.by_job(), *times, "by the gateway");
    let mut journal: BTreeMap<String, usize> = BTreeMap::new();
    for switch in watcher.now().switches.iter() {
        *journal.entry(switch.cron.to_string()).or_insert(0) += 1;
    }
    assert_eq!(journal, *times, "by the journal");
    // The last line may be on its way to the disk.
    gateway.until("a line for each write", || {
        let log = program.log();
        if log.len() < writes { Err(log) } else { Ok(()) }
    });
    let by_id: BTreeMap<String, Value> = crate::crisis::crons::by_id(gateway);
    let mut logged: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in program.log() {
        *logged.entry(name).or_insert(0) += 1;
    }
    let named = times.iter().map(|(cron, n)| (by_id[cron]["name"].as_str().expect("a name").to_owned(), *n));
    assert_eq!(logged, named.collect(), "one line for each write");
    for cron in times.keys() {
        assert_eq!((&by_id[cron]["payload"]["model"], &by_id[cron]["enabled"]), (&json!("beta/b-opus"), &json!(true)));
    }
}

/// It waits while the watcher acts, takes over when that ends, and ends when it is told to.
fn another_takes_its_place(stage: Stage, changes: &Changes, times: &BTreeMap<String, usize>) {
    let Stage { gateway, program, watcher, .. } = stage;
    let mut serving = Serving::start(&program, "second.log");
    serving.waits_to_say(&gateway, &program, "waits");
    watcher.end();
    serving.waits_to_say(&gateway, &program, "acts");
    let acts = health(&gateway, &program, "its turn", |health| {
        health["acts"] == true && health["connection"] == "connected" && health["level"] == "degraded"
    });
    assert_eq!(acts["job"], Value::Null, "no job is left to go on with: {acts:#}");
    assert_eq!(changes.by_job(), *times, "nothing is left to do");

    let (code, took) = serving.terminate();
    assert_eq!(code, Some(0));
    assert!(took < END, "it ended after {took:?}");
    assert!(!program.home().join("health.json").exists(), "who has ended tells nothing");
    assert_eq!(serving.said(&gateway, &program, "ended").len(), 1);
    read(&gateway, &program, "first.log");
    let alone = program.ok(&["tier", "medium 01", "T2"]);
    assert!(alone.is_object(), "the folder is free: {alone}");
}
