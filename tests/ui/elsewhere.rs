//! Somebody else acts: a program in the background on this computer, or another computer on this gateway; and a service
//! that goes on when the window closes.

use std::sync::Arc;

use egui::{Key, Theme, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::SignedDuration;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Snapshot};
use model_orchestrator::ui::action::{Action, Screen};

use crate::screens::scene::{Scene, connected, now};
use crate::shell::{Window, click, sized, window};

const SIZES: [([f32; 2], Theme); 4] = [
    ([1024.0, 700.0], Theme::Dark),
    ([1024.0, 700.0], Theme::Light),
    ([1280.0, 800.0], Theme::Dark),
    ([1280.0, 800.0], Theme::Light),
];

fn in_background(snapshot: &mut Snapshot) {
    let since = now() - SignedDuration::from_hours(2);
    snapshot.background = Some(Background { pid: 4711, since, version: "0.1.0".to_owned() });
}

fn owned(snapshot: &mut Snapshot) {
    snapshot.connection = connected(Access::GatewayOwned);
    let since = now() - SignedDuration::from_hours(9);
    snapshot.owner = Some(OwnerMark { folder: "f-nas".to_owned(), host: "nas".to_owned(), since });
}

fn unit(standing: UnitStanding) -> Arc<ServiceUnit> {
    let argv = ["/usr/bin/model-orchestrator", "serve", "--state-dir", "/home/ann/my state"].map(str::to_owned);
    Arc::new(ServiceUnit { standing, argv: argv.to_vec(), ..ServiceUnit::default() })
}

fn running() -> UnitStanding {
    let name = "model-orchestrator-home-mini-1a2b3c4d.service".to_owned();
    UnitStanding::Installed { name, activity: UnitActivity::Running, lingers: Some(false) }
}

fn failed() -> UnitStanding {
    let name = "model-orchestrator-home-mini-1a2b3c4d.service".to_owned();
    UnitStanding::Installed { name, activity: UnitActivity::Failed, lingers: None }
}

/// How often the system was asked how the service stands.
fn looks(harness: &Harness<'_, Window>) -> usize {
    harness.state().wishes.iter().filter(|wish| matches!(wish, Action::Tell(Command::Discover))).count()
}

fn says(harness: &Harness<'_, Window>, text: &str) -> bool {
    let said = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        [node.label(), node.value(), node.description()]
    };
    harness.root().children_recursive().flat_map(said).flatten().any(|said| said.contains(text))
}

fn told(harness: &Harness<'_, Window>) -> Vec<String> {
    let command = |wish: &Action| match wish {
        Action::Tell(Command::Discover | Command::LoadRuns { .. }) => None,
        Action::Tell(command) => Some(format!("{command:?}")),
        Action::Close | Action::Minimise => Some(format!("{wish:?}")),
        _ => None,
    };
    harness.state().wishes.iter().filter_map(command).collect()
}

fn change(harness: &mut Harness<'_, Window>, change: impl FnOnce(&mut Snapshot)) {
    let snapshot = &mut harness.state_mut().snapshot;
    change(snapshot);
    snapshot.revision += 1;
    harness.run_steps(4);
}

/// Presses what has that name from the keyboard.
fn press(harness: &mut Harness<'_, Window>, label: &str) {
    harness.get_by_label(label).focus();
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
}

#[test]
fn a_program_in_the_background_is_one_calm_line_on_every_screen() {
    for (size, theme) in SIZES {
        let mut harness = sized(Scene::planned().with(in_background).snapshot, size, theme);
        let room = egui::Rect::from_min_size(egui::Pos2::ZERO, Vec2::from(size));
        for screen in [Screen::Board, Screen::Plan, Screen::Crisis, Screen::Activity, Screen::Settings] {
            harness.state_mut().shell.go(screen);
            harness.run_steps(6);
            harness.get_by_label("Runs in the background (since 04:00)");
            assert!(says(&harness, "This window shows it and passes on what you ask."), "{screen:?}");
            let button = harness.get_by_label("Act from this window").rect();
            assert!(room.contains_rect(button), "{button:?} on {screen:?} at {size:?}");
        }
        press(&mut harness, "Act from this window");
        assert_eq!(told(&harness), ["ActHere { here: true }"]);
    }
}

