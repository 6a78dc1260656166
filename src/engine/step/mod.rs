//! What happens next: world + input + moment → effects. Pure, total, without a wait.

mod advice;
pub(super) mod apply;
pub(super) mod aside;
pub(super) mod automation;
pub(super) mod check;
mod connection;
pub(super) mod crisis;
pub(super) mod edit;
pub(super) mod edit_history;
pub(super) mod edited;
mod lease;
pub(super) mod own;
pub(super) mod past;
mod reconcile;
mod record;
mod settings;
pub(super) mod sparing;
mod status;
mod temporary;
mod transfer;
pub(super) mod triage;
pub(super) mod undo;
mod unit;
mod unsaved;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::effect::{Effect, Fetch, StoreOp};
use super::input::{Input, Receipt};
use super::{Command, Done, Event, Ticket, World};
use crate::domain::{Problem, ProblemKind, Refusal, StartedBy};
use crate::fault::{self, Fault};

/// Takes one input into the world and says what must be done outside.
pub fn step(world: &mut World, input: Input, now: Timestamp) -> Vec<Effect> {
    let ledger = world.ledger.clone();
    let mut effects = take(world, input, now);
    effects.extend(aside::go(world, now));
    effects.extend(own::mark::look(world, now));
    unsaved::note_debts(world, &ledger, &effects);
    effects
}

fn take(world: &mut World, input: Input, now: Timestamp) -> Vec<Effect> {
    match input {
        Input::Command(ticket, command) => obey(world, ticket, command, now),
        Input::Tick => tick(world, now),
        Input::Discovered { found, known } => {
            world.discovered = std::sync::Arc::new(found);
            // Those of this life may be on their way to the disk.
            let ours = std::sync::Arc::make_mut(&mut world.known);
            let others = known.into_iter().filter(|known| ours.iter().all(|other| other.url != known.url));
            let others: Vec<_> = others.collect();
            ours.extend(others);
            world.dirty.shown = true;
            Vec::new()
        }
        Input::DemoStarted(result) => connection::demo_started(world, result, now),
        Input::DemoMonth(month) => past::month(world, *month),
        Input::Opened { session, result } => connection::opened(world, session, result, now),
        Input::LeaseAsked { path, result } => lease::asked(world, &path, result, now),
        Input::Watched { link, result } => aside::watched(world, link, result, now),
        Input::Heard { link, what } => aside::heard(world, link, what, now),
        Input::LetGo { ticket } => aside::gone(world, ticket),
        Input::Reloaded(Ok(reread)) => connection::take_reloaded(world, reread, now),
        Input::Reloaded(Err(problem)) => {
            world.raise("state/reload", problem, now);
            Vec::new()
        }
        Input::Connected { session, hello, took } => connection::connected(world, session, &hello, took, now),
        Input::NotConnected { session, trouble } if session == world.session => connection::lost(world, trouble, now),
        Input::Proven { session, proof } if session == world.session => apply::proven(world, proof, now),
        Input::GatewayAnswered { session, id, account, answer } if session == world.session => {
            check::gateway_answered(world, id, &account, &answer, now)
        }
        Input::Fetched { session, what } => connection::fetched(world, session, what, now),
        Input::News { session, news } => connection::news(world, session, news, now),
        Input::Prepared { job, cron, result } => apply::prepared(world, job, &cron, result, now),
        Input::Written { job, cron, result } => apply::written(world, job, &cron, *result, now),
        Input::Stored { receipt, result } => stored(world, receipt, result, now),
        Input::SwitchesRead { session, ticket, scope, result } => {
            answered(ticket, undo::offer_read(world, session, ticket, &scope, result, now))
        }
        Input::HistoryRead { path, result } => past::read(world, &path, result, now),
        Input::Previewed { ticket, result } => transfer::previewed(world, ticket, result),
        Input::Imported { ticket, result } => transfer::imported(world, ticket, result, now),
        Input::Exported { ticket, to, result } => transfer::exported(ticket, &to, result),
        Input::Looked { id, report, key } => check::looked(world, id, *report, key, now),
        Input::KeyKept { ticket, account, result } => check::key_kept(world, ticket, &account, result, now),
        Input::RunQueued { session, cron, result } if session == world.session => {
            crisis::run_queued(world, &cron, result, now)
        }
        Input::CheckPlaced { session, account, result } if session == world.session => {
            own::placed(world, &account, *result, now)
        }
        Input::OwnRemoved { session, cron, result } if session == world.session => {
            own::removed(world, &cron, result, now)
        }
        Input::Identified { session, result } if session == world.session => own::mark::identified(world, result, now),
        Input::Marked { session, result } if session == world.session => own::mark::marked(world, *result, now),
        Input::Unmarked { session, result } if session == world.session => own::mark::unmarked(world, *result, now),
        Input::UnitSeen { folder, op, result } => unit::seen(world, &folder, op, result),
        Input::Door(result) => {
            match result {
                Ok(()) => world.clear("service/door"),
                Err(detail) => world.raise("service/door", ProblemKind::CannotBeWatched { detail }, now),
            }
            Vec::new()
        }
        // Of a connection that is over.
        Input::NotConnected { .. }
        | Input::Proven { .. }
        | Input::GatewayAnswered { .. }
        | Input::RunQueued { .. }
        | Input::CheckPlaced { .. }
        | Input::OwnRemoved { .. }
        | Input::Identified { .. }
        | Input::Marked { .. }
        | Input::Unmarked { .. } => Vec::new(),
        Input::ClockJumped => {
            let mut effects = check::look_anew(world, now);
            effects.extend(connection::retry_now(world, now));
            effects
        }
        Input::TaskFailed { task, detail } => {
            world.raise(format!("task/{task}"), ProblemKind::TaskFailed { task, detail }, now);
            Vec::new()
        }
    }
}

