//! Where one cron should be: the first serving route of its chain, and what happens when there is none.
//!
//! Invariants: health never moves a cron from a route that is not known to fail onto an untested
//! one; unknown never pauses; a critical cron is never paused; nothing is decided for crons that
//! are not ours to touch.

use std::sync::Arc;

use jiff::Timestamp;

use super::chain::{ChainNow, Link};
use super::crisis::{in_crisis, keep_paused_in_crisis};
use super::early::{last_chance, near_off, offer_switched_off};
use super::pause::{give_back_moved, give_back_unsorted, goes_back_to, keep_paused_or_resume, our_pause, owed, pause};
use super::plan::{Decided, Own, OwnState, Scene};
use super::standing::Standing;
use crate::domain::{
    Catalog, Cause, Change, ChangeKind, ChangeMark, Cron, Decision, Fields, LedgerEntry, MadeBy, ModelRef, Owner,
    Payload, Pin, PlanNote, Reason, RouteKey, SkipReason, Skipped, TierEntry, Trigger, Verdict,
};
use crate::fault::{self, Fault};

/// What should happen to `cron`, and why.
pub(super) fn decide<'a>(scene: &mut Scene<'a>, cron: &'a Cron) -> Decided {
    if let Some(reason) = not_ours(cron) {
        // Whatever it runs now, a pause of ours ends.
        return match our_pause(scene.obs, cron).filter(|_| cron.owner() == Owner::User && scene.obs.gateway_reachable) {
            Some(debt) => give_back_unsorted(scene, cron, debt),
            None => left_alone(cron, reason, None),
        };
    }
    if !scene.obs.gateway_reachable {
        return left_alone(cron, Reason::GatewayAway, None);
    }
    if scene.obs.busy.contains(&cron.id) {
        return left_alone(cron, Reason::Busy, None);
    }
    let obs = scene.obs;
    let Some(entry) = obs.tiers.get(&cron.id) else {
        return match owed(obs, cron) {
            Some(debt) => give_back_unsorted(scene, cron, debt),
            None => left_alone(cron, Reason::Unsorted, Some(Trigger::TheUser)),
        };
    };
    if let Some(hold) = entry.hold.as_ref().filter(|_| !fault::on(Fault::TouchesHeld)) {
        return left_alone(cron, Reason::Held { why: hold.why }, Some(Trigger::TheUser)).since(Some(hold.since));
    }
    if !cron.enabled && !fault::on(Fault::SwitchesOnWhatWasOff) {
        return match our_pause(obs, cron) {
            Some(debt) => paused_by_us(scene, &Case::new(scene, cron, entry), debt),
            None => off_by_others(scene, cron, entry),
        };
    }
    let own = scene.own(cron);
    let case = Case::new(scene, cron, entry);
    let ruled = scene.crisis.as_ref().and_then(|crisis| in_crisis(scene, &case, &own, crisis));
    if let Some(decided) = ruled {
        return decided;
    }
    let debt = owed(obs, cron).filter(|_| scene.crisis.is_none());
    let owing = Case { edited: false, ..case };
    if let Some(pin) = entry.pinned.as_ref().filter(|_| !fault::on(Fault::MovesPinned)) {
        // What is owed may be just what its user has fixed.
        let debt = debt.filter(|debt| pin.model.is_some() && goes_back_to(scene, cron, debt) == pin.model);
        let given_back = debt.and_then(|debt| give_back_moved(scene, &owing, &own, debt));
        return given_back.unwrap_or_else(|| pinned(scene, &case, pin, &own));
    }
    // What is owed first; what the user wished since comes after it.
    let given_back = debt.and_then(|debt| give_back_moved(scene, &owing, &own, debt));
    given_back.unwrap_or_else(|| distribute(scene, &case, &own))
}

/// Somebody else switched it off: it stays off, and gets back what of it is still ours.
fn off_by_others<'a>(scene: &mut Scene<'a>, cron: &'a Cron, entry: &'a TierEntry) -> Decided {
    let case = Case::new(scene, cron, entry);
    let debt = owed(scene.obs, cron).filter(|_| scene.crisis.is_none());
    if let Some(decided) = offer_switched_off(scene, &case, debt.filter(|_| !case.edited)) {
        return decided;
    }
    let own = scene.own(cron);
    let owing = Case { edited: false, ..case };
    let given_back = debt.and_then(|debt| give_back_moved(scene, &owing, &own, debt));
    given_back.unwrap_or_else(|| paused_by_others(cron))
}

