//! Kimi's coding membership and Moonshot's Open Platform: one vendor, keys that look alike, and
//! each refused at the other's address.

use super::ask::{Ask, Needed, one_token_chat};
use super::base::Hosts;
use crate::domain::{Proof, ProviderAccount, Purpose, Region, Service};
use crate::providers::RequestKind;

const CODING: Hosts = Hosts::one("https://api.kimi.com", &["/coding/v1", "/coding"]);
const PLATFORM: Hosts =
    Hosts { global: "https://api.moonshot.ai", china: "https://api.moonshot.cn", tails: &["/v1", "/anthropic"] };

/// No job is ever sent: the membership serves listed coding programs, and this is none.
pub(super) fn coding(account: &ProviderAccount) -> Vec<Ask> {
    let root = CODING.base(account).root;
    let models = Ask::get(Service::Kimi, RequestKind::Models, format!("{root}/coding/v1/models"));
    vec![usages(&root), models.needed(Needed::IfOpen)]
}

pub(super) fn platform(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = PLATFORM.base(account).root;
    let balance = Ask::get(Service::Moonshot, RequestKind::Balance, format!("{root}/v1/users/me/balance"));
    let mut asks = vec![models(&root), balance.purpose(Purpose::Quota).proving(Proof::Jobs)];
    let url = format!("{root}/v1/chat/completions");
    asks.extend(model.map(|model| Ask::last_resort(Service::Moonshot, url, model, one_token_chat(model))));
    asks
}

pub(super) fn coding_siblings(account: &ProviderAccount) -> Vec<Ask> {
    vec![models(PLATFORM.of(account.region))]
}

pub(super) fn platform_siblings(account: &ProviderAccount) -> Vec<Ask> {
    vec![models(PLATFORM.of(account.region.other())), usages(CODING.of(Region::Global))]
}

fn usages(root: &str) -> Ask {
    Ask::get(Service::Kimi, RequestKind::Quota, format!("{root}/coding/v1/usages")).proving(Proof::Jobs)
}

fn models(root: &str) -> Ask {
    Ask::get(Service::Moonshot, RequestKind::Models, format!("{root}/v1/models"))
}
