//! One round: who was asked, whose answer is out, and what the answers show together.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::super::effect::{Effect, Fetch};
use super::super::super::input::GatewayAnswer;
use super::super::super::{Done, Event, Ticket, World};
use super::super::{crisis, record};
use super::account;
use super::order::{Why, order};
use super::{GATEWAY_TOKENS, OFFLINE, Question, REST, Suspect, note_paid, paid_left, vantage, watched};
use crate::domain::{
    AccountId, CheckReport, KeyState, ProbeAnswer, ProbeStatus, ProblemKind, Proof, Refusal, is_loopback_url,
};
use crate::policy::{self, Demand};
use crate::providers::Paid;

/// All answers must be in by then.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// A provider that serves answers the gateway within seconds; silence for so long is a failure.
const GATEWAY_PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// The same shelf for the network problem, so that it is said once.
const OFFLINE_PROBLEM: &str = "network";

/// A round under way.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) id: u64,
    pub(super) started_at: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) asked: BTreeSet<AccountId>,
    /// Who was asked something from here, and whose answer is out.
    sent: BTreeSet<AccountId>,
    pub(super) left: BTreeSet<AccountId>,
    /// The gateway's lists that are out.
    lists: BTreeSet<&'static str>,
    /// Who was put to the gateway, and whose answer is out.
    pub(super) probing: Option<BTreeSet<AccountId>>,
    /// Nobody answered these: what that means is decided at the end.
    unreached: Vec<Arc<CheckReport>>,
    /// Of accounts whose last run may have failed for the network: the run is the older news.
    held: Vec<Arc<CheckReport>>,
    n_reached: usize,
    widened: bool,
    tickets: Vec<Ticket>,
    /// Everybody is in it.
    full: bool,
}

/// Starts a round over `wanted`; with tickets, because a person asked.
pub(super) fn begin(
    world: &mut World,
    wanted: &BTreeSet<AccountId>,
    tickets: Vec<Ticket>,
    now: Timestamp,
) -> Vec<Effect> {
    world.checks.last_id += 1;
    let on_demand = !tickets.is_empty();
    let full = world.accounts.keys().all(|id| wanted.contains(id));
    let mut round = Round {
        id: world.checks.last_id,
        started_at: now,
        deadline: now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX),
        asked: wanted.clone(),
        sent: BTreeSet::new(),
        left: BTreeSet::new(),
        lists: BTreeSet::from(["models", "usage"]),
        probing: None,
        unreached: Vec::new(),
        held: Vec::new(),
        n_reached: 0,
        widened: false,
        tickets,
        full,
    };
    let session = world.session;
    let mut effects =
        vec![Effect::Fetch { session, what: Fetch::Catalog }, Effect::Fetch { session, what: Fetch::Usage }];
    effects.extend(ask(world, &mut round, wanted, if on_demand { Why::OnDemand } else { Why::Due }, now));
    world.checks.round = Some(round);
    if full {
        world.checks.all_at = None;
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    effects
}

fn ask(world: &World, round: &mut Round, accounts: &BTreeSet<AccountId>, why: Why, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut left = paid_left(world, now);
    for id in accounts {
        if let Some(look) = order(world, id, why, left, now) {
            // Set apart until the answer tells whether it was spent.
            left = left.saturating_sub(u32::from(look.paid != Paid::Never));
            round.sent.insert(id.clone());
            round.left.insert(id.clone());
            effects.push(Effect::Look { id: round.id, look: Box::new(look) });
        }
    }
    effects
}

