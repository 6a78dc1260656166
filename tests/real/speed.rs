//! What a switch comes to, and how long it takes, beside the gateway's own command line doing the same, in one run.
//! The figures are printed, not judged: they depend on the machine.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use model_orchestrator::domain::Tier;
use model_orchestrator::engine::{self, Edit};
use serde_json::json;

use crate::engine::{Running, id};
use crate::gateway::Gateway;
use crate::program::Program;

const CRONS: usize = 50;
const SWITCHES: usize = 5;

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn a_switch_among_fifty_crons_beside_openclaw_cron_edit() {
    let gateway = Gateway::empty();
    // The write limit counts by connection.
    let second = Gateway::connect();
    let ids: Vec<_> = (0..CRONS)
        .map(|n| {
            if n % 2 == 0 { &gateway } else { &second }.add(&format!("cron {n:02}"), Some("gamma/g-flash"), json!({}))
        })
        .collect();
    let program = Program::new(&gateway);
    let engine = Running::start(&gateway, &program);
    engine.set_chains(&[("small", "alpha/a-small")], &[(Tier::T1, &["small"])]);

    let ours: Vec<_> = ids.iter().take(SWITCHES).map(|cron| switch(&engine, cron)).collect();
    let theirs: Vec<_> = ids.iter().rev().take(SWITCHES).map(|cron| edit(cron)).collect();
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "one switch among {CRONS} crons, median of {SWITCHES}: {ours:.1?} from apply to verified; \
         openclaw cron edit: {theirs:.1?}; {ratio:.0} times as long"
    );
    for cron in ids.iter().take(SWITCHES).chain(ids.iter().rev().take(SWITCHES)) {
        assert_eq!(gateway.job(cron)["payload"]["model"], "alpha/a-small", "both ways lead to the same");
    }
}

/// From the click on *Apply* to the line that is verified, journalled and logged.
fn switch(engine: &Running, cron: &str) -> Duration {
    engine.ask(engine::Command::Edit(Edit::SetTier { crons: vec![id(cron)], tier: Some(Tier::T1) }));
    let planned =
        engine.wait("the cron in the plan", |now| now.saving.is_empty() && now.plan.change(&id(cron)).is_some());
    let started = Instant::now();
    engine.begin(&planned.plan);
    engine.finish(&planned.plan);
    let took = started.elapsed();
    assert_eq!(engine.now().switches[0].cron, id(cron), "it was switched");
    took
}

fn edit(cron: &str) -> Duration {
    let cli = std::env::var("MO_OPENCLAW_CLI").expect("MO_OPENCLAW_CLI is not set: run tests/gateway/run.sh");
    let started = Instant::now();
    let done = Command::new(cli)
        .args(["cron", "edit", cron, "--model", "alpha/a-small"])
        .stdin(Stdio::null())
        .output()
        .expect("OpenClaw's command line starts");
    let took = started.elapsed();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