/// That it is off is ours to mend, whatever its user wishes now; only a pin waits for them.
fn paused_by_us(scene: &Scene<'_>, case: &Case<'_>, debt: &LedgerEntry) -> Decided {
    let case = &Case { edited: case.edited && case.entry.pinned.is_some(), ..*case };
    match &scene.crisis {
        Some(crisis) => keep_paused_in_crisis(scene, case, debt, crisis),
        None => keep_paused_or_resume(scene, case, debt),
    }
}

/// One cron with what the user decided about it.
#[derive(Clone, Copy)]
pub(super) struct Case<'c> {
    pub cron: &'c Cron,
    pub entry: &'c TierEntry,
    /// What differs comes from the user's own edit.
    pub edited: bool,
}

impl<'c> Case<'c> {
    fn new(scene: &Scene<'_>, cron: &'c Cron, entry: &'c TierEntry) -> Self {
        Self { cron, entry, edited: scene.obs.edited.contains(&cron.id) }
    }

    pub(super) fn chain<'s>(&self, scene: &'s Scene<'_>) -> &'s ChainNow {
        scene.chains.of(self.entry.tier, self.entry.critical && self.entry.above_guard)
    }

    pub(super) fn cause(&self) -> Cause {
        if self.edited { Cause::Edit } else { Cause::Health }
    }
}

fn not_ours(cron: &Cron) -> Option<Reason> {
    match cron.owner() {
        Owner::Gateway => Some(Reason::GatewayOwned),
        Owner::ThisProgram => Some(Reason::OwnMark),
        Owner::User if matches!(cron.payload, Payload::Other(_)) => Some(Reason::NoModel),
        Owner::User => None,
    }
}

fn paused_by_others(cron: &Cron) -> Decided {
    let (reason, since) = match &cron.auto_disabled {
        Some(off) => (Reason::AutoDisabled, off.at),
        None => (Reason::PausedByUser, None),
    };
    left_alone(cron, reason, Some(Trigger::TheUser)).since(since)
}

pub(super) fn distribute(scene: &Scene<'_>, case: &Case<'_>, own: &Own) -> Decided {
    let chain = case.chain(scene);
    if !chain.any_set_up {
        let reason = Reason::ChainNotSetUp { tier: case.entry.tier };
        return left_alone(case.cron, reason, Some(Trigger::TheUser)).skipped(chain.skipped(None));
    }
    if own.fails() {
        // Health takes it away whatever is edited; what the user wished comes after that, as an edit.
        return leave_failing(scene, &Case { edited: false, ..*case }, own, chain);
    }
    if let Some(decided) = on_detour(scene, case, own, chain).filter(|_| !near_off(case.cron)) {
        return decided;
    }
    if let Some(route) = waits_for_an_answer(case, own, chain) {
        let reason = Reason::RouteUnanswered { route: route.clone() };
        return left_alone(case.cron, reason, Some(Trigger::TheUser)).skipped(chain.skipped(None));
    }
    if case.edited {
        return follow_edit(scene, case, own, chain);
    }
    if let Some(decided) = last_chance(scene, case, own, chain) {
        return decided;
    }
    match better_settled(chain, own).filter(|_| !near_off(case.cron)) {
        Some(index) => {
            let link = &chain.links[index];
            let since = serving_since(&link.standing);
            let reason = Reason::FirstServing { route: link.key.clone(), ahead: chain.ahead(index), since };
            move_to(scene, case, own, link, Some(index), reason)
        }
        None => stay(scene, case, own, chain),
    }
}

