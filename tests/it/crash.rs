//! The plug is pulled at every step of an apply: afterwards gateway, journal, ledger and log agree.
//!
//! The program is a real process that is killed with SIGKILL; the gateway lives on in the test.

use std::collections::BTreeMap;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use model_orchestrator::demo::DemoOptions;
use model_orchestrator::domain::{
    Chain, ChainOrder, ChangeKind, CronId, DemoOutage, JobPhase, LineOutcome, RouteKey, Tier,
};
use model_orchestrator::engine::{Command, Event, SettingsChange};
use serde_json::json;

use crate::support::{Rig, Running};

/// A gateway whose writes take long enough to be interrupted.
fn slow() -> Rig {
    Rig::with(DemoOptions {
        write_limit: 10_000,
        run_jobs: false,
        write_delay: Duration::from_millis(15),
        ..DemoOptions::default()
    })
}

/// Chains that differ from where the crons are, so that at least 20 of them move.
fn plan_twenty(engine: &Running) -> BTreeMap<CronId, Option<String>> {
    let routes = |keys: &[&str]| keys.iter().map(RouteKey::new).collect();
    for (tier, keys) in [(Tier::T1, ["kimi", "gemini_flash"]), (Tier::T2, ["kimi", "gemini_flash"])] {
        let chain = Chain { order: ChainOrder::Listed, routes: routes(&keys) };
        let event = engine.ask(Command::Settings(SettingsChange::SetChain { tier, chain }));
        assert!(matches!(event, Event::Done { .. }), "{event:?}");
    }
    let now = engine.wait("20 changes", |now| now.plan.changes.iter().filter(|change| change.ticked).count() >= 20);
    let ticked = now.plan.changes.iter().filter(|change| change.ticked);
    ticked.map(|change| (change.cron.clone(), change.to.model.clone())).collect()
}

fn distribute(rig: &Rig) -> Child {
    let token = rig.root().join("token");
    std::fs::File::create(&token).expect("a token file");
    std::io::Write::write_all(
        &mut std::fs::OpenOptions::new().write(true).open(&token).expect("opens"),
        rig.demo.token().reveal().as_bytes(),
    )
    .expect("writes");
    Process::new(env!("CARGO_BIN_EXE_model-orchestrator"))
        .args(["distribute", "--yes", "--json", "--url", rig.demo.url()])
        .arg("--token-file")
        .arg(&token)
        .arg("--state-dir")
        .arg(rig.state_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Waits until `reached`, or until the program has ended by itself.
fn wait_for(child: &mut Child, what: &str, reached: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !reached() && child.try_wait().expect("it can be asked").is_none() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_micros(300));
    }
}

fn model_on_gateway(rig: &Rig, cron: &CronId) -> Option<String> {
    rig.demo.job(cron)?["payload"]["model"].as_str().map(ToOwned::to_owned)
}

fn logged(rig: &Rig) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for line in rig.log() {
        let name = line.split(" | ").nth(1).expect("a name").to_owned();
        *lines.entry(name).or_insert(0) += 1;
    }
    lines
}

#[test]
fn killed_at_each_step_of_an_apply_nothing_is_lost_or_repeated() {
    for killed_after in 0..=20_u64 {
        let rig = slow();
        let wanted = plan_twenty(&rig.engine());
        let mut child = distribute(&rig);
        wait_for(&mut child, "its writes", || rig.calls("cron.update") >= killed_after && killed_after > 0);
        child.kill().ok(); // It may have ended by itself.
        child.wait().expect("it has ended");

        let engine = rig.engine();
        let now = engine.wait("the journal to be settled", |now| {
            now.job.as_ref().is_none_or(|job| job.lines.iter().all(|line| line.outcome != LineOutcome::Writing))
        });
        let on_gateway = wanted.iter().filter(|(cron, model)| model_on_gateway(&rig, cron) == **model).count();
        assert_eq!(now.switches.len(), on_gateway, "journal and gateway agree, killed after {killed_after}");
        assert_eq!(rig.log_of(on_gateway).len(), on_gateway, "log and gateway agree, killed after {killed_after}");
        finish(&engine);
        drop(engine);
        for (cron, model) in &wanted {
            assert_eq!(model_on_gateway(&rig, cron), *model, "{cron} is where it should be");
        }
        assert!(logged(&rig).values().all(|lines| *lines == 1), "each switch is logged once");
        assert_eq!(rig.log().len(), wanted.len());
        assert!(
            rig.calls("cron.update") <= wanted.len() as u64 + 1,
            "at most the call that was cut off is made again: {}",
            rig.calls("cron.update")
        );
    }
}

