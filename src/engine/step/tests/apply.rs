//! The apply job.

use super::*;

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
fn a_run_that_begins_while_its_pause_is_prepared_is_not_ended() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    apply(&mut world, &["1"]);
    let session = world.session;
    let news = crate::gateway::News::RunStarted { cron: one.id.clone(), at: at(1) };
    step(&mut world, Input::News { session, news }, at(1));
    assert_eq!(names(&prepared(&mut world, "1", at(1))), ["save ledger"], "and no call");
    assert_eq!(outcome(&world, "1"), LineOutcome::Draining { since: at(1) });
    assert!(world.ledger.is_empty(), "nothing is owed for a pause that waits");
    tell(&mut world, Command::PauseNow { cron: one.id.clone() });
    assert_eq!(names(&prepared(&mut world, "1", at(2))), ["write"], "unless the user says so");
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
    prepared(&mut world, "1", at(7));
    assert_eq!(world.write_window, Some((at(7), 1)), "the gateway's window begins with this call");
}

/// The only call got no answer, and the cron reads as said.
fn read_after_silence(world: &mut World, id: &str, read: Cron) -> Vec<Effect> {
    let effects = written(world, id, WriteResult::Unknown { detail: "closed".to_owned() }, NOW);
    assert_eq!(names(&effects), ["other"], "only a question");
    assert!(matches!(effects[0], Effect::Fetch { what: Fetch::Cron(_), .. }));
    let session = world.session;
    step(world, Input::Fetched { session, what: Fetched::Cron(Box::new(read)) }, at(3))
}

#[test]
fn a_write_whose_fate_is_unknown_is_settled_by_reading() {
    let cases = [
        ("b/two", "r2", LineOutcome::Verified, vec!["settle", "switched", "end"], "it had arrived"),
        (
            "c/three",
            "r3",
            LineOutcome::Conflict { detail: String::new() },
            vec!["settle", "end"],
            "somebody else was faster",
        ),
        ("a/one", "r1", LineOutcome::Writing, vec!["intent"], "it had not, and is sent again under the same guard"),
    ];
    for (model, revision, expected, then, why) in cases {
        let one = cron("1", "a/one");
        let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
        apply(&mut world, &["1"]);
        prepared(&mut world, "1", NOW);
        let mut after = cron("1", model);
        after.revision = Some(Revision::new(revision));
        assert_eq!(names(&read_after_silence(&mut world, "1", after)), then, "{why}");
        let outcome = outcome(&world, "1");
        assert_eq!(std::mem::discriminant(&outcome), std::mem::discriminant(&expected), "{why}: {outcome:?}");
    }
}

/// A pause was sent, got no answer, and had not arrived when the cron was read.
fn pause_in_doubt() -> (World, Cron) {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    assert_eq!(names(&read_after_silence(&mut world, "1", one.clone())), ["ledger and intent"]);
    let paused = Cron { enabled: false, revision: Some(Revision::new("r2")), ..one };
    (world, paused)
}

#[test]
fn a_write_of_ours_that_arrives_late_is_ours() {
    let (mut world, paused) = pause_in_doubt();
    assert_eq!(names(&prepared(&mut world, "1", at(4))), ["write"]);
    let effects = written(&mut world, "1", WriteResult::Conflict { now: Some(paused.clone()) }, at(5));
    assert_eq!(names(&effects), ["settle", "switched", "end"], "the second call met the first");
    assert_eq!((outcome(&world, "1"), world.switches.len()), (LineOutcome::Verified, 1));
    assert!(world.ledger["1"].confirmed);

    let (mut world, paused) = pause_in_doubt();
    prepared(&mut world, "1", at(4));
    let effects = written(&mut world, "1", WriteResult::Conflict { now: None }, at(5));
    assert!(matches!(effects[0], Effect::Fetch { what: Fetch::Cron(_), .. }), "what it is now decides");
    let session = world.session;
    step(&mut world, Input::Fetched { session, what: Fetched::Cron(Box::new(paused)) }, at(6));
    assert_eq!(outcome(&world, "1"), LineOutcome::Verified);

    let (mut world, paused) = pause_in_doubt();
    prepared(&mut world, "1", at(4));
    written(&mut world, "1", WriteResult::Later { retry_after: SignedDuration::from_secs(5) }, at(5));
    let news = crate::gateway::News::CronChanged(paused);
    step(&mut world, Input::News { session, news }, at(6));
    let effects = step(&mut world, Input::Tick, at(10));
    assert_eq!(names(&effects), ["settle", "switched", "end"], "and it is not sent again");
    assert!(world.ledger["1"].before.enabled, "it gets back what it had before the first call");
}

