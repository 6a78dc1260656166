//! The quotas at the foot of the board: what is pointed at lights up what belongs to it, on both sides.

use std::sync::Arc;

use crate::shell::{self, Window};
use crate::support::{FLASH, KIMI, MINIMAX, World, now};
use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{AccountId, Outlook, ProviderAccount, QuotaWindow, Schedule, Source, Tier};
use model_orchestrator::engine::{Command, Foresight, SettingsChange, Snapshot};
use model_orchestrator::ui::action::{Action, Screen};
use model_orchestrator::ui::screens::board::Board;
use model_orchestrator::ui::theme;

/// A board with what is foreseen of its world.
struct Desk {
    board: Board,
    snapshot: Snapshot,
    foreseen: Option<Arc<Outlook>>,
    wishes: Vec<Action>,
}

/// Four crons on Google's day, one on both windows of Kimi, one on MiniMax, of which no window is known. Each starts once
/// an hour, those on Google ten minutes past it, the others at half past.
fn world() -> World {
    let mut world = World::default();
    let (t1, t2) = (Some(Tier::T1), Some(Tier::T2));
    let each_hour = |minute: u8| Schedule::Cron { expr: format!("{minute} * * * *"), zone: None, stagger: None };
    for (name, tier) in [("Backup verify", t1), ("Uptime probe", t1), ("Email triage", t2), ("Feed filter", t2)] {
        world.cron(name, tier, FLASH).with(|cron| cron.schedule = each_hour(10));
    }
    world.cron("Invoice chaser", t2, KIMI).with(|cron| cron.schedule = each_hour(30));
    world.cron("Session cleanup", t1, MINIMAX).with(|cron| cron.schedule = each_hour(30));
    world.cron("Weekly wrap-up", t1, FLASH).paused();
    world
}

fn snapshot() -> Snapshot {
    let mut snapshot = world().snapshot();
    let accounts = ["google", "kimi", "minimax"].map(AccountId::new);
    snapshot.accounts = Arc::new(accounts.map(|id| (id.clone(), ProviderAccount::implied(id))).into());
    let window = |label: &str, hours: i64| QuotaWindow {
        resets_at: Some(now() + SignedDuration::from_hours(hours)),
        ..QuotaWindow::new(label, 0.4, now() - SignedDuration::from_mins(2), Source::UsageStatus)
    };
    let fleet = Arc::make_mut(&mut snapshot.fleet);
    fleet.windows.insert(AccountId::new("google"), vec![window("Day", 10)]);
    fleet.windows.insert(AccountId::new("kimi"), vec![window("5h", 3), window("Week", 70)]);
    snapshot
}

fn desk(open: bool, size: [f32; 2]) -> Harness<'static, Desk> {
    let mut snapshot = snapshot();
    Arc::make_mut(&mut snapshot.settings).window.quota_strip = open;
    let until = now() + SignedDuration::from_hours(7 * 24);
    let foreseen = Some(Arc::new(Foresight::default().outlook(&snapshot, until)));
    let desk = Desk { board: Board::default(), snapshot, foreseen, wishes: Vec::new() };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_max_steps(16)
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, desk: &mut Desk| {
                let wishes = desk.board.ui(ui, &desk.snapshot, desk.foreseen.as_ref(), &TimeZone::UTC);
                desk.wishes.extend(wishes);
            },
            desk,
        );
    harness.run_steps(4);
    harness
}

const ROOM: [f32; 2] = [1104.0, 680.0];

fn point(harness: &mut Harness<'_, Desk>, at: Pos2) {
    harness.hover_at(at);
    harness.run_steps(4);
}

fn press(harness: &mut Harness<'_, Desk>, key: Key) {
    harness.key_press(key);
    harness.run_steps(4);
}

fn described(node: &Node<'_>) -> String {
    node.accesskit_node().description().unwrap_or_default()
}

