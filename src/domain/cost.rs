//! What runs cost in a week: what was, and what the schedules will make of it.

use jiff::Timestamp;

use super::{AccountId, Pays, Usd};

/// The last seven days and the next ones, by account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    /// Up to when runs to come are counted; nearer than seven days where they are not told that far.
    pub until: Timestamp,
    /// By id; those with runs or a price.
    pub accounts: Vec<AccountCost>,
}

/// One account's.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountCost {
    pub account: AccountId,
    pub pays: Pays,
    /// What seven days of its plan cost, whatever is used.
    pub flat: Option<Usd>,
    pub past: Used,
    pub coming: Used,
}

/// What some runs used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    pub n_runs: u32,
    /// Of the runs whose tokens are known.
    pub tokens: f64,
    /// Of the runs whose price is known as well, where each token costs money.
    pub money: Usd,
    /// Runs that cost money of which nobody knows how much.
    pub n_unpriced: u32,
}

impl Used {
    pub fn add(&mut self, other: &Self) {
        self.n_runs += other.n_runs;
        self.tokens += other.tokens;
        self.money.0 += other.money.0;
        self.n_unpriced += other.n_unpriced;
    }
}

impl Costs {
    /// What is paid by the token, of all accounts: what was, and what is to come.
    #[must_use]
    pub fn by_token(&self) -> (Used, Used) {
        let (mut past, mut coming) = (Used::default(), Used::default());
        for one in self.accounts.iter().filter(|one| one.pays == Pays::ByToken) {
            past.add(&one.past);
            coming.add(&one.coming);
        }
        (past, coming)
    }
}
