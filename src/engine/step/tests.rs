//! The apply job by values: every order of events that a gateway and a person can produce.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::effect::{Effect, Fetch, StoreOp};
use super::super::input::{Fetched, Input, WriteResult};
use super::super::{Command, Done, Edit, Event, FolderInfo, SettingsChange, Ticket, UndoScope, World};
use super::step;
use crate::domain::*;

const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn at(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn cron(id: &str, model: &str) -> Cron {
    Cron {
        id: CronId::new(id),
        name: format!("cron {id}"),
        description: None,
        enabled: true,
        agent: None,
        schedule: Schedule::Every { every: SignedDuration::from_mins(5), anchor: None },
        conditional: false,
        payload: Payload::AgentTurn(AgentTurn {
            message: "hello".to_owned(),
            model: Some(model.to_owned()),
            timeout: Some(SignedDuration::from_secs(120)),
            ..AgentTurn::default()
        }),
        revision: Some(Revision::new("r1")),
        next_run_at: Some(at(60)),
        running_since: None,
        last_run: None,
        consecutive_errors: 0,
        auto_disabled: None,
        declaration_key: None,
        delete_after_run: false,
        made_by: MadeBy::Operator,
        updated_at: None,
        definition: Arc::new(json!({ "id": id })),
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
    world.crons_as_of = Some(NOW);
    world.catalog_known = true;
    let model = |id: &str| {
        let id = ModelRef::parse(id).expect("a reference");
        let model = Model {
            id: id.clone(),
            name: id.to_string(),
            alias: None,
            context_window: None,
            available: true,
            unavailable_reason: None,
            unavailable_until: None,
        };
        (id, model)
    };
    world.catalog =
        Arc::new(Catalog { models: BTreeMap::from([model("a/one"), model("b/two")]), ..Catalog::default() });
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes, ..(*world.plan).clone() });
    world
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
                _ => "other store",
            },
            Effect::Write { .. } => "write",
            Effect::Emit(Event::Refused { .. }) => "refused",
            Effect::Emit(Event::Switched(_)) => "switched",
            Effect::Emit(_) => "emit",
            Effect::Prove { .. } => "prove",
            _ => "other",
        })
        .collect()
}

#[test]
fn the_journal_comes_before_the_call_and_the_record_after_the_read_back() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
    assert_eq!(names(&apply(&mut world, &["1"])), ["begin", "intent", "emit"]);
    assert_eq!(names(&prepared(&mut world, "1", NOW)), ["write"]);
    let result = read_back(&world, "1");
    assert_eq!(names(&written(&mut world, "1", result, NOW)), ["settle", "switched", "end"]);
    assert_eq!(outcome(&world, "1"), LineOutcome::Verified);
    assert_eq!(world.switches.len(), 1);
}

#[test]
fn a_pause_is_in_the_ledger_before_its_call_and_confirmed_after_it() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    assert_eq!(names(&apply(&mut world, &["1"])), ["begin", "ledger and intent", "emit"]);
    assert!(!world.ledger[&one.id].confirmed, "an intent until it was read back");
    assert_eq!(world.ledger[&one.id].before, one.fields());
    prepared(&mut world, "1", NOW);
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    assert!(world.ledger[&one.id].confirmed);
}

#[test]
fn without_a_journal_nothing_is_written() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![pauses(&one), moves(&two)]);
    apply(&mut world, &["1", "2"]);
    let full = ProblemKind::CannotWrite { file: "ledger.json".to_owned(), detail: "no space left".to_owned() };
    let effects = step(&mut world, Input::Prepared { job: 1, cron: one.id.clone(), result: Err(full) }, NOW);
    assert!(!names(&effects).contains(&"write"));
    assert!(matches!(outcome(&world, "1"), LineOutcome::Failed { .. }));
    assert_eq!(outcome(&world, "2"), LineOutcome::NotStarted);
    assert!(world.ledger.is_empty(), "a pause that was never written is no debt");
    assert_eq!(world.problems.len(), 1);
}

