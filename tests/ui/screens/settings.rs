//! Settings: each control is one change.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::civil::time;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, SettingsChange};
use model_orchestrator::ui::action::{Action, Pick};
use model_orchestrator::ui::screens::settings::Settings as SettingsScreen;

use super::scene::{FLASH, KIMI, Scene, model};
use super::{NARROW, Stage, changes, click, control, fits, key, says, settle, stage, told};

const TALL: [f32; 2] = [972.0, 2100.0];

fn open(size: [f32; 2]) -> Harness<'static, Stage<SettingsScreen>> {
    stage(SettingsScreen::default(), SettingsScreen::ui, Scene::new(), size)
}

#[test]
fn chains_are_changed_step_by_step() {
    let mut settings = open(TALL);
    click(&mut settings, "Move Kimi up in T1");
    click(&mut settings, "Take MiniMax out of T2");
    let routes = |keys: &[&str]| Chain { order: ChainOrder::Listed, routes: keys.iter().map(RouteKey::new).collect() };
    assert_eq!(
        changes(&settings),
        [
            SettingsChange::SetChain { tier: Tier::T1, chain: routes(&["minimax", "kimi", "gemini_flash"]) },
            SettingsChange::SetChain { tier: Tier::T2, chain: routes(&["gemini_flash", "kimi"]) },
        ]
    );
}

#[test]
fn a_chain_can_be_ranked_and_grow() {
    let mut settings = open(TALL);
    click(&mut settings, "Order of T1");
    click(&mut settings, "cheapest available");
    click(&mut settings, "Add a route to T1");
    control(&settings, "Opus").click();
    settle(&mut settings);
    let [SettingsChange::SetChain { chain: ranked, .. }, SettingsChange::SetChain { chain: longer, .. }] =
        &changes(&settings)[..]
    else {
        panic!("{:?}", changes(&settings));
    };
    assert_eq!(ranked.order, ChainOrder::Cheapest);
    assert_eq!(longer.routes.last(), Some(&RouteKey::new("opus")));
}

#[test]
fn a_number_is_sent_once_when_it_is_left() {
    let mut settings = open(TALL);
    settings.get_by_label("Minutes a route must have served").click();
    settle(&mut settings);
    settings.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    settings.event(egui::Event::Text("25".to_owned()));
    settle(&mut settings);
    assert_eq!(changes(&settings), [], "not while it is typed");
    key(&mut settings, Key::Enter);
    assert_eq!(changes(&settings), [SettingsChange::SetSettleMinutes(25)]);
}

#[test]
fn distribution_looks_at_quotas_only_when_it_is_told_to() {
    let mut settings = open(TALL);
    let label = "distribution sends crons elsewhere before a quota runs out, to the cheapest route with room";
    click(&mut settings, label);
    assert_eq!(changes(&settings), [SettingsChange::SetQuotaAware(true)]);
}

#[test]
fn how_long_the_history_is_kept_has_bounds() {
    let mut settings = open(TALL);
    rewrite(&mut settings, "Days that the history is kept", "90");
    rewrite(&mut settings, "Days that the history is kept", "1");
    let changes = changes(&settings);
    assert_eq!(changes, [SettingsChange::SetHistoryDays(90), SettingsChange::SetHistoryDays(7)]);
}

/// Writes over what a number or time says.
fn rewrite(settings: &mut Harness<'static, Stage<SettingsScreen>>, label: &str, text: &str) {
    click(settings, label);
    settings.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    settings.event(egui::Event::Text(text.to_owned()));
    key(settings, Key::Enter);
}

#[test]
fn automation_has_a_level_limits_and_quiet_hours() {
    let mut settings = open(TALL);
    assert!(says(&settings, "waits for your click"), "each level says what it means");
    click(&mut settings, "Act within limits");
    rewrite(&mut settings, "Percent of the crons that automation may change in an hour", "10");
    rewrite(&mut settings, "Crons that automation may change in an hour", "5");
    click(&mut settings, "automation changes nothing from");
    let now = Automation::default();
    let quiet = QuietHours { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0) };
    let expected = [
        Automation { level: AutomationLevel::ActWithinLimits, ..now.clone() },
        Automation { max_ratio: 0.1, ..now.clone() },
        Automation { max_crons: 5, ..now.clone() },
        Automation { quiet: Some(quiet), ..now },
    ];
    assert_eq!(changes(&settings), expected.map(SettingsChange::SetAutomation));
}

