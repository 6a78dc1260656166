//! Crisis and recovery: one click out, one click back, whatever comes between.

use super::outside::{Outside, Provider, run_on};
use super::*;
use crate::gateway::News;
use crate::policy;
use crate::sim::Gateway;

mod advice;
mod automation;
mod crash;
mod flapping;
mod hand;
mod outages;
mod recovery;
mod spread;

const MODELS: [&str; 5] = [
    "minimax/MiniMax-M3",
    "google/gemini-3-flash",
    "kimi/kimi-k2",
    "anthropic/claude-opus-4",
    "anthropic/claude-sonnet-4",
];
const MINIMAX: &str = MODELS[0];
const FLASH: &str = MODELS[1];
const KIMI: &str = MODELS[2];
const OPUS: &str = MODELS[3];

/// A cron that runs every so many minutes, first after so many seconds.
fn job(id: &str, model: Option<&str>, every: i64, first: i64) -> Cron {
    let mut cron = cron(id, "");
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        turn.model = model.map(str::to_owned);
    }
    cron.schedule = Schedule::Every { every: SignedDuration::from_mins(every), anchor: Some(at(first)) };
    cron.next_run_at = Some(at(first));
    cron
}

fn tier(tier: Tier, critical: bool) -> TierEntry {
    TierEntry { critical, ..TierEntry::new(tier) }
}

/// Each cron on the first route of its chain.
fn crons() -> Vec<(Cron, TierEntry)> {
    let off = Cron { enabled: false, next_run_at: None, ..job("off", Some(FLASH), 10, 30) };
    vec![
        (job("t1", Some(MINIMAX), 10, 120), tier(Tier::T1, false)),
        (job("t1-default", None, 30, 600), tier(Tier::T1, false)),
        (job("t1-crit", Some(MINIMAX), 15, 300), tier(Tier::T1, true)),
        (job("t2", Some(FLASH), 10, 90), tier(Tier::T2, false)),
        (job("t2-crit", Some(FLASH), 60, 900), tier(Tier::T2, true)),
        (job("t2-daily", Some(FLASH), 24 * 60, 10 * 3600), tier(Tier::T2, false)),
        (job("t3", Some(OPUS), 20, 240), tier(Tier::T3, false)),
        (job("t3-crit", Some(OPUS), 60, 1200), tier(Tier::T3, true)),
        (off, tier(Tier::T2, false)),
    ]
}

fn settings() -> Settings {
    // What changes is reported at once: a round now and then is enough.
    let checks = CheckSettings { every: SignedDuration::from_mins(30), ..CheckSettings::default() };
    let mut settings = Settings { checks, ..Settings::default() };
    let routes = ["minimax", "gemini_flash", "kimi", "opus", "sonnet"];
    for (route, model) in routes.into_iter().zip(MODELS) {
        settings.routes.get_mut(&RouteKey::new(route)).expect("a default").model = ModelRef::parse(model);
    }
    settings
}

/// Every model ran well an hour ago.
fn ran_before(mut gateway: Gateway) -> Gateway {
    let ran = |model: &ModelRef| run_on(model, "earlier", at(-3600), None);
    gateway.runs = gateway.models.models.keys().map(ran).collect();
    gateway
}

fn started(crons: Vec<(Cron, TierEntry)>, settings: Settings) -> Outside {
    let tiers = crons.iter().map(|(cron, entry)| (cron.id.clone(), entry.clone())).collect();
    let gateway = ran_before(Gateway::new(crons.into_iter().map(|(cron, _)| cron).collect(), &MODELS));
    let mut scene = Outside::start(gateway, settings, tiers);
    scene.pass(1);
    assert_eq!(changes(&scene.world.plan), [""; 0], "all is well at first");
    assert_eq!(level(&scene), OutageLevel::Healthy);
    scene.before = Some(scene.gateway.crons.clone());
    scene
}

/// All is well, and so are its providers.
fn all_well() -> Outside {
    started(crons(), settings())
}

/// The vendors of two of them are out for twenty minutes.
fn out_for_a_while(scene: &mut Outside) {
    for account in ["kimi", "anthropic"] {
        let resets_at = Some(scene.now + SignedDuration::from_mins(20));
        scene.provider(account, Provider::UsedUp { resets_at });
    }
}

