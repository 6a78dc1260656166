//! OpenAI: by API key a free list; of a ChatGPT plan only its usage, which is undocumented.

use serde_json::json;

use super::ask::{Ask, one_word};
use super::base::Hosts;
use crate::domain::{Proof, ProviderAccount, Service};
use crate::providers::RequestKind;

const API: Hosts = Hosts::one("https://api.openai.com", &["/v1"]);
const CHATGPT: Hosts = Hosts::one("https://chatgpt.com", &["/backend-api/codex", "/backend-api"]);

pub(super) fn api_key(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = API.base(account).root;
    let mut asks = vec![Ask::get(Service::OpenAi, RequestKind::Models, format!("{root}/v1/models"))];
    asks.extend(model.map(|model| {
        // Its newer models know `max_tokens` no longer.
        let body = json!({ "model": model, "max_completion_tokens": 1, "messages": one_word() });
        Ask::last_resort(Service::OpenAi, format!("{root}/v1/chat/completions"), model, body)
    }));
    let workspace = &account.workspace;
    let named = |ask: Ask| {
        let ask = ask.header_if("openai-organization", workspace.organization.as_ref());
        ask.header_if("openai-project", workspace.project.as_ref())
    };
    asks.into_iter().map(named).collect()
}

pub(super) fn plan(account: &ProviderAccount) -> Vec<Ask> {
    let root = CHATGPT.base(account).root;
    let usage = Ask::get(Service::Codex, RequestKind::Quota, format!("{root}/backend-api/wham/usage"));
    let usage = usage.header_if("chatgpt-account-id", account.workspace.organization.as_ref());
    vec![usage.proving(Proof::Jobs).undocumented()]
}
