//! Which cron runs on what, once a plan is carried out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{AccountId, Change, Cron, CronId, ModelRef, Observation, Plan};

/// A cron that is on, with the model that it will run on.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Carried<'a> {
    pub cron: &'a Cron,
    pub model: ModelRef,
    pub account: AccountId,
    /// The plan brings it to this account.
    pub arrives: bool,
    /// Only what starts then is meant; always, where it is not sent elsewhere for a while.
    pub when: Within,
}

/// From a moment, which does not belong to it, up to another, which does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Within {
    pub from: Timestamp,
    pub until: Timestamp,
}

impl Within {
    pub const ALWAYS: Self = Self { from: Timestamp::MIN, until: Timestamp::MAX };
}

type OnModel = (ModelRef, AccountId);

/// By the ids of the crons. Without a plan: as they are now.
pub(in crate::policy) fn carried<'a>(obs: &'a Observation, plan: Option<&Plan>) -> Vec<Carried<'a>> {
    let ticked = plan.into_iter().flat_map(|plan| &plan.changes).filter(|change| change.ticked);
    let changes: BTreeMap<&CronId, &Change> = ticked.map(|change| (&change.cron, change)).collect();
    let mut resolved: BTreeMap<(Option<&str>, Option<&str>), Option<OnModel>> = BTreeMap::new();
    let mut found = Vec::new();
    for cron in obs.crons.values().filter(|cron| cron.routable()) {
        let change = changes.get(&cron.id);
        let mut own = || {
            let stored = cron.turn().and_then(|turn| turn.model.as_deref());
            let agent = cron.agent.as_deref();
            let resolve = || obs.catalog.resolve(stored, agent).map(|model| (model.clone(), model.account()));
            resolved.entry((stored, agent)).or_insert_with(resolve).clone()
        };
        let runs_on = match change {
            Some(change) => {
                change.to_model.clone().filter(|_| change.to.enabled).map(|model| (model.clone(), model.account()))
            }
            None => Some(cron).filter(|cron| cron.enabled).and_then(|_| own()),
        };
        let Some((model, account)) = runs_on else { continue };
        let arrives = change.is_some_and(|change| arrives(change, &account));
        found.push(Carried { cron, model, account, arrives, when: Within::ALWAYS });
    }
    found
}

fn arrives(change: &Change, account: &AccountId) -> bool {
    !change.from.enabled || change.from_model.as_ref().is_none_or(|model| model.account() != *account)
}
