//! Which cron, plan or switch a person means.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::domain::{Cron, CronId, ModelRef, PlanId, RouteMatch, Settings, Switch, SwitchId};
use crate::engine::UndoScope;

/// More candidates than this are counted, not listed.
const MAX_CANDIDATES: usize = 8;

/// The cron with that id, else the only one whose name it is, else the only one whose id starts so.
pub(super) fn cron<'a>(crons: &'a BTreeMap<CronId, Arc<Cron>>, named: &str) -> Result<&'a Arc<Cron>, Failure> {
    let named = named.trim();
    if let Some(cron) = crons.get(named) {
        return Ok(cron);
    }
    let by_name: Vec<_> = crons.values().filter(|cron| same_name(&cron.name, named)).collect();
    let by_prefix: Vec<_> =
        crons.values().filter(|cron| !named.is_empty() && cron.id.as_str().starts_with(named)).collect();
    let found = if by_name.is_empty() { by_prefix } else { by_name };
    match found[..] {
        [only] => Ok(only),
        [] => Err(Failure::new(Exit::Usage, format!("no cron is called {named}"))
            .with_remedy("Give its id, the beginning of its id, or its whole name")),
        _ => Err(ambiguous(named, found.iter().map(|cron| format!("{}  {}", cron.id, cron.name)))),
    }
}

fn same_name(name: &str, named: &str) -> bool {
    name.trim() == named || name.trim().to_lowercase() == named.to_lowercase()
}

fn ambiguous(named: &str, candidates: impl ExactSizeIterator<Item = String>) -> Failure {
    let more = candidates.len().saturating_sub(MAX_CANDIDATES);
    let mut listed: Vec<_> = candidates.take(MAX_CANDIDATES).map(|line| format!("  {line}")).collect();
    if more > 0 {
        listed.push(format!("  and {more} more"));
    }
    Failure::new(Exit::Usage, format!("{named} could be any of these:\n{}", listed.join("\n")))
        .with_remedy("Give the id, or more of it")
}

/// What an undo is meant to take back: the newest plan, or what the id begins.
pub(super) fn undo_scope(switches: &[Switch], named: Option<&str>) -> Result<UndoScope, Failure> {
    let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) else { return Ok(UndoScope::Last) };
    let mut plans: Vec<&PlanId> = switches.iter().map(|switch| &switch.plan).collect();
    plans.sort();
    plans.dedup();
    let ids: Vec<&SwitchId> = switches.iter().map(|switch| &switch.id).collect();
    if let Some(plan) = plans.iter().find(|plan| plan.as_str() == named) {
        return Ok(UndoScope::Plan((*plan).clone()));
    }
    if let Some(id) = ids.iter().find(|id| id.as_str() == named) {
        return Ok(UndoScope::Switch((*id).clone()));
    }
    let plans: Vec<_> = plans.into_iter().filter(|plan| plan.as_str().starts_with(named)).collect();
    let ids: Vec<_> = ids.into_iter().filter(|id| id.as_str().starts_with(named)).collect();
    match (&plans[..], &ids[..]) {
        ([plan], []) => Ok(UndoScope::Plan((*plan).clone())),
        ([], [id]) => Ok(UndoScope::Switch((*id).clone())),
        ([], []) => Err(Failure::new(Exit::Usage, format!("no plan or switch {named} is known"))
            .with_remedy("Without a name the newest plan is taken back")),
        _ => {
            let candidates: Vec<_> = plans
                .iter()
                .map(|plan| format!("plan {plan}"))
                .chain(ids.iter().map(|id| format!("switch {id}")))
                .collect();
            Err(ambiguous(named, candidates.into_iter()))
        }
    }
}

/// The model a person means: a route by key or label, else what the gateway takes the text for.
pub(super) fn model(
    named: &str,
    settings: &Settings,
    resolve: impl Fn(&str) -> Option<ModelRef>,
) -> Result<ModelRef, Failure> {
    let route = settings
        .routes
        .iter()
        .find(|(key, route)| key.as_str().eq_ignore_ascii_case(named) || route.label.eq_ignore_ascii_case(named));
    let of_route = route.and_then(|(_, route)| route.model.clone());
    resolve(named).or(of_route).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("the gateway lists no model {named}"))
            .with_remedy("Give a route, an alias, or provider/model as the gateway lists it")
    })
}

/// The settings with every certain match filled in: what the engine plans with.
pub(super) fn with_matches(settings: &Settings, matches: &[RouteMatch]) -> Settings {
    use crate::domain::MatchCertainty::{Confirmed, Sure};
    let mut settings = settings.clone();
    for found in matches.iter().filter(|found| matches!(found.certainty, Confirmed | Sure)) {
        if let Some(route) = settings.routes.get_mut(&found.route) {
            route.model.clone_from(&found.model);
        }
    }
    settings
}
