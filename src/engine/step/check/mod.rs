//! Looks at the accounts: one round at a time, everybody at once, the free questions first.
//!
//! A round asks each account what it may be asked, waits for all of them or its deadline, and only then
//! decides what a failure on the way means: when nobody answers it is this computer's network, and nothing
//! else is believed. What is still in doubt is then put to the gateway, within the day's budget. `policy`
//! says when, and what an answer changes.

mod account;
mod order;
mod picture;
mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use account::{dismiss, keep_key, key_kept, test_account};
pub use round::{gateway_answered, heard, heard_of_all, looked};

use super::super::effect::Effect;
use super::super::{Ticket, World};
use crate::domain::{
    Access, AccountId, AutomationLevel, CheckReport, Diagnosis, Finding, HealthState, KeyState, PaidQuestion, Refusal,
    Remembered, RunRecord,
};
use crate::gateway;
use crate::policy::{self, Vantage};
use round::Round;

/// What the engine knows of its looks.
#[derive(Debug, Default)]
pub struct Checks {
    /// Looks by itself; a single command only looks when it is told to.
    pub(in crate::engine) by_itself: bool,
    round: Option<Round>,
    /// Everybody was looked at since the gateway was reached, and since the computer slept.
    pub(in crate::engine) looked: bool,
    /// Of rounds and tests alike: an answer to an earlier one is late.
    last_id: u64,
    /// Not before then does a round begin by itself.
    rests_until: Option<Timestamp>,
    /// When everybody is looked at.
    all_at: Option<Timestamp>,
    /// Who is looked at before that.
    early: BTreeMap<AccountId, Timestamp>,
    /// Who something happened to, and when: looked at whatever the interval is.
    called: BTreeMap<AccountId, Timestamp>,
    /// Asked for while a round was under way.
    waiting: Vec<(Ticket, BTreeSet<AccountId>)>,
    /// Whoever asked for patience gets it.
    not_before: BTreeMap<AccountId, Timestamp>,
    looked_at: BTreeMap<AccountId, Timestamp>,
    reports: BTreeMap<AccountId, Arc<CheckReport>>,
    keys: BTreeMap<AccountId, KeyState>,
    paid: Vec<PaidQuestion>,
    /// Put to the gateway, and not answered for good.
    questions: BTreeMap<AccountId, Question>,
    suspects: Vec<Suspect>,
    /// When nobody could be reached, from and to: runs that failed then are never held against a provider.
    blackouts: Vec<(Timestamp, Timestamp)>,
    offline_since: Option<Timestamp>,
    offline_rounds: u32,
    test: Option<account::Test>,
}

/// A question that the gateway puts to a provider. While that fails it asks again, for minutes.
#[derive(Clone, Debug)]
struct Question {
    id: u64,
    /// Its silence was taken for a failure already.
    counted: bool,
}

/// What a question costs that the gateway puts for us.
const GATEWAY_TOKENS: u64 = 8;
/// More than the runs that are read on connecting reach back.
const BLACKOUTS: usize = 32;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Accounts that are due this soon are looked at together.
const TOGETHER: SignedDuration = SignedDuration::from_secs(10);
/// Between the end of a round and the next one that nobody asked for, whatever seems due.
const REST: SignedDuration = SignedDuration::from_secs(5);
/// A look that is no older is not repeated for an event that tells the same.
const JUST_LOOKED: SignedDuration = SignedDuration::from_secs(30);
/// Between rounds while nothing can be reached.
const OFFLINE: [SignedDuration; 4] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(5),
];

