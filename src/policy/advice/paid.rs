//! Runs that were paid by the token although their cron's own model is of a flat plan: the gateway fell back, and nobody saw it.
//!
//! Only what is surely a fallback counts: runs since the cron has the model that it has, on another one that is among its
//! fallbacks or came after a run on its own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{AccountId, CronId, ModelRef, Observation, PaidFallbacks, PastRun, Settings, UsageHistory, Usd};

/// What is older is no news.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What fell back from which account to which, the dearest first.
pub(super) fn paid_fallbacks(
    history: &UsageHistory,
    obs: &Observation,
    settings: &Settings,
    since: &BTreeMap<CronId, Timestamp>,
) -> Vec<PaidFallbacks> {
    let oldest = obs.at.checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let first = history.runs.partition_point(|run| run.at < oldest);
    let mut of_cron: BTreeMap<&CronId, Vec<&PastRun>> = BTreeMap::new();
    for run in history.runs[first..].iter().filter(|run| run.well && run.model.is_some()) {
        of_cron.entry(&run.cron).or_default().push(run);
    }
    let mut found: BTreeMap<(AccountId, AccountId), PaidFallbacks> = BTreeMap::new();
    for (id, runs) in of_cron {
        let Some(cron) = obs.crons.get(id).filter(|cron| cron.routable()) else { continue };
        let Some(turn) = cron.turn() else { continue };
        let resolve = |name: Option<&str>| obs.catalog.resolve(name, cron.agent.as_deref());
        let Some(own) = resolve(turn.model.as_deref()).filter(|own| is_flat(settings, &own.account())) else {
            continue;
        };
        let is_own = |run: &&PastRun| run.model.as_ref() == Some(&own);
        let switched = since.get(id).copied();
        let from = switched.or_else(|| runs.iter().find(|run| is_own(run)).map(|run| run.at));
        let fallbacks: Vec<ModelRef> =
            turn.fallbacks.iter().flat_map(|list| list.iter()).filter_map(|name| resolve(Some(name))).collect();
        for run in runs {
            let Some(ran) = run.model.as_ref().filter(|ran| **ran != own && costs(settings, &ran.account())) else {
                continue;
            };
            let counts = match from {
                Some(from) => run.at >= from,
                None => fallbacks.contains(ran),
            };
            if counts {
                let key = (ran.account(), own.account());
                note(found.entry(key.clone()).or_insert_with(|| none(key, run.at)), run, ran, settings);
            }
        }
    }
    let mut found: Vec<PaidFallbacks> = found.into_values().collect();
    found.sort_by(|a, b| b.cost.0.total_cmp(&a.cost.0).then_with(|| b.n_runs.cmp(&a.n_runs)));
    found
}

fn none((account, instead_of): (AccountId, AccountId), at: Timestamp) -> PaidFallbacks {
    let crons = Vec::new();
    PaidFallbacks { account, instead_of, n_runs: 0, crons, cost: Usd(0.0), n_unpriced: 0, first_at: at, last_at: at }
}

fn note(known: &mut PaidFallbacks, run: &PastRun, ran: &ModelRef, settings: &Settings) {
    known.n_runs += 1;
    if !known.crons.contains(&run.cron) {
        known.crons.push(run.cron.clone());
    }
    match run.tokens.and_then(|tokens| settings.price_of(ran)?.of(tokens)) {
        Some(cost) => known.cost.0 += cost.0,
        None => known.n_unpriced += 1,
    }
    known.first_at = known.first_at.min(run.at);
    known.last_at = known.last_at.max(run.at);
}

/// Paid for by the month, whatever is used.
fn is_flat(settings: &Settings, account: &AccountId) -> bool {
    settings.pays(account) == crate::domain::Pays::Flat
}

/// Each token costs money.
fn costs(settings: &Settings, account: &AccountId) -> bool {
    settings.pays(account) == crate::domain::Pays::ByToken
}