/// Applies whatever is still to do.
fn finish(engine: &Running) {
    let now = engine.now();
    if now.plan.changes.iter().any(|change| change.ticked) {
        let job = engine.apply_all();
        assert_eq!(job.phase, JobPhase::Done);
    }
}

/// Every account of the chains fails, seen by runs, and then the plan that answers it is applied.
fn pause_everything(rig: &Rig, engine: &Running) -> Vec<CronId> {
    let providers = ["google", "kimi", "anthropic", "minimax"];
    for provider in providers {
        rig.demo.set_outage(provider, DemoOutage::QuotaExhausted);
    }
    for provider in providers {
        rig.force_run_on(provider);
    }
    engine.wait("a plan that pauses", |now| {
        now.plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause).count() >= 5
    });
    engine.apply_all();
    let off: Vec<CronId> = engine.now().ledger.keys().cloned().collect();
    assert!(off.len() >= 5, "every pause is in the ledger");
    off
}

#[test]
fn a_paused_cron_is_resumed_although_the_history_was_deleted() {
    let rig = Rig::at_its_own_time();
    let engine = rig.engine();
    engine.ask(Command::Settings(SettingsChange::SetSettleMinutes(0)));
    let off = pause_everything(&rig, &engine);
    drop(engine);
    for file in ["history.db", "history.db-wal", "history.db-shm"] {
        std::fs::remove_file(rig.state_dir().join(file)).ok(); // Not every one of them exists.
    }
    let engine = rig.engine();
    assert_eq!(engine.now().ledger.keys().cloned().collect::<Vec<_>>(), off, "the ledger is the truth");
    rig.demo.advance(jiff::SignedDuration::from_mins(11));
    for provider in ["google", "kimi", "anthropic", "minimax"] {
        rig.demo.set_outage(provider, DemoOutage::Serving);
    }
    engine.ask(Command::Refresh);
    for provider in ["google", "kimi", "anthropic", "google", "kimi", "anthropic"] {
        rig.force_run_on(provider);
    }
    engine.wait("a plan that resumes", |now| {
        now.plan.changes.iter().filter(|change| change.kind == ChangeKind::Resume).count() == off.len()
    });
    engine.apply_all();
    let now = engine.wait("an empty ledger", |now| now.ledger.is_empty());
    for id in &off {
        assert!(now.crons[id].enabled, "{id} runs again");
    }
}

#[test]
fn a_pause_that_was_intended_but_never_written_is_no_debt() {
    let rig = slow();
    let cron = rig.engine().cron("Heartbeat ping");
    let entry = json!({
        "name": "Heartbeat ping", "opened_at": "2026-11-22T10:00:00Z", "why": "nothing_serves",
        "before": { "model": null, "fallbacks": null, "enabled": true },
        "wrote": { "model": null, "fallbacks": null, "enabled": false },
        "definition": { "name": "Heartbeat ping" }, "confirmed": false
    });
    rig.write_ledger(&cron, &entry);
    let engine = rig.engine();
    engine.wait("the ledger to be settled", |now| now.ledger.is_empty());
    assert!(engine.now().problems.is_empty(), "{:?}", engine.now().problems);
    assert_eq!(rig.writes(), 0, "it runs as it always did");
}
