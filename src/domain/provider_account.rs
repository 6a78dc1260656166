//! An account as the user set it up: which service, how it bills, and where its key is kept.
//!
//! Never the key itself. `account` knows vendors by the gateway's provider ids; here is one account
//! with its owner's choices.

use super::{AccountId, Billing, Service, Usd};

/// One account at one service.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderAccount {
    pub id: AccountId,
    /// What its owner calls it.
    pub label: String,
    pub service: Service,
    /// Decides the words, and which of a service's addresses are asked.
    pub billing: Billing,
    /// As the provider calls it.
    pub plan: Option<String>,
    /// What the plan costs, used or not; without one it is paid by the token.
    pub flat_price: Option<FlatPrice>,
    pub region: Region,
    /// Asked instead of the service's own address; a pasted API base will do.
    pub base_url: Option<String>,
    pub key: KeySource,
    pub workspace: Workspace,
    /// Off until the user turns them on.
    pub undocumented: Undocumented,
}

/// A price for a period, whatever is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlatPrice {
    pub price: Usd,
    pub per: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Week,
    Month,
    Quarter,
    Year,
}

/// Which of a vendor's two worlds a key belongs to: keys of one are refused by the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    #[default]
    Global,
    China,
}

impl Region {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Global => Self::China,
            Self::China => Self::Global,
        }
    }
}

/// Where the key of an account is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeySource {
    /// The gateway has it, and this program needs none.
    #[default]
    Gateway,
    /// The desktop's secret service, under the account's id.
    Keychain,
    /// An environment variable of this name.
    Environment(String),
    /// The entry of OpenClaw's configuration for this provider id, read and never written.
    OpenClaw(String),
}

/// Names that some services want beside the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// At ChatGPT, the account's id.
    pub organization: Option<String>,
    pub project: Option<String>,
}

/// Whether endpoints may be asked that their owner does not document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undocumented {
    #[default]
    Off,
    On,
}

impl ProviderAccount {
    /// An account of which only the service is known.
    #[must_use]
    pub fn new(id: AccountId, service: Service) -> Self {
        Self {
            label: service.name().unwrap_or(id.as_str()).to_owned(),
            id,
            service,
            billing: service.default_billing(),
            plan: None,
            flat_price: None,
            region: Region::default(),
            base_url: None,
            key: KeySource::default(),
            workspace: Workspace::default(),
            undocumented: Undocumented::default(),
        }
    }
}
