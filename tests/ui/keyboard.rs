//! The keyboard in the whole window: where the focus goes, comes back to, and what keys must not do.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use model_orchestrator::domain::CronId;
use model_orchestrator::engine::{Command, Done, Edit, Event, Ticket};
use model_orchestrator::ui::action::{Action, Screen};

use crate::shell::{Window, hear, sized, told, window};
use crate::support::morning;

fn press(harness: &mut Harness<'_, Window>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(8);
}

fn key(harness: &mut Harness<'_, Window>, key: Key) {
    press(harness, Modifiers::NONE, key);
}

/// What has the focus, by its name.
fn focused(harness: &Harness<'_, Window>) -> String {
    let focused = harness.root().children_recursive().find(Node::is_focused);
    focused.and_then(|node| node.accesskit_node().label()).unwrap_or_else(|| "nothing".to_owned())
}

/// Walks on with Tab until that has the focus; the names passed on the way.
fn tab_to(harness: &mut Harness<'_, Window>, wanted: &str) -> Vec<String> {
    let mut passed = Vec::new();
    for _ in 0..60 {
        let now = focused(harness);
        if now == wanted {
            return passed;
        }
        passed.push(now);
        key(harness, Key::Tab);
    }
    panic!("Tab never reaches {wanted}: {passed:?}");
}

fn on_card(harness: &mut Harness<'_, Window>, name: &str) {
    harness.get_by_label(name).click();
    harness.run_steps(4);
    assert_eq!(focused(harness), name);
}

#[test]
fn details_opened_by_key_have_the_focus_and_give_it_back() {
    for width in [1024.0, 1280.0] {
        let mut harness = sized(morning().snapshot(), [width, 700.0], egui::Theme::Dark);
        on_card(&mut harness, "Backup verify");
        key(&mut harness, Key::Enter);
        assert_eq!(focused(&harness), "Close the details", "{width}");
        key(&mut harness, Key::Tab);
        key(&mut harness, Key::Escape);
        assert_eq!(focused(&harness), "Backup verify", "{width}");
        harness.get_by_label_contains("1 selected");
        key(&mut harness, Key::Escape);
        assert!(harness.query_by_label_contains("selected").is_none(), "{width}: the next Escape clears the selection");
        assert_eq!(focused(&harness), "Backup verify", "{width}");
    }
}

#[test]
fn escape_closes_a_menu_and_nothing_else() {
    let mut harness = window(morning().snapshot());
    on_card(&mut harness, "Backup verify");
    press(&mut harness, Modifiers::SHIFT, Key::F10);
    assert!(focused(&harness).contains("Open details"));
    key(&mut harness, Key::Escape);
    assert_eq!(focused(&harness), "Backup verify");
    harness.get_by_label_contains("1 selected");

    press(&mut harness, Modifiers::SHIFT, Key::F10);
    key(&mut harness, Key::Enter);
    assert_eq!(focused(&harness), "Close the details", "the menu leads into the details");
    key(&mut harness, Key::Escape);
    assert_eq!(focused(&harness), "Backup verify", "and they lead back to the card");
}

#[test]
fn the_path_of_an_export_is_ready_to_be_typed_over() {
    let mut harness = window(morning().snapshot());
    press(&mut harness, Modifiers::COMMAND, Key::Num8);
    harness.get_by_label("Export the whole folder…").focus();
    harness.run_steps(4);
    key(&mut harness, Key::Enter);
    assert_eq!(focused(&harness), "Path");
    harness.event(egui::Event::Text("/srv/copy".to_owned()));
    harness.run_steps(4);
    key(&mut harness, Key::Escape);
    assert_eq!(focused(&harness), "Export the whole folder…", "back where it was asked for");
    assert!(!told(&harness, |command| matches!(command, Command::Export { .. })));

    key(&mut harness, Key::Enter);
    harness.event(egui::Event::Text("/srv/copy".to_owned()));
    harness.run_steps(4);
    key(&mut harness, Key::Enter);
    let expected = |command: &Command| matches!(command, Command::Export { to, .. } if to.as_os_str() == "/srv/copy");
    assert!(told(&harness, expected), "what was typed took the place of the suggestion");
    assert_eq!(focused(&harness), "Path", "until it is written");
    harness.state_mut().shell.exports(Ticket(1));
    let written = Done::Exported { to: "/srv/copy".to_owned(), n_files: 4 };
    hear(&mut harness, &Event::Done { ticket: Ticket(1), what: written });
    harness.run_steps(8);
    assert_eq!(focused(&harness), "Export the whole folder…");
}

#[test]
fn keys_do_nothing_behind_a_dialog() {
    let mut harness = window(morning().snapshot());
    on_card(&mut harness, "Uptime probe");
    key(&mut harness, Key::F1);
    assert_eq!(focused(&harness), "Close");
    harness.get_by_label_contains("Space: select one more");
    for pressed in [Key::Num3, Key::A, Key::C, Key::ArrowDown] {
        key(&mut harness, pressed);
    }
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    press(&mut harness, Modifiers::COMMAND, Key::Num5);
    press(&mut harness, Modifiers::COMMAND, Key::Enter);
    assert!(harness.state().wishes.is_empty(), "{:?}", harness.state().wishes);
    key(&mut harness, Key::Escape);
    assert!(harness.query_by_label_contains("Space: select one more").is_none());
    assert_eq!(focused(&harness), "Uptime probe");
    key(&mut harness, Key::Questionmark);
    harness.get_by_label_contains("Space: select one more");
    key(&mut harness, Key::Questionmark);
    assert!(harness.query_by_label_contains("Space: select one more").is_none(), "the same key closes it");
}

