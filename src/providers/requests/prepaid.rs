//! OpenRouter and DeepSeek: paid in advance, with an address that tells what is left.

use super::ask::{Ask, one_token_chat};
use super::base::Hosts;
use crate::domain::{Proof, ProviderAccount, Purpose, Service};
use crate::providers::RequestKind;

const OPENROUTER: Hosts = Hosts::one("https://openrouter.ai", &["/api/v1"]);
const DEEPSEEK: Hosts = Hosts::one("https://api.deepseek.com", &["/anthropic", "/beta", "/v1"]);

/// The key has a budget, the account has credits; some keys may not read the second.
pub(super) fn openrouter(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = format!("{}/api/v1", OPENROUTER.base(account).root);
    let key = Ask::get(Service::OpenRouter, RequestKind::Quota, format!("{root}/key"));
    let credits = Ask::get(Service::OpenRouter, RequestKind::Balance, format!("{root}/credits"));
    let mut asks = vec![key, credits.purpose(Purpose::Quota).proving(Proof::Jobs)];
    asks.extend(model.map(|model| chat(Service::OpenRouter, &root, model)));
    asks
}

pub(super) fn deepseek(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = DEEPSEEK.base(account).root;
    let models = Ask::get(Service::DeepSeek, RequestKind::Models, format!("{root}/models"));
    let balance = Ask::get(Service::DeepSeek, RequestKind::Balance, format!("{root}/user/balance"));
    let mut asks = vec![models, balance.purpose(Purpose::Quota).proving(Proof::Jobs)];
    asks.extend(model.map(|model| chat(Service::DeepSeek, &root, model)));
    asks
}

fn chat(service: Service, root: &str, model: &str) -> Ask {
    Ask::last_resort(service, format!("{root}/chat/completions"), model, one_token_chat(model))
}