/// An account's own answer. One that comes after its round is dropped.
pub fn looked(world: &mut World, id: u64, report: CheckReport, key: KeyState, now: Timestamp) -> Vec<Effect> {
    if let Some(effects) = account::looked(world, id, &report, &key) {
        return effects;
    }
    let account = report.account.clone();
    let Some(round) = world.checks.round.as_mut().filter(|round| round.id == id) else { return Vec::new() };
    if !round.left.remove(&account) {
        return Vec::new();
    }
    let report = Arc::new(report);
    let unreached = report.diagnosis.as_ref().is_some_and(policy::unreached);
    // What runs on this computer answers without a network.
    let outside = report.requests.iter().any(|asked| !is_loopback_url(&asked.url));
    if report.host_answers == Some(true) && outside {
        round.n_reached += 1;
    }
    let suspected =
        world.checks.suspects.iter().any(|suspect| suspect.run.provider.as_deref() == Some(account.as_str()));
    if unreached || report.host_answers == Some(false) {
        round.unreached.push(report.clone());
    } else if suspected {
        round.held.push(report.clone());
    }
    let wait = report.requests.iter().filter_map(|asked| asked.retry_at).max().filter(|until| *until > now);
    match wait {
        Some(until) => world.checks.not_before.insert(account.clone(), until),
        None => world.checks.not_before.remove(&account),
    };
    if report.paid() {
        note_paid(world, &account, now, report.tokens_spent);
    }
    world.checks.reports.insert(account.clone(), report.clone());
    world.checks.keys.insert(account, key);
    if !unreached && !suspected {
        absorb(world, &report);
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    go_on(world, now)
}

fn absorb(world: &mut World, report: &CheckReport) {
    let Some(account) = world.accounts.get(&report.account).cloned() else { return };
    let (vantage, settings) = (vantage(world), world.effective.clone());
    policy::absorb_check(Arc::make_mut(&mut world.fleet), report, &account, vantage, &settings);
}

/// One of the gateway's lists has come, or could not be had.
pub fn heard(world: &mut World, list: &'static str, now: Timestamp) -> Vec<Effect> {
    let awaited = world.checks.round.as_mut().is_some_and(|round| round.lists.remove(list));
    if awaited { go_on(world, now) } else { Vec::new() }
}

/// The connection is gone: no list will come, and whoever waits is told.
pub fn heard_of_all(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = refuse_all(world);
    world.checks.questions.clear();
    let Some(round) = world.checks.round.as_mut() else { return effects };
    round.lists.clear();
    if round.probing.is_some() {
        round.probing = Some(BTreeSet::new());
    }
    effects.extend(go_on(world, now));
    effects
}

/// Nobody will look for those who asked.
pub(super) fn refuse_all(world: &mut World) -> Vec<Effect> {
    let checks = &mut world.checks;
    let running = checks.round.as_mut().map(|round| std::mem::take(&mut round.tickets)).unwrap_or_default();
    let waiting = std::mem::take(&mut checks.waiting).into_iter().map(|(ticket, _)| ticket);
    let refused = |ticket: Ticket| Effect::Emit(Event::Refused { ticket, why: Refusal::NotConnected });
    running.into_iter().chain(waiting).map(refused).collect()
}

/// What the gateway's question to a provider came to. A good answer is news however late it is.
pub fn gateway_answered(
    world: &mut World,
    id: u64,
    account: &AccountId,
    answer: &GatewayAnswer,
    now: Timestamp,
) -> Vec<Effect> {
    let Some(question) = world.checks.questions.get(account).filter(|question| question.id == id) else {
        return Vec::new();
    };
    let counted = question.counted;
    world.checks.questions.remove(account);
    let serves = answer.as_ref().is_ok_and(|answer| answer.status == ProbeStatus::Ok);
    if !counted || serves {
        record::gateway_answer(world, account, answer, now);
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    let out = world.checks.round.as_mut().filter(|round| round.id == id).and_then(|round| round.probing.as_mut());
    if out.is_some_and(|probing| probing.remove(account)) { go_on(world, now) } else { Vec::new() }
}

/// Its time is up: what has not come is not waited for.
pub(super) fn expire(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Some(round) = world.checks.round.as_mut().filter(|round| round.deadline <= now) else { return Vec::new() };
    tracing::info!(left = ?round.left, lists = ?round.lists, probing = ?round.probing, "a round ended without these");
    round.left.clear();
    round.lists.clear();
    let silent = round.probing.as_mut().map(std::mem::take).unwrap_or_default();
    for account in silent {
        if let Some(question) = world.checks.questions.get_mut(&account) {
            question.counted = true;
        }
        let silence = ProbeAnswer { status: ProbeStatus::Timeout, latency: None, detail: None, model: None };
        record::gateway_answer(world, &account, &Ok(silence), now);
        world.dirty.plan = true;
    }
    go_on(world, now)
}

/// The next part of the round, once everything of the present one is in.
fn go_on(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Some(mut round) = world.checks.round.take() else { return Vec::new() };
    if !round.left.is_empty() || !round.lists.is_empty() {
        world.checks.round = Some(round);
        return Vec::new();
    }
    match &round.probing {
        Some(out) if !out.is_empty() => {
            world.checks.round = Some(round);
            Vec::new()
        }
        Some(_) => end(world, round, now),
        None => {
            let wider = widen(world, &mut round, now);
            if !wider.is_empty() {
                world.checks.round = Some(round);
                return wider;
            }
            if judge_network(world, &round, now) {
                return end(world, round, now);
            }
            let asked = ask_gateway(world, &mut round, now);
            world.checks.round = Some(round);
            if asked.is_empty() { go_on(world, now) } else { asked }
        }
    }
}

/// One account that nobody answers for proves nothing: the others are asked, too.
fn widen(world: &World, round: &mut Round, now: Timestamp) -> Vec<Effect> {
    if round.widened || round.unreached.is_empty() || round.n_reached > 0 {
        return Vec::new();
    }
    round.widened = true;
    round.deadline = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let others = world.accounts.iter().filter(|(id, account)| !round.sent.contains(*id) && !account.service.is_local());
    let others: BTreeSet<AccountId> = others.map(|(id, _)| id.clone()).collect();
    ask(world, round, &others, Why::Network, now)
}

/// Whether this computer reaches nobody. Then the failures are the network's; else they are their own.
fn judge_network(world: &mut World, round: &Round, now: Timestamp) -> bool {
    let asked = round.unreached.iter().filter_map(|report| report.requests.first());
    let outside = asked.filter(|asked| !is_loopback_url(&asked.url));
    let silent: BTreeSet<&str> = outside.filter_map(|asked| asked.url.split('/').nth(2)).collect();
    let known_offline = world.checks.offline_since.is_some();
    let offline = round.n_reached == 0 && (silent.len() > 1 || (known_offline && !silent.is_empty()));
    if offline {
        if world.checks.offline_since.is_none() {
            // It began before it was noticed: with the first run that it failed.
            let failed = world.checks.suspects.iter().map(|suspect| suspect.run.at).min();
            world.checks.note_blackout(failed.unwrap_or(now).min(now));
        }
        world.checks.offline_since.get_or_insert(now);
        world.checks.suspects.clear();
        world.raise(OFFLINE_PROBLEM, ProblemKind::Offline, now);
        let wait = OFFLINE[(world.checks.offline_rounds as usize).min(OFFLINE.len() - 1)];
        world.checks.offline_rounds += 1;
        world.checks.all_at = now.checked_add(wait).ok();
        return true;
    }
    if round.n_reached > 0 && world.checks.offline_since.take().is_some() {
        world.checks.offline_rounds = 0;
        world.checks.end_blackout(now);
        world.clear(OFFLINE_PROBLEM);
        // What was not looked at while nobody could be reached.
        world.checks.looked_at.clear();
        world.checks.all_at = Some(now);
    }
    acquit(world, round.started_at);
    for report in round.unreached.iter().chain(&round.held) {
        absorb(world, report);
    }
    false
}

/// The network was not to blame: the failed runs that were heard of before the round count after all.
fn acquit(world: &mut World, asked_at: Timestamp) {
    let (due, later) = std::mem::take(&mut world.checks.suspects).into_iter().partition(|s| s.heard_at <= asked_at);
    world.checks.suspects = later;
    let settings = world.effective.clone();
    for Suspect { run, said, .. } in due {
        let fleet = Arc::make_mut(&mut world.fleet);
        policy::absorb_run(fleet, &run, Some(&said), &settings, run.finished_at);
        crisis::heard_of_failure(world, &run, asked_at);
    }
}

/// What is still in doubt is put to the gateway, which has the keys.
fn ask_gateway(world: &mut World, round: &mut Round, now: Timestamp) -> Vec<Effect> {
    let on_demand = !round.tickets.is_empty();
    let may = world.access().is_some_and(crate::domain::Access::may_probe);
    let mut out = BTreeSet::new();
    let mut effects = Vec::new();
    for id in round.asked.clone() {
        let listed = world.catalog.models.keys().any(|model| model.account() == id);
        // Whoever asks about one account wants to know whether jobs run there, not whether its key is taken.
        let jobs = world.checks.reports.get(&id).is_some_and(|report| report.proof == Proof::Jobs);
        let demand = match (on_demand, round.asked.len()) {
            (false, _) => Demand::Due,
            (true, 1) if !jobs => Demand::This,
            (true, _) => Demand::All,
        };
        let due = policy::paid_due(watched(world, &id), demand, &world.effective, now).is_some_and(|at| at <= now);
        let told_to_wait = world.checks.not_before.get(&id).is_some_and(|until| *until > now);
        // Nobody can stop the gateway from asking on, so it is not asked twice.
        let free = !world.checks.questions.contains_key(&id) && !told_to_wait;
        if may && listed && due && free && super::useful(world, &id, now) && paid_left(world, now) > 0 {
            note_paid(world, &id, now, GATEWAY_TOKENS);
            world.checks.questions.insert(id.clone(), Question { id: round.id, counted: false });
            out.insert(id.clone());
            effects.push(Effect::AskGateway { session: world.session, id: round.id, account: id });
        }
    }
    if !effects.is_empty() {
        round.deadline = now.checked_add(GATEWAY_PATIENCE).unwrap_or(Timestamp::MAX);
    }
    round.probing = Some(out);
    effects
}

fn end(world: &mut World, round: Round, now: Timestamp) -> Vec<Effect> {
    for id in &round.asked {
        world.checks.looked_at.insert(id.clone(), now);
    }
    if round.full && world.checks.all_at.is_none() {
        world.checks.all_at = Some(policy::next_round(now, world.effective.checks.every));
    }
    world.checks.looked |= round.full && world.checks.offline_since.is_none();
    world.checks.rests_until = now.checked_add(REST).ok();
    world.checks_ended();
    let n_accounts = round.asked.len();
    let done = |ticket: Ticket| Effect::Emit(Event::Done { ticket, what: Done::Checked { n_accounts } });
    let mut effects: Vec<Effect> = round.tickets.into_iter().map(done).collect();
    let waiting = std::mem::take(&mut world.checks.waiting);
    if !waiting.is_empty() {
        let (tickets, wanted): (Vec<Ticket>, Vec<BTreeSet<AccountId>>) = waiting.into_iter().unzip();
        effects.extend(begin(world, &wanted.into_iter().flatten().collect(), tickets, now));
    }
    effects
}
