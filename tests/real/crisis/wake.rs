//! The one-shot on the gateway is what notices a return: by itself this engine looks at nobody.
//!
//! A one-shot is put there only for an outage that lasts ten minutes or more, which nobody waits for here: the
//! owner calls the provider down until its reset, which is trusted however near it is. What it waits for is the
//! minute between the reset and the one-shot.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use model_orchestrator::domain::{
    AccountId, Change, CronId, Health, LineOutcome, Plan, ProviderAccount, RECOVERY_KEY_PREFIX, Readiness, Reason,
    Source,
};
use model_orchestrator::engine::{Command, SettingsChange, Snapshot};
use serde_json::{Value, json};

use super::crons::{Crons, FEW, Fate, by_id, definition};
use super::{all, give_back};
use crate::engine::Running;
use crate::gateway::Gateway;
use crate::program::Program;

/// The reset, the minute after it, and a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn the_one_shot_on_the_gateway_tells_of_a_return_that_nobody_looked_for() {
    let gateway = Gateway::empty();
    let crons = Crons::put_on(&gateway, FEW);
    crons.show_that_all_serve(&gateway);
    let program = Program::new(&gateway);
    let never_looks = json!({ "checks": { "every_minutes": 0 }, "thresholds": { "settle_minutes": 0.05 } });
    crons.describe_to(&program, &never_looks);
    let engine = Running::watching(&gateway, &program);
    let beta = AccountId::new("beta");
    fail(&gateway, &crons, &engine, &beta);
    let plan = engine.now().crisis.enter.clone().expect("crisis mode can be entered by hand");
    engine.ask(Command::EnterCrisis { plan: plan.id.clone(), crons: all(&plan) });
    let job = engine.finish(&plan);
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified), "{:?}", job.lines);
    assert_eq!(crons.touched(&gateway).len(), 3);

    let placed =
        engine.wait("a one-shot", |now| now.crisis.checks.get(&beta).is_some_and(|check| check.cron.is_some()));
    let shot = placed.crisis.checks[&beta].cron.clone().expect("it is there");
    is_as_promised(&gateway.job(shot.as_str()), &placed, &beta);
    gateway.provider("beta", &json!({ "outcome": "ok" }));
    let (asked, waited) = (gateway.provider_calls("beta"), Instant::now());
    let serves = |now: &Snapshot| now.fleet.accounts.get(&beta).is_some_and(|vital| vital.health.serves());
    let back = engine.wait_for(PATIENCE, "the return that a one-shot tells of", serves);
    assert_eq!(back.fleet.accounts[&beta].source, Source::GatewayProbe);
    assert_eq!(gateway.provider_calls("beta"), asked + 1, "one question, and no run of a cron");
    println!("the one-shot told of a return {:.0?} after it was put there", waited.elapsed());
    let gone = |now: &Snapshot| now.crisis.checks.is_empty() && !now.crons.contains_key(&shot);
    // Until it has served for a while, crons would go on elsewhere.
    let as_before = |plan: &Plan| plan.changes.len() == 3 && plan.changes.iter().all(is_given_back);
    let ready = engine.wait("the way back", |now| {
        now.crisis.readiness == Readiness::Ready && gone(now) && now.crisis.recover.as_deref().is_some_and(as_before)
    });

    let way_back = ready.crisis.recover.clone().expect("a way back");
    let job = give_back(&engine, &way_back);
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified), "{:?}", job.lines);
    engine.wait("the end of crisis mode", |now| now.crisis.state.mode.is_none() && now.ledger.is_empty());
    let now = by_id(&gateway);
    for (cron, before) in &crons.before {
        assert_eq!(definition(&now[cron]), definition(before));
    }
    let left: Vec<String> = gateway.jobs().into_values().filter(is_ours).map(|job| job["name"].to_string()).collect();
    assert_eq!(left, Vec::<String>::new(), "nothing of ours is left there");
    engine.end();
}

/// A limit for a few seconds, and its owner's word that it lasts until then.
fn fail(gateway: &Gateway, crons: &Crons, engine: &Running, beta: &AccountId) {
    gateway.provider("beta", &json!({ "outcome": "usage_limit", "resetSeconds": 12 }));
    crons.run(gateway, "complex 01", "error");
    let until = |now: &Snapshot| match now.fleet.accounts.get(beta).map(|vital| vital.health.clone()) {
        Some(Health::LimitHit { resets_at }) => resets_at,
        _ => None,
    };
    let limited = engine.wait("a limit with its reset", |now| until(now).is_some());
    let account = ProviderAccount { down_until: until(&limited), ..ProviderAccount::implied(beta.clone()) };
    engine.ask(Command::Settings(SettingsChange::PutAccount(Box::new(account))));
    let meant: BTreeSet<CronId> = crons.meant_to(Fate::Pauses).union(&crons.meant_to(Fate::Moves)).cloned().collect();
    let touched = |now: &Snapshot| now.crisis.enter.as_ref().map(|plan| all(plan).into_iter().collect());
    engine.wait("a plan for these", |now| touched(now).is_some_and(|touched: BTreeSet<CronId>| touched == meant));
}

fn is_given_back(change: &Change) -> bool {
    change.reason == Reason::GivenBack
}

fn is_ours(job: &Value) -> bool {
    job["declarationKey"].as_str().is_some_and(|key| key.starts_with("model-orchestrator:"))
}

/// Without tokens and without delivery, at the reset and a minute, and gone when it has run.
fn is_as_promised(job: &Value, now: &Snapshot, beta: &AccountId) {
    assert_eq!(job["declarationKey"], format!("{RECOVERY_KEY_PREFIX}{beta}"));
    assert_eq!((&job["payload"]["kind"], &job["payload"]["argv"]), (&json!("command"), &json!(["true"])));
    assert_eq!((&job["delivery"]["mode"], &job["deleteAfterRun"]), (&json!("none"), &json!(true)));
    let down_until = now.settings.accounts[beta].down_until.expect("its owner's word");
    assert_eq!(now.crisis.checks[beta].at.duration_since(down_until).as_secs(), 60);
}
