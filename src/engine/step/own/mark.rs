//! Putting the mark of this folder on the gateway, taking a gateway over, and letting it go.
//!
//! Nothing is put there on connecting: the first call of ours that writes asks for it. The folder gets its id on disk
//! before the gateway is told of it, so that the next life knows its own mark.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::super::effect::{Effect, StoreOp};
use super::super::super::input::{Identified, NotCarriedOut};
use super::super::super::{Done, Event, Ticket, World};
use super::super::{apply, connection, record};
use super::standing::{Standing, rights, there};
pub use super::standing::{at_home, grant, heard, knows_fate, listed, look, of_the_user, ours, seen, standing};
use crate::domain::{Access, Cron, CronId, OwnerMark, ProblemKind, Refusal};

/// A mark on its way.
#[derive(Debug)]
pub struct Placing {
    session: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Before the first write; nobody's place is taken.
    First,
    /// A person said so.
    TakeOver(Ticket),
    Release(Ticket),
}

/// After a call that failed, when the gateway does not say how long.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// After one that would be refused again.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The same shelf for whatever keeps it off the gateway.
const PROBLEM: &str = "gateway/mark";

/// What somebody who wants to write must know.
pub enum Gate {
    Open,
    /// It opens, or shuts, when the mark was read back.
    Waits(Vec<Effect>),
    /// Another acts here, or this is not the gateway of this folder.
    Shut,
}

/// May a call go out? Puts the mark there if nobody has one.
pub fn gate(world: &mut World, now: Timestamp) -> Gate {
    match standing(world) {
        Standing::Ours => Gate::Open,
        Standing::Free => Gate::Waits(place(world, now)),
        Standing::Anothers(_) | Standing::Elsewhere => Gate::Shut,
    }
}

/// Puts the mark of this folder where there is none, unless that is under way or was just refused.
pub fn place(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if under_way(world) || world.mark.waits_until.is_some_and(|until| until > now) {
        return Vec::new();
    }
    begin(world, What::First)
}

fn under_way(world: &World) -> bool {
    world.mark.placing.as_ref().is_some_and(|placing| placing.session == world.session)
}

fn begin(world: &mut World, what: What) -> Vec<Effect> {
    let session = world.session;
    world.mark.placing = Some(Placing { session, what });
    vec![Effect::Store(Box::new(StoreOp::Identify { session }))]
}

/// A person asks once more for what was refused.
pub fn try_again(world: &mut World) {
    world.mark.waits_until = None;
}

pub fn next_wake(world: &World) -> Option<Timestamp> {
    world.mark.waits_until
}

pub fn tick(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if world.mark.waits_until.is_none_or(|until| until > now) {
        return Vec::new();
    }
    world.mark.waits_until = None;
    world.dirty.plan = true;
    if world.mark.runs.is_empty() { Vec::new() } else { run(world, &[], now).unwrap_or_default() }
}

/// The folder's id is on disk: now the gateway.
pub fn identified(world: &mut World, result: Result<Identified, ProblemKind>, now: Timestamp) -> Vec<Effect> {
    let Some(placing) = world.mark.placing.take_if(|placing| placing.session == world.session) else {
        return Vec::new();
    };
    let Identified { folder, host } = match result {
        Ok(identified) => identified,
        Err(problem) => {
            world.raise(PROBLEM, problem.clone(), now);
            return failed(world, &placing.what, Refusal::Problem(problem), now);
        }
    };
    world.mark.identity.folder = Some(folder.clone());
    let over = match (&placing.what, standing(world)) {
        // Somebody was faster.
        (What::First, Standing::Anothers(_) | Standing::Elsewhere | Standing::Ours) => return go_on(world, now),
        (What::First, Standing::Free) => None,
        _ => there(world).and_then(|mark| Some((mark.id.clone(), mark.revision.clone()?))),
    };
    // A mark that was taken off by hand comes back as it was: what is owed is owed under it.
    let again = world.mark.identity.placed.clone().filter(|mark| mark.folder == folder && is_home(world));
    let since = again.filter(|_| matches!(placing.what, What::First)).map_or(now, |mark| mark.since);
    let mark = OwnerMark { folder, host, since };
    tracing::info!(host = mark.host, taken_over = over.is_some(), "the mark of this folder is put on the gateway");
    world.mark.placing = Some(placing);
    if over.is_some() {
        // An update like any other.
        apply::count_write(&mut world.write_window, now);
    }
    vec![Effect::Mark { session: world.session, mark, over }]
}

