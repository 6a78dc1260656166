//! The plug is pulled in the middle of an apply: afterwards gateway, journal, ledger and log agree.
//!
//! Writes and the store's operations after a write make a table of moments, and each life ends at one of
//! them. A life is dear, so not all are tried but a diagonal: after each write (or each other one) another
//! operation, so that every operation is met, each beside a few writes. The program is a real process that
//! is killed with SIGKILL; the gateway lives on in the test.

mod crisis;
mod plug;
mod task;

use std::collections::BTreeSet;
use std::time::Duration;

use model_orchestrator::demo::{DemoClock, DemoOptions};
use model_orchestrator::domain::{ChangeKind, CronId, DemoOutage, LineOutcome};
use model_orchestrator::engine::{Command, Event, SettingsChange, Snapshot, UndoScope};
use plug::Moment;
use serde_json::{Value, json};
use task::{Task, apply_whole};

use crate::support::{Rig, Running};

/// After each of so many writes the plug is pulled once.
const WRITES: u64 = 20;
/// Between two writes the store has so many operations at the most: intent, outcome, log, hold, ledger and marks.
const OPERATIONS: u64 = 9;
/// Most of a life is waiting, so several are led at a time.
const AT_A_TIME: usize = 4;

/// What is under way when the plug is pulled.
struct Work {
    prepare: fn(&Rig) -> Task,
    arguments: &'static [&'static str],
    /// The plug is pulled after one of so many writes; 2 is enough to meet each operation of the store.
    one_of: usize,
    /// What is lost beside the process.
    loses_history: bool,
}

fn distributing(prepare: fn(&Rig) -> Task) -> Work {
    Work { prepare, arguments: &["distribute", "--yes"], one_of: 1, loses_history: false }
}

/// A gateway without a pace, on which nothing happens by itself.
fn rig() -> Rig {
    #[expect(clippy::disallowed_methods, reason = "the engine beside it lives in real time")]
    let clock = DemoClock::Manual(jiff::Timestamp::now());
    let write_delay = Duration::from_millis(2);
    let rig =
        Rig::with(DemoOptions { write_limit: 10_000, run_jobs: false, write_delay, clock, ..DemoOptions::default() });
    // A cron that runs would be paused only after its run.
    rig.demo.finish_runs();
    rig
}

/// The debts on disk.
fn ledger(rig: &Rig) -> BTreeSet<CronId> {
    let text = std::fs::read_to_string(rig.state_dir().join("ledger.json")).unwrap_or_default();
    let ledger: Value = serde_json::from_str(&text).unwrap_or_default();
    ledger["entries"].as_object().into_iter().flatten().map(|(cron, _)| CronId::new(cron)).collect()
}

/// One life that ends at that moment, and the next, which finds everything in agreement and goes on.
fn one_life(work: &Work, moment: Moment) {
    let rig = rig();
    let task = (work.prepare)(&rig);
    plug::run_until(moment, &rig, work.arguments);
    if work.loses_history {
        forget_history(&rig);
    }

    let engine = rig.engine();
    let now = engine.wait("the journal to be settled", |now| {
        now.job.as_ref().is_none_or(|job| job.lines.iter().all(|line| line.outcome != LineOutcome::Writing))
    });
    let done = task.done(&rig);
    if work.loses_history {
        let (logged, done) = (task.logged(&rig), task.names(&done));
        assert!(logged.iter().all(|name| done.contains(name)), "only what happened is logged, {moment:?}");
        assert!(done.len() - logged.len() <= 1, "{moment:?}: more than one line is missing in the log");
    } else {
        let new = now.switches.len() - task.switches_before;
        let switched: BTreeSet<_> = now.switches[..new].iter().map(|switch| switch.cron.clone()).collect();
        assert_eq!((new, &switched), (done.len(), &done), "journal and gateway agree, {moment:?}");
        rig.log_of(task.logged_before + done.len());
        assert_eq!(task.logged(&rig), task.names(&done), "log and gateway agree, {moment:?}");
    }
    let owed = task.owed(&rig);
    // A call that was on its way when the plug was pulled may still arrive: until it is settled it may be owed.
    engine.wait("a ledger that agrees with the gateway", |now| {
        let unsettled = |id: &&CronId| !owed.contains(*id) && now.ledger[*id].confirmed;
        owed.iter().all(|id| now.ledger.contains_key(id)) && now.ledger.keys().all(|id| !unsettled(&id))
    });
    if let Some(undone) = &task.undoes {
        let marked = |now: &Snapshot| -> BTreeSet<CronId> {
            let of_plan = now.switches.iter().filter(|switch| switch.plan == *undone && switch.undone_by.is_some());
            of_plan.map(|switch| switch.cron.clone()).collect()
        };
        assert_eq!(marked(&engine.now()), done, "what was taken back is marked, {moment:?}");
    }
    let rest: BTreeSet<_> = task.crons().difference(&done).cloned().collect();
    finish(&task, &engine, &rest);
    drop(engine);

    assert_eq!(task.done(&rig), task.crons(), "everything is where it should be, {moment:?}");
    let mut logged = task.logged(&rig);
    if work.loses_history {
        logged.dedup();
        assert_eq!(logged, task.logged(&rig), "no switch is logged twice, {moment:?}");
    } else {
        assert_eq!(logged, task.names(&task.crons()), "each switch is logged once, {moment:?}");
    }
    assert_eq!(ledger(&rig), task.owed(&rig), "what is off is in the ledger, and nothing else, {moment:?}");
    let written = rig.calls("cron.update") - task.writes_before;
    assert_eq!(written, task.plan.changes.len() as u64, "no write is made twice, {moment:?}");
}