#[test]
fn a_window_that_acts_can_let_the_background_go_on() {
    for (size, theme) in SIZES {
        let scene = Scene::planned().with(in_background).with(|it| it.waiting = it.background.take());
        let mut harness = sized(scene.snapshot, size, theme);
        harness.get_by_label("This window acts");
        assert!(says(&harness, "goes on when this window closes"));
        press(&mut harness, "Let the background go on");
        assert_eq!(told(&harness), ["ActHere { here: false }"]);
    }
}

#[test]
fn a_window_on_a_program_in_the_background_may_ask_for_everything() {
    let mut harness = window(Scene::planned().with(in_background).snapshot);
    harness.state_mut().shell.go(Screen::Plan);
    harness.run_steps(10);
    click(&mut harness, "Apply 5 changes");
    assert!(told(&harness)[0].starts_with("Apply {"), "{:?}", told(&harness));
}

#[test]
fn a_gateway_of_another_computer_is_read_only_and_says_whose_it_is() {
    for (size, theme) in SIZES {
        let harness = sized(Scene::planned().with(owned).snapshot, size, theme);
        harness.get_by_label("nas acts on this gateway since yesterday 21:00");
        assert!(says(&harness, "This window only looks."));
        harness.get_by_label("Heartbeat ping");
        let button = harness.get_by_label("Take over…").rect();
        assert!(egui::Rect::from_min_size(egui::Pos2::ZERO, Vec2::from(size)).contains_rect(button), "{size:?}");
    }
}

#[test]
fn what_would_write_is_off_while_another_computer_acts() {
    let interrupted = |snapshot: &mut Snapshot| {
        let plan = Arc::clone(&snapshot.plan);
        let outcomes = [LineOutcome::Verified, LineOutcome::Failed { detail: "no answer".to_owned() }];
        let outcomes = outcomes.into_iter().chain(std::iter::repeat(LineOutcome::NotStarted));
        let lines = plan.changes.iter().zip(outcomes);
        let lines = lines.map(|(change, outcome)| JobLine { change: Arc::new(change.clone()), outcome, stage: 0 });
        snapshot.job = Some(Arc::new(Job {
            id: 1,
            lines: lines.collect(),
            plan: Arc::clone(&plan),
            phase: JobPhase::Interrupted,
            started_at: now(),
            ended_at: Some(now()),
            expected_end: None,
        }));
    };
    let cases: [(Scene, Screen, &[&str]); 4] = [
        (Scene::planned(), Screen::Plan, &["Apply 5 changes"]),
        (Scene::planned().with(interrupted), Screen::Plan, &["Continue", "Retry failed"]),
        (Scene::crisis(), Screen::Board, &["Enter crisis mode", "Only re-route"]),
        (Scene::can_recover(), Screen::Board, &["Recover"]),
    ];
    for (scene, screen, labels) in cases {
        let mut harness = window(scene.with(owned).snapshot);
        harness.state_mut().shell.go(screen);
        harness.run_steps(10);
        for label in labels {
            assert!(harness.get_by_label(label).accesskit_node().is_disabled(), "{label} on {screen:?}");
        }
        harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Enter);
        harness.run_steps(4);
        assert_eq!(told(&harness), [] as [&str; 0], "{screen:?}");
    }
    let mut harness = window(Scene::planned().with(owned).snapshot);
    harness.state_mut().shell.go(Screen::Plan);
    harness.run_steps(10);
    assert!(says(&harness, "nas acts on this gateway"), "the reason stands where the button is off");
}

#[test]
fn taking_over_asks_first_and_says_what_happens_there() {
    for (size, theme) in SIZES {
        let mut harness = sized(Scene::planned().with(owned).snapshot, size, theme);
        harness.state_mut().shell.ask_take_over();
        harness.run_steps(4);
        harness.get_by_label("Take this gateway over from nas?");
        assert!(says(&harness, "nas stops at its next line"));
        assert!(says(&harness, "What it paused stays in its own ledger"));
        assert_eq!(told(&harness), [] as [&str; 0]);

        // The safe answer has the keyboard.
        harness.key_press(Key::Enter);
        harness.run_steps(4);
        assert!(harness.query_by_label("Take over").is_none(), "the question has closed");
        assert_eq!(told(&harness), [] as [&str; 0]);

        harness.state_mut().shell.ask_take_over();
        harness.run_steps(4);
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        assert!(harness.query_by_label("Take over").is_none(), "Escape is no, too");

        harness.state_mut().shell.ask_take_over();
        harness.run_steps(4);
        press(&mut harness, "Take over");
        assert_eq!(told(&harness), ["TakeOver"]);
    }
}

