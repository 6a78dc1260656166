//! What-if: what is supposed by pointer and by keyboard, what is said of it, and what is made so.

use std::sync::Arc;

use egui::{Key, Modifiers, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::tz::TimeZone;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Edit, Foresight, SettingsChange, Snapshot};
use model_orchestrator::ui::action::{Action, Screen};
use model_orchestrator::ui::screens::what_if::WhatIf;

use super::scene::{Scene, minutes, now};
use super::{NARROW, Stage, WIDE, click, fits, key, read_out, says, settle, stage, told};

/// The screen, and what imagines for it.
#[derive(Default)]
struct Scenery {
    what_if: WhatIf,
    foresight: Foresight,
}

fn draw(view: &mut Scenery, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
    let connected = snapshot.connection.info().is_some();
    let imagined = connected.then(|| view.foresight.imagine(snapshot, view.what_if.supposed(), view.what_if.ahead()));
    view.what_if.ui(ui, snapshot, imagined.map(Arc::new), zone)
}

fn open(size: [f32; 2]) -> Harness<'static, Stage<Scenery>> {
    stage(Scenery::default(), draw, scene(), size)
}

/// MiniMax is out of credits; Google and Kimi serve, and Kimi has a window.
fn scene() -> Scene {
    Scene::new().with(|snapshot| {
        let accounts = ["google", "kimi", "minimax"].map(AccountId::new);
        snapshot.accounts = Arc::new(accounts.clone().map(|id| (id.clone(), ProviderAccount::implied(id))).into());
        let fleet = Arc::make_mut(&mut snapshot.fleet);
        for id in ["google", "kimi"] {
            let serving = Vital { health: Health::Up, observed_at: Some(now() - minutes(2)), ..Vital::default() };
            fleet.accounts.insert(AccountId::new(id), serving);
        }
        let window = QuotaWindow {
            resets_at: Some(now() + minutes(180)),
            ..QuotaWindow::new("5h", 0.22, now() - minutes(2), Source::UsageStatus)
        };
        fleet.windows.insert(AccountId::new("kimi"), vec![window]);
    })
}

fn supposed<'h>(harness: &'h Harness<'_, Stage<Scenery>>) -> &'h Hypothesis {
    harness.state().view.what_if.supposed()
}

fn focus(harness: &mut Harness<'_, Stage<Scenery>>, label: &str) {
    harness.get_by_label_contains(label).focus();
    settle(harness);
}

#[test]
fn an_account_that_is_taken_down_makes_a_crisis_of_it_and_nothing_is_asked_of_the_engine() {
    let mut screen = open(WIDE);
    assert!(says(&screen, "A simulation: nothing is sent"), "{:#?}", read_out(&screen));
    assert!(says(&screen, "Nothing is supposed yet") && says(&screen, "1 provider is down: MiniMax."));
    click(&mut screen, "Google: down");
    assert!(says(&screen, "Crisis: Google and MiniMax are down."), "{:#?}", read_out(&screen));
    assert!(says(&screen, "Supposed: Google is down") && says(&screen, "Level: Degraded today, Crisis then"));
    assert!(says(&screen, "Invoice chaser: Kimi → paused"), "{:#?}", read_out(&screen));
    click(&mut screen, "Google: as it is");
    assert!(supposed(&screen).is_empty() && says(&screen, "Level: Degraded today, Degraded then"));
    click(&mut screen, "MiniMax: back");
    assert!(says(&screen, "No provider is down.") && says(&screen, "MiniMax is back"));
    click(&mut screen, "Reset to today");
    assert!(supposed(&screen).is_empty());
    assert!(told(&screen).is_empty(), "{:?}", told(&screen));
}

