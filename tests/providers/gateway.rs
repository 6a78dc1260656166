//! The last error of a cron, as a real gateway wrote it, read like any other answer.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use model_orchestrator::domain::{Billing, Diagnosis, Health};
use model_orchestrator::providers::{Evidence, diagnose};
use serde_json::Value;

use super::case::headline;

fn runs() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/gateway/run-outcomes.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let recorded: Value = serde_json::from_str(&text).expect("a recording is JSON");
    recorded["runs"].as_array().expect("runs").clone()
}

fn now() -> Timestamp {
    "2026-11-23T06:00:00Z".parse().expect("a moment")
}

fn of(provider: &str, billing: Billing, text: &str) -> Diagnosis {
    diagnose(&Evidence { billing, ..Evidence::prose(provider, text, now()) })
}

#[test]
fn every_recorded_run_that_failed_is_diagnosed_from_its_text() {
    // outcome, health, temporary, reason
    let expected = [
        ("quota_exhausted", "quota_exhausted", false, "account_usage_limit"),
        ("insufficient_balance", "quota_exhausted", false, "account_usage_limit"),
        ("zai_1113", "quota_exhausted", true, "billing_error"),
        ("zai_1308", "quota_exhausted", true, "zai_1308"),
        ("credit_too_low", "quota_exhausted", false, "account_usage_limit"),
        ("unauthorized", "auth", false, "invalid_key"),
        ("forbidden", "blocked", false, "forbidden"),
        ("not_found", "model_unavailable", false, "unknown_model"),
        ("rate_limit", "down", true, "timeout"),
        ("server_error", "down", true, "timeout"),
        ("unavailable", "down", true, "timeout"),
        ("overloaded", "down", true, "timeout"),
        ("drop", "down", true, "timeout"),
    ];
    let mut compared = 0;
    for run in runs() {
        let (outcome, entry) = (run["mockOutcome"].as_str().unwrap_or_default(), &run["entry"]);
        let (Some(error), Some(provider)) = (entry["error"].as_str(), entry["provider"].as_str()) else { continue };
        let expected = expected.iter().find(|row| row.0 == outcome).unwrap_or_else(|| panic!("{outcome} is new"));
        let found = diagnose(&Evidence::prose(provider, error, now()));
        assert_eq!(
            (found.state.code(), found.temporary, found.reason.as_str()),
            (expected.1, expected.2, expected.3),
            "{outcome}: {error}"
        );
        assert_eq!(found.reset_at, None, "{outcome}: a date in 2030 is not believed");
        compared += 1;
    }
    assert_eq!(compared, 26);
}

#[test]
fn the_gateways_word_of_billing_is_a_hint_that_the_account_decides() {
    let billing_error = |name: &str| {
        format!(
            "⚠️ {name} (m1) returned a billing error — your API key has run out of credits or has an insufficient \
             balance. Check your {name} billing dashboard and top up or switch to a different API key."
        )
    };
    let cases = [
        ("minimax", Billing::PrepaidCredits, "balance_empty", "Balance empty — MiniMax API credits need a top-up"),
        ("minimax", Billing::QuotaPlan, "quota_exhausted", "Quota limit hit — reset date not reported yet"),
        ("zai", Billing::QuotaPlan, "quota_exhausted", "Quota limit hit — reset date not reported yet"),
        ("zai", Billing::PrepaidCredits, "quota_exhausted", "Quota limit hit — reset date not reported yet"),
        (
            "anthropic",
            Billing::RateTier,
            "quota_exhausted",
            "Usage limit hit — no reset date given, open the dashboard",
        ),
    ];
    for (provider, billing, state, said) in cases {
        let found = of(provider, billing, &billing_error(provider));
        assert_eq!((found.state.code(), headline(&found, now()).as_str()), (state, said), "{provider} {billing:?}");
    }
}

#[test]
fn a_limit_with_its_date_is_read_from_prose() {
    let text = "⚠️ Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 18:35:41";
    let found = of("zai", Billing::QuotaPlan, text);
    assert_eq!(found.reset_at, Some("2026-11-23T10:35:41Z".parse().expect("a moment")), "Z.ai writes UTC+8");
    assert_eq!(found.health(), Some(Health::LimitHit { resets_at: found.reset_at }));
    assert_eq!(headline(&found, now()), "Quota limit hit — resets on 23 Nov 2026 10:35");
}

#[test]
fn prefixes_summaries_and_embedded_answers_are_peeled_off() {
    let cases = [
        ("google", "429 Resource has been exhausted (e.g. check quota).", "rate_limited"),
        ("anthropic", "FailoverError: HTTP 429: rate_limit_error", "rate_limited"),
        (
            "anthropic",
            r#"529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "overloaded",
        ),
        ("openai", "HTTP 401: Incorrect API key provided: sk-proj-****", "auth"),
        ("claude-cli", "HTTP 401: authentication_error - OAuth token has expired", "auth"),
        ("zai", r#"Error code: 429 - {"error":{"code":"1302","message":"x"}}"#, "rate_limited"),
        (
            "kimi",
            "All models failed (2): zai/glm-5: 529 busy | kimi/k2: 403 You've reached your usage limit for this billing cycle.",
            "quota_exhausted",
        ),
        ("minimax", "⚠️ insufficient balance (1008)", "balance_empty"),
        ("work", "⚠️ API rate limit reached. Please try again later.", "rate_limited"),
        ("work", "LLM request timed out.", "down"),
        ("work", "fetch failed", "down"),
        (
            "x",
            "Inline API key for provider \"x\" is temporarily disabled after a provider auth/billing failure. Retry after about 10 minutes",
            "unknown",
        ),
        ("x", "Auth profile \"x:manual\" is temporarily unavailable for billing", "unknown"),
        (
            "google",
            "All models failed (1): google/gemini-3-flash: Provider google is in cooldown (all profiles unavailable) (rate_limit)",
            "unknown",
        ),
        ("x", "No API key found for provider \"x\".", "no_key"),
        ("x", "cron: job execution timed out (last phase: delivery)", "unknown"),
        ("x", "channel not found: #ops", "unknown"),
        ("x", "", "unknown"),
    ];
    for (provider, text, state) in cases {
        let found = diagnose(&Evidence::prose(provider, text, now()));
        assert_eq!(found.state.code(), state, "{provider}: {text}: {found:?}");
    }
}

#[test]
fn what_says_nothing_about_an_account_changes_no_health() {
    let cases = [
        ("cron: job execution timed out (last phase: model-call-started)", Some(Health::Unreachable)),
        ("Auth profile \"x:manual\" is temporarily unavailable for billing", None),
        ("channel not found: #ops", None),
        ("Context overflow: prompt too large for the model.", Some(Health::Up)),
    ];
    for (text, health) in cases {
        assert_eq!(diagnose(&Evidence::prose("x", text, now())).health(), health, "{text}");
    }
}
