//! Accounts and vendors: who is behind a gateway's provider id, and how they bill.

use serde::{Deserialize, Serialize};

use super::{AccountId, VendorId};

/// Decides the words: only `PrepaidCredits` can be out of balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    QuotaPlan,
    RateTier,
    PrepaidCredits,
    Local,
}

/// A known maker of models or seller of access to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vendor {
    pub id: &'static str,
    pub name: &'static str,
    /// Shown in the coloured square.
    pub letter: char,
    /// Provider ids of the gateway that start with one of these belong to it.
    pub provider_prefixes: &'static [&'static str],
    pub dashboard: Option<&'static str>,
}

/// The vendors this version knows by name, in the order of their letters.
pub const VENDORS: &[Vendor] = &[
    Vendor {
        id: "anthropic",
        name: "Anthropic",
        letter: 'A',
        provider_prefixes: &["anthropic", "claude"],
        dashboard: Some("https://console.anthropic.com/settings/limits"),
    },
    Vendor {
        id: "deepseek",
        name: "DeepSeek",
        letter: 'D',
        provider_prefixes: &["deepseek"],
        dashboard: Some("https://platform.deepseek.com/usage"),
    },
    Vendor {
        id: "google",
        name: "Google",
        letter: 'G',
        provider_prefixes: &["google", "gemini"],
        dashboard: Some("https://aistudio.google.com/usage"),
    },
    Vendor {
        id: "kimi",
        name: "Kimi",
        letter: 'K',
        provider_prefixes: &["kimi", "moonshot"],
        dashboard: Some("https://www.kimi.com/code/console"),
    },
    Vendor {
        id: "minimax",
        name: "MiniMax",
        letter: 'M',
        provider_prefixes: &["minimax"],
        dashboard: Some("https://platform.minimax.io/user-center/payment/balance"),
    },
    Vendor {
        id: "openai",
        name: "OpenAI",
        letter: 'O',
        provider_prefixes: &["openai"],
        dashboard: Some("https://platform.openai.com/settings/organization/limits"),
    },
    Vendor {
        id: "openrouter",
        name: "OpenRouter",
        letter: 'R',
        provider_prefixes: &["openrouter"],
        dashboard: Some("https://openrouter.ai/settings/credits"),
    },
    Vendor {
        id: "xai",
        name: "xAI",
        letter: 'X',
        provider_prefixes: &["xai"],
        dashboard: Some("https://console.x.ai"),
    },
    Vendor {
        id: "zai",
        name: "Z.ai",
        letter: 'Z',
        provider_prefixes: &["zai", "z-ai", "z.ai", "glm", "bigmodel", "zhipu"],
        dashboard: Some("https://open.bigmodel.cn/"),
    },
    Vendor {
        id: "local",
        name: "Local",
        letter: 'L',
        provider_prefixes: &["ollama", "lmstudio", "local"],
        dashboard: None,
    },
];

/// The vendor behind a provider id of the gateway; a provider nobody knows is its own vendor.
#[must_use]
pub fn vendor_of(account: &AccountId) -> VendorId {
    let id = account.as_str().to_ascii_lowercase();
    let known = VENDORS.iter().find(|vendor| vendor.provider_prefixes.iter().any(|prefix| id.starts_with(prefix)));
    known.map_or_else(|| VendorId::new(&id), |vendor| VendorId::new(vendor.id))
}

#[must_use]
pub fn known_vendor(id: &VendorId) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.id == id.as_str())
}