#[test]
fn the_clock_is_moved_by_quarters_of_an_hour_by_days_and_to_its_ends() {
    let mut screen = open(NARROW);
    focus(&mut screen, "Clock: as it is now");
    for (pressed, modifiers, ahead) in [
        (Key::ArrowRight, Modifiers::NONE, 15),
        (Key::ArrowRight, Modifiers::NONE, 30),
        (Key::ArrowRight, Modifiers::SHIFT, 24 * 60 + 30),
        (Key::ArrowLeft, Modifiers::NONE, 24 * 60 + 15),
        (Key::End, Modifiers::NONE, 30 * 24 * 60),
    ] {
        screen.key_press_modifiers(modifiers, pressed);
        settle(&mut screen);
        assert_eq!(supposed(&screen).at, Some(now() + minutes(ahead)), "{pressed:?}");
    }
    assert!(says(&screen, "it is 23 Dec 07:00, in 30 d"), "{:#?}", read_out(&screen));
    key(&mut screen, Key::Home);
    assert_eq!(supposed(&screen).at, None);
    key(&mut screen, Key::ArrowRight);
    screen.state_mut().snapshot.at = now() + minutes(16);
    settle(&mut screen);
    assert_eq!(supposed(&screen).at, None, "the real clock has passed it");
}

#[test]
fn what_is_imagined_follows_the_pointer_and_stays_where_it_is_let_go() {
    let mut screen = open(WIDE);
    let track = screen.get_by_label_contains("Clock: as it is now").rect();
    let at = |part: f32| egui::pos2(egui::lerp(track.x_range(), part), track.center().y);
    screen.drag_at(at(0.0));
    let mut before = None;
    for part in [0.25, 0.5, 0.75] {
        screen.hover_at(at(part));
        settle(&mut screen);
        let now = supposed(&screen).at;
        assert!(now > before, "{part}: {now:?} after {before:?}");
        before = now;
    }
    screen.drop_at(at(0.75));
    screen.hover_at(at(0.1));
    settle(&mut screen);
    assert_eq!(supposed(&screen).at, before);
}

#[test]
fn a_window_is_put_to_any_level_and_back() {
    let mut screen = open(NARROW);
    focus(&mut screen, "Kimi 5h: 22%");
    key(&mut screen, Key::ArrowRight);
    let level = |screen: &Harness<'_, Stage<Scenery>>| supposed(screen).windows.values().next().copied();
    assert_eq!(level(&screen), Some(0.23));
    key(&mut screen, Key::End);
    assert_eq!(level(&screen), Some(1.0));
    assert!(says(&screen, "Kimi's 5h window is at 100%") && says(&screen, "Crisis: Kimi and MiniMax are down."));
    click(&mut screen, "Kimi 5h: as it is");
    assert_eq!(level(&screen), None);
}

#[test]
fn what_is_made_so_is_listed_first_and_is_an_edit_and_nothing_more() {
    let mut screen = open(WIDE);
    assert!(screen.query_by_label("Make it so…").is_none(), "there is nothing to make so");
    click(&mut screen, "Google: down");
    click(&mut screen, "A cron to be sorted otherwise");
    click(&mut screen, "Team standup notes");
    click(&mut screen, "Team standup notes in T2");
    assert_eq!(supposed(&screen).tiers.values().collect::<Vec<_>>(), [&Tier::T2]);
    click(&mut screen, "Make it so…");
    assert!(says(&screen, "Sort 1 cron into T2") && says(&screen, "Treat Google as down until tomorrow 07:00"));
    click(&mut screen, "Make 2 changes");
    let told = told(&screen);
    let [Command::Together(told)] = &told[..] else { panic!("one step of undo: {told:?}") };
    let sorted = Edit::SetTier { crons: vec!["standup".into()], tier: Some(Tier::T2) };
    assert!(matches!(&told[0], Command::Edit(edit) if *edit == sorted), "{told:?}");
    let down = |account: &ProviderAccount| account.id.as_str() == "google" && account.down_until.is_some();
    let is_down =
        |told: &Command| matches!(told, Command::Settings(SettingsChange::PutAccount(account)) if down(account));
    assert!(told.len() == 2 && is_down(&told[1]), "{told:?}");
    let leads_on = |wish: &Action| matches!(wish, Action::Go(Screen::Plan));
    assert!(screen.state().wishes.iter().any(leads_on));
    assert!(!supposed(&screen).is_empty(), "it may be refused");
    let snapshot = &mut screen.state_mut().snapshot;
    Arc::make_mut(&mut snapshot.tiers).insert("standup".into(), TierEntry::new(Tier::T2));
    let until = Some(snapshot.at + minutes(24 * 60));
    Arc::make_mut(&mut snapshot.settings).account_mut(&AccountId::new("google")).down_until = until;
    settle(&mut screen);
    assert!(supposed(&screen).is_empty(), "all of it is so: {:?}", supposed(&screen));
}

