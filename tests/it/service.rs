//! A program in the background, and what watches it: over the real socket, beside the demo's real protocol.

mod strangers;

use model_orchestrator::domain::{LineOutcome, Refusal, Tier};
use model_orchestrator::engine::{Command, Done, Edit, Event, Snapshot, UndoScope};

use crate::support::{Rig, Running};

/// Both show the same, but for what each can say of itself alone.
fn same_picture(service: &Running, window: &Running) {
    let bare = |snapshot: &Snapshot| {
        let mut bare = snapshot.clone();
        bare.revision = 0;
        bare.at = jiff::Timestamp::UNIX_EPOCH;
        bare.background = None;
        bare.discovered = std::sync::Arc::default();
        bare.known = std::sync::Arc::default();
        format!("{bare:#?}")
    };
    let seen = window.wait("the same picture", |now| now.plan.id == service.now().plan.id);
    let (acts, seen) = (bare(&service.now()), bare(&seen));
    let first = acts.lines().zip(seen.lines()).find(|(one, other)| one != other);
    assert_eq!(first, None, "the pictures differ");
    assert_eq!(acts.len(), seen.len());
}

#[test]
fn who_watches_sees_the_same_board_and_asks_the_gateway_nothing() {
    let rig = Rig::new();
    let service = rig.service();
    let calls = rig.demo.calls();
    let window = rig.watching();
    same_picture(&service, &window);
    let now = window.now();
    assert_eq!(now.background.as_ref().map(|background| background.pid), Some(std::process::id()));
    assert_eq!(now.folder.as_ref().and_then(|folder| folder.held_by.as_ref()), None, "it may act through the other");
    assert_eq!(rig.demo.calls(), calls, "it has no connection of its own");
}

#[test]
fn a_wish_is_carried_out_by_the_other_and_answered_under_its_own_ticket() {
    let rig = Rig::new();
    let service = rig.service();
    let window = rig.watching();
    // The tickets of the two have nothing to do with each other.
    for _ in 0..3 {
        window.ask(Command::Refresh);
    }
    let cron = window.cron("Newsletter digest");
    let edit = Edit::SetTier { crons: vec![cron.clone()], tier: Some(Tier::T3) };
    let answer = window.ask(Command::Edit(edit));
    assert!(matches!(&answer, Event::Done { what: Done::Edited { .. }, .. }), "{answer:?}");
    let shown = window.wait("the cron in the plan", |now| now.plan.change(&cron).is_some());
    assert!(service.now().plan.change(&cron).is_some());
    let refused = window.ask(Command::Apply { plan: "another".into(), crons: vec![cron.clone()] });
    assert!(matches!(refused, Event::Refused { why: Refusal::Drifted, .. }), "{refused:?}");
    let mut events = window.engine.handle.events();
    let mut snapshots = window.engine.handle.snapshots();
    let answer = window.ask(Command::Apply { plan: shown.plan.id.clone(), crons: vec![cron.clone()] });
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    let done = window.wait("the job's end", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let verified = |outcome: &LineOutcome| *outcome == LineOutcome::Verified;
    assert_eq!(done.job.as_ref().map(|job| job.lines.iter().filter(|line| verified(&line.outcome)).count()), Some(1));
    assert_eq!((rig.calls("cron.update"), rig.log_of(1).len()), (1, 1));
    window.wait("the switch", |now| now.switches.len() == 1);
    while !matches!(events.blocking_recv().expect("news come along"), Event::Switched(_)) {}
    assert!(matches!(window.ask(Command::PrepareUndo(UndoScope::Last)), Event::Done { .. }));
    assert!(snapshots.borrow_and_update().offer.is_some(), "the picture is there before the answer");
    same_picture(&service, &window);
}

#[test]
fn revisions_never_go_back_for_a_face_whoever_acts() {
    let rig = Rig::new();
    let service = rig.service();
    let window = rig.watching();
    let watched = window.now().revision;
    service.engine.shutdown();
    let acts = window.wait("its own turn", |now| now.background.is_none() && now.crons_as_of.is_some());
    assert!(acts.revision > watched);
    assert_eq!(acts.folder.as_ref().and_then(|folder| folder.held_by.as_ref()), None);
}

#[test]
fn a_job_is_seen_line_by_line_by_who_watches() {
    let rig = Rig::new();
    let service = rig.service();
    let window = rig.watching();
    let plan = service.now().plan.clone();
    let crons: Vec<_> = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    let mut snapshots = window.engine.handle.snapshots();
    let seen = std::thread::Builder::new().name("face".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async move {
            let mut seen = Vec::new();
            loop {
                let now = snapshots.borrow_and_update().clone();
                if let Some(job) = &now.job {
                    seen.push(job.progress());
                    if !job.running() {
                        return seen;
                    }
                }
                snapshots.changed().await.expect("the engine lives");
            }
        })
    });
    service.tell(Command::Apply { plan: plan.id.clone(), crons: crons.clone() });
    let seen = seen.expect("a thread").join().expect("it has seen the end");
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.iter().any(|(done, _)| (1..crons.len()).contains(done)), "it was seen on its way: {seen:?}");
    assert_eq!(seen.last(), Some(&(crons.len(), crons.len())));
}

