//! Two programs on one folder that know of each other.

use super::super::super::input::{Heard, Opened};
use super::super::super::service::{Changes, NotWatched};
use super::super::super::{Snapshot, Target};
use super::super::aside::Aside;
use super::*;

const HOLDER: &str = "home-mini (process 7, since 2026-11-23 06:00 UTC)";

fn target() -> GatewayTarget {
    GatewayTarget {
        name: "test".to_owned(),
        url: "ws://127.0.0.1:1".to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: Some(PathBuf::from("unused")),
    }
}

/// A folder that a program in the background holds.
fn served(world: &World) -> Input {
    let opened = Opened {
        path: PathBuf::from("unused"),
        held_by: Some(HOLDER.to_owned()),
        served_at: Some(PathBuf::from("unused/service.sock")),
        loaded: reread(world, 0).loaded,
    };
    Input::Opened { session: world.session, result: Ok(opened) }
}

fn background() -> Background {
    Background { pid: 7, since: NOW, version: "0.1.0".to_owned() }
}

/// What an effect is, as far as two programs are concerned.
fn between(effects: &[Effect]) -> Vec<&'static str> {
    let name = |effect: &Effect| match effect {
        Effect::Watch { .. } => Some("watch"),
        Effect::Unwatch => Some("unwatch"),
        Effect::Pass { .. } => Some("pass"),
        Effect::Connect { .. } => Some("connect"),
        Effect::Disconnect => Some("disconnect"),
        Effect::Store(op) => match **op {
            StoreOp::Open { .. } => Some("open"),
            StoreOp::Close => Some("close"),
            StoreOp::LetGo { .. } => Some("let go"),
            StoreOp::ExportOf { .. } => Some("export"),
            _ => None,
        },
        Effect::Emit(Event::Done { .. }) => Some("done"),
        Effect::Emit(Event::Refused { .. }) => Some("refused"),
        _ => None,
    };
    effects.iter().filter_map(name).collect()
}

fn heard(world: &mut World, what: Heard) -> Vec<Effect> {
    step(world, Input::Heard { link: 1, what }, NOW)
}

/// A world that watches the one in the background, which has one cron.
fn watching() -> World {
    let mut world = World::new(PathBuf::from("root"), NOW);
    world.checks.by_itself = true;
    assert_eq!(between(&tell(&mut world, Command::Connect(Target::Gateway(target())))), ["disconnect", "open", "done"]);
    let input = served(&world);
    assert_eq!(between(&step(&mut world, input, NOW)), ["watch"], "no gateway of its own before it knows");
    assert_eq!(world.snapshot(NOW).folder, None, "nor is it shown as held");
    let greeted = Input::Watched { link: 1, result: Ok(background()) };
    assert_eq!(between(&step(&mut world, greeted, NOW)), ["disconnect", "close"]);
    let acts = super::world(&[cron("1", "a/one")], Vec::new()).snapshot(NOW);
    heard(&mut world, Heard::Picture(Box::new(Changes::between(None, &acts))));
    world
}

#[test]
fn what_is_wished_goes_to_the_other_and_what_is_ours_stays() {
    let mut world = watching();
    let shown = world.snapshot(NOW);
    let n_crons = shown.crons.values().filter(|cron| !cron.is_our_own()).count();
    assert_eq!((shown.background, n_crons), (Some(background()), 1));
    assert_eq!(shown.revision, world.revision, "it counts its own pictures");
    assert_eq!(world.next_wake(), None, "it asks nobody for anything");
    assert_eq!(between(&tell(&mut world, Command::Refresh)), ["pass"]);
    let key = Command::KeepKey { account: AccountId::new("kimi"), key: Some(Secret::new("sk-1")) };
    assert_eq!(between(&tell(&mut world, key)), ["pass"]);
    assert_eq!(between(&tell(&mut world, Command::Discover)), ["done"]);
    let export = Command::Export { to: PathBuf::from("there"), what: ExportWhat::Folder };
    assert_eq!(between(&tell(&mut world, export)), ["export"], "into this user's own folders");
    let done = Event::Done { ticket: Ticket(3), what: Done::Quietly };
    assert_eq!(between(&heard(&mut world, Heard::Event(done.clone()))), ["done"]);
    assert_eq!(between(&heard(&mut world, Heard::Event(done))), [""; 0], "once");
    tell(&mut world, Command::Refresh);
    assert_eq!(between(&tell(&mut world, Command::Disconnect)), ["refused", "unwatch", "disconnect", "done"]);
    assert_eq!(world.snapshot(NOW).background, None);
}