#[test]
fn a_running_cron_pauses_when_its_run_ends_and_the_others_do_not_wait() {
    let mut one = cron("1", "a/one");
    one.running_since = Some(at(-10));
    let two = cron("2", "a/one");
    let mut world = world(&[one.clone(), two.clone()], vec![pauses(&one), moves(&two)]);
    apply(&mut world, &["1", "2"]);
    assert_eq!(outcome(&world, "1"), LineOutcome::Draining { since: at(-10) });
    assert_eq!(outcome(&world, "2"), LineOutcome::Writing);
    prepared(&mut world, "2", NOW);
    let result = read_back(&world, "2");
    written(&mut world, "2", result, NOW);
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Draining);
    assert_eq!(world.next_wake(), Some(at(110)), "its own timeout is the patience");

    Arc::make_mut(Arc::make_mut(&mut world.crons).get_mut(&one.id).expect("there")).running_since = None;
    let effects = step(&mut world, Input::Tick, at(5));
    assert_eq!(names(&effects), ["ledger and intent"]);
}

#[test]
fn a_run_beyond_its_timeout_asks_the_user_who_may_end_it() {
    let mut one = cron("1", "a/one");
    one.running_since = Some(at(-10));
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    apply(&mut world, &["1"]);
    step(&mut world, Input::Tick, at(110));
    assert_eq!(outcome(&world, "1"), LineOutcome::DrainAsks { since: at(-10) });
    let command = Command::PauseNow { cron: one.id.clone() };
    let effects = step(&mut world, Input::Command(Ticket(2), command), at(111));
    assert!(names(&effects).contains(&"ledger and intent"));
}

#[test]
fn the_write_limit_paces_the_job_and_it_goes_on_by_itself() {
    let crons: Vec<Cron> = (0..31).map(|n| cron(&format!("{n:02}"), "a/one")).collect();
    let mut world = world(&crons, crons.iter().map(moves).collect());
    let ids: Vec<&str> = crons.iter().map(|cron| cron.id.as_str()).collect();
    apply(&mut world, &ids);
    for id in &ids[..30] {
        prepared(&mut world, id, NOW);
        let result = read_back(&world, id);
        written(&mut world, id, result, NOW);
    }
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Paced { until: at(60) });
    assert_eq!(names(&step(&mut world, Input::Tick, at(59))), [""; 0], "not before the minute is over");
    assert_eq!(names(&step(&mut world, Input::Tick, at(60))), ["intent"]);
}

#[test]
fn a_gateway_that_asks_for_patience_gets_it() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    written(&mut world, "1", WriteResult::Later { retry_after: SignedDuration::from_secs(7) }, NOW);
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Paced { until: at(7) });
    assert_eq!(names(&step(&mut world, Input::Tick, at(7))), ["intent"]);
}

#[test]
fn a_write_whose_fate_is_unknown_is_settled_by_reading_never_by_writing_again() {
    let cases = [
        ("b/two", "r2", LineOutcome::Verified, "it had arrived"),
        ("c/three", "r3", LineOutcome::Conflict { detail: String::new() }, "somebody else was faster"),
    ];
    for (model, revision, expected, why) in cases {
        let one = cron("1", "a/one");
        let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
        apply(&mut world, &["1"]);
        prepared(&mut world, "1", NOW);
        let effects = written(&mut world, "1", WriteResult::Unknown { detail: "closed".to_owned() }, NOW);
        assert_eq!(names(&effects), ["other"], "only a question");
        assert!(matches!(effects[0], Effect::Fetch { what: Fetch::Cron(_), .. }));
        let mut after = cron("1", model);
        after.revision = Some(Revision::new(revision));
        let session = world.session;
        let effects = step(&mut world, Input::Fetched { session, what: Fetched::Cron(Box::new(after)) }, at(3));
        assert!(!names(&effects).contains(&"write"), "{why}");
        assert_eq!(
            std::mem::discriminant(&outcome(&world, "1")),
            std::mem::discriminant(&expected),
            "{why}: {:?}",
            outcome(&world, "1")
        );
    }
}

#[test]
fn a_conflict_writes_nothing_and_the_others_go_on() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![moves(&one), moves(&two)]);
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    let effects = written(&mut world, "1", WriteResult::Conflict { now: Some(cron("1", "c/three")) }, NOW);
    assert_eq!(names(&effects), ["settle", "intent"]);
    assert!(matches!(outcome(&world, "1"), LineOutcome::Conflict { .. }));
    assert!(world.switches.is_empty());
}

#[test]
fn a_model_the_gateway_does_not_list_is_refused_before_any_call() {
    let one = cron("1", "a/one");
    let to = Fields { model: Some("nope/none".to_owned()), ..one.fields() };
    let mut world = world(std::slice::from_ref(&one), vec![change(&one, ChangeKind::Move, to)]);
    let effects = apply(&mut world, &["1"]);
    assert_eq!(names(&effects), ["begin", "settle", "end", "emit"]);
    assert!(matches!(outcome(&world, "1"), LineOutcome::Refused { .. }));
}

