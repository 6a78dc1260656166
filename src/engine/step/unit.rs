//! The service that runs the engine of this folder without a window: how it stands, installing and removing it.
//!
//! What it runs is this program with the folder and the address in its arguments, and never a secret. The demo has
//! none: its folder goes with it.

use std::path::Path;
use std::sync::Arc;

use super::super::effect::{Effect, Served, UnitOp};
use super::super::{Done, Event, Ticket, World};
use super::connection;
use crate::domain::{ProblemKind, Refusal, ServiceUnit, UnitStanding, UnitTrouble};

/// Asks how it stands, where this engine stays long enough for anybody to see it.
pub fn look(world: &World) -> Option<Effect> {
    let of = served(world).filter(|_| world.checks.by_itself)?;
    Some(Effect::Unit { op: UnitOp::Look, of: Box::new(of) })
}

/// A gateway was chosen, and with it a folder.
pub fn chosen(world: &mut World) -> Option<Effect> {
    let argv = served(world).map(|of| of.argv).unwrap_or_default();
    // Coming back to the same one forgets nothing of it.
    if world.service.argv != argv {
        world.service = Arc::new(ServiceUnit { argv, ..ServiceUnit::default() });
    }
    look(world)
}

pub fn change(world: &mut World, ticket: Ticket, installed: bool) -> Result<Vec<Effect>, Refusal> {
    let begun = begin(world, ticket, installed);
    if begun.is_err() {
        Arc::make_mut(&mut world.service).n_answers += 1;
        world.dirty.shown = true;
    }
    begun
}

fn begin(world: &mut World, ticket: Ticket, installed: bool) -> Result<Vec<Effect>, Refusal> {
    if world.service.changing {
        return Err(Refusal::Problem(ProblemKind::Busy));
    }
    if world.demo {
        return Err(Refusal::NothingToDo);
    }
    if world.own.program.is_none() {
        return Err(Refusal::Service(UnitTrouble::NoProgram));
    }
    let folder = connection::folder_of(world, world.target.as_ref().ok_or(Refusal::NotConnected)?);
    if folder.to_str().is_none() {
        return Err(Refusal::Service(UnitTrouble::Unwritable { text: folder.display().to_string() }));
    }
    let of = served(world).ok_or(Refusal::NotConnected)?;
    let service = Arc::make_mut(&mut world.service);
    (service.changing, service.trouble) = (true, None);
    world.dirty.shown = true;
    let op = if installed { UnitOp::Install(ticket) } else { UnitOp::Remove(ticket) };
    Ok(vec![Effect::Unit { op, of: Box::new(of) }])
}

pub fn seen(world: &mut World, folder: &Path, op: UnitOp, result: Result<UnitStanding, UnitTrouble>) -> Vec<Effect> {
    let ours = world.target.as_ref().is_some_and(|target| connection::folder_of(world, target) == folder);
    if ours {
        let service = Arc::make_mut(&mut world.service);
        if op == UnitOp::Look {
            service.n_looks += 1;
        } else {
            service.n_answers += 1;
            service.changing = false;
        }
        match (&result, op) {
            (Ok(standing), _) => service.standing = standing.clone(),
            (Err(why), UnitOp::Look) => service.standing = UnitStanding::Unavailable { why: why.clone() },
            (Err(why), _) => service.trouble = Some(why.clone()),
        }
        world.dirty.shown = true;
    }
    let (UnitOp::Install(ticket) | UnitOp::Remove(ticket)) = op else { return Vec::new() };
    vec![Effect::Emit(match result {
        Ok(_) => Event::Done { ticket, what: Done::Quietly },
        Err(why) => Event::Refused { ticket, why: Refusal::Service(why) },
    })]
}

/// What a service of this folder would run; `None` without a folder of the user's. The folder need not be open: while
/// a program in the background acts on it, it is not.
fn served(world: &World) -> Option<Served> {
    let target = world.target.as_ref().filter(|_| !world.demo)?;
    let folder = connection::folder_of(world, target);
    let program = world.own.program.as_ref()?.to_str()?.to_owned();
    let mut argv = vec![program, "serve".to_owned()];
    argv.extend(["--state-dir".to_owned(), folder.to_str()?.to_owned()]);
    argv.extend(["--url".to_owned(), target.url.clone()]);
    if let Some(fingerprint) = &target.tls_fingerprint {
        argv.extend(["--tls-fingerprint".to_owned(), fingerprint.clone()]);
    }
    Some(Served {
        folder,
        gateway: target.name.clone(),
        url: target.url.clone(),
        state_root: world.state_root.clone(),
        argv,
        token: target.token.clone(),
    })
}
