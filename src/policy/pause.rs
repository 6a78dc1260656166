//! Pausing, and the way back: a pause of ours ends when a route has served for `settle`.
//!
//! Invariants: only what the ledger shows as our pause is ever switched on; a field that the user
//! changed meanwhile is theirs.

use jiff::Timestamp;

use super::chain::{ChainNow, Link};
use super::distribute::{Case, Draft, changed, dressed, mark_untested, waiting};
use super::plan::{Decided, Own, OwnState, Scene};
use super::standing::{Standing, later};
use crate::domain::{
    Cause, ChangeKind, Cron, Fields, LedgerEntry, LedgerReason, ModelRef, Observation, PlanNote, Reason, Trigger,
};
use crate::fault::{self, Fault};

/// Switches a cron off until something serves again.
pub(super) fn pause(
    scene: &Scene<'_>,
    case: &Case<'_>,
    own: &Own,
    reason: Reason,
    expected_return: Option<Timestamp>,
) -> Decided {
    let to = Fields { enabled: false, ..case.cron.fields() };
    let draft = Draft { kind: ChangeKind::Pause, to, to_model: own.model.clone(), to_route: None };
    let trigger = back_trigger(expected_return);
    let newest = own.since().filter(|since| *since <= scene.obs.at);
    changed(case, own, draft, reason, trigger).since(newest)
}

pub(super) fn back_trigger(expected_return: Option<Timestamp>) -> Trigger {
    expected_return.map_or(Trigger::AnyRouteServes, |at| Trigger::At { at })
}

/// The debt behind a cron that is off because of us.
pub(super) fn our_pause<'a>(obs: &'a Observation, cron: &Cron) -> Option<&'a LedgerEntry> {
    let ours = |debt: &&LedgerEntry| debt.pauses(&cron.fields()) || fault::on(Fault::ForgetsWhoPaused);
    obs.ledger.get(&cron.id).filter(ours)
}

/// What of a debt is given back: a field that somebody changed meanwhile is theirs.
pub(super) fn what_goes_back(debt: &LedgerEntry, cron: &Cron) -> Fields {
    if fault::on(Fault::OverwritesTheUsersField) { debt.before.clone() } else { debt.given_back(&cron.fields()) }
}

/// A paused cron of ours resumes on what it had before when that route serves and nothing better
/// does, else on what distribution says; with nothing settled it stays paused.
pub(super) fn keep_paused_or_resume(scene: &Scene<'_>, case: &Case<'_>, debt: &LedgerEntry) -> Decided {
    as_it_was(resumed_or_paused(scene, case, debt), debt, case.cron)
}

/// What gets back just what it had carries out no wish of the user's, whatever they wish now: that waits for them,
/// and this does not.
fn as_it_was(mut decided: Decided, debt: &LedgerEntry, cron: &Cron) -> Decided {
    if let Some(change) = decided.change.as_mut().filter(|change| change.to == what_goes_back(debt, cron)) {
        change.cause = Cause::Health;
    }
    decided
}

fn resumed_or_paused(scene: &Scene<'_>, case: &Case<'_>, debt: &LedgerEntry) -> Decided {
    if fault::on(Fault::NeverResumes) {
        return still_paused(scene, case, debt, case.chain(scene));
    }
    let back = what_goes_back(debt, case.cron);
    let own = scene.own_of(back.model.as_deref(), case.cron.agent.as_deref());
    let chain = case.chain(scene);
    let pinned_elsewhere = case.entry.pinned.as_ref().is_some_and(|pin| pin.model.is_some() && pin.model != own.model);
    if !pinned_elsewhere && (made_room(scene, debt, &own) || names_nothing(case, debt, &back, &own)) {
        return resume(scene, case, &own, back, Reason::GivenBack);
    }
    if let Some(pin) = &case.entry.pinned {
        return resume_pinned(scene, case, debt, pin.model.as_ref().map(ModelRef::as_str), back, &own);
    }
    let target = if case.entry.critical { critical_target(chain) } else { settled_target(chain) };
    let position = own.model.as_ref().and_then(|model| chain.position(model));
    match target {
        Some((link, index)) => {
            let better = position.is_some() && position <= index;
            let keeps = resumable(scene, case, &own) && (better || debt.why == LedgerReason::Crisis);
            let reason = if keeps { Reason::GivenBack } else { Reason::Resumes { route: link.key.clone() } };
            let to = if keeps { back } else { onto(chain, link) };
            resume(scene, case, &own, to, reason)
        }
        // What it had before may be no route of its chain that is allowed now: it is given back all the same.
        None if debt.why == LedgerReason::Crisis && resumable(scene, case, &own) => {
            resume(scene, case, &own, back, Reason::GivenBack)
        }
        None => still_paused(scene, case, debt, chain),
    }
}

