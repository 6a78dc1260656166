//! Jobs sent to the demo's providers: what they answer, and what that means.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::demo::{Demo, DemoOutage};
use model_orchestrator::domain::{Cost, Diagnosis, Finding, HealthState, Proof, Purpose, Secret};
use model_orchestrator::providers::{
    Answer, Ask, AuthScheme, Body, Evidence, Http, Method, Needed, PriorWindow, Request, RequestKind, diagnose,
};
use serde_json::{Value, json};

use super::{checked, demo, key, of_gateway, on_a_runtime, says_nothing_of_money, service_and_model};

/// Where a job goes, behind the provider's folder; two shapes where two are spoken.
fn doors(id: &str) -> &'static [&'static str] {
    match id {
        "anthropic" => &["/v1/messages"],
        "google" => &["/v1beta/models/gemini-3-flash:generateContent"],
        "kimi" => &["/coding/v1/chat/completions", "/coding/v1/messages"],
        "minimax" => &["/v1/chat/completions", "/anthropic/v1/messages"],
        "openai" => &["/v1/chat/completions", "/v1/responses"],
        _ => &["/api/coding/paas/v4/chat/completions", "/api/anthropic/v1/messages"],
    }
}

/// The folder of a provider.
fn root(demo: &Demo, id: &str) -> String {
    let url = demo.base_url(id).unwrap();
    let end = url.find(&format!("/{id}")).unwrap() + 1 + id.len();
    url[..end].to_owned()
}

fn job(demo: &Demo, id: &str, door: &str) -> Ask {
    let (service, model) = service_and_model(id);
    let auth = match id {
        "google" => AuthScheme::Header("x-goog-api-key"),
        _ if door.ends_with("/messages") => AuthScheme::Header("x-api-key"),
        _ => AuthScheme::Bearer,
    };
    let version = ("anthropic-version", "2023-06-01".to_owned());
    Ask {
        service,
        purpose: Purpose::LastResort,
        kind: RequestKind::Job,
        method: Method::Post,
        url: format!("{}{door}", root(demo, id)),
        auth,
        headers: if id == "anthropic" { vec![version] } else { Vec::new() },
        body: Some(json!({ "model": model, "max_tokens": 1, "messages": [{ "role": "user", "content": "." }] })),
        cost: Cost::Paid,
        documented: true,
        needed: Needed::Always,
        proof: Proof::Jobs,
        model: Some(model.to_owned()),
    }
}

async fn sent(http: &Http, ask: &Ask, key: Option<&Secret>) -> Answer {
    http.send(ask, key, Duration::from_secs(15)).await.unwrap().answer
}

/// Status and body of a job that carries no key.
pub(super) async fn asked_without_a_key(http: &Http, demo: &Demo, id: &str) -> (u16, Value) {
    match sent(http, &job(demo, id, doors(id)[0]), None).await {
        Answer::Http { status, body: Body::Text(text), .. } => (status, serde_json::from_str(&text).unwrap()),
        other => panic!("{id}: {other:?}"),
    }
}

/// What the answer to a job means to somebody who has looked at the quota.
async fn meant(http: &Http, demo: &Demo, id: &str, ask: &Ask) -> Diagnosis {
    answered(http, demo, id, ask).await.1
}

/// The status of the answer, and what it means.
async fn answered(http: &Http, demo: &Demo, id: &str, ask: &Ask) -> (u16, Diagnosis) {
    let report = checked(http, demo, id).await;
    let service = service_and_model(id).0;
    let evidence = Evidence {
        provider: service.code().to_owned(),
        billing: service.default_billing(),
        plan: None,
        request: Request { kind: Some(RequestKind::Job), url: Some(ask.url.clone()), model: ask.model.clone() },
        prior_quota: report.windows.iter().map(PriorWindow::from).collect(),
        answer: sent(http, ask, Some(&key(demo, id))).await,
        now: demo.now(),
    };
    let Answer::Http { status, .. } = evidence.answer else { panic!("{id}: {evidence:?}") };
    (status, diagnose(&evidence))
}

