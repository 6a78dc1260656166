//! Google Gemini by API key: limits by the model and the minute or day, told in the details of a refusal; no
//! other place shows them.

use serde_json::{Value, json};

use super::super::DemoOutage;
use super::super::world::Model;
use super::answer::{Answer, Asked, Credential, Shop};

const MODELS: &str = "/v1beta/models";
const HELP: &str = "https://ai.google.dev/gemini-api/docs/rate-limits";
const METRIC: &str = "generativelanguage.googleapis.com/generate_content_free_tier_requests";

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    if shop.outage() == DemoOutage::ServerError {
        let said = "An internal error has occurred. Please retry or report in \
             https://developers.generativeai.google/guide/troubleshooting";
        return refuse(500, "INTERNAL", said, &json!(null));
    }
    match shop.credential(asked.header("x-goog-api-key")) {
        Credential::Missing => {
            let said = "Method doesn't allow unregistered callers (callers without established identity). Please use API \
                 Key or other form of API consumer identity to call this API.";
            return refuse(403, "PERMISSION_DENIED", said, &json!(null));
        }
        Credential::Wrong => return wrong_key(),
        Credential::Right => {}
    }
    let (method, path) = asked.route();
    let Some(rest) = path.strip_prefix(MODELS) else { return nowhere() };
    let (name, verb) = rest.trim_start_matches('/').split_once(':').unwrap_or((rest.trim_start_matches('/'), ""));
    let model = shop.models().find(|model| model.id == name);
    match (method, name, verb, model) {
        ("GET", "", "", _) => list(asked, shop),
        ("GET", _, "", Some(model)) => Answer::json(200, shown(model)),
        ("POST", _, "countTokens", Some(_)) => Answer::json(200, json!({ "totalTokens": 2 })),
        ("POST", _, "generateContent", Some(model)) => turn(model, shop),
        // A stream is a list, and so is its refusal.
        ("POST", _, "streamGenerateContent", Some(model)) => {
            let answer = turn(model, shop);
            Answer { body: json!([answer.body]), ..answer }
        }
        ("GET" | "POST", _, _, None) if !name.is_empty() => {
            let said = format!(
                "models/{name} is not found for API version v1beta, or is not supported for generateContent. Call \
                 ListModels to see the list of available models and their supported methods."
            );
            refuse(404, "NOT_FOUND", &said, &json!(null))
        }
        _ => nowhere(),
    }
}

fn nowhere() -> Answer {
    refuse(404, "NOT_FOUND", "Requested entity was not found.", &json!(null))
}

fn wrong_key() -> Answer {
    let said = "API key not valid. Please pass a valid API key.";
    let details = json!([
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        },
        { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": said },
    ]);
    refuse(400, "INVALID_ARGUMENT", said, &details)
}

fn list(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let most = asked.number("pageSize").unwrap_or(50);
    let models: Vec<_> = shop.models().map(shown).collect();
    let mut page = json!({ "models": models.iter().take(most).collect::<Vec<_>>() });
    if most < models.len() {
        page["nextPageToken"] = "demo".into();
    }
    Answer::json(200, page)
}

fn shown(model: &Model) -> Value {
    json!({
        "name": format!("models/{}", model.id),
        "displayName": model.name,
        "inputTokenLimit": model.context,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

fn turn(model: &Model, shop: &Shop<'_>) -> Answer {
    let exhausted = |said: &str| refuse(429, "RESOURCE_EXHAUSTED", said, &json!(null));
    match shop.outage() {
        DemoOutage::RateLimited => limited(model, shop, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", 10),
        DemoOutage::QuotaExhausted => limited(model, shop, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", 20),
        DemoOutage::SpendLimit => exhausted(
            "Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to \
             manage your project spend cap.",
        ),
        DemoOutage::MoneyWords => exhausted(
            "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your \
             project and billing.",
        ),
        DemoOutage::Overloaded => {
            refuse(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", &json!(null))
        }
        _ => Answer::json(
            200,
            json!({
                "candidates": [{
                    "content": { "parts": [{ "text": "ok" }], "role": "model" },
                    "finishReason": "MAX_TOKENS",
                    "index": 0,
                }],
                "usageMetadata": { "promptTokenCount": 2, "candidatesTokenCount": 1, "totalTokenCount": 3 },
                "modelVersion": model.id,
            }),
        ),
    }
}

/// A day's limit names a wait of seconds as well: when the next minute begins.
fn limited(model: &Model, shop: &Shop<'_>, quota: &str, limit: u32) -> Answer {
    let next_minute_ms = shop.window("Per minute").map_or(0, |window| window.resets_ms);
    let wait_ms = (next_minute_ms - shop.now().as_millisecond()).max(1_000);
    let said = format!(
        "You exceeded your current quota, please check your plan and billing details. For more information on this \
         error, head to: {HELP}.\n* Quota exceeded for metric: {METRIC}, limit: {limit}, model: {}\nPlease retry in \
         {}s.",
        model.id,
        wait_ms as f64 / 1_000.0,
    );
    let details = json!([
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": METRIC,
                "quotaId": quota,
                "quotaDimensions": { "location": "global", "model": model.id },
                "quotaValue": limit.to_string(),
            }],
        },
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{ "description": "Learn more about Gemini API quotas", "url": HELP }],
        },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{}s", wait_ms / 1_000) },
    ]);
    refuse(429, "RESOURCE_EXHAUSTED", &said, &details)
}

fn refuse(code: u16, status: &str, said: &str, details: &Value) -> Answer {
    let mut error = json!({ "code": code, "message": said, "status": status });
    if !details.is_null() {
        error["details"] = details.clone();
    }
    Answer::json(code, json!({ "error": error }))
}