#[test]
fn what_was_no_wish_stays_supposed_when_the_rest_is_made_so() {
    let mut screen = open(WIDE);
    click(&mut screen, "Kimi: down");
    click(&mut screen, "A cron to be sorted otherwise");
    click(&mut screen, "Team standup notes");
    click(&mut screen, "Team standup notes in T2");
    focus(&mut screen, "Clock: as it is now");
    key(&mut screen, Key::ArrowRight);
    let before = supposed(&screen).clone();
    assert!(before.at.is_some() && before.accounts.len() == 1 && before.tiers.len() == 1);
    click(&mut screen, "Make it so…");
    click(&mut screen, "Make 1 change");
    assert_eq!(*supposed(&screen), before, "nothing is lost while it may still be refused");
    let tiers = &mut screen.state_mut().snapshot.tiers;
    Arc::make_mut(tiers).insert("standup".into(), TierEntry::new(Tier::T2));
    settle(&mut screen);
    assert_eq!(*supposed(&screen), Hypothesis { tiers: [].into(), ..before }, "Kimi and the clock were no wishes");
}

#[test]
fn a_cron_is_found_by_its_name_and_only_those_that_are_seen_are_drawn() {
    let scene = scene().with(|snapshot| {
        let crons = Arc::make_mut(&mut snapshot.crons);
        let one = crons["standup"].clone();
        for index in 0..400 {
            let id = CronId::new(format!("many{index}"));
            crons.insert(id.clone(), Arc::new(Cron { id, name: format!("Watch {index:03}"), ..(*one).clone() }));
        }
    });
    let mut screen = stage(Scenery::default(), draw, scene, WIDE);
    click(&mut screen, "A cron to be sorted otherwise");
    let drawn = |screen: &Harness<'_, Stage<Scenery>>| {
        let rows = screen.query_all_by(|node| node.label().is_some_and(|label| label.starts_with("Watch ")));
        rows.map(|row| row.accesskit_node().label().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert!(drawn(&screen).len() < 40, "{:?}", drawn(&screen));
    screen.event(egui::Event::Text("watch 39".to_owned()));
    settle(&mut screen);
    let found = drawn(&screen);
    assert!(found.len() > 5 && found.iter().all(|name| name.starts_with("Watch 39")), "{found:?}");
    click(&mut screen, "Watch 394");
    click(&mut screen, "Watch 394 in T2");
    assert_eq!(supposed(&screen).tiers, [(CronId::new("many394"), Tier::T2)].into());
}

#[test]
fn what_is_about_another_time_cannot_be_made_so_and_says_why() {
    let mut screen = open(WIDE);
    click(&mut screen, "Google: down");
    focus(&mut screen, "Clock: as it is now");
    key(&mut screen, Key::ArrowRight);
    assert!(screen.get_by_label("Make it so…").accesskit_node().is_disabled());
    key(&mut screen, Key::Home);
    assert!(!screen.get_by_label("Make it so…").accesskit_node().is_disabled());
}

#[test]
fn a_click_on_a_slider_gives_it_the_keyboard() {
    let mut screen = open(WIDE);
    let track = screen.get_by_label_contains("Clock: as it is now").rect();
    let at = egui::pos2(egui::lerp(track.x_range(), 0.5), track.center().y);
    screen.hover_at(at);
    screen.step();
    // Down and up within one frame, as a quick click on a slow computer is.
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        screen.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
    }
    settle(&mut screen);
    let before = supposed(&screen).at.expect("it is moved");
    key(&mut screen, Key::ArrowRight);
    assert_eq!(supposed(&screen).at, Some(before + minutes(15)));
}

