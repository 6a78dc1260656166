//! The one-shots on the gateway that wake this program when an account is expected back.
//!
//! `policy` says which should be there; here they are compared with what is there, and put, moved or taken off,
//! one call of each kind at a time. Their declaration keys make putting one an upsert, so that an answer that was
//! lost, a crash or a second program never leads to two. One that ran, or should have run meanwhile, is a reason to
//! look at its account now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::super::World;
use super::super::super::effect::Effect;
use super::super::super::input::NotCarriedOut;
use super::super::apply::{WRITE_WINDOW, WRITES_PER_WINDOW};
use super::super::{check, record};
use super::mark::{self, Gate};
use crate::domain::{
    Access, AccountId, Cron, CronId, JobPhase, ProblemKind, RECOVERY_KEY_PREFIX, RecoveryCheck, Schedule,
};
use crate::fault::{self, Fault};
use crate::gateway::Address;
use crate::policy::{self, AFTER_RESET, Vantage};

/// What the engine knows of the crons that it places for itself.
#[derive(Debug, Default)]
pub struct OwnChecks {
    /// This program, as a gateway on the same computer can start it.
    pub(in crate::engine) program: Option<PathBuf>,
    /// The connection that what follows belongs to: with the next one nothing is under way.
    session: u64,
    /// What should be there, by our clock.
    wanted: BTreeMap<AccountId, Timestamp>,
    placing: Option<(AccountId, Timestamp)>,
    removing: Option<CronId>,
    places: Pace,
    removals: Pace,
}

/// One method's calls: the gateway counts each method for itself.
#[derive(Debug, Default)]
struct Pace {
    /// The start of the gateway's window, and the calls since.
    window: Option<(Timestamp, u32)>,
    /// Refused, or without an answer: not again before then.
    waits_until: Option<Timestamp>,
}

/// A one-shot that is off by more is moved.
const TOLERATED: SignedDuration = SignedDuration::from_mins(1);
/// After a call that failed, when the gateway does not say how long.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// After one that would be refused again.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// A one-shot whose time has come goes by itself; one that is still there after this did not run.
const OVERDUE: SignedDuration = SignedDuration::from_mins(2);
/// The same shelf for whatever kept them off the gateway.
const PROBLEM: &str = "gateway/recovery checks";

/// A program of its own on another gateway.
pub fn after(old: &OwnChecks) -> OwnChecks {
    OwnChecks { program: old.program.clone(), ..OwnChecks::default() }
}

/// Brings the one-shots on the gateway to what they should be; after everything else was worked out.
pub fn keep(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if world.own.session != world.session {
        let fresh = OwnChecks { session: world.session, ..after(&world.own) };
        world.own = fresh;
    }
    if !may_place(world) {
        world.own.wanted.clear();
        return Vec::new();
    }
    let observation = world.observation(now);
    world.own.wanted = policy::wakeups(&observation, &world.effective, &world.crisis, &world.switches);
    let (missing, unwanted) = (missing(world), unwanted(world, now));
    if missing.is_none() && unwanted.is_none() {
        return Vec::new();
    }
    match mark::gate(world, now) {
        Gate::Open => {
            let placed = missing.and_then(|(account, at)| place(world, account, at, now));
            placed.into_iter().chain(unwanted.and_then(|cron| remove(world, cron, now))).collect()
        }
        Gate::Waits(effects) => effects,
        Gate::Shut => Vec::new(),
    }
}

/// The next moment at which a call that waits may go.
pub fn next_wake(world: &World) -> Option<Timestamp> {
    let own = &world.own;
    own.places.waits_until.into_iter().chain(own.removals.waits_until).min()
}

/// What waited may go now: it is worked out anew whether it is still wanted.
pub fn tick(world: &mut World, now: Timestamp) {
    let own = &mut world.own;
    for pace in [&mut own.places, &mut own.removals] {
        if pace.waits_until.is_some_and(|until| until <= now) {
            pace.waits_until = None;
            world.dirty.plan = true;
        }
    }
}

/// What the faces see: the one-shots that are there, and those that are to come.
pub fn checks(world: &World) -> BTreeMap<AccountId, RecoveryCheck> {
    let ours = one_shots(world).filter(|shot| shot.cron.enabled);
    let mut checks: BTreeMap<AccountId, RecoveryCheck> =
        ours.map(|shot| (shot.account, RecoveryCheck { at: shot.at, cron: Some(shot.cron.id.clone()) })).collect();
    for (account, at) in world.own.wanted.iter().filter(|_| world.own.session == world.session) {
        checks.entry(account.clone()).or_insert(RecoveryCheck { at: *at, cron: None });
    }
    checks
}