#[test]
fn a_stopped_job_finishes_its_line_and_starts_no_other() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![moves(&one), moves(&two)]);
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    step(&mut world, Input::Command(Ticket(2), Command::StopJob), NOW);
    let result = read_back(&world, "1");
    let effects = written(&mut world, "1", result, NOW);
    assert!(names(&effects).contains(&"end"));
    assert_eq!(outcome(&world, "1"), LineOutcome::Verified);
    assert_eq!(outcome(&world, "2"), LineOutcome::NotStarted);
}

#[test]
fn an_unproven_version_is_asked_for_a_refusal_first() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
    if let Connection::Connected(info) = &mut world.connection {
        info.access = Access::UnprovenVersion;
    }
    assert_eq!(names(&apply(&mut world, &["1"])), ["begin", "prove", "emit"]);
    let session = world.session;
    let effects = step(&mut world, Input::Proven { session, proof: super::super::input::Proof::Obeyed }, NOW);
    assert!(!names(&effects).contains(&"intent"), "a gateway that does not guard its crons is not written to");
    assert_eq!(outcome(&world, "1"), LineOutcome::NotStarted);
}

#[test]
fn nobody_writes_without_the_right_to() {
    let one = cron("1", "a/one");
    for access in [Access::ReadOnlyScopes, Access::FolderHeld] {
        let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
        if let Connection::Connected(info) = &mut world.connection {
            info.access = access;
        }
        assert_eq!(names(&apply(&mut world, &["1"])), ["refused"], "{access:?}");
    }
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
        revision_before: None,
        revision_after: None,
        reason: Reason::ChainEdited,
        cause: Cause::Health,
        confirmation: Confirmation::Waiting,
        undone_by: None,
    }
}

/// Asks for an undo of a plan that the history knows as `told`.
fn prepare_undo(world: &mut World, told: Vec<Switch>) -> Vec<Effect> {
    let scope = UndoScope::Plan(PlanId::new("done"));
    let asked = step(world, Input::Command(Ticket(5), Command::PrepareUndo(scope.clone())), NOW);
    assert_eq!(names(&asked), ["other store"], "the history is asked");
    let session = world.session;
    step(world, Input::SwitchesRead { session, ticket: Ticket(5), scope, result: Ok(told) }, NOW)
}

fn apply_undo(world: &mut World, crons: &[&str]) -> Vec<Effect> {
    let plan = world.undo.as_ref().expect("an undo is on offer").plan.id.clone();
    let crons = crons.iter().map(CronId::new).collect();
    step(world, Input::Command(Ticket(6), Command::Apply { plan, crons }), NOW)
}

fn undone(effects: &[Effect]) -> Vec<&str> {
    let settled = effects.iter().filter_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::Settle { undone, .. } => Some(undone),
            _ => None,
        },
        _ => None,
    });
    settled.flatten().map(SwitchId::as_str).collect()
}

#[test]
fn an_undo_takes_back_every_switch_of_its_plan_however_many() {
    let crons: Vec<Cron> = (0..2500).map(|n| cron(&format!("{n:04}"), "b/two")).collect();
    let mut world = world(&crons, Vec::new());
    let told: Vec<Switch> = crons.iter().map(switched).collect();
    world.switches = Arc::new(told[1500..].iter().rev().cloned().collect());
    assert_eq!(names(&prepare_undo(&mut world, told)), ["emit"]);
    assert_eq!(world.undo.as_ref().expect("on offer").plan.changes.len(), 2500);

    let effects = apply_undo(&mut world, &["0000"]);
    assert_eq!(names(&effects), ["begin", "intent", "emit"]);
    prepared(&mut world, "0000", NOW);
    let result = read_back(&world, "0000");
    let effects = written(&mut world, "0000", result, NOW);
    assert_eq!(undone(&effects), ["s-0000"], "the oldest is marked, although no face sees it");
}

