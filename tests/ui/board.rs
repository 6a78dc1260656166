//! The board: dragging, keys, search, chains, suggestions.

use std::sync::Arc;

use crate::support::{FLASH, World, morning, now};
use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{CronId, Decision, Health, Reason, RouteKey, SkipReason, Skipped, Tier, Verdict};
use model_orchestrator::engine::{Command, Edit, SettingsChange, Snapshot};
use model_orchestrator::ui::action::Action;
use model_orchestrator::ui::screens::board::Board;
use model_orchestrator::ui::{icon, theme};

/// A board, what it draws, and what it was asked for.
struct Desk {
    board: Board,
    snapshot: Snapshot,
    wishes: Vec<Action>,
}

fn desk(world: &World) -> Harness<'static, Desk> {
    sized(world.snapshot(), [1104.0, 680.0], egui::Theme::Dark)
}

fn sized(snapshot: Snapshot, size: [f32; 2], theme: egui::Theme) -> Harness<'static, Desk> {
    let desk = Desk { board: Board::default(), snapshot, wishes: Vec::new() };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_max_steps(16)
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, desk: &mut Desk| {
                let wishes = desk.board.ui(ui, &desk.snapshot, None, &TimeZone::UTC);
                desk.wishes.extend(wishes);
            },
            desk,
        );
    settle(&mut harness);
    harness
}

/// A few frames; labels that count ask for frames for ever.
fn settle(harness: &mut Harness<'_, Desk>) {
    harness.run_steps(4);
}

/// Press, move in steps, release: one frame for each.
fn drag(harness: &mut Harness<'_, Desk>, from: Pos2, to: Pos2) {
    carry(harness, from, to);
    harness.drop_at(to);
    harness.step();
    settle(harness);
}

fn carry(harness: &mut Harness<'_, Desk>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for i in 1..=6_u8 {
        harness.hover_at(from + (to - from) * (f32::from(i) / 6.0));
        harness.step();
    }
}

fn edits(desk: &Desk) -> Vec<Edit> {
    let edit = |wish: &Action| match wish {
        Action::Tell(Command::Edit(edit)) => Some(edit.clone()),
        _ => None,
    };
    desk.wishes.iter().filter_map(edit).collect()
}

fn ids(names: &[&str]) -> Vec<CronId> {
    names.iter().map(CronId::new).collect()
}

fn set(names: &[&str], tier: Option<Tier>) -> Vec<Edit> {
    vec![Edit::SetTier { crons: ids(names), tier }]
}

fn press(harness: &mut Harness<'_, Desk>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    settle(harness);
}

fn click(harness: &mut Harness<'_, Desk>, label: &str) {
    harness.get_by_label(label).click();
    settle(harness);
}

#[test]
fn a_card_dragged_to_another_column_gets_its_tier() {
    let mut harness = desk(&morning());
    let from = harness.get_by_label("Uptime probe").rect().center();
    let to = harness.get_by_label("Email triage").rect().center();
    drag(&mut harness, from, to);
    assert_eq!(edits(harness.state()), set(&["Uptime probe"], Some(Tier::T2)));
}

#[test]
fn two_selected_cards_are_dragged_as_one_edit() {
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    harness.get_by_label("Certificate expiry").click_modifiers(Modifiers::COMMAND);
    settle(&mut harness);
    let from = harness.get_by_label("Certificate expiry").rect().center();
    let to = harness.get_by_label("Blog draft").rect().center();
    drag(&mut harness, from, to);
    assert_eq!(edits(harness.state()), set(&["Certificate expiry", "Uptime probe"], Some(Tier::T3)));
}

#[test]
fn dropping_where_it_was_or_escape_changes_nothing() {
    let mut harness = desk(&morning());
    let from = harness.get_by_label("Uptime probe").rect().center();
    let beside = harness.get_by_label("Heartbeat ping").rect().center();
    drag(&mut harness, from, beside);
    let to = harness.get_by_label("Email triage").rect().center();
    carry(&mut harness, from, to);
    harness.key_press(Key::Escape);
    harness.step();
    harness.drop_at(to);
    settle(&mut harness);
    assert_eq!(edits(harness.state()), vec![]);
}

#[test]
fn a_card_without_a_model_cannot_be_dragged() {
    let mut harness = desk(&morning());
    click(&mut harness, "Not routable 1");
    let from = harness.get_by_label("rotate-logs.sh").rect().center();
    let to = harness.get_by_label("Email triage").rect().center();
    drag(&mut harness, from, to);
    assert_eq!(edits(harness.state()), vec![]);
}

