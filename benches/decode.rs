//! What it costs to turn a gateway's list of 1,000 jobs into crons, beside parsing its JSON alone.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model_orchestrator::gateway::crons_from;
use serde_json::Value;

const N_JOBS: usize = 1000;

/// A recorded page, repeated under other ids until it has as many jobs as a large gateway.
fn list() -> String {
    let text = include_str!("../tests/recorded/gateway/cron-list-page.json");
    let file: Value = serde_json::from_str(text).expect("is JSON");
    let mut payload = file["frames"][1]["frame"]["payload"].clone();
    let recorded = payload["jobs"].as_array().expect("has jobs").clone();
    let jobs = recorded.iter().cycle().take(N_JOBS).zip(0..).map(|(job, n)| {
        let mut job = job.clone();
        job["id"] = format!("00000000-0000-4000-8000-{n:012}").into();
        job
    });
    payload["jobs"] = jobs.collect();
    payload.to_string()
}

fn decode(criterion: &mut Criterion) {
    let text = list();
    let mut group = criterion.benchmark_group("decode 1,000 jobs");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("JSON alone", |bencher| {
        bencher.iter(|| serde_json::from_str::<Value>(black_box(&text)).expect("is JSON"));
    });
    group.bench_function("JSON to crons", |bencher| {
        bencher.iter(|| {
            let value = serde_json::from_str(black_box(&text)).expect("is JSON");
            let page = crons_from(value, 0).expect("is a list");
            assert_eq!(page.crons.len(), N_JOBS);
            page
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
