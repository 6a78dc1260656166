//! One owner for each gateway: whose mark is there decides who writes, and whose debts are owed there.

use super::*;
use crate::engine::input::{Identified, NotCarriedOut};
use crate::engine::step::own::mark as own;
use crate::engine::step::settle;
use crate::gateway::News;

mod two;

fn nas() -> OwnerMark {
    OwnerMark { folder: "there".to_owned(), host: "nas".to_owned(), since: at(-60) }
}

/// Connected to a gateway on which nobody acts yet, from a folder that never did.
fn unmarked(crons: &[Cron], changes: Vec<Change>) -> World {
    let mut world = world(crons, changes);
    Arc::make_mut(&mut world.crons).remove(&CronId::new("mark"));
    world.mark = super::super::own::Mark::default();
    own::grant(&mut world, Access::ReadWrite);
    world
}

/// Connected to the gateway on which this folder acts.
fn ours(crons: &[Cron], changes: Vec<Change>) -> World {
    let mut world = world(crons, changes);
    own::grant(&mut world, Access::ReadWrite);
    world
}

fn news(world: &mut World, news: News) -> Vec<Effect> {
    let session = world.session;
    step(world, Input::News { session, news }, at(1))
}

/// As an event tells it: without a revision.
fn told(mark: &OwnerMark) -> News {
    News::CronChanged(Cron { revision: None, updated_at: Some(at(1)), ..marked(mark) })
}

fn identified(world: &mut World) -> Vec<Effect> {
    let result = Ok(Identified { folder: "here".to_owned(), host: "home-mini".to_owned() });
    let session = world.session;
    step(world, Input::Identified { session, result }, at(1))
}

fn read(world: &mut World, result: Result<Cron, NotCarriedOut>) -> Vec<Effect> {
    let session = world.session;
    step(world, Input::Marked { session, result: Box::new(result) }, at(2))
}

fn refused(for_good: bool) -> NotCarriedOut {
    NotCarriedOut { detail: "no".to_owned(), retry_after: None, for_good }
}

/// A whole list of the gateway; a connection's first.
fn list(world: &mut World, crons: Vec<Cron>) -> Vec<Effect> {
    world.session += 1;
    world.crons_as_of = None;
    let (session, asked_at) = (world.session, world.changes_seen);
    let what = Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at };
    let mut effects = step(world, Input::Fetched { session, what }, at(3));
    effects.extend(settle(world, at(3)).1);
    effects
}

fn asks_for_id(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Store(op) if matches!(**op, StoreOp::Identify { .. })))
}

fn mark_in(effects: &[Effect]) -> Option<(OwnerMark, Option<CronId>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Mark { mark, over, .. } => Some((mark.clone(), over.as_ref().map(|(cron, _)| cron.clone()))),
        _ => None,
    })
}

fn said(world: &World) -> Vec<&ProblemKind> {
    world.problems.iter().map(|problem| &problem.what).collect()
}

fn owes(world: &mut World, id: &str) {
    let known = (*world.crons[&CronId::new(id)]).clone();
    let debt = LedgerEntry {
        cron: known.id.clone(),
        name: known.name.clone(),
        opened_at: at(-600),
        why: LedgerReason::NothingServes,
        before: Fields { enabled: true, ..known.fields() },
        wrote: Fields { enabled: false, ..known.fields() },
        revision_before: None,
        definition: Arc::default(),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::new(),
    };
    world.ledger = Arc::new(Ledger::from([(known.id, debt)]));
}

#[test]
fn the_mark_is_put_there_and_read_back_before_the_first_line_and_never_again() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    let effects = apply(&mut world, &["1"]);
    assert_eq!(names(&effects), ["begin", "other store", "emit"], "the id first, then the gateway");
    assert!(asks_for_id(&effects) && mark_in(&effects).is_none());
    assert_eq!(names(&step(&mut world, Input::Tick, at(1))), [""; 0], "it is asked for once");

    let effects = identified(&mut world);
    let (mark, over) = mark_in(&effects).expect("the mark");
    assert_eq!((mark.folder.as_str(), mark.host.as_str(), mark.since, over), ("here", "home-mini", at(1), None));
    assert_eq!(effects.len(), 1, "nothing else before it was read back");

    let effects = read(&mut world, Ok(marked(&mark)));
    assert_eq!(names(&effects), ["other store", "intent"], "the mark is remembered before the line is begun");
    assert!(matches!(&effects[0], Effect::Store(op) if matches!(&**op, StoreOp::SavePlaced(kept) if *kept == mark)));
    assert_eq!(world.snapshot(at(2)).owner, Some(mark));
    assert_eq!(names(&prepared(&mut world, "1", at(3))), ["write"]);
    let back = read_back(&world, "1");
    written(&mut world, "1", back, at(4));

    let second = cron("1", "a/one");
    world.job = None;
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes: vec![moves(&second)], ..(*world.plan).clone() });
    assert_eq!(names(&apply(&mut world, &["1"])), ["begin", "intent", "emit"], "a mark of ours needs no call");
}

