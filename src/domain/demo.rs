//! What the built-in demo can be told, so that the engine and the demo need not know each other's words.

use serde::{Deserialize, Serialize};

use super::coded;

coded! {
    /// What a demo provider answers from now on.
    pub enum DemoOutage {
        Serving = "serving",
        /// A plan's window or a day's quota is used up.
        QuotaExhausted = "quota",
        /// The cap on a month's spending is reached.
        SpendLimit = "spend-limit",
        /// Prepaid money is used up.
        OutOfCredits = "credits",
        /// A limit, told in words of money that nobody paid in: Z.ai's code 1113.
        MoneyWords = "money-words",
        /// A minute's limit.
        RateLimited = "rate-limit",
        Overloaded = "overloaded",
        RefusedKey = "refused-key",
        ServerError = "server-error",
        /// Connections end without an answer.
        Unreachable = "unreachable",
    }
}

impl DemoOutage {
    /// What this amounts to at a provider: not every one has windows, a cap or prepaid money.
    #[must_use]
    pub fn at(self, provider: &str) -> Self {
        match (provider, self) {
            ("minimax", Self::QuotaExhausted | Self::SpendLimit | Self::MoneyWords) => Self::OutOfCredits,
            ("kimi", Self::SpendLimit | Self::OutOfCredits | Self::MoneyWords) | ("zai", Self::SpendLimit) => {
                Self::QuotaExhausted
            }
            ("anthropic" | "openai", Self::QuotaExhausted) => Self::SpendLimit,
            ("anthropic" | "google" | "openai" | "zai", Self::OutOfCredits) => Self::MoneyWords,
            _ => self,
        }
    }

    /// Everything that can be the matter with a provider, its good days first.
    pub fn of(provider: &str) -> impl Iterator<Item = Self> + '_ {
        Self::ALL.iter().copied().filter(move |outage| outage.at(provider) == *outage)
    }
}

#[cfg(test)]
mod tests {
    use super::DemoOutage;

    #[test]
    fn only_prepaid_money_runs_out_and_only_what_has_windows_is_used_up() {
        let can = |provider: &str, outage| DemoOutage::of(provider).any(|one| one == outage);
        let cases = [
            (DemoOutage::OutOfCredits, &["minimax"][..]),
            (DemoOutage::QuotaExhausted, &["google", "kimi", "zai"]),
            (DemoOutage::SpendLimit, &["anthropic", "google", "openai"]),
            (DemoOutage::MoneyWords, &["anthropic", "google", "openai", "zai"]),
            (DemoOutage::Unreachable, &["anthropic", "google", "kimi", "minimax", "openai", "zai"]),
        ];
        for (outage, providers) in cases {
            let found = ["anthropic", "google", "kimi", "minimax", "openai", "zai"];
            let found: Vec<_> = found.into_iter().filter(|provider| can(provider, outage)).collect();
            assert_eq!(found, providers, "{}", outage.code());
        }
    }

    #[test]
    fn what_an_outage_amounts_to_is_something_its_provider_can_be_in() {
        for provider in ["anthropic", "google", "kimi", "minimax", "openai", "zai", "somebody"] {
            for outage in DemoOutage::ALL {
                let amounts_to = outage.at(provider);
                assert_eq!(amounts_to.at(provider), amounts_to, "{provider}: {}", outage.code());
            }
        }
    }
}
