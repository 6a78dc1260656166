//! What is known of the looks at providers: which round is under way, when the next one is due, and
//! what the last look at each account found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, CheckReport, Fleet, VendorId};

/// The checks of all accounts, for a person to see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    pub round: Option<Round>,
    /// When the next account is looked at by itself.
    pub next_at: Option<Timestamp>,
    /// This computer reaches nobody since then: what is known stays as it was.
    pub offline_since: Option<Timestamp>,
    pub accounts: BTreeMap<AccountId, Look>,
    /// Questions that cost tokens, of the last 24 hours.
    pub paid: u32,
    /// What they cost, as far as it was told.
    pub tokens_spent: u64,
    /// An account that somebody describes and has not saved yet.
    pub test: Option<AccountTest>,
}

/// One look at several accounts, all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub started_at: Timestamp,
    pub asked: BTreeSet<AccountId>,
    /// Whose answer is still out.
    pub left: BTreeSet<AccountId>,
}

/// What is known of the looks at one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The last one that ended.
    pub report: Option<Arc<CheckReport>>,
    pub due_at: Option<Timestamp>,
    /// It asked for patience: nobody asks it again before, not even on demand.
    pub not_before: Option<Timestamp>,
    pub key: KeyState,
}

/// What is known of an account's key. Never the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// Nobody has looked for it yet.
    #[default]
    NotLookedFor,
    /// The gateway has one, and this program needs none.
    OfGateway,
    /// The service runs on this computer and takes none.
    NotNeeded,
    /// Found, with its last four characters.
    Ready { ending: String },
    /// Not found where it should be, and why.
    Missing { why: String },
}

/// The test of an account before it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AccountTest {
    Running { account: AccountId },
    Done { report: Arc<CheckReport>, key: KeyState },
}

/// One question that cost tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidQuestion {
    pub account: AccountId,
    pub at: Timestamp,
    pub tokens: u64,
}

/// What is known of the accounts from one life of this program to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    pub fleet: Arc<Fleet>,
    pub not_before: BTreeMap<AccountId, Timestamp>,
    pub paid: Vec<PaidQuestion>,
    /// When each vendor was first seen fully down.
    pub down_since: BTreeMap<VendorId, Timestamp>,
}
