//! An account as the user set it up: which service, how it bills, and where its key is kept.
//!
//! Never the key itself. `account` knows vendors by the gateway's provider ids; here is one account
//! with its owner's choices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Billing, Metric, Service, Span, Usd};

/// One account at one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Share of each of its windows that is kept free for its owner, 0.0 to 1.0.
    #[serde(default)]
    pub reserve_ratio: f64,
    pub region: Region,
    /// Asked instead of the service's own address; a pasted API base will do.
    pub base_url: Option<String>,
    pub key: KeySource,
    pub workspace: Workspace,
    /// Off until the user turns them on.
    pub undocumented: Undocumented,
    /// The user says that it does not serve until then, whatever is seen.
    pub down_until: Option<Timestamp>,
    /// Skipped until then, and never counted as down.
    pub set_aside_until: Option<Timestamp>,
    /// Limits that its owner wrote down, for what no source reports.
    pub by_hand: Vec<HandWindow>,
}

/// A limit as its owner knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandWindow {
    pub label: String,
    pub span: Span,
    pub metric: Metric,
    pub limit: Option<f64>,
    /// 0 to 100, as it was at `seen_at`.
    pub used_percent: Option<f64>,
    pub seen_at: Timestamp,
    pub resets: ResetRule,
}

/// When a limit that its owner wrote down comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum ResetRule {
    #[default]
    Unknown,
    /// Once, then.
    At(Timestamp),
    /// Then, and again whenever the window's span has passed; months by the calendar, in UTC.
    EverySpanFrom(Timestamp),
}

/// A price for a period, whatever is used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlatPrice {
    pub price: Usd,
    pub per: Period,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    Week,
    Month,
    Quarter,
    Year,
}

/// Which of a vendor's two worlds a key belongs to: keys of one are refused by the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// At ChatGPT, the account's id.
    pub organization: Option<String>,
    pub project: Option<String>,
}

/// Whether endpoints may be asked that their owner does not document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
            reserve_ratio: 0.0,
            region: Region::default(),
            base_url: None,
            key: KeySource::default(),
            workspace: Workspace::default(),
            undocumented: Undocumented::default(),
            down_until: None,
            set_aside_until: None,
            by_hand: Vec::new(),
        }
    }

    /// The account behind a provider id of the gateway of which its owner has said nothing.
    #[must_use]
    pub fn implied(id: AccountId) -> Self {
        let service = Service::of(id.as_str(), None);
        let billing = default_billing(&id);
        Self { billing, ..Self::new(id, service) }
    }
}

/// How an account bills when its owner has not said otherwise.
#[must_use]
pub fn default_billing(account: &AccountId) -> Billing {
    let id = account.as_str();
    if id.contains("plan") || id.contains("coding") {
        return Billing::QuotaPlan;
    }
    Service::of(id, None).default_billing()
}
