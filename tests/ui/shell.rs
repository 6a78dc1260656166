//! The frame around the screens: what it says in each state, and where its buttons lead.

use std::sync::Arc;

use crate::support::{morning, now};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{
    AccountId, Billing, Connection, CronId, Job, JobLine, JobPhase, LineOutcome, ModelRef, PastRun, Plan, Problem,
    ProblemKind, Refusal, Tier, TokenUsage, Trouble, UsageHistory,
};
use model_orchestrator::engine::{Command, DemoOutage, Done, Event, SettingsChange, Snapshot, Ticket};
use model_orchestrator::ui::action::{Action, Pick, Screen};
use model_orchestrator::ui::shell::Shell;
use model_orchestrator::ui::theme;
use model_orchestrator::words::Speech;

/// The whole window, what it draws, and what it was asked for.
pub struct Window {
    pub shell: Shell,
    pub snapshot: Snapshot,
    pub wishes: Vec<Action>,
}

pub fn window(snapshot: Snapshot) -> Harness<'static, Window> {
    sized(snapshot, [1280.0, 800.0], egui::Theme::Dark)
}

pub fn sized(snapshot: Snapshot, size: [f32; 2], theme: egui::Theme) -> Harness<'static, Window> {
    let window = Window { shell: Shell::default(), snapshot, wishes: Vec::new() };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, window: &mut Window| {
                let wishes = window.shell.ui(ui, &window.snapshot, &TimeZone::UTC);
                for wish in &wishes {
                    match wish {
                        Action::Go(screen) => window.shell.go(*screen),
                        Action::Prepare(choice) => window.shell.prepare(*choice),
                        Action::Open(cron) => window.shell.open(cron.clone()),
                        Action::CloseDrawer => window.shell.close_drawer(),
                        Action::ShowCrons { account, window: label } => {
                            window.shell.show_crons(account.clone(), label.clone());
                        }
                        // As the engine would.
                        Action::Tell(Command::Settings(SettingsChange::SetQuotaStrip(shown))) => {
                            Arc::make_mut(&mut window.snapshot.settings).window.quota_strip = *shown;
                        }
                        Action::Pick(pick) => window.shell.ask_path(pick.clone()),
                        Action::AskTakeOver => window.shell.ask_take_over(),
                        _ => {}
                    }
                }
                window.wishes.extend(wishes);
            },
            window,
        );
    harness.run_steps(4);
    harness
}

pub fn click(harness: &mut Harness<'_, Window>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(4);
}

/// A click within one frame, as in the middle of a double click.
pub fn tap(input: &mut egui::RawInput, pos: egui::Pos2) {
    let button = |pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    input.events.extend([egui::Event::PointerMoved(pos), button(true), button(false)]);
}

pub fn told(harness: &Harness<'_, Window>, expected: impl Fn(&Command) -> bool) -> bool {
    harness.state().wishes.iter().any(|wish| matches!(wish, Action::Tell(command) if expected(command)))
}

pub fn hear(harness: &mut Harness<'_, Window>, event: &Event) {
    let Window { shell, snapshot, .. } = harness.state_mut();
    let zone = TimeZone::UTC;
    let speech = Speech { now: snapshot.at, zone: &zone, settings: &snapshot.settings, catalog: &snapshot.catalog };
    shell.hear(event, snapshot, &speech);
    harness.run_steps(3);
}

#[test]
fn the_sidebar_and_control_with_a_digit_lead_to_the_screens() {
    let mut harness = window(morning().snapshot());
    assert_eq!(harness.state().shell.screen(), Screen::Board, "a chosen gateway opens the board");
    click(&mut harness, "Plan, 5");
    assert_eq!(harness.state().shell.screen(), Screen::Plan);
    let keys = [
        (Key::Num3, Screen::WhatIf),
        (Key::Num4, Screen::Providers),
        (Key::Num6, Screen::Crisis),
        (Key::Num7, Screen::Activity),
        (Key::Num8, Screen::Settings),
        (Key::Num1, Screen::Board),
    ];
    for (key, screen) in keys {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(3);
        assert_eq!(harness.state().shell.screen(), screen);
    }
}

#[test]
fn a_computer_without_a_network_is_one_strip_and_not_so_many_providers() {
    let mut snapshot = morning().snapshot();
    Arc::make_mut(&mut snapshot.looks).offline_since = Some(now() - SignedDuration::from_mins(18));
    let mut harness = window(snapshot);
    for key in [Key::Num1, Key::Num4] {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(3);
        harness.get_by_label("This computer reaches none of the providers since 05:42");
    }
    click(&mut harness, "Check again");
    assert!(told(&harness, |command| matches!(command, Command::Check { accounts: None })));
}

