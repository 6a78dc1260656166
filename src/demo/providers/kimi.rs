//! Kimi's coding membership: numbers as strings, and quota as a 403. Its errors name no time.

use serde_json::{Value, json};

use super::super::DemoOutage;
use super::super::world::Shown;
use super::answer::{Answer, Asked, Credential, Shop, written};
use super::shapes::{completion, message, message_error, model_list};

/// A used-up week.
pub(in crate::demo) const CYCLE: &str = "You've reached your usage limit for this billing cycle. Your quota will be \
     refreshed in the next cycle. Upgrade to get more: https://www.kimi.com/code/console?from=quota-upgrade";

/// Status, type in OpenAI's shape and in Anthropic's, sentence.
type Refusal = (u16, &'static str, &'static str, String);

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let messages = asked.path.ends_with("/messages");
    let given = if messages { asked.header("x-api-key").or(asked.bearer()) } else { asked.bearer() };
    let refuse = |(status, kind, of_messages, said): Refusal| {
        if messages {
            message_error(status, of_messages, &said)
        } else {
            Answer::json(status, json!({ "error": { "message": said, "type": kind } }))
        }
    };
    if let Some(refusal) = to_stranger(shop, given) {
        return refuse(refusal);
    }
    match asked.route() {
        ("GET", "/coding/v1/usages") => Answer::json(200, usages(shop)),
        ("GET", "/coding/v1/models") => model_list(shop, "moonshot"),
        ("POST", "/coding/v1/chat/completions" | "/coding/v1/messages") => match refusal(shop, asked.model()) {
            Some(refusal) => refuse(refusal),
            None if messages => Answer::json(200, message(asked.model())),
            None => Answer::json(200, completion(asked.model(), shop)),
        },
        _ => {
            refuse((404, "resource_not_found_error", "not_found_error", "The requested resource was not found".into()))
        }
    }
}

fn to_stranger(shop: &Shop<'_>, given: Option<&str>) -> Option<Refusal> {
    if shop.outage() == DemoOutage::ServerError {
        return Some((500, "server_error", "api_error", "Internal server error".into()));
    }
    let said = "The API Key appears to be invalid or may have expired. Please verify your credentials and try again.";
    (shop.credential(given) != Credential::Right)
        .then(|| (401, "invalid_authentication_error", "authentication_error", said.into()))
}

fn refusal(shop: &Shop<'_>, model: &str) -> Option<Refusal> {
    let busy = "The engine is currently overloaded, please try again later";
    let often = "We're receiving too many requests at the moment. Please wait a moment and try again.";
    match shop.outage() {
        DemoOutage::QuotaExhausted => Some((403, "access_terminated_error", "permission_error", CYCLE.into())),
        DemoOutage::RateLimited => Some((429, "rate_limit_reached_error", "rate_limit_error", often.into())),
        DemoOutage::Overloaded => Some((429, "engine_overloaded_error", "overloaded_error", busy.into())),
        _ if !shop.has(model) => {
            Some((403, "permission_error", "permission_error", format!("You do not have access to model {model}")))
        }
        _ => None,
    }
}

fn usages(shop: &Shop<'_>) -> Value {
    let limit = shop.window("5h").map(
        |window| json!({ "window": { "duration": 300, "timeUnit": "TIME_UNIT_MINUTE" }, "detail": counted(window) }),
    );
    json!({
        "user": { "membership": { "level": "LEVEL_INTERMEDIATE" } },
        "usage": shop.window("Week").map(counted),
        "limits": limit.into_iter().collect::<Vec<_>>(),
    })
}

fn counted(window: &Shown) -> Value {
    let (used, left) = (window.used_percent.to_string(), (100 - window.used_percent).to_string());
    json!({ "limit": "100", "used": used, "remaining": left, "resetTime": written(window.resets_ms) })
}
