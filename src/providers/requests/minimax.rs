//! MiniMax: of a plan what remains; of credits nothing but a list, which proves the key alone.

use super::ask::{Ask, Needed, one_token_chat};
use super::base::Hosts;
use crate::domain::{Billing, Proof, ProviderAccount, Service};
use crate::providers::RequestKind;

const HOSTS: Hosts = Hosts {
    global: "https://api.minimax.io",
    china: "https://api.minimaxi.com",
    tails: &["/anthropic/v1", "/anthropic", "/v1"],
};

pub(super) fn asks(account: &ProviderAccount, model: Option<&str>) -> Vec<Ask> {
    let root = HOSTS.base(account).root;
    let url = format!("{root}/v1/chat/completions");
    let last_resort = model.map(|model| Ask::last_resort(Service::MiniMax, url, model, one_token_chat(model)));
    let mut asks = Vec::new();
    if account.billing == Billing::QuotaPlan {
        let remains = Ask::get(Service::MiniMax, RequestKind::Quota, format!("{root}/v1/token_plan/remains"));
        asks.push(remains.proving(Proof::Jobs));
        // A key without a plan and a wrong key get the same answer above.
        asks.push(models(&root).needed(Needed::IfOpen));
        asks.extend(last_resort);
    } else {
        asks.push(models(&root));
        // Empty credits show nowhere but on a job.
        asks.extend(last_resort.map(|ask| ask.needed(Needed::Always)));
    }
    asks
}

pub(super) fn siblings(account: &ProviderAccount) -> Vec<Ask> {
    vec![models(HOSTS.of(account.region.other()))]
}

fn models(root: &str) -> Ask {
    Ask::get(Service::MiniMax, RequestKind::Models, format!("{root}/v1/models"))
}
