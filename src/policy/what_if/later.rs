//! The same world at a later moment, if nobody does anything and nothing unforeseen happens.
//!
//! Whoever serves goes on serving, and is looked at as always. Limits and cooldowns end when they are told to, and
//! what they kept back serves again and may be returned to. What has no end stays: a refused key, an empty balance, an
//! account that does not answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{Breaker, Cron, CronId, Fleet, Health, ModelScope, Observation, Schedule, Settings, Source, Vital};
use crate::policy::fires::next_run;
use crate::policy::forecast::{Learned, windows_at};
use crate::policy::outage::vendors_failing_at;
use crate::policy::windows::strain;

/// `obs` at `at`; just as it is where that is not later.
pub(super) fn carried_to(learned: &Learned, obs: &Observation, settings: &Settings, at: Timestamp) -> Observation {
    let mut then = obs.clone();
    if at <= obs.at {
        return then;
    }
    for vendor in vendors_failing_at(obs, settings) {
        then.down_since.entry(vendor).or_insert(obs.at);
    }
    then.at = at;
    then.busy = Arc::default();
    then.crons = Arc::new(crons_at(&obs.crons, at));
    then.fleet = Arc::new(fleet_at(learned, obs, settings, at));
    then
}

/// What runs once and was due is gone.
fn crons_at(crons: &BTreeMap<CronId, Arc<Cron>>, at: Timestamp) -> BTreeMap<CronId, Arc<Cron>> {
    let done = |cron: &Cron| matches!(cron.schedule, Schedule::At { at: due } if due <= at);
    let there = crons.iter().filter(|(_, cron)| !(cron.enabled && done(cron)));
    there.map(|(id, cron)| (id.clone(), cron_at(cron, at))).collect()
}

fn cron_at(cron: &Arc<Cron>, at: Timestamp) -> Arc<Cron> {
    let passed = cron.next_run_at.is_some_and(|next| next <= at);
    if !passed && cron.running_since.is_none() {
        return Arc::clone(cron);
    }
    let next_run_at = if passed { next_run(cron, at) } else { cron.next_run_at };
    Arc::new(Cron { next_run_at, running_since: None, ..Cron::clone(cron) })
}

fn fleet_at(learned: &Learned, obs: &Observation, settings: &Settings, at: Timestamp) -> Fleet {
    let mut fleet = Fleet { windows: windows_at(learned, obs, settings, at), ..Fleet::clone(&obs.fleet) };
    for (account, vital) in &mut fleet.accounts {
        let full = obs.fleet.windows.get(account).into_iter().flatten();
        let full = full.filter(|window| window.used_ratio >= 1.0 && window.covers == ModelScope::All);
        let explained = full.filter_map(|window| window.resets_at).max();
        age(vital, explained, at);
    }
    for vital in fleet.models.values_mut() {
        age(vital, None, at);
    }
    let accounts: Vec<_> = fleet.accounts.keys().cloned().collect();
    for account in accounts {
        strain(&mut fleet, &account, &settings.thresholds, at);
    }
    fleet
}

/// `explained`: when the window comes back that explains a limit without a date.
fn age(vital: &mut Vital, explained: Option<Timestamp>, at: Timestamp) {
    let passed = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= at);
    let cooled = passed(vital.gateway_waits_until) && vital.source == Source::Cooldown;
    let over = match &vital.health {
        Health::LimitHit { resets_at } => passed(resets_at.or(explained)),
        // Minutes that nobody put a time on: until it would be tried again.
        Health::RateLimited => matches!(vital.breaker, Breaker::Open { retry_at, .. } if passed(retry_at)),
        // Its limit is over, and it was not seen since.
        Health::Unknown => cooled || matches!(vital.breaker, Breaker::HalfOpen { .. }),
        _ => false,
    };
    if passed(vital.gateway_waits_until) {
        vital.gateway_waits_until = None;
    }
    vital.timeouts.clear();
    if over {
        serve(vital, at);
    } else if vital.health.serves() {
        vital.observed_at = Some(at);
    }
}

/// It serves from here on, and nobody has to wait before returning to it.
pub(super) fn serve(vital: &mut Vital, at: Timestamp) {
    *vital = Vital { health: Health::Up, observed_at: Some(at), source: vital.source, ..Vital::default() };
}
