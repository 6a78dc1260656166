//! What an account may be asked, as data: a small table for each service.
//!
//! Pure. Free questions stand before those that cost tokens. Sign-ins whose owner does not let
//! other programs use them have no questions here: Antigravity, Gemini's command line, Copilot's
//! editor interface.

mod ask;
mod base;

mod anthropic;
mod google;
mod kimi;
mod minimax;
mod openai;
mod plain;
mod prepaid;
mod zai;

pub use ask::{Ask, AuthScheme, Method, Needed};
pub(super) use base::origin;

use crate::domain::{ProviderAccount, Purpose, Service, is_loopback_url};

/// Everything that one account may be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// In the order in which they are asked. Undocumented ones are among them, and marked.
    pub asks: Vec<Ask>,
    /// Free questions at other addresses of the same vendor, for a key that its own refuses.
    pub siblings: Vec<Ask>,
}

/// Scheme and host that an account is asked at; `None` where this version knows no way to ask.
#[must_use]
pub fn address_of(account: &ProviderAccount) -> Option<String> {
    let asks = questions(account, None).asks;
    asks.first().map(|ask| base::origin(&ask.url).to_owned())
}

/// Whether a key that was made for the service may be shown at the account's address: the vendor's own
/// hosts, and this computer.
#[must_use]
pub fn may_see_key(account: &ProviderAccount) -> bool {
    base::is_vendors_own(account) || address_of(account).is_some_and(|address| is_loopback_url(&address))
}

/// What `account` may be asked. Without a `model` there is nothing that costs tokens.
#[must_use]
pub fn questions(account: &ProviderAccount, model: Option<&str>) -> Questions {
    let model = model.map(str::trim).filter(|model| !model.is_empty());
    let asks = match account.service {
        Service::Zai => zai::asks(account, model),
        Service::Anthropic => anthropic::api_key(account, model),
        Service::ClaudeSubscription => anthropic::plan(account),
        Service::OpenAi => openai::api_key(account, model),
        Service::Codex => openai::plan(account),
        Service::Gemini => google::asks(account, model),
        Service::MiniMax => minimax::asks(account, model),
        Service::Kimi => kimi::coding(account),
        Service::Moonshot => kimi::platform(account, model),
        Service::OpenRouter => prepaid::openrouter(account, model),
        Service::DeepSeek => prepaid::deepseek(account, model),
        Service::Xai => plain::xai(account),
        Service::Groq => plain::groq(account),
        Service::Mistral => plain::mistral(account),
        Service::Ollama | Service::LmStudio => plain::local(account),
        Service::OllamaCloud => plain::ollama_cloud(account),
        Service::GeminiCli | Service::Copilot | Service::Alibaba | Service::Other => Vec::new(),
    };
    let elsewhere = |sibling: &Ask| asks.iter().all(|ask| origin(&ask.url) != origin(&sibling.url));
    let siblings = if base::is_vendors_own(account) { siblings(account) } else { Vec::new() };
    let siblings = siblings.into_iter().filter(elsewhere).map(|ask| ask.purpose(Purpose::Sibling)).collect();
    Questions { asks, siblings }
}

fn siblings(account: &ProviderAccount) -> Vec<Ask> {
    match account.service {
        Service::Zai => zai::siblings(account),
        Service::MiniMax => minimax::siblings(account),
        Service::Kimi => kimi::coding_siblings(account),
        Service::Moonshot => kimi::platform_siblings(account),
        _ => Vec::new(),
    }
}
