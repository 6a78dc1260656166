//! One round of looks at twelve accounts of very different speed, beside the same looks one after another.
//!
//! The real engine beside the demo's gateway; the accounts are services on loopback that answer a list
//! of models after a wait of their own, the slowest after 400 ms.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use model_orchestrator::domain::{AccountId, ProviderAccount, Service};
use model_orchestrator::engine::{Command, Done, Engine, EngineOptions, Event, SettingsChange, Target};
use model_orchestrator::gateway::Env;
use tokio::runtime::Runtime;

const WAITS_MS: [u64; 12] = [400, 20, 40, 60, 80, 100, 120, 150, 180, 220, 260, 300];

/// A local model server that thinks for a while before it lists its models. Returns its address.
fn server(wait: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    named_thread(move || {
        for mut stream in listener.incoming().flatten() {
            named_thread(move || {
                let mut request = [0; 4096];
                while stream.read(&mut request).is_ok_and(|n| n > 0) {
                    std::thread::sleep(wait);
                    let body = r#"{"object":"list","data":[{"id":"one","object":"model"}]}"#;
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    format!("http://{address}/v1")
}

fn named_thread(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name("model server".to_owned()).spawn(run).expect("a thread");
}

/// Sends a command and waits until it is done.
fn done(runtime: &Runtime, engine: &Engine, command: Command) -> Done {
    let mut events = engine.handle.events();
    let ticket = engine.handle.send(command).expect("the engine takes it");
    runtime.block_on(async {
        loop {
            match events.recv().await.expect("the engine lives") {
                Event::Done { ticket: of, what } if of == ticket => return what,
                Event::Refused { ticket: of, why } if of == ticket => panic!("refused: {why:?}"),
                _ => {}
            }
        }
    })
}

fn rounds(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let root = tempfile::tempdir().expect("a folder");
    let env = Env { home: Some(root.path().to_path_buf()), ..Env::default() };
    let options = EngineOptions { state_root: Some(root.path().join("root")), env, watch: false, program: None };
    let engine = Engine::start(options, || ()).expect("the engine starts");
    done(&runtime, &engine, Command::Connect(Target::Demo));
    let mut snapshots = engine.handle.snapshots();
    runtime.block_on(async {
        while !snapshots.borrow_and_update().evidence_read {
            snapshots.changed().await.expect("the engine lives");
        }
    });
    let accounts: Vec<AccountId> = WAITS_MS.iter().map(|wait| AccountId::new(format!("lmstudio-{wait}"))).collect();
    for (id, wait) in accounts.iter().zip(WAITS_MS) {
        let base_url = Some(server(Duration::from_millis(wait)));
        let account = ProviderAccount { base_url, ..ProviderAccount::new(id.clone(), Service::LmStudio) };
        done(&runtime, &engine, Command::Settings(SettingsChange::PutAccount(Box::new(account))));
    }
    let look = |accounts: Vec<AccountId>| done(&runtime, &engine, Command::Check { accounts: Some(accounts) });
    let mut group = criterion.benchmark_group("looks at 12 accounts");
    group.sample_size(10);
    group.bench_function("one round", |bencher| bencher.iter(|| look(accounts.clone())));
    group.bench_function("the slowest alone", |bencher| bencher.iter(|| look(accounts[..1].to_vec())));
    group.bench_function("one after another", |bencher| {
        bencher.iter(|| {
            for id in &accounts {
                look(vec![id.clone()]);
            }
        });
    });
    group.finish();
    engine.shutdown();
}

criterion_group!(benches, rounds);
criterion_main!(benches);
