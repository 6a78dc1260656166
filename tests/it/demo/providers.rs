//! The program's own checks against the demo's providers: serving, in every outage, and to a stranger.

mod jobs;
mod runs;

use std::time::Duration;

use jiff::Timestamp;
use model_orchestrator::demo::{Demo, DemoOutage};
use model_orchestrator::domain::{
    AccountId, Allowance, Catalog, CheckReport, Diagnosis, Finding, HealthState, Proof, ProviderAccount, Secret,
    Service, Settings, Undocumented,
};
use model_orchestrator::gateway::{Endpoint, connect};
use model_orchestrator::providers::{Check, Http, Paid, check, key_in_config};
use model_orchestrator::words::{self, Speech};
use serde_json::{Value, json};

use super::{on_a_runtime, options, start};

/// The gateway's id of a provider, its service, a model of it, and what its free question proves.
const SIX: [(&str, Service, &str, Proof); 6] = [
    ("anthropic", Service::Anthropic, "claude-sonnet-5", Proof::Key),
    ("google", Service::Gemini, "gemini-3-flash", Proof::Key),
    ("kimi", Service::Kimi, "kimi-k3", Proof::Jobs),
    ("minimax", Service::MiniMax, "MiniMax-M3", Proof::Key),
    ("openai", Service::OpenAi, "gpt-5.5", Proof::Key),
    ("zai", Service::Zai, "glm-5.2", Proof::Jobs),
];

const MONEY: [&str; 7] = ["balance", "deplet", "top-up", "top up", "recharge", "credit", "billing"];

fn service_and_model(id: &str) -> (Service, &'static str) {
    SIX.iter().find(|row| row.0 == id).map(|row| (row.1, row.2)).unwrap()
}

/// A demo whose providers all serve.
fn demo() -> Demo {
    let demo = Demo::start(options()).unwrap();
    demo.set_outage("minimax", DemoOutage::Serving);
    demo
}

fn account(demo: &Demo, id: &str) -> ProviderAccount {
    ProviderAccount {
        base_url: demo.base_url(id),
        undocumented: Undocumented::On,
        ..ProviderAccount::new(AccountId::new(id), service_and_model(id).0)
    }
}

fn key(demo: &Demo, id: &str) -> Secret {
    key_in_config(&demo.config(), id, |_| None).unwrap()
}

/// A free check, as the engine would make it.
async fn checked(http: &Http, demo: &Demo, id: &str) -> CheckReport {
    checked_with(http, demo, id, &key(demo, id), Paid::Never).await
}

async fn checked_with(http: &Http, demo: &Demo, id: &str, key: &Secret, paid: Paid) -> CheckReport {
    let account = account(demo, id);
    let model = Some(service_and_model(id).1);
    let patience = Duration::from_secs(15);
    check(http, Check { account: &account, key: Some(key), model, prior: &[], paid, now: demo.now(), patience }).await
}

/// The windows that the gateway reports of a provider: label, percent, reset.
async fn of_gateway(demo: &Demo, id: &str) -> Vec<(String, f64, Timestamp)> {
    let endpoint = Endpoint::new(demo.url(), Some(demo.token().clone()));
    let client = connect(&endpoint).await.expect("the demo lets us in").client;
    let usage = client.call("usage.status", json!({})).await.unwrap();
    let reports = usage["providers"].as_array().unwrap();
    let windows = reports.iter().find(|report| report["provider"] == id).unwrap()["windows"].clone();
    let window = |window: &Value| {
        let reset = Timestamp::from_millisecond(window["resetAt"].as_i64().unwrap()).unwrap();
        (window["label"].as_str().unwrap().to_owned(), window["usedPercent"].as_f64().unwrap(), reset)
    };
    windows.as_array().unwrap().iter().map(window).collect()
}

fn of_provider(windows: &[Allowance]) -> Vec<(String, f64, Timestamp)> {
    let label = |window: &Allowance| if window.id == "weekly" { "Week".to_owned() } else { window.id.clone() };
    windows.iter().map(|window| (label(window), window.used_percent.unwrap(), window.reset_at.unwrap())).collect()
}

