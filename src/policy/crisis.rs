//! The rules of crisis mode: what still serves is kept for simple and for critical crons.
//!
//! Invariants: an unpinned critical cron is never paused; a cron that runs only after the outage is expected to
//! end is left alone; nothing is decided here for crons that are not ours to touch.

use jiff::Timestamp;

use super::chain::{ChainNow, Link, cheaper};
use super::distribute::{
    Case, distribute, move_to, nothing_serves, one_shot_to_keep, pinned, plain, runs_only_after, waiting,
};
use super::outage::vendors_serving;
use super::pause::{back_trigger, keep_paused_or_resume, onto, pause, resume, still_paused, what_goes_back};
use super::plan::{Decided, Own, Scene};
use crate::domain::{
    ChangeMark, LedgerEntry, Observation, Outage, OutageLevel, PlanMode, PlanNote, Reason, Settings, Tier, Trigger,
    Verdict,
};
use crate::fault::{self, Fault};

/// The rules of a crisis at one moment.
#[derive(Clone, Debug)]
pub(super) struct CrisisNow {
    /// When the outage is expected to be over: whatever runs only later is left alone.
    pub expected_end: Option<Timestamp>,
    /// It wanes, and its level is below: nothing more pauses, whenever it runs.
    over: bool,
    /// No vendor serves.
    dark: bool,
}

impl CrisisNow {
    pub(super) fn of(obs: &Observation, mode: PlanMode, settings: &Settings, outage: &Outage) -> Option<Self> {
        let over = mode == PlanMode::Waning && outage.level < OutageLevel::Crisis;
        match mode {
            PlanMode::Ordinary => None,
            PlanMode::Crisis | PlanMode::Waning => {
                let dark = outage.level == OutageLevel::Crisis && vendors_serving(obs, settings).is_empty();
                let expected_end = match (over, dark) {
                    (true, _) => Some(obs.at),
                    // Nothing is left to run on: whatever comes back first counts.
                    (false, true) => next_reset(outage),
                    (false, false) => expected_end(outage, settings),
                };
                Some(Self { expected_end, over, dark })
            }
        }
    }
}

/// When so many vendors are expected back that the level falls below the threshold; `None` when that is not
/// known, or when it is below already.
#[must_use]
pub fn expected_end(outage: &Outage, settings: &Settings) -> Option<Timestamp> {
    let threshold = settings.thresholds.crisis_vendors.max(1) as usize;
    let mut resets: Vec<Timestamp> =
        outage.down.iter().map(|vendor| vendor.resets_at.unwrap_or(Timestamp::MAX)).collect();
    resets.sort_unstable();
    let last = resets.len().checked_sub(threshold)?;
    Some(resets[last]).filter(|at| *at < Timestamp::MAX)
}

fn next_reset(outage: &Outage) -> Option<Timestamp> {
    outage.down.iter().filter_map(|down| down.resets_at).min()
}

/// What a crisis makes of a cron that is on; `None` where the ordinary rules hold: for critical crons, and for
/// simple ones that the user pinned.
pub(super) fn in_crisis(scene: &Scene<'_>, case: &Case<'_>, own: &Own, crisis: &CrisisNow) -> Option<Decided> {
    let chain = case.chain(scene);
    let spared = case.entry.critical && !fault::on(Fault::SparesCritical);
    if spared || !chain.any_set_up {
        return None;
    }
    // What the user wished waits until the crisis is over; this is not it.
    let case = &Case { edited: false, ..*case };
    match case.entry.tier {
        Tier::T1 if case.entry.pinned.is_some() => None,
        Tier::T1 => Some(cheapest(scene, case, own, chain, crisis)),
        Tier::T2 | Tier::T3 => Some(spare(scene, case, own, crisis)),
    }
}

/// Simple crons run on the cheapest route of their chain that serves.
fn cheapest(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow, crisis: &CrisisNow) -> Decided {
    let there = |index: usize| {
        let link = &chain.links[index];
        move_to(scene, case, own, link, Some(index), Reason::CheapestInCrisis { route: link.key.clone() })
    };
    let better = better_for_simple(own, chain);
    let held_until = crisis.expected_end.filter(|_| !crisis.over);
    if let Some(back_at) = runs_only_after(case.cron, held_until).filter(|_| own.fails() || better.is_some()) {
        let reason = Reason::RunsAfterReturn { expected_return: back_at };
        return waiting(case.cron, reason, Trigger::At { at: back_at }).since(own.since());
    }
    if own.fails() {
        return match (chain.cheapest_serving, chain.first_unknown) {
            (Some(index), _) => there(index),
            (None, Some(index)) => {
                let link = &chain.links[index];
                let reason = Reason::NextInChain { route: link.key.clone(), ahead: chain.ahead(index) };
                move_to(scene, case, own, link, Some(index), reason)
            }
            (None, None) => nothing_serves(scene, case, own, chain),
        };
    }
    match better {
        Some(index) => there(index),
        None => keep_simple(scene, case, own, chain),
    }
}

