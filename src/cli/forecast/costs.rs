//! The week in money, as a part of the document of `forecast`.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{AccountCost, Costs, Pays, Used};

#[derive(Debug, Serialize)]
pub(in crate::cli) struct Document {
    until: Timestamp,
    accounts: Vec<Account>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the name that the document promises")]
struct Account {
    account: String,
    pays: &'static str,
    /// Of seven days of its plan.
    flat_usd: Option<f64>,
    past: Part,
    coming: Part,
}

#[derive(Debug, Serialize)]
struct Part {
    n_runs: u32,
    tokens: f64,
    usd: f64,
    n_unpriced: u32,
}

impl Document {
    pub(in crate::cli) fn of(costs: &Costs) -> Self {
        Self { until: costs.until, accounts: costs.accounts.iter().map(Account::of).collect() }
    }
}

impl Account {
    fn of(cost: &AccountCost) -> Self {
        let pays = match cost.pays {
            Pays::Flat => "flat",
            Pays::ByToken => "by_token",
            Pays::Nothing => "nothing",
        };
        let part = |used: &Used| Part {
            n_runs: used.n_runs,
            tokens: used.tokens.round(),
            usd: used.money.0,
            n_unpriced: used.n_unpriced,
        };
        Self {
            account: cost.account.to_string(),
            pays,
            flat_usd: cost.flat.map(|flat| flat.0),
            past: part(&cost.past),
            coming: part(&cost.coming),
        }
    }
}