/// Looks at these accounts now, or at all; answered when the round is over.
pub fn command(
    world: &mut World,
    ticket: Ticket,
    accounts: Option<&[AccountId]>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    if !world.connected() {
        return Err(Refusal::NotConnected);
    }
    let wanted: BTreeSet<AccountId> = match accounts {
        Some(named) => named.iter().cloned().collect(),
        None => world.accounts.keys().cloned().collect(),
    };
    if let Some(account) = wanted.iter().find(|id| !world.accounts.contains_key(*id)) {
        return Err(Refusal::UnknownAccount { account: account.clone() });
    }
    if let Some([only]) = accounts
        && let Some(until) = world.checks.not_before.get(only).filter(|until| **until > now)
    {
        return Err(Refusal::ToldToWait { account: only.clone(), until: *until });
    }
    if world.checks.round.is_some() {
        world.checks.waiting.push((ticket, wanted));
        return Ok(Vec::new());
    }
    Ok(round::begin(world, &wanted, vec![ticket], now))
}

/// What is due by now.
pub fn tick(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = round::expire(world, now);
    effects.extend(account::expire(world, now));
    let rests = world.checks.rests_until.is_some_and(|until| until > now);
    if world.checks.round.is_some() || rests || !may_look(world) {
        return effects;
    }
    let everybody = world.checks.all_at.is_some_and(|at| at <= now);
    let soon = now.checked_add(TOGETHER).unwrap_or(Timestamp::MAX);
    let due = world.checks.early.values().any(|at| *at <= now);
    let wanted: BTreeSet<AccountId> = if everybody {
        world.accounts.keys().cloned().collect()
    } else if due {
        let early = world.checks.early.iter().filter(|(_, at)| **at <= soon);
        early.map(|(id, _)| id.clone()).collect()
    } else {
        return effects;
    };
    effects.extend(round::begin(world, &wanted, Vec::new(), now));
    effects
}

/// The next moment at which [`tick`] has something to do.
pub fn next_wake(world: &World) -> Option<Timestamp> {
    let checks = &world.checks;
    let deadlines = checks
        .round
        .as_ref()
        .map(|round| round.deadline)
        .into_iter()
        .chain(checks.test.as_ref().and_then(account::Test::deadline));
    let next = checks.early.values().copied().chain(checks.all_at).min();
    let looks = next.filter(|_| checks.round.is_none() && may_look(world));
    let looks = looks.map(|at| at.max(checks.rests_until.unwrap_or(Timestamp::MIN)));
    deadlines.chain(looks).min()
}

/// Works out who is looked at when; after every change of what is known.
pub fn plan(world: &mut World, now: Timestamp) {
    if may_look(world) {
        let every = world.effective.checks.every;
        // Automation looks before it acts, if only once, and nobody waits for the next round for that.
        let acts = world.effective.automation.level == AutomationLevel::ActWithinLimits && !world.checks.looked;
        // What was found to be the network is tried again, whoever found it, with more and more patience.
        let offline = world.checks.offline_since.is_some();
        let on_demand_only = every <= SignedDuration::ZERO && !offline && !acts;
        world.checks.all_at = match world.checks.all_at {
            _ if on_demand_only => None,
            Some(at) => Some(if acts && !offline { at.min(now) } else { at }),
            None if world.checks.round.is_some() => None,
            None => Some(now),
        };
        let due = |id: &AccountId| {
            let limits = &world.effective.thresholds;
            let account = watched(world, id);
            let models = world.fleet.models.iter().filter(|(model, _)| model.account() == *id);
            let of_models = models.filter_map(|(_, own)| {
                policy::look_due(policy::Watched { vital: Some(own), windows: &[], ..account }, limits)
            });
            let at = policy::look_due(account, limits).into_iter().chain(of_models).min()?;
            let may = world.checks.not_before.get(id).copied().unwrap_or(Timestamp::MIN);
            Some(at.max(may))
        };
        let early =
            world.accounts.keys().filter(|id| useful(world, id, now)).filter_map(|id| Some((id.clone(), due(id)?)));
        let mut early: BTreeMap<AccountId, Timestamp> = early.collect();
        // What was due and could not begin at that moment stays due.
        for (id, at) in &world.checks.early {
            if world.accounts.contains_key(id) && world.checks.looked_at.get(id).is_some_and(|looked| looked < at) {
                early.entry(id.clone()).or_insert(*at);
            }
        }
        for suspect in &world.checks.suspects {
            if let Some(provider) = &suspect.run.provider {
                early.insert(AccountId::new(provider), suspect.heard_at);
            }
        }
        if on_demand_only {
            early.clear();
        }
        let looked_since = |id: &AccountId, at: Timestamp| world.checks.looked_at.get(id).is_some_and(|own| *own >= at);
        let mut called = world.checks.called.clone();
        called.retain(|id, at| world.accounts.contains_key(id) && !looked_since(id, *at));
        for (id, at) in &called {
            let may = world.checks.not_before.get(id).copied().unwrap_or(Timestamp::MIN);
            if useful(world, id, now) {
                early.insert(id.clone(), (*at).max(may));
            }
        }
        world.checks.called = called;
        world.checks.early = if world.checks.offline_since.is_some() { BTreeMap::new() } else { early };
    }
    picture::draw(world, now);
}

