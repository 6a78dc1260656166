//! Crons that were sent elsewhere for a while: from then on their runs are where their chain brings them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::carried::{Carried, Within};
use crate::domain::{CronId, ModelRef, Observation, Plan, Reason, Settings, TierEntry};
use crate::policy::chain::ChainsNow;

/// Each of them twice: until its time is over, and from then on.
pub(super) fn with_returns<'a>(
    carried: Vec<Carried<'a>>,
    obs: &Observation,
    settings: &Settings,
    plan: Option<&Plan>,
) -> Vec<Carried<'a>> {
    let sent = sent_by(plan);
    let until = |one: &Carried<'_>| {
        let noted = || Some(obs.tiers.get(&one.cron.id)?.detour.as_ref()?.until);
        sent.get(&one.cron.id).copied().or_else(noted).filter(|until| *until > obs.at)
    };
    if !carried.iter().any(|one| until(one).is_some()) {
        return carried;
    }
    let chains = ChainsNow::new(obs, settings);
    let home = |entry: &TierEntry| -> Option<ModelRef> {
        let chain = chains.of(entry.tier, entry.critical && entry.above_guard);
        chain.links[chain.first_serving?].model.clone()
    };
    let mut all = Vec::with_capacity(carried.len());
    for one in carried {
        let back = until(&one).zip(obs.tiers.get(&one.cron.id).and_then(home));
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
    all
}

fn sent_by(plan: Option<&Plan>) -> BTreeMap<&CronId, Timestamp> {
    let changes = plan.into_iter().flat_map(|plan| &plan.changes).filter(|change| change.ticked);
    let sent = changes.filter_map(|change| match &change.reason {
        Reason::Detour { until, .. } => Some((&change.cron, *until)),
        _ => None,
    });
    sent.collect()
}