#[test]
fn a_mark_that_a_crash_kept_from_being_written_down_counts_where_nothing_is_owed() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), vec![moves(&first)]);
    world.mark = super::super::own::Mark::default();
    let known = OwnerMark { folder: "here".to_owned(), host: "home-mini".to_owned(), since: at(-600) };
    world.mark.identity = FolderIdentity { folder: Some("here".to_owned()), placed: Some(known.clone()) };
    own::grant(&mut world, Access::ReadWrite);
    let newer = OwnerMark { since: at(-5), ..known };
    let effects = list(&mut world, vec![first.clone(), marked(&newer)]);
    let kept = |effect: &Effect| matches!(effect, Effect::Store(op) if matches!(&**op, StoreOp::SavePlaced(kept) if *kept == newer));
    assert!(effects.iter().any(kept), "{:?}", names(&effects));
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes: vec![moves(&first)], ..(*world.plan).clone() });
    let effects = apply(&mut world, &["1"]);
    assert_eq!(names(&effects), ["begin", "intent", "emit"], "a job of it is carried out, not stopped");
}

#[test]
fn whoever_reads_back_another_s_mark_is_not_the_owner_and_writes_nothing() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), vec![pauses(&first)]);
    apply(&mut world, &["1"]);
    identified(&mut world);
    let effects = read(&mut world, Ok(marked(&nas())));
    assert_eq!(names(&effects), ["end"]);
    assert_eq!((world.access(), outcome(&world, "1")), (Some(Access::GatewayOwned), LineOutcome::NotStarted));
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Stopped);
    let taken = ProblemKind::TakenOver { host: "nas".to_owned(), left: 1 };
    let owned = ProblemKind::GatewayOwned { host: "nas".to_owned(), since: Some(at(-60)) };
    assert_eq!(said(&world), [&owned, &taken]);
    assert_eq!(world.mark.identity.placed, None, "no mark of ours is remembered");
}

#[test]
fn another_s_mark_makes_a_looker_of_us_on_connecting_and_on_the_event() {
    let first = cron("1", "a/one");
    for by_event in [true, false] {
        let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
        let effects = if by_event {
            news(&mut world, told(&nas()))
        } else {
            list(&mut world, vec![first.clone(), marked(&nas())])
        };
        assert!(mark_in(&effects).is_none() && !asks_for_id(&effects), "looking leaves nothing behind");
        assert_eq!(world.access(), Some(Access::GatewayOwned));
        assert_eq!(said(&world), [&ProblemKind::GatewayOwned { host: "nas".to_owned(), since: Some(at(-60)) }]);
        assert_eq!(world.snapshot(NOW).owner, Some(nas()));
        tell(&mut world, Command::DismissProblem { id: "gateway/owner".to_owned() });
        step(&mut world, Input::Tick, at(4));
        assert!(said(&world).is_empty(), "what was read is not said again");
        world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes: vec![moves(&first)], ..(*world.plan).clone() });
        assert_eq!(names(&apply(&mut world, &["1"])), ["refused"]);
        assert_eq!(names(&tell(&mut world, Command::RunNow { crons: vec![first.id.clone()] })), ["refused"]);
        let gone = news(&mut world, News::CronRemoved(CronId::new("mark")));
        assert!(mark_in(&gone).is_none() && !asks_for_id(&gone), "it is free again, and nobody needs it");
        assert_eq!((world.access(), said(&world).len()), (Some(Access::ReadWrite), 0));
    }
}