#[test]
fn the_bar_stands_there_only_when_something_is_planned() {
    let mut harness = window(morning().snapshot());
    harness.get_by_label("5 changes planned");
    click(&mut harness, "Review plan");
    assert_eq!(harness.state().shell.screen(), Screen::Plan);

    let mut snapshot = morning().snapshot();
    snapshot.plan = Arc::new(Plan { changes: Vec::new(), ..(*snapshot.plan).clone() });
    let harness = window(snapshot);
    assert!(harness.query_by_label("Review plan").is_none());
}

#[test]
fn a_double_click_on_review_plan_applies_nothing() {
    let mut harness = window(morning().snapshot());
    let at = harness.get_by_label("Review plan").rect().center();
    for _ in 0..2 {
        tap(harness.input_mut(), at);
        harness.run_steps(2);
    }
    assert_eq!(harness.state().shell.screen(), Screen::Plan);
    let apply = harness.get_by_label("Apply 5 changes").rect();
    assert!(apply.contains(at), "the second click hits what would be written");
    assert!(!told(&harness, |command| matches!(command, Command::Apply { .. })));
}

#[test]
fn reviewing_a_new_plan_puts_the_results_of_the_old_one_away() {
    let mut snapshot = morning().snapshot();
    let plan = Arc::clone(&snapshot.plan);
    let lines = plan.changes.iter().map(|change| JobLine {
        change: Arc::new(change.clone()),
        outcome: LineOutcome::Verified,
        stage: 0,
    });
    let job = Job {
        id: 1,
        lines: lines.collect(),
        plan: Arc::clone(&plan),
        phase: JobPhase::Done,
        started_at: now(),
        ended_at: Some(now()),
        expected_end: None,
    };
    snapshot.job = Some(Arc::new(job));
    for by_key in [false, true] {
        let mut harness = window(snapshot.clone());
        if by_key {
            harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
            harness.run_steps(4);
        } else {
            click(&mut harness, "Review plan");
        }
        assert!(told(&harness, |command| matches!(command, Command::DismissJob)), "by key: {by_key}");
        assert_eq!(harness.state().shell.screen(), Screen::Plan);
    }
}

#[test]
fn check_now_asks_for_a_refresh_and_only_while_connected() {
    let mut harness = window(morning().snapshot());
    click(&mut harness, "Check now");
    assert!(told(&harness, |command| matches!(command, Command::Refresh)));

    let mut snapshot = morning().snapshot();
    snapshot.connection = Connection::Connecting { name: "home".into(), url: "ws://x".into(), attempt: 2 };
    let harness = window(snapshot);
    assert!(harness.get_by_label("Check now").accesskit_node().is_disabled());
}

#[test]
fn a_lost_connection_says_what_is_wrong_and_how_old_the_picture_is() {
    let mut snapshot = morning().snapshot();
    snapshot.connection = Connection::Waiting {
        name: "home-mini".into(),
        url: "ws://127.0.0.1:18789".into(),
        trouble: Trouble::Restarting,
        retry_at: now() + SignedDuration::from_secs(8),
    };
    snapshot.crons_as_of = Some(now() - SignedDuration::from_mins(12));
    let mut harness = window(snapshot);
    assert!(harness.query_all_by_label_contains("12 min ago").count() >= 2, "in the strip and in the status line");
    harness.get_by_label_contains("Tries again in 8 s");
    harness.get_by_label("Backup verify");
    click(&mut harness, "Try now");
    assert!(told(&harness, |command| matches!(command, Command::Refresh)));
}

#[test]
fn loading_and_empty_are_different_states() {
    let mut snapshot = morning().snapshot();
    snapshot.crons = Arc::default();
    let mut harness = window(snapshot);
    harness.get_by_label("This gateway has no crons");
    harness.state_mut().snapshot.crons_as_of = None;
    harness.run_steps(2);
    harness.get_by_label("Reading the crons…");
}

#[test]
fn the_demo_is_labelled_wherever_one_looks() {
    let mut snapshot = morning().snapshot();
    snapshot.demo = true;
    let mut harness = window(snapshot);
    for key in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8] {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(3);
        assert!(harness.get_all_by_label_contains("DEMO").count() >= 2, "{key:?}");
    }
}

