//! What a week costs by account: the last one from runs that were, the next one from those the schedules tell.
//!
//! Plans and money by the token are never added up. What no price or no tokens are known of is counted, not guessed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::standing::later;
use crate::domain::{
    AccountCost, AccountId, Costs, FlatPrice, Forecast, ModelRef, PastRun, Pays, Period, Price, Settings, UsageHistory,
    Usd, Used,
};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The last seven days before `now`, and those after the forecast's moment, which may be a later one.
#[must_use]
pub fn costs(history: &UsageHistory, settings: &Settings, now: Timestamp, forecast: &Forecast) -> Costs {
    let mut accounts: BTreeMap<AccountId, AccountCost> = BTreeMap::new();
    let models = spent(history, settings, now);
    for (model, spent) in &models {
        entry(&mut accounts, settings, &model.account()).past.add(&spent.used);
    }
    let until = later(forecast.at, WEEK).min(forecast.coming.until);
    let mut n_starts = vec![0_u32; forecast.coming.crons.len()];
    for start in forecast.coming.between(forecast.at, until) {
        n_starts[start.cron as usize] += 1;
    }
    for (cron, n) in forecast.coming.crons.iter().zip(n_starts).filter(|(_, n)| *n > 0) {
        let one = entry(&mut accounts, settings, &cron.account);
        let pays = one.pays;
        let coming = &mut one.coming;
        coming.n_runs += n;
        let tokens = cron.tokens.map(|tokens| tokens.mean * f64::from(n));
        coming.tokens += tokens.unwrap_or(0.0);
        if pays == Pays::ByToken {
            match tokens.zip(models.get(&cron.model).and_then(Spent::of_a_token)) {
                Some((tokens, rate)) => coming.money.0 += tokens * rate,
                None => coming.n_unpriced += n,
            }
        }
    }
    for known in settings.accounts.values().filter(|known| known.flat_price.is_some()) {
        entry(&mut accounts, settings, &known.id);
    }
    Costs { until, accounts: accounts.into_values().collect() }
}

fn entry<'a>(
    accounts: &'a mut BTreeMap<AccountId, AccountCost>,
    settings: &Settings,
    account: &AccountId,
) -> &'a mut AccountCost {
    accounts.entry(account.clone()).or_insert_with(|| AccountCost {
        account: account.clone(),
        pays: settings.pays(account),
        flat: settings.accounts.get(account).and_then(|known| known.flat_price.as_ref()).map(of_a_week),
        past: Used::default(),
        coming: Used::default(),
    })
}

fn of_a_week(price: &FlatPrice) -> Usd {
    let days = match price.per {
        Period::Week => 7.0,
        Period::Month => 365.25 / 12.0,
        Period::Quarter => 365.25 / 4.0,
        Period::Year => 365.25,
    };
    Usd(price.price.0 * 7.0 / days)
}

/// What the runs of one model used in a week. Who is paid and how is asked once for all of them.
#[derive(Debug)]
struct Spent {
    by_token: bool,
    price: Option<Price>,
    used: Used,
    /// Tokens whose price is known.
    priced: f64,
}

fn spent<'a>(history: &'a UsageHistory, settings: &Settings, now: Timestamp) -> BTreeMap<&'a ModelRef, Spent> {
    let mut models: BTreeMap<&ModelRef, Spent> = BTreeMap::new();
    let from = now.checked_sub(WEEK).unwrap_or(now);
    let first = history.runs.partition_point(|run| run.at < from);
    for run in history.runs[first..].iter().take_while(|run| run.at <= now) {
        let Some(model) = &run.model else { continue };
        models.entry(model).or_insert_with(|| Spent::nothing(model, settings)).note(run);
    }
    models
}

impl Spent {
    fn nothing(model: &ModelRef, settings: &Settings) -> Self {
        let by_token = settings.pays(&model.account()) == Pays::ByToken;
        Self { by_token, price: settings.price_of(model), used: Used::default(), priced: 0.0 }
    }

    fn note(&mut self, run: &PastRun) {
        self.used.n_runs += 1;
        let tokens = run.tokens.map(|tokens| tokens.total.max(tokens.input + tokens.output) as f64);
        self.used.tokens += tokens.unwrap_or(0.0);
        if !self.by_token {
            return;
        }
        match self.price.zip(run.tokens).and_then(|(price, tokens)| price.of(tokens)) {
            Some(money) => {
                self.used.money.0 += money.0;
                self.priced += tokens.unwrap_or(0.0);
            }
            // Of runs that ended badly the gateway tells no tokens, and mostly nothing was paid.
            None if run.well => self.used.n_unpriced += 1,
            None => {}
        }
    }

    /// What a token really cost, read and written ones mixed as they were.
    fn of_a_token(&self) -> Option<f64> {
        (self.priced > 0.0).then(|| self.used.money.0 / self.priced)
    }
}

#[cfg(test)]
mod tests;