#[test]
fn a_job_stops_after_the_line_in_flight_when_another_takes_over() {
    let (first, second) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = ours(&[first.clone(), second.clone()], vec![pauses(&first), pauses(&second)]);
    apply(&mut world, &["1", "2"]);
    assert_eq!(names(&prepared(&mut world, "1", at(0))), ["write"]);
    assert_eq!(names(&news(&mut world, told(&nas()))), ["other"], "only the mark is fetched anew");
    assert_eq!(world.access(), Some(Access::GatewayOwned));
    let taken = ProblemKind::TakenOver { host: "nas".to_owned(), left: 1 };
    assert!(said(&world).contains(&&taken), "{:?}", said(&world));
    let back = read_back(&world, "1");
    let effects = written(&mut world, "1", back, at(2));
    assert_eq!(names(&effects), ["settle", "switched", "end"], "its outcome is recorded, and nothing else is begun");
    assert_eq!((outcome(&world, "1"), outcome(&world, "2")), (LineOutcome::Verified, LineOutcome::NotStarted));
    assert_eq!(world.ledger.keys().collect::<Vec<_>>(), [&first.id], "what is owed stays owed");
    assert!(settle(&mut world, at(3)).1.iter().all(|effect| !matches!(effect, Effect::Mark { .. })));
}

#[test]
fn a_line_whose_intent_was_on_its_way_to_the_disk_is_not_written_any_more() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), vec![pauses(&first)]);
    apply(&mut world, &["1"]);
    news(&mut world, told(&nas()));
    let effects = prepared(&mut world, "1", at(2));
    assert!(!names(&effects).contains(&"write"), "{effects:?}");
    assert_eq!(outcome(&world, "1"), LineOutcome::NotStarted);
    assert!(world.ledger.is_empty(), "no call was made for it");
}

#[test]
fn a_mark_that_was_removed_by_hand_comes_back_as_it_was_before_the_next_line() {
    let (first, second) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = ours(&[first.clone(), second.clone()], vec![pauses(&first), pauses(&second)]);
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", at(0));
    assert_eq!(names(&news(&mut world, News::CronRemoved(CronId::new("mark")))), [""; 0]);
    assert_eq!(world.access(), Some(Access::ReadWrite), "nobody else acts");
    let back = read_back(&world, "1");
    let effects = written(&mut world, "1", back, at(2));
    assert!(asks_for_id(&effects) && !names(&effects).contains(&"ledger and intent"), "{effects:?}");
    let (mark, _) = mark_in(&identified(&mut world)).expect("the mark again");
    assert_eq!(mark, our_mark(), "what is owed is owed under it");
    let effects = read(&mut world, Ok(marked(&mark)));
    assert_eq!(names(&effects), ["ledger and intent"], "and the job goes on");
}

#[test]
fn taking_over_replaces_the_mark_as_it_was_seen_and_is_done_when_it_was_read_back() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    list(&mut world, vec![first, marked(&nas())]);
    assert_eq!(names(&tell(&mut world, Command::TakeOver)), ["other store"]);
    let (mark, over) = mark_in(&identified(&mut world)).expect("the mark");
    assert_eq!((mark.folder.as_str(), mark.since, over), ("here", at(1), Some(CronId::new("mark"))));
    assert_eq!(world.access(), Some(Access::GatewayOwned), "not before it was read back");
    assert_eq!(world.write_window, Some((at(1), 1)), "the gateway counts it among the updates of a minute");
    let effects = read(&mut world, Ok(marked(&mark)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Emit(Event::Done { ticket: Ticket(3), .. }))));
    assert_eq!((world.access(), said(&world).len()), (Some(Access::ReadWrite), 0));
    assert_eq!(names(&tell(&mut world, Command::TakeOver)), ["refused"], "it acts already");
}

#[test]
fn of_two_who_take_over_at_once_one_is_told_who_was_faster() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    list(&mut world, vec![first, marked(&nas())]);
    tell(&mut world, Command::TakeOver);
    identified(&mut world);
    let faster = OwnerMark { folder: "third".to_owned(), host: "laptop".to_owned(), since: at(1) };
    let effects = read(&mut world, Ok(marked(&faster)));
    let why = ProblemKind::GatewayOwned { host: "laptop".to_owned(), since: Some(at(1)) };
    let refused = |effect: &Effect| matches!(effect, Effect::Emit(Event::Refused { why: Refusal::Problem(kind), .. }) if *kind == why);
    assert!(effects.iter().any(refused), "{effects:?}");
    assert_eq!((world.access(), said(&world)), (Some(Access::GatewayOwned), vec![&why]));
}

