//! OpenAI by API key: the code decides, for the type is the same for every cap and all money.

use serde_json::{Value, json};

use super::super::DemoOutage;
use super::answer::{Answer, Asked, Credential, Shop};
use super::shapes::{completion, model_list};

const QUOTA: &str = "You exceeded your current quota, please check your plan and billing details. For more information \
     on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.";

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    if shop.outage() == DemoOutage::ServerError {
        let said = "The server had an error while processing your request. Sorry about that!";
        return refuse(500, "server_error", None, said);
    }
    match shop.credential(asked.bearer()) {
        Credential::Missing => {
            let said = "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                 Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
            return refuse(401, "invalid_request_error", None, said);
        }
        Credential::Wrong => {
            let masked = masked(asked.bearer().unwrap_or_default());
            let said = format!(
                "Incorrect API key provided: {masked}. You can find your API key at \
                 https://platform.openai.com/account/api-keys."
            );
            return refuse(401, "invalid_request_error", Some("invalid_api_key"), &said);
        }
        Credential::Right => {}
    }
    match asked.route() {
        ("GET", "/v1/models") => model_list(shop, "system"),
        ("POST", "/v1/chat/completions" | "/v1/responses") => turn(asked, shop),
        (method, path) => {
            let said = format!("Invalid URL ({method} {path})");
            refuse(404, "invalid_request_error", None, &said)
        }
    }
}

fn turn(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let model = asked.model();
    match shop.outage() {
        DemoOutage::SpendLimit => refuse(429, "insufficient_quota", Some("organization_spend_limit_exceeded"), QUOTA),
        DemoOutage::MoneyWords => refuse(429, "insufficient_quota", Some("credit_balance_exhausted"), QUOTA),
        DemoOutage::RateLimited => {
            let wait = shop.next_minute_in();
            let refusal = refuse(429, "requests", Some("rate_limit_exceeded"), &minute_limit(model, wait));
            with_limits(refusal, shop, 0).with("retry-after", wait).with("retry-after-ms", wait * 1_000)
        }
        DemoOutage::Overloaded => {
            let said = "The server is currently overloaded with other requests. Sorry about that! You can retry your \
                 request, or contact us through our help center if the error persists.";
            refuse(503, "service_unavailable_error", Some("server_is_overloaded"), said).with("retry-after", 5)
        }
        _ if !shop.has(model) => {
            let said = format!("The model `{model}` does not exist or you do not have access to it.");
            refuse(404, "invalid_request_error", Some("model_not_found"), &said)
        }
        _ if asked.path.ends_with("/responses") => with_limits(Answer::json(200, response(model)), shop, 2),
        _ => with_limits(Answer::json(200, completion(model, shop)), shop, 2),
    }
}

pub(super) fn minute_limit(model: &str, wait_secs: i64) -> String {
    format!(
        "Rate limit reached for {model} in organization org-demo on requests per min (RPM): Limit 3, Used 3, Requested \
         1. Please try again in {wait_secs}s. Visit https://platform.openai.com/account/rate-limits to learn more."
    )
}

fn refuse(status: u16, kind: &str, code: Option<&str>, said: &str) -> Answer {
    let error = json!({ "message": said, "type": kind, "param": null, "code": code });
    Answer::json(status, json!({ "error": error })).with("x-request-id", "req_demo")
}

/// As it is quoted to whoever sent it.
fn masked(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let last = letters[letters.len().saturating_sub(4)..].iter().collect::<String>();
    format!("{}{last}", "*".repeat(letters.len().saturating_sub(4)))
}

fn response(model: &str) -> Value {
    json!({
        "id": "resp_demo",
        "object": "response",
        "status": "completed",
        "model": model,
        "output": [{
            "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "ok" }],
        }],
        "usage": { "input_tokens": 8, "output_tokens": 1, "total_tokens": 9 },
    })
}

/// The counters of this minute, `left` requests among them.
fn with_limits(answer: Answer, shop: &Shop<'_>, left: u32) -> Answer {
    answer
        .with("x-ratelimit-limit-requests", 3)
        .with("x-ratelimit-remaining-requests", left)
        .with("x-ratelimit-reset-requests", format!("{}s", shop.next_minute_in()))
        .with("x-ratelimit-limit-tokens", 60_000)
        .with("x-ratelimit-remaining-tokens", 59_900)
        .with("x-ratelimit-reset-tokens", "100ms")
}