#[test]
fn a_pause_that_somebody_else_made_is_no_debt_of_ours() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![pauses(&one)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    let paused = Cron { enabled: false, revision: Some(Revision::new("r2")), ..one };
    written(&mut world, "1", WriteResult::Conflict { now: Some(paused) }, NOW);
    assert!(matches!(outcome(&world, "1"), LineOutcome::Conflict { .. }), "our only call was refused");
    assert!(world.ledger.is_empty());
}

#[test]
fn a_pause_that_may_have_been_written_stays_owed() {
    let (mut world, _) = pause_in_doubt();
    step(&mut world, Input::Command(Ticket(2), Command::StopJob), at(4));
    written(&mut world, "1", WriteResult::Later { retry_after: SignedDuration::from_secs(5) }, at(5));
    prepared(&mut world, "1", at(5));
    written(&mut world, "1", WriteResult::Later { retry_after: SignedDuration::from_secs(5) }, at(5));
    assert_eq!(outcome(&world, "1"), LineOutcome::NotStarted);
    super::super::settle(&mut world, at(5));
    assert!(!world.ledger["1"].confirmed, "although the cron still reads as enabled");
    tell(&mut world, Command::DismissJob);
    world.dirty.plan = true;
    super::super::settle(&mut world, at(60));
    assert!(world.ledger.is_empty(), "it never arrived");

    let one = cron("1", "a/one");
    let crons = |crons| Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at: 9 };
    let unreadable = |what| {
        let mut world = self::world(std::slice::from_ref(&one), vec![pauses(&one)]);
        apply(&mut world, &["1"]);
        prepared(&mut world, "1", NOW);
        written(&mut world, "1", WriteResult::Unknown { detail: "closed".to_owned() }, NOW);
        let session = world.session;
        step(&mut world, Input::Fetched { session, what }, at(3));
        assert!(matches!(outcome(&world, "1"), LineOutcome::Conflict { .. }));
        world.ledger.len()
    };
    assert_eq!(unreadable(crons(Vec::new())), 1, "it may only be unreadable");
    assert_eq!(unreadable(Fetched::CronGone(one.id.clone())), 0, "it is gone");
}

fn gateway_goes(world: &mut World, now: Timestamp) {
    world.target = Some(GatewayTarget {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    });
    let (session, news) = (world.session, crate::gateway::News::Closed { detail: "gone".to_owned() });
    step(world, Input::News { session, news }, now);
}

fn gateway_comes_back(world: &mut World) {
    world.connection = super::world(&[], Vec::new()).connection;
}

#[test]
fn a_job_with_an_undecided_write_is_not_discarded_before_the_gateway_was_read() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    step(&mut world, Input::Command(Ticket(2), Command::StopJob), NOW);
    gateway_goes(&mut world, NOW);
    let refused =
        |effects: Vec<Effect>| matches!(effects[..], [Effect::Emit(Event::Refused { why: Refusal::Undecided, .. })]);
    assert!(refused(tell(&mut world, Command::DismissJob)), "its journal must stay open");
    gateway_comes_back(&mut world);
    assert!(refused(tell(&mut world, Command::ContinueJob)));
    assert!(refused(apply(&mut world, &["1"])), "another job would close it, too");

    let WriteResult::ReadBack(read) = read_back(&world, "1") else { unreachable!("it says so") };
    let session = world.session;
    step(&mut world, Input::Fetched { session, what: Fetched::Cron(Box::new(read)) }, at(3));
    assert_eq!((outcome(&world, "1"), world.switches.len()), (LineOutcome::Verified, 1));
    assert_eq!(names(&tell(&mut world, Command::DismissJob)), ["end", "emit"]);
}

