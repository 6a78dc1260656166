//! What the engine finds out about providers by itself, without a key of its own.

use std::time::Duration;

use model_orchestrator::domain::{AccountId, HealthState, KeyState, Source, Tier, Vital};
use model_orchestrator::engine::{Command, Edit, Snapshot};
use serde_json::json;

use crate::engine::{Running, id};
use crate::gateway::Gateway;
use crate::program::Program;

/// A question that costs tokens follows the one before after five minutes at the earliest, and the
/// gateway may take three for an answer.
const UNUSED: Duration = Duration::from_mins(12);
const CRONS: [&str; 3] = ["first", "second", "third"];

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn an_account_that_answers_429_is_left_within_two_failed_runs_and_its_return_is_noticed_unused() {
    let gateway = Gateway::empty();
    gateway.wait_cooled_down("alpha");
    let program = Program::new(&gateway);
    let with = json!({ "payload": { "timeoutSeconds": 30, "fallbacks": ["gamma/g-flash"] } });
    let crons = CRONS.map(|name| gateway.add(name, Some("alpha/a-small"), with.clone()));
    let engine = Running::watching(&gateway, &program);
    engine.set_chains(
        &[("small", "alpha/a-small"), ("flash", "gamma/g-flash")],
        &[(Tier::T1, &["small", "flash"]), (Tier::T2, &["flash"]), (Tier::T3, &["flash"])],
    );
    let all = crons.iter().map(|cron| id(cron)).collect();
    engine.ask(Command::Edit(Edit::SetTier { crons: all, tier: Some(Tier::T1) }));
    let sorted = engine.wait("everything where it should be", |now| now.saving.is_empty() && now.tiers.len() == 3);
    assert_eq!(sorted.plan.changes, []);

    gateway.provider("alpha", &json!({ "outcome": "rate_limit", "retryAfter": null }));
    for cron in &crons[..2] {
        gateway.run(cron);
        let failed = gateway.wait(cron, "the failed run", |job| job["state"]["lastRunStatus"] == "error");
        assert_eq!(failed["state"]["lastErrorReason"], "timeout", "the gateway calls it a time-out: {failed}");
    }
    let elsewhere = |now: &Snapshot| now.plan.changes.len() == CRONS.len();
    let left = engine.wait("all of them planned elsewhere", elsewhere);
    assert_eq!(crons.iter().map(|cron| gateway.runs(cron).len()).collect::<Vec<_>>(), [1, 1, 0]);
    let planned = left.plan.changes.iter().map(|change| change.to.model.clone());
    assert!(
        planned.clone().all(|model| model.as_deref() == Some("gamma/g-flash")),
        "{:?}",
        planned.collect::<Vec<_>>()
    );
    let found = vital(&left, "alpha");
    assert_eq!(found.state(), HealthState::RateLimited, "it is called what it is: {found:?}");
    let others = left.fleet.accounts.iter().filter(|(account, _)| account.as_str() != "alpha");
    for (account, vital) in others {
        assert!(!vital.health.fails(), "nobody else is blamed: {account} {vital:?}");
    }

    engine.begin(&left.plan);
    engine.finish(&left.plan);
    for cron in &crons {
        assert_eq!(gateway.job(cron)["payload"]["model"], "gamma/g-flash");
    }

    gateway.provider("alpha", &json!({ "outcome": "ok" }));
    let unused = gateway.provider_calls("alpha");
    let serves = |now: &Snapshot| vital(now, "alpha").health.serves();
    let back = engine.wait_for(UNUSED, "the return of an account that nobody uses", serves);
    assert_eq!(vital(&back, "alpha").source, Source::GatewayProbe);
    assert_eq!(crons.iter().map(|cron| gateway.runs(cron).len()).collect::<Vec<_>>(), [1, 1, 0], "no cron ran there");
    let asked = gateway.provider_calls("alpha") - unused;
    assert!((1..=3).contains(&asked), "it was asked for {asked} answers");
    assert!(back.looks.paid <= 4 && back.looks.tokens_spent <= 32, "within the day's budget: {:?}", back.looks);
    for (account, look) in &back.looks.accounts {
        assert!(matches!(look.key, KeyState::OfGateway | KeyState::NotNeeded), "{account} needs no key: {look:?}");
    }
    engine.end();
}

fn vital(now: &Snapshot, account: &str) -> Vital {
    now.fleet.accounts.get(&AccountId::new(account)).cloned().unwrap_or_default()
}