#[test]
fn keys_set_the_tier_of_the_selection() {
    let cases = [
        (Key::Num1, "Email triage", Some(Tier::T1)),
        (Key::Num2, "Uptime probe", Some(Tier::T2)),
        (Key::Num3, "Uptime probe", Some(Tier::T3)),
        (Key::Num0, "Uptime probe", None),
    ];
    for (key, name, tier) in cases {
        let mut harness = desk(&morning());
        click(&mut harness, name);
        press(&mut harness, Modifiers::NONE, key);
        assert_eq!(edits(harness.state()), set(&[name], tier), "{key:?}");
        let said: Vec<_> = harness.get_all_by_role(Role::Status).collect();
        assert_eq!(said.len(), 1, "the move is announced");
    }
}

#[test]
fn shift_selects_a_range_and_control_a_all_of_the_column() {
    let mut harness = desk(&morning());
    click(&mut harness, "Backup verify");
    harness.get_by_label("Heartbeat ping").click_modifiers(Modifiers::SHIFT);
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Num3);
    let range = set(&["Backup verify", "Certificate expiry", "Heartbeat ping"], Some(Tier::T3));
    assert_eq!(edits(harness.state()), range);

    harness.state_mut().wishes.clear();
    press(&mut harness, Modifiers::COMMAND, Key::A);
    press(&mut harness, Modifiers::NONE, Key::Num2);
    let all = edits(harness.state());
    assert!(matches!(&all[..], [Edit::SetTier { crons, .. }] if crons.len() == 7), "{all:?}");
}

#[test]
fn arrows_walk_the_cards_space_selects_and_enter_opens() {
    let mut harness = desk(&morning());
    click(&mut harness, "Backup verify");
    press(&mut harness, Modifiers::NONE, Key::ArrowDown);
    press(&mut harness, Modifiers::NONE, Key::ArrowRight);
    let focused = harness.get_all_by_role(Role::ListItem).find(egui_kittest::Node::is_focused).expect("a focused card");
    assert_eq!(focused.accesskit_node().label().as_deref(), Some("Email triage"));
    press(&mut harness, Modifiers::NONE, Key::Space);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(matches!(harness.state().wishes.last(), Some(Action::Open(id)) if id.as_str() == "Email triage"));
    press(&mut harness, Modifiers::NONE, Key::Num3);
    assert_eq!(edits(harness.state()), set(&["Backup verify", "Email triage"], Some(Tier::T3)));
}

#[test]
fn marks_are_switched_by_key_on_for_all_unless_all_have_them() {
    let mut harness = desk(&morning());
    click(&mut harness, "Email triage");
    harness.get_by_label("Mention screening").click_modifiers(Modifiers::COMMAND);
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::C);
    let both = ids(&["Email triage", "Mention screening"]);
    assert_eq!(edits(harness.state()), vec![Edit::SetCritical { crons: both, critical: true }]);

    harness.state_mut().wishes.clear();
    click(&mut harness, "Calendar conflicts");
    press(&mut harness, Modifiers::NONE, Key::P);
    click(&mut harness, "Support inbox labels");
    press(&mut harness, Modifiers::NONE, Key::H);
    let off = vec![
        Edit::SetPin { crons: ids(&["Calendar conflicts"]), pin: None },
        Edit::SetHold { crons: ids(&["Support inbox labels"]), hold: false },
    ];
    assert_eq!(edits(harness.state()), off);
}

#[test]
fn the_menu_opens_by_key_and_does_what_it_says() {
    for key in [(Modifiers::SHIFT, Key::F10), (Modifiers::NONE, Key::Menu)] {
        let mut harness = desk(&morning());
        click(&mut harness, "Uptime probe");
        press(&mut harness, key.0, key.1);
        harness.get_by_label_contains("Move to T3").click();
        settle(&mut harness);
        assert_eq!(edits(harness.state()), set(&["Uptime probe"], Some(Tier::T3)));
        assert!(harness.query_by_label_contains("Move to T3").is_none(), "the menu has closed");
    }
    let mut harness = desk(&morning());
    harness.get_by_label("Email triage").click_secondary();
    settle(&mut harness);
    harness.get_by_label_contains("Not critical").click();
    settle(&mut harness);
    let off = Edit::SetCritical { crons: ids(&["Email triage"]), critical: false };
    harness.get_by_label("Email triage").click_secondary();
    settle(&mut harness);
    harness.get_by_label_contains("Ask before automation changes it").click();
    settle(&mut harness);
    let asks = Edit::SetAskFirst { crons: ids(&["Email triage"]), ask_first: true };
    assert_eq!(edits(harness.state()), vec![off, asks]);
}