#[test]
fn tab_walks_the_parts_in_the_order_they_are_read() {
    let mut harness = window(morning().snapshot());
    let passed = tab_to(&mut harness, "Review plan");
    let place =
        |name: &str| passed.iter().position(|other| other == name).unwrap_or_else(|| panic!("{name}: {passed:?}"));
    let order = ["Board", "Settings", "Check now", "Search crons", "disk-check", "Accept T1 for disk-check"].map(place);
    assert!(order.is_sorted(), "{passed:?}");
}

#[test]
fn tab_passes_the_rows_of_the_plan_by_and_comes_back_to_the_one_it_left() {
    let mut harness = window(morning().snapshot());
    press(&mut harness, Modifiers::COMMAND, Key::Num5);
    assert!(focused(&harness).contains("Heartbeat ping"), "the plan opens on its first line: {}", focused(&harness));
    key(&mut harness, Key::ArrowDown);
    let line = focused(&harness);
    let passed = tab_to(&mut harness, "Apply 5 changes");
    assert!(passed.len() <= 3, "{passed:?}");
    for _ in 0..passed.len() {
        press(&mut harness, Modifiers::SHIFT, Key::Tab);
    }
    assert_eq!(focused(&harness), line);
}

#[test]
fn control_enter_reviews_and_then_applies_and_holding_it_down_does_not() {
    let mut harness = window(morning().snapshot());
    let down = |harness: &mut Harness<'_, Window>, pressed: bool| {
        let modifiers = Modifiers::COMMAND;
        let event = egui::Event::Key { key: Key::Enter, physical_key: None, pressed, repeat: false, modifiers };
        harness.input_mut().events.push(event);
        harness.run_steps(4);
    };
    down(&mut harness, true);
    assert_eq!(harness.state().shell.screen(), Screen::Plan);
    for _ in 0..3 {
        down(&mut harness, true);
    }
    let applies = |command: &Command| matches!(command, Command::Apply { .. });
    assert!(!told(&harness, applies), "the key was never let go");
    down(&mut harness, false);
    down(&mut harness, true);
    assert!(told(&harness, applies));
}

#[test]
fn a_button_that_goes_leaves_the_keyboard_on_the_screen() {
    let mut harness = window(morning().snapshot());
    tab_to(&mut harness, "Review plan");
    key(&mut harness, Key::Enter);
    assert_eq!(harness.state().shell.screen(), Screen::Plan);
    assert!(focused(&harness).contains("Heartbeat ping"), "{}", focused(&harness));
}

#[test]
fn the_arrows_walk_the_plan_also_after_a_click() {
    let mut harness = window(morning().snapshot());
    harness.get_by_label("Review plan").click();
    harness.run_steps(4);
    assert!(focused(&harness).contains("Heartbeat ping"), "{}", focused(&harness));
}

#[test]
fn the_first_arrow_goes_to_the_first_card() {
    let mut harness = window(morning().snapshot());
    key(&mut harness, Key::ArrowDown);
    assert_eq!(focused(&harness), "disk-check");
    key(&mut harness, Key::ArrowDown);
    key(&mut harness, Key::A);
    let accepted = harness.state().wishes.iter().any(|wish| {
        matches!(wish, Action::Tell(Command::Edit(Edit::AcceptSuggestions { crons }))
            if *crons == [CronId::new("Newsletter digest")])
    });
    assert!(accepted);
    assert!(harness.get_all_by_role(Role::ListItem).any(|card| card.is_focused()));
}

#[test]
fn what_gets_the_focus_comes_into_view() {
    let mut harness = sized(morning().snapshot(), [1024.0, 700.0], egui::Theme::Dark);
    press(&mut harness, Modifiers::COMMAND, Key::Num8);
    let in_view = |harness: &Harness<'_, Window>, name: &str| {
        let rect = harness.get_by_label(name).rect();
        rect.top() > 48.0 && rect.bottom() < 674.0
    };
    assert!(!in_view(&harness, "Export cron-tiers.json…"), "the settings are longer than the window");
    press(&mut harness, Modifiers::SHIFT, Key::Tab);
    assert_eq!(focused(&harness), "Export cron-tiers.json…", "the last one");
    assert!(in_view(&harness, "Export cron-tiers.json…"));
    harness.get_by_label("Switch gateway…").focus();
    harness.run_steps(4);
    assert!(in_view(&harness, "Switch gateway…"), "and up again");
}

#[test]
fn a_search_without_a_match_keeps_the_keyboard() {
    let mut harness = window(morning().snapshot());
    key(&mut harness, Key::Slash);
    harness.event(egui::Event::Text("nobody".to_owned()));
    harness.run_steps(4);
    key(&mut harness, Key::Enter);
    assert_eq!(focused(&harness), "Search crons");
    press(&mut harness, Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text("triage".to_owned()));
    harness.run_steps(4);
    assert_eq!(focused(&harness), "Search crons", "until Enter is pressed again");
    key(&mut harness, Key::Enter);
    assert_eq!(focused(&harness), "Email triage");
}
