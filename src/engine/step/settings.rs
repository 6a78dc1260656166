//! Changes of the settings. A changed chain is the user's edit of every cron in its tier.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Receipt;
use super::super::{Done, Event, SettingsChange, Ticket, World};
use crate::domain::{CronId, ProblemKind, Refusal, RouteKey, Settings, Tier};

pub fn change(world: &mut World, ticket: Ticket, change: SettingsChange) -> Result<Vec<Effect>, Refusal> {
    match &world.folder {
        None => return Err(Refusal::NotConnected),
        Some(folder) if folder.held_by.is_some() => return Err(Refusal::ReadOnly),
        Some(_) => {}
    }
    let mut settings = (*world.settings).clone();
    let touched = apply(&mut settings, change);
    if settings == *world.settings {
        return Err(Refusal::NothingToDo);
    }
    world.settings = Arc::new(settings);
    world.settings_unsaved += 1;
    mark_edited(world, &touched);
    world.dirty.plan = true;
    world.dirty.shown = true;
    let receipt = Receipt::Settings { ticket };
    Ok(vec![
        Effect::Store(Box::new(StoreOp::SaveSettings { settings: world.settings.clone(), receipt })),
        Effect::Store(Box::new(StoreOp::SavePending((*world.edited).clone()))),
    ])
}

/// The settings are on disk, or could not be written: then they hold until the program ends.
pub fn saved(world: &mut World, ticket: Ticket, result: Result<(), ProblemKind>, now: Timestamp) -> Effect {
    world.settings_unsaved = world.settings_unsaved.saturating_sub(1);
    match result {
        Ok(()) => {
            world.clear("state/settings.json");
            Effect::Emit(Event::Done { ticket, what: Done::Quietly })
        }
        Err(problem) => {
            world.raise("state/settings.json", problem.clone(), now);
            Effect::Emit(Event::Refused { ticket, why: Refusal::Problem(problem) })
        }
    }
}

/// Changes the settings and returns the tiers whose crons this concerns.
fn apply(settings: &mut Settings, change: SettingsChange) -> Vec<Tier> {
    match change {
        SettingsChange::MatchRoutes(matches) => {
            let touched = matches.keys().flat_map(|key| tiers_with(settings, key)).collect();
            for (key, model) in matches {
                if let Some(route) = settings.routes.get_mut(&key) {
                    route.model = model;
                }
            }
            touched
        }
        SettingsChange::SetChain { tier, chain } => {
            settings.chains.insert(tier, chain);
            vec![tier]
        }
        SettingsChange::PutRoute { key, route } => {
            let touched = tiers_with(settings, &key);
            settings.routes.insert(key, route);
            touched
        }
        SettingsChange::RemoveRoute { key } => {
            let touched = tiers_with(settings, &key);
            settings.routes.remove(&key);
            for chain in settings.chains.values_mut() {
                chain.routes.retain(|route| *route != key);
            }
            touched
        }
        SettingsChange::SetPrice { route, price } => {
            if let Some(route) = settings.routes.get_mut(&route) {
                route.price = price;
            }
            tiers_with(settings, &route)
        }
        SettingsChange::SetGuard { tier, guard } => {
            match guard {
                Some(guard) => settings.cost_guard.insert(tier, guard),
                None => settings.cost_guard.remove(&tier),
            };
            vec![tier]
        }
        SettingsChange::SetTheme(theme) => {
            settings.window.theme = theme;
            Vec::new()
        }
        SettingsChange::SetCompactCards(compact) => {
            settings.window.compact_cards = compact;
            Vec::new()
        }
        SettingsChange::SetCrisisVendors(count) => {
            settings.thresholds.crisis_vendors = count.max(1);
            Vec::new()
        }
        SettingsChange::SetSettleMinutes(minutes) => {
            settings.thresholds.settle = jiff::SignedDuration::from_mins(i64::from(minutes));
            Vec::new()
        }
        SettingsChange::ResetChains => {
            let fresh = Settings::default();
            settings.routes = fresh.routes;
            settings.chains = fresh.chains;
            settings.cost_guard = fresh.cost_guard;
            Tier::ALL.to_vec()
        }
    }
}

fn tiers_with(settings: &Settings, key: &RouteKey) -> Vec<Tier> {
    let names = |(tier, chain): (&Tier, &crate::domain::Chain)| chain.routes.contains(key).then_some(*tier);
    settings.chains.iter().filter_map(names).collect()
}

fn mark_edited(world: &mut World, tiers: &[Tier]) {
    let concerned: Vec<CronId> =
        world.tiers.iter().filter(|(_, entry)| tiers.contains(&entry.tier)).map(|(id, _)| id.clone()).collect();
    Arc::make_mut(&mut world.edited).extend(concerned);
}