#[test]
fn quiet_hours_are_typed_as_times() {
    let quiet = QuietHours { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0) };
    let scene = Scene::new().with(|snapshot| Arc::make_mut(&mut snapshot.settings).automation.quiet = Some(quiet));
    let mut settings = stage(SettingsScreen::default(), SettingsScreen::ui, scene, TALL);
    assert!(says(&settings, "22:00") && says(&settings, "07:00"));
    rewrite(&mut settings, "Quiet hours begin", "23:15");
    rewrite(&mut settings, "Quiet hours end", "6");
    rewrite(&mut settings, "Quiet hours end", "late");
    click(&mut settings, "automation changes nothing from");
    let wished: Vec<_> = changes(&settings)
        .into_iter()
        .map(|change| match change {
            SettingsChange::SetAutomation(automation) => automation.quiet,
            other => panic!("{other:?}"),
        })
        .collect();
    let begins = QuietHours { from: time(23, 15, 0, 0), ..quiet };
    let ends = QuietHours { to: time(6, 0, 0, 0), ..quiet };
    assert_eq!(wished, [Some(begins), Some(ends), None], "and what is no time changes nothing");
}

#[test]
fn each_kind_of_notification_has_its_switch() {
    let mut settings = open(TALL);
    for label in [
        "an outage has begun, or automation has acted on it",
        "what was changed can be given back, or was",
        "something needs you: a cron about to be switched off, a provider that failed again",
    ] {
        click(&mut settings, label);
    }
    let all = Notifications::default();
    let expected = [
        Notifications { outage: false, ..all },
        Notifications { recovery: false, ..all },
        Notifications { attention: false, ..all },
    ];
    assert_eq!(changes(&settings), expected.map(SettingsChange::SetNotifications));
}

#[test]
fn the_look_is_a_choice() {
    let mut settings = open(TALL);
    click(&mut settings, "Light");
    click(&mut settings, "Compact cards, two lines each");
    click(&mut settings, "Quotas at its foot");
    let (light, compact) = (SettingsChange::SetTheme(ThemeChoice::Light), SettingsChange::SetCompactCards(true));
    assert_eq!(changes(&settings), [light, compact, SettingsChange::SetQuotaStrip(true)]);
}

#[test]
fn resetting_the_chains_takes_two_presses() {
    let mut settings = open(TALL);
    click(&mut settings, "Reset chains…");
    assert!(told(&settings).is_empty());
    click(&mut settings, "Reset chains, prices and matches");
    assert_eq!(changes(&settings), [SettingsChange::ResetChains]);
}

#[test]
fn the_gateway_is_named_with_its_rights_and_folder() {
    let mut settings = open(NARROW);
    for said in
        ["Connected to home-mini", "read and write", "2026.9.6", "/home/ann/.local/state/model-orchestrator/home-mini"]
    {
        assert!(says(&settings, said), "{said}");
    }
    fits(&settings, NARROW, &["Move Flash 3 down in T3", "Take Opus out of T3", "Copy the folder's path"]);
    click(&mut settings, "Disconnect");
    assert!(matches!(told(&settings).as_slice(), [Command::Disconnect]));
}

#[test]
fn an_open_match_is_asked_at_the_top() {
    let question = "Which model is meant by each route?";
    assert!(!says(&open(NARROW), question));
    let scene = Scene::new().with(|snapshot| {
        snapshot.match_asked = true;
        let route = RouteMatch {
            route: RouteKey::new("kimi"),
            label: "Kimi".to_owned(),
            model: None,
            candidates: vec![model(KIMI), model(FLASH)],
            certainty: MatchCertainty::Asks,
        };
        snapshot.matches = Arc::new(vec![route]);
    });
    let mut settings = stage(SettingsScreen::default(), SettingsScreen::ui, scene, NARROW);
    assert!(says(&settings, question));
    click(&mut settings, "Model for Kimi");
    click(&mut settings, &format!("Kimi K2 Turbo · {KIMI}"));
    click(&mut settings, "Confirm the match");
    let expected = BTreeMap::from([(RouteKey::new("kimi"), Some(model(KIMI)))]);
    assert_eq!(changes(&settings), [SettingsChange::MatchRoutes(expected)]);
}

#[test]
fn import_and_export_ask_for_a_path() {
    let mut settings = open(TALL);
    for label in ["Import a folder…", "Import a file…", "Export the whole folder…", "Export cron-tiers.json…"] {
        click(&mut settings, label);
    }
    let pick = |wish: &Action| match wish {
        Action::Pick(pick) => Some(pick.clone()),
        _ => None,
    };
    let picks: Vec<_> = settings.state().wishes.iter().filter_map(pick).collect();
    let file = Pick::ExportFile("cron-tiers.json".to_owned());
    assert_eq!(picks, [Pick::ImportFolder, Pick::ImportFile, Pick::ExportFolder, file]);
}
