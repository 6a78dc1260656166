//! How a simulated provider really stands: the truth, of which an engine only sees traces.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::AccountId;

/// How an account stands with its provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Vendor {
    #[default]
    Serves,
    /// A quota is used up; it serves again at its reset. `None`: nobody says when, and somebody must end it.
    UsedUp {
        resets_at: Option<Timestamp>,
    },
    /// Too many requests: over in minutes.
    RateLimited {
        until: Timestamp,
    },
    /// Runs hang until their time is up.
    Overloaded,
    /// Nothing answers.
    Unreachable,
    KeyRefused,
    /// Of an account that is paid in advance.
    BalanceEmpty,
}

impl Vendor {
    #[must_use]
    pub fn serves(&self, now: Timestamp) -> bool {
        match self {
            Self::Serves => true,
            Self::UsedUp { resets_at } => resets_at.is_some_and(|reset| reset <= now),
            Self::RateLimited { until } => *until <= now,
            Self::Overloaded | Self::Unreachable | Self::KeyRefused | Self::BalanceEmpty => false,
        }
    }
}

/// Every account's, by its id.
pub type Vendors = BTreeMap<AccountId, Vendor>;
