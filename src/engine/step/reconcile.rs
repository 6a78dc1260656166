//! After a crash: what the journal intended is compared with what the gateway has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use super::super::effect::{Effect, StoreOp};
use super::apply::{self, JobState, Line, Stage};
use super::{crisis, own, undo};
use crate::domain::{
    Change, Cron, CronId, JobPhase, LedgerEntry, LedgerReason, LineOutcome, ModelRef, Plan, PlanOrigin, ProblemKind,
};
use crate::policy;
use crate::state::InterruptedJob;

/// Keeps a job without an end until the gateway can say what became of it.
pub fn remember_interrupted(world: &mut World, interrupted: Option<InterruptedJob>, now: Timestamp) {
    let Some(found) = interrupted else { return };
    if world.job.as_ref().is_some_and(JobState::running) {
        return;
    }
    let id = world.next_job;
    world.next_job += 1;
    let plan = found.plan.unwrap_or_else(|| {
        let changes = found.in_doubt.iter().chain(&found.not_begun).cloned().collect();
        Arc::new(Plan { changes, ..(*world.plan).clone() })
    });
    let named = |changes: &[Change]| changes.iter().map(|change| change.cron.clone()).collect::<BTreeSet<_>>();
    let (in_doubt, not_begun) = (named(&found.in_doubt), named(&found.not_begun));
    let done: BTreeMap<_, _> = found.done.into_iter().collect();
    let line = |change: &Change| {
        let (outcome, stage) = if in_doubt.contains(&change.cron) {
            (LineOutcome::Writing, Stage::Uncertain)
        } else if let Some(outcome) = done.get(&change.cron) {
            (outcome.clone(), Stage::Idle)
        } else if not_begun.contains(&change.cron) {
            (LineOutcome::NotStarted, Stage::Idle)
        } else {
            (LineOutcome::LeftOut, Stage::Idle)
        };
        Line {
            change: Arc::new(change.clone()),
            outcome,
            stage,
            turn: 0,
            owes: false,
            unanswered: false,
            pause_now: false,
        }
    };
    let mut lines: Vec<Line> = plan.changes.iter().map(line).collect();
    for line in &mut lines {
        line.owes = apply::owes(world, &line.change, &plan.origin);
    }
    world.job = Some(JobState {
        id,
        plan,
        lines,
        phase: JobPhase::Interrupted,
        started_at: found.started_at,
        ended_at: Some(now),
        expected_end: None,
        takes_back: undo::by_cron(found.undoes),
        proving: false,
        by: found.by,
        open_stage: u8::MAX,
        proving_until: None,
        paced_until: None,
        drain_check_at: None,
    });
}

/// Gives every line of an interrupted job its outcome and closes its journal.
pub fn interrupted(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if !own::mark::at_home(world) {
        return Vec::new();
    }
    let Some(job) = world.job.as_ref().filter(|job| job.phase == JobPhase::Interrupted) else { return Vec::new() };
    let left = job.lines.iter().filter(|line| line.outcome == LineOutcome::NotStarted).count();
    let uncertain = job.lines.iter().any(|line| line.stage == Stage::Uncertain);
    let mut effects = not_called(world);
    if uncertain {
        effects.extend(apply::resolve_uncertain(world, now));
    }
    let waiting: Vec<usize> = world
        .job
        .iter()
        .flat_map(|job| job.lines.iter().enumerate())
        .filter(|(_, line)| line.outcome == LineOutcome::Waiting)
        .map(|(index, _)| index)
        .collect();
    if let Some(job) = world.job.as_mut() {
        for index in &waiting {
            job.lines[*index].outcome = LineOutcome::NotStarted;
        }
    }
    let left = left + waiting.len();
    if left > 0 {
        let of = world.job.as_ref().map_or(PlanOrigin::Distribution, |job| job.plan.origin.clone());
        world.raise("job/interrupted", ProblemKind::Interrupted { left, of }, now);
    } else {
        effects.extend(apply::close_interrupted(world));
        if let Some(job) = world.job.take() {
            if job.plan.origin == PlanOrigin::Recovery {
                effects.extend(crisis::job_ended(world, &job, now));
            }
            world.job = Some(job);
        }
    }
    effects
}

