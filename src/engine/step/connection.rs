//! Getting to a gateway and staying there: folder, socket, lists, news.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::effect::{Effect, Fetch, StoreOp};
use super::super::input::{DemoStarted, Fetched, Opened, Reread};
use super::super::world::{Evidence, REFRESH_EVERY};
use super::super::{FolderInfo, Target, World};
use super::{apply, aside, check, crisis, edited, lease, own, past, reconcile, record, triage, unit, unsaved};
use crate::domain::{
    Access, Cause, Connection, Cron, CronId, GatewayInfo, GatewayTarget, KnownGateway, ProblemKind, Refusal, RunRecord,
    Source, Trouble,
};
use crate::gateway::{self, Hello, News};
use crate::policy;
use crate::state::{Loaded, names};

/// Versions on which this program's guarded writes were proven before it was released.
const KNOWN_VERSIONS: &[&str] = &["2026.9.6"];
/// Clocks further apart than this are named.
const SKEW_NAMED: SignedDuration = SignedDuration::from_mins(1);
/// How long after a list that could not be read it is asked for again.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// A run that failed so short a time ago may have failed for the network as it is now.
const FRESH_RUN: SignedDuration = SignedDuration::from_mins(10);

pub fn connect(world: &mut World, target: Target, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    if world.job.as_ref().is_some_and(apply::JobState::running) {
        return Err(Refusal::JobRunning);
    }
    let mut effects = leave(world, now);
    match target {
        Target::Demo => {
            world.demo = true;
            world.connection = Connection::Connecting { name: "demo".to_owned(), url: String::new(), attempt: 1 };
            effects.push(Effect::StartDemo);
        }
        Target::Gateway(target) => match gateway::Address::parse(&target.url) {
            Ok(_) => effects.extend(open(world, target)),
            // A slip of the pen leaves no folder behind.
            Err(error) => {
                let (name, url, trouble) = (target.name, target.url, error.trouble());
                world.connection = Connection::Stopped { name, url, trouble };
            }
        },
    }
    world.dirty.shown = true;
    Ok(effects)
}

/// Closes the socket and the folder of the gateway we leave.
pub fn leave(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = aside::leave(world);
    effects.extend(check::leave(world));
    effects.extend(own::mark::lost(world));
    effects.push(Effect::Disconnect);
    if world.folder.is_some() {
        effects.push(Effect::Store(Box::new(StoreOp::Close)));
    }
    if world.demo {
        effects.push(Effect::StopDemo);
    }
    world.leave_gateway(now);
    effects
}

pub fn demo_started(world: &mut World, result: Result<DemoStarted, String>, now: Timestamp) -> Vec<Effect> {
    if !world.demo {
        return vec![Effect::StopDemo];
    }
    match result {
        Ok(demo) => {
            let target = GatewayTarget {
                name: "demo".to_owned(),
                url: demo.url,
                token: Some(demo.token),
                tls_fingerprint: None,
                remember_token: false,
                state_dir: Some(demo.state_dir),
            };
            open(world, target)
        }
        Err(detail) => {
            world.raise("demo", ProblemKind::TaskFailed { task: "demo".to_owned(), detail: detail.clone() }, now);
            let trouble = Trouble::Refused { detail };
            world.connection = Connection::Stopped { name: "demo".to_owned(), url: String::new(), trouble };
            Vec::new()
        }
    }
}

/// Opens the folder of a gateway; the rest follows from what is found there.
pub fn open(world: &mut World, mut target: GatewayTarget) -> Vec<Effect> {
    // An address without a scheme is named with the one that it gets.
    if let Ok(address) = gateway::Address::parse(&target.url)
        && !target.url.contains("://")
    {
        target.url = address.url();
    }
    world.attempt = 1;
    world.connection =
        Connection::Connecting { name: target.name.clone(), url: target.url.clone(), attempt: world.attempt };
    let path = folder_of(world, &target);
    let remember = target.token.clone().filter(|_| target.remember_token);
    let mut effects = vec![Effect::Store(Box::new(StoreOp::Open { session: world.session, path }))];
    if let Some(token) = remember {
        effects.push(Effect::RememberToken { url: target.url.clone(), token });
    }
    world.target = Some(target);
    effects.extend(unit::chosen(world));
    effects
}