/// Applies what is still to do: the rest of the plan, and nothing else.
fn finish(task: &Task, engine: &Running, rest: &BTreeSet<CronId>) {
    if let Some(undone) = &task.undoes {
        let event = engine.ask(Command::PrepareUndo(UndoScope::Plan(undone.clone())));
        assert_eq!(matches!(event, Event::Done { .. }), !rest.is_empty(), "{event:?}");
    }
    let now = engine.wait("the rest on offer", |now| task.offered(now) == *rest);
    if !rest.is_empty() {
        let plan = if task.undoes.is_some() { now.offer.as_ref() } else { Some(&now.plan) };
        apply_whole(engine, plan.expect("it is on offer"));
    }
}

fn forget_history(rig: &Rig) {
    for file in ["history.db", "history.db-wal", "history.db-shm"] {
        std::fs::remove_file(rig.state_dir().join(file)).ok(); // Not every one of them exists.
    }
}

/// After a write, and each time another number of operations of the store later.
fn pulled_at_many_moments(work: &Work) {
    let moments = (0..=WRITES).step_by(work.one_of);
    let moments = moments.map(|writes| Moment { writes, changes: (writes % OPERATIONS) as usize });
    std::thread::scope(|scope| {
        for first in 0..AT_A_TIME {
            let lives = moments.clone().skip(first).step_by(AT_A_TIME);
            let named = std::thread::Builder::new().name(format!("lives {first}"));
            named.spawn_scoped(scope, move || lives.for_each(|moment| one_life(work, moment))).expect("a thread");
        }
    });
}

#[test]
fn killed_while_crons_move_nothing_is_lost_or_repeated() {
    pulled_at_many_moments(&distributing(task::moves));
}

#[test]
fn killed_while_crons_pause_each_is_owed_and_none_is_repeated() {
    pulled_at_many_moments(&distributing(task::pauses));
}

#[test]
fn killed_while_crons_pause_each_is_owed_although_the_history_is_lost() {
    pulled_at_many_moments(&Work { one_of: 2, loses_history: true, ..distributing(task::pauses) });
}

#[test]
fn killed_while_crons_resume_each_runs_again_or_is_owed() {
    pulled_at_many_moments(&Work { one_of: 2, ..distributing(task::resumes) });
}

#[test]
fn killed_while_moves_and_pauses_are_undone_nothing_is_lost_or_repeated() {
    pulled_at_many_moments(&Work { arguments: &["undo", "--yes"], ..distributing(task::undoes) });
}

/// Every account of the chains fails, seen by runs, and then some lines of the plan that answers it are
/// applied: so many that they can all be given back within the gateway's limit.
fn pause_some(rig: &Rig, engine: &Running) -> Vec<CronId> {
    let providers = ["google", "kimi", "anthropic", "minimax"];
    for provider in providers {
        rig.demo.set_outage(provider, DemoOutage::OutOfCredits);
    }
    for provider in providers {
        rig.force_run_on(provider);
    }
    engine.wait("a plan that pauses", |now| {
        now.plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause).count() >= 5
    });
    let mut plan = (*engine.now().plan).clone();
    // Those that an agent made are left out of both plans until somebody ticks them.
    let pauses = plan.changes.iter().filter(|change| change.kind == ChangeKind::Pause && change.ticked).take(8);
    let pauses: Vec<CronId> = pauses.map(|change| change.cron.clone()).collect();
    for change in &mut plan.changes {
        change.ticked = pauses.contains(&change.cron);
    }
    engine.apply(&plan);
    let off: Vec<CronId> = engine.now().ledger.keys().cloned().collect();
    assert!(off.len() >= 5, "every pause is in the ledger");
    off
}

#[test]
fn a_paused_cron_is_resumed_although_the_history_was_deleted() {
    let rig = Rig::at_its_own_time();
    let engine = rig.engine();
    engine.ask(Command::Settings(SettingsChange::SetSettleMinutes(0)));
    let off = pause_some(&rig, &engine);
    drop(engine);
    forget_history(&rig);
    let engine = rig.engine();
    assert_eq!(engine.now().ledger.keys().cloned().collect::<Vec<_>>(), off, "the ledger is the truth");
    rig.demo.advance(jiff::SignedDuration::from_mins(11));
    for provider in ["google", "kimi", "anthropic", "minimax"] {
        rig.demo.set_outage(provider, DemoOutage::Serving);
    }
    engine.ask(Command::Refresh);
    for provider in ["google", "kimi", "anthropic", "google", "kimi", "anthropic"] {
        rig.force_run_on(provider);
    }
    engine.wait("a plan that resumes", |now| {
        now.plan.changes.iter().filter(|change| change.kind == ChangeKind::Resume).count() == off.len()
    });
    engine.apply_all();
    let now = engine.wait("an empty ledger", |now| now.ledger.is_empty());
    for id in &off {
        assert!(now.crons[id].enabled, "{id} runs again");
    }
}

#[test]
fn a_pause_that_was_intended_but_never_written_is_no_debt() {
    let rig = rig();
    let cron = rig.engine().cron("Heartbeat ping");
    let entry = json!({
        "name": "Heartbeat ping", "opened_at": "2026-11-22T10:00:00Z", "why": "nothing_serves",
        "before": { "model": null, "fallbacks": null, "enabled": true },
        "wrote": { "model": null, "fallbacks": null, "enabled": false },
        "definition": { "name": "Heartbeat ping" }, "confirmed": false
    });
    rig.write_ledger(&cron, &entry);
    let engine = rig.engine();
    engine.wait("the ledger to be settled", |now| now.ledger.is_empty());
    assert!(engine.now().problems.is_empty(), "{:?}", engine.now().problems);
    assert_eq!(rig.writes(), 0, "it runs as it always did");
}
