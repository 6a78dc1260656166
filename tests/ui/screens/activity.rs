//! Activity: what is listed, filters, undo.

use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, UndoScope};
use model_orchestrator::ui::action::{Action, Screen};
use model_orchestrator::ui::screens::activity::Activity;

use super::scene::{Scene, minutes, now};
use super::{NARROW, Stage, click, fits, key, long_name, says, settle, stage, told, write};

fn journal() -> Scene {
    let confirmed = Confirmation::Confirmed { at: now() - minutes(1) };
    let elsewhere = Confirmation::RanElsewhere {
        at: now() - minutes(1),
        provider: "kimi".to_owned(),
        model: "k2-turbo".to_owned(),
    };
    Scene::new()
        .switched("s1", "plan-b", "backup", 3, Confirmation::Waiting)
        .switched("s2", "plan-b", "heartbeat", 3, confirmed)
        .switched("s3", "plan-a", "cleanup", 90, elsewhere)
        .switched("s4", "plan-a", "rotation", 90, Confirmation::Waiting)
        .with(|snapshot| {
            let switches = Arc::make_mut(&mut snapshot.switches);
            switches[3].undone_by = Some(SwitchId::new("s9"));
            "余额 heartbeat".clone_into(&mut switches[1].name);
        })
}

fn open(scene: Scene) -> Harness<'static, Stage<Activity>> {
    stage(Activity::default(), Activity::ui, scene, NARROW)
}

#[test]
fn each_switch_says_what_became_of_it() {
    let activity = open(journal());
    for said in [
        "Plan of today 06:57",
        "waits for its next run",
        "confirmed by its run (06:59)",
        "ran on Kimi (06:59), another model than intended",
        "undone",
    ] {
        assert!(says(&activity, said), "{said}");
    }
}

#[test]
fn chips_and_text_narrow_the_list() {
    let cases: [(&str, &[&str], &[&str]); 3] = [
        ("Unconfirmed 1", &["Backup verify"], &["余额 heartbeat", "Session cleanup"]),
        ("Ran elsewhere 1", &["Session cleanup"], &["Backup verify"]),
        ("Undone 1", &["Log rotation report"], &["Backup verify", "Session cleanup"]),
    ];
    for (chip, shown, hidden) in cases {
        let mut activity = open(journal());
        click(&mut activity, chip);
        assert!(shown.iter().all(|name| activity.query_by_label(name).is_some()), "{chip} shows {shown:?}");
        assert!(hidden.iter().all(|name| activity.query_by_label(name).is_none()), "{chip} hides {hidden:?}");
    }
    let mut activity = open(journal());
    write(&mut activity, "Search the activity", "余额");
    assert!(activity.query_by_label("余额 heartbeat").is_some() && activity.query_by_label("Backup verify").is_none());
    write(&mut activity, "Search the activity", " nothing of the kind");
    assert!(says(&activity, "Nothing found"));
}

#[test]
fn one_switch_or_a_whole_plan_is_undone_through_a_plan() {
    let mut activity = open(journal());
    click(&mut activity, "Undo the switch of Backup verify");
    click(&mut activity, "Undo these 2");
    let scopes: Vec<_> = told(&activity)
        .into_iter()
        .map(|command| match command {
            Command::PrepareUndo(scope) => scope,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(scopes, [UndoScope::Switch(SwitchId::new("s1")), UndoScope::Plan(PlanId::new("plan-b"))]);
    let shown = activity.state().wishes.iter().filter(|wish| matches!(wish, Action::Go(Screen::Plan))).count();
    assert_eq!(shown, 2, "what undoing would write is looked at first");
    assert!(activity.query_by_label("Undo the switch of Log rotation report").is_none(), "undone already");
}

#[test]
fn an_empty_journal_says_what_will_be_here() {
    assert!(says(&open(Scene::new()), "Nothing was switched yet"));
}

#[test]
fn a_long_name_leaves_the_buttons_in_the_window() {
    let scene = journal().with(|snapshot| Arc::make_mut(&mut snapshot.switches)[0].name = long_name());
    let activity = open(scene);
    fits(&activity, NARROW, &[&format!("Undo the switch of {}", long_name()), "Undo these 2", "Undone 1"]);
}

#[test]
fn arrows_walk_over_the_titles_of_plans_and_u_asks_for_an_undo() {
    let mut activity = open(journal());
    activity.get_by_label_contains("Plan of today 06:57, 2 switches").focus();
    settle(&mut activity);
    for _ in 0..4 {
        key(&mut activity, Key::ArrowDown);
    }
    let on = activity.get_by_label_contains("Session cleanup, from");
    assert!(on.is_focused(), "over two switches and the title of the plan before");
    key(&mut activity, Key::U);
    let own = UndoScope::Switch(SwitchId::new("s3"));
    assert!(matches!(told(&activity).as_slice(), [Command::PrepareUndo(scope)] if *scope == own));
    key(&mut activity, Key::Home);
    key(&mut activity, Key::U);
    let whole = UndoScope::Plan(PlanId::new("plan-b"));
    assert!(matches!(told(&activity).as_slice(), [_, Command::PrepareUndo(scope)] if *scope == whole));
    assert!(matches!(activity.state().wishes.last(), Some(Action::Go(Screen::Plan))), "it is shown there");
}