/// Brings everything that follows from the facts up to date. Returns whether a face should look,
/// and what else there is to do.
pub fn settle(world: &mut World, now: Timestamp) -> (bool, Vec<Effect>) {
    let mut effects = Vec::new();
    let ledger = world.ledger.clone();
    // What follows may itself be a fact: a job that a relapse stops leaves its crons to the plan again.
    for _ in 0..ROUNDS {
        if !world.dirty.plan {
            break;
        }
        effects.extend(follow(world, now));
    }
    unsaved::note_debts(world, &ledger, &effects);
    let shown = std::mem::take(&mut world.dirty.shown);
    if shown && !fault::on(Fault::RevisionStands) {
        world.revision += 1;
    }
    (shown, effects)
}

/// Facts that follow from each other in one go; what is left waits for the next input.
const ROUNDS: usize = 3;

/// Plans, and does what follows from the plan.
fn follow(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    if world.connected() && world.ready() {
        // Somebody may have switched on what we paused: then nothing is owed any more.
        effects.extend(reconcile::ledger(world, now));
    }
    sparing::look(world, now);
    world.derive(now);
    check::plan(world, now);
    effects.extend(own::keep(world, now));
    crisis::show_checks(world);
    world.dirty.plan = false;
    world.dirty.shown = true;
    effects.extend(automation::settle(world, now));
    effects.extend(crisis::settle(world, now));
    effects.extend(status::files(world, now));
    effects.extend(past::readings(world));
    if std::mem::take(&mut world.edits_unsaved) && world.folder.is_some() {
        effects.push(Effect::Store(Box::new(StoreOp::SavePending((*world.edited).clone()))));
    }
    effects
}

fn tick(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = connection::retry(world, now);
    effects.extend(lease::ask(world, now));
    if world.tried.next_wake().is_some_and(|at| at <= now) {
        world.dirty.plan = true;
    }
    if world.wake_policy_at.is_some_and(|at| at <= now) {
        world.wake_policy_at = None;
        world.dirty.plan = true;
    }
    if world.refresh_at.is_some_and(|at| at <= now) && world.connected() {
        effects.extend(connection::refresh(world, now));
    }
    effects.extend(check::tick(world, now));
    effects.extend(past::tick(world, now));
    own::tick(world, now);
    effects.extend(own::mark::tick(world, now));
    if world.refetch_at.is_some_and(|at| at <= now) {
        world.refetch_at = None;
        if world.connected() {
            effects.extend(connection::fetch_all(world));
        }
    }
    effects.extend(apply::advance(world, now));
    effects
}

fn obey(world: &mut World, ticket: Ticket, command: Command, now: Timestamp) -> Vec<Effect> {
    tracing::debug!(?ticket, ?command, "command");
    let passes = aside::passes(world, &command);
    answered(ticket, if passes { aside::pass(world, ticket, command) } else { carry_out(world, ticket, command, now) })
}

/// What is not carried out is refused aloud.
fn answered(ticket: Ticket, result: Result<Vec<Effect>, Refusal>) -> Vec<Effect> {
    result.unwrap_or_else(|why| vec![Effect::Emit(Event::Refused { ticket, why })])
}