/// Where the state of a gateway is kept.
pub fn folder_of(world: &World, target: &GatewayTarget) -> PathBuf {
    target.state_dir.clone().unwrap_or_else(|| folder_for(world, &target.url))
}

/// One folder for each gateway, named after its address.
fn folder_for(world: &World, url: &str) -> PathBuf {
    let known = gateway::Address::parse(url).map(|address| address.url());
    let url = known.as_deref().unwrap_or(url);
    let address = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let address = address.replacen("localhost", "127.0.0.1", 1);
    let name: String = address
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    world.state_root.join("gateways").join(name)
}

/// The folder is open: now the socket.
pub fn opened(world: &mut World, session: u64, result: Result<Opened, ProblemKind>, now: Timestamp) -> Vec<Effect> {
    if session != world.session {
        return Vec::new();
    }
    let Some(target) = &world.target else { return Vec::new() };
    match result {
        Ok(opened) => match opened.served_at.clone().zip(opened.held_by.clone()) {
            Some((socket, holder)) if aside::may_ask(world, &holder) => {
                aside::ask(world, socket, holder, Some(Box::new(opened)))
            }
            _ => look_on(world, opened, now),
        },
        Err(problem) => {
            let detail = match &problem {
                ProblemKind::CannotRead { detail, .. } | ProblemKind::CannotWrite { detail, .. } => detail.clone(),
                other => format!("{other:?}"),
            };
            let (name, url) = (target.name.clone(), target.url.clone());
            world.raise("state", problem, now);
            let trouble = Trouble::Folder { detail };
            world.connection = Connection::Stopped { name, url, trouble };
            world.dirty.shown = true;
            Vec::new()
        }
    }
}

/// The folder is open to us, to act or only to look: what it says, and its gateway.
pub fn look_on(world: &mut World, opened: Opened, now: Timestamp) -> Vec<Effect> {
    let Some(target) = world.target.clone() else { return Vec::new() };
    world.folder = Some(FolderInfo { path: opened.path, held_by: None });
    if let Some(holder) = opened.held_by {
        if world.serves && opened.served_at.is_some() {
            aside::another_serves(world, &holder, now);
        }
        lease::held(world, holder, now);
    }
    let mut loaded = opened.loaded;
    check::remember(world, std::mem::take(&mut loaded.remembered));
    world.mark.identity = std::mem::take(&mut loaded.identity);
    take_loaded(world, loaded, now);
    let mut effects = past::open(world, now);
    effects.push(Effect::Connect { session: world.session, target });
    effects
}

/// What the files say, now and after somebody else changed them.
pub fn take_loaded(world: &mut World, loaded: Loaded, now: Timestamp) {
    world.settings = Arc::new(loaded.settings);
    world.tiers = Arc::new(loaded.tiers);
    world.temporary = Arc::new(loaded.temporary);
    world.ledger = Arc::new(loaded.ledger);
    world.ledger_lost |= loaded.ledger_lost;
    crisis::take_loaded(world, loaded.crisis);
    world.switches = Arc::new(loaded.switches);
    world.edited = Arc::new(loaded.pending);
    world.proven.extend(loaded.proven);
    let scraped: Vec<_> = loaded.scraped.into_iter().collect();
    let effective = world.effective.clone();
    policy::absorb_windows(Arc::make_mut(&mut world.fleet), Source::Page, &scraped, &effective, now);
    world.settings_lost |= loaded.problems.iter().any(|problem| settings_set_aside(&problem.what));
    for problem in loaded.problems {
        world.raise(problem.id, problem.what, now);
    }
    reconcile::remember_interrupted(world, loaded.interrupted, now);
    world.dirty.plan = true;
    world.dirty.shown = true;
}

/// The chains and routes that stand in for lost ones are nobody's wish.
fn settings_set_aside(what: &ProblemKind) -> bool {
    matches!(what, ProblemKind::FileSetAside { file, .. } if file == names::SETTINGS)
}

/// Somebody else changed the files. A cron that they sorted is edited; other settings, or none, are
/// no edit of every cron of a tier.
pub fn take_reloaded(world: &mut World, reread: Reread, now: Timestamp) -> Vec<Effect> {
    let Some(loaded) = with_ours(world, reread) else { return Vec::new() };
    let is_other = loaded.identity.folder != world.mark.identity.folder;
    let wished = edited::wishes_under(&loaded.settings, world, world.tiers.keys().chain(loaded.tiers.keys()));
    take_marked(world, loaded, wished, now);
    if is_other { past::open(world, now) } else { Vec::new() }
}