/// Something happened that makes this account worth a look at once, unless it is just being looked at.
pub fn look_now(world: &mut World, account: &AccountId, now: Timestamp) {
    let asked = world.checks.round.as_ref().is_some_and(|round| round.asked.contains(account));
    let just = now.saturating_sub(JUST_LOOKED).unwrap_or(Timestamp::MIN);
    let lately = world.checks.looked_at.get(account).is_some_and(|at| (just..=now).contains(at));
    if !asked && !lately && world.checks.by_itself {
        world.checks.called.insert(account.clone(), now);
        world.dirty.plan = true;
    }
}

/// Whether anything could be learned by asking: of one that its owner set aside or called down nobody asks.
fn useful(world: &World, id: &AccountId, now: Timestamp) -> bool {
    let lasts = |until: Option<Timestamp>| until.is_some_and(|until| until > now);
    world.accounts.get(id).is_some_and(|own| !lasts(own.down_until) && !lasts(own.set_aside_until))
}

/// After sleep, a set clock or a new network: what was known may be hours old.
pub fn look_anew(world: &mut World, now: Timestamp) -> Vec<Effect> {
    world.checks.all_at = world.checks.all_at.map(|at| at.min(now));
    world.checks.offline_rounds = 0;
    // A set clock makes nonsense of moments that lie ahead.
    let ahead = |at: &Timestamp| *at <= now;
    world.checks.looked_at.retain(|_, at| ahead(at));
    world.checks.paid.retain(|paid| ahead(&paid.at));
    world.checks.rests_until = None;
    world.checks.looked = false;
    policy::set_back(Arc::make_mut(&mut world.fleet), now);
    world.dirty.plan = true;
    if world.connected() { super::connection::fetch_all(world) } else { Vec::new() }
}

/// The gateway is left: nobody will answer whoever asked, and no answer on its way counts for the next one.
pub fn leave(world: &mut World) -> Vec<Effect> {
    round::refuse_all(world)
}

/// A program of its own, with ids that were never given before.
pub fn after(old: &Checks) -> Checks {
    Checks { by_itself: old.by_itself, last_id: old.last_id, ..Checks::default() }
}

/// What the next life of this program should know.
pub fn remembered(world: &World) -> Remembered {
    Remembered {
        fleet: world.fleet.clone(),
        not_before: world.checks.not_before.clone(),
        paid: world.checks.paid.clone(),
        down_since: world.down_since.clone(),
    }
}

/// What an earlier life knew of this gateway's accounts; it ages like everything else.
pub fn remember(world: &mut World, known: Remembered) {
    world.fleet = known.fleet;
    world.checks.not_before = known.not_before;
    world.checks.paid = known.paid;
    world.down_since = known.down_since;
}

fn may_look(world: &World) -> bool {
    world.checks.by_itself && world.connected() && world.ready() && world.evidence.runs && world.evidence.usage
}

