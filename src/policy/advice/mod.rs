//! What to do about what is foreseen, as plans that a person may apply.
//!
//! In reading order: the plan that sends crons elsewhere for a while, how full windows get when they go, which of
//! them go where, which could start apart, what is said without a plan, and where distribution itself sends crons when it looks at quotas.

mod apart;
mod loads;
mod moves;
mod plan;
mod room;
mod sparing;

mod paid;
mod together;

#[cfg(test)]
mod tests;

pub use apart::{between_starts, may_start_later, staggered_plan};
pub use loads::overloads;
pub use plan::{advised_plan, with_detours};
pub use sparing::sparing;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::forecast::Learned;
use super::ground::Ground;
use crate::domain::{CronId, Forecast, Observation, QuotaAdvice, Settings, UsageHistory};

use moves::To;

/// How many windows that run out are thought through; what comes later looks different by then.
const MOST_WINDOWS: usize = 3;

/// Everything there is to say about `forecast`, which was made of the same: the most urgent first. That is money which was paid
/// within the last day although a plan was there; what runs out can still be helped, and older payments are told after it.
///
/// `since`: from when on each cron has the model that it has now, where that is known.
#[must_use]
pub fn advise(
    learned: &Learned,
    history: &UsageHistory,
    obs: &Observation,
    settings: &Settings,
    forecast: &Forecast,
    since: &BTreeMap<CronId, Timestamp>,
) -> Vec<QuotaAdvice> {
    let paid = paid::paid_fallbacks(history, obs, settings, since);
    let (lately, before): (Vec<_>, Vec<_>) = paid.into_iter().partition(|paid| paid.is_lately(obs.at));
    let mut advice: Vec<QuotaAdvice> = lately.into_iter().map(QuotaAdvice::PaidFallbacks).collect();
    let due = moves::running_out(forecast, settings);
    if !due.is_empty() {
        let ground = Ground::new(obs, settings);
        let scene = moves::Scenery { learned, ground: &ground, forecast, to: To::First };
        let said = due.into_iter().take(MOST_WINDOWS).map(|due| moves::runs_out(&scene, &due));
        advice.extend(said.map(|one| QuotaAdvice::RunsOut(Box::new(one))));
    }
    advice.extend(before.into_iter().map(QuotaAdvice::PaidFallbacks));
    advice.extend(together::together(forecast, obs).into_iter().map(QuotaAdvice::Together));
    advice
}
