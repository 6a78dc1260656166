//! Changes of the settings. A changed chain is the user's edit of every cron in its tier, and a step
//! of the same history as those of the mapping.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Receipt;
use super::super::{Done, Event, SettingsChange, Ticket, World};
use super::edit_history::Change;
use super::{edit, edited, past};
use crate::domain::{HistorySettings, ProblemKind, Refusal, RouteKey, Settings};

pub const SAVE_PROBLEM: &str = "state/settings.json";

/// Carries out a change and remembers how to take it back.
pub fn change(world: &mut World, ticket: Ticket, change: SettingsChange) -> Result<Vec<Effect>, Refusal> {
    edit::may_save(world)?;
    let before = world.settings.clone();
    let label = label(&before, &change);
    let mut settings = (*before).clone();
    apply(&mut settings, change);
    if settings == *before {
        return Err(Refusal::NothingToDo);
    }
    let after = Arc::new(settings);
    let done = label.clone().map_or(Done::Quietly, |label| Done::Edited { label });
    if let Some(label) = label {
        world.history.did(label, Change::Settings { before, after: after.clone() });
    }
    Ok(put(world, ticket, after, done))
}

/// Makes these the settings and puts them on the way to the disk.
pub(super) fn put(world: &mut World, ticket: Ticket, settings: Arc<Settings>, done: Done) -> Vec<Effect> {
    let wished = edited::wishes(world, world.tiers.keys());
    world.settings = settings;
    past::tidy_now(world);
    world.settings_unsaved += 1;
    edited::mark(world, wished);
    world.dirty.plan = true;
    world.dirty.shown = true;
    let receipt = Receipt::Settings { ticket, done };
    vec![
        Effect::Store(Box::new(StoreOp::SaveSettings { settings: world.settings.clone(), receipt })),
        Effect::Store(Box::new(StoreOp::SavePending((*world.edited).clone()))),
    ]
}

/// The settings are on disk, or could not be written: then they hold until the program ends.
pub fn saved(world: &mut World, ticket: Ticket, done: Done, result: Result<(), ProblemKind>, now: Timestamp) -> Effect {
    world.settings_unsaved = world.settings_unsaved.saturating_sub(1);
    match result {
        Ok(()) => {
            world.clear(SAVE_PROBLEM);
            Effect::Emit(Event::Done { ticket, what: done })
        }
        Err(problem) => {
            world.raise(SAVE_PROBLEM, problem.clone(), now);
            Effect::Emit(Event::Refused { ticket, why: Refusal::Problem(problem) })
        }
    }
}

/// "T1 chain changed": what undo would take back. How the window looks is no step.
fn label(settings: &Settings, change: &SettingsChange) -> Option<String> {
    let name = |key: &RouteKey| settings.routes.get(key).map_or(key.as_str(), |route| route.label.as_str()).to_owned();
    Some(match change {
        SettingsChange::MatchRoutes(matches) if matches.len() == 1 => "1 route matched".to_owned(),
        SettingsChange::MatchRoutes(matches) => format!("{} routes matched", matches.len()),
        SettingsChange::SetChain { tier, .. } => format!("{} chain changed", tier.code()),
        SettingsChange::PutRoute { key, route } if !settings.routes.contains_key(key) => {
            format!("route {} added", route.label)
        }
        SettingsChange::PutRoute { key, .. } => format!("route {} changed", name(key)),
        SettingsChange::RemoveRoute { key } => format!("route {} removed", name(key)),
        SettingsChange::SetPrice { route, .. } => format!("price of {} changed", name(route)),
        SettingsChange::SetGuard { tier, .. } => format!("{} cost guard changed", tier.code()),
        SettingsChange::PutAccount(account) if !settings.accounts.contains_key(&account.id) => {
            format!("account {} added", account.label)
        }
        SettingsChange::PutAccount(account) => format!("account {} changed", account.label),
        SettingsChange::RemoveAccount { id } => format!("account {} removed", settings.account(id).label),
        SettingsChange::SetChecks(_) => "checks changed".to_owned(),
        SettingsChange::SetQuotaAware(true) => "distribution looks at quotas".to_owned(),
        SettingsChange::SetQuotaAware(false) => "distribution looks at quotas no more".to_owned(),
        SettingsChange::SetEditsSchedules(true) => "schedules may get a stagger".to_owned(),
        SettingsChange::SetEditsSchedules(false) => "schedules stay as they are".to_owned(),
        SettingsChange::SetAutomation(_) => "automation changed".to_owned(),
        SettingsChange::SetNotifications(_) => "notifications changed".to_owned(),
        SettingsChange::SetCrisisVendors(_) => "crisis threshold changed".to_owned(),
        SettingsChange::SetSettleMinutes(_) => "settle time changed".to_owned(),
        SettingsChange::SetHistoryDays(_) => "length of the history changed".to_owned(),
        SettingsChange::ResetChains => "chains and routes reset".to_owned(),
        SettingsChange::SetTheme(_) | SettingsChange::SetCompactCards(_) | SettingsChange::SetQuotaStrip(_) => {
            return None;
        }
    })
}

