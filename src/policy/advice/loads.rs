//! Which windows the crons that a plan moves would use up before their reset.
//!
//! Read off the forecast, once the plan is carried out, so that nothing says anything else of the same window; where that
//! makes no claim, none is made here. Only accounts to which the plan brings crons are asked about.

use std::collections::BTreeSet;

use crate::domain::{AccountId, Claim, Forecast, Observation, Overload, Plan, Settings, WindowForecast};
use crate::policy::forecast::{Carried, Learned, carried, forecast};

/// Those that run out first come first.
#[must_use]
pub fn overloads(learned: &Learned, obs: &Observation, settings: &Settings, plan: &Plan) -> Vec<Overload> {
    let arrives = |one: Carried<'_>| one.arrives.then_some(one.account);
    let receives: BTreeSet<AccountId> = carried(obs, Some(plan)).into_iter().filter_map(arrives).collect();
    if receives.is_empty() {
        return Vec::new();
    }
    let forecast = forecast(learned, obs, settings, Some(plan), obs.at);
    let asked = forecast.windows.iter().filter(|window| receives.contains(&window.account));
    let mut found: Vec<Overload> = asked.filter_map(|window| overload(&forecast, window)).collect();
    found.sort_by(|a, b| (a.runs_out_at, &a.account, &a.window).cmp(&(b.runs_out_at, &b.account, &b.window)));
    found
}

fn overload(forecast: &Forecast, window: &WindowForecast) -> Option<Overload> {
    let used_up = window.claim == Claim::UsedUp;
    let runs_out_at = window.claim.runs_out_at();
    let resets_at = window.resets_at.filter(|_| used_up || runs_out_at.is_some())?;
    let coming = &forecast.coming;
    let fires: BTreeSet<u32> = coming.between(forecast.at, resets_at).iter().map(|start| start.cron).collect();
    let on_it = fires.iter().filter_map(|cron| coming.crons.get(*cron as usize));
    Some(Overload {
        account: window.account.clone(),
        window: window.label.clone(),
        used_ratio: window.used_ratio,
        expected_ratio: window.used_ratio + window.growth.scheduled_ratio + window.growth.other_ratio,
        resets_at,
        runs_out_at,
        n_crons: on_it.filter(|cron| window.is_drawn_on_by(cron)).count(),
    })
}
