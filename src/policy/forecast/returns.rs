//! Crons that are elsewhere for a while: from then on their runs are where their chain brings them, or where they were
//! before the crisis that is expected to end then.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::carried::{Carried, Within};
use crate::domain::{
    CronId, LedgerReason, ModelRef, Observation, Plan, PlanMode, PlanOrigin, Reason, Settings, TierEntry,
};
use crate::policy::chain::ChainsNow;
use crate::policy::{expected_end, outage};

/// Each of them twice: until its time is over, and from then on.
pub(super) fn with_returns<'a>(
    carried: Vec<Carried<'a>>,
    obs: &'a Observation,
    settings: &Settings,
    plan: Option<&'a Plan>,
) -> Vec<Carried<'a>> {
    let sent = sent_by(plan);
    let until = |one: &Carried<'_>| {
        let noted = || Some(obs.tiers.get(&one.cron.id)?.detour.as_ref()?.until);
        sent.get(&one.cron.id).copied().or_else(noted).filter(|until| *until > obs.at)
    };
    let mut given_back = given_back(obs, settings, plan);
    if given_back.is_empty() && !carried.iter().any(|one| until(one).is_some()) {
        return carried;
    }
    let chains = ChainsNow::new(obs, settings);
    let home = |entry: &TierEntry| -> Option<ModelRef> {
        let chain = chains.of(entry.tier, entry.critical && entry.above_guard);
        chain.links[chain.first_serving?].model.clone()
    };
    let mut all = Vec::with_capacity(carried.len());
    for one in carried {
        let crisis = given_back.remove(&one.cron.id);
        let back = crisis.or_else(|| until(&one).zip(obs.tiers.get(&one.cron.id).and_then(home)));
        match back.filter(|(_, model)| *model != one.model) {
            None => all.push(one),
            Some((at, model)) => {
                let until = Within { until: at, ..Within::ALWAYS };
                all.push(Carried { when: until, ..one.clone() });
                let account = model.account();
                let from = Within { from: at, ..Within::ALWAYS };
                all.push(Carried { model, account, arrives: false, when: from, ..one });
            }
        }
    }
    // Those that are paused until then.
    let paused = given_back.into_iter().filter_map(|(id, (at, model))| {
        let (cron, account) = (&**obs.crons.get(id)?, model.account());
        let from = Within { from: at, ..Within::ALWAYS };
        Some(Carried { cron, model, account, arrives: false, when: from })
    });
    all.extend(paused);
    all.sort_by(|a, b| a.cron.id.cmp(&b.cron.id));
    all
}

/// What a crisis has changed or would, and from when on it is likely to be as before: with the end of the outage.
fn given_back<'a>(
    obs: &'a Observation,
    settings: &Settings,
    plan: Option<&'a Plan>,
) -> BTreeMap<&'a CronId, (Timestamp, ModelRef)> {
    let in_crisis = obs.mode == PlanMode::Crisis || plan.is_some_and(|plan| plan.origin == PlanOrigin::Crisis);
    let end = || expected_end(&outage(obs, settings), settings).filter(|end| *end > obs.at);
    let Some(end) = in_crisis.then(end).flatten() else { return BTreeMap::new() };
    let had = |id: &CronId, stored: Option<&str>| obs.catalog.resolve(stored, obs.crons.get(id)?.agent.as_deref());
    let changes = plan.into_iter().flat_map(|plan| &plan.changes).filter(|change| change.ticked && change.from.enabled);
    let written = changes.map(|change| (&change.cron, change.from.model.as_deref()));
    // What is owed already counts: a later change of the same crisis goes back to the same.
    let owed = obs.ledger.iter().filter(|(_, debt)| debt.why == LedgerReason::Crisis && debt.before.enabled);
    let owed = owed.map(|(id, debt)| (id, debt.before.model.as_deref()));
    written.chain(owed).filter_map(|(id, stored)| Some((id, (end, had(id, stored)?)))).collect()
}

fn sent_by(plan: Option<&Plan>) -> BTreeMap<&CronId, Timestamp> {
    let changes = plan.into_iter().flat_map(|plan| &plan.changes).filter(|change| change.ticked);
    let sent = changes.filter_map(|change| match &change.reason {
        Reason::Detour { until, .. } => Some((&change.cron, *until)),
        _ => None,
    });
    sent.collect()
}