#[test]
fn what_is_left_of_a_stopped_undo_goes_on_whole() {
    let crons = [cron("1", "b/two"), cron("2", "b/two")];
    let mut world = world(&crons, Vec::new());
    prepare_undo(&mut world, crons.iter().map(switched).collect());
    apply_undo(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    step(&mut world, Input::Command(Ticket(7), Command::StopJob), NOW);
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    let effects = step(&mut world, Input::Command(Ticket(8), Command::ContinueJob), NOW);
    assert_eq!(names(&effects), ["begin", "intent", "emit"]);
    step(&mut world, Input::Prepared { job: 2, cron: CronId::new("2"), result: Ok(()) }, NOW);
    let result = Box::new(read_back(&world, "2"));
    let effects = step(&mut world, Input::Written { job: 2, cron: CronId::new("2"), result }, NOW);
    assert_eq!(undone(&effects), ["s-2"]);
}

#[test]
fn an_undo_that_cannot_be_prepared_is_refused_aloud() {
    let one = cron("1", "b/two");
    let mut world = world(std::slice::from_ref(&one), Vec::new());
    assert_eq!(names(&prepare_undo(&mut world, Vec::new())), ["refused"], "nothing of that name");
    let back = Switch { undone_by: Some(SwitchId::new("back")), ..switched(&one) };
    assert_eq!(names(&prepare_undo(&mut world, vec![back])), ["refused"], "taken back already");
    let scope = UndoScope::Last;
    let broken = ProblemKind::CannotRead { file: "history.db".to_owned(), detail: "damaged".to_owned() };
    let session = world.session;
    let read = |session, result| Input::SwitchesRead { session, ticket: Ticket(9), scope: scope.clone(), result };
    assert_eq!(names(&step(&mut world, read(session, Err(broken)), NOW)), ["refused"]);
    let late = step(&mut world, read(session + 1, Ok(vec![switched(&one)])), NOW);
    assert_eq!(names(&late), ["refused"], "of another gateway");
    assert!(world.undo.is_none());
}

#[test]
fn a_held_folder_is_asked_for_now_and_then_and_a_free_one_never() {
    let mut world = world(&[], Vec::new());
    assert_eq!(world.next_wake(), None, "nothing to wait for");
    super::lease::held(&mut world, "window".to_owned(), NOW);
    world.dirty.shown = false;
    assert_eq!(world.next_wake(), Some(at(2)));
    assert_eq!(names(&step(&mut world, Input::Tick, at(1))), [""; 0]);
    let asked = step(&mut world, Input::Tick, at(2));
    assert!(matches!(&asked[..], [Effect::Store(op)] if matches!(**op, StoreOp::AskForLease)), "{asked:?}");
    assert_eq!(world.next_wake(), None, "not again before the answer");
    let held = |holder: &str, path: &str| Input::LeaseAsked {
        path: PathBuf::from(path),
        result: Ok(super::super::input::Lease::HeldBy(holder.to_owned())),
    };
    step(&mut world, held("window", "unused"), at(2));
    assert_eq!((world.next_wake(), world.dirty.shown), (Some(at(4)), false), "no face is woken for nothing");
    step(&mut world, held("serve", "of another gateway"), at(3));
    assert_eq!(world.folder.as_ref().and_then(|folder| folder.held_by.as_deref()), Some("window"));
    step(&mut world, held("serve", "unused"), at(4));
    assert!(world.dirty.shown);
    assert_eq!(world.folder.as_ref().and_then(|folder| folder.held_by.as_deref()), Some("serve"));
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

#[test]
fn an_edit_is_taken_back_field_by_field() {
    let t1 = TierEntry::new(Tier::T1);
    let mut world = sorted(&[("1", t1.clone()), ("2", t1.clone())]);
    drag(&mut world, &["1", "2"], Some(Tier::T2));
    // Another program edits another field of one cron, and the same field of the other.
    let theirs = |world: &mut World, id: &str, change: &dyn Fn(&mut TierEntry)| {
        change(Arc::make_mut(&mut world.tiers).get_mut(&CronId::new(id)).expect("sorted"));
    };
    theirs(&mut world, "1", &|entry| entry.note = Some("theirs".to_owned()));
    theirs(&mut world, "2", &|entry| entry.tier = Tier::T3);

    let said = label(&tell(&mut world, Command::UndoEdit));
    assert_eq!(said, "undone: 2 crons moved to T2, except for 1 changed again since");
    let noted = |tier| TierEntry { note: Some("theirs".to_owned()), ..TierEntry::new(tier) };
    assert_eq!(world.tiers["1"], noted(Tier::T1));
    assert_eq!(world.tiers["2"], TierEntry::new(Tier::T3), "theirs stays");

    theirs(&mut world, "1", &|entry| entry.critical = true);
    tell(&mut world, Command::RedoEdit);
    assert_eq!(world.tiers["1"], TierEntry { critical: true, ..noted(Tier::T2) });
    assert_eq!(world.tiers["2"], TierEntry::new(Tier::T3), "and again");
}

#[test]
fn a_step_of_which_nothing_stands_is_refused_and_the_one_before_it_follows() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T1))]);
    drag(&mut world, &["1"], Some(Tier::T2));
    drag(&mut world, &["2"], Some(Tier::T3));
    Arc::make_mut(&mut world.tiers).insert(CronId::new("2"), TierEntry::new(Tier::T2));
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "refused: 1 cron moved to T3");
    assert_eq!(world.history.redo_label(), None, "there is nothing to do again");
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "undone: 1 cron moved to T2");
    assert_eq!(names(&tell(&mut world, Command::UndoEdit)), ["refused"]);
    assert_eq!((world.tiers["1"].tier, world.tiers["2"].tier), (Tier::T1, Tier::T2));
}

