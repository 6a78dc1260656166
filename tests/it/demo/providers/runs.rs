//! The same outages as the gateway tells them: the last error of a cron.

use jiff::Timestamp;
use model_orchestrator::demo::DemoOutage;
use model_orchestrator::domain::{CronId, Finding, HealthState, RunRecord, RunStatus};
use model_orchestrator::gateway::{Endpoint, News, connect};
use model_orchestrator::providers::{PriorWindow, diagnose_run};
use serde_json::{Value, json};

use super::{demo, says_nothing_of_money, service_and_model};
use crate::demo::{Stage, minutes, on_a_runtime};

/// A cron that runs by hand.
fn cron(model: &str) -> Value {
    json!({
        "name": "One of these", "schedule": { "kind": "cron", "expr": "0 7 * * *" }, "sessionTarget": "isolated",
        "wakeMode": "now", "delivery": { "mode": "none" },
        "payload": { "kind": "agentTurn", "message": "Say hi.", "model": model, "fallbacks": [] },
    })
}

/// The newest run of a cron on a provider in an outage.
fn failed_run(stage: &mut Stage, id: &str, outage: DemoOutage) -> Value {
    stage.world.set_outage(id, outage);
    let model = format!("{id}/{}", service_and_model(id).1);
    let added = stage.ok("cron.add", cron(&model));
    stage.ok("cron.run", json!({ "id": added["id"] }));
    stage.pass(minutes(1));
    let runs = stage.ok("cron.runs", json!({ "id": added["id"] }));
    runs["entries"][0].clone()
}

fn record(entry: &Value) -> RunRecord {
    let text = |key: &str| entry[key].as_str().map(str::to_owned);
    let moment = |key: &str| Timestamp::from_millisecond(entry[key].as_i64().unwrap()).unwrap();
    RunRecord {
        cron: CronId::new("c"),
        at: moment("runAtMs"),
        finished_at: moment("ts"),
        status: RunStatus::Error,
        provider: text("provider"),
        model: text("model"),
        error: text("error"),
        error_reason: text("errorReason"),
        duration: None,
        usage: None,
    }
}

/// What the gateway reports of a provider's windows, as an earlier reading.
fn read_before(stage: &mut Stage, id: &str) -> Vec<PriorWindow> {
    let usage = stage.ok("usage.status", json!({}));
    let report = usage["providers"].as_array().unwrap().iter().find(|report| report["provider"] == id).cloned();
    let windows = report.unwrap()["windows"].as_array().unwrap().clone();
    let window = |window: &Value| PriorWindow {
        id: window["label"].as_str().unwrap().to_owned(),
        used_percent: window["usedPercent"].as_f64(),
        reset_at: Timestamp::from_millisecond(window["resetAt"].as_i64().unwrap()).ok(),
        blocks_chat: true,
    };
    windows.iter().map(window).collect()
}

#[test]
fn a_run_tells_the_outage_as_far_as_the_gateway_passes_it_on() {
    use DemoOutage::{
        MoneyWords, OutOfCredits, Overloaded, QuotaExhausted, RateLimited, RefusedKey, ServerError, SpendLimit,
        Unreachable,
    };
    use HealthState::{Auth, BalanceEmpty, Down, QuotaExhausted as UsedUp, RateLimited as Limited};
    let mut cases = vec![
        ("kimi", QuotaExhausted, UsedUp, "rate_limit", "its own sentence"),
        ("zai", QuotaExhausted, UsedUp, "rate_limit", "its own sentence"),
        ("zai", MoneyWords, UsedUp, "billing", "the gateway believes the money words"),
        ("minimax", OutOfCredits, BalanceEmpty, "billing", "and is right for once"),
        ("openai", SpendLimit, UsedUp, "billing", "a cap"),
        ("openai", MoneyWords, UsedUp, "billing", "no money was paid in"),
        ("anthropic", MoneyWords, UsedUp, "billing", "nor here"),
        ("google", MoneyWords, UsedUp, "billing", "nor here"),
        // The gateway's own sentence, which keeps the rest to itself.
        ("google", QuotaExhausted, Limited, "rate_limit", "a day's limit looks like a minute's"),
        ("google", RateLimited, Limited, "rate_limit", "a minute's limit"),
        ("anthropic", SpendLimit, Limited, "rate_limit", "a month's cap looks like it, too"),
        ("google", SpendLimit, Down, "timeout", "retried until the time was up"),
    ];
    for (id, ..) in super::SIX {
        cases.push((id, RefusedKey, Auth, "auth", "conclusive"));
        let hang = [Overloaded, ServerError, Unreachable, RateLimited];
        for outage in hang.into_iter().filter(|outage| (id, *outage) != ("google", RateLimited)) {
            cases.push((id, outage, Down, "timeout", "retried until the time was up"));
        }
    }
    let of_outages = super::SIX.iter().map(|row| DemoOutage::of(row.0).count() - 1).sum::<usize>();
    assert_eq!(cases.len(), of_outages, "every outage of every provider");
    for (id, outage, state, reason, why) in cases {
        let mut stage = Stage::new();
        stage.world.set_outage(id, DemoOutage::Serving);
        stage.pass(minutes(11));
        let entry = failed_run(&mut stage, id, outage);
        let run = record(&entry);
        assert_eq!(run.error_reason.as_deref(), Some(reason), "{id}, {}: {entry}", outage.code());
        let prior = read_before(&mut stage, id);
        let used_up = prior.iter().filter(|window| window.used_percent == Some(100.0));
        let reset = used_up.filter_map(|window| window.reset_at).max();
        let billing = service_and_model(id).0.default_billing();
        let found = diagnose_run(&run, billing, prior, run.finished_at).unwrap();
        assert_eq!(found.state, state, "{id}, {}: {why}: {found:?}", outage.code());
        assert_eq!(found.finding == Finding::JobTimedOut, reason == "timeout", "{id}, {}", outage.code());
        if state == UsedUp && reset.is_some() {
            assert_eq!(found.reset_at, reset, "{id}, {}: {found:?}", outage.code());
        }
        if state != BalanceEmpty {
            says_nothing_of_money(&found);
        }
    }
}