#[test]
fn search_finds_names_models_and_errors_in_any_script() {
    let cases = [
        ("余额", "Invoice chaser", "an error text in Chinese"),
        ("🚀", "Feed filter 🚀", "an emoji in a name"),
        ("竞品", "竞品周报 (competitor weekly)", "a Chinese name"),
        ("SONNET", "Blog draft", "a model, without regard to case"),
    ];
    for (text, only, why) in cases {
        let mut harness = desk(&morning());
        press(&mut harness, Modifiers::COMMAND, Key::F);
        harness.get_by_role(Role::TextInput).type_text(text);
        settle(&mut harness);
        let left: Vec<_> =
            harness.get_all_by_role(Role::ListItem).filter_map(|node| node.accesskit_node().label()).collect();
        assert_eq!(left, [only], "{why}");
    }
}

#[test]
fn digits_typed_into_the_search_field_do_not_move_cards() {
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    press(&mut harness, Modifiers::NONE, Key::Slash);
    press(&mut harness, Modifiers::NONE, Key::Num2);
    assert_eq!(edits(harness.state()), vec![]);
}

#[test]
fn filters_show_how_many_they_leave() {
    let mut harness = desk(&morning());
    click(&mut harness, "Failing 1");
    let left: Vec<_> =
        harness.get_all_by_role(Role::ListItem).filter_map(|node| node.accesskit_node().label()).collect();
    assert_eq!(left, ["Invoice chaser"]);
}

#[test]
fn a_very_long_name_is_cut_and_shown_whole_on_hover() {
    let name = "Quarterly reconciliation ".repeat(8);
    let mut world = morning();
    world.cron(&name, Some(Tier::T1), FLASH);
    let mut harness = desk(&world);
    press(&mut harness, Modifiers::COMMAND, Key::F);
    harness.get_by_role(Role::TextInput).type_text("quarterly");
    settle(&mut harness);
    let card = harness.get_by_role(Role::ListItem);
    assert!(card.rect().width() < 280.0, "the card stays in its column");
    let at = card.rect().center();
    harness.hover_at(at);
    harness.run_steps(40);
    assert!(harness.query_all_by_label_contains(&name).count() >= 2, "the whole name is in a tooltip");
}

#[test]
fn suggestions_are_accepted_one_by_one_or_all_at_once() {
    let mut harness = desk(&morning());
    click(&mut harness, "Accept T1 for disk-check");
    click(&mut harness, "Accept 3 suggestions");
    let all = ids(&["Newsletter digest", "disk-check", "竞品周报 (competitor weekly)"]);
    click(&mut harness, "Newsletter digest");
    press(&mut harness, Modifiers::NONE, Key::A);
    let expected = [ids(&["disk-check"]), all, ids(&["Newsletter digest"])];
    assert_eq!(edits(harness.state()), expected.map(|crons| Edit::AcceptSuggestions { crons }).to_vec());
}

fn chain_wish(desk: &Desk) -> Option<(Tier, Vec<RouteKey>)> {
    desk.wishes.iter().find_map(|wish| match wish {
        Action::Tell(Command::Settings(SettingsChange::SetChain { tier, chain })) => {
            Some((*tier, chain.routes.clone()))
        }
        _ => None,
    })
}

fn routes(keys: &[&str]) -> Vec<RouteKey> {
    keys.iter().map(RouteKey::new).collect()
}

#[test]
fn a_chain_is_reordered_by_drag_and_by_keys() {
    let kimi = |harness: &Harness<'_, Desk>| {
        let first = harness.get_all_by_label_contains("Kimi, next in line").next();
        first.expect("T1 ends with Kimi").rect()
    };
    let mut harness = desk(&morning());
    let from = kimi(&harness);
    let first = harness.get_all_by_label_contains("MiniMax, ").next().expect("T1 begins with MiniMax").rect();
    drag(&mut harness, from.center(), first.left_center() + Vec2::new(1.0, 0.0));
    let expected = Some((Tier::T1, routes(&["kimi", "minimax", "gemini_flash"])));
    assert_eq!(chain_wish(harness.state()), expected);

    let mut harness = desk(&morning());
    harness.get_all_by_label_contains("Kimi, next in line").next().expect("T1 ends with Kimi").focus();
    settle(&mut harness);
    press(&mut harness, Modifiers::COMMAND, Key::ArrowLeft);
    let expected = Some((Tier::T1, routes(&["minimax", "kimi", "gemini_flash"])));
    assert_eq!(chain_wish(harness.state()), expected);
}

