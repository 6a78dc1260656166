//! Anthropic: by API key a free list and a free count of tokens; of a Claude plan only its usage,
//! which is undocumented.

use serde_json::json;

use super::ask::{Ask, AuthScheme, one_token_chat, one_word};
use super::base::Hosts;
use crate::domain::{Proof, ProviderAccount, Purpose, Service};
use crate::providers::RequestKind;

const HOSTS: Hosts = Hosts::one("https://api.anthropic.com", &["/v1"]);

pub(super) fn api_key(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = HOSTS.base(account).root;
    let list = Ask::get(Service::Anthropic, RequestKind::Models, format!("{root}/v1/models?limit=1"));
    let mut asks = vec![list];
    if let Some(model) = model {
        let url = format!("{root}/v1/messages/count_tokens");
        let body = json!({ "model": model, "messages": one_word() });
        let count = Ask::post(Service::Anthropic, RequestKind::CountTokens, url, body).purpose(Purpose::Model);
        asks.push(count.about(model));
        let url = format!("{root}/v1/messages");
        asks.push(Ask::last_resort(Service::Anthropic, url, model, one_token_chat(model)));
    }
    asks.into_iter()
        .map(|ask| ask.auth(AuthScheme::Header("x-api-key")).header("anthropic-version", "2023-06-01"))
        .collect()
}

/// A plan is for its owner's own programs: no job is sent with its sign-in.
pub(super) fn plan(account: &ProviderAccount) -> Vec<Ask> {
    let root = HOSTS.base(account).root;
    let usage = Ask::get(Service::ClaudeSubscription, RequestKind::Quota, format!("{root}/api/oauth/usage"));
    vec![usage.header("anthropic-beta", "oauth-2025-04-20").proving(Proof::Jobs).undocumented()]
}