/// The user took the files over: what they say differently is the user's edit, also in the settings.
pub fn take_imported(world: &mut World, reread: Reread, now: Timestamp) {
    let Some(loaded) = with_ours(world, reread) else { return };
    let wished = edited::wishes(world, world.tiers.keys().chain(loaded.tiers.keys()));
    take_marked(world, loaded, wished, now);
}

fn take_marked(world: &mut World, loaded: Loaded, wished: BTreeMap<CronId, edited::Wish>, now: Timestamp) {
    if loaded.identity.folder != world.mark.identity.folder {
        // Another folder was put in the place of ours.
        world.mark.identity = loaded.identity.clone();
    }
    take_loaded(world, loaded, now);
    edited::mark(world, wished);
    world.edits_unsaved = true;
}

/// What we have not saved yet is still ours. `None` for the files of a folder that was left meanwhile.
fn with_ours(world: &mut World, Reread { mut loaded, n_ledgers }: Reread) -> Option<Loaded> {
    if world.folder.as_ref()?.held_by.is_none() {
        // Nobody else writes these down, and the newest of them may be on its way to the disk.
        loaded.pending.clear();
        loaded.switches.clone_from(&world.switches);
        loaded.crisis.clone_from(&world.crisis);
    }
    unsaved::keep_debts(world, &mut loaded.ledger, n_ledgers);
    for id in world.saving.iter() {
        match world.tiers.get(id) {
            Some(entry) => loaded.tiers.insert(id.clone(), entry.clone()),
            None => loaded.tiers.remove(id),
        };
    }
    loaded.pending.extend(world.edited.iter().cloned());
    if world.settings_unsaved > 0 {
        loaded.settings = (*world.settings).clone();
    }
    Some(loaded)
}

pub fn connected(world: &mut World, session: u64, hello: &Hello, took: SignedDuration, now: Timestamp) -> Vec<Effect> {
    if session != world.session {
        return Vec::new();
    }
    let Some(target) = world.target.clone() else { return Vec::new() };
    let clock_skew = hello.gateway_time.map_or(SignedDuration::ZERO, |theirs| theirs.duration_since(now));
    if clock_skew.abs() > SKEW_NAMED {
        world.raise("gateway/clock", ProblemKind::ClockSkew { seconds: clock_skew.as_secs() }, now);
    } else {
        world.clear("gateway/clock");
    }
    let access = access(world, hello, now);
    let remember = known_gateway(&target);
    world.connection = Connection::Connected(GatewayInfo {
        name: target.name,
        url: target.url,
        version: hello.version.clone(),
        access,
        clock_skew,
        latency: Some(took),
    });
    own::mark::grant(world, access);
    world.attempt = 0;
    world.crons_as_of = None;
    world.evidence = Evidence::default();
    past::unheard(world);
    world.checks.looked = false;
    world.refresh_at = next_refresh(world, now);
    world.dirty.shown = true;
    let mut effects = fetch_all(world);
    effects.extend(remember.map(|gateway| remember_gateway(world, gateway)));
    effects
}

/// What is kept of a gateway that answered; nothing of one whose folder was named by hand, such as the demo.
fn known_gateway(target: &GatewayTarget) -> Option<KnownGateway> {
    let address = gateway::Address::parse(&target.url).ok().filter(|_| target.state_dir.is_none())?;
    Some(KnownGateway {
        name: target.name.clone(),
        url: address.url(),
        tls_fingerprint: target.tls_fingerprint.clone(),
        token_remembered: target.token.is_none() || target.remember_token,
    })
}

fn remember_gateway(world: &mut World, gateway: KnownGateway) -> Effect {
    let known = Arc::make_mut(&mut world.known);
    known.retain(|other| other.url != gateway.url);
    known.insert(0, gateway.clone());
    Effect::Store(Box::new(StoreOp::RememberGateway { root: world.state_root.clone(), gateway }))
}