fn carry_out(world: &mut World, ticket: Ticket, command: Command, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let quietly = |mut effects: Vec<Effect>| {
        effects.push(Effect::Emit(Event::Done { ticket, what: Done::Quietly }));
        Ok(effects)
    };
    match command {
        Command::Connect(target) => quietly(connection::connect(world, target, now)?),
        Command::Disconnect => {
            if world.job.as_ref().is_some_and(apply::JobState::running) {
                return Err(Refusal::JobRunning);
            }
            quietly(connection::leave(world, now))
        }
        Command::Discover => {
            // Whoever wants to know what this machine has may have installed something by hand.
            quietly([Effect::Discover].into_iter().chain(unit::look(world)).collect())
        }
        Command::Refresh if world.connected() => {
            let mut effects = connection::fetch_all(world);
            // The files too: a folder that was put in the place of another is not noticed by itself.
            effects.push(Effect::Store(Box::new(StoreOp::Reload)));
            quietly(effects)
        }
        Command::Refresh => quietly(connection::retry_now(world, now)),
        Command::Edit(edit) => edit::edit(world, ticket, &edit, now),
        Command::Together(commands) => edit_history::together(world, ticket, commands, now),
        Command::UndoEdit => edit_history::undo(world, ticket),
        Command::RedoEdit => edit_history::redo(world, ticket),
        Command::Settings(change) => settings::change(world, ticket, change),
        Command::Apply { plan, crons } => quietly(apply::begin(world, &plan, &crons, now)?),
        Command::EnterCrisis { plan, crons } => quietly(crisis::enter(world, &plan, &crons, StartedBy::Hand, now)?),
        Command::Recover { plan, crons } => quietly(crisis::recover(world, &plan, &crons, StartedBy::Hand, now)?),
        Command::Automate => quietly(automation::act_now(world, now)?),
        Command::GoOn => quietly(crisis::go_on(world, now)?),
        Command::StayInCrisis => quietly(crisis::stay(world, now)?),
        Command::RunNow { crons } => quietly(crisis::run_now(world, &crons, now)?),
        Command::DismissReport => quietly(crisis::dismiss_report(world)?),
        Command::StopJob => {
            automation::stopped_by_hand(world, now);
            quietly(apply::stop(world, now)?)
        }
        Command::LeaveTheRest => quietly(apply::stop(world, now)?),
        Command::RetryFailed | Command::ContinueJob => quietly(apply::carry_on(world, now)?),
        Command::DismissJob => quietly(apply::dismiss(world)?),
        Command::PauseNow { cron } => quietly(apply::pause_now(world, &cron, now)?),
        Command::PrepareUndo(scope) => undo::prepare(world, ticket, scope),
        Command::PrepareAdvice(detours) => quietly(advice::offer(world, &detours, now)?),
        Command::PrepareApart(staggers) => quietly(advice::offer_apart(world, &staggers, now)?),
        Command::DiscardOffer => {
            world.offer = None;
            world.dirty.shown = true;
            quietly(Vec::new())
        }
        Command::LoadRuns { cron } if world.connected() => {
            let what = Fetch::Runs { cron: Some(cron), limit: 20, offset: 0 };
            quietly(vec![Effect::Fetch { session: world.session, what }])
        }
        Command::LoadRuns { .. } => Err(Refusal::NotConnected),
        Command::CancelImport => {
            world.import = None;
            world.dirty.shown = true;
            quietly(Vec::new())
        }
        Command::Check { accounts } => check::command(world, ticket, accounts.as_deref(), now),
        Command::TestAccount { account, key } => quietly(check::test_account(world, *account, key, now)?),
        Command::DismissTest => {
            check::dismiss(world);
            quietly(Vec::new())
        }
        Command::KeepKey { account, key } => check::keep_key(world, ticket, &account, key),
        Command::PutTemporary { id, model } => temporary::put(world, ticket, id, model),
        Command::PreviewImport { .. }
        | Command::ConfirmImport { .. }
        | Command::Export { .. }
        | Command::KeepReading { .. } => transfer::command(world, ticket, command),
        Command::KeepDoor => quietly(vec![Effect::Store(Box::new(StoreOp::KeepDoor))]),
        Command::DismissProblem { id } => {
            world.clear(&id);
            quietly(Vec::new())
        }
        Command::DemoOutage { provider, outage } if world.demo => {
            quietly(vec![Effect::DemoOutage { provider, outage }])
        }
        // The other is asked about who acts before it comes here.
        Command::DemoOutage { .. } => Err(Refusal::NothingToDo),
        Command::TakeOver => own::mark::take_over(world, ticket),
        Command::LetGo => own::mark::let_go(world, ticket),
        Command::InstallService { installed } => unit::change(world, ticket, installed),
        Command::ActHere { here } => aside::act_here(world, ticket, here, now),
        Command::Shutdown => {
            world.closing = true;
            Ok(apply::advance(world, now))
        }
    }
}

/// The folder takes files again. What was refused meanwhile is as it is on disk, so nothing of it is wrong any more.
fn saved_again(world: &mut World) {
    let refused = [edit::SAVE_PROBLEM, settings::SAVE_PROBLEM];
    let over = |problem: &&Problem| {
        refused.contains(&problem.id.as_str()) && matches!(problem.what, ProblemKind::CannotWrite { .. })
    };
    let over: Vec<String> = world.problems.iter().filter(over).map(|problem| problem.id.clone()).collect();
    for id in over {
        world.clear(&id);
    }
}

fn stored(world: &mut World, receipt: Receipt, result: Result<(), ProblemKind>, now: Timestamp) -> Vec<Effect> {
    match receipt {
        Receipt::Edit { ticket, before } => edit::saved(world, ticket, before, result, now),
        Receipt::Settings { ticket, done } => vec![settings::saved(world, ticket, done, result, now)],
        Receipt::Reading { ticket } => transfer::kept(ticket, result),
        Receipt::Quiet => {
            match result {
                Ok(()) => {
                    world.clear("state/write");
                    saved_again(world);
                }
                // What holds for the whole folder is told of once, from when it was opened.
                Err(ProblemKind::FolderNotWritable { .. }) if world.takes_nothing() => {}
                Err(problem) => world.raise("state/write", problem, now),
            }
            Vec::new()
        }
    }
}
