//! Z.ai: codes in every envelope, quota answers with HTTP 200 whatever they say, and a limit that code 1113
//! tells in words of money.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};

use super::super::DemoOutage;
use super::answer::{Answer, Asked, Credential, Shop};
use super::shapes::{completion, message, message_error};

const QUOTA: &str = "/api/monitor/usage/quota/limit";
const CHAT: &str = "/api/coding/paas/v4/chat/completions";
/// Where jobs are paid one by one: a plan's key does not work there.
const GENERAL: &str = "/api/paas/v4/chat/completions";
const MESSAGES: &str = "/api/anthropic/v1/messages";

const INCORRECT: &str = "token expired or incorrect";
const NO_HEADER: &str = "Header中未收到Authorization参数，无法进行身份验证。";

/// The sentence of code 1308. It names a time of Beijing without saying so.
pub(in crate::demo) fn limit_reached(reset_ms: i64) -> String {
    let reset = Timestamp::from_millisecond(reset_ms).unwrap_or_default();
    let there = Offset::constant(8).to_datetime(reset);
    format!("Usage limit reached for 5 hour. Your limit will reset at {}", there.strftime("%Y-%m-%d %H:%M:%S"))
}

pub(super) fn answer(asked: &Asked, shop: &Shop<'_>) -> Answer {
    let (method, path) = asked.route();
    let known = matches!((method, path), ("GET", QUOTA) | ("POST", CHAT | GENERAL | MESSAGES));
    if !known {
        return Answer::json(404, json!({ "status": 404, "error": "Not Found", "path": path }));
    }
    let given = if path == MESSAGES { asked.header("x-api-key").or(asked.bearer()) } else { asked.bearer() };
    let failing = shop.outage() == DemoOutage::ServerError;
    match (path, shop.credential(given)) {
        (QUOTA, _) if failing => Answer::json(500, in_envelope(500, "Internal server error")),
        (QUOTA, Credential::Missing) => Answer::json(200, in_envelope(1001, NO_HEADER)),
        (QUOTA, Credential::Wrong) => Answer::json(200, in_envelope(401, INCORRECT)),
        (QUOTA, Credential::Right) => Answer::json(200, quota(shop)),
        _ if failing => refuse(path, 500, "500", "Internal server error"),
        (_, Credential::Missing) => refuse(path, 401, "1001", NO_HEADER),
        (_, Credential::Wrong) => refuse(path, 401, "401", INCORRECT),
        (_, Credential::Right) => job(asked, path, shop),
    }
}

fn in_envelope(code: u16, said: &str) -> Value {
    json!({ "code": code, "msg": said, "success": false })
}

fn refuse(path: &str, status: u16, code: &str, said: &str) -> Answer {
    if path == MESSAGES {
        return message_error(status, code, said);
    }
    Answer::json(status, json!({ "error": { "code": code, "message": said }, "request_id": "demo" }))
}

fn job(asked: &Asked, path: &str, shop: &Shop<'_>) -> Answer {
    let no_resource = if speaks_english(asked) {
        "Insufficient balance or no resource package. Please recharge."
    } else {
        "余额不足或无可用资源包,请充值。"
    };
    match shop.outage() {
        _ if path == GENERAL => refuse(path, 429, "1113", no_resource),
        DemoOutage::MoneyWords => refuse(path, 429, "1113", no_resource),
        DemoOutage::QuotaExhausted => {
            let reset_ms = shop.window("5h").map_or(0, |window| window.resets_ms);
            refuse(path, 429, "1308", &limit_reached(reset_ms))
        }
        DemoOutage::RateLimited => refuse(path, 429, "1302", "Rate limit reached for requests"),
        DemoOutage::Overloaded => {
            refuse(path, 429, "1305", "The service may be temporarily overloaded, please try again later")
        }
        _ if !shop.has(asked.model()) => refuse(path, 400, "1211", "Unknown Model, please check the model code."),
        _ if path == MESSAGES => Answer::json(200, message(asked.model())),
        _ => Answer::json(200, completion(asked.model(), shop)),
    }
}

/// Chinese is what is spoken unless English is asked for.
fn speaks_english(asked: &Asked) -> bool {
    asked.header("accept-language").is_some_and(|wanted| wanted.trim_start().to_ascii_lowercase().starts_with("en"))
}

fn quota(shop: &Shop<'_>) -> Value {
    let limits = [("5h", 3, 5), ("Week", 6, 1)].into_iter().filter_map(|(label, unit, number)| {
        let window = shop.window(label)?;
        Some(json!({
            "type": "TOKENS_LIMIT",
            "unit": unit,
            "number": number,
            "percentage": window.used_percent,
            "nextResetTime": window.resets_ms,
        }))
    });
    let data = json!({ "limits": limits.collect::<Vec<_>>(), "level": "pro" });
    json!({ "code": 200, "msg": "Operation successful", "success": true, "data": data })
}