/// The rights of this connection, the worst reason first.
fn access(world: &mut World, hello: &Hello, now: Timestamp) -> Access {
    if world.folder.as_ref().is_some_and(|folder| folder.held_by.is_some()) {
        return Access::FolderHeld;
    }
    if world.takes_nothing() {
        return Access::FolderNotWritable;
    }
    if !hello.scopes.iter().any(|scope| scope == "operator.admin") {
        world.raise("gateway/scopes", ProblemKind::ReadOnlyScopes, now);
        return Access::ReadOnlyScopes;
    }
    world.clear("gateway/scopes");
    let known = world.proven.contains(&hello.version) || KNOWN_VERSIONS.contains(&hello.version.as_str());
    if known {
        return Access::ReadWrite;
    }
    world.raise("gateway/version", ProblemKind::UnprovenGateway { version: hello.version.clone() }, now);
    Access::UnprovenVersion
}

pub fn fetch_all(world: &World) -> Vec<Effect> {
    let fetch = |what| Effect::Fetch { session: world.session, what };
    let crons = fetch(Fetch::Crons { asked_at: world.changes_seen });
    vec![fetch(Fetch::Catalog), fetch(Fetch::Usage), past::newest(world), crons]
}

/// Models and quotas, asked for now and then.
pub fn refresh(world: &mut World, now: Timestamp) -> Vec<Effect> {
    world.refresh_at = next_refresh(world, now);
    [Fetch::Catalog, Fetch::Usage].into_iter().map(|what| Effect::Fetch { session: world.session, what }).collect()
}

/// Rounds of checks ask for the same.
fn next_refresh(world: &World, now: Timestamp) -> Option<Timestamp> {
    let rounds = world.checks.by_itself && world.effective.checks.every.is_positive();
    if rounds { None } else { now.checked_add(REFRESH_EVERY).ok() }
}

/// No connection, or no longer one: what it means, and whether to try again.
pub fn lost(world: &mut World, trouble: Trouble, now: Timestamp) -> Vec<Effect> {
    let Some(target) = &world.target else { return Vec::new() };
    let (name, url) = (target.name.clone(), target.url.clone());
    past::unheard(world);
    world.refresh_at = None;
    world.dirty.shown = true;
    world.connection = if worth_retrying(&trouble) {
        let wait = match trouble {
            Trouble::Restarting | Trouble::Starting => SignedDuration::from_secs(1),
            _ => gateway::backoff(world.attempt),
        };
        world.attempt = world.attempt.saturating_add(1);
        let retry_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        Connection::Waiting { name, url, trouble, retry_at }
    } else {
        Connection::Stopped { name, url, trouble }
    };
    let mut effects = vec![Effect::Disconnect];
    effects.extend(own::mark::lost(world));
    effects.extend(uncertain_now(world, now));
    effects.extend(check::heard_of_all(world, now));
    effects
}

/// A call in flight when the connection ended has an unknown fate.
fn uncertain_now(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if let Some(job) = world.job.as_mut() {
        for line in &mut job.lines {
            if line.stage == apply::Stage::InFlight {
                line.stage = apply::Stage::Uncertain;
            }
        }
    }
    apply::advance(world, now)
}

fn worth_retrying(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::Absent | Trouble::Starting | Trouble::Restarting | Trouble::Lost { .. } | Trouble::NeedsPairing { .. }
    )
}

/// The time to try again has come.
pub fn retry(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let Connection::Waiting { retry_at, .. } = &world.connection else { return Vec::new() };
    if now < *retry_at {
        return Vec::new();
    }
    let Some(target) = world.target.clone() else { return Vec::new() };
    world.session += 1;
    world.connection =
        Connection::Connecting { name: target.name.clone(), url: target.url.clone(), attempt: world.attempt };
    world.dirty.shown = true;
    vec![Effect::Connect { session: world.session, target }]
}

/// Tries at once, whatever wait was agreed on.
pub fn retry_now(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if let Connection::Waiting { retry_at, .. } = &mut world.connection {
        *retry_at = now;
    }
    retry(world, now)
}

/// Ends a connection and makes another: rights and lists of before no longer count.
pub fn connect_anew(world: &mut World) -> Option<Effect> {
    let target = world.target.clone().filter(|_| world.connected())?;
    world.session += 1;
    world.attempt = 1;
    world.connection = Connection::Connecting { name: target.name.clone(), url: target.url.clone(), attempt: 1 };
    world.dirty.shown = true;
    Some(Effect::Connect { session: world.session, target })
}