fn is_home(world: &World) -> bool {
    world.mark.home == Some(world.session)
}

/// What is on the gateway now, after we put ours there or somebody else theirs.
pub fn marked(world: &mut World, result: Result<Cron, NotCarriedOut>, now: Timestamp) -> Vec<Effect> {
    let Some(placing) = world.mark.placing.take_if(|placing| placing.session == world.session) else {
        return Vec::new();
    };
    match result {
        Ok(read) => {
            world.clear(PROBLEM);
            take_in(world, read);
        }
        Err(why) => {
            tracing::warn!(?why, "the mark could not be put on the gateway");
            let wait = why.retry_after.unwrap_or(if why.for_good { REFUSED_FOR } else { AGAIN });
            world.mark.waits_until = now.checked_add(wait).ok();
            let what = ProblemKind::Refused { detail: why.detail };
            if why.for_good || !matches!(placing.what, What::First) {
                world.raise(PROBLEM, what.clone(), now);
                return failed(world, &placing.what, Refusal::Problem(what), now);
            }
            return go_on(world, now);
        }
    }
    let mine = seen(world).filter(|mark| Some(&mark.folder) == world.mark.identity.folder.as_ref());
    let mut effects = Vec::new();
    if let Some(mine) = mine {
        world.mark.home = Some(world.session);
        if world.mark.identity.placed.as_ref() != Some(&mine) {
            world.mark.identity.placed = Some(mine.clone());
            effects.push(Effect::Store(Box::new(StoreOp::SavePlaced(mine))));
        }
    }
    effects.extend(look(world, now));
    if let What::TakeOver(ticket) = placing.what {
        if ours(world) {
            // What waited to be settled here can be.
            effects.extend(connection::listed(world, now));
            effects.push(Effect::Emit(Event::Done { ticket, what: Done::Quietly }));
        } else {
            effects.push(Effect::Emit(Event::Refused { ticket, why: why_not(world) }));
        }
    }
    effects.extend(go_on(world, now));
    effects
}

/// What was read may be older than what was heard meanwhile.
fn take_in(world: &mut World, read: Cron) {
    let newer = there(world).is_some_and(|known| known.id == read.id && known.updated_at > read.updated_at);
    if !newer {
        record::cron(world, read);
    }
}

fn why_not(world: &World) -> Refusal {
    match standing(world) {
        Standing::Anothers(mark) => {
            Refusal::Problem(ProblemKind::GatewayOwned { host: mark.host, since: Some(mark.since) })
        }
        _ => Refusal::Problem(ProblemKind::Busy),
    }
}

/// Whoever waited for the mark can go, or cannot any more.
fn go_on(world: &mut World, now: Timestamp) -> Vec<Effect> {
    world.dirty.plan = true;
    let mut effects = apply::advance(world, now);
    if !world.mark.runs.is_empty() {
        match run(world, &[], now) {
            Ok(asked) => effects.extend(asked),
            Err(_) => refuse_runs(world, "this program only looks on here", now),
        }
    }
    effects
}

/// The mark cannot be put there: nothing is written.
fn failed(world: &mut World, what: &What, why: Refusal, now: Timestamp) -> Vec<Effect> {
    match what {
        What::TakeOver(ticket) | What::Release(ticket) => {
            vec![Effect::Emit(Event::Refused { ticket: *ticket, why })]
        }
        What::First => {
            refuse_runs(world, "the mark of this program could not be put on the gateway", now);
            // A job that does not run needs no stop.
            apply::stop(world, now).unwrap_or_default()
        }
    }
}