/// Only one who may write, knows what is there, and either watches or has just changed something: a command that only
/// shows how things stand leaves nothing behind.
fn may_place(world: &World) -> bool {
    let writes = world.job.as_ref().is_some_and(|job| job.phase != JobPhase::Interrupted);
    world.access() == Some(Access::ReadWrite)
        && world.ready()
        && world.evidence.runs
        && world.evidence.usage
        && !world.settings_lost
        && !world.closing
        && (world.checks.by_itself || writes)
}

struct OneShotThere<'a> {
    account: AccountId,
    /// By our clock.
    at: Timestamp,
    cron: &'a Arc<Cron>,
}

/// The one-shots of recovery on the gateway. One that somebody gave another schedule counts as one of long ago.
fn one_shots(world: &World) -> impl Iterator<Item = OneShotThere<'_>> {
    world.crons.values().filter_map(|cron| {
        let account = account_of(cron)?;
        let at = match cron.schedule {
            Schedule::At { at } => world.by_our_clock(at),
            _ => Timestamp::MIN,
        };
        Some(OneShotThere { account, at, cron })
    })
}

fn account_of(cron: &Cron) -> Option<AccountId> {
    cron.declaration_key.as_deref()?.strip_prefix(RECOVERY_KEY_PREFIX).map(AccountId::new)
}

/// The one to put or move next: the one that is due first.
fn missing(world: &World) -> Option<(AccountId, Timestamp)> {
    if world.own.placing.is_some() {
        return None;
    }
    let in_place = |account: &AccountId, at: Timestamp| {
        let close = |shot: &OneShotThere<'_>| shot.at.duration_since(at).abs() <= TOLERATED;
        // What runs now is over in a moment, and is not moved under its own feet.
        let fine = |shot: &OneShotThere<'_>| shot.cron.running_since.is_some() || shot.cron.enabled && close(shot);
        one_shots(world).any(|shot| shot.account == *account && fine(&shot))
    };
    let missing = world.own.wanted.iter().filter(|(account, at)| !in_place(account, **at));
    missing.min_by_key(|(_, at)| **at).map(|(account, at)| (account.clone(), *at))
}

fn place(world: &mut World, account: AccountId, at: Timestamp, now: Timestamp) -> Option<Effect> {
    if !world.own.places.takes_one(now) {
        return None;
    }
    tracing::info!(%account, %at, "a recovery check is put on the gateway");
    world.own.placing = Some((account.clone(), at));
    world.dirty.shown = true;
    let (at, argv) = (world.by_gateways_clock(at), argv(world));
    Some(Effect::PlaceCheck { session: world.session, account, at, argv })
}

/// One that nobody waits for: its account is back, nothing is owed any more, or it failed.
fn unwanted(world: &World, now: Timestamp) -> Option<CronId> {
    if world.own.removing.is_some() || fault::on(Fault::KeepsWakeUps) {
        return None;
    }
    let mut kept = BTreeSet::new();
    let unwanted = one_shots(world).find(|shot| {
        let wanted = world.own.wanted.contains_key(&shot.account);
        let moved = world.own.placing.as_ref().is_some_and(|(account, _)| *account == shot.account);
        // Its reset is past: it runs within the minute, and goes by itself.
        let soon = shot.at.saturating_sub(AFTER_RESET).unwrap_or(Timestamp::MIN) <= now;
        let about_to_run = shot.cron.enabled && soon && shot.at > now.saturating_sub(OVERDUE).unwrap_or(Timestamp::MIN);
        let running = shot.cron.running_since.is_some();
        let first = kept.insert(shot.account.clone());
        !running && !moved && (!first || !wanted && !about_to_run)
    });
    unwanted.map(|shot| shot.cron.id.clone())
}

fn remove(world: &mut World, cron: CronId, now: Timestamp) -> Option<Effect> {
    if !world.own.removals.takes_one(now) {
        return None;
    }
    tracing::info!(%cron, "a recovery check is taken off the gateway");
    world.own.removing = Some(cron.clone());
    Some(Effect::RemoveOwn { session: world.session, cron })
}

impl Pace {
    /// Counts a call, if one may go now; else [`Pace::waits_until`] says when.
    fn takes_one(&mut self, now: Timestamp) -> bool {
        if self.waits_until.is_some_and(|until| until > now) {
            return false;
        }
        let end = |start: Timestamp| start.saturating_add(WRITE_WINDOW).unwrap_or(Timestamp::MAX);
        let (start, calls) = self.window.filter(|(start, _)| now < end(*start)).unwrap_or((now, 0));
        if calls >= WRITES_PER_WINDOW {
            self.waits_until = Some(end(start));
            return false;
        }
        self.window = Some((start, calls + 1));
        true
    }

