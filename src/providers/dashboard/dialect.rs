//! Where the pages of the services differ: words that name a window or a plan on one of them only.

use crate::domain::{Service, Span};

/// The words of one service's pages, in lower case, and where they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// How long "current session" is.
    pub(super) session: Option<Span>,
    /// How long the window is that is called only "rate limit".
    pub(super) rate_limit: Option<Span>,
    /// Words that begin the name of a plan.
    pub(super) plans: &'static [&'static str],
    /// Words that show whose page it is.
    pub(super) brands: &'static [&'static str],
    pub(super) link: Option<&'static str>,
}

const PLAIN: Dialect = Dialect { session: None, rate_limit: None, plans: &[], brands: &[], link: None };

pub(super) const fn of(service: Service) -> Dialect {
    match service {
        Service::Zai => Dialect {
            plans: &["glm coding", "coding plan"],
            brands: &["z.ai", "glm", "智谱", "bigmodel", "zhipu"],
            link: Some("https://z.ai/manage-apikey/coding-plan/personal/my-plan"),
            ..PLAIN
        },
        Service::ClaudeSubscription => Dialect {
            session: Some(Span::Hours(5)),
            plans: &["max plan", "pro plan", "team plan", "max (", "claude max", "claude pro", "claude team"],
            brands: &["claude"],
            link: Some("https://claude.ai/settings/usage"),
            ..PLAIN
        },
        // A key's account and a plan are shown on neighbouring pages, and people mix them up.
        Service::Anthropic => Dialect {
            session: Some(Span::Hours(5)),
            plans: &["tier ", "usage tier"],
            brands: &["anthropic", "claude"],
            link: Some("https://platform.claude.com/settings/limits"),
            ..PLAIN
        },
        Service::OpenAi => Dialect {
            plans: &["tier ", "usage tier", "free tier"],
            brands: &["openai", "gpt-"],
            link: Some("https://platform.openai.com/settings/organization/limits"),
            ..PLAIN
        },
        Service::Codex => Dialect {
            plans: &["chatgpt plus", "chatgpt pro", "chatgpt business", "chatgpt go", "plus plan", "pro plan"],
            brands: &["codex", "chatgpt", "openai"],
            link: Some("https://chatgpt.com/codex/settings/usage"),
            ..PLAIN
        },
        Service::Gemini => Dialect {
            plans: &["free tier", "tier ", "paid tier"],
            brands: &["gemini", "ai studio"],
            link: Some("https://aistudio.google.com/rate-limit"),
            ..PLAIN
        },
        Service::GeminiCli => Dialect { brands: &["gemini"], ..PLAIN },
        Service::MiniMax => Dialect {
            plans: &["token plan", "coding plan", "starter plan", "plus plan", "max plan"],
            brands: &["minimax", "海螺", "hailuo"],
            link: Some("https://platform.minimax.io/user-center/payment/coding-plan"),
            ..PLAIN
        },
        Service::Kimi => Dialect {
            rate_limit: Some(Span::Hours(5)),
            plans: &["andante", "moderato", "allegretto", "allegro", "vivace"],
            brands: &["kimi", "moonshot", "月之暗面"],
            link: Some("https://www.kimi.com/code/console"),
            ..PLAIN
        },
        Service::Moonshot => Dialect {
            plans: &["tier"],
            brands: &["moonshot", "kimi", "月之暗面"],
            link: Some("https://platform.kimi.ai/console"),
            ..PLAIN
        },
        Service::OpenRouter => {
            Dialect { brands: &["openrouter"], link: Some("https://openrouter.ai/settings/credits"), ..PLAIN }
        }
        Service::DeepSeek => {
            Dialect {
                brands: &["deepseek", "深度求索"], link: Some("https://platform.deepseek.com/usage"), ..PLAIN
            }
        }
        Service::Xai => Dialect { brands: &["grok", "x.ai", "xai"], link: Some("https://console.x.ai"), ..PLAIN },
        Service::Groq => Dialect { brands: &["groq"], link: Some("https://console.groq.com"), ..PLAIN },
        Service::Mistral => Dialect { brands: &["mistral"], link: Some("https://admin.mistral.ai"), ..PLAIN },
        Service::Copilot => {
            Dialect { brands: &["copilot"], link: Some("https://github.com/settings/copilot"), ..PLAIN }
        }
        Service::Alibaba => Dialect {
            brands: &["alibaba", "qwen", "百炼", "阿里云", "dashscope"],
            link: Some("https://modelstudio.console.alibabacloud.com"),
            ..PLAIN
        },
        Service::OllamaCloud => Dialect { brands: &["ollama"], link: Some("https://ollama.com/settings"), ..PLAIN },
        Service::Ollama | Service::LmStudio | Service::Other => PLAIN,
    }
}
