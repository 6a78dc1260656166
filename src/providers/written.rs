//! Evidence as a document: the form of the recorded cases, of which unknown keys are ignored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::evidence::{Answer, Body, Evidence, PriorWindow, Request, RequestKind, default_billing};
use super::json;
use crate::domain::{Billing, quotation};

/// What a document may leave out, said beside it.
#[derive(Clone, Debug)]
pub struct Beside {
    pub provider: Option<String>,
    pub billing: Option<Billing>,
    pub model: Option<String>,
    pub now: Timestamp,
}

/// Why a document is no evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    #[error("not an object with an answer in it, but {found}")]
    NotAnObject { found: &'static str },
    #[error("{field} is {found}, expected {expected}")]
    Field { field: &'static str, expected: &'static str, found: String },
    #[error("no provider is named")]
    NoProvider,
    #[error("there is no answer in it: none of status, body, body_text and transport_error")]
    NoAnswer,
}

/// The evidence in a document. What stands in it counts before what is said beside it.
pub fn evidence_of(document: &Value, beside: &Beside) -> Result<Evidence, EvidenceError> {
    let Some(object) = document.as_object() else {
        return Err(EvidenceError::NotAnObject { found: kind_of(document) });
    };
    let present = |key: &str| object.get(key).filter(|value| !value.is_null());
    if !["status", "body", "body_text", "transport_error"].iter().any(|key| object.contains_key(*key)) {
        return Err(EvidenceError::NoAnswer);
    }
    let request = request_of(present("request"), beside.model.as_deref());
    let account = present("account");
    let provider = present("provider").and_then(json::text).map(str::to_owned).or_else(|| beside.provider.clone());
    let provider = match provider {
        Some(provider) => provider,
        None if request.url.is_some() => String::new(),
        None => return Err(EvidenceError::NoProvider),
    };
    let plan = account.and_then(|account| json::text_in(account, &["plan"])).map(str::to_owned);
    let billing = billing_of(account)?.or(beside.billing);
    let billing = billing.unwrap_or_else(|| default_billing(&provider, request.url.as_deref(), plan.as_deref()));
    let now = match present("now") {
        Some(now) => moment(now).ok_or_else(|| wrong("now", "a moment such as 2026-11-20T08:00:00Z", now))?,
        None => beside.now,
    };
    let prior_quota = json::items(present("prior_quota")).map(prior_window).collect();
    Ok(Evidence { provider, billing, plan, request, prior_quota, answer: answer_of(object)?, now })
}

fn answer_of(object: &serde_json::Map<String, Value>) -> Result<Answer, EvidenceError> {
    let present = |key: &str| object.get(key).filter(|value| !value.is_null());
    let status = match present("status") {
        Some(status) => json::number(status)
            .filter(|number| (0.0..1000.0).contains(number) && number.fract() == 0.0)
            .map(|number| number as u16)
            .ok_or_else(|| wrong("status", "an HTTP status", status))?,
        None => 0,
    };
    let body = match (present("body"), present("body_text").and_then(Value::as_str)) {
        (Some(Value::String(text)), _) => Body::Text(text.clone()),
        (None, Some(text)) => Body::Text(text.to_owned()),
        (Some(body), _) => Body::Json(body.clone()),
        (None, None) => Body::Empty,
    };
    if status != 0 {
        return Ok(Answer::Http { status, headers: headers_of(present("headers"))?, body });
    }
    if let Some(error) = present("transport_error") {
        let transport_error = json::text(error).unwrap_or_default().to_owned();
        return Ok(Answer::Nothing { transport_error });
    }
    Ok(match body {
        Body::Empty => Answer::Nothing { transport_error: String::new() },
        Body::Text(text) if !text.trim_start().starts_with(['{', '[', '<']) => Answer::Prose(text),
        body => Answer::BodyOnly(body),
    })
}

fn headers_of(headers: Option<&Value>) -> Result<BTreeMap<String, String>, EvidenceError> {
    let Some(headers) = headers else { return Ok(BTreeMap::new()) };
    let Some(headers) = headers.as_object() else { return Err(wrong("headers", "an object", headers)) };
    let line = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        // A header that came twice.
        Value::Array(lines) => lines.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    Ok(headers.iter().filter_map(|(name, value)| Some((name.clone(), line(value)?))).collect())
}

