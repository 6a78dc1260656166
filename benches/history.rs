//! Reading back half a year of history: 200,000 runs of 500 crons, 100,000 readings of 30 windows.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AccountId, CronId, Fleet, PastRun, QuotaWindow, RunRecord, RunStatus, Source, TokenUsage,
};
use model_orchestrator::state::Folder;

const N_RUNS: i32 = 200_000;
const N_ROUNDS: i32 = 3_400;

fn began() -> Timestamp {
    "2026-05-27T00:00:00Z".parse().expect("a moment")
}

fn run(n: i32) -> RunRecord {
    let at = began() + SignedDuration::from_secs(77) * n;
    RunRecord {
        cron: CronId::new(format!("7c3f5d1e-8c7a-4a54-9d5e-{:012}", n % 500)),
        at,
        finished_at: at + SignedDuration::from_secs(9),
        status: RunStatus::Ok,
        provider: Some("google".to_owned()),
        model: Some("gemini-3-flash".to_owned()),
        error: None,
        error_reason: None,
        duration: Some(SignedDuration::from_secs(9)),
        usage: Some(TokenUsage { input: 4_000, output: 300, total: 4_300 }),
    }
}

fn fleet(n: i32) -> Fleet {
    let at = began() + SignedDuration::from_mins(75) * n;
    let window = |label: &str, per: i32| QuotaWindow::new(label, f64::from(n % per) / 100.0, at, Source::UsageStatus);
    let account = |id: i32| {
        (AccountId::new(format!("account-{id}")), vec![window("5h", 30), window("Week", 90), window("Month", 99)])
    };
    Fleet { windows: (0..10).map(account).collect::<BTreeMap<_, _>>(), ..Fleet::default() }
}

fn history(criterion: &mut Criterion) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let until = began() + SignedDuration::from_hours(24 * 180);
    let (mut folder, _) = Folder::open(place.path(), "bench", until).expect("opens");
    let runs: Vec<_> = (0..N_RUNS).map(run).collect();
    folder.remember_runs(&runs, None, until).expect("kept");
    for n in 0..N_ROUNDS {
        folder.remember_quota(&fleet(n), until).expect("kept");
    }
    let mut group = criterion.benchmark_group("half a year of history");
    group.sample_size(10);
    group.bench_function("read back", |bencher| {
        bencher.iter(|| black_box(folder.usage_history(began(), until).expect("reads")));
    });
    let usage = folder.usage_history(began(), until).expect("reads");
    assert_eq!(usage.runs.len(), runs.len());
    group.bench_function("one more run, while a picture holds it", |bencher| {
        bencher.iter(|| {
            let mut usage = usage.clone();
            usage.keep_run(PastRun::of(&run(N_RUNS)));
            usage
        });
    });
    group.finish();
}

criterion_group!(benches, history);
criterion_main!(benches);