fn headline(found: &Diagnosis) -> String {
    let (settings, catalog) = (Settings::default(), Catalog::default());
    let speech = Speech { now: start(), zone: &jiff::tz::TimeZone::UTC, settings: &settings, catalog: &catalog };
    words::diagnosis_headline(found, &speech)
}

fn says_nothing_of_money(found: &Diagnosis) {
    let said = headline(found).to_lowercase();
    assert!(!MONEY.iter().any(|word| said.contains(word)), "{said}");
}

#[test]
fn every_provider_serves_and_a_check_costs_nothing() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, _, _, proof) in SIX {
            let report = checked(&http, &demo, id).await;
            let found = report.diagnosis.as_ref().unwrap_or_else(|| panic!("{id}: {report:?}"));
            assert_eq!((found.state, found.finding), (HealthState::Up, Finding::Serves), "{id}: {found:?}");
            assert_eq!((report.proof, report.tokens_spent, report.paid()), (proof, 0, false), "{id}");
            assert!(report.requests.iter().all(|asked| asked.status == Some(200)), "{id}: {:?}", report.requests);
        }
    });
}

#[test]
fn windows_are_those_that_the_gateway_reports_at_that_moment() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for outage in [DemoOutage::Serving, DemoOutage::QuotaExhausted, DemoOutage::MoneyWords] {
            for id in ["kimi", "zai"] {
                demo.set_outage(id, outage);
                let report = checked(&http, &demo, id).await;
                assert_eq!(of_provider(&report.windows), of_gateway(&demo, id).await, "{id}, {}", outage.code());
                assert_eq!(report.windows.len(), 2);
                let used_up = report.windows.iter().filter(|window| window.used_up()).count();
                assert_eq!(used_up, usize::from(outage != DemoOutage::Serving), "{id}, {}", outage.code());
            }
        }
        demo.advance(jiff::SignedDuration::from_hours(100));
        for id in ["kimi", "zai"] {
            demo.set_outage(id, DemoOutage::Serving);
            let report = checked(&http, &demo, id).await;
            assert_eq!(of_provider(&report.windows), of_gateway(&demo, id).await, "{id}, days later");
            assert!(report.windows.iter().all(|window| window.reset_at > Some(demo.now())));
        }
        for id in ["anthropic", "google", "minimax", "openai"] {
            assert_eq!(checked(&http, &demo, id).await.windows, [], "{id} shows none to a free question");
        }
    });
}

#[test]
fn a_key_that_is_not_the_demo_s_is_refused_and_so_is_none() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, ..) in SIX {
            let wrong = Secret::new("sk-somebody-else-s-key");
            let report = checked_with(&http, &demo, id, &wrong, Paid::Never).await;
            let found = report.diagnosis.unwrap_or_else(|| panic!("{id} says nothing"));
            assert_eq!((found.state, report.proof), (HealthState::Auth, Proof::Nothing), "{id}: {found:?}");
            says_nothing_of_money(&found);
            assert!(!found.quote.unwrap_or_default().contains(wrong.reveal()), "{id}");

            demo.set_outage(id, DemoOutage::RefusedKey);
            let found = checked(&http, &demo, id).await.diagnosis.unwrap();
            assert_eq!(found.state, HealthState::Auth, "{id} refuses its own key");
            demo.set_outage(id, DemoOutage::Serving);

            let (status, body) = jobs::asked_without_a_key(&http, &demo, id).await;
            let refused = status >= 400 || body["base_resp"]["status_code"] == 1004;
            assert!(refused, "{id} answers a stranger: {status} {body}");
        }
    });
}

/// What a free check shows: state and finding, or that it shows nothing of health.
type Shown = Option<(HealthState, Finding)>;