fn apply(settings: &mut Settings, change: SettingsChange) {
    match change {
        SettingsChange::MatchRoutes(matches) => {
            for (key, model) in matches {
                if let Some(route) = settings.routes.get_mut(&key) {
                    route.model = model;
                }
            }
        }
        SettingsChange::SetChain { tier, mut chain } => {
            // They are there for a while, and written elsewhere.
            chain.routes.retain(|route| !route.is_temporary());
            settings.chains.insert(tier, chain);
        }
        SettingsChange::PutRoute { key, .. } if key.is_temporary() => {}
        SettingsChange::PutRoute { key, route } => {
            settings.routes.insert(key, route);
        }
        SettingsChange::RemoveRoute { key } => {
            settings.routes.remove(&key);
            for chain in settings.chains.values_mut() {
                chain.routes.retain(|route| *route != key);
            }
        }
        SettingsChange::SetPrice { route, price } => {
            if let Some(route) = settings.routes.get_mut(&route) {
                route.price = price;
            }
        }
        SettingsChange::SetGuard { tier, guard } => {
            match guard {
                Some(guard) => settings.cost_guard.insert(tier, guard),
                None => settings.cost_guard.remove(&tier),
            };
        }
        SettingsChange::PutAccount(account) => {
            settings.accounts.insert(account.id.clone(), *account);
        }
        SettingsChange::RemoveAccount { id } => {
            settings.accounts.remove(&id);
        }
        SettingsChange::SetAutomation(automation) => settings.automation = automation,
        SettingsChange::SetNotifications(notifications) => settings.notifications = notifications,
        SettingsChange::SetQuotaAware(aware) => settings.distribution.quota_aware = aware,
        SettingsChange::SetEditsSchedules(edits) => settings.distribution.edits_schedules = edits,
        SettingsChange::SetChecks(checks) => settings.checks = checks,
        SettingsChange::SetTheme(theme) => settings.window.theme = theme,
        SettingsChange::SetCompactCards(compact) => settings.window.compact_cards = compact,
        SettingsChange::SetQuotaStrip(shown) => settings.window.quota_strip = shown,
        SettingsChange::SetCrisisVendors(count) => settings.thresholds.crisis_vendors = count.max(1),
        SettingsChange::SetSettleMinutes(minutes) => {
            settings.thresholds.settle = jiff::SignedDuration::from_mins(i64::from(minutes));
        }
        SettingsChange::SetHistoryDays(days) => {
            let (least, most) = (HistorySettings::LEAST_DAYS, HistorySettings::MOST_DAYS);
            settings.history.keep_days = days.clamp(least, most);
        }
        SettingsChange::ResetChains => {
            let fresh = Settings::default();
            settings.routes = fresh.routes;
            settings.chains = fresh.chains;
            settings.cost_guard = fresh.cost_guard;
        }
    }
}
