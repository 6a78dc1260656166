//! What is under way when the plug is pulled: a plan that is about to be applied, and how it came about.

use std::collections::BTreeSet;
use std::sync::Arc;

use model_orchestrator::domain::{
    Chain, ChainOrder, Change, ChangeKind, CronId, Fields, LineOutcome, Plan, PlanId, RouteKey, Tier,
};
use model_orchestrator::engine::{Command, Event, SettingsChange, Snapshot, UndoScope};
use serde_json::{Value, json};

use crate::support::{Rig, Running};

/// More lines at once and the program would wait for the gateway's next minute.
const PACE: usize = 30;

/// What the program is about to do, and where it starts from.
pub struct Task {
    pub plan: Arc<Plan>,
    /// The plan that is taken back, for an undo.
    pub undoes: Option<PlanId>,
    pub logged_before: usize,
    pub switches_before: usize,
    pub writes_before: u64,
}

impl Task {
    fn new(rig: &Rig, engine: &Running, plan: Arc<Plan>, undoes: Option<PlanId>) -> Self {
        assert!((20..=PACE).contains(&plan.changes.len()), "{} lines", plan.changes.len());
        let switches_before = engine.now().switches.len();
        let logged_before = rig.log_of(switches_before).len();
        Self { plan, undoes, logged_before, switches_before, writes_before: rig.calls("cron.update") }
    }

    /// The crons that the gateway has as they shall be; all others must be as they were.
    pub fn done(&self, rig: &Rig) -> BTreeSet<CronId> {
        let is_done = |line: &&Change| {
            let there = on_gateway(rig, &line.cron);
            assert!(there == line.to || there == line.from, "{}: half of it: {there:?}", line.name);
            there == line.to
        };
        self.plan.changes.iter().filter(is_done).map(|line| line.cron.clone()).collect()
    }

    pub fn crons(&self) -> BTreeSet<CronId> {
        self.plan.changes.iter().map(|line| line.cron.clone()).collect()
    }

    /// What is left of the plan that is on offer again.
    pub fn offered(&self, now: &Snapshot) -> BTreeSet<CronId> {
        let plan = if self.undoes.is_some() { now.offer.as_ref() } else { Some(&now.plan) };
        let changes = plan.into_iter().flat_map(|plan| &plan.changes);
        changes.filter(|change| change.ticked).map(|change| change.cron.clone()).collect()
    }

    /// Of these crons those that are off although they once ran: each is a debt.
    pub fn owed(&self, rig: &Rig) -> BTreeSet<CronId> {
        let ours = self.plan.changes.iter().filter(|line| line.from.enabled != line.to.enabled);
        ours.map(|line| line.cron.clone()).filter(|cron| !on_gateway(rig, cron).enabled).collect()
    }

    /// The names in the new lines of the log.
    pub fn logged(&self, rig: &Rig) -> Vec<String> {
        let line = |line: &String| line.split(" | ").nth(1).expect("a name").to_owned();
        let mut names: Vec<_> = rig.log()[self.logged_before..].iter().map(line).collect();
        names.sort();
        names
    }

    pub fn names(&self, crons: &BTreeSet<CronId>) -> Vec<String> {
        let those = self.plan.changes.iter().filter(|line| crons.contains(&line.cron));
        let mut names: Vec<_> = those.map(|line| line.name.clone()).collect();
        names.sort();
        names
    }
}

fn on_gateway(rig: &Rig, cron: &CronId) -> Fields {
    let job = rig.demo.job(cron).expect("the gateway has it");
    let payload = &job["payload"];
    let texts = |list: &Vec<Value>| list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Fields {
        model: payload["model"].as_str().map(str::to_owned),
        fallbacks: payload["fallbacks"].as_array().map(texts),
        enabled: job["enabled"] == true,
    }
}

fn set_chains(engine: &Running, tiers: &[Tier], keys: &[&str]) {
    for tier in tiers.iter().copied() {
        let routes = keys.iter().map(RouteKey::new).collect();
        let chain = Chain { order: ChainOrder::Listed, routes };
        let event = engine.ask(Command::Settings(SettingsChange::SetChain { tier, chain: chain.clone() }));
        assert!(matches!(event, Event::Done { .. }), "{event:?}");
        engine.wait("the chain", |now| *now.settings.chain(tier) == chain);
    }
}