#[test]
fn a_provider_of_the_demo_can_be_let_fail() {
    let mut snapshot = morning().snapshot();
    snapshot.demo = true;
    let mut harness = window(snapshot);
    click(&mut harness, "Let a provider of the demo fail");
    harness.get_by_label("MiniMax: out of credits");
    harness.get_by_label("Google: serves").click();
    harness.run_steps(4);
    click(&mut harness, "Quota limit hit");
    let asked = |command: &Command| matches!(command, Command::DemoOutage { provider, outage: DemoOutage::QuotaExhausted } if provider == "google");
    assert!(told(&harness, asked));
}

#[test]
fn an_edit_is_said_politely_with_an_undo_beside_it() {
    let mut snapshot = morning().snapshot();
    snapshot.undo = Some("2 crons moved to T1".into());
    let mut harness = window(snapshot);
    let what = Done::Edited { label: "2 crons moved to T1".into() };
    hear(&mut harness, &Event::Done { ticket: Ticket(1), what });
    let said = harness.get_by_role(Role::Status);
    assert_eq!(said.accesskit_node().label().as_deref(), Some("2 crons moved to T1"));
    let undos = harness.get_all_by_label("Undo").map(|node| node.rect());
    let undo = undos.max_by(|a, b| a.top().total_cmp(&b.top())).expect("one in the status line");
    harness.hover_at(undo.center());
    harness.step();
    harness.drag_at(undo.center());
    harness.step();
    harness.drop_at(undo.center());
    harness.run_steps(3);
    assert!(told(&harness, |command| matches!(command, Command::UndoEdit)));
    // News goes by itself after a while.
    harness.state_mut().snapshot.at = now() + SignedDuration::from_secs(30);
    harness.run_steps(2);
    assert!(harness.query_by_role(Role::Status).is_none());
}

#[test]
fn what_was_undone_can_be_done_again_from_its_notice() {
    let mut snapshot = morning().snapshot();
    snapshot.undo = Some("1 cron moved to T3".into());
    snapshot.redo = Some("2 crons moved to T1".into());
    let mut harness = window(snapshot);
    let what = Done::Edited { label: "undone: 2 crons moved to T1".into() };
    hear(&mut harness, &Event::Done { ticket: Ticket(1), what });
    click(&mut harness, "Redo");
    assert!(told(&harness, |command| matches!(command, Command::RedoEdit)));
}

#[test]
fn undo_and_redo_have_their_keys_on_every_screen() {
    for screen in [Screen::Board, Screen::WhatIf, Screen::Plan, Screen::Settings] {
        let mut harness = window(morning().snapshot());
        harness.state_mut().shell.go(screen);
        harness.run_steps(2);
        for (modifiers, key) in [
            (Modifiers::COMMAND, Key::Z),
            (Modifiers::COMMAND | Modifiers::SHIFT, Key::Z),
            (Modifiers::COMMAND, Key::Y),
        ] {
            harness.key_press_modifiers(modifiers, key);
            harness.run_steps(2);
        }
        let wishes = &harness.state().wishes;
        let tells =
            wishes.iter().filter_map(|wish| if let Action::Tell(command) = wish { Some(command) } else { None });
        let steps: Vec<_> = tells.filter(|told| matches!(told, Command::UndoEdit | Command::RedoEdit)).collect();
        assert!(
            matches!(steps[..], [Command::UndoEdit, Command::RedoEdit, Command::RedoEdit]),
            "{screen:?}: {wishes:?}"
        );
    }
}

#[test]
fn nothing_is_healthy_before_it_was_read() {
    let mut snapshot = morning().snapshot();
    snapshot.evidence_read = false;
    let harness = window(snapshot);
    assert!(harness.query_by_label("Reading…").is_some());
}

#[test]
fn a_refusal_stays_until_it_is_dismissed() {
    let mut harness = window(morning().snapshot());
    hear(&mut harness, &Event::Refused { ticket: Ticket(1), why: Refusal::ReadOnly });
    harness.state_mut().snapshot.at = now() + SignedDuration::from_mins(5);
    harness.run_steps(2);
    assert!(harness.query_by_role(Role::Status).is_some());
    click(&mut harness, "Dismiss");
    assert!(harness.query_by_role(Role::Status).is_none());
}

