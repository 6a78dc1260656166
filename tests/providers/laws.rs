//! What must hold for every answer, whatever it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{Billing, HealthState, Settings};
use model_orchestrator::providers::{Answer, Body, Evidence, PriorWindow, Request, RequestKind, diagnose};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::case::all;
use super::lawful::{MONEY, lawful};

/// Words that tables look for, words of money, and nonsense.
const WORDS: &[&str] = &[
    "insufficient balance",
    "余额不足或无可用资源包,请充值",
    "Your credit balance is too low",
    "Your prepayment credits are depleted",
    "returned a billing error",
    "suspended due to insufficient balance, please recharge",
    "used all available credits",
    "Rate limit reached for x on requests per day (RPD): Limit 5, Requested 9",
    "resets at 2026-11-25 10:03:21",
    "resets at 1999-01-01",
    "try again in 9s",
    "try again in 99999999999999999999 days",
    "model: top-up-1 balance-2",
    "(1008)",
    "[1113][x]",
    "429",
    "9e99",
    "-1",
    "",
    "\u{0}\u{feff}🪙",
    "{\"error\":{\"message\":\"{\\\"error\\\":{\\\"code\\\":\\\"1113\\\"}}\"}}",
];

const KEYS: &[&str] = &[
    "error",
    "code",
    "type",
    "message",
    "status",
    "details",
    "base_resp",
    "status_code",
    "status_msg",
    "data",
    "limits",
    "limit",
    "used",
    "remaining",
    "percentage",
    "usage",
    "unit",
    "number",
    "nextResetTime",
    "resets_at",
    "retry_after",
    "metadata",
    "limit_source",
    "rate_limit",
    "primary_window",
    "used_percent",
    "limit_window_seconds",
    "reset_at",
    "five_hour",
    "utilization",
    "buckets",
    "remainingFraction",
    "modelId",
    "model_remains",
    "model_name",
    "current_interval_remaining_percent",
    "quota_snapshots",
    "premium_interactions",
    "entitlement",
    "total",
    "val",
    "balance_infos",
    "total_balance",
    "is_available",
    "available_balance",
    "success",
    "msg",
    "violations",
    "quotaId",
];

const CODES: &[&str] = &[
    "1113",
    "1308",
    "1008",
    "2056",
    "1304",
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_error",
    "exceeded_current_quota_error",
    "rate_limit_error",
    "overloaded_error",
    "usage_limit_reached",
    "RESOURCE_EXHAUSTED",
    "openrouter_credits",
    "openrouter_key_limit",
    "insufficient_balance",
    "Arrearage",
    "TOKENS_LIMIT",
    "quota_exceeded",
];

const PROVIDERS: &[&str] = &[
    "zai",
    "anthropic",
    "claude-subscription",
    "openai",
    "codex",
    "gemini",
    "gemini-cli",
    "minimax",
    "kimi",
    "moonshot",
    "openrouter",
    "deepseek",
    "xai",
    "groq",
    "mistral",
    "copilot",
    "alibaba",
    "ollama",
    "ollama-cloud",
    "lmstudio",
    "somebody",
    "recharge-your-balance",
    "",
];

fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().expect("a moment")
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..2000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1_790_000_000_i64..1_800_000_000).prop_map(Value::from),
        (1_790_000_000_000_i64..1_800_000_000_000).prop_map(|millis| Value::from(millis.to_string())),
        select(WORDS).prop_map(Value::from),
        select(CODES).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((select(KEYS), inner), 0..7).prop_map(|fields| {
                let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

fn body() -> impl Strategy<Value = Body> {
    let recorded: Vec<Value> = all().into_iter().map(|mut case| case.document["body"].take()).collect();
    prop_oneof![
        Just(Body::Empty),
        json().prop_map(Body::Json),
        (select(recorded), any::<Index>(), leaf())
            .prop_map(|(body, index, leaf)| Body::Json(mutated(body, index, leaf))),
        text().prop_map(Body::Text),
    ]
}

/// A recorded body with one of its values replaced.
fn mutated(mut body: Value, index: Index, leaf: Value) -> Value {
    fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| paths(value, &format!("{at}/{key}"), found)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| paths(item, &format!("{at}/{n}"), found));
            }
            _ => found.push(at.to_owned()),
        }
    }
    let mut found = Vec::new();
    paths(&body, "", &mut found);
    if let Some(place) = body.pointer_mut(&found[index.index(found.len())]) {
        *place = leaf;
    }
    body
}