#[test]
fn sorting_is_taken_back_unless_somebody_else_worked_on_it() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T1))]);
    world.tiers = Arc::default();
    drag(&mut world, &["1", "2"], Some(Tier::T2));
    let noted = TierEntry { note: Some("theirs".to_owned()), ..TierEntry::new(Tier::T2) };
    Arc::make_mut(&mut world.tiers).insert(CronId::new("2"), noted.clone());
    tell(&mut world, Command::UndoEdit);
    assert_eq!(*world.tiers, TierMap::from([(CronId::new("2"), noted)]), "an entry with their note is not thrown away");
}

#[test]
fn a_hold_that_an_undo_of_switches_left_outlives_the_undo_of_a_drag() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    drag(&mut world, &["1"], Some(Tier::T2));
    super::edit::hold_after_undo(&mut world, &CronId::new("1"), NOW);
    tell(&mut world, Command::UndoEdit);
    let entry = &world.tiers["1"];
    assert_eq!((entry.tier, entry.hold.is_some()), (Tier::T1, true));
}

fn set_chain(world: &mut World, tier: Tier, routes: &[&str]) -> Vec<Effect> {
    let chain = Chain { order: ChainOrder::Listed, routes: routes.iter().map(RouteKey::new).collect() };
    tell(world, Command::Settings(SettingsChange::SetChain { tier, chain }))
}

fn edited(world: &World) -> Vec<&str> {
    world.edited.iter().map(CronId::as_str).collect()
}

#[test]
fn settings_and_mapping_are_one_row_of_steps() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    let before = world.settings.clone();
    set_chain(&mut world, Tier::T1, &["kimi"]);
    drag(&mut world, &["1"], Some(Tier::T2));
    tell(&mut world, Command::Settings(SettingsChange::SetGuard { tier: Tier::T2, guard: None }));
    tell(&mut world, Command::Settings(SettingsChange::SetTheme(ThemeChoice::Dark)));
    tell(&mut world, Command::Settings(SettingsChange::SetCompactCards(true)));
    let mut labels = Vec::new();
    while let Some(label) = world.history.undo_label() {
        labels.push(label);
        assert!(!names(&tell(&mut world, Command::UndoEdit)).contains(&"refused"));
    }
    assert_eq!(labels, ["T2 cost guard changed", "1 cron moved to T2", "T1 chain changed"]);
    assert_eq!((&world.settings.chains, &world.settings.cost_guard), (&before.chains, &before.cost_guard));
    assert_eq!(world.settings.window.theme, ThemeChoice::Dark, "how the window looks is no step");
    assert_eq!(world.tiers["1"].tier, Tier::T1);
    assert_eq!(edited(&world), [""; 0], "everything is as it was");
    tell(&mut world, Command::RedoEdit);
    assert_eq!(world.settings.chain(Tier::T1).routes, [RouteKey::new("kimi")]);
    assert_eq!(edited(&world), ["1"]);
}

#[test]
fn settings_are_told_as_taken_back_once_they_are_on_disk() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    let effects = tell(&mut world, Command::UndoEdit);
    let receipt = effects.iter().find_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::SaveSettings { receipt, .. } => Some(receipt.clone()),
            _ => None,
        },
        _ => None,
    });
    let receipt = receipt.expect("they are saved");
    let told = step(&mut world, Input::Stored { receipt, result: Ok(()) }, NOW);
    assert_eq!(label(&told), "undone: T1 chain changed");
}