#[test]
fn a_route_that_is_pressed_is_tried_first() {
    let mut screen = open(WIDE);
    click(&mut screen, "T2: try Kimi first");
    let routes = &supposed(&screen).chains[&Tier::T2];
    assert_eq!(routes[0].as_str(), "kimi");
    assert!(says(&screen, "T2's chain is another"));
    click(&mut screen, "T2: as it is");
    assert!(supposed(&screen).is_empty());
}

#[test]
fn an_outage_is_rehearsed_and_said_and_nothing_is_asked_of_the_engine() {
    let mut screen = open(WIDE);
    assert!(says(&screen, "Take accounts down above"), "{:#?}", read_out(&screen));
    click(&mut screen, "Google: down");
    click(&mut screen, "Outage lasts: 1 h");
    click(&mut screen, "Rehearse");
    screen.state_mut().view.what_if.wait_for_rehearsal();
    settle(&mut screen);
    assert!(says(&screen, "Google away for 1 h: "), "{:#?}", read_out(&screen));
    assert!(says(&screen, "Google stops serving") && says(&screen, "Google serves again"), "{:#?}", read_out(&screen));
    assert!(says(&screen, "Google is away") && says(&screen, "Failed runs: "), "{:#?}", read_out(&screen));
    fits(&screen, WIDE, &["Close the rehearsal", "Rehearse"]);
    click(&mut screen, "Close the rehearsal");
    assert!(says(&screen, "Level: Degraded today, Crisis then"), "the plan is here again");
    click(&mut screen, "Rehearse");
    screen.state_mut().view.what_if.wait_for_rehearsal();
    settle(&mut screen);
    click(&mut screen, "Kimi: down");
    assert!(!says(&screen, "away for 1 h"), "that was about something else: {:#?}", read_out(&screen));
    assert!(told(&screen).is_empty(), "{:?}", told(&screen));
}

#[test]
fn the_button_that_rehearses_stays_where_it_is() {
    for size in [NARROW, WIDE] {
        let mut screen = open(size);
        let before = super::control(&screen, "Rehearse").rect();
        click(&mut screen, "Kimi: down");
        fits(&screen, size, &["Outage lasts: until reset", "Rehearse"]);
        let after = super::control(&screen, "Rehearse").rect();
        assert!((before.left() - after.left()).abs() < 1.0, "{size:?}: {before:?} {after:?}");
        let last = super::control(&screen, "Outage lasts: until reset").rect();
        assert!(last.right() <= after.left(), "{size:?}: {last:?} lies under {after:?}");
    }
}

#[test]
fn a_rehearsal_is_stopped_when_somebody_does_not_want_to_wait() {
    let mut screen = open(NARROW);
    click(&mut screen, "Google: down");
    click(&mut screen, "Outage lasts: 24 h");
    click(&mut screen, "Rehearse");
    if screen.query_by_label("Stop rehearsing").is_some() {
        click(&mut screen, "Stop rehearsing");
        assert!(says(&screen, "The rehearsal was stopped"), "{:#?}", read_out(&screen));
        click(&mut screen, "Kimi: down");
        assert!(!says(&screen, "The rehearsal was stopped"), "that was about something else");
    }
    assert!(screen.query_by_label("Rehearse").is_some(), "{:#?}", read_out(&screen));
}

#[test]
fn without_a_gateway_there_is_nothing_to_suppose() {
    let scene = scene().with(|snapshot| snapshot.connection = Connection::None);
    let screen = stage(Scenery::default(), draw, scene, NARROW);
    assert!(says(&screen, "Not connected"));
    assert!(screen.query_by_label("Google: down").is_none());
}

#[test]
fn everything_fits_where_there_is_little_room() {
    let mut screen = open(NARROW);
    click(&mut screen, "Google: down");
    let rows = screen.get_all_by(|node| node.label().is_some_and(|label| label.contains(" today, ")));
    let last = rows.map(|row| row.rect().bottom()).fold(0.0, f32::max);
    let below = screen.get_by_label("Quotas, once the plan is applied").rect().top();
    assert!(last < below, "the comparison ends at {last}, its frame before {below}");
    fits(&screen, NARROW, &["Google: down", "Kimi: back", "Reset to today", "Make it so…", "24 h", "30 d"]);
}