/// It was paused although nothing spoke against its route, and nothing does now.
fn made_room(scene: &Scene<'_>, debt: &LedgerEntry, own: &Own) -> bool {
    debt.why == LedgerReason::Crisis && !own.fails() && !own.serves() && scene.never_failed(own)
}

/// The gateway never listed what it names: that is its owner's matter, as it was before the crisis.
fn names_nothing(case: &Case<'_>, debt: &LedgerEntry, back: &Fields, own: &Own) -> bool {
    debt.why == LedgerReason::Crisis && back.model == case.cron.fields().model && own.is_unlisted()
}

/// Nobody sorts the cron any more, so nothing but our debt keeps it off: it gets back what it had,
/// as soon as that is not known to fail.
pub(super) fn give_back_unsorted(scene: &Scene<'_>, cron: &Cron, debt: &LedgerEntry) -> Decided {
    let to = what_goes_back(debt, cron);
    let own = scene.own_of(to.model.as_deref(), cron.agent.as_deref());
    if own.fails() {
        let trigger = back_trigger(own.back_at());
        return waiting(cron, Reason::StillPaused, trigger).since(Some(debt.opened_at));
    }
    let draft = Draft { kind: ChangeKind::Resume, to, to_model: own.model.clone(), to_route: own.route.clone() };
    dressed(cron, None, Cause::Edit, &own, draft, Reason::GivenBack, Trigger::TheUser)
}

/// The debt of which something still stands in the cron, paused or not.
pub(super) fn owed<'a>(obs: &'a Observation, cron: &Cron) -> Option<&'a LedgerEntry> {
    obs.ledger.get(&cron.id).filter(|debt| debt.stands(&cron.fields()))
}

/// A cron of ours that runs elsewhere than before gets back what it had, once that has served for `settle`;
/// before that it is distributed like any other. What was never known to fail needs no proof.
pub(super) fn give_back_moved(scene: &Scene<'_>, case: &Case<'_>, own: &Own, debt: &LedgerEntry) -> Option<Decided> {
    let back = what_goes_back(debt, case.cron);
    let there = scene.own_of(back.model.as_deref(), case.cron.agent.as_deref());
    // What the gateway never listed goes back where distribution has nothing better.
    let nothing_better = there.is_unlisted() && case.chain(scene).first_serving.is_none();
    if !nothing_better && !made_room(scene, debt, &there) && !resumable(scene, case, &there) {
        return None;
    }
    let serves = there.serves();
    let draft =
        Draft { kind: ChangeKind::Move, to: back, to_model: there.model.clone(), to_route: there.route.clone() };
    let trigger = there.route.clone().map_or(Trigger::TheUser, |route| Trigger::RouteFails { route });
    let mut decided = changed(case, own, draft, Reason::GivenBack, trigger).since(there.since());
    if let Some(change) = &mut decided.change {
        mark_untested(change, serves);
    }
    Some(as_it_was(decided, debt, case.cron))
}

/// The model that this cron ran on before, as far as that goes back.
pub(super) fn goes_back_to(scene: &Scene<'_>, cron: &Cron, debt: &LedgerEntry) -> Option<ModelRef> {
    scene.own_of(what_goes_back(debt, cron).model.as_deref(), cron.agent.as_deref()).model.clone()
}

pub(super) fn onto(chain: &ChainNow, link: &Link) -> Fields {
    let model = link.model.as_ref().expect("only a set-up route is chosen");
    Fields { model: Some(model.as_str().to_owned()), fallbacks: Some(chain.fallbacks(model)), enabled: true }
}