/// Puts the ordinary crons of T1 and T2 on the provider that is out of credits; no other is sorted at all.
fn gather(rig: &Rig) -> BTreeSet<CronId> {
    let file = rig.state_dir().join("cron-tiers.json");
    let text = std::fs::read_to_string(&file).expect("the demo's mapping");
    let mut mapping: Value = serde_json::from_str(&text).expect("the demo's mapping");
    let entries = mapping["crons"].as_object_mut().expect("entries");
    entries.retain(|id, entry| {
        let job = rig.demo.job(&CronId::new(id)).expect("the gateway has it");
        let ordinary = entry["critical"] == false && entry["pinned"].is_null() && entry["tier"] != 3;
        ordinary && job["enabled"] == true && job["owner"].is_null()
    });
    let crons: BTreeSet<_> = entries.keys().map(CronId::new).collect();
    serde_json::to_writer(std::fs::File::create(file).expect("a file"), &mapping).expect("is written");
    for cron in &crons {
        let elsewhere = json!({ "payload": { "kind": "agentTurn", "model": "minimax/MiniMax-M3" } });
        rig.demo.edit_as_somebody_else(cron, &elsewhere).expect("it is edited");
    }
    crons
}

/// The task, once the plan changes each of those crons in one of these ways, and no other.
fn planned(rig: &Rig, engine: &Running, crons: &BTreeSet<CronId>, kinds: &[ChangeKind]) -> Task {
    let now = engine.wait("a plan for all of them", |now| {
        let changes = &now.plan.changes;
        let planned: BTreeSet<_> = changes.iter().map(|change| change.cron.clone()).collect();
        let kinds_planned: BTreeSet<_> = changes.iter().map(|change| change.kind).collect();
        planned == *crons && kinds_planned.iter().eq(kinds) && changes.iter().all(|change| change.ticked)
    });
    Task::new(rig, engine, now.plan.clone(), None)
}

pub fn apply_whole(engine: &Running, plan: &Plan) {
    let job = engine.apply(plan);
    let failed: Vec<_> = job.lines.iter().filter(|line| line.outcome != LineOutcome::Verified).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

pub fn moves(rig: &Rig) -> Task {
    let crons = gather(rig);
    let engine = rig.engine();
    set_chains(&engine, &[Tier::T1, Tier::T2], &["kimi"]);
    planned(rig, &engine, &crons, &[ChangeKind::Move])
}

pub fn pauses(rig: &Rig) -> Task {
    let crons = gather(rig);
    let engine = rig.engine();
    set_chains(&engine, &[Tier::T1, Tier::T2], &["minimax"]);
    planned(rig, &engine, &crons, &[ChangeKind::Pause])
}

/// The same, paused; then chains that serve.
pub fn resumes(rig: &Rig) -> Task {
    let crons = gather(rig);
    let engine = rig.engine();
    set_chains(&engine, &[Tier::T1, Tier::T2], &["minimax"]);
    let plan = planned(rig, &engine, &crons, &[ChangeKind::Pause]).plan;
    apply_whole(&engine, &plan);
    engine.ask(Command::Settings(SettingsChange::SetSettleMinutes(0)));
    set_chains(&engine, &[Tier::T1, Tier::T2], &["kimi"]);
    planned(rig, &engine, &crons, &[ChangeKind::Resume])
}

/// Moves and pauses that were applied as one plan.
pub fn undoes(rig: &Rig) -> Task {
    let crons = gather(rig);
    let engine = rig.engine();
    set_chains(&engine, &[Tier::T1], &["minimax"]);
    set_chains(&engine, &[Tier::T2], &["kimi"]);
    let plan = planned(rig, &engine, &crons, &[ChangeKind::Move, ChangeKind::Pause]).plan;
    let undone = plan.id.clone();
    apply_whole(&engine, &plan);
    engine.ask(Command::PrepareUndo(UndoScope::Plan(undone.clone())));
    let undo = engine.wait("an undo", |now| now.offer.is_some()).offer.clone().expect("it is there");
    Task::new(rig, &engine, undo, Some(undone))
}
