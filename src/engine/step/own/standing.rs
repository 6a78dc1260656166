//! Whose mark is on the gateway, and what follows: who may write there, and whose debts are owed there.
//!
//! A folder remembers the mark that it put on its gateway. Where that mark is missing, and something is still to be
//! given back, nobody can tell a mark that was removed by hand from another gateway with the same crons: then nothing
//! is written and no debt is closed before a person has said which it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::World;
use super::super::super::effect::{Effect, StoreOp};
use super::super::apply::{self, JobState};
use super::mark::Placing;
use crate::domain::{Access, Connection, Cron, CronId, FolderIdentity, JobPhase, OWNER_KEY, OwnerMark, ProblemKind};
use crate::fault::{self, Fault};

/// What the engine knows of the mark.
#[derive(Debug, Default)]
pub struct Mark {
    pub(in crate::engine::step) identity: FolderIdentity,
    /// The cron that is the mark.
    pub(in crate::engine::step) cron: Option<CronId>,
    /// What this connection may do where nobody else acts.
    rights: Option<Access>,
    /// The connection on which this gateway was last known to be the one of this folder.
    pub(in crate::engine::step) home: Option<u64>,
    pub(super) placing: Option<Placing>,
    pub(super) waits_until: Option<Timestamp>,
    /// What was said of it last.
    said: Option<ProblemKind>,
    /// What a person asked to run before the mark was there.
    pub(super) runs: Vec<CronId>,
}

/// How this folder stands to the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody acts there.
    Free,
    Ours,
    Anothers(OwnerMark),
    /// Something is owed, and this is not the gateway it is owed on; or the mark was taken off it.
    Elsewhere,
}

/// The shelf for whatever keeps this folder from acting here.
const PROBLEM: &str = "gateway/owner";
/// And for a job that was stopped by that.
const STOPPED: &str = "job/owner";

/// The mark on the gateway, whoever put it there.
pub fn seen(world: &World) -> Option<OwnerMark> {
    OwnerMark::of(there(world)?)
}

pub(super) fn there(world: &World) -> Option<&Arc<Cron>> {
    world.crons.get(world.mark.cron.as_ref()?)
}

pub fn standing(world: &World) -> Standing {
    let Mark { identity, home, .. } = &world.mark;
    let mark = seen(world);
    if let Some(other) =
        mark.as_ref().filter(|mark| identity.folder.as_ref() != Some(&mark.folder) && !fault::on(Fault::IgnoresTheMark))
    {
        return Standing::Anothers(other.clone());
    }
    let known = *home == Some(world.session) || identity.placed.is_none() || identity.placed == mark;
    match mark {
        _ if !known && owes(world) => Standing::Elsewhere,
        Some(_) => Standing::Ours,
        None if fault::on(Fault::WritesUnmarked) => Standing::Ours,
        None => Standing::Free,
    }
}

/// Something of this folder can only be settled on its gateway.
fn owes(world: &World) -> bool {
    !world.ledger.is_empty()
        || world.job.as_ref().is_some_and(|job| job.phase == JobPhase::Interrupted || job.running())
}

/// What the gateway shows is true of what this folder owes.
pub fn at_home(world: &World) -> bool {
    matches!(standing(world), Standing::Free | Standing::Ours)
}

/// The same for a call of this life whose answer was lost, also when another acts there by now.
pub fn knows_fate(world: &World) -> bool {
    match standing(world) {
        Standing::Free | Standing::Ours => true,
        Standing::Anothers(_) => world.mark.home.is_some(),
        Standing::Elsewhere => false,
    }
}

/// Right before a call that writes: only with our mark there.
pub fn ours(world: &World) -> bool {
    standing(world) == Standing::Ours
}

/// A cron was heard of: is it the mark? Of two marks, which only a hand can have made, a stranger's counts.
pub fn heard(world: &mut World, cron: &Cron) {
    if cron.declaration_key.as_deref() != Some(OWNER_KEY) {
        return;
    }
    let stranger = |cron: &Cron| OwnerMark::of(cron).map(|mark| mark.folder) != world.mark.identity.folder;
    let stays = there(world).is_some_and(|known| known.id != cron.id && stranger(known));
    if !stays {
        world.mark.cron = Some(cron.id.clone());
    }
}