#[test]
fn a_settings_step_leaves_what_another_program_set_since() {
    let mut world = sorted(&[]);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    let theirs = Chain { order: ChainOrder::Cheapest, routes: vec![RouteKey::new("opus")] };
    let set = |world: &mut World, tier| {
        Arc::make_mut(&mut world.settings).chains.insert(tier, theirs.clone());
    };
    set(&mut world, Tier::T2);
    tell(&mut world, Command::UndoEdit);
    assert_eq!(world.settings.chain(Tier::T1), Settings::default().chain(Tier::T1));
    assert_eq!(*world.settings.chain(Tier::T2), theirs);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    set(&mut world, Tier::T1);
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "refused: T1 chain changed");
    assert_eq!(*world.settings.chain(Tier::T1), theirs);
}

#[test]
fn a_chain_that_is_again_what_it_was_leaves_nothing_to_apply() {
    let mut world = sorted(&[
        ("1", TierEntry::new(Tier::T1)),
        ("2", TierEntry::new(Tier::T1)),
        ("3", TierEntry::new(Tier::T2)),
        ("4", TierEntry::new(Tier::T1)),
    ]);
    let default = Settings::default().chain(Tier::T1).clone();
    Arc::make_mut(&mut world.edited).insert(CronId::new("2"));
    drag(&mut world, &["4"], Some(Tier::T2));
    set_chain(&mut world, Tier::T1, &["kimi"]);
    assert_eq!(edited(&world), ["1", "2", "4"]);
    tell(&mut world, Command::Settings(SettingsChange::SetChain { tier: Tier::T1, chain: default.clone() }));
    assert_eq!(edited(&world), ["2", "4"], "those were edited for another reason");

    // What was written meanwhile follows the chain back.
    set_chain(&mut world, Tier::T1, &["kimi"]);
    super::edited::applied(&mut world, &CronId::new("1"));
    tell(&mut world, Command::UndoEdit);
    assert_eq!(edited(&world), ["1", "2", "4"]);
}

#[test]
fn a_chain_that_another_program_edited_is_an_edit_too() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T2))]);
    let mut settings = Settings::default();
    settings.chains.insert(Tier::T1, Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] });
    let loaded = crate::state::Loaded {
        settings,
        tiers: (*world.tiers).clone(),
        ledger: Ledger::new(),
        switches: Vec::new(),
        interrupted: None,
        scraped: BTreeMap::new(),
        temporary: Vec::new(),
        pending: [CronId::new("2")].into(),
        proven: std::collections::BTreeSet::new(),
        problems: Vec::new(),
    };
    step(&mut world, Input::Reloaded(Ok(loaded)), NOW);
    assert_eq!(edited(&world), ["1"], "and what we know of our own edits is newer than the disk");
}

#[test]
fn a_run_on_another_model_is_told_with_what_it_cost_where_that_is_known() {
    let used = |input, output| Some(TokenUsage { input, output, total: input + output });
    let own = Price { input: Usd(2.0), output: Usd(8.0) };
    let cases = [
        ("anthropic/claude-opus", used(10_000, 2000), None, Some(Usd(0.1)), "by the table"),
        ("anthropic/claude-opus", used(10_000, 2000), Some(own), Some(Usd(0.036)), "by the user's own price"),
        ("anthropic/claude-opus", None, None, None, "no tokens were told"),
        ("anthropic/claude-opus", used(0, 0), None, None, "nor which"),
        ("acme/unheard-of", used(10_000, 2000), None, None, "nobody knows its price"),
    ];
    for (ran, usage, price, cost, why) in cases {
        let one = cron("1", "b/two");
        let mut world = world(std::slice::from_ref(&one), Vec::new());
        world.switches = Arc::new(vec![switched(&one)]);
        let opus = Arc::make_mut(&mut world.effective).routes.get_mut(&RouteKey::new("opus")).expect("a default");
        (opus.model, opus.price) = (ModelRef::parse("anthropic/claude-opus"), price);
        let ran = ModelRef::parse(ran).expect("a reference");
        let run = RunRecord {
            cron: one.id.clone(),
            at: at(-10),
            finished_at: NOW,
            status: RunStatus::Ok,
            provider: Some(ran.provider().to_owned()),
            model: Some(ran.model().to_owned()),
            error: None,
            error_reason: None,
            duration: None,
            usage,
        };
        let session = world.session;
        let news = crate::gateway::News::RunFinished(run, one.clone());
        step(&mut world, Input::News { session, news }, NOW);
        let told = world.problems.iter().find_map(|problem| match &problem.what {
            ProblemKind::RanElsewhere { cost, .. } => Some(*cost),
            _ => None,
        });
        assert_eq!(told, Some(cost), "{why}");
    }
}
