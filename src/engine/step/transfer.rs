//! Import, export and pages that were read: a preview before anything is written, and what came of it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::input::Reread;
use super::super::{Command, Done, Event, Ticket, World};
use super::apply;
use super::connection::take_imported;
use crate::domain::{ImportPreview, ProblemKind, Refusal};

pub fn command(world: &mut World, ticket: Ticket, command: Command) -> Result<Vec<Effect>, Refusal> {
    let folder = world.folder.as_ref().ok_or(Refusal::NotConnected)?;
    let read_only = folder.held_by.is_some();
    let op = match command {
        Command::PreviewImport { from } => StoreOp::PreviewImport { ticket, from },
        Command::ConfirmImport { .. } if read_only => return Err(Refusal::ReadOnly),
        Command::ConfirmImport { .. } if world.job.as_ref().is_some_and(apply::JobState::running) => {
            return Err(Refusal::JobRunning);
        }
        Command::ConfirmImport { preview, choices } => {
            let shown = world.import.take().filter(|shown| shown.id == preview).ok_or(Refusal::Drifted)?;
            world.dirty.shown = true;
            StoreOp::Import { ticket, preview: shown, choices }
        }
        Command::Export { to, what } => StoreOp::Export { ticket, to, what },
        Command::KeepReading { account, reading } => StoreOp::SaveReading { ticket, account, reading },
        _ => return Err(Refusal::NothingToDo),
    };
    Ok(vec![Effect::Store(Box::new(op))])
}

pub fn previewed(world: &mut World, ticket: Ticket, result: Result<ImportPreview, ProblemKind>) -> Vec<Effect> {
    match result {
        Ok(preview) => {
            world.import = Some(Arc::new(preview));
            world.dirty.shown = true;
            done(ticket, Done::Quietly)
        }
        Err(problem) => refused(ticket, problem),
    }
}

pub fn imported(
    world: &mut World,
    ticket: Ticket,
    result: Result<(usize, Reread), ProblemKind>,
    now: Timestamp,
) -> Vec<Effect> {
    match result {
        Ok((n_files, reread)) => {
            take_imported(world, reread, now);
            done(ticket, Done::Imported { n_files })
        }
        Err(problem) => refused(ticket, problem),
    }
}

pub fn exported(ticket: Ticket, to: &Path, result: Result<usize, ProblemKind>) -> Vec<Effect> {
    match result {
        Ok(n_files) => done(ticket, Done::Exported { to: to.display().to_string(), n_files }),
        Err(problem) => refused(ticket, problem),
    }
}

pub fn kept(ticket: Ticket, result: Result<(), ProblemKind>) -> Vec<Effect> {
    match result {
        Ok(()) => done(ticket, Done::Quietly),
        Err(problem) => refused(ticket, problem),
    }
}

fn done(ticket: Ticket, what: Done) -> Vec<Effect> {
    vec![Effect::Emit(Event::Done { ticket, what })]
}

fn refused(ticket: Ticket, problem: ProblemKind) -> Vec<Effect> {
    vec![Effect::Emit(Event::Refused { ticket, why: Refusal::Problem(problem) })]
}