#[test]
fn what_a_job_of_before_sent_may_arrive_during_the_next() {
    let (mut world, paused) = pause_in_doubt();
    let (session, read) = (world.session, cron("1", "a/one"));
    prepared(&mut world, "1", at(4));
    step(&mut world, Input::Command(Ticket(2), Command::StopJob), at(4));
    gateway_goes(&mut world, at(4));
    gateway_comes_back(&mut world);
    step(&mut world, Input::Fetched { session, what: Fetched::Cron(Box::new(read.clone())) }, at(5));
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes: vec![pauses(&read)], ..(*world.plan).clone() });
    assert_eq!(names(&apply(&mut world, &["1"])), ["end", "begin", "ledger and intent", "emit"]);
    step(&mut world, Input::Prepared { job: 2, cron: read.id.clone(), result: Ok(()) }, at(6));
    let result = Box::new(WriteResult::Conflict { now: Some(paused) });
    step(&mut world, Input::Written { job: 2, cron: read.id.clone(), result }, at(7));
    assert_eq!((outcome(&world, "1"), world.switches.len()), (LineOutcome::Verified, 1));
}

#[test]
fn a_wish_changes_what_is_owed_only_when_it_has_arrived() {
    let owed = |arrives: bool| {
        let (one, before) = (cron("1", "c/three"), cron("1", "a/one").fields());
        let wish = Change { cause: Cause::Edit, ..moves(&one) };
        let mut world = world(std::slice::from_ref(&one), vec![wish.clone()]);
        let debt = LedgerEntry {
            cron: one.id.clone(),
            name: one.name.clone(),
            opened_at: at(-60),
            why: LedgerReason::Crisis,
            before,
            wrote: one.fields(),
            revision_before: None,
            definition: one.definition.clone(),
            confirmed: true,
            held: None,
            unknown: serde_json::Map::new(),
        };
        world.ledger = Arc::new([(one.id.clone(), debt)].into());
        Arc::make_mut(&mut world.crisis).mode =
            Some(CrisisMode { since: at(-60), by: StartedBy::Hand, recovering: None });
        apply(&mut world, &["1"]);
        prepared(&mut world, "1", NOW);
        let theirs = Cron { name: "renamed".to_owned(), revision: None, ..one };
        let result = if arrives { read_back(&world, "1") } else { WriteResult::Conflict { now: Some(theirs) } };
        written(&mut world, "1", result, NOW);
        world.ledger.values().map(|debt| debt.before.model.clone()).collect::<Vec<_>>()
    };
    assert_eq!(owed(false), [Some("a/one".to_owned())], "somebody was faster");
    assert_eq!(owed(true), [], "they have what they want");
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
    let effects = step(&mut world, Input::Proven { session, proof: Proof::Obeyed }, NOW);
    assert!(!names(&effects).contains(&"intent"), "a gateway that does not guard its crons is not written to");
    assert_eq!(outcome(&world, "1"), LineOutcome::NotStarted);
}

#[test]
fn a_proof_that_is_answered_twice_is_taken_once() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![moves(&one), moves(&two)]);
    if let Connection::Connected(info) = &mut world.connection {
        info.access = Access::UnprovenVersion;
    }
    apply(&mut world, &["1", "2"]);
    let session = world.session;
    let answer = |world: &mut World, proof| names(&step(world, Input::Proven { session, proof }, NOW));
    assert_eq!(answer(&mut world, Proof::Refused), ["other store", "intent"]);
    assert_eq!(answer(&mut world, Proof::Refused), [""; 0]);
    assert_eq!(names(&prepared(&mut world, "1", NOW)), ["write"], "the job is still there");
    assert_eq!(answer(&mut world, Proof::NotAsked { detail: "busy".to_owned() }), [""; 0], "it was answered before");
    let result = read_back(&world, "1");
    assert_eq!(names(&written(&mut world, "1", result, NOW)), ["settle", "switched", "intent"]);
}