/// The rows and cards that say that they are lit, by their first words.
fn lit<S>(harness: &Harness<'_, S>) -> Vec<String> {
    let items = harness.get_all_by_role(Role::ListItem);
    let lit = items.filter(|node| {
        let said = described(node);
        said.split(", ").any(|part| part == "lit") || said.contains("draw") || said.contains("runs on")
    });
    let named = lit.map(|node| node.accesskit_node().label().unwrap_or_default());
    named.map(|name| name.split(':').next().unwrap_or_default().to_owned()).collect()
}

fn says(harness: &Harness<'_, Desk>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

fn row<'h>(harness: &'h Harness<'_, Desk>, name: &'h str) -> Node<'h> {
    let of = move |node: &Node<'_>| node.accesskit_node().label().is_some_and(|label| label.starts_with(name));
    harness.get_all_by_role(Role::ListItem).find(of).expect("a row of that window")
}

fn toggled(desk: &Desk) -> Vec<bool> {
    let change = |wish: &Action| match wish {
        Action::Tell(Command::Settings(SettingsChange::SetQuotaStrip(shown))) => Some(*shown),
        _ => None,
    };
    desk.wishes.iter().filter_map(change).collect()
}

#[test]
fn a_card_that_is_pointed_at_lights_the_windows_it_draws_on_and_says_so() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("Email triage", &["Google, Day"], "Email triage draws on Google Day: 24 runs in the next 24 h"),
        (
            "Invoice chaser",
            &["Kimi, 5h", "Kimi, Week"],
            "Invoice chaser draws on Kimi 5h and Kimi Week: 24 runs in the next 24 h",
        ),
        ("Session cleanup", &[], "Session cleanup runs on MiniMax, of which no quota is known: 24 runs"),
        ("Weekly wrap-up", &[], "Weekly wrap-up is switched off: it draws on no quota"),
    ];
    let mut harness = desk(true, ROOM);
    assert!(says(&harness, "Point at a card, a window or a run"));
    for (card, windows, said) in cases {
        let at = harness.get_by_label(card).rect().center();
        point(&mut harness, at);
        assert_eq!(lit(&harness), windows, "{card}");
        assert!(says(&harness, said), "{card}");
    }
    // Beside all cards nothing is lit any more.
    point(&mut harness, Pos2::new(2.0, 2.0));
    assert_eq!(lit(&harness), [""; 0]);
}

#[test]
fn the_card_under_the_keyboard_is_pointed_at_too() {
    let mut harness = desk(true, ROOM);
    harness.get_by_label("Backup verify").focus();
    harness.run_steps(4);
    assert_eq!(lit(&harness), ["Google, Day"]);
    press(&mut harness, Key::ArrowDown);
    assert!(says(&harness, "Session cleanup runs on MiniMax"));
    // The pointer goes somewhere else, then the keyboard.
    let at = harness.get_by_label("Invoice chaser").rect().center();
    point(&mut harness, at);
    assert_eq!(lit(&harness), ["Kimi, 5h", "Kimi, Week"]);
    press(&mut harness, Key::ArrowUp);
    assert_eq!(lit(&harness), ["Google, Day"]);
}

#[test]
fn a_window_that_is_pointed_at_lights_the_cards_that_draw_on_it_and_counts_them() {
    let mut harness = desk(true, ROOM);
    let at = row(&harness, "Google, Day").rect().center();
    point(&mut harness, at);
    let cards = ["Backup verify", "Uptime probe", "Email triage", "Feed filter", "Google, Day"];
    assert_eq!(lit(&harness), cards);
    assert!(says(&harness, "Google Day: 4 crons draw on it, 40 runs until its reset 16:00"));
    assert!(described(&row(&harness, "Google, Day")).contains("4 crons draw on it"), "also to a screen reader");

    // By keyboard, as far as where nothing is drawn on.
    row(&harness, "Kimi, 5h").focus();
    harness.run_steps(4);
    assert_eq!(lit(&harness), ["Invoice chaser", "Kimi, 5h"]);
    press(&mut harness, Key::Escape);
    let focused = harness.get_all_by_role(Role::ListItem).find(Node::is_focused).expect("a card");
    assert_eq!(focused.accesskit_node().label().as_deref(), Some("Backup verify"), "Escape leads back to the cards");
}

