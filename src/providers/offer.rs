//! What a form for an account has to offer: regions, undocumented endpoints, the page for a person.
//!
//! Pure, and read off the questions themselves, so that no list can contradict them.

use super::dashboard_link;
use super::requests::{Questions, origin, questions};
use crate::domain::{AccountId, Billing, ProviderAccount, Region, Service};

/// What can be chosen for an account at one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its vendor has two worlds, and keys of one are refused by the other.
    pub regions: bool,
    /// Some questions go to endpoints that their owner does not document.
    pub undocumented: bool,
    /// This version knows how to ask it at all.
    pub asked: bool,
}

#[must_use]
pub fn offer(service: Service) -> Offer {
    let of = |region| {
        let account = ProviderAccount { region, ..ProviderAccount::new(AccountId::new(service.code()), service) };
        questions(&account, Some("model"))
    };
    let (global, china) = (of(Region::Global), of(Region::China));
    let host = |questions: &Questions| questions.asks.first().map(|ask| origin(&ask.url).to_owned());
    Offer {
        regions: host(&global) != host(&china),
        undocumented: global.asks.iter().any(|ask| !ask.documented),
        asked: !global.asks.is_empty(),
    }
}

/// Where its vendor shows this account to a person.
#[must_use]
pub fn dashboard_of(account: &ProviderAccount) -> Option<&'static str> {
    match (account.service, account.region, account.billing) {
        (Service::Zai, Region::China, _) => Some("https://bigmodel.cn/coding-plan/personal/usage"),
        (Service::Moonshot, Region::China, _) => Some("https://platform.kimi.com/console"),
        (Service::MiniMax, _, Billing::PrepaidCredits) => {
            Some("https://platform.minimax.io/user-center/payment/balance")
        }
        (service, ..) => dashboard_link(service),
    }
}

#[cfg(test)]
mod tests {
    use super::{dashboard_of, offer};
    use crate::domain::{AccountId, Billing, ProviderAccount, Region, Service};

    #[test]
    fn only_what_the_questions_know_is_offered() {
        let with = |of: fn(Service) -> bool| -> Vec<Service> {
            Service::ALL.iter().copied().filter(|service| of(*service)).collect()
        };
        assert_eq!(with(|service| offer(service).regions), [Service::Zai, Service::MiniMax, Service::Moonshot]);
        assert_eq!(
            with(|service| offer(service).undocumented),
            [Service::Zai, Service::ClaudeSubscription, Service::Codex, Service::OllamaCloud]
        );
        assert!(!offer(Service::Copilot).asked && offer(Service::Kimi).asked);
    }

    #[test]
    fn a_dashboard_is_that_of_the_region_and_of_the_billing() {
        let account = |service| ProviderAccount::new(AccountId::new("a"), service);
        let plan = ProviderAccount { billing: Billing::QuotaPlan, ..account(Service::MiniMax) };
        let china = ProviderAccount { region: Region::China, ..account(Service::Zai) };
        let cases = [
            (account(Service::MiniMax), Some("https://platform.minimax.io/user-center/payment/balance")),
            (plan, Some("https://platform.minimax.io/user-center/payment/coding-plan")),
            (account(Service::Zai), Some("https://z.ai/manage-apikey/coding-plan/personal/my-plan")),
            (china, Some("https://bigmodel.cn/coding-plan/personal/usage")),
            (account(Service::Ollama), None),
        ];
        for (account, link) in cases {
            assert_eq!(dashboard_of(&account), link, "{:?}", account.service);
        }
    }
}
