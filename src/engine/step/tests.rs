//! The engine by values: every order of events that a gateway and a person can produce.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::effect::{Effect, Fetch, StoreOp};
use super::super::input::{Fetched, Input, Proof, Reread, WriteResult};
use super::super::{Command, Done, Edit, Event, FolderInfo, SettingsChange, Ticket, UndoScope, World};
use super::step;
use crate::domain::*;

mod apply;
mod aside;
mod checks;
mod crisis;
mod edits;
mod evidence;
mod known;
mod lease;
mod outside;
mod own;
mod owner;
mod past;
mod runs;
mod settings;
mod triage;
mod undo;
mod unit;

const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn at(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn cron(id: &str, model: &str) -> Cron {
    Cron {
        revision: Some(Revision::new("r1")),
        next_run_at: Some(at(60)),
        definition: Arc::new(json!({ "id": id })),
        ..Cron::new(
            CronId::new(id),
            format!("cron {id}"),
            Schedule::Every { every: SignedDuration::from_mins(5), anchor: None },
            Payload::AgentTurn(AgentTurn {
                message: "hello".to_owned(),
                model: Some(model.to_owned()),
                timeout: Some(SignedDuration::from_secs(120)),
                ..AgentTurn::default()
            }),
        )
    }
}

fn change(cron: &Cron, kind: ChangeKind, to: Fields) -> Change {
    Change {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        tier: Some(Tier::T1),
        critical: false,
        revision: cron.revision.clone(),
        from: cron.fields(),
        schedule: None,
        from_model: cron.fields().model.as_deref().and_then(ModelRef::parse),
        to_model: to.model.as_deref().and_then(ModelRef::parse),
        to,
        to_route: None,
        kind,
        reason: Reason::NothingServes { expected_return: None },
        cause: Cause::Health,
        next_run_at: cron.next_run_at,
        running_since: cron.running_since,
        marks: Vec::new(),
        ticked: true,
    }
}

fn moves(cron: &Cron) -> Change {
    change(cron, ChangeKind::Move, Fields { model: Some("b/two".to_owned()), ..cron.fields() })
}

fn pauses(cron: &Cron) -> Change {
    change(cron, ChangeKind::Pause, Fields { enabled: false, ..cron.fields() })
}

/// A connected world with these crons and a plan of these changes.
fn world(crons: &[Cron], changes: Vec<Change>) -> World {
    let mut world = World::new(PathBuf::from("unused"), NOW);
    world.folder = Some(FolderInfo { path: PathBuf::from("unused"), held_by: None });
    world.connection = Connection::Connected(GatewayInfo {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        version: "2026.9.6".to_owned(),
        access: Access::ReadWrite,
        clock_skew: SignedDuration::ZERO,
        latency: None,
    });
    world.crons = Arc::new(crons.iter().map(|cron| (cron.id.clone(), Arc::new(cron.clone()))).collect());
    // Sorted, with chains of which no route is set up: the plan is what the test says, and nothing contradicts it.
    world.tiers = Arc::new(crons.iter().map(|cron| (cron.id.clone(), TierEntry::new(Tier::T1))).collect());
    world.crons_as_of = Some(NOW);
    world.catalog_known = true;
    let model = |id: &str| {
        let id = ModelRef::parse(id).expect("a reference");
        let model = Model { name: id.to_string(), ..Model::new(id.clone()) };
        (id, model)
    };
    world.catalog =
        Arc::new(Catalog { models: BTreeMap::from([model("a/one"), model("b/two")]), ..Catalog::default() });
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes, ..(*world.plan).clone() });
    acts(&mut world);
    world
}

/// Of the folder whose engine is tested.
fn our_mark() -> OwnerMark {
    OwnerMark { folder: "here".to_owned(), host: "home-mini".to_owned(), since: at(-3600) }
}

/// As the gateway keeps it.
fn marked(mark: &OwnerMark) -> Cron {
    let schedule = Schedule::Every { every: SignedDuration::from_hours(24 * 36_500), anchor: None };
    let payload = Payload::Other("command".to_owned());
    Cron {
        description: Some(mark.description()),
        enabled: false,
        declaration_key: Some(OWNER_KEY.to_owned()),
        revision: Some(Revision::new(mark.description())),
        updated_at: Some(mark.since),
        definition: Arc::new(json!({ "description": mark.description() })),
        ..Cron::new(CronId::new("mark"), mark.name(), schedule, payload)
    }
}

/// This folder acts on the gateway, and has its mark there.
fn acts(world: &mut World) {
    let mark = our_mark();
    world.mark.identity = FolderIdentity { folder: Some(mark.folder.clone()), placed: Some(mark.clone()) };
    super::record::cron(world, marked(&mark));
    (world.dirty, world.changes_seen) = (super::super::world::Dirty { shown: true, plan: false }, 0);
    world.last_change.clear();
}

fn apply(world: &mut World, crons: &[&str]) -> Vec<Effect> {
    let crons = crons.iter().map(CronId::new).collect();
    let command = Command::Apply { plan: PlanId::new("plan"), crons };
    step(world, Input::Command(Ticket(1), command), NOW)
}