#[test]
fn a_mark_that_is_just_being_read_or_a_connection_that_may_not_write_is_not_taken_over() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    news(&mut world, told(&nas()));
    assert_eq!(names(&tell(&mut world, Command::TakeOver)), ["refused"], "its revision is not known yet");

    let mut world = unmarked(&[first], Vec::new());
    own::grant(&mut world, Access::FolderHeld);
    list(&mut world, vec![marked(&nas())]);
    assert_eq!(world.access(), Some(Access::FolderHeld), "the worse reason stays");
    assert!(said(&world).is_empty(), "which mark is its folder's is not known to one who only looks");
    assert_eq!(names(&tell(&mut world, Command::TakeOver)), ["refused"]);
}

#[test]
fn no_debt_is_closed_on_a_gateway_without_the_mark_that_the_folder_put_on_its_own() {
    let off = Cron { enabled: false, ..cron("1", "a/one") };
    let runs = cron("1", "a/one");
    let strange = || OwnerMark { since: at(-7), ..our_mark() };
    let cases: [(Vec<Cron>, Access, &str); 4] = [
        (vec![runs.clone()], Access::AnotherGateway, "no mark: another demo, a restored backup"),
        (vec![runs.clone(), marked(&nas())], Access::GatewayOwned, "another's"),
        (vec![runs.clone(), marked(&strange())], Access::AnotherGateway, "ours, of another gateway"),
        (vec![marked(&nas())], Access::GatewayOwned, "nor when the cron is not there"),
    ];
    for (crons, access, why) in cases {
        let mut world = ours(std::slice::from_ref(&off), Vec::new());
        owes(&mut world, "1");
        let effects = list(&mut world, crons);
        assert_eq!((world.ledger.len(), world.access()), (1, Some(access)), "{why}");
        assert!(!names(&effects).contains(&"save ledger"), "{why}");
        assert!(!asks_for_id(&effects), "{why}");
        if access == Access::AnotherGateway {
            assert_eq!(said(&world), [&ProblemKind::AnotherGateway { n_debts: 1 }], "{why}");
        }
        let gone = news(&mut world, News::CronRemoved(runs.id.clone()));
        assert_eq!((world.ledger.len(), names(&gone).contains(&"save ledger")), (1, false), "{why}");
    }
    let mut world = ours(std::slice::from_ref(&off), Vec::new());
    owes(&mut world, "1");
    list(&mut world, vec![runs, marked(&our_mark())]);
    assert_eq!((world.ledger.len(), world.access()), (0, Some(Access::ReadWrite)), "at home somebody resumed it");
}

#[test]
fn whoever_says_that_this_is_the_gateway_settles_what_is_owed_there() {
    let off = Cron { enabled: false, ..cron("1", "a/one") };
    let mut world = ours(std::slice::from_ref(&off), Vec::new());
    owes(&mut world, "1");
    list(&mut world, vec![cron("1", "a/one")]);
    tell(&mut world, Command::TakeOver);
    let (mark, over) = mark_in(&identified(&mut world)).expect("the mark");
    assert_eq!((mark.since, over), (at(1), None), "a new one");
    let effects = read(&mut world, Ok(marked(&mark)));
    assert!(names(&effects).contains(&"save ledger"), "{:?}", names(&effects));
    assert_eq!((world.ledger.len(), world.access(), said(&world).len()), (0, Some(Access::ReadWrite), 0));
    assert_eq!(world.mark.identity.placed, Some(mark));
}

#[test]
fn a_folder_that_owes_nothing_acts_on_any_gateway_that_is_free_and_one_of_an_earlier_version_goes_on() {
    let off = Cron { enabled: false, ..cron("1", "a/one") };
    let mut world = ours(std::slice::from_ref(&off), Vec::new());
    list(&mut world, vec![cron("1", "a/one")]);
    assert_eq!((world.access(), said(&world).len()), (Some(Access::ReadWrite), 0), "nothing is owed");

    let mut world = unmarked(&[off], Vec::new());
    owes(&mut world, "1");
    list(&mut world, vec![cron("1", "a/one")]);
    assert_eq!((world.ledger.len(), world.access()), (0, Some(Access::ReadWrite)), "it never put a mark anywhere");
}