/// A whole list has come.
pub fn listed(world: &mut World) {
    world.mark.cron = None;
    let marks: Vec<Arc<Cron>> =
        world.crons.values().filter(|cron| cron.declaration_key.as_deref() == Some(OWNER_KEY)).cloned().collect();
    for mark in marks {
        heard(world, &mark);
    }
}

/// What this connection may do where nobody else acts; known from its beginning, and after a proof.
pub fn grant(world: &mut World, rights: Access) {
    world.mark.rights = Some(rights);
    if let Connection::Connected(info) = &mut world.connection {
        info.access = rights;
    }
}

/// The rights without regard to the mark.
pub(super) fn rights(world: &World) -> Option<Access> {
    world.mark.rights.or(world.access())
}

/// After every input: what the mark allows, and an end to what it allows no more.
pub fn look(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Connection::Connected(info) = &world.connection else { return Vec::new() };
    let (before, rights) = (info.access, world.mark.rights.unwrap_or(info.access));
    if world.crons_as_of.is_none() {
        return Vec::new();
    }
    let standing = standing(world);
    // A program that only looks need not know which mark is its folder's.
    let access = match &standing {
        _ if rights.looks_only() => rights,
        Standing::Anothers(_) => Access::GatewayOwned,
        Standing::Elsewhere => Access::AnotherGateway,
        Standing::Free | Standing::Ours => rights,
    };
    let mut effects = Vec::new();
    if standing == Standing::Ours && !rights.looks_only() {
        effects.extend(come_home(world));
    }
    say(world, &standing, access, now);
    if access == before {
        return effects;
    }
    tracing::info!(?access, ?standing, "who acts on this gateway has changed");
    if let Connection::Connected(info) = &mut world.connection {
        info.access = access;
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    if !access.looks_only() {
        world.clear(STOPPED);
        return effects;
    }
    say_what_stops(world, &standing, now);
    effects.extend(apply::advance(world, now));
    effects
}

/// The mark there is this folder's. One that a life placed which ended before it could write that down is written
/// down now: nothing is owed elsewhere, or it would not count as ours.
fn come_home(world: &mut World) -> Option<Effect> {
    let mark = seen(world)?;
    world.mark.home = Some(world.session);
    if world.mark.identity.placed.as_ref() == Some(&mark) {
        return None;
    }
    world.mark.identity.placed = Some(mark.clone());
    Some(Effect::Store(Box::new(StoreOp::SavePlaced(mark))))
}

/// Says what keeps this folder from acting, once: a person may dismiss it.
fn say(world: &mut World, standing: &Standing, access: Access, now: Timestamp) {
    let what = match (standing, access) {
        (Standing::Anothers(mark), Access::GatewayOwned) => {
            Some(ProblemKind::GatewayOwned { host: mark.host.clone(), since: Some(mark.since) })
        }
        (_, Access::AnotherGateway) => Some(ProblemKind::AnotherGateway { n_debts: world.ledger.len() }),
        _ => None,
    };
    if world.mark.said == what {
        return;
    }
    match what.clone() {
        Some(what) => world.raise(PROBLEM, what, now),
        None => world.clear(PROBLEM),
    }
    world.mark.said = what;
}

fn say_what_stops(world: &mut World, standing: &Standing, now: Timestamp) {
    let (Some(job), Standing::Anothers(mark)) = (world.job.as_ref().filter(|job| job.running()), standing) else {
        return;
    };
    let (host, left) = (mark.host.clone(), JobState::n_not_begun(job));
    if left > 0 {
        world.raise(STOPPED, ProblemKind::TakenOver { host, left }, now);
    }
}

/// The mark is no cron of the user's: what is kept of all crons is kept without it, and so it is with the one-shots.
pub fn of_the_user(crons: &Arc<BTreeMap<CronId, Arc<Cron>>>) -> Arc<BTreeMap<CronId, Arc<Cron>>> {
    if crons.values().all(|cron| !cron.is_our_own()) {
        return crons.clone();
    }
    let theirs = crons.iter().filter(|(_, cron)| !cron.is_our_own());
    Arc::new(theirs.map(|(id, cron)| (id.clone(), cron.clone())).collect())
}
