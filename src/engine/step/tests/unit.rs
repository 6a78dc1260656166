//! The service of a folder: what is asked, what is shown of it, and what is refused.

use std::path::{Path, PathBuf};

use super::*;
use crate::engine::effect::{Served, UnitOp};
use crate::engine::step::unit;

/// A world on a gateway whose token was typed.
fn at_home() -> World {
    let mut world = world(&[], Vec::new());
    world.own.program = Some(PathBuf::from("/opt/mo/model-orchestrator"));
    world.target = Some(GatewayTarget {
        name: "home-mini".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: Some(Secret::new("typed")),
        tls_fingerprint: Some("ab".repeat(32)),
        remember_token: false,
        state_dir: Some(PathBuf::from("unused")),
    });
    unit::chosen(&mut world);
    world
}

fn wish(world: &mut World, ticket: u64, installed: bool) -> Vec<Effect> {
    step(world, Input::Command(Ticket(ticket), Command::InstallService { installed }), NOW)
}

fn asked(effects: &[Effect]) -> Option<(UnitOp, &Served)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Unit { op, of } => Some((*op, &**of)),
        _ => None,
    })
}

fn seen(world: &mut World, op: UnitOp, result: Result<UnitStanding, UnitTrouble>) -> Vec<Effect> {
    step(world, Input::UnitSeen { folder: PathBuf::from("unused"), op, result }, NOW)
}

fn running() -> UnitStanding {
    UnitStanding::Installed { name: "x".to_owned(), activity: UnitActivity::Running, lingers: None }
}

fn refused(effects: &[Effect]) -> Option<&Refusal> {
    effects.iter().find_map(|effect| match effect {
        Effect::Emit(Event::Refused { why, .. }) => Some(why),
        _ => None,
    })
}

#[test]
fn a_service_runs_this_program_on_the_folder_and_the_address_without_the_token() {
    let mut world = at_home();
    let effects = wish(&mut world, 1, true);
    let (op, of) = asked(&effects).expect("an effect");
    assert_eq!(op, UnitOp::Install(Ticket(1)));
    let fingerprint = "ab".repeat(32);
    let argv = ["/opt/mo/model-orchestrator", "serve", "--state-dir", "unused", "--url", "ws://127.0.0.1:1"];
    assert_eq!(of.argv, [&argv[..], &["--tls-fingerprint", &fingerprint]].concat());
    assert_eq!(world.snapshot(NOW).service.argv, of.argv, "what is shown is what is run");
}

#[test]
fn what_came_of_it_is_shown_and_told() {
    let mut world = at_home();
    wish(&mut world, 1, true);
    assert!(world.snapshot(NOW).service.changing);
    let again = wish(&mut world, 2, true);
    assert_eq!(refused(&again), Some(&Refusal::Problem(ProblemKind::Busy)), "one at a time");
    assert_eq!(world.snapshot(NOW).service.n_answers, 1, "that one has its answer");

    let told = seen(&mut world, UnitOp::Install(Ticket(1)), Ok(running()));
    assert!(matches!(told.as_slice(), [Effect::Emit(Event::Done { ticket: Ticket(1), .. })]), "{told:?}");
    let service = world.snapshot(NOW).service;
    assert!(service.runs() && !service.changing && service.trouble.is_none());
    assert_eq!((service.n_answers, service.n_looks), (2, 0));

    wish(&mut world, 3, false);
    let told = seen(&mut world, UnitOp::Remove(Ticket(3)), Err(UnitTrouble::NoManager));
    assert_eq!(refused(&told), Some(&Refusal::Service(UnitTrouble::NoManager)));
    let service = world.snapshot(NOW).service;
    assert!(service.runs() && service.trouble == Some(UnitTrouble::NoManager), "it is as it was");

    wish(&mut world, 4, false);
    assert_eq!(world.snapshot(NOW).service.trouble, None, "a new try forgets the old trouble");
    seen(&mut world, UnitOp::Remove(Ticket(4)), Ok(UnitStanding::Absent));
    assert!(!world.snapshot(NOW).service.installed());
}

#[test]
fn a_look_answers_nobody_and_says_where_nothing_can_be_installed() {
    let mut world = at_home();
    wish(&mut world, 1, true);
    assert!(seen(&mut world, UnitOp::Look, Err(UnitTrouble::NoManager)).is_empty());
    let service = world.snapshot(NOW).service;
    assert_eq!(service.standing, UnitStanding::Unavailable { why: UnitTrouble::NoManager });
    assert!(service.changing, "the wish is still under way");
    assert_eq!((service.n_answers, service.n_looks), (0, 1));
}

#[test]
fn an_answer_for_a_folder_that_was_left_shows_nothing_and_is_told_all_the_same() {
    let mut world = at_home();
    wish(&mut world, 1, true);
    let input =
        Input::UnitSeen { folder: PathBuf::from("left"), op: UnitOp::Install(Ticket(1)), result: Ok(running()) };
    let told = step(&mut world, input, NOW);
    assert!(matches!(told.as_slice(), [Effect::Emit(Event::Done { .. })]));
    assert!(!world.snapshot(NOW).service.installed());
}

#[test]
fn that_nobody_can_act_through_this_program_is_shown_until_somebody_can() {
    let mut world = at_home();
    let door = |world: &mut World, result| step(world, Input::Door(result), NOW);
    assert!(door(&mut world, Err("too long".to_owned())).is_empty());
    let shown = |world: &World| world.snapshot(NOW).problems.iter().map(|it| it.what.clone()).collect::<Vec<_>>();
    assert_eq!(shown(&world), [ProblemKind::CannotBeWatched { detail: "too long".to_owned() }]);
    door(&mut world, Ok(()));
    assert!(shown(&world).is_empty());
}

#[test]
fn a_folder_that_is_not_open_here_can_have_its_service_removed() {
    let mut world = at_home();
    world.folder = None;
    assert!(asked(&wish(&mut world, 1, false)).is_some(), "a program in the background acts on it");
}

#[test]
fn only_an_engine_that_stays_looks_and_never_for_the_demo() {
    let mut world = at_home();
    assert!(unit::look(&world).is_none(), "a command that ends at once shows it nowhere");
    world.checks.by_itself = true;
    assert!(asked(&step(&mut world, Input::Command(Ticket(1), Command::Discover), NOW)).is_some());
    world.demo = true;
    assert!(unit::look(&world).is_none());
    assert_eq!(refused(&wish(&mut world, 2, true)), Some(&Refusal::NothingToDo));
}

#[test]
fn without_a_folder_a_program_or_a_path_of_text_it_says_what_is_missing() {
    let none: fn(&mut World) = |world| world.target = None;
    let nowhere: fn(&mut World) = |world| world.own.program = None;
    let cases = [(none, Refusal::NotConnected), (nowhere, Refusal::Service(UnitTrouble::NoProgram))];
    for (without, expected) in cases {
        let mut world = at_home();
        without(&mut world);
        assert_eq!(refused(&wish(&mut world, 1, true)), Some(&expected));
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let mut world = at_home();
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/srv/\xff"));
        world.target.as_mut().expect("a target").state_dir = Some(odd.to_path_buf());
        let why = wish(&mut world, 1, true);
        assert!(matches!(refused(&why), Some(Refusal::Service(UnitTrouble::Unwritable { .. }))), "{why:?}");
    }
}
