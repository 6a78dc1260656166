//! The details of one cron.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::SignedDuration;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Consent, Edit};
use model_orchestrator::ui::action::Action;
use model_orchestrator::ui::screens::drawer::Drawer;

use super::scene::{Scene, minutes, now};
use super::{Stage, change, click, edits, fits, key, long_name, says, stage, told, write};

/// Tall enough to see all of it.
const TALL: [f32; 2] = [380.0, 1900.0];

fn open(scene: Scene, cron: &str) -> Harness<'static, Stage<Drawer>> {
    let mut drawer = Drawer::default();
    drawer.open(CronId::new(cron));
    stage(drawer, Drawer::ui, scene, TALL)
}

#[test]
fn it_explains_where_the_cron_runs_and_why() {
    let drawer = open(Scene::planned(), "heartbeat");
    for said in [
        "Heartbeat ping",
        "Why does Heartbeat ping go to Flash 3?",
        "1, MiniMax, skipped: out of credits since yesterday 22:04",
        "2, Flash 3, serves",
        "the gateway's configured chain",
        "07:30, in 30 min",
        "14:30 in Asia/Shanghai",
    ] {
        assert!(says(&drawer, said), "{said}");
    }
}

#[test]
fn its_runs_are_asked_for_once_and_again_after_a_run() {
    let mut drawer = open(Scene::planned(), "heartbeat");
    assert!(says(&drawer, "Reading its last runs…"));
    let asked = |drawer: &Harness<'_, Stage<Drawer>>| {
        told(drawer).iter().filter(|command| matches!(command, Command::LoadRuns { .. })).count()
    };
    assert_eq!(asked(&drawer), 1, "once, however many frames are drawn");
    let run = RunRecord {
        cron: CronId::new("heartbeat"),
        at: now() - minutes(4),
        finished_at: now() - minutes(3),
        status: RunStatus::Error,
        provider: Some("minimax".to_owned()),
        model: Some("MiniMax-M3".to_owned()),
        error: Some("402 余额不足".to_owned()),
        error_reason: None,
        duration: Some(SignedDuration::from_secs(14)),
        usage: Some(TokenUsage { input: 12_000, output: 400, total: 12_400 }),
    };
    change(&mut drawer, |snapshot| snapshot.runs = Arc::new(BTreeMap::from([(run.cron.clone(), vec![run.clone()])])));
    for said in ["06:56", "× failed", "12.4k tokens · 14 s", "402 余额不足"] {
        assert!(says(&drawer, said), "{said}");
    }
    change(&mut drawer, |snapshot| {
        let cron = Arc::make_mut(Arc::make_mut(&mut snapshot.crons).get_mut("heartbeat").expect("is there"));
        cron.last_run.as_mut().expect("has run").at = now();
    });
    assert_eq!(asked(&drawer), 2);
}

#[test]
fn tier_critical_hold_pin_and_asking_first_are_edits() {
    let mut drawer = open(Scene::planned(), "heartbeat");
    click(&mut drawer, "T3");
    click(&mut drawer, "must keep running in a crisis");
    click(&mut drawer, "leave it alone");
    click(&mut drawer, "ask before automation changes it");
    click(&mut drawer, "Pinned model");
    click(&mut drawer, "MiniMax (now)");
    let crons = vec![CronId::new("heartbeat")];
    let pin = Some(Pin { model: ModelRef::parse(super::scene::MINIMAX) });
    assert_eq!(
        edits(&drawer),
        [
            Edit::SetTier { crons: crons.clone(), tier: Some(Tier::T3) },
            Edit::SetCritical { crons: crons.clone(), critical: true },
            Edit::SetHold { crons: crons.clone(), hold: true },
            Edit::SetAskFirst { crons: crons.clone(), ask_first: true },
            Edit::SetPin { crons, pin },
        ]
    );
}

#[test]
fn an_unsorted_cron_offers_its_suggestion() {
    let scene = Scene::new().with(|snapshot| {
        Arc::make_mut(&mut snapshot.tiers).remove("invoice");
        let why = SuggestionReason::ReadsAndDecides { word: "invoice".to_owned() };
        snapshot.suggestions = Arc::new(BTreeMap::from([(CronId::new("invoice"), Suggestion { tier: Tier::T2, why })]));
    });
    let mut drawer = open(scene, "invoice");
    click(&mut drawer, "Accept T2");
    assert_eq!(edits(&drawer), [Edit::AcceptSuggestions { crons: vec![CronId::new("invoice")] }]);
}

#[test]
fn an_agent_made_cron_says_what_an_edit_costs() {
    let mut drawer = open(Scene::planned(), "standup");
    assert!(says(&drawer, "An edit drops the authority it stored"));
    click(&mut drawer, "Allow edits all the same");
    assert_eq!(
        edits(&drawer),
        [Edit::Agree { crons: vec![CronId::new("standup")], to: Consent::EditAgentMade, agrees: true }]
    );
}

#[test]
fn the_note_is_saved_when_it_is_left() {
    let mut drawer = open(Scene::planned(), "heartbeat");
    write(&mut drawer, "Note", "runs for 余先生");
    assert_eq!(edits(&drawer), [], "not at every key");
    key(&mut drawer, Key::Tab);
    let note = Some("runs for 余先生".to_owned());
    assert_eq!(edits(&drawer), [Edit::SetNote { cron: CronId::new("heartbeat"), note }]);
}

#[test]
fn a_held_folder_takes_no_edit_and_says_by_whom() {
    let scene = Scene::planned().with(|snapshot| {
        snapshot.folder.as_mut().expect("has a folder").held_by = Some("nas".to_owned());
    });
    let mut drawer = open(scene, "heartbeat");
    assert!(says(&drawer, "held by nas"));
    click(&mut drawer, "T3");
    assert_eq!(edits(&drawer), []);
}

#[test]
fn what_has_no_model_is_not_offered_one() {
    let scene = Scene::new().with(|snapshot| {
        let cron = Arc::make_mut(Arc::make_mut(&mut snapshot.crons).get_mut("backup").expect("is there"));
        cron.payload = Payload::Other("command".to_owned());
    });
    let drawer = open(scene, "backup");
    assert!(says(&drawer, "A command job runs no agent turn"));
    assert!(drawer.query_by_label("Pinned model").is_none());
}

#[test]
fn a_deleted_cron_says_so_and_the_drawer_closes() {
    let mut drawer = open(Scene::planned(), "gone");
    assert!(says(&drawer, "This cron is not there"));
    click(&mut drawer, "Close the details");
    assert!(drawer.state().wishes.iter().any(|wish| matches!(wish, Action::CloseDrawer)));
}

#[test]
fn a_long_name_stays_inside() {
    let scene = Scene::planned().with(|snapshot| {
        let cron = Arc::make_mut(Arc::make_mut(&mut snapshot.crons).get_mut("backup").expect("is there"));
        cron.name = long_name();
    });
    fits(&open(scene, "backup"), TALL, &["Close the details", "Copy the id", "Pinned model", "Note"]);
}