/// The journal shows that no call was made for these: what stands in the ledger for it is owed no more, and what a
/// person has done meanwhile is theirs.
fn not_called(world: &mut World) -> Vec<Effect> {
    let Some(job) = world.job.take() else { return Vec::new() };
    let idle = job.lines.iter().filter(|line| line.outcome == LineOutcome::NotStarted);
    let effects = idle.filter_map(|line| apply::not_begun(world, line)).collect();
    world.job = Some(job);
    effects
}

/// The ledger's file was lost: what the journal shows to be owed is entered again.
pub fn lost_ledger(world: &mut World, now: Timestamp) -> Option<Effect> {
    let writable = world.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
    if !writable || !own::mark::at_home(world) || !std::mem::take(&mut world.ledger_lost) {
        return None;
    }
    let found = policy::rebuilt_debts(&world.switches, &world.crons, &world.ledger);
    if found.is_empty() {
        return None;
    }
    world.raise("ledger/found", ProblemKind::DebtsFound { n_crons: found.len() }, now);
    let of_crisis = found.values().filter(|debt| debt.why == LedgerReason::Crisis).map(|debt| debt.opened_at).min();
    if let Some(since) = of_crisis {
        crisis::found_again(world, since);
    }
    Arc::make_mut(&mut world.ledger).extend(found);
    world.dirty.plan = true;
    Some(Effect::Store(Box::new(StoreOp::SaveLedger { ledger: world.ledger.clone() })))
}

/// Debts that are none: of a write that never arrived, or of which somebody took back everything.
///
/// A cron that is not in the list is still owed: it may only be unreadable. On another gateway than the folder's,
/// and while another computer acts on it, nothing is closed. Crons of a running job have their own way to the ledger, and a pause that got no answer may
/// still be carried out.
pub fn ledger(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if world.ledger.is_empty() || !own::mark::at_home(world) {
        return Vec::new();
    }
    let busy = world.job.as_ref().map(JobState::busy).unwrap_or_default();
    let lines = || world.job.iter().flat_map(|job| &job.lines);
    let may_arrive = |id: &CronId| lines().any(|line| line.unanswered && line.change.cron == *id);
    let mut ledger = (*world.ledger).clone();
    let mut missing = Vec::new();
    ledger.retain(|id, entry| match world.crons.get(id) {
        _ if busy.contains(id) || may_arrive(id) => true,
        None => {
            missing.push((id.clone(), entry.name.clone()));
            true
        }
        // Its user has fixed its model since, another than it had: nothing is left to give back but that word.
        Some(cron) if cron.enabled && pinned_elsewhere(world, cron, entry) => false,
        Some(cron) => match apply::seen(entry.clone(), &cron.fields()) {
            Some(seen) => {
                *entry = seen;
                true
            }
            None => false,
        },
    });
    let listed: Vec<CronId> = world.ledger.keys().filter(|id| world.crons.contains_key(*id)).cloned().collect();
    for id in listed {
        world.clear(&format!("ledger/{id}"));
    }
    for (id, cron) in missing {
        let detail = "this program paused it, and the gateway does not list it any more".to_owned();
        world.raise(format!("ledger/{id}"), ProblemKind::UnreadableCron { cron, detail }, now);
    }
    if ledger == *world.ledger {
        return Vec::new();
    }
    world.ledger = Arc::new(ledger);
    world.dirty.plan = true;
    vec![Effect::Store(Box::new(StoreOp::SaveLedger { ledger: world.ledger.clone() }))]
}

/// Its user fixed another model than the one that is owed, or the one that it has now.
fn pinned_elsewhere(world: &World, cron: &Cron, debt: &LedgerEntry) -> bool {
    let stored = debt.before.model.as_deref();
    let had = world.catalog.resolve(stored, cron.agent.as_deref()).or_else(|| ModelRef::parse(stored?));
    let pin = world.tiers.get(&cron.id).and_then(|entry| entry.pinned.as_ref());
    pin.is_some_and(|pin| pin.model.is_none() || had.is_some() && pin.model != had)
}

/// Somebody removed a cron on the gateway: what we owed it is owed no more.
pub fn forget_debt(world: &mut World, cron: &CronId) -> Option<Effect> {
    world.ledger.get(cron).filter(|_| own::mark::at_home(world))?;
    Arc::make_mut(&mut world.ledger).remove(cron);
    world.clear(&format!("ledger/{cron}"));
    Some(Effect::Store(Box::new(StoreOp::SaveLedger { ledger: world.ledger.clone() })))
}