#[test]
fn a_long_refusal_leaves_room_for_what_can_be_pressed() {
    let mut snapshot = morning().snapshot();
    let what = ProblemKind::ClockSkew { seconds: 75 };
    snapshot.problems = Arc::new(vec![Problem { id: "clock".into(), what, since: now() }]);
    let mut harness = sized(snapshot, [1024.0, 700.0], egui::Theme::Dark);
    let at = harness.state().snapshot.at;
    harness.state_mut().shell.notices.say("Cannot write cron-tiers.json: the disk is full. ".repeat(5), at);
    harness.run_steps(2);
    let (dismiss, problems) = (harness.get_by_label("Dismiss").rect(), harness.get_by_label("1 problem").rect());
    assert!(dismiss.right() <= problems.left(), "{dismiss:?} {problems:?}");
}

#[test]
fn while_the_gateway_is_away_nothing_was_read_just_now() {
    let mut snapshot = morning().snapshot();
    snapshot.connection = Connection::Waiting {
        name: "home-mini".into(),
        url: "ws://127.0.0.1:18789".into(),
        trouble: Trouble::Restarting,
        retry_at: now() + SignedDuration::from_secs(8),
    };
    let harness = window(snapshot);
    assert!(harness.query_by_label("read just now").is_none());
    harness.get_by_label("read 8 s ago");
}

#[test]
fn a_gateway_that_does_not_answer_can_be_left_from_any_screen() {
    let mut harness = window(morning().snapshot());
    harness.state_mut().snapshot.connection =
        Connection::Connecting { name: "home".into(), url: "ws://x".into(), attempt: 1 };
    harness.run_steps(2);
    click(&mut harness, "Cancel");
    assert!(told(&harness, |command| matches!(command, Command::Disconnect)));
}

#[test]
fn problems_are_counted_and_open_to_what_can_be_done() {
    let mut snapshot = morning().snapshot();
    let what = ProblemKind::ClockSkew { seconds: 75 };
    snapshot.problems = Arc::new(vec![Problem { id: "clock".into(), what, since: now() }]);
    let mut harness = window(snapshot);
    click(&mut harness, "1 problem");
    click(&mut harness, "Dismiss");
    assert!(told(&harness, |command| matches!(command, Command::DismissProblem { id } if id == "clock")));
}

#[test]
fn enter_opens_the_details_and_escape_closes_them_in_any_width() {
    for width in [1024.0, 1280.0] {
        let mut harness = sized(morning().snapshot(), [width, 700.0], egui::Theme::Light);
        click(&mut harness, "Backup verify");
        harness.key_press(Key::Enter);
        harness.run_steps(4);
        assert!(harness.get_all_by_label("Backup verify").count() >= 2, "{width}: the drawer names the cron");
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        harness.key_press(Key::Escape);
        harness.run_steps(4);
        assert_eq!(harness.get_all_by_label("Backup verify").count(), 1, "{width}");
    }
}

#[test]
fn a_path_is_asked_for_with_a_field_that_needs_no_dialog() {
    let mut harness = window(morning().snapshot());
    harness.state_mut().shell.ask_path(Pick::ImportFolder);
    harness.run_steps(4);
    let field = harness.get_all_by_role(Role::TextInput).last().expect("the path field");
    field.focus();
    field.type_text("/tmp/old-state");
    harness.run_steps(4);
    click(&mut harness, "Show what would change");
    assert!(told(
        &harness,
        |command| matches!(command, Command::PreviewImport { from } if from.ends_with("old-state"))
    ));
    assert!(harness.query_by_label("Show what would change").is_none(), "the question has closed");
}

#[test]
fn without_a_gateway_only_the_welcome_is_there() {
    let mut snapshot = morning().snapshot();
    snapshot.connection = Connection::None;
    let harness = window(snapshot);
    assert_eq!(harness.state().shell.screen(), Screen::Welcome);
    assert!(harness.query_by_label("Plan, 5").is_none());
}

/// A run of a plan's cron on what is paid by the token, so many hours ago.
fn paid(hours: i64) -> Snapshot {
    let mut world = morning();
    world.cron("Invoice chaser", Some(Tier::T2), crate::support::KIMI);
    let mut snapshot = world.snapshot();
    let settings = Arc::make_mut(&mut snapshot.settings);
    for (account, billing) in [("kimi", Billing::QuotaPlan), ("minimax", Billing::PrepaidCredits)] {
        settings.account_mut(&AccountId::new(account)).billing = billing;
    }
    let mut history = UsageHistory::default();
    for (model, hours) in [(crate::support::KIMI, hours + 1), (crate::support::MINIMAX, hours)] {
        history.keep_run(PastRun {
            cron: CronId::new("Invoice chaser"),
            at: now() - SignedDuration::from_hours(hours),
            duration: None,
            model: ModelRef::parse(model),
            well: true,
            tokens: Some(TokenUsage { input: 9_000, output: 1_000, total: 10_000 }),
        });
    }
    snapshot.history = Arc::new(history);
    snapshot
}

