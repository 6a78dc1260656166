//! What is done without being asked: only what health causes, only within the limits, only after a look.
//!
//! Invariant: a crisis that a person entered is not ended here, and one that was entered here lasts for a while.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::World;
use super::super::effect::Effect;
use super::apply::{self, JobState};
use super::crisis;
use crate::domain::{
    AutomationLevel, AutomationWord, Change, CronId, Notice, OutageLevel, Plan, PlanId, PlanOrigin, Readiness, Refusal,
    StartedBy, Switch,
};
use crate::fault::{self, Fault};
use crate::policy::{self, Allowed};

/// Between entering crisis mode and leaving it, and the other way round.
const DWELL: SignedDuration = SignedDuration::from_mins(15);
/// A plan that could not be carried out is not tried again before.
const REST: SignedDuration = SignedDuration::from_mins(15);

/// What a person stopped is left alone for so long.
const STOPPED: SignedDuration = SignedDuration::from_hours(1);

/// What automation remembers that needs no disk.
#[derive(Debug, Default)]
pub struct Tried {
    plan: Option<(PlanId, Timestamp)>,
    /// When a person stopped what was done by itself.
    stopped_at: Option<Timestamp>,
    /// When time alone lets it act.
    wake_at: Option<Timestamp>,
}

impl Tried {
    pub(in crate::engine) fn next_wake(&self) -> Option<Timestamp> {
        self.wake_at
    }
}

/// What could be done by itself, and is.
enum Deed {
    Enter(Arc<Plan>),
    Recover(Arc<Plan>),
    Apply(Arc<Plan>),
}

/// After every change of the plan, where this program watches.
pub fn settle(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if world.checks.by_itself { act(world, now) } else { Vec::new() }
}

/// Does now what may be done.
///
/// # Errors
/// When nothing may: the word says why.
pub fn act_now(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    apply::may_begin(world)?;
    world.derive(now);
    let effects = act(world, now);
    if effects.is_empty() { Err(Refusal::NothingToDo) } else { Ok(effects) }
}

fn act(world: &mut World, now: Timestamp) -> Vec<Effect> {
    world.tried.wake_at = None;
    let (verdict, deed) = decide(world, now);
    if verdict != world.crisis_view.automation {
        Arc::make_mut(&mut world.crisis_view).automation = verdict;
        world.dirty.shown = true;
    }
    let Some((deed, crons)) = deed else { return Vec::new() };
    let plan = match &deed {
        Deed::Enter(plan) | Deed::Recover(plan) | Deed::Apply(plan) => plan.clone(),
    };
    world.tried.plan = Some((plan.id.clone(), now));
    let done = match deed {
        Deed::Enter(plan) => {
            let (n_move, n_pause) = crisis::moves_and_pauses(&plan);
            let told = crisis::notify(world, Notice::CrisisEntered { n_move, n_pause });
            crisis::enter(world, &plan.id, &crons, StartedBy::Automation, now).map(|mut effects| {
                effects.extend(told);
                effects
            })
        }
        Deed::Recover(plan) => crisis::recover(world, &plan.id, &crons, StartedBy::Automation, now),
        Deed::Apply(plan) => apply::start(world, plan, &crons, StartedBy::Automation, now),
    };
    // What may not be done now is decided anew after the next change.
    done.unwrap_or_default()
}

/// A person stops a job, whoever began it: what is left of it is not done at once from here.
pub fn stopped_by_hand(world: &mut World, now: Timestamp) {
    if world.job.as_ref().is_some_and(JobState::running) {
        world.tried.stopped_at = Some(now);
    }
}

fn decide(world: &mut World, now: Timestamp) -> (AutomationWord, Option<(Deed, Vec<CronId>)>) {
    let silent = (AutomationWord::Silent, None);
    let acts = world.effective.automation.level == AutomationLevel::ActWithinLimits;
    if !acts && !fault::on(Fault::ActsUnasked) {
        return silent;
    }
    if let Some(job) = world.job.as_ref().filter(|job| job.running()) {
        let verdict = if job.by == StartedBy::Automation { AutomationWord::Acting } else { AutomationWord::Silent };
        return (verdict, None);
    }
    if apply::may_begin(world).is_err() || !world.ready() {
        return silent;
    }
    let rests = world.tried.stopped_at.and_then(|at| at.checked_add(STOPPED).ok());
    if let Some(until) = rests.filter(|until| *until > now) {
        wake(world, until);
        return (AutomationWord::StoppedByHand { until }, None);
    }
    if !first_look_is_over(world) {
        return (AutomationWord::LooksFirst, None);
    }
    let of_crisis = match crisis_due(world, now) {
        Due::Nothing => AutomationWord::Silent,
        Due::Not(verdict) => verdict,
        Due::Now(deed) => {
            let plan = match &deed {
                Deed::Enter(plan) | Deed::Recover(plan) | Deed::Apply(plan) => plan.clone(),
            };
            let Allowed { crons, word: verdict } = permitted(world, &plan, now);
            // Crisis mode ends, too, when nothing is left to give back, or only what is a person's to agree to.
            let none = |change: &Change| !policy::needs_nobody(change, &world.tiers);
            let ends = matches!(deed, Deed::Recover(_)) && plan.changes.iter().all(none);
            if (!crons.is_empty() || ends) && rested(world, &plan, now) {
                return (AutomationWord::Acting, Some((deed, crons)));
            }
            verdict
        }
    };
    let plan = world.plan.clone();
    let Allowed { mut crons, word: verdict } = permitted(world, &plan, now);
    // Giving back goes in stages, or not at all.
    if world.crisis.recovering().is_some() {
        crons.retain(|cron| plan.change(cron).is_some_and(policy::waits_for_no_stage));
    }
    if !crons.is_empty() && rested(world, &plan, now) {
        return (AutomationWord::Acting, Some((Deed::Apply(plan), crons)));
    }
    let said = if of_crisis == AutomationWord::Silent { verdict } else { of_crisis };
    if let AutomationWord::Dwells { until }
    | AutomationWord::QuietUntil { until }
    | AutomationWord::TurnsTooOften { until } = said
    {
        wake(world, until);
    }
    let said = if said == AutomationWord::Acting { AutomationWord::Silent } else { said };
    (said, None)
}