/// It was sent elsewhere for a while: there it goes and stays, as long as that route serves.
fn on_detour(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Option<Decided> {
    let detour = case.entry.detour.as_ref().filter(|detour| detour.until > scene.obs.at)?;
    let index = chain.links.iter().position(|link| link.key == detour.route && link.serves())?;
    let link = &chain.links[index];
    let reason = Reason::Detour { route: link.key.clone(), until: detour.until };
    let trigger = Some(Trigger::At { at: detour.until });
    let spared = |skipped: &Skipped| match skipped.why {
        SkipReason::NotNeeded if chain.links[..index].iter().any(|link| link.key == skipped.route) => {
            Skipped { why: SkipReason::Spared { until: detour.until }, ..skipped.clone() }
        }
        _ => skipped.clone(),
    };
    let skipped: Arc<[Skipped]> = chain.skipped(Some(index)).iter().map(spared).collect();
    if link.model == own.model {
        let mut decided = plain(case.cron, Verdict::Stay, reason, trigger);
        decided.decision.chosen = Some(link.key.clone());
        decided.decision.model.clone_from(&own.model);
        return Some(decided.skipped(skipped).since(own.since()));
    }
    let mut decided = move_to(scene, case, own, link, Some(index), reason).skipped(skipped);
    decided.decision.would_change = trigger;
    if let Some(change) = decided.change.as_mut().filter(|_| !own.fails()) {
        change.cause = Cause::Forecast;
    }
    Some(decided)
}

/// The route whose model only the user can name, when that answer decides what is to happen: it comes
/// first, the fallbacks hold it, or it may be the very one that the cron is on.
fn waits_for_an_answer<'c>(case: &Case<'_>, own: &Own, chain: &'c ChainNow) -> Option<&'c RouteKey> {
    let asked = chain.first_asked?;
    let own_at = own.model.as_ref().and_then(|model| chain.position(model));
    let decides = match chain.first_open {
        Some(open) if case.edited => asked < open || own_at == Some(open),
        _ => own_at.is_none(),
    };
    decides.then(|| &chain.links[asked].key)
}

/// The user's own edit: a route that may serve holds its place in the chain, tested or not.
fn follow_edit(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Decided {
    match chain.first_open {
        Some(index) if chain.links[index].model == own.model => refit_or_stay(scene, case, own, chain, index),
        Some(index) => {
            let link = &chain.links[index];
            let reason = Reason::UsersEdit { route: link.key.clone() };
            move_to(scene, case, own, link, Some(index), reason)
        }
        None => stay(scene, case, own, chain),
    }
}

/// Its own route is known not to serve: the first that does, else one that may.
fn leave_failing(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Decided {
    if case.entry.critical && fault::on(Fault::StrandsCritical) {
        return stranded(case, own, critical_note(case.cron));
    }
    if let Some(decided) = on_detour(scene, case, own, chain) {
        return decided;
    }
    if let Some(index) = chain.first_serving {
        let reason = first_serving(chain, index);
        return move_to(scene, case, own, &chain.links[index], Some(index), reason);
    }
    if case.entry.critical
        && let Some(link) = &chain.cheapest_anywhere
    {
        return move_to(scene, case, own, link, None, Reason::CheapestForCritical { route: link.key.clone() });
    }
    if let Some(index) = chain.first_unknown {
        let link = &chain.links[index];
        let ahead = chain.ahead(index);
        let reason = Reason::NextInChain { route: link.key.clone(), ahead };
        return move_to(scene, case, own, link, Some(index), reason);
    }
    nothing_serves(scene, case, own, chain)
}

/// Its own route fails and there is nowhere to go.
pub(super) fn nothing_serves(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Decided {
    let expected_return = chain.expected_return;
    let skipped = chain.skipped(None);
    if case.entry.critical && !fault::on(Fault::PausesCritical) {
        return stranded(case, own, critical_note(case.cron)).skipped(skipped);
    }
    if !chain.any_failing {
        let decided = waiting(case.cron, Reason::NothingServes { expected_return }, Trigger::AnyRouteServes);
        return decided.skipped(skipped).since(own.since());
    }
    if let Some(back_at) = runs_only_after(case.cron, expected_return) {
        let reason = Reason::RunsAfterReturn { expected_return: back_at };
        return waiting(case.cron, reason, Trigger::At { at: back_at }).skipped(skipped).since(own.since());
    }
    if let Some(due) = one_shot_to_keep(case) {
        return keep_one_shot(scene, case, own, chain, due);
    }
    pause(scene, case, own, Reason::NothingServes { expected_return }, expected_return).skipped(skipped)
}

/// A one-shot would be lost for good: it is treated as critical unless the user said otherwise.
fn keep_one_shot(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow, due: Timestamp) -> Decided {
    let note = PlanNote::OneShotKept { cron: case.cron.id.clone(), name: case.cron.name.clone(), due };
    let Some(link) = &chain.cheapest_anywhere else {
        let skipped = chain.skipped(None);
        return stranded(case, own, note).skipped(skipped);
    };
    let reason = Reason::CheapestForCritical { route: link.key.clone() };
    let mut decided = move_to(scene, case, own, link, None, reason);
    if let Some(change) = &mut decided.change {
        change.marks.insert(0, ChangeMark::OneShot);
    }
    decided.note = Some(note);
    decided
}

pub(super) fn one_shot_to_keep(case: &Case<'_>) -> Option<Timestamp> {
    let wanted = case.cron.one_shot() && !case.entry.may_miss_one_shot;
    case.cron.next_run_at.filter(|_| wanted)
}

/// The expected return, when the next run lies after it.
pub(super) fn runs_only_after(cron: &Cron, expected_return: Option<Timestamp>) -> Option<Timestamp> {
    let back_at = expected_return?;
    cron.next_run_at.is_some_and(|next| next >= back_at).then_some(back_at)
}

fn first_serving(chain: &ChainNow, index: usize) -> Reason {
    let ahead = chain.ahead(index);
    Reason::FirstServing { route: chain.links[index].key.clone(), ahead, since: None }
}

/// A settled route that comes before the cron's own, or any when its own is not in the chain.
fn better_settled(chain: &ChainNow, own: &Own) -> Option<usize> {
    let settled = chain.first_settled?;
    let position = own.model.as_ref().and_then(|model| chain.position(model));
    let goes_on = position == Some(settled) && fault::on(Fault::WritesWhatIsThere);
    (goes_on || position.is_none_or(|position| settled < position)).then_some(settled)
}

fn refit_or_stay(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow, index: usize) -> Decided {
    let Some(model) = &own.model else { return stay(scene, case, own, chain) };
    let fields = case.cron.fields();
    let fallbacks = chain.fallbacks(model);
    let fits = fields.fallbacks.as_ref().is_none_or(|held| same_models(held, &fallbacks, &scene.obs.catalog));
    if fits {
        return stay(scene, case, own, chain);
    }
    let link = &chain.links[index];
    let to = Fields { fallbacks: Some(fallbacks), ..fields };
    let draft = Draft { kind: ChangeKind::Refit, to, to_model: Some(model.clone()), to_route: Some(link.key.clone()) };
    changed(case, own, draft, Reason::ChainEdited, Trigger::RouteFails { route: link.key.clone() })
        .skipped(chain.skipped(Some(index)))
}

/// Whether two lists name the same models in the same order, by alias or in full.
fn same_models(held: &[String], wanted: &[String], catalog: &Catalog) -> bool {
    let resolve = |name: &String| catalog.resolve(Some(name), None);
    held.len() == wanted.len()
        && held.iter().zip(wanted).all(|(a, b)| a == b || resolve(a).is_some_and(|m| m.as_str() == b))
}

/// It is where it should be, or nothing speaks for a change: says which, and what it waits for.
fn stay(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Decided {
    let position = own.model.as_ref().and_then(|model| chain.position(model));
    let ahead = &chain.links[..position.unwrap_or(chain.links.len())];
    let better = ahead.iter().find(|link| link.serves() || link.unknown());
    let (reason, trigger) = match (better, position) {
        (Some(link), _) => match link.settled_at(scene.settings) {
            Some(until) => (Reason::Settling { route: link.key.clone(), until }, Trigger::At { at: until }),
            None => (Reason::BetterIsUntested { route: link.key.clone() }, returns(scene, link)),
        },
        (None, Some(own_at)) => {
            let route = chain.links[own_at].key.clone();
            let reason = match (own.serves(), own_at) {
                (true, 0) => Reason::AsIntended { route: route.clone() },
                (true, _) => Reason::FirstServing { route: route.clone(), ahead: chain.ahead(own_at), since: None },
                (false, _) => Reason::NoEvidence,
            };
            let trigger = ahead
                .iter()
                .find(|link| link.usable())
                .map_or(Trigger::RouteFails { route }, |link| returns(scene, link));
            (reason, trigger)
        }
        (None, None) => (Reason::NoEvidence, Trigger::AnyRouteServes),
    };
    let mut decided = plain(case.cron, Verdict::Stay, reason, Some(trigger));
    decided.decision.chosen = position.map(|own_at| chain.links[own_at].key.clone());
    decided.decision.model.clone_from(&own.model);
    decided.skipped(chain.skipped(position)).since(own.since())
}

fn returns(scene: &Scene<'_>, link: &Link) -> Trigger {
    Trigger::RouteServes { route: link.key.clone(), settle: scene.settings.thresholds.settle }
}

/// The user fixed its model; only a dead one is our business.
pub(super) fn pinned(scene: &Scene<'_>, case: &Case<'_>, pin: &Pin, own: &Own) -> Decided {
    let Some(model) = pin.model.as_ref().filter(|model| own.model.as_ref() != Some(*model)) else {
        return pinned_here(scene, case, own);
    };
    let there = scene.own_of(Some(model.as_str()), None);
    if there.fails() {
        let reason = Reason::PinnedOnDeadRoute { model: Some(model.clone()) };
        return waiting(case.cron, reason, Trigger::TheUser).since(there.since());
    }
    let to = Fields {
        model: Some(model.as_str().to_owned()),
        fallbacks: Some(case.chain(scene).fallbacks(model)),
        enabled: true,
    };
    let draft = Draft { kind: ChangeKind::Move, to, to_model: Some(model.clone()), to_route: there.route.clone() };
    let mut decided = changed(case, own, draft, Reason::Pinned { model: Some(model.clone()) }, Trigger::TheUser);
    if let Some(change) = &mut decided.change {
        change.cause = Cause::Edit;
        mark_untested(change, there.serves());
    }
    decided
}

fn pinned_here(scene: &Scene<'_>, case: &Case<'_>, own: &Own) -> Decided {
    let model = own.model.clone();
    if !own.fails() {
        let mut decided = left_alone(case.cron, Reason::Pinned { model: model.clone() }, Some(Trigger::TheUser));
        decided.decision.chosen.clone_from(&own.route);
        decided.decision.model = model;
        return decided.since(own.since());
    }
    if case.entry.critical {
        let note = PlanNote::PinnedCritical { cron: case.cron.id.clone(), name: case.cron.name.clone() };
        let mut decided = stranded(case, own, note);
        decided.decision.reason = Reason::PinnedCriticalOnDeadRoute { model };
        decided.decision.would_change = Some(Trigger::TheUser);
        return decided;
    }
    let reason = Reason::PinnedOnDeadRoute { model };
    if matches!(own.state, OwnState::Unlisted) {
        return waiting(case.cron, reason, Trigger::TheUser);
    }
    if let Some(back_at) = runs_only_after(case.cron, own.back_at()) {
        return waiting(case.cron, reason, Trigger::At { at: back_at }).since(own.since());
    }
    if let Some(due) = one_shot_to_keep(case) {
        let note = PlanNote::OneShotKept { cron: case.cron.id.clone(), name: case.cron.name.clone(), due };
        let mut decided = stranded(case, own, note);
        decided.decision.reason = reason;
        return decided;
    }
    pause(scene, case, own, reason, own.back_at())
}

fn stranded(case: &Case<'_>, own: &Own, note: PlanNote) -> Decided {
    let mut decided = plain(case.cron, Verdict::Stranded, Reason::CriticalStranded, Some(Trigger::AnyRouteServes));
    decided.decision.model.clone_from(&own.model);
    decided.note = Some(note);
    decided.since(own.since())
}

fn critical_note(cron: &Cron) -> PlanNote {
    PlanNote::CriticalStranded { cron: cron.id.clone(), name: cron.name.clone() }
}

/// Writes `link`'s model with the chain as its fallbacks. `index` is its place in the cron's own chain.
pub(super) fn move_to(
    scene: &Scene<'_>,
    case: &Case<'_>,
    own: &Own,
    link: &Link,
    index: Option<usize>,
    reason: Reason,
) -> Decided {
    let chain = case.chain(scene);
    let model = link.model.clone().expect("only a set-up route is chosen");
    let to = Fields {
        model: Some(model.as_str().to_owned()),
        fallbacks: Some(chain.fallbacks(&model)),
        enabled: case.cron.enabled || fault::on(Fault::SwitchesOnWhatWasOff),
    };
    let draft = Draft { kind: ChangeKind::Move, to, to_model: Some(model), to_route: Some(link.key.clone()) };
    let trigger = match index.and_then(|index| chain.links[..index].iter().find(|link| link.usable())) {
        Some(better) => returns(scene, better),
        None if index.is_none() => Trigger::AnyRouteServes,
        None => Trigger::RouteFails { route: link.key.clone() },
    };
    let mut decided = changed(case, own, draft, reason, trigger);
    if let Some(change) = &mut decided.change {
        mark_untested(change, link.standing.serves());
    }
    let newest = own.since().max(serving_since(&link.standing));
    decided.skipped(chain.skipped(index)).since(newest)
}

fn serving_since(standing: &Standing) -> Option<Timestamp> {
    match standing {
        Standing::Serving { since } => *since,
        _ => None,
    }
}

pub(super) fn mark_untested(change: &mut Change, serves: bool) {
    if !serves {
        change.marks.push(ChangeMark::Untested);
    }
}

/// What a change would write, before it is dressed for the plan.
pub(super) struct Draft {
    pub kind: ChangeKind,
    pub to: Fields,
    pub to_model: Option<ModelRef>,
    pub to_route: Option<RouteKey>,
}

pub(super) fn changed(case: &Case<'_>, own: &Own, draft: Draft, reason: Reason, trigger: Trigger) -> Decided {
    dressed(case.cron, Some(case.entry), case.cause(), own, draft, reason, trigger)
}

/// The same for a cron that may have no tier any more.
pub(super) fn dressed(
    cron: &Cron,
    entry: Option<&TierEntry>,
    cause: Cause,
    own: &Own,
    draft: Draft,
    reason: Reason,
    trigger: Trigger,
) -> Decided {
    let agent_made = cron.made_by == MadeBy::Agent;
    let mut marks = Vec::new();
    if agent_made {
        marks.push(ChangeMark::AgentMade);
    }
    if draft.kind == ChangeKind::Pause && cron.running_since.is_some() {
        marks.push(ChangeMark::Running);
    }
    let mut decided = plain(cron, Verdict::Change, reason.clone(), Some(trigger));
    decided.decision.chosen.clone_from(&draft.to_route);
    decided.decision.model = draft.to_model.clone().filter(|_| draft.kind != ChangeKind::Pause);
    decided.change = Some(Change {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        tier: entry.map(|entry| entry.tier),
        critical: entry.is_some_and(|entry| entry.critical),
        revision: cron.revision.clone(),
        from: cron.fields(),
        to: draft.to,
        schedule: None,
        from_model: own.model.clone(),
        to_model: draft.to_model,
        to_route: draft.to_route,
        kind: draft.kind,
        reason,
        cause,
        next_run_at: cron.next_run_at,
        running_since: cron.running_since,
        marks,
        ticked: !agent_made || entry.is_some_and(|entry| entry.edit_agent_made) || fault::on(Fault::TicksAgentMade),
    });
    decided
}

pub(super) fn waiting(cron: &Cron, reason: Reason, trigger: Trigger) -> Decided {
    plain(cron, Verdict::Waiting, reason, Some(trigger))
}

pub(super) fn left_alone(cron: &Cron, reason: Reason, trigger: Option<Trigger>) -> Decided {
    plain(cron, Verdict::LeftAlone, reason, trigger)
}

pub(super) fn plain(cron: &Cron, verdict: Verdict, reason: Reason, would_change: Option<Trigger>) -> Decided {
    let decision = Decision {
        cron: cron.id.clone(),
        verdict,
        chosen: None,
        model: None,
        skipped: Arc::default(),
        reason,
        since: None,
        would_change,
    };
    Decided { decision, change: None, note: None }
}

impl Decided {
    pub(super) fn skipped(mut self, skipped: Arc<[Skipped]>) -> Self {
        self.decision.skipped = skipped;
        self
    }

    pub(super) fn since(mut self, since: Option<Timestamp>) -> Self {
        self.decision.since = since;
        self
    }
}