#[test]
fn whoever_is_connected_hears_what_a_run_was_waiting_for() {
    use HealthState::{Down, Overloaded, RateLimited};
    let cases = [
        ("anthropic", DemoOutage::Overloaded, "overloaded", Overloaded),
        ("anthropic", DemoOutage::RateLimited, "rate_limit", RateLimited),
        ("kimi", DemoOutage::RateLimited, "rate_limit", RateLimited),
        ("openai", DemoOutage::RateLimited, "rate_limit", RateLimited),
        ("openai", DemoOutage::ServerError, "server_error", Down),
        ("zai", DemoOutage::Unreachable, "timeout", Down),
    ];
    on_a_runtime(async {
        for (id, outage, reason, state) in cases {
            let demo = demo();
            demo.set_outage(id, outage);
            let endpoint = Endpoint::new(demo.url(), Some(demo.token().clone()));
            let mut connected = connect(&endpoint).await.expect("the demo lets us in");
            let model = format!("{id}/{}", service_and_model(id).1);
            let added = connected.client.call("cron.add", cron(&model)).await.unwrap();
            connected.client.call("cron.run", json!({ "id": added["id"] })).await.unwrap();
            demo.finish_runs();
            let run = loop {
                match connected.news.recv().await.expect("the connection lives") {
                    News::RunFinished(run, _) if run.cron.as_str() == added["id"] => break run,
                    _ => {}
                }
            };
            assert_eq!(run.error_reason.as_deref(), Some(reason), "{id}, {}: {run:?}", outage.code());
            let billing = service_and_model(id).0.default_billing();
            let found = diagnose_run(&run, billing, Vec::new(), run.finished_at).unwrap();
            assert_eq!(found.state, state, "{id}, {}: {found:?}", outage.code());
            says_nothing_of_money(&found);
        }
    });
}

#[test]
fn a_refused_attempt_is_told_as_recorded() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway/run-attempts.json");
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let recorded = recorded["frames"].as_array().unwrap().iter().map(|frame| &frame["frame"]["payload"]);
    let recorded: Vec<_> = recorded.filter(|payload| payload["data"]["phase"] == "finishing").collect();
    let cases = [
        ("kimi", DemoOutage::RateLimited, "rate_limit"),
        ("anthropic", DemoOutage::Overloaded, "overloaded"),
        ("zai", DemoOutage::ServerError, "server_error"),
        ("openai", DemoOutage::Unreachable, "timeout"),
    ];
    for (id, outage, reason) in cases {
        let mut stage = Stage::new();
        stage.world.set_outage(id, outage);
        let model = service_and_model(id).1;
        let added = stage.ok("cron.add", cron(&format!("{id}/{model}")));
        let events = stage.call("cron.run", json!({ "id": added["id"] })).events;
        let told = &events.iter().find(|event| event.name == "agent").unwrap_or_else(|| panic!("{id}")).payload;
        let seen = |payload: &Value, key: &str| payload["data"]["errorObservation"][key].clone();
        let wanted = *recorded.iter().find(|payload| seen(payload, "failoverReason") == reason).unwrap();
        let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!((keys(told), keys(&told["data"])), (keys(wanted), keys(&wanted["data"])), "{id}");
        let who = |payload: &Value| {
            let name = |key| seen(payload, key).as_str().unwrap().to_owned();
            format!("{}/{}", name("provider"), name("model"))
        };
        let sentence = wanted["data"]["error"].as_str().unwrap().replace(&who(wanted), &who(told));
        assert_eq!(told["data"]["error"], sentence.as_str(), "{id}");
    }
}

#[test]
fn a_probe_of_the_gateway_says_what_kind_of_trouble_it_is() {
    let cases = [
        ("google", DemoOutage::Serving, "ok"),
        ("google", DemoOutage::RateLimited, "rate_limit"),
        ("kimi", DemoOutage::QuotaExhausted, "rate_limit"),
        ("kimi", DemoOutage::RateLimited, "rate_limit"),
        ("minimax", DemoOutage::OutOfCredits, "billing"),
        ("zai", DemoOutage::MoneyWords, "billing"),
        ("anthropic", DemoOutage::Overloaded, "rate_limit"),
        ("zai", DemoOutage::ServerError, "unknown"),
        ("openai", DemoOutage::Unreachable, "timeout"),
        ("openai", DemoOutage::RefusedKey, "auth"),
    ];
    for (id, outage, status) in cases {
        let mut stage = Stage::new();
        stage.world.set_outage(id, outage);
        let probe = stage.ok("models.probe", json!({ "provider": id }));
        assert_eq!(probe["status"], status, "{id}, {}", outage.code());
    }
}
