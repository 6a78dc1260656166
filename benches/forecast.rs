//! A forecast of twelve accounts with a thousand crons that start a hundred thousand times a week, after thirty days
//! of readings and runs. At most 50 ms are allowed for what is made anew when anything moves. And what a what-if of them
//! takes, and of fifty of them, which is to follow a pointer: within a frame of 16 ms.
//!
//! Run: `cargo bench --bench forecast`.

#[path = "support/busy.rs"]
mod busy;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use busy::{N_CRONS, history, model, now, observe};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::SignedDuration;
use model_orchestrator::domain::{Crisis, Hypothesis, Observation, Settings, Supposed, UsageHistory};
use model_orchestrator::policy::{Learned, forecast, learn, prospect, supposed, track_record};

fn forecasting(criterion: &mut Criterion) {
    let obs = observe();
    let settings = Settings::default();
    let history = history(&obs);
    let week = now() + SignedDuration::from_hours(7 * 24);
    let learned = learn(&history, &obs);
    let told = forecast(&learned, &obs, &settings, None, week);
    assert!(told.coming.starts.len() >= 100_000, "{} starts", told.coming.starts.len());
    assert!(told.windows.iter().all(|window| !window.band.is_empty()), "every window has its way");
    let mut group = criterion.benchmark_group("forecast");
    group.sample_size(20);
    group.bench_function("12 accounts, 1,000 crons, 7 days", |bench| {
        bench.iter(|| forecast(black_box(&learned), &obs, &settings, None, week));
    });
    group.bench_function("learn from 30 days", |bench| bench.iter(|| learn(black_box(&history), &obs)));
    group.bench_function("its record", |bench| bench.iter(|| track_record(black_box(&history), &obs, &settings)));
    group.bench_function("bins of a density chart", |bench| {
        let group_of: Vec<usize> =
            told.coming.crons.iter().map(|cron| usize::from(cron.account.as_str().as_bytes()[8]) % 6).collect();
        bench.iter(|| black_box(&told.coming).binned(now(), week, 336, 6, &group_of));
    });
    group.finish();
}

/// The first account down, the clock three days ahead, and the week after that.
fn imagine(learned: &Learned, history: &UsageHistory, obs: &Observation) -> usize {
    let down = BTreeMap::from([(model(0).account(), Supposed::Down)]);
    let at = Some(now() + SignedDuration::from_hours(72));
    let hypothesis = Hypothesis { at, accounts: down, ..Hypothesis::default() };
    let variant = supposed(learned, obs, &Settings::default(), &hypothesis);
    let until = now() + SignedDuration::from_hours(240);
    prospect(learned, history, &variant, &Crisis::default(), obs.at, until).plan.decisions.len()
}

fn imagining(criterion: &mut Criterion) {
    let all = observe();
    let mut group = criterion.benchmark_group("what-if");
    group.sample_size(20);
    for n_crons in [50, N_CRONS] {
        let crons = all.crons.iter().take(n_crons).map(|(id, cron)| (id.clone(), cron.clone())).collect();
        let obs = Observation { crons: Arc::new(crons), ..all.clone() };
        let history = history(&obs);
        let learned = learn(&history, &obs);
        group.bench_function(format!("{n_crons} crons"), |bench| {
            bench.iter(|| imagine(black_box(&learned), &history, &obs));
        });
    }
    group.finish();
}

criterion_group!(benches, forecasting, imagining);
criterion_main!(benches);