fn refuse_runs(world: &mut World, why: &str, now: Timestamp) {
    for cron in std::mem::take(&mut world.mark.runs) {
        let name = world.crons.get(&cron).map_or_else(|| cron.to_string(), |cron| cron.name.clone());
        let detail = format!("{name} does not run now: {why}");
        world.raise(format!("run/{cron}"), ProblemKind::Refused { detail }, now);
    }
}

/// Lets crons run once, as soon as our mark is there.
///
/// # Errors
/// When another acts here.
pub fn run(world: &mut World, crons: &[CronId], now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    match gate(world, now) {
        Gate::Open => {
            let session = world.session;
            let waited = std::mem::take(&mut world.mark.runs);
            let all = waited.into_iter().chain(crons.iter().cloned());
            Ok(all.map(|cron| Effect::RunCron { session, cron }).collect())
        }
        Gate::Waits(effects) => {
            world.mark.runs.extend(crons.iter().cloned());
            Ok(effects)
        }
        Gate::Shut => Err(Refusal::ReadOnly),
    }
}

/// From now on this folder acts here.
///
/// # Errors
/// When it does already, or may not write at all.
pub fn take_over(world: &mut World, ticket: Ticket) -> Result<Vec<Effect>, Refusal> {
    may_mark(world)?;
    match standing(world) {
        Standing::Ours => return Err(Refusal::NothingToDo),
        Standing::Free => {}
        Standing::Anothers(_) | Standing::Elsewhere => {
            // It was just changed, and is being read.
            if there(world).is_some_and(|mark| mark.revision.is_none()) {
                return Err(Refusal::Problem(ProblemKind::Busy));
            }
        }
    }
    try_again(world);
    Ok(begin(world, What::TakeOver(ticket)))
}

/// This folder acts here no more.
///
/// # Errors
/// When it does not act here, or is just doing so.
pub fn let_go(world: &mut World, ticket: Ticket) -> Result<Vec<Effect>, Refusal> {
    may_mark(world)?;
    if world.job.as_ref().is_some_and(apply::JobState::running) {
        return Err(Refusal::JobRunning);
    }
    let ours = there(world).filter(|_| standing(world) == Standing::Ours).map(|mark| mark.id.clone());
    let (Some(cron), Some(folder)) = (ours, world.mark.identity.folder.clone()) else {
        return Err(Refusal::NothingToDo);
    };
    let session = world.session;
    world.mark.placing = Some(Placing { session, what: What::Release(ticket) });
    Ok(vec![Effect::Unmark { session, cron, folder }])
}

fn may_mark(world: &World) -> Result<(), Refusal> {
    if !world.connected() || !world.ready() {
        return Err(Refusal::NotConnected);
    }
    if rights(world).is_none_or(Access::looks_only) {
        return Err(Refusal::ReadOnly);
    }
    if under_way(world) { Err(Refusal::Problem(ProblemKind::Busy)) } else { Ok(()) }
}

/// Our mark is off the gateway, or another's is there by now.
pub fn unmarked(world: &mut World, result: Result<Option<Cron>, NotCarriedOut>, now: Timestamp) -> Vec<Effect> {
    let Some(placing) = world.mark.placing.take_if(|placing| placing.session == world.session) else {
        return Vec::new();
    };
    match result {
        Ok(Some(read)) => take_in(world, read),
        Ok(None) => {
            if let Some(cron) = world.mark.cron.take() {
                Arc::make_mut(&mut world.crons).remove(&cron);
                world.note_change(&cron);
            }
        }
        Err(why) => {
            let what = ProblemKind::Refused { detail: why.detail };
            return failed(world, &placing.what, Refusal::Problem(what), now);
        }
    }
    let mut effects = look(world, now);
    if let What::Release(ticket) = placing.what {
        effects.push(Effect::Emit(Event::Done { ticket, what: Done::Quietly }));
    }
    effects
}

/// The connection is over: whoever waits for an answer gets none.
pub fn lost(world: &mut World) -> Vec<Effect> {
    let placing = world.mark.placing.take();
    match placing.map(|placing| placing.what) {
        Some(What::TakeOver(ticket) | What::Release(ticket)) => {
            vec![Effect::Emit(Event::Refused { ticket, why: Refusal::NotConnected })]
        }
        _ => Vec::new(),
    }
}