#[test]
fn what_comes_for_a_job_of_before_leaves_the_one_of_now_alone() {
    let one = cron("1", "a/one");
    let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
    apply(&mut world, &["1"]);
    let late = WriteResult::Unknown { detail: "closed".to_owned() };
    step(&mut world, Input::Written { job: 0, cron: one.id.clone(), result: Box::new(late) }, NOW);
    step(&mut world, Input::Prepared { job: 0, cron: one.id.clone(), result: Ok(()) }, NOW);
    assert_eq!(names(&prepared(&mut world, "1", NOW)), ["write"]);
}

#[test]
fn nobody_writes_without_the_right_to() {
    let one = cron("1", "a/one");
    for access in [Access::ReadOnlyScopes, Access::FolderHeld, Access::FolderNotWritable] {
        let mut world = world(std::slice::from_ref(&one), vec![moves(&one)]);
        if let Connection::Connected(info) = &mut world.connection {
            info.access = access;
        }
        assert_eq!(names(&apply(&mut world, &["1"])), ["refused"], "{access:?}");
    }
}

/// The user, or a provider, may have another word while a job waits for the gateway's pace.
#[test]
fn a_line_that_is_no_longer_planned_is_left_when_its_turn_comes() {
    type Turn = fn(&mut World, &CronId);
    fn entry(world: &mut World, id: &CronId, change: impl FnOnce(&mut TierEntry)) {
        change(Arc::make_mut(&mut world.tiers).get_mut(id).expect("sorted"));
    }
    let turns: [(Turn, &str); 4] = [
        (|world, id| entry(world, id, |entry| entry.hold = Some(Hold { since: NOW, why: HoldReason::ByHand })), "held"),
        (|world, id| entry(world, id, |entry| entry.pinned = Some(Pin { model: None })), "pinned"),
        (|world, id| drop(Arc::make_mut(&mut world.tiers).remove(id)), "unsorted"),
        (serves_again, "its provider is back"),
    ];
    for (turn, why) in turns {
        let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
        let mut world = world(&[one.clone(), two.clone()], vec![pauses(&one), pauses(&two)]);
        apply(&mut world, &["1", "2"]);
        prepared(&mut world, "1", NOW);
        turn(&mut world, &two.id);
        let result = read_back(&world, "1");
        let effects = written(&mut world, "1", result, NOW);
        assert_eq!(outcome(&world, "2"), LineOutcome::Withdrawn, "{why}");
        assert!(!names(&effects).contains(&"ledger and intent"), "{why}");
        assert!(!world.ledger.contains_key(&two.id), "{why}: a pause that was not written is no debt");
        assert_eq!(world.job.as_ref().expect("a job").phase, JobPhase::Done, "{why}");
    }
}

#[test]
fn a_cron_that_became_critical_while_its_pause_waited_is_not_paused() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![pauses(&one), pauses(&two)]);
    a_chain_of_one(&mut world);
    fails(&mut world);
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    Arc::make_mut(&mut world.tiers).get_mut(&two.id).expect("sorted").critical = true;
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    assert_eq!((outcome(&world, "1"), outcome(&world, "2")), (LineOutcome::Verified, LineOutcome::Withdrawn));
}

/// T1 has one route, on the model that the crons of these tests have.
fn a_chain_of_one(world: &mut World) {
    let key = RouteKey::new("one");
    let route = Route {
        label: "One".to_owned(),
        vendor: VendorId::new("a"),
        model: ModelRef::parse("a/one"),
        price: Some(Price { input: Usd(0.1), output: Usd(1.0) }),
        set_aside_until: None,
    };
    let chain = Chain { order: ChainOrder::Listed, routes: vec![key.clone()] };
    let settings = Settings {
        routes: BTreeMap::from([(key, route)]),
        chains: BTreeMap::from([(Tier::T1, chain)]),
        ..Settings::default()
    };
    world.effective = Arc::new(settings.clone());
    world.planning = world.effective.clone();
    world.settings = Arc::new(settings);
}

