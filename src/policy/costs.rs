//! What a week costs by account: the last one from runs that were, the next one from those the schedules tell.
//!
//! Plans and money by the token are never added up. What no price or no tokens are known of is counted, not guessed: a run to
//! come has the price of its model, whether that ran lately or not, and reads and writes as its cron does.

mod mix;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::standing::later;
use crate::domain::{
    AccountCost, AccountId, ComingCron, Costs, FlatPrice, Forecast, ModelRef, PastRun, Pays, Period, Price, Settings,
    UsageHistory, Usd, Used,
};
use mix::Mixes;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The last seven days before `now`, and those after the forecast's moment, which may be a later one.
#[must_use]
pub fn costs(history: &UsageHistory, settings: &Settings, now: Timestamp, forecast: &Forecast) -> Costs {
    let mut accounts: BTreeMap<AccountId, AccountCost> = BTreeMap::new();
    for (model, used) in spent(history, settings, now) {
        entry(&mut accounts, settings, &model.account()).past.add(&used);
    }
    let until = later(forecast.at, WEEK).min(forecast.coming.until);
    for (account, used) in coming(history, settings, now, forecast, until) {
        entry(&mut accounts, settings, account).coming.add(&used);
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

/// What the runs of a week used, by model. Who is paid and how is asked once for all of one.
fn spent<'a>(history: &'a UsageHistory, settings: &Settings, now: Timestamp) -> BTreeMap<&'a ModelRef, Used> {
    let mut models: BTreeMap<&ModelRef, (Bill, Used)> = BTreeMap::new();
    let from = now.checked_sub(WEEK).unwrap_or(now);
    let first = history.runs.partition_point(|run| run.at < from);
    for run in history.runs[first..].iter().take_while(|run| run.at <= now) {
        let Some(model) = &run.model else { continue };
        let (bill, used) = models.entry(model).or_insert_with(|| (Bill::of(model, settings), Used::default()));
        bill.note(run, used);
    }
    models.into_iter().map(|(model, (_, used))| (model, used)).collect()
}

/// How a model is paid.
#[derive(Clone, Copy, Debug)]
struct Bill {
    by_token: bool,
    price: Option<Price>,
}

impl Bill {
    fn of(model: &ModelRef, settings: &Settings) -> Self {
        let by_token = settings.pays(&model.account()) == Pays::ByToken;
        Self { by_token, price: settings.price_of(model) }
    }

    fn note(self, run: &PastRun, used: &mut Used) {
        used.n_runs += 1;
        used.tokens += run.tokens.map_or(0.0, |tokens| tokens.total.max(tokens.input + tokens.output) as f64);
        if !self.by_token {
            return;
        }
        match self.price.zip(run.tokens).and_then(|(price, tokens)| price.of(tokens)) {
            Some(money) => used.money.0 += money.0,
            // Of runs that ended badly the gateway tells no tokens, and mostly nothing was paid.
            None if run.well => used.n_unpriced += 1,
            None => {}
        }
    }
}

/// What the starts up to `until` will use, cron by cron, and whom that is paid to.
fn coming<'a>(
    history: &UsageHistory,
    settings: &Settings,
    now: Timestamp,
    forecast: &'a Forecast,
    until: Timestamp,
) -> Vec<(&'a AccountId, Used)> {
    let mut n_starts = vec![0_u32; forecast.coming.crons.len()];
    for start in forecast.coming.between(forecast.at, until) {
        n_starts[start.cron as usize] += 1;
    }
    let mut models: BTreeMap<&ModelRef, Bill> = BTreeMap::new();
    let starting = forecast.coming.crons.iter().zip(n_starts).filter(|(_, n)| *n > 0);
    let starting: Vec<(&ComingCron, u32, Bill)> = starting
        .map(|(cron, n)| (cron, n, *models.entry(&cron.model).or_insert_with(|| Bill::of(&cron.model, settings))))
        .collect();
    let priced = starting.iter().filter(|(.., bill)| bill.by_token && bill.price.is_some());
    let mixes = Mixes::of(priced.map(|(cron, ..)| &cron.cron), history, now);
    let used = starting.iter().map(|(cron, n, bill)| {
        let tokens = cron.tokens.map(|tokens| tokens.mean * f64::from(*n));
        let mut used = Used { n_runs: *n, tokens: tokens.unwrap_or(0.0), ..Used::default() };
        if bill.by_token {
            match tokens.zip(bill.price) {
                Some((tokens, price)) => used.money = mixes.cost(&cron.cron, tokens, price),
                None => used.n_unpriced = *n,
            }
        }
        (&cron.account, used)
    });
    used.collect()
}

#[cfg(test)]
mod tests;