#[test]
fn when_the_other_goes_its_unanswered_wishes_are_refused_and_the_folder_is_asked_for() {
    let mut world = watching();
    tell(&mut world, Command::Refresh);
    let effects = heard(&mut world, Heard::End(NotWatched::Gone));
    assert_eq!(between(&effects), ["refused", "unwatch", "open"]);
    let unknown = |effect: &Effect| matches!(effect, Effect::Emit(Event::Refused { why: Refusal::NoAnswer, .. }));
    assert!(effects.iter().any(unknown), "nobody knows whether it was done: {effects:?}");
    let again = served(&world);
    assert_eq!(between(&step(&mut world, again, NOW)), ["watch"], "another one may have come");
    assert_eq!(between(&heard(&mut world, Heard::End(NotWatched::Gone))), [""; 0], "of a connection that is over");
}

#[test]
fn one_that_cannot_be_understood_is_looked_at_like_any_holder_and_asked_once() {
    let cases = [
        (NotWatched::Gone, 0, true),
        (NotWatched::OtherVersion { version: "9.0.0".to_owned() }, 1, false),
        (NotWatched::NotUnderstood { detail: "no".to_owned() }, 1, false),
    ];
    for (why, n_told, again) in cases {
        let mut world = World::new(PathBuf::from("root"), NOW);
        tell(&mut world, Command::Connect(Target::Gateway(target())));
        let input = served(&world);
        step(&mut world, input, NOW);
        let effects = step(&mut world, Input::Watched { link: 1, result: Err(why.clone()) }, NOW);
        assert_eq!(between(&effects), ["connect"], "{why:?}");
        assert_eq!(world.folder.as_ref().and_then(|folder| folder.held_by.as_deref()), Some(HOLDER));
        let told = world.problems.iter().filter(|problem| problem.id == "service/watch").count();
        assert_eq!(told, n_told, "{why:?}");
        step(&mut world, Input::Tick, at(2));
        let socket = PathBuf::from("unused/service.sock");
        let result = Ok(super::super::super::input::Lease::ServedBy { holder: HOLDER.to_owned(), socket });
        let asked = step(&mut world, Input::LeaseAsked { path: PathBuf::from("unused"), result }, at(2));
        assert_eq!(between(&asked) == ["watch"], again, "{why:?}");
    }
}