#[test]
fn runs_of_a_plan_that_were_paid_by_the_token_mark_the_quotas_on_every_screen_for_a_day() {
    let mut harness = window(paid(2));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num8);
    let mark = "Quotas, runs of a plan were paid by the token";
    // It is worked out on a thread of its own.
    for _ in 0..100_000 {
        harness.step();
        if harness.query_by_label(mark).is_some() {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(harness.state().shell.screen(), Screen::Settings);
    harness.get_by_label(mark);
    harness.state_mut().snapshot.at += SignedDuration::from_hours(23);
    harness.run_steps(2);
    assert!(harness.query_by_label(mark).is_none(), "that was yesterday");
}

#[test]
fn an_idle_window_asks_for_no_frame_within_the_second() {
    let mut world = morning();
    for name in ["Backup verify", "Heartbeat ping"] {
        world.cron(name, Some(model_orchestrator::domain::Tier::T1), crate::support::FLASH);
    }
    let mut harness = window(world.snapshot());
    harness.run_steps(4);
    let delays = harness.output().viewport_output.values().map(|viewport| viewport.repaint_delay);
    let soonest = delays.min().expect("one viewport");
    assert!(soonest.as_secs() >= 1, "asks again in {soonest:?}");
}

#[test]
fn an_export_that_fails_says_so_where_the_path_stands_and_one_that_is_written_closes() {
    let mut harness = window(morning().snapshot());
    harness.state_mut().shell.ask_path(Pick::ExportText { name: "q.csv".to_owned(), text: "a,b".to_owned() });
    harness.run_steps(4);
    for number in [1, 2] {
        click(&mut harness, "Export here");
        assert!(told(&harness, |command| matches!(command, Command::Export { .. })));
        let ticket = Ticket(number);
        harness.state_mut().shell.exports(ticket);
        let event = if number == 1 {
            let problem = ProblemKind::CannotWrite { file: "q.csv".to_owned(), detail: "no such folder".to_owned() };
            Event::Refused { ticket, why: Refusal::Problem(problem) }
        } else {
            Event::Done { ticket, what: Done::Exported { to: "/tmp/q.csv".to_owned(), n_files: 1 } }
        };
        hear(&mut harness, &event);
        if number == 1 {
            let path = harness.get_by_label("Path").accesskit_node().value().unwrap_or_default();
            assert!(path.ends_with("q.csv"), "{path}");
            harness.get_by_label_contains("Cannot write q.csv");
        }
    }
    assert!(harness.query_by_label("Path").is_none(), "it is written");
    harness.get_by_label_contains("1 file exported to /tmp/q.csv");
}

#[test]
fn a_cron_of_the_what_if_list_is_chosen_by_key_and_the_keyboard_stays_there() {
    let mut harness = window(morning().snapshot());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    let list = "A cron to be sorted otherwise";
    let asked = std::time::Instant::now();
    while harness.query_by_label(list).is_none() {
        assert!(asked.elapsed().as_secs() < 30, "no answer came");
        std::thread::yield_now();
        harness.step();
    }
    harness.run_steps(4);
    harness.get_by_label(list).focus();
    harness.run_steps(4);
    let presses = |harness: &mut Harness<'_, Window>, keys: &[Key]| {
        for key in keys {
            harness.key_press(*key);
            harness.run_steps(8);
        }
    };
    let open = |harness: &Harness<'_, Window>| harness.query_by_label("Blog draft").is_some();
    presses(&mut harness, &[Key::Enter, Key::ArrowDown]);
    presses(&mut harness, &[Key::Enter]);
    assert!(harness.get_by_label(list).is_focused(), "chosen");
    assert!(!open(&harness));
    presses(&mut harness, &[Key::Enter, Key::ArrowDown, Key::Escape]);
    assert!(harness.get_by_label(list).is_focused(), "left");
    // Opened by a click, after the keyboard was somewhere else.
    harness.get_all_by_label_contains("T1: try").next().expect("a route").focus();
    harness.run_steps(4);
    click(&mut harness, list);
    presses(&mut harness, &[Key::ArrowDown, Key::Escape]);
    assert!(harness.get_by_label(list).is_focused(), "left once more");
}
