//! Services with one free question: those on this computer, and a few that report no quota.

use super::ask::{Ask, AuthScheme};
use super::base::Hosts;
use crate::domain::{Proof, ProviderAccount, Service};
use crate::providers::RequestKind;

const OLLAMA: Hosts = Hosts::one("http://127.0.0.1:11434", &["/api", "/v1"]);
const LM_STUDIO: Hosts = Hosts::one("http://127.0.0.1:1234", &["/api/v1", "/v1"]);
const OLLAMA_CLOUD: Hosts = Hosts::one("https://ollama.com", &["/api", "/v1"]);
const XAI: Hosts = Hosts::one("https://api.x.ai", &["/v1"]);
const GROQ: Hosts = Hosts::one("https://api.groq.com", &["/openai/v1"]);
const MISTRAL: Hosts = Hosts::one("https://api.mistral.ai", &["/v1"]);

/// What runs here answers without a key, and costs nothing. No job is sent: that would load a model.
pub(super) fn local(account: &ProviderAccount) -> Vec<Ask> {
    let (hosts, path, auth) = match account.service {
        Service::LmStudio => (LM_STUDIO, "/v1/models", AuthScheme::BearerIfAny),
        _ => (OLLAMA, "/api/tags", AuthScheme::None),
    };
    vec![get(account, hosts, RequestKind::Models, path).auth(auth).proving(Proof::Jobs)]
}

pub(super) fn ollama_cloud(account: &ProviderAccount) -> Vec<Ask> {
    vec![get(account, OLLAMA_CLOUD, RequestKind::Quota, "/api/usage").proving(Proof::Jobs).undocumented()]
}

pub(super) fn xai(account: &ProviderAccount) -> Vec<Ask> {
    vec![get(account, XAI, RequestKind::Models, "/v1/models")]
}

pub(super) fn groq(account: &ProviderAccount) -> Vec<Ask> {
    vec![get(account, GROQ, RequestKind::Models, "/openai/v1/models")]
}

pub(super) fn mistral(account: &ProviderAccount) -> Vec<Ask> {
    vec![get(account, MISTRAL, RequestKind::Models, "/v1/models")]
}

fn get(account: &ProviderAccount, hosts: Hosts, kind: RequestKind, path: &str) -> Ask {
    Ask::get(account.service, kind, format!("{}{path}", hosts.base(account).root))
}