fn fails(world: &mut World) {
    let vital = Vital { health: Health::RefusedKey, since: Some(NOW), observed_at: Some(NOW), ..Vital::default() };
    Arc::make_mut(&mut world.fleet).accounts.insert(AccountId::new("a"), vital);
}

fn serves_again(world: &mut World, _: &CronId) {
    a_chain_of_one(world);
    let vital = Vital { health: Health::Up, since: Some(NOW), observed_at: Some(NOW), ..Vital::default() };
    Arc::make_mut(&mut world.fleet).accounts.insert(AccountId::new("a"), vital);
}

#[test]
fn files_that_were_read_before_a_write_bring_nothing_old_back() {
    let (mut one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![pauses(&one)]);
    let nothing_yet = reread(&world, 0);
    apply(&mut world, &["1"]);
    step(&mut world, Input::Reloaded(Ok(nothing_yet)), NOW);
    assert_eq!(world.ledger.len(), 1, "a debt on its way to the disk");
    prepared(&mut world, "1", NOW);
    let intended = reread(&world, 1);
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    assert!(!world.job.as_ref().expect("a job").running());
    step(&mut world, Input::Reloaded(Ok(intended)), NOW);
    assert!(world.ledger["1"].confirmed, "read between intent and outcome");
    assert_eq!(world.switches.len(), 1);

    let mut owed = reread(&world, 2);
    let debt = LedgerEntry { cron: two.id.clone(), ..world.ledger["1"].clone() };
    owed.loaded.ledger.insert(two.id.clone(), debt.clone());
    (one.enabled, one.revision) = (false, Some(Revision::new("r2")));
    let gives_back = change(&one, ChangeKind::Undo, Fields { enabled: true, ..one.fields() });
    world.plan = Arc::new(Plan { id: PlanId::new("plan"), changes: vec![gives_back], ..(*world.plan).clone() });
    apply(&mut world, &["1"]);
    step(&mut world, Input::Prepared { job: 2, cron: one.id.clone(), result: Ok(()) }, NOW);
    let result = Box::new(read_back(&world, "1"));
    step(&mut world, Input::Written { job: 2, cron: one.id.clone(), result }, NOW);
    let debts = |world: &World| world.ledger.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(debts(&world), [""; 0]);
    step(&mut world, Input::Reloaded(Ok(owed)), NOW);
    assert_eq!(debts(&world), ["2"], "paid is paid, and what somebody else wrote down counts");
    assert_eq!(world.switches.len(), 2);

    let owed = reread(&world, 4);
    world.dirty.plan = true;
    super::super::settle(&mut world, NOW);
    assert_eq!(debts(&world), [""; 0], "that cron is on");
    step(&mut world, Input::Reloaded(Ok(owed)), NOW);
    assert_eq!(debts(&world), [""; 0], "and the ledger that says so is on its way");
    let mut written_since = reread(&world, 5);
    written_since.loaded.ledger.insert(two.id.clone(), debt);
    step(&mut world, Input::Reloaded(Ok(written_since)), NOW);
    assert_eq!(debts(&world), ["2"], "a file that is newer than all of ours is right");
}

#[test]
fn a_switch_of_the_fallbacks_alone_is_logged_as_that() {
    let one = cron("1", "a/one");
    let to = Fields { fallbacks: Some(["b/two".to_owned()].into()), ..one.fields() };
    let mut world = world(std::slice::from_ref(&one), vec![change(&one, ChangeKind::Refit, to)]);
    apply(&mut world, &["1"]);
    prepared(&mut world, "1", NOW);
    let result = read_back(&world, "1");
    let effects = written(&mut world, "1", result, NOW);
    let line = effects.iter().find_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::Settle { log, .. } => log.clone(),
            _ => None,
        },
        _ => None,
    });
    let line = line.expect("it is logged");
    assert_eq!((line.from.as_str(), line.to.as_str()), ("a/one", "a/one (only its fallbacks)"));
}
