//! The services that answer requests: whose tables read an answer, and how an account there bills.
//!
//! Finer than a vendor: one vendor can sell a metered API and a flat plan, with errors of their own.

use serde::{Deserialize, Serialize};

use super::{Billing, coded};

coded! {
    /// One kind of account at one provider.
    pub enum Service {
        Zai = "zai",
        Anthropic = "anthropic",
        ClaudeSubscription = "claude-subscription",
        OpenAi = "openai",
        Codex = "codex",
        Gemini = "gemini",
        GeminiCli = "gemini-cli",
        MiniMax = "minimax",
        Kimi = "kimi",
        Moonshot = "moonshot",
        OpenRouter = "openrouter",
        DeepSeek = "deepseek",
        Xai = "xai",
        Groq = "groq",
        Mistral = "mistral",
        Copilot = "copilot",
        Alibaba = "alibaba",
        Ollama = "ollama",
        OllamaCloud = "ollama-cloud",
        LmStudio = "lmstudio",
        /// Read by HTTP status and by the words that several APIs share.
        Other = "other",
    }
}

struct Facts {
    service: Service,
    name: &'static str,
    billing: Billing,
    /// Provider ids of the gateway, or parts of them between separators.
    ids: &'static [&'static str],
    hosts: &'static [&'static str],
}

const FACTS: &[Facts] = &[
    Facts {
        service: Service::Zai,
        name: "Z.ai",
        billing: Billing::QuotaPlan,
        ids: &["zai", "z-ai", "z.ai", "glm", "bigmodel", "zhipu", "zhipuai"],
        hosts: &["z.ai", "bigmodel.cn"],
    },
    Facts {
        service: Service::ClaudeSubscription,
        name: "Claude",
        billing: Billing::QuotaPlan,
        ids: &["claude-subscription", "claude-cli", "claude-code", "claude-max", "claude-pro", "anthropic-oauth"],
        hosts: &[],
    },
    Facts {
        service: Service::Anthropic,
        name: "Anthropic",
        billing: Billing::RateTier,
        ids: &["anthropic", "claude"],
        hosts: &["anthropic.com", "claude.com", "claude.ai"],
    },
    Facts {
        service: Service::Codex,
        name: "ChatGPT",
        billing: Billing::QuotaPlan,
        ids: &["codex", "openai-codex", "chatgpt"],
        hosts: &["chatgpt.com"],
    },
    Facts {
        service: Service::OpenAi,
        name: "OpenAI",
        billing: Billing::RateTier,
        ids: &["openai"],
        hosts: &["openai.com"],
    },
    Facts {
        service: Service::GeminiCli,
        name: "Google",
        billing: Billing::QuotaPlan,
        ids: &["gemini-cli", "google-gemini-cli", "google-antigravity", "antigravity"],
        hosts: &["cloudcode-pa.googleapis.com"],
    },
    Facts {
        service: Service::Gemini,
        name: "Google",
        billing: Billing::RateTier,
        ids: &["google", "gemini"],
        hosts: &["generativelanguage.googleapis.com", "aiplatform.googleapis.com"],
    },
    Facts {
        service: Service::MiniMax,
        name: "MiniMax",
        billing: Billing::PrepaidCredits,
        ids: &["minimax"],
        hosts: &["minimax.io", "minimaxi.com", "minimax.chat"],
    },
    Facts { service: Service::Kimi, name: "Kimi", billing: Billing::QuotaPlan, ids: &["kimi"], hosts: &["kimi.com"] },
    Facts {
        service: Service::Moonshot,
        name: "Moonshot",
        billing: Billing::RateTier,
        ids: &["moonshot", "moonshotai"],
        hosts: &["moonshot.ai", "moonshot.cn"],
    },
    Facts {
        service: Service::OpenRouter,
        name: "OpenRouter",
        billing: Billing::PrepaidCredits,
        ids: &["openrouter"],
        hosts: &["openrouter.ai"],
    },
    Facts {
        service: Service::DeepSeek,
        name: "DeepSeek",
        billing: Billing::PrepaidCredits,
        ids: &["deepseek"],
        hosts: &["deepseek.com"],
    },
    Facts {
        service: Service::Xai,
        name: "xAI",
        billing: Billing::PrepaidCredits,
        ids: &["xai", "x-ai", "grok"],
        hosts: &["x.ai"],
    },
    Facts { service: Service::Groq, name: "Groq", billing: Billing::RateTier, ids: &["groq"], hosts: &["groq.com"] },
    Facts {
        service: Service::Mistral,
        name: "Mistral",
        billing: Billing::RateTier,
        ids: &["mistral", "mistralai"],
        hosts: &["mistral.ai"],
    },
    Facts {
        service: Service::Copilot,
        name: "GitHub Copilot",
        billing: Billing::QuotaPlan,
        ids: &["copilot", "github-copilot"],
        hosts: &["githubcopilot.com", "api.github.com"],
    },
    Facts {
        service: Service::Alibaba,
        name: "Alibaba",
        billing: Billing::RateTier,
        ids: &["alibaba", "qwen", "dashscope", "modelstudio", "bailian"],
        hosts: &["aliyuncs.com", "alibabacloud.com", "aliyun.com"],
    },
    Facts {
        service: Service::OllamaCloud,
        name: "Ollama",
        billing: Billing::QuotaPlan,
        ids: &["ollama-cloud"],
        hosts: &["ollama.com"],
    },
    Facts { service: Service::Ollama, name: "Ollama", billing: Billing::Local, ids: &["ollama"], hosts: &[] },
    Facts {
        service: Service::LmStudio,
        name: "LM Studio",
        billing: Billing::Local,
        ids: &["lmstudio", "lm-studio"],
        hosts: &[],
    },
];