#[test]
fn only_cards_in_view_are_built_and_the_rest_is_counted() {
    let mut world = World::default();
    for i in 0..10_000 {
        let tier = Tier::ALL[i % 3];
        world.cron(&format!("job {i:05}"), Some(tier), FLASH);
    }
    let mut harness = desk(&world);
    assert!(harness.get_all_by_role(Role::ListItem).count() < 40);
    click(&mut harness, "job 00000");
    press(&mut harness, Modifiers::NONE, Key::End);
    let last = harness.get_by_label("job 09999");
    assert!(last.is_focused(), "the keyboard reaches the last card");
    assert_eq!(last.accesskit_node().data().size_of_set(), Some(3334));
}

#[test]
fn every_state_fits_a_small_window_and_misses_no_glyph_in_either_theme() {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        let mut harness = sized(morning().snapshot(), [940.0, 560.0], theme);
        for chip in ["Paused 2", "Paused 2", "Not routable 1"] {
            click(&mut harness, chip);
        }
        let right = harness.get_by_label("rotate-logs.sh").rect().right();
        assert!(right <= 940.0, "{theme:?}: the last column ends at {right}");
    }
}

#[test]
fn a_folder_held_by_another_program_makes_the_board_read_only() {
    let mut snapshot = morning().snapshot();
    if let Some(folder) = &mut snapshot.folder {
        folder.held_by = Some("model-orchestrator serve (4711)".to_owned());
    }
    let mut harness = sized(snapshot, [1104.0, 680.0], egui::Theme::Dark);
    click(&mut harness, "Uptime probe");
    press(&mut harness, Modifiers::NONE, Key::Num2);
    let from = harness.get_by_label("Uptime probe").rect().center();
    let to = harness.get_by_label("Email triage").rect().center();
    drag(&mut harness, from, to);
    harness.get_by_label("Accept 3 suggestions").click();
    settle(&mut harness);
    assert_eq!(edits(harness.state()), vec![]);
    let said = harness.get_by_role(Role::Status).accesskit_node().label();
    assert_eq!(said.as_deref(), Some("Read only: another program holds the state folder"));
}

#[test]
fn keys_act_on_no_card_that_a_filter_or_search_hides() {
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    harness.get_by_label("Email triage").click_modifiers(Modifiers::COMMAND);
    settle(&mut harness);
    click(&mut harness, "Critical 3");
    assert!(harness.query_by_label("Uptime probe").is_none(), "it is hidden");
    harness.get_by_label_contains("1 selected");
    press(&mut harness, Modifiers::NONE, Key::Num3);
    assert_eq!(edits(harness.state()), set(&["Email triage"], Some(Tier::T3)));

    // The card under the cursor is hidden, and nothing is selected.
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    click(&mut harness, "Critical 3");
    for key in [Key::Num2, Key::C, Key::Space] {
        press(&mut harness, Modifiers::NONE, key);
    }
    assert_eq!(edits(harness.state()), vec![]);
    click(&mut harness, "Critical 3");
    assert!(harness.query_by_label_contains("selected").is_none(), "what was hidden is not selected any more");
}

#[test]
fn all_suggestions_are_those_that_the_search_leaves() {
    let mut harness = desk(&morning());
    press(&mut harness, Modifiers::COMMAND, Key::F);
    harness.get_by_role(Role::TextInput).type_text("newsletter");
    settle(&mut harness);
    click(&mut harness, "Accept 1 suggestion");
    let crons = ids(&["Newsletter digest"]);
    assert_eq!(edits(harness.state()), vec![Edit::AcceptSuggestions { crons }]);
}

#[test]
fn enter_leaves_the_search_for_what_was_found_and_escape_for_where_one_was() {
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    press(&mut harness, Modifiers::COMMAND, Key::F);
    harness.get_by_role(Role::TextInput).type_text("triage");
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(harness.get_by_label("Email triage").is_focused());
    press(&mut harness, Modifiers::NONE, Key::Num3);
    assert_eq!(edits(harness.state()), set(&["Email triage"], Some(Tier::T3)));

    press(&mut harness, Modifiers::NONE, Key::Slash);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.get_by_label("Email triage").is_focused());
    assert!(harness.query_by_label("Uptime probe").is_some(), "the search is cleared");

    press(&mut harness, Modifiers::NONE, Key::Slash);
    press(&mut harness, Modifiers::NONE, Key::ArrowDown);
    assert!(harness.get_by_label("Email triage").is_focused(), "down leads out of the field too");
}