fn request_of(request: Option<&Value>, model: Option<&str>) -> Request {
    let field = |keys: &[&str]| request.and_then(|request| json::text_in(request, keys)).map(str::to_owned);
    let url = field(&["url"]);
    let kind = match field(&["kind"]).as_deref() {
        Some("models") => Some(RequestKind::Models),
        Some("count_tokens") => Some(RequestKind::CountTokens),
        Some("quota" | "usage") => Some(RequestKind::Quota),
        Some("balance") => Some(RequestKind::Balance),
        Some(_) => Some(RequestKind::Job),
        None => url.as_deref().and_then(kind_of_url),
    };
    Request { kind, url, model: field(&["model"]).or_else(|| model.map(str::to_owned)) }
}

/// What an address asks for, when nobody says.
fn kind_of_url(url: &str) -> Option<RequestKind> {
    const ENDINGS: &[(&str, RequestKind)] = &[
        ("/quota/limit", RequestKind::Quota),
        ("/oauth/usage", RequestKind::Quota),
        ("/wham/usage", RequestKind::Quota),
        (":retrieveUserQuota", RequestKind::Quota),
        ("/remains", RequestKind::Quota),
        ("/usages", RequestKind::Quota),
        ("/api/usage", RequestKind::Quota),
        ("/copilot_internal/user", RequestKind::Quota),
        ("/api/v1/key", RequestKind::Quota),
        ("/balance", RequestKind::Balance),
        ("/credits", RequestKind::Balance),
        ("/count_tokens", RequestKind::CountTokens),
        (":countTokens", RequestKind::CountTokens),
        ("/models", RequestKind::Models),
        ("/api/tags", RequestKind::Models),
    ];
    let path = url.split(['?', '#']).next()?.trim_end_matches('/');
    ENDINGS.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, kind)| *kind)
}

fn prior_window(window: &Value) -> PriorWindow {
    let id = json::text_in(window, &["id"]).unwrap_or_default();
    let blocks = window.get("blocks_chat").and_then(json::truth);
    PriorWindow {
        id: id.to_owned(),
        used_percent: json::number_in(window, &["used_percent"]),
        reset_at: window.get("reset_at").and_then(moment),
        blocks_chat: blocks.unwrap_or(!id.starts_with("mcp")),
    }
}

fn billing_of(account: Option<&Value>) -> Result<Option<Billing>, EvidenceError> {
    let Some(word) = account.and_then(|account| account.get("billing")).filter(|word| !word.is_null()) else {
        return Ok(None);
    };
    let expected = "quota_plan, rate_tier, prepaid_credits or local";
    json::text(word).and_then(billing).map(Some).ok_or_else(|| wrong("account.billing", expected, word))
}

/// The kind of billing that a word names.
#[must_use]
pub fn billing(word: &str) -> Option<Billing> {
    match word {
        "quota_plan" => Some(Billing::QuotaPlan),
        "rate_tier" => Some(Billing::RateTier),
        "prepaid_credits" => Some(Billing::PrepaidCredits),
        "local" => Some(Billing::Local),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    super::moment::written(value, jiff::tz::Offset::UTC)
}

fn wrong(field: &'static str, expected: &'static str, found: &Value) -> EvidenceError {
    // Headers put into one text hold the key that was sent with them.
    let found = quotation(&found.to_string()).unwrap_or_default().chars().take(60).collect();
    EvidenceError::Field { field, expected, found }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Beside, evidence_of};

    #[test]
    fn what_is_wrong_with_a_document_is_told_without_its_keys() {
        let beside = Beside { provider: None, billing: None, model: None, now: jiff::Timestamp::UNIX_EPOCH };
        let told = |document| evidence_of(&document, &beside).expect_err("is none").to_string();
        let headers = json!({ "provider": "zai", "status": 401, "headers": "Authorization: Bearer sk-Zq7vW3xK9mP2" });
        assert_eq!(told(headers), "headers is \"Authorization: Bearer •••, expected an object");
        let status = json!({ "provider": "zai", "status": "sk-Zq7vW3xK9mP2" });
        assert_eq!(told(status), "status is •••, expected an HTTP status");
    }
}
