//! What one check of an account asked, what it left out and why, and what it found.
//!
//! Two things that are never mixed: `diagnosis` says whether jobs can run, `windows` and `money`
//! what is known of the quota. A quota source that fails changes only the second, and is told of in
//! `quota_trouble`.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Allowance, Diagnosis, Money, coded};

/// One check of one account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    pub account: AccountId,
    pub checked_at: Timestamp,
    /// `None` when nothing that was asked says anything of the account's health.
    pub diagnosis: Option<Diagnosis>,
    /// How much a diagnosis of [`HealthState::Up`](super::HealthState::Up) is worth.
    pub proof: Proof,
    /// Empty when no quota was read: what was known before stays.
    pub windows: Vec<Allowance>,
    pub money: Option<Money>,
    /// The plan's name, as the provider calls it.
    pub plan: Option<String>,
    /// Why the quota could not be read, when it was asked for.
    pub quota_trouble: Option<Diagnosis>,
    /// Whether anything answered at all; `None` when nothing was sent.
    pub host_answers: Option<bool>,
    /// The vendor's other address that takes the key which this account's own refuses.
    pub key_belongs_to: Option<String>,
    /// Not before this may the account be asked again; law when a provider said so.
    pub retry_at: Option<Timestamp>,
    pub requests: Vec<Asked>,
    pub not_asked: Vec<NotAsked>,
    /// An estimate where an answer does not count them.
    pub tokens_spent: u64,
}

impl CheckReport {
    /// Nothing was asked, or nothing came back.
    #[must_use]
    pub fn nothing(account: AccountId, checked_at: Timestamp) -> Self {
        Self {
            account,
            checked_at,
            diagnosis: None,
            proof: Proof::Nothing,
            windows: Vec::new(),
            money: None,
            plan: None,
            quota_trouble: None,
            host_answers: None,
            key_belongs_to: None,
            retry_at: None,
            requests: Vec::new(),
            not_asked: Vec::new(),
            tokens_spent: 0,
        }
    }

    /// Whether a request was sent that costs tokens. The next may follow half an hour later.
    #[must_use]
    pub fn paid(&self) -> bool {
        self.requests.iter().any(|asked| asked.cost == Cost::Paid)
    }
}

/// What a good answer shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Proof {
    #[default]
    Nothing,
    /// The host answers and takes the key; quota and money were not looked at.
    Key,
    /// A job would run.
    Jobs,
}

coded! {
    /// What a request is for.
    pub enum Purpose {
        /// Whether jobs can run; often the same answer holds the quota.
        Health = "health",
        /// Windows or money alone: its failure says nothing of health.
        Quota = "quota",
        /// Whether one model is there.
        Model = "model",
        /// A job of one token, when nothing free can tell.
        LastResort = "last_resort",
        /// The same key at the vendor's other address.
        Sibling = "sibling",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cost {
    Free,
    /// Tokens of the account.
    Paid,
}

/// A request that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub purpose: Purpose,
    /// Address without query; there is never a key in it.
    pub url: String,
    /// `None` when there was no HTTP answer.
    pub status: Option<u16>,
    /// The transport's words for that.
    pub transport_error: Option<String>,
    pub took: Duration,
    pub cost: Cost,
    /// The provider's own wait.
    pub retry_at: Option<Timestamp>,
}

/// A request that could have been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotAsked {
    pub purpose: Purpose,
    pub why: Withheld,
}

/// Why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Withheld {
    /// There is no key of our own.
    NoKey,
    /// Its endpoint is undocumented, and the user has not turned those on.
    SwitchedOff,
    /// It costs tokens, and nobody allowed that.
    CostsTokens,
    /// It costs tokens, and the last one was a short time ago.
    TooSoon { until: Timestamp },
    /// A job cannot run while a window is used up.
    WindowUsedUp,
    /// An earlier answer of this check leaves nothing to ask.
    Answered,
    /// An earlier answer of this check asked to wait.
    ToldToWait,
    /// Not encrypted, and not to this computer: nothing was sent.
    NotEncrypted,
    /// The address that was set cannot be used: nothing was sent.
    BadAddress,
    /// The key holds what no header can carry: nothing was sent.
    BadKey,
    /// This version knows no way to ask this service.
    NoWay,
}

impl Withheld {
    /// The machine word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::SwitchedOff => "switched_off",
            Self::CostsTokens => "costs_tokens",
            Self::TooSoon { .. } => "too_soon",
            Self::WindowUsedUp => "window_used_up",
            Self::Answered => "answered",
            Self::ToldToWait => "told_to_wait",
            Self::NotEncrypted => "not_encrypted",
            Self::BadAddress => "bad_address",
            Self::BadKey => "bad_key",
            Self::NoWay => "no_way",
        }
    }
}
