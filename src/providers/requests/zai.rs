//! Z.ai and BigModel: one free question tells windows and key; plan and pay-per-use have bases of their own.

use serde_json::json;

use super::ask::{Ask, one_token_chat};
use super::base::{Base, Hosts};
use crate::domain::{Billing, Proof, ProviderAccount, Service};
use crate::providers::RequestKind;

const CODING: &str = "/api/coding/paas/v4";
const GENERAL: &str = "/api/paas/v4";

const HOSTS: Hosts = Hosts {
    global: "https://api.z.ai",
    china: "https://open.bigmodel.cn",
    tails: &[CODING, GENERAL, "/api/coding/anthropic", "/api/anthropic"],
};

pub(super) fn asks(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let base = HOSTS.base(account);
    let mut asks = vec![quota(account, &base.root)];
    asks.extend(model.map(|model| last_resort(account, &base, model)));
    asks
}

pub(super) fn siblings(account: &ProviderAccount) -> Vec<Ask> {
    vec![quota(account, HOSTS.of(account.region.other()))]
}

/// Accounts of a team have their windows under the team's name.
fn quota(account: &ProviderAccount, root: &str) -> Ask {
    let team = &account.workspace;
    let query = if team.organization.is_some() || team.project.is_some() { "?type=2" } else { "" };
    Ask::get(Service::Zai, RequestKind::Quota, format!("{root}/api/monitor/usage/quota/limit{query}"))
        .header_if("bigmodel-organization", team.organization.as_ref())
        .header_if("bigmodel-project", team.project.as_ref())
        .proving(Proof::Jobs)
        .undocumented()
}

/// Where jobs would go: a plan key is refused at the general base, and the answer says so.
fn last_resort(account: &ProviderAccount, base: &Base, model: &str) -> Ask {
    let path = match base.tail {
        Some(set @ (CODING | GENERAL)) => set,
        _ if account.billing == Billing::QuotaPlan => CODING,
        _ => GENERAL,
    };
    let mut body = one_token_chat(model);
    body["thinking"] = json!({ "type": "disabled" });
    Ask::last_resort(Service::Zai, format!("{}{path}/chat/completions", base.root), model, body)
}