enum Due {
    Nothing,
    Not(AutomationWord),
    Now(Deed),
}

fn crisis_due(world: &World, now: Timestamp) -> Due {
    let view = &world.crisis_view;
    let dwells = |from: Option<Timestamp>| {
        let until = from?.checked_add(DWELL).ok()?;
        (until > now).then_some(AutomationWord::Dwells { until })
    };
    let Some(mode) = &world.crisis.mode else {
        let due =
            view.enter.clone().filter(|plan| plan.outage.level == OutageLevel::Crisis && !plan.changes.is_empty());
        return match (due, dwells(world.crisis.left_at)) {
            (None, _) => Due::Nothing,
            (Some(_), Some(verdict)) => Due::Not(verdict),
            (Some(plan), None) => Due::Now(Deed::Enter(plan)),
        };
    };
    // One of an earlier life, or that was stopped: it goes on when it was begun here.
    let unfinished = mode.recovering.is_some_and(|begun| begun.by == StartedBy::Automation);
    let ready = view.readiness == Readiness::Ready;
    match &view.recover {
        Some(_) if ready && mode.by == StartedBy::Hand && !unfinished => Due::Not(AutomationWord::ByHandOnly),
        Some(plan) if ready && !fault::on(Fault::LeavesCrisesOpen) => match dwells(Some(mode.since)) {
            Some(verdict) => Due::Not(verdict),
            None => Due::Now(Deed::Recover(plan.clone())),
        },
        _ => Due::Nothing,
    }
}

fn permitted(world: &World, plan: &Plan, now: Timestamp) -> Allowed {
    let acted: Vec<(Timestamp, CronId)> = world.switches.iter().filter(|switch| counts(switch, now)).map(of).collect();
    let mut allowed = policy::allowed(plan, &world.observation(now), &world.effective, &acted, &world.zone);
    let entered = world.crisis.mode.as_ref().map(|mode| mode.since);
    let again = policy::switched_on_again(plan, &world.switches, entered, now);
    allowed.crons.retain(|cron| !again.contains(cron) || fault::on(Fault::PausesAgain));
    if allowed.crons.is_empty() && allowed.word == AutomationWord::Acting {
        allowed.word = AutomationWord::Silent;
    }
    allowed
}

fn of(switch: &Switch) -> (Timestamp, CronId) {
    (switch.at, switch.cron.clone())
}

/// Changes of the last hour that were made here; what was given back is none.
fn counts(switch: &Switch, now: Timestamp) -> bool {
    let recent = now.duration_since(switch.at) < SignedDuration::from_hours(1);
    recent && switch.by == StartedBy::Automation && switch.seal.is_none()
}

fn rested(world: &mut World, plan: &Plan, now: Timestamp) -> bool {
    let again =
        world.tried.plan.as_ref().filter(|(tried, _)| *tried == plan.id).and_then(|(_, at)| at.checked_add(REST).ok());
    match again.filter(|again| *again > now) {
        Some(again) => {
            wake(world, again);
            false
        }
        None => true,
    }
}

fn wake(world: &mut World, at: Timestamp) {
    world.tried.wake_at = Some(world.tried.wake_at.map_or(at, |known| known.min(at)));
}

/// What was known before the start, before sleep or on another connection may be hours old.
fn first_look_is_over(world: &World) -> bool {
    world.evidence.runs && world.evidence.usage && world.checks.looked
}

/// A job that nobody watches does not wait for an answer: it leaves the cron, and the plan has it again.
pub fn does_not_ask(job: &JobState) -> bool {
    job.by == StartedBy::Automation && job.plan.origin != PlanOrigin::Recovery
}