fn settled_target(chain: &ChainNow) -> Option<(&Link, Option<usize>)> {
    chain.first_settled.map(|index| (&chain.links[index], Some(index)))
}

/// A cron that became critical while it was paused waits for nothing.
fn critical_target(chain: &ChainNow) -> Option<(&Link, Option<usize>)> {
    let own_chain = chain.first_serving.map(|index| (&chain.links[index], Some(index)));
    own_chain.or_else(|| chain.cheapest_anywhere.as_ref().map(|link| (link, None)))
}

/// It serves, and long enough to return to unless the cron is critical.
pub(super) fn resumable(scene: &Scene<'_>, case: &Case<'_>, own: &Own) -> bool {
    own.serves() && (case.entry.critical || settled_at(scene, own).is_some_and(|from| from <= scene.obs.at))
}

pub(super) fn settled_at(scene: &Scene<'_>, own: &Own) -> Option<Timestamp> {
    match own.state {
        OwnState::Known(Standing::Serving { since }) => {
            Some(since.map_or(Timestamp::MIN, |since| later(since, scene.settings.thresholds.settle)))
        }
        _ => None,
    }
}

pub(super) fn resume(scene: &Scene<'_>, case: &Case<'_>, own: &Own, to: Fields, reason: Reason) -> Decided {
    let there = scene.own_of(to.model.as_deref(), case.cron.agent.as_deref());
    let trigger = match &there.route {
        Some(route) => Trigger::RouteFails { route: route.clone() },
        None => Trigger::TheUser,
    };
    let draft = Draft { kind: ChangeKind::Resume, to, to_model: there.model.clone(), to_route: there.route.clone() };
    let chain = case.chain(scene);
    let index = there.model.as_ref().and_then(|model| chain.position(model));
    let now = scene.own_of(case.cron.fields().model.as_deref(), case.cron.agent.as_deref());
    let from = if now.model.is_some() { &now } else { own };
    let skipped = chain.skipped(index);
    changed(case, from, draft, reason, trigger).skipped(skipped).since(there.since())
}

pub(super) fn resume_pinned(
    scene: &Scene<'_>,
    case: &Case<'_>,
    debt: &LedgerEntry,
    pin: Option<&str>,
    back: Fields,
    own: &Own,
) -> Decided {
    let pinned_to = pin.map(|model| scene.own_of(Some(model), None));
    let there = pinned_to.as_ref().unwrap_or(own);
    if resumable(scene, case, there) {
        let holds = there.model == own.model;
        let to = match &there.model {
            Some(model) if !holds => Fields {
                model: Some(model.as_str().to_owned()),
                fallbacks: Some(case.chain(scene).fallbacks(model)),
                enabled: true,
            },
            _ => back,
        };
        return resume(scene, case, own, to, Reason::GivenBack);
    }
    let reason = match (settled_at(scene, there), &there.route) {
        (Some(until), Some(route)) => Reason::Settling { route: route.clone(), until },
        _ => Reason::PinnedOnDeadRoute { model: there.model.clone() },
    };
    let expected = settled_at(scene, there).or(there.back_at());
    waiting(case.cron, reason, back_trigger(expected)).since(Some(debt.opened_at))
}

pub(super) fn still_paused(scene: &Scene<'_>, case: &Case<'_>, debt: &LedgerEntry, chain: &ChainNow) -> Decided {
    let settling = chain.first_serving.map(|index| &chain.links[index]);
    let (reason, trigger) = match settling.and_then(|link| Some((link, link.settled_at(scene.settings)?))) {
        Some((link, until)) => (Reason::Settling { route: link.key.clone(), until }, Trigger::At { at: until }),
        None => (Reason::StillPaused, back_trigger(chain.expected_return)),
    };
    let mut decided = waiting(case.cron, reason, trigger).since(Some(debt.opened_at));
    if case.entry.critical {
        let (cron, name) = (case.cron.id.clone(), case.cron.name.clone());
        decided.note = Some(PlanNote::CriticalStranded { cron, name });
    }
    decided.skipped(chain.skipped(None))
}
