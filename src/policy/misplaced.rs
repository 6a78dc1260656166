//! Crons whose tier and model contradict each other, whatever the health.

use std::collections::BTreeSet;

use super::matching::unanswered;
use crate::domain::{CronId, ModelRef, Observation, Settings, Tier};

/// Tiered crons that run on a model which no route of their chain leads to: the user's mapping
/// asks for a move, not an outage. Their change waits for the user like any edit. While it is not known
/// what a route of the chain means, nobody can say that a cron is not on it.
#[must_use]
pub fn misplaced(obs: &Observation, settings: &Settings) -> BTreeSet<CronId> {
    let asked = unanswered(settings, &obs.catalog);
    let known = |tier: Tier| !settings.chain(tier).routes.iter().any(|route| asked.contains(route));
    let routes = Tier::ALL.map(|tier| if known(tier) { models(obs, settings, tier) } else { BTreeSet::new() });
    let elsewhere = |id: &CronId| {
        let (entry, cron) = (obs.tiers.get(id)?, obs.crons.get(id)?);
        let chain = &routes[usize::from(entry.tier.number()) - 1];
        let free = cron.routable() && entry.pinned.is_none() && entry.hold.is_none();
        let stored = cron.turn()?.model.as_deref();
        let model = obs.catalog.resolve(stored, cron.agent.as_deref());
        let on_chain = model.is_some_and(|model| chain.contains(&model));
        (free && !chain.is_empty() && !on_chain).then(|| id.clone())
    };
    obs.tiers.keys().filter_map(elsewhere).collect()
}

/// The models of a tier's routes that the gateway lists.
fn models(obs: &Observation, settings: &Settings, tier: Tier) -> BTreeSet<ModelRef> {
    let keys = settings.chain(tier).routes.iter();
    let matched = keys.filter_map(|key| settings.routes.get(key)?.model.clone());
    matched.filter(|model| obs.catalog.lists(model)).collect()
}
