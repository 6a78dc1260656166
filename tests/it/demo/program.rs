//! The program's own client and policy against the demo: what a newcomer's first minute shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use model_orchestrator::demo::{Demo, DemoOutage, seed_state};
use model_orchestrator::domain::{
    AccountId, Catalog, ChangeKind, ChangeMark, Cron, CronId, Fleet, Health, Observation, OutageLevel, Pin, Plan,
    Reason, RouteKey, Settings, Source, Tier, TierEntry, TierMap,
};
use model_orchestrator::engine::{Command, Target};
use model_orchestrator::gateway::{Connected, Endpoint, connect};
use model_orchestrator::{policy, providers};
use serde_json::Value;

use super::{id, on_a_runtime, options, start};
use crate::support::Rig;

async fn connected(demo: &Demo) -> Connected {
    connect(&Endpoint::new(demo.url(), Some(demo.token().clone()))).await.expect("the demo lets us in")
}

/// The mapping of the seeded folder.
fn seeded_tiers(demo: &Demo) -> TierMap {
    let folder = tempfile::tempdir().unwrap();
    seed_state(folder.path(), demo).unwrap();
    let text = std::fs::read_to_string(folder.path().join("cron-tiers.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let entry = |entry: &Value| TierEntry {
        critical: entry["critical"].as_bool().unwrap(),
        pinned: entry["pinned"].as_str().map(|model| Pin { model: Some(model.to_owned().try_into().unwrap()) }),
        ..TierEntry::new(Tier::from_number(entry["tier"].as_u64().unwrap()).unwrap())
    };
    file["crons"].as_object().unwrap().iter().map(|(id, value)| (CronId::new(id), entry(value))).collect()
}

/// What the engine knows after connecting, and what the policy makes of it.
async fn first_look(demo: &Demo) -> (BTreeMap<CronId, Arc<Cron>>, Catalog, Plan) {
    let client = connected(demo).await.client;
    let list = client.crons().await.unwrap();
    assert_eq!(list.unreadable, []);
    let crons: BTreeMap<_, _> = list.crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect();
    let catalog = client.catalog().await.unwrap();
    let defaults = Settings::default();
    let settings = policy::with_matches(&defaults, &policy::match_routes(&defaults, &catalog));
    let mut fleet = Fleet::default();
    let mut runs = client.runs(None, 200, 0).await.unwrap().runs;
    runs.sort_by_key(|run| run.finished_at);
    for run in &runs {
        let account = AccountId::new(run.provider.as_deref().unwrap_or_default());
        let said = providers::diagnose_run(run, settings.billing(&account), Vec::new(), run.finished_at);
        policy::absorb_run(&mut fleet, run, said.as_ref(), &settings, start());
    }
    policy::absorb_catalog(&mut fleet, &catalog, start());
    policy::absorb_windows(
        &mut fleet,
        Source::UsageStatus,
        &client.usage(start()).await.unwrap().accounts,
        &settings,
        start(),
    );
    policy::advance(&mut fleet, &settings, start());
    let mut obs = Observation {
        at: start(),
        gateway_reachable: true,
        crons: Arc::new(crons.clone()),
        catalog: Arc::new(catalog.clone()),
        fleet: Arc::new(fleet),
        tiers: Arc::new(seeded_tiers(demo)),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: model_orchestrator::domain::PlanMode::Ordinary,
    };
    let failing = policy::vendors_failing_at(&obs, &settings);
    obs.down_since = failing.into_iter().map(|vendor| (vendor, start() - super::minutes(40))).collect();
    let plan = policy::plan(&obs, &settings);
    (crons, catalog, plan)
}

#[test]
fn the_first_plan_moves_simple_crons_from_minimax_to_flash_and_pauses_none() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let (crons, catalog, plan) = first_look(&demo).await;
        assert_eq!(plan.outage.level, OutageLevel::Degraded, "one vendor is down, which is no crisis");
        let down: Vec<_> = plan.outage.down.iter().map(|down| down.vendor.as_str()).collect();
        assert_eq!(down, ["minimax"]);
        assert!(plan.changes.iter().all(|change| change.kind == ChangeKind::Move), "nothing pauses");
        let flash = RouteKey::new("gemini_flash");
        let on_minimax = |cron: &&Arc<Cron>| {
            let model = cron.turn().and_then(|turn| catalog.resolve(turn.model.as_deref(), None));
            cron.routable() && model.is_some_and(|model| model.provider() == "minimax")
        };
        let stranded: BTreeSet<_> = crons.values().filter(on_minimax).map(|cron| cron.id.clone()).collect();
        assert!((8..=14).contains(&stranded.len()), "{} crons on MiniMax", stranded.len());
        for cron in &stranded {
            let change = plan.change(cron).unwrap_or_else(|| panic!("{cron} stays on a dead route"));
            assert_eq!(change.to_route.as_ref(), Some(&flash), "{}", change.name);
        }
        let agent_made = plan.change(&id("parcel-tracking")).unwrap();
        assert!(agent_made.marks.contains(&ChangeMark::AgentMade) && !agent_made.ticked);
        assert!(matches!(plan.decision(&id("calendar-conflicts")).unwrap().reason, Reason::Pinned { .. }));
        assert_eq!(demo.calls().get("cron.update"), None, "a plan writes nothing");
    });
}

#[test]
fn messages_of_the_seeded_crons_suggest_the_tier_they_are_in() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let client = connected(&demo).await.client;
        let tiers = seeded_tiers(&demo);
        let crons = client.crons().await.unwrap().crons;
        let off: Vec<_> = crons
            .iter()
            .filter_map(|cron| {
                let (wanted, suggested) = (tiers.get(&cron.id)?.tier, policy::suggest_tier(cron).tier);
                (wanted != suggested).then(|| (cron.name.clone(), wanted, suggested))
            })
            .collect();
        assert!(off.len() <= 1, "{off:?}");
        let unsorted = [("newsletter-digest", Tier::T2), ("disk-check", Tier::T1), ("competitor-weekly", Tier::T3)];
        for (slug, expected) in unsorted {
            let cron = crons.iter().find(|cron| cron.id == id(slug)).unwrap();
            assert_eq!(policy::suggest_tier(cron).tier, expected, "{slug}");
        }
    });
}

#[test]
fn the_clock_of_the_demo_reaches_the_client() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let hello = connected(&demo).await.hello;
        assert_eq!(hello.gateway_time.map(Timestamp::as_millisecond), Some(start().as_millisecond()));
    });
}

#[test]
fn an_outage_that_is_told_with_the_demo_s_start_is_there_when_it_is_looked_at() {
    let rig = Rig::new();
    let engine = rig.engine_alone();
    engine.tell(Command::Connect(Target::Demo));
    engine.tell(Command::DemoOutage { provider: "kimi".to_owned(), outage: DemoOutage::QuotaExhausted });
    let kimi = AccountId::new("kimi");
    let now = engine.wait("Kimi's windows", |now| {
        let vital = now.fleet.accounts.get(&kimi);
        vital.is_some_and(|vital| vital.health.fails())
    });
    assert!(matches!(now.fleet.accounts[&kimi].health, Health::LimitHit { resets_at: Some(_) }));
}