    fn refused(&mut self, why: &NotCarriedOut, now: Timestamp) {
        let wait = why.retry_after.unwrap_or(if why.for_good { REFUSED_FOR } else { AGAIN });
        self.waits_until = now.checked_add(wait).ok();
    }
}

/// On a gateway of this computer the one-shot starts this program; elsewhere its event is enough.
fn argv(world: &World) -> Option<Vec<String>> {
    let here = check::vantage(world) == Vantage::Shared && !world.demo;
    let program = world.own.program.as_ref().filter(|_| here)?.to_str()?.to_owned();
    let folder = world.folder.as_ref()?.path.to_str()?.to_owned();
    // As it was understood: an address with a secret in it is none.
    let url = Address::parse(&world.target.as_ref()?.url).ok()?.url();
    let words = ["recover", "--automatic", "--state-dir", &folder, "--url", &url].map(str::to_owned);
    Some(std::iter::once(program).chain(words).collect())
}

/// The one-shot is there, or could not be put there. It may be there all the same: then its event, or the next list,
/// says so, and it is not put there again.
pub fn placed(
    world: &mut World,
    account: &AccountId,
    result: Result<Cron, NotCarriedOut>,
    now: Timestamp,
) -> Vec<Effect> {
    world.own.placing.take_if(|(placing, _)| placing == account);
    match result {
        Ok(cron) => {
            world.clear(PROBLEM);
            record::cron(world, cron);
        }
        Err(why) => {
            tracing::warn!(%account, ?why, "a recovery check could not be put on the gateway");
            world.own.places.refused(&why, now);
            if why.for_good {
                world.raise(PROBLEM, ProblemKind::Refused { detail: why.detail }, now);
            }
        }
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    Vec::new()
}

pub fn removed(world: &mut World, cron: &CronId, result: Result<(), NotCarriedOut>, now: Timestamp) -> Vec<Effect> {
    world.own.removing.take_if(|removing| removing == cron);
    match result {
        Ok(()) => {
            world.clear(PROBLEM);
            Arc::make_mut(&mut world.crons).remove(cron);
            world.note_change(cron);
        }
        Err(why) => {
            tracing::warn!(%cron, ?why, "a recovery check could not be taken off the gateway");
            world.own.removals.refused(&why, now);
            if why.for_good {
                world.raise(PROBLEM, ProblemKind::Refused { detail: why.detail }, now);
            }
        }
    }
    world.dirty.plan = true;
    Vec::new()
}

/// A run ended: if it was one of these, its account is looked at, however the run went.
pub fn has_run(world: &mut World, cron: &Cron, now: Timestamp) {
    if let Some(account) = account_of(cron) {
        check::look_now(world, &account, now);
    }
}

/// A cron is about to be forgotten, because the gateway says that it is gone.
pub fn gone(world: &mut World, cron: &CronId, now: Timestamp) {
    let Some(known) = world.crons.get(cron) else { return };
    // What this program takes off itself tells nothing, and neither does one that somebody took off before its time.
    let ours = world.own.removing.as_ref() == Some(cron);
    let due = |at: Timestamp| world.by_our_clock(at) <= now;
    let ran = matches!(known.schedule, Schedule::At { at } if due(at));
    if let Some(account) = account_of(known).filter(|_| ran && !ours) {
        check::look_now(world, &account, now);
    }
}

/// A whole list has come; `before` is what was known until then. What fired while nobody listened is looked into.
pub fn listed(world: &mut World, before: &BTreeMap<CronId, Arc<Cron>>, first: bool, now: Timestamp) {
    let lost: Vec<CronId> = before.keys().filter(|id| !world.crons.contains_key(*id)).cloned().collect();
    let fired = |cron: &Cron| matches!(cron.schedule, Schedule::At { at } if world.by_our_clock(at) <= now);
    let vanished = lost.iter().filter_map(|id| before.get(id)).filter(|cron| fired(cron)).filter_map(|c| account_of(c));
    let overdue = one_shots(world).filter(|shot| shot.at <= now).map(|shot| shot.account);
    let mut accounts: BTreeSet<AccountId> = vanished.chain(overdue).collect();
    if first {
        // An earlier life left an account down, and no one-shot waits for it any more: it may have fired.
        let awaited: BTreeSet<AccountId> = one_shots(world).map(|shot| shot.account).collect();
        let down = world.fleet.accounts.iter().filter(|(_, vital)| vital.health.fails() || policy::doubted(vital));
        accounts.extend(down.map(|(account, _)| account.clone()).filter(|account| !awaited.contains(account)));
    }
    for account in accounts {
        check::look_now(world, &account, now);
    }
}