#[test]
fn a_window_takes_over_and_gives_back_and_nothing_is_done_twice() {
    let rig = Rig::with(model_orchestrator::demo::DemoOptions {
        write_limit: 3,
        run_jobs: false,
        ..model_orchestrator::demo::DemoOptions::default()
    });
    let service = rig.service();
    let window = rig.watching();
    let refused = window.ask(Command::ActHere { here: false });
    assert!(matches!(refused, Event::Refused { why: Refusal::NothingToDo, .. }), "it does not act: {refused:?}");
    let plan = window.now().plan.clone();
    let crons = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    window.ask(Command::Apply { plan: plan.id.clone(), crons });
    window.wait("a first switch", |now| !now.switches.is_empty());

    let answer = window.ask(Command::ActHere { here: true });
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    let planned = |now: &Snapshot| now.crons_as_of.is_some() && now.plan.decisions.len() == now.crons.len();
    let acts = window.wait("its own turn", |now| now.background.is_none() && planned(now));
    assert_eq!(acts.folder.as_ref().and_then(|folder| folder.held_by.as_ref()), None);
    assert_eq!(service.now().folder, None, "the other stands aside");
    assert_eq!(acts.waiting.as_ref().map(|waiting| waiting.pid), Some(std::process::id()), "and is known to wait");
    let n_switches = acts.switches.len();
    assert!((1..=3).contains(&n_switches), "{n_switches}");
    assert_eq!(rig.calls("cron.update"), n_switches as u64, "the line in flight was finished and is known");
    assert_eq!(rig.log_of(n_switches).len(), n_switches);
    window.set_tier(&["Newsletter digest"], Tier::T3);
    assert!(matches!(service.ask(Command::Refresh), Event::Done { .. }), "it lives");

    let answer = window.ask(Command::ActHere { here: false });
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    let back = window.wait("the other's picture", |now| now.background.is_some() && now.crons_as_of.is_some());
    let sorted = back.tiers.get(&window.cron("Newsletter digest")).map(|entry| entry.tier);
    assert_eq!(sorted, Some(Tier::T3), "what was done meanwhile is known");
    assert_eq!((back.waiting.clone(), back.switches.len()), (None, n_switches));
    same_picture(&service, &window);
}

#[test]
fn a_window_that_ends_gives_back_at_once() {
    let rig = Rig::new();
    let service = rig.service();
    let window = rig.watching();
    let onlooker = rig.watching();
    assert!(matches!(window.ask(Command::ActHere { here: true }), Event::Done { .. }));
    window.wait("its own turn", |now| now.background.is_none() && now.folder.is_some());
    let held = onlooker.wait("a held folder", |now| now.folder.as_ref().is_some_and(|folder| folder.held_by.is_some()));
    assert_eq!(held.background, None, "who acts now cannot be watched");
    drop(window);
    service.wait("its turn", |now| now.folder.as_ref().is_some_and(|folder| folder.held_by.is_none()));
    onlooker.wait("the other's picture", |now| now.background.is_some() && now.crons_as_of.is_some());
    same_picture(&service, &onlooker);
}

#[test]
fn a_second_program_in_the_background_says_that_there_is_one() {
    let rig = Rig::new();
    let _service = rig.service();
    let second = rig.service();
    let told = second.wait("a problem", |now| {
        let is_told = |kind: &model_orchestrator::domain::ProblemKind| {
            matches!(kind, model_orchestrator::domain::ProblemKind::FolderServed { .. })
        };
        now.problems.iter().any(|problem| is_told(&problem.what))
    });
    assert!(told.folder.as_ref().is_some_and(|folder| folder.held_by.is_some()), "it only looks");
    assert_eq!(told.background, None, "and shows nobody else's pictures as its own");
}