#[test]
fn the_question_goes_when_the_other_computer_lets_go() {
    let mut harness = window(Scene::planned().with(owned).snapshot);
    click(&mut harness, "Take over…");
    harness.get_by_label("Take this gateway over from nas?");
    change(&mut harness, |snapshot| snapshot.connection = connected(Access::ReadWrite));
    assert!(harness.query_by_label("Take over").is_none());
    assert!(!says(&harness, "acts on this gateway"));
}

#[test]
fn a_gateway_that_may_not_be_the_one_of_this_folder_is_asked_about() {
    let elsewhere = |snapshot: &mut Snapshot| {
        snapshot.connection = connected(Access::AnotherGateway);
        let what = ProblemKind::AnotherGateway { n_debts: 3 };
        snapshot.problems = Arc::new(vec![Problem { id: "gateway/owner".to_owned(), what, since: now() }]);
    };
    let mut harness = window(Scene::planned().with(elsewhere).snapshot);
    assert!(says(&harness, "Read only: this is not the gateway of this folder"));
    click(&mut harness, "Act here…");
    harness.get_by_label("Is this the gateway of this folder?");
    click(&mut harness, "Only look");
    assert_eq!(told(&harness), [] as [&str; 0]);
    click(&mut harness, "Act here…");
    press(&mut harness, "It is, act here");
    assert_eq!(told(&harness), ["TakeOver"]);
}

fn asked_before_closing(scene: Scene) -> Harness<'static, Window> {
    let mut harness = window(scene.snapshot);
    let Window { shell, snapshot, .. } = harness.state_mut();
    assert!(shell.asks_before_closing(snapshot));
    harness.run_steps(4);
    harness
}

#[test]
fn closing_can_install_the_service_and_closes_when_it_is_there() {
    let mut harness = asked_before_closing(Scene::in_crisis().with(|it| it.service = unit(UnitStanding::Absent)));
    press(&mut harness, "Install the service and close");
    assert_eq!(told(&harness), ["InstallService { installed: true }"]);
    harness.run_steps(4);
    change(&mut harness, |_| ());
    assert_eq!(told(&harness).len(), 1, "neither the picture of before nor any other tells of it");
    harness.get_by_label("Installing the service…");
    change(&mut harness, |snapshot| Arc::make_mut(&mut snapshot.service).changing = true);
    assert!(harness.get_by_label("Installing the service…").accesskit_node().is_disabled());
    assert_eq!(told(&harness).len(), 1, "nothing closes before it is there");
    change(&mut harness, |snapshot| snapshot.service = answered(running()));
    assert_eq!(told(&harness).last().map(String::as_str), Some("Close"));
}

fn answered(standing: UnitStanding) -> Arc<ServiceUnit> {
    let mut service = unit(standing);
    Arc::make_mut(&mut service).n_answers = 1;
    service
}

#[test]
fn a_service_that_is_there_and_does_not_run_closes_nothing() {
    let mut harness = asked_before_closing(Scene::in_crisis().with(|it| it.service = unit(UnitStanding::Absent)));
    click(&mut harness, "Install the service and close");
    change(&mut harness, |snapshot| snapshot.service = answered(failed()));
    assert_eq!(told(&harness), ["InstallService { installed: true }"]);
    harness.get_by_label("Install the service and close");
    harness.get_by_label("Close anyway");
}

#[test]
fn a_service_that_ran_is_looked_at_again_before_it_is_relied_on() {
    let looked = |standing| {
        move |snapshot: &mut Snapshot| {
            snapshot.service = unit(standing);
            Arc::make_mut(&mut snapshot.service).n_looks = 1;
        }
    };
    let asked = || asked_before_closing(Scene::in_crisis().with(|it| it.service = unit(running())));
    let mut harness = asked();
    change(&mut harness, |_| ());
    assert_eq!((looks(&harness), told(&harness).len()), (1, 0), "once, and nothing else before the answer");
    assert!(harness.query_by_label("Close anyway").is_none());
    change(&mut harness, looked(running()));
    assert_eq!(told(&harness), ["Close"]);

    let mut harness = asked();
    change(&mut harness, looked(failed()));
    assert!(told(&harness).is_empty());
    harness.get_by_label("Close anyway");

    let mut harness = asked();
    let Window { shell, snapshot, .. } = harness.state_mut();
    assert!(shell.asks_before_closing(snapshot));
    harness.run_steps(4);
    harness.get_by_label("Close anyway");
    assert_eq!(looks(&harness), 1, "closing again does not wait for the system");
}