/// A cheaper route than its own that has served for `settle`; any such when its own is not in the chain.
fn better_for_simple(own: &Own, chain: &ChainNow) -> Option<usize> {
    chain.cheapest_settled.filter(|index| cheaper_than_own(own, chain, *index))
}

fn cheaper_than_own(own: &Own, chain: &ChainNow, index: usize) -> bool {
    let position = own.model.as_ref().and_then(|model| chain.position(model));
    let price = |at: usize| chain.links[at].output_price;
    position.is_none_or(|own_at| cheaper(price(index), price(own_at)).is_lt())
}

/// It is on the cheapest route that may be used now: says so, or what it waits for.
fn keep_simple(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Decided {
    let settling = chain.cheapest_serving.filter(|index| cheaper_than_own(own, chain, *index));
    let settling =
        settling.and_then(|index| Some((&chain.links[index], chain.links[index].settled_at(scene.settings)?)));
    let (reason, trigger) = match (settling, &own.route) {
        (Some((link, until)), _) => (Reason::Settling { route: link.key.clone(), until }, Trigger::At { at: until }),
        (None, Some(route)) if own.serves() => {
            (Reason::CheapestInCrisis { route: route.clone() }, Trigger::RouteFails { route: route.clone() })
        }
        (None, _) => (Reason::NoEvidence, Trigger::AnyRouteServes),
    };
    let position = own.model.as_ref().and_then(|model| chain.position(model));
    let mut decided = plain(case.cron, Verdict::Stay, reason, Some(trigger));
    decided.decision.chosen.clone_from(&own.route);
    decided.decision.model.clone_from(&own.model);
    decided.skipped(chain.skipped(position)).since(own.since())
}

/// A medium or complex cron that is not critical makes room, unless it would not run before the end anyway. A
/// one-shot would be lost: it is treated as critical.
fn spare(scene: &Scene<'_>, case: &Case<'_>, own: &Own, crisis: &CrisisNow) -> Decided {
    let end = crisis.expected_end;
    let held = |back_at: Timestamp| {
        let reason = Reason::RunsAfterReturn { expected_return: back_at };
        waiting(case.cron, reason, Trigger::At { at: back_at }).since(own.since())
    };
    if let Some(back_at) = runs_only_after(case.cron, end.filter(|_| !crisis.over)) {
        return held(back_at);
    }
    if let Some(due) = one_shot_to_keep(case) {
        return keep_due(scene, case, own, due);
    }
    if let Some(over_at) = end.filter(|_| crisis.over) {
        return held(over_at);
    }
    let chain = case.chain(scene);
    let nothing_may_serve = crisis.dark && own.fails() && chain.any_failing && chain.first_unknown.is_none();
    let reason = if nothing_may_serve {
        Reason::NothingServes { expected_return: end }
    } else {
        Reason::PausedInCrisis { expected_return: end }
    };
    pause(scene, case, own, reason, end)
}

/// What treats it as critical: the ordinary rules, which never pause it silently. The plan names it.
fn keep_due(scene: &Scene<'_>, case: &Case<'_>, own: &Own, due: Timestamp) -> Decided {
    let mut decided = match &case.entry.pinned {
        Some(pin) => pinned(scene, case, pin, own),
        None => distribute(scene, case, own),
    };
    if let Some(change) = decided.change.as_mut().filter(|change| !change.marks.contains(&ChangeMark::OneShot)) {
        change.marks.insert(0, ChangeMark::OneShot);
    }
    let note = PlanNote::OneShotKept { cron: case.cron.id.clone(), name: case.cron.name.clone(), due };
    decided.note = decided.note.or(Some(note));
    decided
}

/// A pause of ours goes on in a crisis, but for critical crons, and for simple ones as soon as a route of theirs has
/// served for a while.
pub(super) fn keep_paused_in_crisis(
    scene: &Scene<'_>,
    case: &Case<'_>,
    debt: &LedgerEntry,
    crisis: &CrisisNow,
) -> Decided {
    if case.entry.critical || case.entry.pinned.is_some() && case.entry.tier == Tier::T1 {
        return keep_paused_or_resume(scene, case, debt);
    }
    let chain = case.chain(scene);
    match (case.entry.tier, chain.cheapest_settled) {
        (Tier::T1, Some(index)) => resume_cheapest(scene, case, debt, chain, &chain.links[index]),
        (Tier::T1, None) => still_paused(scene, case, debt, chain),
        (Tier::T2 | Tier::T3, _) => {
            let reason = Reason::PausedInCrisis { expected_return: crisis.expected_end };
            waiting(case.cron, reason, back_trigger(crisis.expected_end)).since(Some(debt.opened_at))
        }
    }
}

fn resume_cheapest(scene: &Scene<'_>, case: &Case<'_>, debt: &LedgerEntry, chain: &ChainNow, link: &Link) -> Decided {
    let back = what_goes_back(debt, case.cron);
    let own = scene.own_of(back.model.as_deref(), case.cron.agent.as_deref());
    let to = if own.model == link.model { back } else { onto(chain, link) };
    let reason = Reason::CheapestInCrisis { route: link.key.clone() };
    resume(scene, case, &own, to, reason)
}
