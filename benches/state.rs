//! Reading and writing a state folder of 10,000 crons, beside plain serde on the same file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use model_orchestrator::domain::{CronId, Tier, TierEntry};
use model_orchestrator::state::document::Document;
use model_orchestrator::state::{Folder, atomic, names, tiers};

const N_CRONS: usize = 10_000;

fn mapping() -> String {
    let mut text = "{\n  \"crons\": {\n".to_owned();
    for n in 0..N_CRONS {
        let comma = if n + 1 < N_CRONS { "," } else { "" };
        let tier = n % 3 + 1;
        write!(
            text,
            "    \"cron-{n:05}\": {{\n      \"name\": \"job {n} 余\",\n      \"tier\": {tier},\n      \
             \"critical\": false,\n      \"owner\": \"ops\"\n    }}{comma}\n"
        )
        .expect("a string takes everything");
    }
    text + "  }\n}\n"
}

fn state(criterion: &mut Criterion) {
    let now = Timestamp::UNIX_EPOCH;
    let text = mapping();
    let one = BTreeMap::from([(CronId::new("cron-05000"), Some(TierEntry::new(Tier::T1)))]);
    let names_of = BTreeMap::new();
    let mut group = criterion.benchmark_group("state of 10,000 crons");

    group.bench_function("read, typed", |bencher| {
        bencher.iter(|| tiers::read(Document::parse(black_box(text.as_bytes())).expect("valid").root(), now));
    });
    group.bench_function("read, plain serde", |bencher| {
        bencher.iter(|| serde_json::from_str::<serde_json::Value>(black_box(&text)).expect("valid"));
    });

    let document = Document::parse(text.as_bytes()).expect("valid");
    let (before, _) = tiers::read(document.root(), now);
    group.bench_function("one tier changed, bytes kept", |bencher| {
        bencher.iter(|| {
            let target = tiers::patched(document.root(), &before, &one, &names_of, &mut BTreeMap::new());
            document.rewritten(black_box(&target)).bytes()
        });
    });
    group.bench_function("written again, plain serde", |bencher| {
        bencher.iter(|| serde_json::to_vec_pretty(black_box(document.root())).expect("serialises"));
    });

    let place = tempfile::tempdir().expect("a temporary folder");
    atomic::write(&place.path().join(names::TIERS), text.as_bytes()).expect("written");
    group.bench_function("folder opened", |bencher| {
        bencher.iter(|| Folder::open(place.path(), "bench", now).expect("opens"));
    });
    let (mut folder, loaded) = Folder::open(place.path(), "bench", now).expect("opens");
    let mut is_first = true;
    group.bench_function("one tier saved and synced", |bencher| {
        bencher.iter(|| {
            is_first = !is_first;
            let mut entry = loaded.tiers["cron-05000"].clone();
            entry.tier = if is_first { Tier::T1 } else { Tier::T2 };
            folder.save_tiers(&BTreeMap::from([(CronId::new("cron-05000"), Some(entry))]), &names_of).expect("saved");
        });
    });
    group.finish();
}

criterion_group!(benches, state);
criterion_main!(benches);
