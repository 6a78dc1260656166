//! Anthropic by API key: typed errors, limits in the headers of a turn's answer. What is overloaded is the
//! whole API, its free questions too.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use serde_json::json;

use super::super::DemoOutage;
use super::answer::{Answer, Asked, Credential, Shop, written};
use super::shapes::{message, message_error};

pub(super) const MINUTE_LIMIT: &str =
    "This request would exceed your organization's rate limit of 30,000 input tokens per minute.";

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let answer = match (shop.outage(), shop.credential(asked.header("x-api-key"))) {
        (DemoOutage::ServerError, _) => message_error(500, "api_error", "Internal server error"),
        (DemoOutage::Overloaded, _) => {
            message_error(529, "overloaded_error", "Overloaded").with("x-should-retry", "true")
        }
        (_, Credential::Missing) => message_error(401, "authentication_error", "x-api-key header is required"),
        (_, Credential::Wrong) => message_error(401, "authentication_error", "invalid x-api-key"),
        (_, Credential::Right) if asked.header("anthropic-version").is_none() => {
            message_error(400, "invalid_request_error", "anthropic-version: header is required")
        }
        (_, Credential::Right) => known(asked, shop),
    };
    answer.with("request-id", "req_demo")
}

fn known(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let model = asked.model();
    match asked.route() {
        ("GET", "/v1/models") => models(asked, shop),
        ("POST", "/v1/messages/count_tokens" | "/v1/messages") if !shop.has(model) => {
            message_error(404, "not_found_error", &format!("model: {model}"))
        }
        ("POST", "/v1/messages/count_tokens") => Answer::json(200, json!({ "input_tokens": 8 })),
        ("POST", "/v1/messages") => turn(model, shop),
        _ => message_error(404, "not_found_error", "Not found"),
    }
}

fn models(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let most = asked.number("limit").unwrap_or(20);
    let all: Vec<_> = shop.models().collect();
    let shown: Vec<_> = all.iter().take(most).collect();
    let data = shown.iter().map(|model| {
        json!({
            "type": "model", "id": model.id, "display_name": model.name, "created_at": "2026-07-01T00:00:00Z",
        })
    });
    Answer::json(
        200,
        json!({
            "data": data.collect::<Vec<_>>(),
            "has_more": shown.len() < all.len(),
            "first_id": shown.first().map(|model| model.id),
            "last_id": shown.last().map(|model| model.id),
        }),
    )
}

fn turn(model: &str, shop: &Shop<'_>) -> Answer {
    match shop.outage() {
        DemoOutage::RateLimited => {
            let refusal = message_error(429, "rate_limit_error", MINUTE_LIMIT);
            with_limits(refusal, shop, 0).with("retry-after", shop.next_minute_in())
        }
        DemoOutage::SpendLimit => {
            let said = format!(
                "You have reached your specified API usage limits. You will regain access on {} at 00:00 UTC.",
                next_month(shop)
            );
            message_error(400, "invalid_request_error", &said)
        }
        DemoOutage::MoneyWords => {
            let said = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to \
                 upgrade or purchase credits.";
            message_error(400, "invalid_request_error", said)
        }
        _ => with_limits(Answer::json(200, message(model)), shop, 29_992),
    }
}

/// The counters of this minute, `left` input tokens among them.
fn with_limits(answer: Answer, shop: &Shop<'_>, left: u32) -> Answer {
    let reset = written((shop.now().as_second() + shop.next_minute_in()) * 1_000);
    answer
        .with("anthropic-ratelimit-requests-limit", 50)
        .with("anthropic-ratelimit-requests-remaining", 49)
        .with("anthropic-ratelimit-requests-reset", &reset)
        .with("anthropic-ratelimit-input-tokens-limit", 30_000)
        .with("anthropic-ratelimit-input-tokens-remaining", left)
        .with("anthropic-ratelimit-input-tokens-reset", &reset)
        .with("anthropic-ratelimit-output-tokens-limit", 8_000)
        .with("anthropic-ratelimit-output-tokens-remaining", 8_000)
        .with("anthropic-ratelimit-output-tokens-reset", &reset)
}

/// The first of it, in UTC.
fn next_month(shop: &Shop<'_>) -> String {
    let today = shop.now().to_zoned(TimeZone::UTC).date();
    today.first_of_month().saturating_add(1.month()).to_string()
}