#[test]
fn a_bar_of_the_coming_runs_lights_the_cards_that_start_then() {
    for (size, bars) in [(ROOM, true), ([1104.0, 420.0], false)] {
        let mut harness = desk(true, size);
        assert_eq!(harness.query_all_by_label_contains("Quotas, the coming day").count(), 1);
        // The day begins an hour before now; 07:30 is two and a half hours on of twenty-five.
        let plot = row(&harness, "Google, Day").rect();
        let (left, right) = (plot.left() + 198.0, plot.right() - 8.0);
        let x = left + (right - left) * (2.5 * 60.0 + 2.0) / (25.0 * 60.0);
        let y = if bars { size[1] - 20.0 } else { plot.top() - 10.0 };
        point(&mut harness, Pos2::new(x, y));
        assert!(says(&harness, "07:30 to 07:45: 2 runs of 2 crons"), "{size:?}");
        // In the low window one of both is out of view: the columns tell.
        assert_eq!(lit(&harness).first().map(String::as_str), Some("Session cleanup"), "{size:?}");
        for column in ["Tier 1 · Simple, 1 of 4 starts then", "Tier 2 · Medium, 1 of 3 starts then"] {
            assert!(says(&harness, column), "{size:?}: {column}");
        }
    }
}

#[test]
fn nothing_lights_up_while_it_is_folded_and_a_key_or_a_button_opens_it() {
    let mut harness = desk(false, ROOM);
    let at = harness.get_by_label("Email triage").rect().center();
    point(&mut harness, at);
    assert_eq!(lit(&harness), [""; 0]);
    assert!(!says(&harness, "draws on"));
    press(&mut harness, Key::Q);
    harness.get_by_label("Quotas below the cards (Q)").click();
    harness.run_steps(4);
    assert_eq!(toggled(harness.state()), [true, true], "asked to be remembered, by key and by button");

    let mut harness = desk(true, ROOM);
    press(&mut harness, Key::Q);
    harness.get_by_label("Fold the quotas").click();
    harness.get_by_label("Fold the quotas below the cards (Q)").click();
    harness.run_steps(4);
    assert_eq!(toggled(harness.state()), [false; 3]);
}

#[test]
fn a_folder_that_cannot_be_written_opens_it_all_the_same() {
    let mut harness = desk(false, ROOM);
    if let Some(folder) = &mut harness.state_mut().snapshot.folder {
        folder.held_by = Some("model-orchestrator serve (4711)".to_owned());
    }
    press(&mut harness, Key::Q);
    assert!(says(&harness, "Quotas, the coming day"));
    press(&mut harness, Key::Q);
    assert!(!says(&harness, "Quotas, the coming day"));
    assert_eq!(toggled(harness.state()), [true; 0]);
}

#[test]
fn the_columns_keep_most_of_the_room() {
    for size in [[972.0, 560.0], ROOM, [1600.0, 1100.0]] {
        let harness = desk(true, size);
        let top = harness.get_by_label_contains("Quotas, the coming day").rect().top();
        assert!(top > size[1] * 0.62 && size[1] - top <= 200.0, "{size:?}: from {top} on");
        for name in ["Google, Day", "Kimi, 5h", "Kimi, Week"] {
            assert!(row(&harness, name).rect().bottom() <= size[1], "{size:?}: {name}");
        }
    }
}

#[test]
fn what_is_missing_is_said() {
    let mut harness = desk(true, ROOM);
    let outlook = harness.state_mut().foreseen.take();
    harness.run_steps(2);
    assert!(says(&harness, "Working out the forecast…"));
    let mut outlook = Arc::unwrap_or_clone(outlook.expect("it was there"));
    outlook.forecast.windows.clear();
    harness.state_mut().foreseen = Some(Arc::new(outlook));
    harness.run_steps(2);
    assert!(says(&harness, "No provider has told a quota yet"));
}

/// The whole window on the same world.
fn window() -> Harness<'static, Window> {
    shell::window(snapshot())
}