/// When an outage is over, as its answer tells.
#[derive(Clone, Copy, Debug)]
enum Until {
    Nobody,
    /// The reset of the gateway's window.
    Window(&'static str),
    NextMinute,
    At(&'static str),
    In(i64),
}

async fn expected(demo: &Demo, id: &str, until: Until) -> Option<Timestamp> {
    let now = demo.now();
    match until {
        Until::Nobody => None,
        Until::Window(label) => {
            of_gateway(demo, id).await.into_iter().find(|(known, ..)| known == label).map(|found| found.2)
        }
        Until::NextMinute => Some(now + SignedDuration::from_secs(60 - now.as_second().rem_euclid(60))),
        Until::At(moment) => Some(moment.parse().unwrap()),
        Until::In(secs) => Some(now + SignedDuration::from_secs(secs)),
    }
}

#[test]
fn jobs_run_while_a_provider_serves() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, ..) in super::SIX {
            for door in doors(id) {
                let found = meant(&http, &demo, id, &job(&demo, id, door)).await;
                assert_eq!((found.state, found.finding), (HealthState::Up, Finding::Serves), "{id}{door}: {found:?}");
            }
        }
    });
}

#[test]
fn a_job_is_refused_as_the_real_provider_refuses_it() {
    use DemoOutage::{MoneyWords, OutOfCredits, Overloaded, QuotaExhausted, RateLimited, ServerError, SpendLimit};
    use HealthState::{BalanceEmpty, Down, QuotaExhausted as UsedUp, RateLimited as Limited};
    let cases: &[(&str, DemoOutage, HealthState, &str, u16, Until)] = &[
        ("kimi", QuotaExhausted, UsedUp, "kimi_cycle_limit", 403, Until::Window("Week")),
        ("kimi", RateLimited, Limited, "rate_limit", 429, Until::Nobody),
        ("kimi", Overloaded, HealthState::Overloaded, "overloaded", 429, Until::Nobody),
        ("kimi", ServerError, Down, "server_error", 500, Until::Nobody),
        ("zai", QuotaExhausted, UsedUp, "zai_1308", 429, Until::Window("5h")),
        ("zai", MoneyWords, UsedUp, "zai_1113", 429, Until::Window("5h")),
        ("zai", RateLimited, Limited, "zai_1302", 429, Until::Nobody),
        ("zai", Overloaded, HealthState::Overloaded, "zai_1305", 429, Until::Nobody),
        ("zai", ServerError, Down, "server_error", 500, Until::Nobody),
        ("minimax", OutOfCredits, BalanceEmpty, "minimax_1008", 200, Until::Nobody),
        ("minimax", RateLimited, Limited, "minimax_1002", 200, Until::Nobody),
        ("minimax", Overloaded, HealthState::Overloaded, "overloaded", 200, Until::Nobody),
        ("minimax", ServerError, Down, "server_error", 500, Until::Nobody),
        ("google", QuotaExhausted, UsedUp, "per_day", 429, Until::Window("Daily")),
        ("google", RateLimited, Limited, "per_minute", 429, Until::Window("Per minute")),
        ("google", SpendLimit, UsedUp, "spend_limit", 429, Until::At("2026-12-01T08:00:00Z")),
        ("google", MoneyWords, UsedUp, "account_usage_limit", 429, Until::Nobody),
        ("google", Overloaded, HealthState::Overloaded, "overloaded", 503, Until::Nobody),
        ("google", ServerError, Down, "server_error", 500, Until::Nobody),
        ("anthropic", SpendLimit, UsedUp, "spend_limit", 400, Until::At("2026-12-01T00:00:00Z")),
        ("anthropic", MoneyWords, UsedUp, "account_usage_limit", 400, Until::Nobody),
        ("anthropic", RateLimited, Limited, "rate_limit", 429, Until::NextMinute),
        ("anthropic", Overloaded, HealthState::Overloaded, "overloaded", 529, Until::Nobody),
        ("anthropic", ServerError, Down, "server_error", 500, Until::Nobody),
        ("openai", SpendLimit, UsedUp, "spend_limit", 429, Until::At("2026-12-01T00:00:00Z")),
        ("openai", MoneyWords, UsedUp, "account_usage_limit", 429, Until::Nobody),
        ("openai", RateLimited, Limited, "rate_limit", 429, Until::NextMinute),
        ("openai", Overloaded, HealthState::Overloaded, "overloaded", 503, Until::In(5)),
        ("openai", ServerError, Down, "server_error", 500, Until::Nobody),
    ];
    // What is the same for all of them is tried with free questions.
    let tried = super::SIX.iter().map(|row| DemoOutage::of(row.0).count() - 3).sum::<usize>();
    assert_eq!(cases.len(), tried, "every outage but serving, a refused key and no answer");
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        // Somewhere within a minute.
        demo.advance(SignedDuration::from_secs(17));
        for (id, outage, state, reason, status, until) in cases {
            demo.set_outage(id, *outage);
            for (nth, door) in doors(id).iter().enumerate() {
                let what = format!("{id}{door}, {}", outage.code());
                let (told, found) = answered(&http, &demo, id, &job(&demo, id, door)).await;
                assert_eq!((found.state, found.reason.as_str()), (*state, *reason), "{what}: {found:?}");
                assert!(nth > 0 || told == *status, "{what}: HTTP {told}");
                let wanted = expected(&demo, id, *until).await;
                let apart = found.reset_at.zip(wanted).map_or(0, |(a, b)| a.duration_since(b).as_secs().abs());
                assert_eq!(found.reset_at.is_some(), wanted.is_some(), "{what}: {:?}, {wanted:?}", found.reset_at);
                assert!(apart <= 2, "{what}: {:?} instead of {wanted:?}", found.reset_at);
                if *state != BalanceEmpty {
                    says_nothing_of_money(&found);
                }
            }
            demo.set_outage(id, DemoOutage::Serving);
        }
    });
}

