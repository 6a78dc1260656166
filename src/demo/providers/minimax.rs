//! MiniMax with a key of prepaid credits: `base_resp` codes with HTTP 200, or, in Anthropic's shape, a code in
//! brackets. Nothing free shows that the credits are gone.

use serde_json::{Value, json};

use super::super::DemoOutage;
use super::answer::{Answer, Asked, Credential, Shop};
use super::shapes::{completion, message, message_error, model_list};

/// Code, sentence, and status and type in Anthropic's shape.
type Refusal = (u16, String, u16, &'static str);

const MESSAGES: &str = "/anthropic/v1/messages";

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let (method, path) = asked.route();
    let given = if path == MESSAGES { asked.header("x-api-key").or(asked.bearer()) } else { asked.bearer() };
    let refuse = |(code, said, status, kind): Refusal| match path {
        MESSAGES => message_error(status, kind, &format!("{said} ({code})")),
        _ => Answer::json(if code == 1000 { 500 } else { 200 }, refused(code, &said)),
    };
    if let Some(refusal) = to_stranger(shop, given) {
        return refuse(refusal);
    }
    match (method, path) {
        ("GET", "/v1/models") => model_list(shop, "minimax"),
        // The key is of the other kind.
        ("GET", "/v1/token_plan/remains") => {
            refuse((1004, "login fail: token not match group".into(), 401, "authentication_error"))
        }
        ("POST", "/v1/chat/completions" | MESSAGES) => match refusal(shop, asked.model()) {
            Some(refusal) => refuse(refusal),
            None if path == MESSAGES => Answer::json(200, message(asked.model())),
            None => Answer::json(200, with_base_resp(completion(asked.model(), shop), 0, "")),
        },
        _ => Answer::json(404, json!({ "error": { "message": "404 page not found", "type": "not_found_error" } })),
    }
}

fn to_stranger(shop: &Shop<'_>, given: Option<&str>) -> Option<Refusal> {
    if shop.outage() == DemoOutage::ServerError {
        return Some((1000, "unknown error".into(), 500, "api_error"));
    }
    let carry = "login fail: Please carry the API secret key in the 'Authorization' field of the request header";
    match shop.credential(given) {
        Credential::Missing => Some((1004, carry.into(), 401, "authentication_error")),
        Credential::Wrong => Some((2049, "invalid api key".into(), 401, "authentication_error")),
        Credential::Right => None,
    }
}

fn refusal(shop: &Shop<'_>, model: &str) -> Option<Refusal> {
    let busy = "The server cluster is currently under high load. Please retry after a short wait and thank you for \
         your patience.";
    match shop.outage() {
        DemoOutage::OutOfCredits => Some((1008, "insufficient balance".into(), 500, "api_error")),
        DemoOutage::RateLimited => Some((1002, "rate limit".into(), 429, "rate_limit_error")),
        DemoOutage::Overloaded => Some((2064, busy.into(), 529, "overloaded_error")),
        _ if !shop.has(model) => {
            Some((2013, format!("invalid params, unknown model '{model}'"), 400, "invalid_request_error"))
        }
        _ => None,
    }
}

fn refused(code: u16, said: &str) -> Value {
    with_base_resp(json!({ "id": "", "choices": null, "created": 0, "model": "" }), code, said)
}

fn with_base_resp(mut body: Value, code: u16, said: &str) -> Value {
    body["base_resp"] = json!({ "status_code": code, "status_msg": said });
    body
}