impl Service {
    /// The service behind a provider id of the gateway, or behind the address that was asked.
    ///
    /// The address decides when it is known: an id is only a name that somebody gave.
    #[must_use]
    pub fn of(provider: &str, url: Option<&str>) -> Self {
        let named = by_id(provider);
        match (url.and_then(by_host), named) {
            (Some(Self::Anthropic), Self::ClaudeSubscription)
            | (Some(Self::OpenAi), Self::Codex)
            | (Some(Self::Gemini), Self::GeminiCli) => named,
            (Some(asked), _) => asked,
            (None, named) => named,
        }
    }

    /// What people call it; `None` for a service nobody here knows.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.facts().map(|facts| facts.name)
    }

    /// How an account there bills when nobody has said otherwise.
    #[must_use]
    pub fn default_billing(self) -> Billing {
        self.facts().map_or(Billing::RateTier, |facts| facts.billing)
    }

    /// Whether it runs on this computer.
    #[must_use]
    pub fn is_local(self) -> bool {
        self.default_billing() == Billing::Local
    }

    fn facts(self) -> Option<&'static Facts> {
        FACTS.iter().find(|facts| facts.service == self)
    }
}

fn by_id(provider: &str) -> Service {
    let id = provider.trim().to_ascii_lowercase();
    let whole = |known: &str| id == known || id.strip_prefix(known).is_some_and(|rest| rest.starts_with(SEPARATORS));
    let part = |known: &str| id.split(SEPARATORS).any(|part| part == known);
    let found = FACTS.iter().find(|facts| facts.ids.iter().any(|known| whole(known)));
    let found = found.or_else(|| FACTS.iter().find(|facts| facts.ids.iter().any(|known| part(known))));
    found.map_or(Service::Other, |facts| facts.service)
}

const SEPARATORS: [char; 5] = ['-', '_', '.', '/', ':'];

fn by_host(url: &str) -> Option<Service> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?.to_ascii_lowercase();
    let at = |known: &str| host == known || host.strip_suffix(known).is_some_and(|front| front.ends_with('.'));
    FACTS.iter().find(|facts| facts.hosts.iter().any(|known| at(known))).map(|facts| facts.service)
}

#[cfg(test)]
mod tests {
    use super::Service;
    use crate::domain::Billing;

    #[test]
    fn a_service_is_known_by_its_id_or_by_its_address() {
        let cases = [
            ("zai", None, Service::Zai, "its own id"),
            ("GLM", None, Service::Zai, "another name of it"),
            ("oa-zai-1308", None, Service::Zai, "a part of an id"),
            ("minimax-portal", None, Service::MiniMax, "a longer id"),
            ("openai-codex", None, Service::Codex, "the longer name first"),
            ("google-gemini-cli", None, Service::GeminiCli, "the longer name first"),
            ("kimi-coding", None, Service::Kimi, "the membership"),
            ("moonshot", None, Service::Moonshot, "the open platform"),
            ("kimi", Some("https://api.moonshot.ai/v1/chat"), Service::Moonshot, "the address decides"),
            ("anthropic", Some("https://api.z.ai/api/anthropic"), Service::Zai, "the address decides"),
            ("claude-cli", Some("https://api.anthropic.com/v1/messages"), Service::ClaudeSubscription, "same host"),
            ("work", Some("https://api.x.ai/v1"), Service::Xai, "an id that says nothing"),
            ("work", Some("https://maz.ai/v1"), Service::Other, "a host is matched at its dots"),
            ("maximal", None, Service::Other, "no part of it is known"),
            ("", None, Service::Other, "nothing said"),
        ];
        for (provider, url, service, why) in cases {
            assert_eq!(Service::of(provider, url), service, "{why}: {provider} {url:?}");
        }
    }

    #[test]
    fn only_four_services_are_prepaid_by_default() {
        let prepaid: Vec<_> =
            Service::ALL.iter().filter(|service| service.default_billing() == Billing::PrepaidCredits).collect();
        assert_eq!(prepaid, [&Service::MiniMax, &Service::OpenRouter, &Service::DeepSeek, &Service::Xai]);
    }
}
