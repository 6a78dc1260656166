//! Writing facts into the world: a cron as read, a switch, a run and what it confirms.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::World;
use super::super::effect::{Effect, Fetch, StoreOp};
use super::super::input::GatewayAnswer;
use super::{check, crisis, own, past};
use crate::domain::{
    AccountId, Change, Confirmation, Cron, Diagnosis, HealthState, ModelRef, ModelScope, MoneyRead, ProbeStatus,
    ProblemKind, QuotaWindow, Reason, RunRecord, Source, Switch, SwitchId,
};
use crate::gateway::Usage;
use crate::policy;
use crate::providers::{self, PriorWindow};
use crate::words::{self, Speech};

/// How many switches the faces see; the journal keeps all.
const SWITCHES_SHOWN: usize = 1000;
/// How many runs of one cron are kept in memory.
const RUNS_SHOWN: usize = 20;

/// A cron as the gateway has it now.
pub fn cron(world: &mut World, cron: Cron) {
    world.note_change(&cron.id);
    own::mark::heard(world, &cron);
    Arc::make_mut(&mut world.crons).insert(cron.id.clone(), Arc::new(cron));
}

/// A cron from an event, which does not say its revision: kept when the definition is the same,
/// fetched when it is not.
pub fn cron_from_event(world: &mut World, mut news: Cron) -> Option<Effect> {
    let known = world.crons.get(&news.id);
    if news.revision.is_none() {
        news.revision =
            known.filter(|known| known.definition == news.definition).and_then(|known| known.revision.clone());
    }
    if news.agent.is_none() {
        news.agent = known.and_then(|known| known.agent.clone());
    }
    let fetch =
        news.revision.is_none().then(|| Effect::Fetch { session: world.session, what: Fetch::Cron(news.id.clone()) });
    cron(world, news);
    fetch
}

/// A verified switch: newest first, and the ones it took back are marked.
pub fn switch(world: &mut World, switch: Switch, undone: &[SwitchId]) {
    let switches = Arc::make_mut(&mut world.switches);
    for old in switches.iter_mut().filter(|old| undone.contains(&old.id)) {
        old.undone_by = Some(switch.id.clone());
    }
    switches.insert(0, switch);
    switches.truncate(SWITCHES_SHOWN);
}

/// A pause is true without a run; everything else waits for one.
pub fn first_confirmation(change: &Change) -> Confirmation {
    let tells = change.to.enabled && change.from != change.to;
    if tells { Confirmation::Waiting } else { Confirmation::NotNeeded }
}

/// The run by our clock, which dates switches and quota readings: the gateway's may be ahead or behind.
pub fn by_our_clock(world: &World, run: &RunRecord, now: Timestamp) -> RunRecord {
    let ours = |theirs: Timestamp| world.by_our_clock(theirs).min(now);
    RunRecord { at: ours(run.at), finished_at: ours(run.finished_at), ..run.clone() }
}