/// Until the forecast is there, which another thread works out.
fn wait_for(harness: &mut Harness<'_, Window>, label: &str) {
    let asked = std::time::Instant::now();
    while harness.query_by_label_contains(label).is_none() {
        assert!(asked.elapsed().as_secs() < 30, "{label}: no answer came");
        std::thread::yield_now();
        harness.step();
    }
    harness.run_steps(4);
}

#[test]
fn a_window_of_the_quotas_screen_leads_to_its_crons_on_the_board() {
    let mut harness = window();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    wait_for(&mut harness, "Google, Day: 40% used");
    let day = harness.get_by_label_contains("Google, Day: 40% used");
    day.focus();
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().shell.screen(), Screen::Board);
    wait_for(&mut harness, "Google Day: 4 crons draw on it");
    let cards = ["Backup verify", "Uptime probe", "Email triage", "Feed filter"];
    assert_eq!(lit(&harness)[..4], cards);
    harness.key_press(Key::Escape);
    harness.run_steps(6);
    assert!(harness.query_by_label_contains("crons draw on it").is_none(), "Escape ends it");
    assert!(harness.query_by_label_contains("Quotas, the coming day").is_some(), "and leaves it open");
}

#[test]
fn a_cards_menu_shows_its_quota() {
    let mut harness = window();
    harness.get_by_label("Invoice chaser").click_secondary();
    harness.run_steps(4);
    harness.get_by_label_contains("Show its quota").click();
    harness.run_steps(4);
    wait_for(&mut harness, "Invoice chaser draws on Kimi 5h and Kimi Week");
    assert_eq!(lit(&harness), ["Kimi, 5h", "Kimi, Week"]);
}

#[test]
fn what_was_asked_for_by_name_stays_lit_though_another_card_has_the_focus() {
    let mut harness = window();
    harness.get_by_label("Backup verify").focus();
    harness.run_steps(4);
    harness.get_by_label("Invoice chaser").click_secondary();
    harness.run_steps(4);
    harness.get_by_label_contains("Show its quota").click();
    wait_for(&mut harness, "Invoice chaser draws on Kimi 5h and Kimi Week");
    harness.run_steps(8);
    assert_eq!(lit(&harness), ["Kimi, 5h", "Kimi, Week"]);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(8);
    assert!(harness.query_by_label_contains("Invoice chaser draws on").is_none(), "an arrow leads on");
}

#[test]
fn escape_leaves_what_is_lit_until_something_else_is_pointed_at() {
    let mut snapshot = snapshot();
    Arc::make_mut(&mut snapshot.settings).window.quota_strip = true;
    let mut harness = shell::window(snapshot);
    harness.get_by_label("Backup verify").focus();
    wait_for(&mut harness, "Backup verify draws on Google Day");
    assert_eq!(lit(&harness), ["Google, Day"]);
    harness.key_press(Key::Escape);
    harness.run_steps(6);
    assert_eq!(lit(&harness), [""; 0], "though the card has the focus");
    assert!(harness.get_by_label("Backup verify").is_focused());
    harness.key_press(Key::ArrowRight);
    harness.run_steps(6);
    assert_eq!(lit(&harness), ["Google, Day"], "of the next card");
}

#[test]
fn the_rows_of_a_card_come_into_view() {
    let mut harness = desk(true, [1104.0, 520.0]);
    let bottom = |harness: &Harness<'_, Desk>| row(harness, "Kimi, Week").rect().bottom();
    let end = 520.0 - 40.0;
    assert!(bottom(&harness) > end, "{}: below what is seen", bottom(&harness));
    harness.get_by_label("Email triage").focus();
    harness.run_steps(4);
    harness.key_press(Key::End);
    harness.run_steps(30);
    assert_eq!(lit(&harness), ["Kimi, 5h", "Kimi, Week"]);
    assert!(bottom(&harness) <= end, "{}", bottom(&harness));
    harness.key_press(Key::Home);
    harness.run_steps(30);
    let foot = harness.get_by_label_contains("Quotas, the coming day").rect();
    assert!(row(&harness, "Google, Day").rect().top() >= foot.bottom(), "and back");
}