#[test]
fn a_job_of_an_earlier_life_is_not_settled_by_another_gateway() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), vec![moves(&first)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", at(0));
    world.mark.home = None;
    let job = world.job.as_mut().expect("a job");
    (job.phase, job.lines[0].stage) = (JobPhase::Interrupted, crate::engine::step::apply::Stage::Uncertain);
    let there = Cron { payload: cron("1", "b/two").payload, ..first.clone() };
    let effects = list(&mut world, vec![there.clone()]);
    assert_eq!(world.access(), Some(Access::AnotherGateway));
    assert!(!names(&effects).contains(&"settle"), "{effects:?}");
    assert_eq!(outcome(&world, "1"), LineOutcome::Writing, "nobody knows");
    let effects = list(&mut world, vec![there, marked(&our_mark())]);
    assert!(names(&effects).contains(&"settle"), "{effects:?}");
    assert_eq!(outcome(&world, "1"), LineOutcome::Verified);
}

#[test]
fn a_line_in_flight_when_another_took_over_during_a_gap_is_settled_and_nothing_else_is_written() {
    let (first, second) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = ours(&[first.clone(), second.clone()], vec![moves(&first), moves(&second)]);
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", at(0));
    let unknown = WriteResult::Unknown { detail: "closed".to_owned() };
    written(&mut world, "1", unknown, at(1));
    let there = Cron { payload: cron("1", "b/two").payload, ..first };
    list(&mut world, vec![there, second, marked(&nas())]);
    assert_eq!((outcome(&world, "1"), outcome(&world, "2")), (LineOutcome::Verified, LineOutcome::NotStarted));
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Stopped);
}

#[test]
fn letting_go_takes_our_mark_off_and_nobody_else_s() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), Vec::new());
    let effects = tell(&mut world, Command::LetGo);
    assert!(matches!(&effects[..], [Effect::Unmark { folder, .. }] if folder == "here"), "{effects:?}");
    let session = world.session;
    let effects = step(&mut world, Input::Unmarked { session, result: Box::new(Ok(None)) }, at(1));
    assert_eq!(names(&effects), ["emit"]);
    assert_eq!((world.snapshot(at(1)).owner, world.access()), (None, Some(Access::ReadWrite)));
    assert_eq!(names(&tell(&mut world, Command::LetGo)), ["refused"], "there is none any more");

    let mut world = unmarked(&[first], Vec::new());
    list(&mut world, vec![marked(&nas())]);
    assert_eq!(names(&tell(&mut world, Command::LetGo)), ["refused"]);

    let mut world = ours(&[cron("1", "a/one")], Vec::new());
    list(&mut world, vec![marked(&nas())]);
    assert_eq!(names(&tell(&mut world, Command::LetGo)), ["refused"], "also by one who acted here before");
}

#[test]
fn a_refusal_stops_the_job_and_a_passing_one_is_waited_out() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    apply(&mut world, &["1"]);
    identified(&mut world);
    assert_eq!(names(&read(&mut world, Err(refused(true)))), ["end"]);
    assert_eq!(said(&world), [&ProblemKind::Refused { detail: "no".to_owned() }]);

    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    apply(&mut world, &["1"]);
    identified(&mut world);
    assert_eq!(names(&read(&mut world, Err(refused(false)))), [""; 0]);
    assert_eq!(names(&step(&mut world, Input::Tick, at(5))), [""; 0], "not yet");
    assert_eq!(world.next_wake(), Some(at(12)));
    assert!(asks_for_id(&step(&mut world, Input::Tick, at(12))));
    assert!(mark_in(&identified(&mut world)).is_some());

    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    apply(&mut world, &["1"]);
    let (session, full) = (world.session, ProblemKind::Refused { detail: "disk full".to_owned() });
    let effects = step(&mut world, Input::Identified { session, result: Err(full) }, at(1));
    assert_eq!(names(&effects), ["end"], "an id that is not on disk is not shown to a gateway");
}

#[test]
fn runs_that_a_person_asked_for_wait_for_the_mark() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    let run = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::RunCron { .. })).count();
    let effects = tell(&mut world, Command::RunNow { crons: vec![first.id.clone()] });
    assert!(asks_for_id(&effects) && run(&effects) == 0);
    let (mark, _) = mark_in(&identified(&mut world)).expect("the mark");
    assert_eq!(run(&read(&mut world, Ok(marked(&mark)))), 1);
    assert_eq!(run(&tell(&mut world, Command::RunNow { crons: vec![first.id.clone()] })), 1);

    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    tell(&mut world, Command::RunNow { crons: vec![first.id.clone()] });
    identified(&mut world);
    assert_eq!(run(&read(&mut world, Ok(marked(&nas())))), 0);
    assert!(world.problems.iter().any(|problem| problem.id == "run/1"), "and it is said");
}