pub fn fetched(world: &mut World, session: u64, what: Fetched, now: Timestamp) -> Vec<Effect> {
    if session != world.session {
        return Vec::new();
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    match what {
        Fetched::Crons { crons, unreadable, took, asked_at } => {
            world.clear("gateway/crons");
            let (before, first) = (world.crons.clone(), world.crons_as_of.is_none());
            take_list(world, crons, asked_at);
            world.crons_as_of = Some(now);
            own::listed(world, &before, first, now);
            if let Connection::Connected(info) = &mut world.connection {
                info.latency = Some(took);
            }
            name_unreadable(world, unreadable, now);
            return listed(world, now);
        }
        Fetched::Cron(cron) => {
            record::cron(world, *cron);
            return apply::resolve_uncertain(world, now);
        }
        Fetched::CronGone(id) => {
            own::gone(world, &id, now);
            world.note_change(&id);
            Arc::make_mut(&mut world.crons).remove(&id);
            let mut effects: Vec<Effect> = reconcile::forget_debt(world, &id).into_iter().collect();
            effects.extend(apply::resolve_uncertain(world, now));
            return effects;
        }
        Fetched::Catalog(catalog) => {
            world.clear("gateway/models");
            world.evidence.models_failed = false;
            policy::absorb_catalog(Arc::make_mut(&mut world.fleet), &catalog, now);
            let first = !world.catalog_known;
            if *world.catalog != catalog {
                world.catalog = Arc::new(catalog);
            }
            world.catalog_known = true;
            let mut effects = if first { listed(world, now) } else { Vec::new() };
            effects.extend(check::heard(world, "models", now));
            return effects;
        }
        Fetched::Usage(usage) => {
            world.clear("gateway/usage");
            record::usage(world, usage, now);
            return check::heard(world, "usage", now);
        }
        Fetched::Runs { cron: None, runs, offset, more } => {
            world.clear("gateway/runs");
            let mut effects = Vec::new();
            if offset == 0 {
                world.evidence.runs = true;
                effects = evidence(world, &runs, now);
            }
            effects.extend(past::page(world, runs, offset, more, now));
            return effects;
        }
        Fetched::Runs { cron: Some(cron), runs, .. } => {
            Arc::make_mut(&mut world.runs).insert(cron, runs);
        }
        Fetched::Failed { what, detail } => {
            tracing::info!(what, %detail, "not fetched");
            // While a cooldown begins the gateway has no list of models for a second.
            let passing = what == "models" && world.catalog_known && !world.evidence.models_failed;
            if !passing {
                world.raise(format!("gateway/{what}"), ProblemKind::Refused { detail }, now);
            }
            world.evidence.models_failed |= what == "models";
            world.evidence.runs |= what == "runs";
            world.evidence.usage |= what == "usage";
            if what == "runs" {
                past::not_had(world, now);
            }
            if matches!(what, "crons" | "models") {
                world.refetch_at = now.checked_add(REFETCH_AFTER).ok();
            }
            return check::heard(world, what, now);
        }
    }
    Vec::new()
}

/// Past runs are evidence in the order in which they ended, and so is what they say about switches.
fn evidence(world: &mut World, runs: &[RunRecord], now: Timestamp) -> Vec<Effect> {
    let mut runs: Vec<_> = runs.iter().collect();
    runs.sort_by_key(|run| run.finished_at);
    let effective = world.effective.clone();
    let mut effects = Vec::new();
    for told in runs {
        let run = record::by_our_clock(world, told, now);
        let said = record::said(world, &run);
        let network = check::explained_by_network(world, said.as_ref(), run.finished_at);
        let fresh = now.duration_since(run.finished_at) < FRESH_RUN;
        let waits = network || fresh && check::hold_back(world, &run, said.as_ref(), now);
        if !waits {
            policy::absorb_run(Arc::make_mut(&mut world.fleet), &run, said.as_ref(), &effective, run.finished_at);
        }
        let by_provider = !waits && record::fails(said.as_ref());
        triage::note(world, told, said);
        effects.extend(record::confirm(world, &run, now));
        effects.extend(crisis::heard_of_run(world, &run, now));
        if by_provider {
            crisis::heard_of_failure(world, &run, now);
        }
    }
    effects
}

/// Crons and models are both here: settle what an earlier life left open.
pub fn listed(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if !world.ready() {
        return Vec::new();
    }
    world.derive(now);
    // What was given back as the program ended is told of while it is still known what was owed.
    let mut effects = reconcile::interrupted(world, now);
    effects.extend(reconcile::lost_ledger(world, now));
    effects.extend(reconcile::ledger(world, now));
    effects.extend(apply::resolve_uncertain(world, now));
    effects.extend(apply::prove_again(world));
    effects.extend(keep_definitions(world, now));
    if !world.settings_lost {
        let mut misplaced = policy::misplaced(&world.observation(now), &world.effective);
        misplaced.retain(|id| !moved_by_health(world, id));
        if !misplaced.is_subset(&world.edited) {
            Arc::make_mut(&mut world.edited).extend(misplaced);
        }
    }
    world.dirty.plan = true;
    effects
}

/// Where health took it, beyond its chain, is no contradiction of the user's mapping.
fn moved_by_health(world: &World, cron: &CronId) -> bool {
    let newest = world
        .switches
        .iter()
        .find(|switch| switch.cron == *cron && switch.undone_by.is_none() && switch.from != switch.to);
    newest.is_some_and(|switch| switch.cause == Cause::Health)
}

/// The list as it was when it was asked for; what was heard of single crons since then is newer.
fn take_list(world: &mut World, crons: Vec<Cron>, asked_at: u64) {
    let newer = |id: &CronId| world.last_change.get(id).is_some_and(|change| *change > asked_at);
    let mut list: BTreeMap<CronId, Arc<Cron>> =
        crons.into_iter().filter(|cron| !newer(&cron.id)).map(|cron| (cron.id.clone(), Arc::new(cron))).collect();
    list.extend(world.crons.iter().filter(|(id, _)| newer(id)).map(|(id, cron)| (id.clone(), cron.clone())));
    world.crons = Arc::new(list);
    own::mark::listed(world);
}

/// Once a day, so that lost crons can be made again.
fn keep_definitions(world: &mut World, now: Timestamp) -> Option<Effect> {
    let recent = |at: Timestamp| now.duration_since(at) < SignedDuration::from_hours(24);
    if world.definitions_kept_at.is_some_and(recent) {
        return None;
    }
    world.definitions_kept_at = Some(now);
    Some(Effect::Store(Box::new(StoreOp::KeepDefinitions(own::mark::of_the_user(&world.crons)))))
}

fn name_unreadable(world: &mut World, unreadable: Vec<(String, String)>, now: Timestamp) {
    Arc::make_mut(&mut world.problems).retain(|problem| !problem.id.starts_with("cron/"));
    for (cron, detail) in unreadable {
        world.raise(format!("cron/{cron}"), ProblemKind::UnreadableCron { cron, detail }, now);
    }
}

pub fn news(world: &mut World, session: u64, news: News, now: Timestamp) -> Vec<Effect> {
    if session != world.session {
        return Vec::new();
    }
    let fetch = |world: &World, what| vec![Effect::Fetch { session: world.session, what }];
    match news {
        News::CronChanged(cron) => record::cron_from_event(world, cron).into_iter().collect(),
        News::CronRemoved(id) => {
            own::gone(world, &id, now);
            Arc::make_mut(&mut world.crons).remove(&id);
            world.note_change(&id);
            let mut effects: Vec<Effect> = reconcile::forget_debt(world, &id).into_iter().collect();
            effects.extend(apply::advance(world, now));
            effects
        }
        News::RunStarted { cron, at } => {
            if let Some(known) = Arc::make_mut(&mut world.crons).get_mut(&cron) {
                Arc::make_mut(known).running_since = Some(at);
                world.note_change(&cron);
            }
            Vec::new()
        }
        News::RunFinished(run, cron) => {
            own::has_run(world, &cron, now);
            let mut effects: Vec<Effect> = record::cron_from_event(world, cron).into_iter().collect();
            effects.extend(record::run(world, run, now));
            effects.extend(apply::advance(world, now));
            effects
        }
        News::ModelsChanged => fetch(world, Fetch::Catalog),
        News::Tick => Vec::new(),
        News::Gap => {
            past::unheard(world);
            fetch_all(world)
        }
        News::ShuttingDown { restart_expected } => {
            if restart_expected {
                return lost(world, Trouble::Restarting, now);
            }
            Vec::new()
        }
        News::Closed { detail } => lost(world, Trouble::Lost { detail }, now),
    }
}