/// What the gateway reaches, seen from here. A loopback address alone may be the end of a tunnel: the
/// gateway is here when its configuration is.
pub fn vantage(world: &World) -> Vantage {
    let plain = |url: &str| gateway::Address::parse(url).ok().filter(gateway::Address::loopback).map(|a| a.port);
    let port = world.target.as_ref().and_then(|target| plain(&target.url));
    let here = port.is_some() && world.discovered.iter().any(|found| plain(&found.url) == port);
    if here || world.demo { Vantage::Shared } else { Vantage::Elsewhere }
}

/// A run that failed in a way that the network may be to blame for.
#[derive(Debug)]
struct Suspect {
    run: RunRecord,
    said: Diagnosis,
    heard_at: Timestamp,
}

/// Keeps a failed run back until a round has shown whether this computer, and with it the gateway, reaches
/// anybody. Many crons run at the full hour: without this a pulled cable would look like an outage.
pub fn hold_back(world: &mut World, run: &RunRecord, said: Option<&Diagnosis>, now: Timestamp) -> bool {
    let looks = world.checks.by_itself && world.effective.checks.every.is_positive();
    let Some(said) = said.filter(|said| looks && of_network(world, said)) else { return false };
    let known = |suspect: &Suspect| suspect.run.cron == run.cron && suspect.run.finished_at == run.finished_at;
    if world.checks.suspects.iter().any(known) {
        return true;
    }
    world.checks.suspects.push(Suspect { run: run.clone(), said: said.clone(), heard_at: now });
    true
}

/// Whether a failure tells nothing: this computer, and with it the gateway, reached nobody then.
pub fn explained_by_network(world: &World, said: Option<&Diagnosis>, at: Timestamp) -> bool {
    let dark = world.checks.blackouts.iter().any(|(from, to)| (*from..=*to).contains(&at));
    dark && said.is_some_and(|said| of_network(world, said))
}

impl Checks {
    fn note_blackout(&mut self, from: Timestamp) {
        if self.blackouts.len() == BLACKOUTS {
            self.blackouts.remove(0);
        }
        self.blackouts.push((from, Timestamp::MAX));
    }

    fn end_blackout(&mut self, now: Timestamp) {
        if let Some((_, to)) = self.blackouts.last_mut() {
            *to = now;
        }
    }
}

fn of_network(world: &World, said: &Diagnosis) -> bool {
    let on_the_way = said.state == HealthState::Down || said.finding == Finding::JobTimedOut;
    on_the_way && vantage(world) == Vantage::Shared
}

fn watched<'a>(world: &'a World, id: &AccountId) -> policy::Watched<'a> {
    policy::Watched {
        vital: world.fleet.accounts.get(id),
        windows: world.fleet.windows.get(id).map_or(&[][..], Vec::as_slice),
        looked_at: world.checks.looked_at.get(id).copied(),
        paid_at: world.checks.paid.iter().rev().find(|paid| paid.account == *id).map(|paid| paid.at),
        awaited: policy::awaits(&world.crisis, !world.ledger.is_empty(), &world.effective, id),
    }
}

/// How many questions that cost tokens the day still allows: none where another acts, who asks its own.
fn paid_left(world: &World, now: Timestamp) -> u32 {
    if matches!(world.access(), Some(Access::GatewayOwned | Access::AnotherGateway)) {
        return 0;
    }
    let spent = world.checks.paid.iter().filter(|paid| now.duration_since(paid.at) < DAY).count();
    world.effective.checks.paid_per_day.saturating_sub(u32::try_from(spent).unwrap_or(u32::MAX))
}

fn note_paid(world: &mut World, account: &AccountId, at: Timestamp, tokens: u64) {
    world.checks.paid.retain(|paid| at.duration_since(paid.at) < DAY);
    world.checks.paid.push(PaidQuestion { account: account.clone(), at, tokens });
}