/// A finished run: evidence about its account, and the confirmation of a switch.
pub fn run(world: &mut World, told: RunRecord, now: Timestamp) -> Vec<Effect> {
    let run = by_our_clock(world, &told, now);
    let effective = world.effective.clone();
    let said = said(world, &run);
    let network = check::explained_by_network(world, said.as_ref(), run.finished_at);
    let held_back = !network && check::hold_back(world, &run, said.as_ref(), now);
    let by_provider = !network && !held_back && fails(said.as_ref());
    if !network && !held_back {
        policy::absorb_run(Arc::make_mut(&mut world.fleet), &run, said.as_ref(), &effective, now);
    }
    super::triage::note(world, &told, said);
    let mut effects = confirm(world, &run, now);
    effects.extend(crisis::heard_of_run(world, &run, now));
    if by_provider {
        crisis::heard_of_failure(world, &run, now);
    }
    if let Some(known) = Arc::make_mut(&mut world.runs).get_mut(&run.cron) {
        known.insert(0, run);
        known.truncate(RUNS_SHOWN);
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    // As the gateway tells it, so that the same run is known again.
    effects.extend(past::run_ended(world, told));
    effects
}

pub fn fails(said: Option<&Diagnosis>) -> bool {
    said.and_then(Diagnosis::health).is_some_and(|health| health.fails())
}

/// What the error of a failed run means, given what is known of its account's quota.
pub fn said(world: &World, run: &RunRecord) -> Option<Diagnosis> {
    let account = AccountId::new(run.provider.as_deref()?);
    providers::diagnose_run(run, world.effective.billing(&account), prior(world, &account), run.finished_at)
}

/// What is known of an account's windows, for whoever reads its next answer.
pub fn prior(world: &World, account: &AccountId) -> Vec<PriorWindow> {
    let window = |window: &QuotaWindow| PriorWindow {
        id: window.label.clone(),
        used_percent: Some(window.used_ratio * 100.0),
        reset_at: window.resets_at,
        blocks_chat: !matches!(window.covers, ModelScope::Feature(_)),
    };
    world.fleet.windows.get(account).into_iter().flatten().map(window).collect()
}

/// The gateway's report of quotas. What it asks the providers for only now is asked for once more.
pub fn usage(world: &mut World, usage: Usage, now: Timestamp) {
    let (effective, from) = (world.effective.clone(), Source::UsageStatus);
    let fleet = Arc::make_mut(&mut world.fleet);
    policy::absorb_windows(fleet, from, &usage.accounts, &effective, now);
    for (account, money) in usage.money {
        let read = MoneyRead { money, observed_at: usage.observed_at, source: from };
        policy::absorb_money(fleet, &account, read);
    }
    fleet.plans.extend(usage.plans);
    let known = &mut world.evidence;
    known.usage |= !usage.refreshing || known.usage_pending;
    known.usage_pending |= usage.refreshing;
    let old = now.duration_since(usage.observed_at) > KEPT_BY_GATEWAY;
    if usage.refreshing || (old && !known.usage_was_old) {
        world.refresh_at = now.checked_add(SignedDuration::from_secs(5)).ok();
    }
    known.usage_was_old = old;
}

/// The gateway asks the providers anew when an answer is older, and tells the old one meanwhile.
const KEPT_BY_GATEWAY: SignedDuration = SignedDuration::from_mins(1);

/// What the gateway's own question to a provider showed.
pub fn gateway_answer(world: &mut World, account: &AccountId, answer: &GatewayAnswer, now: Timestamp) {
    let answer = match answer {
        Ok(answer) if answer.status.is_evidence() => answer,
        Ok(answer) => {
            tracing::info!(%account, ?answer, "the gateway's question says nothing");
            return;
        }
        Err(detail) => {
            tracing::info!(%account, %detail, "the gateway did not ask");
            return;
        }
    };
    let billing = world.effective.billing(account);
    let said = providers::diagnose_probe(answer, account, billing, prior(world, account), now)
        .map(|said| own_words(world, account, answer.status, now).unwrap_or(said));
    if !check::explained_by_network(world, said.as_ref(), now) {
        policy::absorb_gateway_probe(Arc::make_mut(&mut world.fleet), account, said.as_ref(), now);
    }
}

/// The gateway passes on of which kind an answer was; what the provider told this program itself a moment
/// ago says more, if it is of that kind.
fn own_words(world: &World, account: &AccountId, kind: ProbeStatus, now: Timestamp) -> Option<Diagnosis> {
    let look = world.looks.accounts.get(account)?.report.as_ref()?;
    let own = look.diagnosis.as_ref().filter(|_| now.duration_since(look.checked_at) < JUST_NOW)?;
    let of_kind: &[HealthState] = match kind {
        ProbeStatus::RateLimit => &[HealthState::Overloaded, HealthState::RateLimited, HealthState::QuotaExhausted],
        ProbeStatus::Billing => &[HealthState::QuotaExhausted, HealthState::BalanceEmpty],
        ProbeStatus::Timeout => &[HealthState::Overloaded, HealthState::RateLimited, HealthState::Down],
        _ => &[],
    };
    of_kind.contains(&own.state).then(|| own.clone())
}

/// A look and the question that the gateway puts for it belong together.
const JUST_NOW: SignedDuration = SignedDuration::from_mins(2);

/// What a run says about the newest switch of its cron.
pub fn confirm(world: &mut World, run: &RunRecord, now: Timestamp) -> Vec<Effect> {
    let waiting = |switch: &&Switch| switch.cron == run.cron && switch.undone_by.is_none();
    let Some(newest) = world.switches.iter().find(waiting) else { return Vec::new() };
    if newest.confirmation != Confirmation::Waiting {
        return Vec::new();
    }
    let Some(confirmation) = policy::confirm(newest, run, &world.catalog) else { return Vec::new() };
    let id = newest.id.clone();
    if let Confirmation::RanElsewhere { provider, model, .. } = &confirmation {
        let intended = newest.to.model.clone().unwrap_or_else(|| "agent default".to_owned());
        let ran = ModelRef::of(provider, model);
        let cost = run.usage.and_then(|used| world.effective.price_of(&ran)?.of(used));
        let what = ProblemKind::RanElsewhere { cron: newest.name.clone(), intended, ran: ran.to_string(), cost };
        world.raise(format!("ran-elsewhere/{}", run.cron), what, now);
    } else {
        world.clear(&format!("ran-elsewhere/{}", run.cron));
    }
    if let Some(switch) = Arc::make_mut(&mut world.switches).iter_mut().find(|switch| switch.id == id) {
        switch.confirmation = confirmation.clone();
    }
    vec![Effect::Store(Box::new(StoreOp::Confirm { switch: id, confirmation }))]
}

/// For the log: always in UTC, so that a line means the same everywhere.
pub fn reason_in_words(world: &World, reason: &Reason, now: Timestamp) -> String {
    let speech = Speech { now, zone: &TimeZone::UTC, settings: &world.effective, catalog: &world.catalog };
    words::reason(reason, &speech)
}