#[test]
fn an_unknown_version_is_proven_before_the_mark_is_put_on_it() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    own::grant(&mut world, Access::UnprovenVersion);
    assert_eq!(names(&apply(&mut world, &["1"])), ["begin", "prove", "emit"]);
    let session = world.session;
    let effects = step(&mut world, Input::Proven { session, proof: Proof::Refused }, at(1));
    assert!(asks_for_id(&effects) && !names(&effects).contains(&"intent"), "{effects:?}");
    assert_eq!(world.access(), Some(Access::ReadWrite));
}

#[test]
fn a_lost_connection_ends_the_wait_and_the_next_one_reads_who_acts() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), Vec::new());
    world.target = Some(GatewayTarget {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    });
    tell(&mut world, Command::TakeOver);
    let effects = news(&mut world, News::Closed { detail: "gone".to_owned() });
    let refused = |effect: &Effect| matches!(effect, Effect::Emit(Event::Refused { why: Refusal::NotConnected, .. }));
    assert!(effects.iter().any(refused), "{effects:?}");
    let late = Input::Marked { session: world.session + 7, result: Box::new(Ok(marked(&our_mark()))) };
    assert!(step(&mut world, late, at(5)).is_empty());
}

#[test]
fn what_was_read_before_is_no_newer_than_what_was_heard() {
    let first = cron("1", "a/one");
    let mut world = unmarked(std::slice::from_ref(&first), vec![moves(&first)]);
    apply(&mut world, &["1"]);
    let (mark, _) = mark_in(&identified(&mut world)).expect("the mark");
    news(&mut world, told(&nas()));
    let older = Cron { updated_at: Some(at(0)), ..marked(&mark) };
    let effects = read(&mut world, Ok(older));
    assert!(!names(&effects).contains(&"intent"), "{effects:?}");
    assert_eq!(world.access(), Some(Access::GatewayOwned));
}

#[test]
fn a_mark_is_no_cron_of_the_user_s() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), vec![moves(&first)]);
    let effects = apply(&mut world, &["1"]);
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::BeginJob { definitions, .. } => Some(definitions.keys().cloned().collect::<Vec<_>>()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(kept, Some(vec![first.id.clone()]), "not kept as one");
    let effects = list(&mut world, vec![first, marked(&our_mark())]);
    let daily = effects.iter().find_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::KeepDefinitions(definitions) => Some(definitions.len()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(daily, Some(1));
    let listed = world.plan.decisions.iter().find(|decision| decision.cron.as_str() == "mark").expect("decided");
    assert_eq!(listed.reason, Reason::OwnMark);
    assert!(world.triage.is_empty() && !world.suggestions.contains_key(&CronId::new("mark")), "nor looked at as one");
}

#[test]
fn a_stranger_s_mark_counts_when_a_hand_made_two() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), Vec::new());
    let second = Cron { id: CronId::new("another"), ..marked(&nas()) };
    for crons in [vec![marked(&our_mark()), second.clone()], vec![second, marked(&our_mark())]] {
        list(&mut world, crons);
        assert_eq!(world.access(), Some(Access::GatewayOwned));
    }
}

#[test]
fn a_line_in_flight_is_left_as_after_a_crash_when_the_gateway_that_comes_back_is_another() {
    let first = cron("1", "a/one");
    let mut world = ours(std::slice::from_ref(&first), vec![pauses(&first)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", at(0));
    written(&mut world, "1", WriteResult::Unknown { detail: "closed".to_owned() }, at(1));
    let paused = Cron { enabled: false, ..first };
    list(&mut world, vec![paused.clone()]);
    assert_eq!(world.access(), Some(Access::AnotherGateway));
    assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Interrupted);
    assert_eq!((outcome(&world, "1"), world.ledger.len()), (LineOutcome::Writing, 1), "nobody knows");
    list(&mut world, vec![paused, marked(&our_mark())]);
    assert_eq!((outcome(&world, "1"), world.ledger.len()), (LineOutcome::Verified, 1), "at home it is known");
}