#[test]
fn code_1113_is_said_in_chinese_or_in_english_and_means_the_same() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        demo.set_outage("zai", DemoOutage::MoneyWords);
        let mut english = job(&demo, "zai", doors("zai")[0]);
        let chinese = english.clone();
        english.headers.push(("accept-language", "en-US,en".to_owned()));
        for (ask, words) in [(chinese, "余额不足"), (english, "Insufficient balance")] {
            let found = meant(&http, &demo, "zai", &ask).await;
            assert!(found.quote.as_ref().is_some_and(|quote| quote.starts_with(words)), "{found:?}");
            assert_eq!((found.finding, found.provider_code.as_deref()), (Finding::LimitHit, Some("1113")));
            assert!(found.reset_at.is_some());
            says_nothing_of_money(&found);
        }
    });
}

#[test]
fn a_plan_s_key_at_the_general_endpoint_gets_1113_with_room_left() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        let found = meant(&http, &demo, "zai", &job(&demo, "zai", "/api/paas/v4/chat/completions")).await;
        assert_eq!(found.finding, Finding::PlanKeyOnGeneralEndpoint, "{found:?}");
        let found = meant(&http, &demo, "zai", &job(&demo, "zai", doors("zai")[0])).await;
        assert_eq!(found.state, HealthState::Up, "at the plan's own it works");
    });
}

#[test]
fn a_model_that_a_provider_has_not_is_refused_and_the_account_is_not() {
    on_a_runtime(async {
        let (demo, http) = (demo(), Http::new());
        for (id, ..) in super::SIX {
            for door in doors(id) {
                let mut ask = job(&demo, id, &door.replace("gemini-3-flash", "gemini-9"));
                ask.model = Some("gemini-9".to_owned());
                ask.body.as_mut().unwrap()["model"] = "gemini-9".into();
                let found = meant(&http, &demo, id, &ask).await;
                assert_eq!(found.state, HealthState::ModelUnavailable, "{id}{door}: {found:?}");
            }
        }
    });
}