fn text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        select(WORDS).prop_map(str::to_owned),
        "\\PC{0,20}",
        json().prop_map(|value| value.to_string()),
        select(vec!["429 ", "HTTP 503: ", "⚠️ ", "event: error\ndata: ", "<html>", "All models failed (1): "])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(parts, 0..5).prop_map(|parts| parts.concat())
}

fn headers() -> impl Strategy<Value = BTreeMap<String, String>> {
    let names = vec![
        "retry-after",
        "Retry-After-Ms",
        "x-ratelimit-reset",
        "x-ratelimit-remaining",
        "x-ratelimit-reset-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-limit-tokens",
        "anthropic-ratelimit-requests-reset",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-unified-status",
        "anthropic-ratelimit-unified-7d-utilization",
        "anthropic-ratelimit-unified-7d-reset",
        "x-codex-primary-used-percent",
        "x-codex-primary-window-minutes",
        "x-codex-primary-reset-at",
    ];
    let values = prop_oneof![
        select(vec![
            "0",
            "-3",
            "23",
            "1.5",
            "6m0s",
            "rejected",
            "soon",
            "999999999999",
            "1795496400",
            "2026-11-20T08:00:21Z"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    prop::collection::btree_map(select(names).prop_map(str::to_owned), values, 0..8)
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => (select(vec![0_u16, 200, 204, 302, 400, 401, 402, 403, 404, 407, 408, 413, 418, 422, 429, 500, 502, 503, 520, 529, 999]), headers(), body())
            .prop_map(|(status, headers, body)| Answer::Http { status, headers, body }),
        2 => body().prop_map(Answer::BodyOnly),
        3 => text().prop_map(Answer::Prose),
        1 => select(vec!["dns", "timeout", "tls", "connection_refused", ""])
            .prop_map(|error| Answer::Nothing { transport_error: error.to_owned() }),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let billing = select(vec![Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits, Billing::Local]);
    let kind = select(vec![
        None,
        Some(RequestKind::Job),
        Some(RequestKind::Models),
        Some(RequestKind::Quota),
        Some(RequestKind::Balance),
    ]);
    let model = select(vec![None, Some("glm-5.3"), Some("balance-1"), Some("please recharge 'x'")]);
    let window =
        (prop::option::of(-10.0..200.0), -9_000_000_i64..9_000_000).prop_map(|(used_percent, secs)| PriorWindow {
            id: "5h".to_owned(),
            used_percent,
            reset_at: now().checked_add(SignedDuration::from_secs(secs)).ok(),
            blocks_chat: true,
        });
    let prior = prop::collection::vec(window, 0..3);
    (select(PROVIDERS), billing, kind, model, prior, answer()).prop_map(
        |(provider, billing, kind, model, prior_quota, answer)| {
            let request = Request { kind, url: None, model: model.map(str::to_owned) };
            Evidence { provider: provider.to_owned(), billing, plan: None, request, prior_quota, answer, now: now() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_has_a_lawful_diagnosis(evidence in evidence()) {
        let found = diagnose(&evidence);
        lawful(&evidence, &found, &Settings::default());
        prop_assert_eq!(found, diagnose(&evidence));
    }
}

#[test]
fn no_recorded_answer_speaks_of_money_to_an_account_that_is_not_prepaid() {
    for case in all() {
        for billing in ["quota_plan", "rate_tier", "local"] {
            let mut variant = case.clone();
            variant.document["account"]["billing"] = billing.into();
            let found = variant.diagnosis();
            let said = variant.headline(&found).to_lowercase();
            assert_ne!(found.state, HealthState::BalanceEmpty, "{}", case.name);
            assert!(!MONEY.iter().any(|word| said.contains(word)), "{} {billing}: {said}", case.name);
        }
    }
}
