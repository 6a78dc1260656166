//! How long planning takes for many crons on twelve routes, compared to two things: copying the list
//! of crons, below which no planner can stay, and planning each cron on its own, which works the
//! chains out anew for every one.
//!
//! Run: `cargo bench --bench plan`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AgentTurn, Catalog, Chain, ChainOrder, Cron, CronId, Fleet, Health, Model, ModelRef, Observation, OutageLevel,
    Payload, Price, Revision, Route, RouteKey, Schedule, Settings, Tier, TierEntry, Usd, VendorId, Vital,
};
use model_orchestrator::policy::plan;

const N_ROUTES: usize = 12;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_420_800).expect("in range")
}

fn model(index: usize) -> ModelRef {
    ModelRef::of(&format!("vendor-{index}"), "model")
}

fn settings() -> Settings {
    let keys: Vec<RouteKey> = (0..N_ROUTES).map(|index| RouteKey::new(format!("route-{index:02}"))).collect();
    let route = |(index, key): (usize, &RouteKey)| {
        let route = Route {
            label: key.to_string(),
            vendor: VendorId::new(format!("vendor-{index}")),
            model: Some(model(index)),
            price: Some(Price { input: Usd(0.1), output: Usd(1.0) }),
            set_aside_until: None,
        };
        (key.clone(), route)
    };
    let chain = Chain { order: ChainOrder::Listed, routes: keys.clone() };
    Settings {
        routes: keys.iter().enumerate().map(route).collect(),
        chains: Tier::ALL.into_iter().map(|tier| (tier, chain.clone())).collect(),
        ..Settings::default()
    }
}

/// Every other account fails, so that half of the crons move and all have routes to skip.
fn fleet() -> Fleet {
    let vital = |index: usize| {
        let since = now() - SignedDuration::from_hours(2);
        let failing = index.is_multiple_of(2);
        let vital = Vital {
            health: if failing { Health::OutOfBalance } else { Health::Up },
            since: Some(since),
            serving_since: (!failing).then_some(since),
            observed_at: Some(now()),
            ..Vital::default()
        };
        (model(index).account(), vital)
    };
    Fleet { accounts: (0..N_ROUTES).map(vital).collect(), ..Fleet::default() }
}

fn catalog() -> Catalog {
    let listed = |index: usize| {
        let listed = Model { name: format!("Model {index}"), ..Model::new(model(index)) };
        (model(index), listed)
    };
    Catalog { models: (0..N_ROUTES).map(listed).collect(), ..Catalog::default() }
}

fn cron(index: usize) -> Cron {
    Cron {
        revision: Some(Revision::new(format!("sha256:{index}"))),
        next_run_at: Some(now() + SignedDuration::from_secs(index as i64)),
        ..Cron::new(
            CronId::new(format!("cron-{index:06}")),
            format!("Cron {index}"),
            Schedule::Every { every: SignedDuration::from_mins(30), anchor: None },
            Payload::AgentTurn(AgentTurn {
                message: "Read the inbox and answer what can be answered".to_owned(),
                model: Some(model(index % N_ROUTES).as_str().to_owned()),
                ..AgentTurn::default()
            }),
        )
    }
}

fn observe(n_crons: usize) -> Observation {
    let crons: BTreeMap<CronId, Arc<Cron>> =
        (0..n_crons).map(|index| (cron(index).id, Arc::new(cron(index)))).collect();
    let entry = |(index, id): (usize, &CronId)| (id.clone(), TierEntry::new(Tier::ALL[index % 3]));
    Observation {
        at: now(),
        gateway_reachable: true,
        tiers: Arc::new(crons.keys().enumerate().map(entry).collect()),
        crons: Arc::new(crons),
        catalog: Arc::new(catalog()),
        fleet: Arc::new(fleet()),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: model_orchestrator::domain::PlanMode::Ordinary,
    }
}

/// What planning would cost without working out anything once for all.
fn one_by_one(obs: &Observation, settings: &Settings) -> usize {
    let mut alone = obs.clone();
    let plan_alone = |(id, cron): (&CronId, &Arc<Cron>)| {
        alone.crons = Arc::new(BTreeMap::from([(id.clone(), Arc::clone(cron))]));
        plan(&alone, settings).changes.len()
    };
    obs.crons.iter().map(plan_alone).sum()
}

fn planning(criterion: &mut Criterion) {
    let settings = settings();
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(20);
    for n_crons in [1_000, 10_000, 100_000] {
        let obs = observe(n_crons);
        assert!(!plan(&obs, &settings).changes.is_empty(), "the plan has something to do");
        group.throughput(Throughput::Elements(n_crons as u64));
        group.bench_with_input(BenchmarkId::new("plan", n_crons), &obs, |bench, obs| {
            bench.iter(|| plan(black_box(obs), &settings));
        });
        group.bench_with_input(BenchmarkId::new("copy the crons", n_crons), &obs, |bench, obs| {
            bench.iter(|| obs.crons.values().map(|cron| Cron::clone(black_box(cron))).collect::<Vec<_>>());
        });
        if n_crons <= 10_000 {
            group.bench_with_input(BenchmarkId::new("one by one", n_crons), &obs, |bench, obs| {
                bench.iter(|| one_by_one(black_box(obs), &settings));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, planning);
criterion_main!(benches);