fn prepared(world: &mut World, cron: &str, now: Timestamp) -> Vec<Effect> {
    step(world, Input::Prepared { job: 1, cron: CronId::new(cron), result: Ok(()) }, now)
}

fn written(world: &mut World, cron: &str, result: WriteResult, now: Timestamp) -> Vec<Effect> {
    step(world, Input::Written { job: 1, cron: CronId::new(cron), result: Box::new(result) }, now)
}

/// The cron as it reads after its line was written.
fn read_back(world: &World, id: &str) -> WriteResult {
    let change = world.job.as_ref().expect("a job").picture();
    let change = &change.lines.iter().find(|line| line.change.cron.as_str() == id).expect("its line").change;
    let mut cron = (*world.crons[&CronId::new(id)]).clone();
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        turn.model.clone_from(&change.to.model);
        turn.fallbacks.clone_from(&change.to.fallbacks);
    }
    cron.enabled = change.to.enabled;
    cron.revision = Some(Revision::new("r2"));
    WriteResult::ReadBack(cron)
}

fn outcome(world: &World, id: &str) -> LineOutcome {
    let job = world.job.as_ref().expect("a job").picture();
    job.lines.iter().find(|line| line.change.cron.as_str() == id).expect("its line").outcome.clone()
}

fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Store(op) => match **op {
                StoreOp::BeginJob { .. } => "begin",
                StoreOp::Prepare { ledger: Some(_), .. } => "ledger and intent",
                StoreOp::Prepare { ledger: None, .. } => "intent",
                StoreOp::Settle { .. } => "settle",
                StoreOp::EndJob { .. } => "end",
                StoreOp::SaveLedger { .. } => "save ledger",
                _ => "other store",
            },
            Effect::Write { .. } => "write",
            Effect::Emit(Event::Refused { .. }) => "refused",
            Effect::Emit(Event::Switched(_)) => "switched",
            Effect::Emit(_) => "emit",
            Effect::Prove { .. } => "prove",
            Effect::Look { .. } => "look",
            Effect::AskGateway { .. } => "ask gateway",
            _ => "other",
        })
        .collect()
}

/// What a plan did to a cron that ran on `a/one` before.
fn switched(cron: &Cron) -> Switch {
    Switch {
        id: SwitchId::new(format!("s-{}", cron.id)),
        plan: PlanId::new("done"),
        at: at(-60),
        cron: cron.id.clone(),
        name: cron.name.clone(),
        from: Fields { model: Some("a/one".to_owned()), ..cron.fields() },
        to: cron.fields(),
        schedule: None,
        revision_before: None,
        revision_after: None,
        reason: Reason::ChainEdited,
        cause: Cause::Health,
        confirmation: Confirmation::Waiting,
        undone_by: None,
        by: crate::domain::StartedBy::Hand,
        seal: None,
    }
}

fn sorted(entries: &[(&str, TierEntry)]) -> World {
    let crons: Vec<Cron> = entries.iter().map(|(id, _)| cron(id, "a/one")).collect();
    let mut world = world(&crons, Vec::new());
    world.tiers = Arc::new(entries.iter().map(|(id, entry)| (CronId::new(id), entry.clone())).collect());
    world
}

fn tell(world: &mut World, command: Command) -> Vec<Effect> {
    step(world, Input::Command(Ticket(3), command), NOW)
}

fn drag(world: &mut World, crons: &[&str], tier: Option<Tier>) {
    let crons = crons.iter().map(CronId::new).collect();
    assert_eq!(names(&tell(world, Command::Edit(Edit::SetTier { crons, tier }))), ["other store", "emit"]);
}

fn label(effects: &[Effect]) -> String {
    let label = effects.iter().find_map(|effect| match effect {
        Effect::Emit(Event::Done { what: Done::Edited { label }, .. }) => Some(label.clone()),
        Effect::Emit(Event::Refused { why: Refusal::ChangedSince { label }, .. }) => Some(format!("refused: {label}")),
        _ => None,
    });
    label.unwrap_or_else(|| panic!("nothing was said: {effects:?}"))
}

/// Files that say what the world knows, read when so many ledgers of ours were on disk.
fn reread(world: &World, n_ledgers: u64) -> Reread {
    let loaded = crate::state::Loaded {
        ledger_lost: false,
        crisis: crate::domain::Crisis::default(),
        settings: (*world.settings).clone(),
        tiers: (*world.tiers).clone(),
        ledger: (*world.ledger).clone(),
        switches: (*world.switches).clone(),
        interrupted: None,
        scraped: BTreeMap::new(),
        temporary: Vec::new(),
        pending: std::collections::BTreeSet::new(),
        proven: std::collections::BTreeSet::new(),
        remembered: Remembered::default(),
        identity: world.mark.identity.clone(),
        problems: Vec::new(),
    };
    Reread { loaded, n_ledgers }
}
