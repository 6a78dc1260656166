//! What the errors of failing crons mean: each is diagnosed once, when it is first met.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use super::record;
use crate::domain::{AccountId, Billing, Cron, CronId, Diagnosis, ModelRef, RunRecord, RunStatus};

/// A failed run as the gateway told it, and what its error means.
#[derive(Debug)]
pub struct Failure {
    run: RunRecord,
    /// The billing kind decides the words: by another one it would mean something else.
    billing: Option<Billing>,
    said: Option<Arc<Diagnosis>>,
}

/// Keeps what was found of a failed run: unlike the cron, it names the provider that really answered.
pub fn note(world: &mut World, told: &RunRecord, said: Option<Diagnosis>) {
    let known = world.failures.get(&told.cron);
    if told.status == RunStatus::Error && known.is_none_or(|known| known.run.at <= told.at) {
        keep(world, told.clone(), said.map(Arc::new));
    }
}

fn keep(world: &mut World, run: RunRecord, said: Option<Arc<Diagnosis>>) {
    let billing = billing(world, &run);
    world.failures.insert(run.cron.clone(), Failure { run, billing, said });
}

fn billing(world: &World, run: &RunRecord) -> Option<Billing> {
    run.provider.as_deref().map(|provider| world.effective.billing(&AccountId::new(provider)))
}

/// The diagnoses of the last errors of all failing crons.
pub fn said(world: &mut World, now: Timestamp) -> BTreeMap<CronId, Arc<Diagnosis>> {
    let crons = world.crons.clone();
    if world.crons_as_of.is_some() {
        // A run may be heard of before its cron says so.
        let current = |id: &CronId, failure: &Failure| {
            let last = crons.get(id).map(|cron| cron.last_run.as_ref().map(|run| run.at));
            last.is_some_and(|last| last.is_none_or(|last| last <= failure.run.at))
        };
        world.failures.retain(|id, failure| current(id, failure));
    }
    let failing = crons.values().filter(|cron| cron.failing() || cron.auto_disabled.is_some());
    failing.filter_map(|cron| Some((cron.id.clone(), diagnosed(world, cron, now)?))).collect()
}

fn diagnosed(world: &mut World, cron: &Cron, now: Timestamp) -> Option<Arc<Diagnosis>> {
    let last = cron.last_run.as_ref().filter(|run| run.status == RunStatus::Error)?;
    let known = world.failures.get(&cron.id).filter(|known| known.run.at == last.at && known.billing.is_some());
    if let Some(known) = known.filter(|known| known.billing == billing(world, &known.run)) {
        return known.said.clone();
    }
    let run = known.map(|known| known.run.clone()).or_else(|| as_a_run(world, cron))?;
    let said = record::said(world, &record::by_our_clock(world, &run, now)).map(Arc::new);
    keep(world, run, said.clone());
    said
}

/// What the cron remembers of its last run, as if it had used the model that it has now.
fn as_a_run(world: &World, cron: &Cron) -> Option<RunRecord> {
    let (last, turn) = (cron.last_run.as_ref()?, cron.turn()?);
    let stored = turn.model.as_deref();
    let model = world.catalog.resolve(stored, cron.agent.as_deref()).or_else(|| ModelRef::parse(stored?))?;
    Some(RunRecord {
        cron: cron.id.clone(),
        at: last.at,
        finished_at: last.duration.and_then(|took| last.at.checked_add(took).ok()).unwrap_or(last.at),
        status: last.status,
        provider: Some(model.provider().to_owned()),
        model: Some(model.model().to_owned()),
        error: last.error.clone(),
        error_reason: last.error_reason.clone(),
        duration: last.duration,
        usage: None,
    })
}
