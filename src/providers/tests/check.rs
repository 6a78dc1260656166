//! A check of one account: what is asked, what is left out, and what the answers show together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::server::{Ending, Seen, Sent, Server, json};
use super::{PATIENCE, a_check, account, billed, http, now, recorded, secret};
use crate::domain::{
    Advice, Billing, CheckReport, Cost, Finding, HealthState, NotAsked, Proof, ProviderAccount, Purpose, Region,
    Service, Undocumented, Withheld,
};
use crate::providers::check::carry_out;
use crate::providers::requests::{Questions, questions};
use crate::providers::{Check, Paid, PriorWindow, check};

const ANY_TIME: Paid = Paid::LastResort { last_at: None };

/// Answers by the end of the path; anything else is not there.
fn by_path(answers: &[(&str, Sent)]) -> impl Fn(&Seen) -> Sent + Send + Sync + use<> {
    let answers: Vec<(String, Sent)> = answers.iter().map(|(path, sent)| ((*path).to_owned(), sent.clone())).collect();
    move |seen| {
        let found = answers.iter().find(|(path, _)| seen.path().ends_with(path));
        found.map_or_else(|| json(404, r#"{"error":{"message":"not found"}}"#), |(_, sent)| sent.clone())
    }
}

fn ok(case: &str) -> Sent {
    json(200, recorded(case))
}

async fn checked(account: &ProviderAccount) -> CheckReport {
    check(http(), a_check(account, Some(&secret("sk-right-key")))).await
}

fn state(report: &CheckReport) -> Option<HealthState> {
    report.diagnosis.as_ref().map(|found| found.state)
}

fn finding(report: &CheckReport) -> Option<Finding> {
    report.diagnosis.as_ref().map(|found| found.finding)
}

fn withheld(report: &CheckReport) -> Vec<(Purpose, Withheld)> {
    report.not_asked.iter().map(|NotAsked { purpose, why }| (*purpose, *why)).collect()
}

#[tokio::test]
async fn one_free_answer_tells_health_and_windows() {
    let server = Server::start(by_path(&[("/quota/limit", ok("zai/quota-5h-exhausted"))])).await;
    let report = checked(&account(Service::Zai, &server.url())).await;
    assert_eq!(state(&report), Some(HealthState::QuotaExhausted));
    let found = report.diagnosis.as_ref().expect("it answered");
    assert_eq!((found.provider.as_str(), found.service), ("mine", Service::Zai));
    assert!(report.windows.iter().any(|window| window.id == "5h" && window.used_up()), "{:?}", report.windows);
    assert!(report.retry_at.is_some() && report.retry_at == found.retry_at);
    assert_eq!((report.tokens_spent, report.paid(), report.proof), (0, false, Proof::Nothing));
    assert_eq!(report.requests.len(), 1);
    let asked = &report.requests[0];
    assert_eq!((asked.purpose, asked.status, asked.cost), (Purpose::Health, Some(200), Cost::Free));
}

#[tokio::test]
async fn money_is_read_beside_health_and_kept_apart() {
    let models = json(200, r#"{"object":"list","data":[{"id":"m"}]}"#);
    let cases = [
        (Service::DeepSeek, "/balance", "deepseek/balance-ok", HealthState::Up, Proof::Jobs),
        (Service::DeepSeek, "/balance", "deepseek/balance-zero", HealthState::BalanceEmpty, Proof::Nothing),
        (Service::Moonshot, "/balance", "moonshot/balance-ok", HealthState::Up, Proof::Jobs),
        (
            Service::Moonshot,
            "/balance",
            "moonshot/balance-negative-default-rule",
            HealthState::QuotaExhausted,
            Proof::Nothing,
        ),
    ];
    for (service, path, case, expected, proof) in cases {
        let server = Server::start(by_path(&[("/models", models.clone()), (path, ok(case))])).await;
        let report = checked(&account(service, &server.url())).await;
        assert_eq!((state(&report), report.proof), (Some(expected), proof), "{case}");
        assert!(report.money.as_ref().is_some_and(|money| money.available.is_some()), "{case}");
        assert_eq!(report.quota_trouble, None, "{case}");
    }
}

#[tokio::test]
async fn a_quota_source_that_fails_never_changes_health() {
    let models = json(200, r#"{"object":"list","data":[{"id":"m"}]}"#);
    let failures = [
        json(429, "{}").with("Retry-After", "60"),
        json(401, r#"{"error":{"message":"Authentication Fails","type":"authentication_error"}}"#),
        json(403, "{}"),
        json(404, "{}"),
        json(500, "{}"),
        json(503, "<html>busy</html>"),
        json(200, "<html>sign in</html>"),
        json(200, r#"{"is_avail"#),
        json(200, ""),
        json(200, "{}").ending(Ending::HangsUp),
    ];
    for failure in failures {
        let server = Server::start(by_path(&[("/models", models.clone()), ("/user/balance", failure.clone())])).await;
        let report = checked(&account(Service::DeepSeek, &server.url())).await;
        assert_eq!((state(&report), report.proof), (Some(HealthState::Up), Proof::Key), "{failure:?}");
        assert!(report.quota_trouble.is_some() && report.windows.is_empty() && report.money.is_none(), "{failure:?}");
    }
    let throttled = ["zai/quota/limit", "kimi/usages"];
    for path in throttled {
        let service = if path.starts_with("zai") { Service::Zai } else { Service::Kimi };
        let failing = |seen: &Seen| json(if seen.path().ends_with("/models") { 404 } else { 500 }, "{}");
        let server = Server::start(failing).await;
        let report = checked(&account(service, &server.url())).await;
        let health = report.diagnosis.as_ref().and_then(crate::domain::Diagnosis::health);
        assert!(health.is_none() && report.quota_trouble.is_some(), "{path}: {report:?}");
        assert_eq!(report.host_answers, Some(true));
    }
}

#[tokio::test]
async fn a_quota_that_is_slow_is_no_outage_and_a_host_that_is_gone_is_one() {
    let server = Server::start(|_| json(200, "{").ending(Ending::Stalls)).await;
    let slow = account(Service::Zai, &server.url());
    let key = secret("sk-right-key");
    let report = check(http(), Check { patience: Duration::from_millis(100), ..a_check(&slow, Some(&key)) }).await;
    assert_eq!((state(&report), report.host_answers), (None, Some(false)));
    assert_eq!(report.quota_trouble.map(|found| found.finding), Some(Finding::UsageFailed));
    assert_eq!(report.requests[0].transport_error.as_deref(), Some("timeout"));

    let closed = super::closed();
    let report = checked(&account(Service::Zai, &closed)).await;
    assert_eq!((finding(&report), report.host_answers), (Some(Finding::NoConnection), Some(false)));
    assert_eq!(finding(&checked(&account(Service::Ollama, &closed)).await), Some(Finding::NotRunning));
}

#[tokio::test]
async fn without_a_key_only_the_host_is_looked_at() {
    let refused = json(401, r#"{"error":{"code":"invalid_api_key","message":"no key"}}"#);
    let server = Server::start(move |_| refused.clone()).await;
    for key in [None, Some(secret("  "))] {
        let account = account(Service::OpenAi, &server.url());
        let asked = Check { model: Some("gpt-5.5"), paid: ANY_TIME, ..a_check(&account, key.as_ref()) };
        let report = check(http(), asked).await;
        assert_eq!((state(&report), report.host_answers), (None, Some(true)), "not up, and not a refused key");
        assert_eq!(withheld(&report), [(Purpose::LastResort, Withheld::NoKey)]);
    }
    assert!(server.seen().iter().all(|seen| seen.header("authorization").is_none()), "no empty key either");
    let busy = Server::start(|_| json(503, "")).await;
    let report = check(http(), a_check(&account(Service::OpenAi, &busy.url()), None)).await;
    assert_eq!(state(&report), Some(HealthState::Overloaded), "that is said to everybody");
}

#[tokio::test]
async fn an_undocumented_endpoint_is_not_asked_until_it_is_switched_on() {
    for service in [Service::Zai, Service::ClaudeSubscription, Service::Codex, Service::OllamaCloud] {
        let server = Server::start(|_| json(200, "{}")).await;
        let off = ProviderAccount { undocumented: Undocumented::Off, ..account(service, &server.url()) };
        let report = checked(&off).await;
        assert_eq!(withheld(&report), [(Purpose::Health, Withheld::SwitchedOff)], "{service:?}");
        assert_eq!((state(&report), report.host_answers, server.seen().len()), (None, None, 0));
        checked(&account(service, &server.url())).await;
        assert_eq!(server.seen().len(), 1, "{service:?}");
    }
}

#[tokio::test]
async fn a_key_is_tried_at_the_vendor_s_other_address_before_it_is_called_invalid() {
    let refusing = Server::start(|_| json(401, r#"{"error":{"type":"invalid_authentication_error"}}"#)).await;
    let taking = Server::start(|_| json(200, r#"{"object":"list","data":[{"id":"kimi-k2.6"}]}"#)).await;
    for (other, finds) in [(&taking, true), (&refusing, false)] {
        let account = account(Service::Moonshot, &refusing.url());
        let own = questions(&account, None).asks;
        let siblings = questions(&ProviderAccount { base_url: None, region: Region::China, ..account.clone() }, None);
        let mut siblings = siblings.siblings;
        for sibling in &mut siblings {
            sibling.url = sibling.url.replace(crate::providers::requests::origin(&sibling.url.clone()), &other.url());
        }
        let key = secret("sk-right-key");
        let report = carry_out(http(), a_check(&account, Some(&key)), &Questions { asks: own, siblings }).await;
        let tried = report.requests.iter().filter(|asked| asked.purpose == Purpose::Sibling).count();
        if finds {
            assert_eq!((state(&report), tried), (Some(HealthState::Misconfigured), 1));
            assert_eq!(report.diagnosis.as_ref().map(|found| found.advice), Some(Advice::FixEndpoint));
            assert_eq!(report.key_belongs_to.as_deref(), Some(taking.url().as_str()));
        } else {
            assert_eq!((state(&report), tried), (Some(HealthState::Auth), 2), "each once");
            assert_eq!(report.key_belongs_to, None);
        }
    }
    assert!(taking.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", taking.lines());
}

#[tokio::test]
async fn a_plan_is_called_missing_only_when_its_key_works() {
    let no_plan = ok("minimax/remains-1004-no-plan");
    let cases = [
        (ok("minimax/models-ok"), Finding::NoPlanForKey, "the list takes the key"),
        (ok("minimax/auth-1004-http-200"), Finding::InvalidKey, "nothing takes the key"),
    ];
    for (models, expected, why) in cases {
        let server = Server::start(by_path(&[("/remains", no_plan.clone()), ("/models", models)])).await;
        let report = checked(&billed(Service::MiniMax, Billing::QuotaPlan, &server.url())).await;
        assert_eq!(finding(&report), Some(expected), "{why}");
    }
}

#[tokio::test]
async fn a_missing_model_is_told_and_a_busy_counter_is_not() {
    let cases = [
        (json(404, recorded("anthropic/model-not-found-404")), HealthState::ModelUnavailable),
        (json(429, recorded("anthropic/rate-limit-no-headers")), HealthState::Up),
        (json(200, recorded("anthropic/count-tokens-ok")), HealthState::Up),
    ];
    for (count, expected) in cases {
        let server =
            Server::start(by_path(&[("/models", ok("anthropic/models-ok")), ("/count_tokens", count.clone())])).await;
        let account = account(Service::Anthropic, &server.url());
        let key = secret("sk-right-key");
        let asked = Check { model: Some("claude-opus-9"), ..a_check(&account, Some(&key)) };
        assert_eq!(state(&check(http(), asked).await), Some(expected), "{count:?}");
    }
}

#[tokio::test]
async fn the_provider_s_wait_is_law() {
    let limited = json(429, r#"{"error":{"code":"rate_limit_exceeded"}}"#).with("Retry-After", "90");
    let server = Server::start(by_path(&[("/models", limited)])).await;
    let account = account(Service::Moonshot, &server.url());
    let key = secret("sk-right-key");
    let report = check(http(), Check { model: Some("m"), paid: ANY_TIME, ..a_check(&account, Some(&key)) }).await;
    assert_eq!(state(&report), Some(HealthState::RateLimited));
    let waits = report.retry_at.map(|at| at.duration_since(now()).as_secs());
    assert!(waits.is_some_and(|secs| (90..=95).contains(&secs)), "{waits:?}");
    let told = [(Purpose::Quota, Withheld::ToldToWait), (Purpose::LastResort, Withheld::ToldToWait)];
    assert_eq!(withheld(&report), told);
    assert_eq!(server.seen().len(), 1);

    let server = Server::start(|_| json(429, "{}").with("Retry-After", "600")).await;
    let report = checked(&super::account(Service::Kimi, &server.url())).await;
    assert_eq!(state(&report), None, "only its usage asks to wait");
    assert_eq!(report.retry_at, now().checked_add(SignedDuration::from_mins(10)).ok());
}

#[tokio::test]
async fn tokens_are_spent_only_when_allowed_needed_and_not_too_often() {
    let restricted = json(403, recorded("openai/models-403-restricted-key"));
    let job = json(200, r#"{"choices":[{}],"usage":{"total_tokens":9}}"#);
    let minutes = |ago: i64| now().checked_sub(SignedDuration::from_mins(ago)).ok();
    let used_up = |until: Option<Timestamp>| {
        vec![PriorWindow { id: "5h".to_owned(), used_percent: Some(100.0), reset_at: until, blocks_chat: true }]
    };
    let later = now().checked_add(SignedDuration::from_hours(1)).ok();
    let in_a_minute = now().checked_add(SignedDuration::from_mins(1)).expect("a moment");
    let cases = [
        (Paid::Never, vec![], Some(Withheld::CostsTokens), "nobody allowed it"),
        (ANY_TIME, vec![], None, "allowed, and never done"),
        (Paid::LastResort { last_at: minutes(30) }, vec![], None, "half an hour ago"),
        (
            Paid::LastResort { last_at: minutes(29) },
            vec![],
            Some(Withheld::TooSoon { until: in_a_minute }),
            "29 minutes ago",
        ),
        (ANY_TIME, used_up(later), Some(Withheld::WindowUsedUp), "a window is used up"),
        (ANY_TIME, used_up(None), Some(Withheld::WindowUsedUp), "nobody knows until when"),
        (ANY_TIME, used_up(minutes(1)), None, "it has begun anew"),
    ];
    for (paid, prior, why_not, why) in cases {
        let server =
            Server::start(by_path(&[("/models", restricted.clone()), ("/chat/completions", job.clone())])).await;
        let account = account(Service::OpenAi, &server.url());
        let key = secret("sk-right-key");
        let asked = Check { model: Some("gpt-5.4-mini"), paid, prior: &prior, ..a_check(&account, Some(&key)) };
        let report = check(http(), asked).await;
        assert_eq!(state(&report), Some(HealthState::Up), "{why}");
        match why_not {
            Some(withheld_because) => {
                assert_eq!(withheld(&report), [(Purpose::LastResort, withheld_because)], "{why}");
                assert_eq!((report.tokens_spent, report.paid(), report.proof), (0, false, Proof::Key), "{why}");
            }
            None => assert_eq!((report.tokens_spent, report.paid(), report.proof), (9, true, Proof::Jobs), "{why}"),
        }
    }
}

#[tokio::test]
async fn a_window_read_just_now_forbids_a_job_too() {
    let server = Server::start(by_path(&[
        ("/remains", ok("minimax/remains-exhausted")),
        ("/chat/completions", ok("minimax/credits-1008-http-200")),
    ]))
    .await;
    let account = billed(Service::MiniMax, Billing::QuotaPlan, &server.url());
    let key = secret("sk-right-key");
    let asked = Check { model: Some("MiniMax-M3"), paid: ANY_TIME, ..a_check(&account, Some(&key)) };
    let report = check(http(), asked).await;
    assert_eq!((state(&report), report.paid()), (Some(HealthState::QuotaExhausted), false));
}

#[tokio::test]
async fn empty_credits_show_only_on_a_job() {
    let server = Server::start(by_path(&[
        ("/models", ok("minimax/models-ok")),
        ("/chat/completions", ok("minimax/credits-1008-http-200")),
    ]))
    .await;
    let account = account(Service::MiniMax, &server.url());
    let key = secret("sk-right-key");
    let asked = Check { model: Some("MiniMax-M3"), ..a_check(&account, Some(&key)) };
    let free = check(http(), asked).await;
    assert_eq!((state(&free), free.proof), (Some(HealthState::Up), Proof::Key), "the list proves the key alone");
    let report = check(http(), Check { paid: ANY_TIME, ..asked }).await;
    assert_eq!(
        (state(&report), report.tokens_spent),
        (Some(HealthState::BalanceEmpty), 0),
        "refused, so nothing spent"
    );
}

/// A good free answer of each service.
fn good(service: Service, billing: Billing) -> Vec<(&'static str, Sent)> {
    let list = json(200, r#"{"object":"list","data":[{"id":"m"}]}"#);
    match (service, billing) {
        (Service::Zai, _) => vec![("/quota/limit", ok("zai/quota-ok"))],
        (Service::Anthropic, _) => {
            vec![("/models", ok("anthropic/models-ok")), ("/count_tokens", ok("anthropic/count-tokens-ok"))]
        }
        (Service::ClaudeSubscription, _) => vec![("/oauth/usage", ok("claude-subscription/usage-ok"))],
        (Service::Codex, _) => vec![("/wham/usage", ok("codex/usage-ok"))],
        (Service::Gemini, _) => vec![("/m", ok("gemini/models-ok"))],
        (Service::MiniMax, Billing::QuotaPlan) => vec![("/remains", ok("minimax/remains-ok-percent"))],
        (Service::Kimi, _) => vec![("/usages", ok("kimi/usages-ok-strings"))],
        (Service::Moonshot, _) => vec![("/models", list), ("/balance", ok("moonshot/balance-ok"))],
        (Service::OpenRouter, _) => vec![
            ("/key", ok("openrouter/key-ok")),
            ("/credits", json(200, r#"{"data":{"total_credits":10,"total_usage":1}}"#)),
        ],
        (Service::DeepSeek, _) => vec![("/models", list), ("/balance", ok("deepseek/balance-ok"))],
        (Service::Ollama, _) => vec![("/tags", ok("ollama/tags-ok"))],
        (Service::OllamaCloud, _) => {
            vec![("/usage", json(200, r#"{"limits":{"session":{"usage":0.1},"weekly":{"usage":0.2}}}"#))]
        }
        _ => vec![("/models", list)],
    }
}

#[tokio::test]
async fn no_token_is_spent_where_something_free_can_tell() {
    for service in Service::ALL.iter().copied() {
        for billing in [Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits] {
            let server = Server::start(by_path(&good(service, billing))).await;
            let account = billed(service, billing, &server.url());
            let key = secret("sk-right-key");
            let asked = Check { model: Some("m"), paid: ANY_TIME, ..a_check(&account, Some(&key)) };
            let report = check(http(), asked).await;
            if questions(&account, None).asks.is_empty() {
                assert_eq!(withheld(&report), [(Purpose::Health, Withheld::NoWay)], "{service:?}");
                continue;
            }
            assert_eq!(report.tokens_spent, 0, "{service:?}");
            // MiniMax's credits are the one thing that nothing free can tell, and only when it is allowed.
            let credits = service == Service::MiniMax && billing != Billing::QuotaPlan;
            assert_eq!(report.paid(), credits, "{service:?} {billing:?}");
            if !credits {
                assert_eq!(state(&report), Some(HealthState::Up), "{service:?}: {report:?}");
                assert_eq!(report.quota_trouble, None, "{service:?}");
            }
            let free = check(http(), Check { paid: Paid::Never, ..asked }).await;
            assert!(!free.paid() && state(&free) == Some(HealthState::Up), "{service:?}");
        }
    }
}

#[tokio::test]
async fn twelve_accounts_are_asked_at_once() {
    let services = [
        Service::Zai,
        Service::Anthropic,
        Service::ClaudeSubscription,
        Service::OpenAi,
        Service::Codex,
        Service::Gemini,
        Service::MiniMax,
        Service::Kimi,
        Service::Moonshot,
        Service::OpenRouter,
        Service::DeepSeek,
        Service::Ollama,
    ];
    // Nobody is answered before all twelve are there: one after another they would never be.
    let server = Server::gathering(services.len(), |_| json(200, "{}")).await;
    let http = http();
    let mut under_way = tokio::task::JoinSet::new();
    for service in services {
        let account = account(service, &server.url());
        under_way.spawn(async move {
            let key = secret("sk-right-key");
            check(http, a_check(&account, Some(&key))).await
        });
    }
    while let Some(report) = under_way.join_next().await {
        let report = report.expect("no check panics");
        assert_eq!(report.requests[0].status, Some(200), "{:?}", report.requests);
        assert!(report.requests[0].took < PATIENCE);
    }
    assert_eq!(server.most_at_once(), services.len());
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_and_no_health_is_made_of_it() {
    let cases = [
        ("http://10.0.0.7:8080", "sk-right-key", Withheld::NotEncrypted),
        ("relay.test", "sk-right-key", Withheld::BadAddress),
        ("https://127.0.0.1:1", "sk-right\nkey", Withheld::BadKey),
    ];
    for (base, key, why) in cases {
        let account = account(Service::Zai, base);
        let report = check(http(), a_check(&account, Some(&secret(key)))).await;
        assert_eq!(withheld(&report), [(Purpose::Health, why)], "{base}");
        assert_eq!((state(&report), report.requests.len(), report.host_answers), (None, 0, None));
    }
}
