//! Which accounts the gateway shall wake us for, and when: one one-shot for each that is down and of which
//! somebody said when it is back.
//!
//! By our clock. Nothing is put on a gateway of which this program has changed nothing that a return would take
//! back, and nothing at all while it only observes. Where nobody knows a reset, the looks of this program go on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::agenda::AFTER_RESET;
use super::outage::routes_in_chains;
use super::standing::{Failure, OUTAGE_AFTER, Standing, later, set_aside, standing};
use crate::domain::{
    AccountId, AutomationLevel, Cause, Crisis, CronId, ModelRef, Observation, Settings, SkipReason, Span, Switch,
};
use crate::fault::{self, Fault};

/// The one-shots that should be on the gateway.
///
/// `switches`: newest first. Of an account whose models come back at different times the first one counts.
#[must_use]
pub fn wakeups(
    obs: &Observation,
    settings: &Settings,
    crisis: &Crisis,
    switches: &[Switch],
) -> BTreeMap<AccountId, Timestamp> {
    if settings.automation.level == AutomationLevel::Observe && !fault::on(Fault::WakesWhileObserving) {
        return BTreeMap::new();
    }
    let down = down(obs, settings);
    if down.is_empty() {
        return BTreeMap::new();
    }
    let owed = crisis.mode.is_some() || !obs.ledger.is_empty();
    let left_at = if owed { BTreeMap::new() } else { left_at(obs, switches) };
    let waited_for =
        |account: &AccountId, down: &Down| owed || left_at.get(account).is_some_and(|at| *at >= down.since);
    let wanted = down.into_iter().filter(|(account, down)| waited_for(account, down));
    wanted.map(|(account, down)| (account, later(down.back_at, AFTER_RESET))).collect()
}

struct Down {
    /// At the earliest; a used-up window tells only when it began.
    since: Timestamp,
    back_at: Timestamp,
}

fn down(obs: &Observation, settings: &Settings) -> BTreeMap<AccountId, Down> {
    let mut down: BTreeMap<AccountId, Down> = BTreeMap::new();
    for route in routes_in_chains(settings) {
        let counted = set_aside(route, settings, obs.at).is_none();
        let Some(model) = route.model.as_ref().filter(|model| counted && obs.catalog.sets_up(model)) else { continue };
        let Standing::Failing(failure) = standing(model, &obs.catalog, &obs.fleet, settings, obs.at) else { continue };
        let Some(found) = known_return(&failure, model, obs) else { continue };
        let sooner = down.get(&model.account()).is_none_or(|known| found.back_at < known.back_at);
        if sooner {
            down.insert(model.account(), found);
        }
    }
    down
}

/// `None` for what nobody put a time on, and for what passes in minutes.
fn known_return(failure: &Failure, model: &ModelRef, obs: &Observation) -> Option<Down> {
    let back_at = failure.back_at.filter(|at| *at > obs.at)?;
    let since = match &failure.why {
        SkipReason::Down { .. } => failure.since.unwrap_or(Timestamp::MIN),
        SkipReason::WindowExhausted { label, .. } => {
            let windows = obs.fleet.windows.get(&model.account()).into_iter().flatten();
            let span = windows.filter(|window| window.label == *label).find_map(|window| window.span).and_then(length);
            span.and_then(|span| back_at.checked_sub(span).ok()).unwrap_or(Timestamp::MIN)
        }
        // A cooldown of the gateway.
        _ => return None,
    };
    (back_at > later(since, OUTAGE_AFTER)).then_some(Down { since, back_at })
}

fn length(span: Span) -> Option<SignedDuration> {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    match span {
        Span::Minute => Some(SignedDuration::from_mins(1)),
        Span::Hours(hours) => Some(SignedDuration::from_hours(i64::from(hours))),
        Span::Daily => Some(DAY),
        Span::Weekly => Some(DAY * 7),
        Span::Monthly => Some(DAY * 31),
        Span::Endless => None,
    }
}

/// When health last moved a cron off each account, of moves that still stand: nobody has moved it since.
fn left_at(obs: &Observation, switches: &[Switch]) -> BTreeMap<AccountId, Timestamp> {
    let mut left = BTreeMap::new();
    let mut elsewhere: BTreeSet<&CronId> = BTreeSet::new();
    let mut stands_on: BTreeMap<&CronId, Option<&str>> = BTreeMap::new();
    for switch in switches {
        let Some(cron) = obs.crons.get(&switch.cron).filter(|cron| !elsewhere.contains(&cron.id)) else { continue };
        let now =
            stands_on.get(&cron.id).copied().unwrap_or_else(|| cron.turn().and_then(|turn| turn.model.as_deref()));
        let ours = switch.cause == Cause::Health && switch.undone_by.is_none();
        if !ours || switch.to.model.as_deref() != now {
            elsewhere.insert(&cron.id);
            continue;
        }
        stands_on.insert(&cron.id, switch.from.model.as_deref());
        let account = |model: Option<&str>| Some(obs.catalog.resolve(model, cron.agent.as_deref())?.account());
        let (from, to) = (account(switch.from.model.as_deref()), account(switch.to.model.as_deref()));
        if let Some(from) = from.filter(|from| Some(from) != to.as_ref()) {
            left.entry(from).or_insert(switch.at);
        }
    }
    left
}

#[cfg(test)]
mod tests;