#[test]
fn the_folder_is_let_go_when_the_line_in_flight_has_its_outcome() {
    let (one, two) = (cron("1", "a/one"), cron("2", "a/one"));
    let mut world = world(&[one.clone(), two.clone()], vec![moves(&one), moves(&two)]);
    world.serves = true;
    world.target = Some(target());
    apply(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    assert_eq!(between(&tell(&mut world, Command::ActHere { here: true })), [""; 0], "a call is on its way");
    assert_eq!(super::super::apply::may_begin(&world), Err(Refusal::JobRunning));
    let result = read_back(&world, "1");
    let effects = written(&mut world, "1", result, NOW);
    assert_eq!(names(&effects)[..3], ["settle", "switched", "end"], "what was done is recorded first");
    assert_eq!(between(&effects), ["disconnect", "let go"]);
    assert!(matches!(world.aside, Aside::LetGo) && world.folder.is_none(), "there is nothing to do by mistake");
    assert_eq!(between(&step(&mut world, Input::LetGo { ticket: Ticket(3) }, NOW)), ["done"], "only now");
    let refused = tell(&mut world, Command::ActHere { here: true });
    assert_eq!(between(&refused), ["refused"], "there is nothing more to let go");
    assert_eq!(between(&tell(&mut world, Command::ActHere { here: false })), ["open", "done"]);
}

#[test]
fn a_guest_acts_until_it_gives_back_or_the_other_goes() {
    let guest = || {
        let mut world = watching();
        assert_eq!(between(&tell(&mut world, Command::ActHere { here: true })), ["pass"]);
        assert_eq!(between(&tell(&mut world, Command::Refresh)), ["refused"], "what would come too late");
        let done = Event::Done { ticket: Ticket(3), what: Done::Quietly };
        assert_eq!(between(&heard(&mut world, Heard::Event(done))), ["open", "done"]);
        world
    };
    let mut world = guest();
    assert_eq!(between(&tell(&mut world, Command::ActHere { here: false })), ["disconnect", "let go"]);
    assert_eq!(between(&step(&mut world, Input::LetGo { ticket: Ticket(3) }, NOW)), ["pass"], "now it may have it");
    assert!(matches!(world.aside, Aside::Watches(_)));

    let mut world = guest();
    assert_eq!(between(&heard(&mut world, Heard::End(NotWatched::Gone))), [""; 0], "it goes on with what it has");
    assert!(matches!(world.aside, Aside::No));
    assert_eq!(between(&tell(&mut world, Command::ActHere { here: false })), ["refused"], "to nobody");
}

#[test]
fn who_gives_back_twice_while_a_line_is_in_flight_is_answered_twice() {
    let mut world = watching();
    tell(&mut world, Command::ActHere { here: true });
    heard(&mut world, Heard::Event(Event::Done { ticket: Ticket(3), what: Done::Quietly }));
    world.letting_go = Some(Ticket(5));
    let twice = tell(&mut world, Command::ActHere { here: false });
    assert_eq!(between(&twice), ["refused", "disconnect", "let go"], "the first goes on");
    let first =
        |effect: &Effect| matches!(effect, Effect::Store(op) if matches!(**op, StoreOp::LetGo { ticket: Ticket(5) }));
    assert!(twice.iter().any(first), "{twice:?}");
}

#[test]
fn a_program_that_serves_watches_nobody_and_says_that_another_serves() {
    let mut world = World::new(PathBuf::from("root"), NOW);
    world.serves = true;
    tell(&mut world, Command::Connect(Target::Gateway(target())));
    let input = served(&world);
    assert_eq!(between(&step(&mut world, input, NOW)), ["connect"]);
    let told = |problem: &Problem| matches!(problem.what, ProblemKind::FolderServed { .. });
    assert!(world.problems.iter().any(told), "{:?}", world.problems);
}

#[test]
fn a_picture_on_its_way_is_small_where_little_changed_and_whole_at_the_end() {
    let mut world = world(&[cron("1", "a/one"), cron("2", "a/one"), cron("3", "a/one")], Vec::new());
    let first = world.snapshot(NOW);
    let mut seen = World::new(PathBuf::new(), NOW).snapshot(NOW);
    let mut send = |before: Option<&Snapshot>, now: &Snapshot| {
        let text = serde_json::to_string(&Changes::between(before, now)).expect("it can be written");
        serde_json::from_str::<Changes>(&text).expect("it can be read").onto(&mut seen);
        (text.len(), format!("{:?}", Snapshot { revision: now.revision, ..seen.clone() }))
    };
    let (whole, shown) = send(None, &first);
    assert_eq!(shown, format!("{first:?}"));
    let crons = Arc::make_mut(&mut world.crons);
    crons.remove(&CronId::new("2"));
    Arc::make_mut(crons.get_mut(&CronId::new("3")).expect("it is there")).enabled = false;
    world.offer = None;
    let second = world.snapshot(at(1));
    let (changed, shown) = send(Some(&first), &second);
    assert_eq!(shown, format!("{second:?}"));
    assert!(changed * 3 < whole, "{changed} of {whole} bytes");
    let (again, _) = send(Some(&second), &world.snapshot(at(2)));
    assert!(again < 100, "{again} bytes where only time went on");
    world.problems = Arc::default();
    let (_, shown) = send(None, &first);
    assert_eq!(shown, format!("{first:?}"), "a whole one leaves nothing of before");
}

#[test]
fn a_key_crosses_inward_and_is_nowhere_else_to_be_read() {
    let command = Command::KeepKey { account: AccountId::new("kimi"), key: Some(Secret::new("sk-secret")) };
    assert!(!format!("{command:?}").contains("sk-secret"));
    let text = serde_json::to_string(&command).expect("it can cross");
    let Ok(Command::KeepKey { key: Some(key), .. }) = serde_json::from_str(&text) else { panic!("{text}") };
    assert_eq!(key.reveal(), "sk-secret");
    let token = GatewayTarget { token: Some(Secret::new("token")), ..target() };
    for ours in [Command::Connect(Target::Gateway(token)), Command::Disconnect, Command::Shutdown] {
        assert!(serde_json::to_string(&ours).is_err(), "{ours:?} has no way across");
    }
    let shutdown: Result<Command, _> = serde_json::from_str("\"Shutdown\"");
    assert!(shutdown.is_err(), "nor back");
}
