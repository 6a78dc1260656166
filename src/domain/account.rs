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

/// What use of an account costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pays {
    /// The same whatever is used.
    Flat,
    /// Each token.
    ByToken,
    /// It runs at home.
    Nothing,
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
}

/// The vendors this version knows by name, in the order of their letters.
pub const VENDORS: &[Vendor] = &[
    Vendor { id: "anthropic", name: "Anthropic", letter: 'A', provider_prefixes: &["anthropic", "claude"] },
    Vendor { id: "deepseek", name: "DeepSeek", letter: 'D', provider_prefixes: &["deepseek"] },
    Vendor { id: "google", name: "Google", letter: 'G', provider_prefixes: &["google", "gemini"] },
    Vendor { id: "kimi", name: "Kimi", letter: 'K', provider_prefixes: &["kimi", "moonshot"] },
    Vendor { id: "minimax", name: "MiniMax", letter: 'M', provider_prefixes: &["minimax"] },
    Vendor { id: "openai", name: "OpenAI", letter: 'O', provider_prefixes: &["openai"] },
    Vendor { id: "openrouter", name: "OpenRouter", letter: 'R', provider_prefixes: &["openrouter"] },
    Vendor { id: "xai", name: "xAI", letter: 'X', provider_prefixes: &["xai"] },
    Vendor {
        id: "zai",
        name: "Z.ai",
        letter: 'Z',
        provider_prefixes: &["zai", "z-ai", "z.ai", "glm", "bigmodel", "zhipu"],
    },
    Vendor { id: "local", name: "Local", letter: 'L', provider_prefixes: &["ollama", "lmstudio", "local"] },
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
