//! A folder that somebody else holds: asked for now and then, and taken over when it is free.
//!
//! Invariant: what follows is as at opening. Everything is read again, files and gateway, before
//! anything may be written.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::World;
use super::super::effect::{Effect, StoreOp};
use super::super::input::Lease;
use super::{aside, connection, past};
use crate::domain::ProblemKind;
use crate::state::Loaded;

const PROBLEM: &str = "state/lease";
/// How long the other one is left alone before it is asked again.
const ASK_AFTER: SignedDuration = SignedDuration::from_secs(2);

/// We only look, and say who acts.
pub fn held(world: &mut World, holder: String, now: Timestamp) {
    world.lease_at = now.checked_add(ASK_AFTER).ok();
    let Some(folder) = world.folder.as_mut() else { return };
    if folder.held_by.as_ref() != Some(&holder) {
        folder.held_by = Some(holder.clone());
        world.raise(PROBLEM, ProblemKind::FolderHeld { holder }, now);
    }
}

/// The time to ask has come.
pub fn ask(world: &mut World, now: Timestamp) -> Option<Effect> {
    world.lease_at.filter(|at| *at <= now)?;
    // Until the answer is here there is nothing to wait for.
    world.lease_at = None;
    Some(Effect::Store(Box::new(StoreOp::AskForLease)))
}

pub fn asked(world: &mut World, path: &Path, result: Result<Lease, ProblemKind>, now: Timestamp) -> Vec<Effect> {
    if !world.folder.as_ref().is_some_and(|folder| folder.path == path && folder.held_by.is_some()) {
        return Vec::new();
    }
    match result {
        Ok(Lease::HeldBy(holder)) => held(world, holder, now),
        Ok(Lease::ServedBy { holder, socket }) => {
            held(world, holder.clone(), now);
            if world.serves {
                aside::another_serves(world, &holder, now);
            } else if aside::may_ask(world, &holder) {
                return aside::ask(world, socket, holder, None);
            }
        }
        Ok(Lease::Ours(loaded)) => return taken_over(world, *loaded, now),
        Err(problem) => {
            world.lease_at = now.checked_add(ASK_AFTER).ok();
            world.raise(PROBLEM, problem, now);
        }
    }
    Vec::new()
}

fn taken_over(world: &mut World, mut loaded: Loaded, now: Timestamp) -> Vec<Effect> {
    world.mark.identity = std::mem::take(&mut loaded.identity);
    if let Some(folder) = world.folder.as_mut() {
        folder.held_by = None;
    }
    // What was wrong with the folder while we looked is found again, or mended; of its holder nothing counts any more.
    let of_before = |id: &str| id.starts_with("state/") || id == aside::PROBLEM;
    Arc::make_mut(&mut world.problems).retain(|problem| !of_before(&problem.id));
    world.offer = None;
    world.definitions_kept_at = None;
    world.unedited.clear();
    connection::take_loaded(world, loaded, now);
    let mut effects = past::open(world, now);
    effects.extend(connection::connect_anew(world));
    effects
}
