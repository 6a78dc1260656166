//! The tables of what may be asked: complete, free first, each to its own host.

use crate::domain::{
    AccountId, Billing, Cost, KeySource, ProviderAccount, Purpose, Region, Service, Undocumented, Workspace,
};
use crate::providers::requests::{Ask, AuthScheme, Method, origin, questions};

fn plain(service: Service) -> ProviderAccount {
    ProviderAccount::new(AccountId::new("mine"), service)
}

fn lines(account: &ProviderAccount, model: Option<&str>) -> Vec<String> {
    questions(account, model).asks.iter().map(line).collect()
}

/// `GET https://… [undocumented] [paid]`.
fn line(ask: &Ask) -> String {
    let method = match ask.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let marks = [(!ask.documented, " undocumented"), (ask.cost == Cost::Paid, " paid")];
    let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
    format!("{method} {}{marks}", ask.url)
}

#[test]
fn every_service_is_asked_at_its_own_address() {
    let plan = |service| ProviderAccount { billing: Billing::QuotaPlan, ..plain(service) };
    let china = |service| ProviderAccount { region: Region::China, ..plain(service) };
    let cases: Vec<(ProviderAccount, Option<&str>, Vec<&str>)> = vec![
        (
            plain(Service::Zai),
            Some("glm-4.7"),
            vec![
                "GET https://api.z.ai/api/monitor/usage/quota/limit undocumented",
                "POST https://api.z.ai/api/coding/paas/v4/chat/completions paid",
            ],
        ),
        (
            ProviderAccount { billing: Billing::RateTier, ..china(Service::Zai) },
            Some("glm-4.7"),
            vec![
                "GET https://open.bigmodel.cn/api/monitor/usage/quota/limit undocumented",
                "POST https://open.bigmodel.cn/api/paas/v4/chat/completions paid",
            ],
        ),
        (
            plain(Service::Anthropic),
            Some("claude-sonnet-5"),
            vec![
                "GET https://api.anthropic.com/v1/models?limit=1",
                "POST https://api.anthropic.com/v1/messages/count_tokens",
                "POST https://api.anthropic.com/v1/messages paid",
            ],
        ),
        (
            plain(Service::ClaudeSubscription),
            Some("claude-sonnet-5"),
            vec!["GET https://api.anthropic.com/api/oauth/usage undocumented"],
        ),
        (
            plain(Service::OpenAi),
            Some("gpt-5.4-mini"),
            vec!["GET https://api.openai.com/v1/models", "POST https://api.openai.com/v1/chat/completions paid"],
        ),
        (plain(Service::Codex), Some("gpt-5.5"), vec!["GET https://chatgpt.com/backend-api/wham/usage undocumented"]),
        (plain(Service::Gemini), None, vec!["GET https://generativelanguage.googleapis.com/v1beta/models?pageSize=1"]),
        (
            plain(Service::Gemini),
            Some("models/gemini-3-flash-preview"),
            vec![
                "GET https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash-preview",
                "POST https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash-preview:generateContent paid",
            ],
        ),
        (
            plain(Service::MiniMax),
            Some("MiniMax-M3"),
            vec!["GET https://api.minimax.io/v1/models", "POST https://api.minimax.io/v1/chat/completions paid"],
        ),
        (
            ProviderAccount { region: Region::China, ..plan(Service::MiniMax) },
            Some("MiniMax-M3"),
            vec![
                "GET https://api.minimaxi.com/v1/token_plan/remains",
                "GET https://api.minimaxi.com/v1/models",
                "POST https://api.minimaxi.com/v1/chat/completions paid",
            ],
        ),
        (
            plain(Service::Kimi),
            Some("kimi-for-coding"),
            vec!["GET https://api.kimi.com/coding/v1/usages", "GET https://api.kimi.com/coding/v1/models"],
        ),
        (
            china(Service::Moonshot),
            Some("kimi-k2.6"),
            vec![
                "GET https://api.moonshot.cn/v1/models",
                "GET https://api.moonshot.cn/v1/users/me/balance",
                "POST https://api.moonshot.cn/v1/chat/completions paid",
            ],
        ),
        (
            plain(Service::OpenRouter),
            None,
            vec!["GET https://openrouter.ai/api/v1/key", "GET https://openrouter.ai/api/v1/credits"],
        ),
        (
            plain(Service::DeepSeek),
            None,
            vec!["GET https://api.deepseek.com/models", "GET https://api.deepseek.com/user/balance"],
        ),
        (plain(Service::Ollama), Some("llama9"), vec!["GET http://127.0.0.1:11434/api/tags"]),
        (plain(Service::LmStudio), Some("qwen"), vec!["GET http://127.0.0.1:1234/v1/models"]),
        (plain(Service::GeminiCli), Some("gemini-3"), vec![]),
        (plain(Service::Copilot), Some("gpt-5.5"), vec![]),
        (plain(Service::Other), Some("x"), vec![]),
    ];
    for (account, model, expected) in cases {
        assert_eq!(lines(&account, model), expected, "{:?} {:?}", account.service, account.region);
    }
}

#[test]
fn what_the_user_set_is_asked_instead_and_nothing_else() {
    for service in Service::ALL.iter().copied() {
        for billing in [Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits] {
            let base_url = Some("https://relay.test/mine/v1".to_owned());
            let account = ProviderAccount { base_url, billing, region: Region::China, ..plain(service) };
            let questions = questions(&account, Some("some-model"));
            for ask in &questions.asks {
                assert_eq!(origin(&ask.url), "https://relay.test", "{service:?}: {}", ask.url);
            }
            assert_eq!(questions.siblings, [], "{service:?}: a relay's key is not the vendor's");
        }
    }
}

