//! Google Gemini by API key: a free list, or one model of it. Its quota has no address.

use serde_json::json;

use super::ask::{Ask, AuthScheme};
use super::base::{Hosts, segment};
use crate::domain::{ProviderAccount, Service};
use crate::providers::RequestKind;

const HOSTS: Hosts = Hosts::one("https://generativelanguage.googleapis.com", &["/v1beta/openai", "/v1beta", "/v1"]);

pub(super) fn asks(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let models = format!("{}/v1beta/models", HOSTS.base(account).root);
    let asks = match model {
        None => vec![Ask::get(Service::Gemini, RequestKind::Models, format!("{models}?pageSize=1"))],
        // Its limits are by the model, and the question about one costs no more than that about all.
        Some(model) => {
            let name = model.strip_prefix("models/").unwrap_or(model);
            let url = format!("{models}/{}", segment(name));
            let body = json!({
                "contents": [{ "role": "user", "parts": [{ "text": "." }] }],
                "generationConfig": { "maxOutputTokens": 1 },
            });
            let last_resort = Ask::last_resort(Service::Gemini, format!("{url}:generateContent"), model, body);
            vec![Ask::get(Service::Gemini, RequestKind::Models, url).about(model), last_resort]
        }
    };
    asks.into_iter().map(|ask| ask.auth(AuthScheme::Header("x-goog-api-key"))).collect()
}