#[test]
fn free_questions_show_an_outage_where_the_real_ones_do() {
    const UP: Shown = Some((HealthState::Up, Finding::Serves));
    const USED_UP: Shown = Some((HealthState::QuotaExhausted, Finding::LimitHit));
    const BROKEN: Shown = Some((HealthState::Down, Finding::ServerError));
    let cases: &[(&str, DemoOutage, Shown, &str)] = &[
        ("kimi", DemoOutage::QuotaExhausted, USED_UP, "its windows tell"),
        ("kimi", DemoOutage::RateLimited, UP, "only jobs are limited"),
        ("kimi", DemoOutage::Overloaded, UP, "only the engine is busy"),
        ("kimi", DemoOutage::ServerError, BROKEN, "its list fails as well"),
        ("zai", DemoOutage::QuotaExhausted, USED_UP, "its windows tell"),
        ("zai", DemoOutage::MoneyWords, USED_UP, "what 1113 means stands there"),
        ("zai", DemoOutage::RateLimited, UP, "only jobs are limited"),
        ("zai", DemoOutage::Overloaded, UP, "only jobs are refused"),
        ("zai", DemoOutage::ServerError, None, "its only free question is about the quota"),
        ("minimax", DemoOutage::OutOfCredits, UP, "a list proves no credits"),
        ("minimax", DemoOutage::ServerError, BROKEN, "everything fails"),
        ("google", DemoOutage::QuotaExhausted, UP, "a model can be looked at all the same"),
        ("google", DemoOutage::RateLimited, UP, "and so it can be for this minute"),
        ("google", DemoOutage::ServerError, BROKEN, "everything fails"),
        ("anthropic", DemoOutage::Overloaded, Some((HealthState::Overloaded, Finding::Busy)), "the whole API is"),
        ("anthropic", DemoOutage::SpendLimit, UP, "only jobs are refused"),
        ("anthropic", DemoOutage::ServerError, BROKEN, "everything fails"),
        ("openai", DemoOutage::SpendLimit, UP, "only jobs are refused"),
        ("openai", DemoOutage::ServerError, BROKEN, "everything fails"),
    ];
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, outage, shown, why) in cases {
            demo.set_outage(id, *outage);
            let report = checked(&http, &demo, id).await;
            let found = report.diagnosis.as_ref().map(|found| (found.state, found.finding));
            assert_eq!(found, *shown, "{id}, {}: {why}", outage.code());
            assert_eq!((report.host_answers, report.tokens_spent), (Some(true), 0), "{id}, {}", outage.code());
            let latest = report.windows.iter().filter(|window| window.used_up()).filter_map(|window| window.reset_at);
            if let Some(found) = &report.diagnosis {
                says_nothing_of_money(found);
                assert_eq!(found.reset_at, latest.max(), "{id}, {}", outage.code());
            }
        }
    });
}

#[test]
fn a_provider_that_is_not_to_be_reached_ends_the_connection_without_a_word() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, ..) in SIX {
            demo.set_outage(id, DemoOutage::Unreachable);
            let report = checked(&http, &demo, id).await;
            assert_eq!(report.host_answers, Some(false), "{id}: {report:?}");
            assert!(report.requests.iter().all(|asked| asked.status.is_none() && asked.transport_error.is_some()));
            // A question about the quota alone says nothing of health.
            let found = report.diagnosis.or(report.quota_trouble).unwrap();
            assert_eq!(found.state, HealthState::Down, "{id}: {found:?}");
            demo.set_outage(id, DemoOutage::Serving);
            assert_eq!(checked(&http, &demo, id).await.host_answers, Some(true), "{id} is back");
        }
    });
}

#[test]
fn empty_credits_show_on_a_job_of_one_token() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        let any_time = Paid::LastResort { last_at: None };
        let report = checked_with(&http, &demo, "minimax", &key(&demo, "minimax"), any_time).await;
        assert_eq!((report.proof, report.tokens_spent), (Proof::Jobs, 9), "{report:?}");
        demo.set_outage("minimax", DemoOutage::OutOfCredits);
        let report = checked_with(&http, &demo, "minimax", &key(&demo, "minimax"), any_time).await;
        let found = report.diagnosis.unwrap();
        assert_eq!((found.state, report.tokens_spent), (HealthState::BalanceEmpty, 0));
        assert_eq!(headline(&found), "Balance empty — MiniMax API credits need a top-up");
    });
}
