//! A gateway version nobody has tried: a write that it must refuse comes before all others.

use jiff::Timestamp;

use super::super::super::World;
use super::super::super::effect::{Effect, StoreOp};
use super::super::super::input::Proof;
use super::super::own;
use super::advance::{advance, end};
use crate::domain::{Access, JobPhase, ProblemKind};

/// The version refused a write it had to refuse, or it did not, or it could not be asked.
pub fn proven(world: &mut World, proof: Proof, now: Timestamp) -> Vec<Effect> {
    // It may be answered more than once, or after the job's end.
    let Some(mut job) = world.job.take_if(|job| job.running() && job.proving) else { return Vec::new() };
    let mut effects = Vec::new();
    job.proving = false;
    match proof {
        Proof::Refused => {
            if let Some(version) = world.connection.info().map(|info| info.version.clone()) {
                own::mark::grant(world, Access::ReadWrite);
                world.proven.insert(version);
                effects.push(Effect::Store(Box::new(StoreOp::SaveProven(world.proven.clone()))));
            }
            world.clear("gateway/version");
        }
        Proof::Obeyed => {
            let version = world.connection.info().map(|info| info.version.clone()).unwrap_or_default();
            world.raise("gateway/version", ProblemKind::UnprovenGateway { version }, now);
            effects.extend(end(world, &mut job, JobPhase::Stopped, now));
        }
        Proof::NotAsked { detail } => {
            world.raise("gateway/proof", ProblemKind::Refused { detail }, now);
            effects.extend(end(world, &mut job, JobPhase::Stopped, now));
        }
    }
    world.job = Some(job);
    effects.extend(advance(world, now));
    effects
}

/// The connection was lost before the proof came: it is asked for again.
pub fn prove_again(world: &World) -> Option<Effect> {
    let job = world.job.as_ref().filter(|job| job.running() && job.proving)?;
    let cron = job.lines.iter().find(|line| line.open())?.change.cron.clone();
    Some(Effect::Prove { session: world.session, cron })
}