#[test]
fn a_z_ai_base_that_the_user_set_says_where_jobs_go() {
    let cases = [
        ("https://api.z.ai/api/paas/v4", "https://api.z.ai/api/paas/v4/chat/completions", "the wrong one, to be seen"),
        ("https://api.z.ai/api/coding/paas/v4/", "https://api.z.ai/api/coding/paas/v4/chat/completions", "as pasted"),
        ("https://api.z.ai/api/anthropic", "https://api.z.ai/api/coding/paas/v4/chat/completions", "another shape"),
        ("https://api.z.ai", "https://api.z.ai/api/coding/paas/v4/chat/completions", "by the plan"),
    ];
    for (base, chat, why) in cases {
        let account = ProviderAccount { base_url: Some(base.to_owned()), ..plain(Service::Zai) };
        let asks = questions(&account, Some("glm-4.7")).asks;
        assert_eq!(asks[0].url, "https://api.z.ai/api/monitor/usage/quota/limit", "{why}");
        assert_eq!(asks[1].url, chat, "{why}");
    }
}

#[test]
fn siblings_are_free_and_of_the_same_vendor() {
    let cases = [
        (Service::Zai, Region::Global, vec!["https://open.bigmodel.cn"]),
        (Service::Zai, Region::China, vec!["https://api.z.ai"]),
        (Service::MiniMax, Region::Global, vec!["https://api.minimaxi.com"]),
        (Service::Kimi, Region::Global, vec!["https://api.moonshot.ai"]),
        (Service::Moonshot, Region::China, vec!["https://api.moonshot.ai", "https://api.kimi.com"]),
        (Service::Anthropic, Region::Global, vec![]),
        (Service::OpenRouter, Region::Global, vec![]),
    ];
    for (service, region, expected) in cases {
        let found = questions(&ProviderAccount { region, ..plain(service) }, Some("x")).siblings;
        let origins: Vec<_> = found.iter().map(|ask| origin(&ask.url)).collect();
        assert_eq!(origins, expected, "{service:?}");
        for ask in found {
            assert_eq!((ask.method, ask.cost, ask.purpose), (Method::Get, Cost::Free, Purpose::Sibling));
        }
    }
}

#[test]
fn free_questions_come_first_and_paid_ones_are_jobs_of_one_token_for_a_model() {
    for service in Service::ALL.iter().copied() {
        for billing in [Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits] {
            let account = ProviderAccount { billing, ..plain(service) };
            assert!(questions(&account, None).asks.iter().all(|ask| ask.cost == Cost::Free), "{service:?}");
            assert!(questions(&account, Some(" ")).asks.iter().all(|ask| ask.cost == Cost::Free), "{service:?}");
            let asks = questions(&account, Some("some-model")).asks;
            assert!(asks.is_sorted_by_key(|ask| ask.cost == Cost::Paid), "{service:?}");
            for ask in asks.iter().filter(|ask| ask.cost == Cost::Paid) {
                let body = ask.body.as_ref().expect("a job has a body").to_string();
                let one = ["\"max_tokens\":1,", "\"max_completion_tokens\":1,", "\"maxOutputTokens\":1}"];
                assert!(one.iter().any(|limit| body.contains(limit)), "{service:?}: {body}");
                assert_eq!((ask.purpose, ask.model.as_deref()), (Purpose::LastResort, Some("some-model")));
            }
        }
    }
}

#[test]
fn only_what_runs_here_is_asked_without_encryption_or_key() {
    for service in Service::ALL.iter().copied() {
        for ask in questions(&plain(service), Some("x")).asks {
            assert_eq!(ask.url.starts_with("http://127.0.0.1:"), service.is_local(), "{}", ask.url);
            assert_eq!(!ask.needs_key(), service.is_local(), "{service:?}");
            assert_eq!(Service::of(ask.service.code(), Some(&ask.url)), service, "its tables read the answer");
        }
    }
}

#[test]
fn names_beside_the_key_travel_in_headers() {
    let workspace = Workspace { organization: Some("org-1".to_owned()), project: Some(" ".to_owned()) };
    let headers = |service| {
        let account = ProviderAccount { workspace: workspace.clone(), ..plain(service) };
        let ask = questions(&account, None).asks.remove(0);
        (ask.auth, ask.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>())
    };
    let key = AuthScheme::Header("x-api-key");
    assert_eq!(headers(Service::OpenAi), (AuthScheme::Bearer, vec!["openai-organization: org-1".to_owned()]));
    assert_eq!(headers(Service::Codex), (AuthScheme::Bearer, vec!["chatgpt-account-id: org-1".to_owned()]));
    assert_eq!(headers(Service::Zai), (AuthScheme::Bearer, vec!["bigmodel-organization: org-1".to_owned()]));
    assert_eq!(headers(Service::Anthropic), (key, vec!["anthropic-version: 2023-06-01".to_owned()]));
    let account = ProviderAccount { workspace, ..plain(Service::Zai) };
    assert!(questions(&account, None).asks[0].url.ends_with("/quota/limit?type=2"), "a team's own windows");
}

#[test]
fn a_new_account_asks_nothing_undocumented_and_leaves_its_key_where_it_is() {
    let account = plain(Service::Zai);
    assert_eq!((account.undocumented, account.key), (Undocumented::Off, KeySource::Gateway));
    assert_eq!((account.label.as_str(), account.billing), ("Z.ai", Billing::QuotaPlan));
}