#[test]
fn a_service_that_cannot_be_installed_says_why_and_leaves_the_other_ways() {
    let mut harness = asked_before_closing(Scene::in_crisis().with(|it| it.service = unit(UnitStanding::Absent)));
    click(&mut harness, "Install the service and close");
    change(&mut harness, |snapshot| {
        let service = Arc::make_mut(&mut snapshot.service);
        (service.trouble, service.n_answers) = (Some(UnitTrouble::TokenInMemory), 1);
    });
    assert!(says(&harness, "The token of this gateway is kept nowhere"));
    assert!(says(&harness, "remembered in the keychain"));
    click(&mut harness, "Close anyway");
    assert_eq!(told(&harness), ["InstallService { installed: true }", "Close"]);
}

#[test]
fn without_a_service_manager_the_third_way_is_off() {
    let none = UnitStanding::Unavailable { why: UnitTrouble::NoManager };
    let no_manager = |it: &mut Snapshot| it.service = unit(none);
    for scene in [Scene::in_crisis().with(no_manager), Scene::in_crisis().with(|it| it.demo = true)] {
        let harness = asked_before_closing(scene);
        assert!(harness.get_by_label("Install the service and close").accesskit_node().is_disabled());
    }
}

#[test]
fn closing_asks_nothing_when_something_goes_on_or_another_computer_acts() {
    let cases = [
        (Scene::in_crisis().with(in_background), "the program in the background acts"),
        (
            Scene::in_crisis().with(in_background).with(|it| it.waiting = it.background.take()),
            "it gets the folder back",
        ),
        (Scene::in_crisis().with(owned), "another computer acts"),
    ];
    for (scene, why) in cases {
        let mut harness = window(scene.snapshot);
        let Window { shell, snapshot, .. } = harness.state_mut();
        assert!(!shell.asks_before_closing(snapshot), "{why}");
    }
    let harness = asked_before_closing(Scene::in_crisis().with(|it| it.service = unit(failed())));
    harness.get_by_label("Close anyway");
}

#[test]
fn the_settings_install_and_remove_the_service() {
    for (size, theme) in SIZES {
        let mut harness = sized(Scene::new().with(|it| it.service = unit(UnitStanding::Absent)).snapshot, size, theme);
        harness.state_mut().shell.go(Screen::Settings);
        harness.run_steps(6);
        assert!(says(&harness, "A service goes on while no window is open"));
        harness.get_by_label("Not installed");
        assert!(says(&harness, "/usr/bin/model-orchestrator serve --state-dir '/home/ann/my state'"));
        harness.get_by_label("Copy the command");
        press(&mut harness, "Install the service");
        change(&mut harness, |snapshot| snapshot.service = unit(running()));
        harness.get_by_label("Installed and running while you are logged in");
        assert!(says(&harness, "loginctl enable-linger"));
        press(&mut harness, "Remove the service");
        assert_eq!(told(&harness), ["InstallService { installed: true }", "InstallService { installed: false }"]);
    }
}

#[test]
fn a_service_that_does_not_run_is_started_again_or_removed() {
    let mut harness = window(Scene::new().with(|it| it.service = unit(failed())).snapshot);
    harness.state_mut().shell.go(Screen::Settings);
    harness.run_steps(6);
    harness.get_by_label("Installed, but it ended badly");
    assert!(says(&harness, "journalctl --user -u model-orchestrator-home-mini-1a2b3c4d.service"));
    press(&mut harness, "Start the service");
    press(&mut harness, "Remove the service");
    assert_eq!(told(&harness), ["InstallService { installed: true }", "InstallService { installed: false }"]);
}

#[test]
fn the_settings_say_why_nothing_can_be_installed() {
    let why = UnitTrouble::NoManager;
    let scene = Scene::new().with(|it| it.service = unit(UnitStanding::Unavailable { why }));
    let mut harness = window(scene.snapshot);
    harness.state_mut().shell.go(Screen::Settings);
    harness.run_steps(6);
    assert!(harness.get_by_label("Install the service").accesskit_node().is_disabled());
    assert!(says(&harness, "There is no systemd on this computer"));
    harness.get_by_label("By hand");
}