fn hours(scene: &Outside, hours: i64) -> Timestamp {
    scene.now + SignedDuration::from_hours(hours)
}

/// Its quota is used up for so many hours.
fn out(scene: &mut Outside, account: &str, n_hours: i64) {
    let resets_at = Some(hours(scene, n_hours));
    scene.provider(account, Provider::UsedUp { resets_at });
}

/// Nobody says until when.
fn out_for_good(scene: &mut Outside, account: &str) {
    scene.provider(account, Provider::UsedUp { resets_at: None });
}

fn view(scene: &Outside) -> Arc<CrisisView> {
    scene.world.crisis_view.clone()
}

fn level(scene: &Outside) -> OutageLevel {
    scene.world.plan.outage.level
}

fn down(scene: &Outside) -> Vec<String> {
    scene.world.plan.outage.down.iter().map(|down| down.vendor.to_string()).collect()
}

/// "t2 pauses", "t3 to google/gemini-3-flash", in the order of the plan.
fn changes(plan: &Plan) -> Vec<String> {
    let said = |change: &Change| match (change.to.enabled, &change.to.model) {
        (false, _) => format!("{} pauses", change.cron),
        (true, model) => format!("{} to {}", change.cron, model.as_deref().unwrap_or("its default")),
    };
    plan.changes.iter().map(said).collect()
}

fn ticked(plan: &Plan) -> Vec<CronId> {
    plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect()
}

fn enter(scene: &mut Outside) {
    let plan = view(scene).enter.clone().expect("it can be entered");
    scene.owed_at_first_write = None;
    let command = Command::EnterCrisis { plan: plan.id.clone(), crons: ticked(&plan) };
    scene.tell(command).expect("it is entered");
}

fn begin_recovery(scene: &mut Outside) {
    let plan = view(scene).recover.clone().expect("something is owed");
    let command = Command::Recover { plan: plan.id.clone(), crons: ticked(&plan) };
    scene.tell(command).expect("it begins");
}

/// To its end: each of its stages waits two minutes.
fn recover(scene: &mut Outside) {
    begin_recovery(scene);
    scene.pass(6);
}

fn apply_plan(scene: &mut Outside) {
    let plan = scene.world.plan.clone();
    scene.tell(Command::Apply { plan: plan.id.clone(), crons: ticked(&plan) }).expect("it is applied");
}

fn phase(scene: &Outside) -> JobPhase {
    scene.world.job.as_ref().expect("a job").phase.clone()
}

fn keys(ledger: &Ledger) -> Vec<&str> {
    ledger.keys().map(CronId::as_str).collect()
}

fn now_of<'a>(scene: &'a Outside, id: &str) -> &'a Cron {
    &scene.gateway.crons[&CronId::new(id)]
}

fn model_of(scene: &Outside, id: &str) -> Option<String> {
    now_of(scene, id).fields().model
}

fn written(scene: &Outside) -> Vec<&str> {
    scene.writes.iter().map(CronId::as_str).collect()
}

/// Every definition is the one from before, nothing is owed, and the mode is off: here and on disk.
fn all_as_before(scene: &Outside, why: &str) {
    for (id, before) in scene.before.as_ref().expect("it is known") {
        assert_eq!(scene.gateway.crons[id].definition, before.definition, "{why}");
    }
    assert_eq!(keys(&scene.disk.ledger()), [""; 0], "{why}");
    assert_eq!(keys(&scene.world.ledger), [""; 0], "{why}");
    assert_eq!((&scene.disk.crisis(NOW).mode, &scene.world.crisis.mode), (&None, &None), "{why}");
}

fn reported(scene: &Outside) -> Vec<String> {
    let mut crons: Vec<String> =
        scene.disk.crisis(NOW).report.iter().flat_map(|r| &r.lines).map(|line| line.cron.to_string()).collect();
    crons.sort();
    crons
}

fn seal_of(scene: &Outside, id: &str) -> Seal {
    let report = scene.disk.crisis(NOW).report.as_ref().expect("a report");
    report.lines.iter().find(|line| line.cron.as_str() == id).expect("its line").seal
}

fn ready(scene: &Outside) -> bool {
    view(scene).readiness == Readiness::Ready
}
