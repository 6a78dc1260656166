//! Failing crons in the snapshot: they appear, are diagnosed once, and go away.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::settle;
use super::*;
use crate::gateway::{News, cron_from, run_from};
use crate::words::{self, Speech};

fn shown(world: &mut World, now: Timestamp) -> Arc<Vec<Triage>> {
    settle(world, now);
    world.snapshot(now).triage
}

fn said(world: &World, triage: &Triage, now: Timestamp) -> String {
    let speech = Speech { now, zone: &TimeZone::UTC, settings: &world.effective, catalog: &world.catalog };
    words::triage(triage, &speech).what
}

fn run(cron: &Cron, ended: Timestamp, provider: &str, error: Option<&str>) -> RunRecord {
    RunRecord {
        cron: cron.id.clone(),
        at: ended - SignedDuration::from_secs(5),
        finished_at: ended,
        status: if error.is_some() { RunStatus::Error } else { RunStatus::Ok },
        provider: Some(provider.to_owned()),
        model: Some("one".to_owned()),
        error: error.map(str::to_owned),
        error_reason: None,
        duration: Some(SignedDuration::from_secs(5)),
        usage: None,
    }
}

/// The cron as the gateway has it after that run.
fn after(cron: &Cron, run: &RunRecord, failures: u32) -> Cron {
    let last = LastRun {
        at: run.at,
        status: run.status,
        error: run.error.clone(),
        error_reason: run.error_reason.clone(),
        undelivered: false,
        duration: run.duration,
    };
    Cron { last_run: Some(last), consecutive_errors: failures, ..cron.clone() }
}

fn finished(world: &mut World, run: RunRecord, cron: Cron, now: Timestamp) {
    let session = world.session;
    step(world, Input::News { session, news: News::RunFinished(run, cron) }, now);
}

#[test]
fn a_failing_cron_is_shown_until_a_run_of_it_goes_well() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), Vec::new());
    assert_eq!(*shown(&mut world, at(1)), []);

    let failed = run(&one, at(60), "openai", Some("401 Incorrect API key provided"));
    finished(&mut world, failed.clone(), after(&one, &failed, 9), at(60));
    let listed = shown(&mut world, at(61));
    let [entry] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((entry.kind, entry.failures), (TriageKind::Auth, 9));
    assert_eq!(entry.switch_off, SwitchOff::Near { next_run_at: one.next_run_at });
    assert_eq!(entry.account, Some(AccountId::new("openai")), "who really answered, not the model it has now");

    let well = run(&one, at(120), "openai", None);
    finished(&mut world, well.clone(), after(&one, &well, 0), at(120));
    assert_eq!(*shown(&mut world, at(121)), []);
    assert!(world.failures.is_empty(), "nothing is kept of it");
}

#[test]
fn an_error_is_diagnosed_once_and_again_only_when_it_or_the_billing_changes() {
    let one = cron("1", "a/one");
    let text = "402 insufficient balance";
    let failed = run(&one, at(-60), "a", Some(text));
    let mut world = world(&[after(&one, &failed, 1)], Vec::new());
    world.dirty.plan = true;
    let first = shown(&mut world, at(1))[0].said.clone().expect("is diagnosed");
    assert_eq!(first.billing, Billing::RateTier);

    world.dirty.plan = true;
    let again = shown(&mut world, at(2))[0].said.clone().expect("is diagnosed");
    assert!(Arc::ptr_eq(&first, &again), "the same diagnosis");

    let mut settings = (*world.settings).clone();
    settings.account_mut(&AccountId::new("a")).billing = Billing::PrepaidCredits;
    world.settings = Arc::new(settings);
    world.dirty.plan = true;
    let prepaid = shown(&mut world, at(3));
    assert_eq!(prepaid[0].kind, TriageKind::Account, "now it may be out of balance");

    let newer = run(&one, at(60), "a", Some("503 overloaded"));
    finished(&mut world, newer.clone(), after(&one, &newer, 2), at(60));
    assert_eq!(shown(&mut world, at(61))[0].kind, TriageKind::Overload);
}

#[test]
fn what_a_real_gateway_made_of_each_answer_is_said_with_its_kind() {
    let limit = "Anthropic: usage limit hit — no reset date given, open the dashboard";
    let timed_out = (TriageKind::Timeout, "Anthropic: no answer within the time limit");
    let expected = [
        ("rate_limit", timed_out),
        ("server_error", timed_out),
        ("unavailable", timed_out),
        ("overloaded", timed_out),
        ("drop", timed_out),
        ("quota_exhausted", (TriageKind::Limit, limit)),
        ("insufficient_balance", (TriageKind::Limit, limit)),
        ("zai_1113", (TriageKind::Limit, limit)),
        ("credit_too_low", (TriageKind::Limit, limit)),
        ("zai_1308", (TriageKind::Limit, "Anthropic: quota limit hit — reset date not reported yet")),
        ("unauthorized", (TriageKind::Auth, "Key rejected by Anthropic — check the API key")),
        (
            "forbidden",
            (TriageKind::Account, "Anthropic refuses this account or client (HTTP 403) — open the dashboard"),
        ),
        ("not_found", (TriageKind::Model, "Anthropic: model m1 is not available to this account")),
    ];
    let text = include_str!("../../../../tests/recorded/gateway/run-outcomes.json");
    let recorded: Value = serde_json::from_str(text).expect("is JSON");
    let mut compared = 0;
    for run in recorded["runs"].as_array().expect("runs") {
        let provider = run["entry"]["provider"].as_str().expect("it got to a model");
        let run: Value = serde_json::from_str(&run.to_string().replace(provider, "anthropic")).expect("is JSON");
        let cron = cron_from(json!({
            "id": run["entry"]["jobId"], "name": "recorded", "state": run["state"],
            "payload": {"kind": "agentTurn", "message": "", "model": run["payload"]["model"]},
            "schedule": {"kind": "cron", "expr": "0 7 * * 1-5"},
        }));
        let (cron, told) = (cron.expect("a cron"), run_from(&run["entry"]).expect("a run"));
        let now = told.finished_at;
        // With the run at hand, and from what the cron remembers of it.
        for known in [vec![told], Vec::new()] {
            let mut world = world(std::slice::from_ref(&cron), Vec::new());
            let (session, what) = (world.session, Fetched::Runs { cron: None, runs: known, offset: 0, more: false });
            step(&mut world, Input::Fetched { session, what }, now);
            world.dirty.plan = true;
            let listed = shown(&mut world, now);
            let outcome = run["mockOutcome"].as_str().expect("a name");
            let row = expected.iter().find(|(name, _)| *name == outcome).map(|(_, row)| *row);
            let found = listed.first().map(|entry| (entry.kind, said(&world, entry, now)));
            assert_eq!(found, row.map(|(kind, what)| (kind, what.to_owned())), "{outcome}");
            compared += usize::from(found.is_some());
        }
    }
    assert!(compared > 50, "{compared}");
}