#[test]
fn keys_pressed_within_one_frame_are_taken_in_their_order() {
    let mut harness = desk(&morning());
    click(&mut harness, "Backup verify");
    for key in [Key::ArrowDown, Key::ArrowDown, Key::Space, Key::ArrowDown, Key::Space, Key::Num3] {
        for pressed in [true, false] {
            let modifiers = Modifiers::NONE;
            let event = egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
            harness.input_mut().events.push(event);
        }
    }
    settle(&mut harness);
    let moved = ["Backup verify", "Heartbeat ping", "Log rotation report"];
    assert_eq!(edits(harness.state()), set(&moved, Some(Tier::T3)));
}

#[test]
fn tab_reaches_the_suggestion_of_the_card_one_is_on() {
    let mut harness = desk(&morning());
    click(&mut harness, "disk-check");
    press(&mut harness, Modifiers::NONE, Key::Tab);
    assert!(harness.get_by_label("Accept T1 for disk-check").is_focused());
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(edits(harness.state()), vec![Edit::AcceptSuggestions { crons: ids(&["disk-check"]) }]);
    assert!(harness.get_by_label("disk-check").is_focused(), "the chip goes, the card is still there");
}

#[test]
fn a_menu_that_was_opened_by_key_has_the_focus() {
    let mut harness = desk(&morning());
    click(&mut harness, "Uptime probe");
    press(&mut harness, Modifiers::SHIFT, Key::F10);
    assert!(harness.get_by_label_contains("Open details").is_focused());
    for _ in 0..2 {
        press(&mut harness, Modifiers::NONE, Key::ArrowDown);
    }
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(edits(harness.state()), set(&["Uptime probe"], Some(Tier::T2)));
}

#[test]
fn a_search_without_a_match_is_cleared_with_one_button() {
    let mut harness = desk(&morning());
    harness.get_by_label("Search crons").focus();
    harness.step();
    harness.get_by_label("Search crons").type_text("nobody");
    harness.run_steps(4);
    harness.get_by_label("No cron matches");
    harness.get_by_label("Clear search and filters").click();
    harness.run_steps(4);
    harness.get_by_label("Backup verify");
}

#[test]
fn a_chain_without_any_route_set_up_says_so_and_lights_no_pause() {
    let mut snapshot = morning().snapshot();
    let settings = std::sync::Arc::make_mut(&mut snapshot.settings);
    for key in settings.chain(Tier::T3).routes.clone() {
        settings.routes.get_mut(&key).expect("a route").model = None;
    }
    let harness = sized(snapshot, [1104.0, 680.0], egui::Theme::Dark);
    harness.get_by_label("chain not set up");
    let lit = harness.query_all_by_label("nothing serves: pause").count();
    assert_eq!(lit, 2, "in the other tiers MiniMax is set up and down");
}

#[test]
fn a_route_that_is_passed_over_says_why_in_the_accounts_own_words() {
    let harness = desk(&morning());
    assert!(harness.get_all_by_label_contains("MiniMax, skipped: out of credits since").count() >= 1);
}

/// How often a sign is painted.
fn painted(harness: &Harness<'_, Desk>, sign: &str) -> usize {
    fn within(shape: &egui::Shape, sign: &str) -> usize {
        match shape {
            egui::Shape::Text(text) => usize::from(text.galley.text() == sign),
            egui::Shape::Vec(shapes) => shapes.iter().map(|shape| within(shape, sign)).sum(),
            _ => 0,
        }
    }
    harness.output().shapes.iter().map(|clipped| within(&clipped.shape, sign)).sum()
}

#[test]
fn a_route_that_serves_and_is_only_spared_is_not_marked_as_down() {
    let marked = |why: SkipReason| {
        let mut world = World::default();
        world.cron("Email triage", Some(Tier::T2), FLASH);
        let mut snapshot = world.snapshot();
        let routes = snapshot.settings.chain(Tier::T2).routes.clone();
        let decision = Decision {
            cron: snapshot.tiers.keys().next().expect("a cron").clone(),
            verdict: Verdict::Stay,
            chosen: Some(routes[1].clone()),
            model: None,
            skipped: [Skipped { route: routes[0].clone(), why }].into(),
            reason: Reason::ChainEdited,
            since: None,
            would_change: None,
        };
        Arc::make_mut(&mut snapshot.plan).decisions = vec![decision];
        let harness = sized(snapshot, [1104.0, 680.0], egui::Theme::Dark);
        (painted(&harness, icon::TIMER), painted(&harness, icon::CLOSE))
    };
    let (timers, crosses) = marked(SkipReason::Down { health: Health::OutOfBalance, since: None });
    let spared = marked(SkipReason::Spared { until: now() + SignedDuration::from_hours(3) });
    assert_eq!(spared, (timers + 1, crosses - 1));
}
