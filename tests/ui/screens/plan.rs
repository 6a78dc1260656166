//! The plan: ticks, apply, progress, conflicts, undo.

use std::sync::Arc;

use egui::{Key, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::tz::TimeZone;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Edit, Snapshot, UndoScope};
use model_orchestrator::ui::action::Action;
use model_orchestrator::ui::screens::plan::Plan as PlanScreen;

use super::scene::{KIMI, Scene, connected, minutes, now};
use super::{NARROW, Stage, WIDE, change, click, edits, fits, key, long_name, says, settle, stage, told};
use crate::shell::tap;

fn draw(view: &mut PlanScreen, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
    view.ui(ui, snapshot, None, zone)
}

/// With what is foreseen of the plan that waits.
fn draw_foreseen(view: &mut PlanScreen, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
    let load = Overload {
        account: "google".into(),
        window: "Daily".to_owned(),
        used_ratio: 0.49,
        expected_ratio: 1.4,
        resets_at: now() + minutes(60 * 11),
        runs_out_at: Some(now() + minutes(60 * 3)),
        n_crons: 25,
    };
    let coming = ComingRuns::default();
    let forecast = Forecast { at: now(), until: now(), windows: Vec::new(), coming, record: TrackRecord::default() };
    let outlook =
        Outlook { forecast, advice: Vec::new(), costs: Costs::default(), overloads: Vec::new(), planned: vec![load] };
    view.ui(ui, snapshot, Some(&outlook), zone)
}

fn open(scene: Scene) -> Harness<'static, Stage<PlanScreen>> {
    stage(PlanScreen::default(), draw, scene, WIDE)
}

fn ids(names: &[&str]) -> Vec<CronId> {
    names.iter().map(CronId::new).collect()
}

fn applied(harness: &Harness<'_, Stage<PlanScreen>>) -> (PlanId, Vec<CronId>) {
    match told(harness).as_slice() {
        [Command::Apply { plan, crons }] => (plan.clone(), crons.clone()),
        other => panic!("expected one apply, not {other:?}"),
    }
}

#[test]
fn what_the_plan_would_use_up_stands_beside_its_changes() {
    let plan = stage(PlanScreen::default(), draw_foreseen, Scene::planned(), WIDE);
    let said = "Google's Daily window is 49% used; 25 crons would use it up at about 10:00, before it resets 18:00.";
    assert!(says(&plan, said));
    let plan = stage(PlanScreen::default(), draw, Scene::planned(), WIDE);
    assert!(!says(&plan, "would use it up"));
}

#[test]
fn applying_sends_only_the_ticked_lines() {
    let mut plan = open(Scene::planned());
    assert!(says(&plan, "5 crons move, 1 left out"), "the line of the agent-made cron starts unticked");
    assert!(says(&plan, "based on what the gateway said 8 s ago"));
    assert!(says(&plan, "4 move from MiniMax (out of credits) to Flash 3"), "beside the button, of what is ticked");
    click(&mut plan, "Apply to Heartbeat ping");
    let beside_the_button = "3 move from MiniMax (out of credits) to Flash 3, 1 returns to Flash 3. \
                             2 left out unless you tick them. Takes about 1 s.";
    assert!(says(&plan, beside_the_button), "it follows the ticks");
    click(&mut plan, "Apply 4 changes");
    assert_eq!(applied(&plan), (PlanId::new("plan-1"), ids(&["backup", "cleanup", "rotation", "invoice"])));
}

#[test]
fn a_fresh_plan_keeps_what_was_unticked_by_hand_and_nothing_else() {
    let mut plan = open(Scene::planned());
    click(&mut plan, "Apply to Heartbeat ping");
    click(&mut plan, "Apply to Team standup notes");
    assert!(says(&plan, "5 crons move, 1 left out"));
    change(&mut plan, |snapshot| Arc::make_mut(&mut snapshot.plan).id = PlanId::new("plan-2"));
    assert!(
        says(&plan, "4 crons move, 2 left out"),
        "the tick set by hand is asked for again, the one taken away stays away"
    );
}

/// Another plan, in which the line of `moved` goes to Kimi and that of `gone` is no longer there.
fn replanned(snapshot: &mut model_orchestrator::engine::Snapshot, id: &str, moved: &str, gone: &str) {
    let plan = Arc::make_mut(&mut snapshot.plan);
    plan.id = PlanId::new(id);
    plan.changes.retain(|change| change.cron.as_str() != gone);
    for change in plan.changes.iter_mut().filter(|change| change.cron.as_str() == moved) {
        change.to.model = Some(KIMI.to_owned());
        change.to_model = ModelRef::parse(KIMI);
    }
    snapshot.revision += 1;
}

#[test]
fn what_comes_while_one_reads_is_marked_and_not_applied_by_a_press_on_its_way() {
    for by_key in [false, true] {
        let mut plan = open(Scene::planned());
        let press = |plan: &mut Harness<'static, Stage<PlanScreen>>| {
            if by_key {
                plan.key_press_modifiers(egui::Modifiers::COMMAND, Key::Enter);
            } else {
                plan.get_by_label("Apply 5 changes").click();
            }
            plan.step();
        };
        replanned(&mut plan.state_mut().snapshot, "plan-2", "heartbeat", "nobody");
        plan.step();
        press(&mut plan);
        assert!(told(&plan).is_empty(), "the press was meant for the plan before");
        assert!(says(&plan, "The plan has just changed: 1 line is new"));
        plan.run_steps(8);
        assert!(says(&plan, "1 line is new. 3 move from MiniMax"), "it is still said when the button works again");
        plan.get_by_label_contains("Heartbeat ping, T1").focus();
        assert!(says(&plan, "next run in 2 min, new, ticked"), "the line is marked");
        press(&mut plan);
        settle(&mut plan);
        assert_eq!(applied(&plan).0, PlanId::new("plan-2"));
    }
}

#[test]
fn a_plan_that_only_lost_lines_or_was_not_looked_at_is_applied_at_once() {
    let mut plan = open(Scene::planned());
    replanned(&mut plan.state_mut().snapshot, "plan-2", "nobody", "heartbeat");
    plan.step();
    click(&mut plan, "Apply 4 changes");
    assert_eq!(applied(&plan).0, PlanId::new("plan-2"));

    let mut plan = open(Scene::planned());
    let offered = plan.state().snapshot.clone();
    plan.state_mut().snapshot = running().snapshot;
    settle(&mut plan);
    plan.state_mut().snapshot = offered;
    replanned(&mut plan.state_mut().snapshot, "plan-2", "heartbeat", "nobody");
    plan.step();
    assert!(!says(&plan, "is new"), "nobody was reading it");
    click(&mut plan, "Apply 5 changes");
    assert_eq!(applied(&plan).0, PlanId::new("plan-2"));
}

#[test]
fn a_press_just_after_the_plan_came_is_not_meant_for_it() {
    for by_key in [false, true] {
        let mut plan = open(Scene::planned());
        let at = plan.get_by_label("Apply 5 changes").rect().center();
        let press = |plan: &mut Harness<'static, Stage<PlanScreen>>| {
            if by_key {
                let (key, modifiers) = (Key::Enter, egui::Modifiers::COMMAND);
                let pressed = egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
                let released = egui::Event::Key { key, physical_key: None, pressed: false, repeat: false, modifiers };
                plan.input_mut().events.extend([pressed, released]);
            } else {
                tap(plan.input_mut(), at);
            }
            plan.step();
        };
        let offered = plan.state().snapshot.clone();
        plan.state_mut().snapshot = running().snapshot;
        settle(&mut plan);
        plan.state_mut().snapshot = offered;
        plan.step();
        press(&mut plan);
        assert!(told(&plan).is_empty(), "the second half of a double click");
        settle(&mut plan);
        press(&mut plan);
        assert_eq!(applied(&plan).0, PlanId::new("plan-1"));
    }
}

#[test]
fn arrows_lead_from_the_button_to_the_lines() {
    let mut plan = open(Scene::planned());
    plan.get_by_label("Apply 5 changes").focus();
    settle(&mut plan);
    key(&mut plan, Key::ArrowDown);
    key(&mut plan, Key::ArrowDown);
    key(&mut plan, Key::Space);
    assert!(told(&plan).is_empty(), "Space was meant for a line");
    assert!(says(&plan, "4 crons move, 2 left out"));
}

#[test]
fn the_same_reason_is_said_only_below_its_own_words() {
    let plan = open(Scene::planned().with(|snapshot| Arc::make_mut(&mut snapshot.plan).changes.swap(0, 5)));
    let same = plan.query_all_by_label("same reason").count();
    assert_eq!(same, 2, "two follow the first that says it, which itself follows the line made by an agent");
}

#[test]
fn one_tick_stands_for_all_lines() {
    let mut plan = open(Scene::planned());
    click(&mut plan, "All changes");
    assert!(says(&plan, "6 crons move"));
    click(&mut plan, "All changes");
    assert!(says(&plan, "6 changes left out"));
    plan.get_by_label("Apply 0 changes").click();
    settle(&mut plan);
    assert!(told(&plan).is_empty(), "nothing is ticked, so nothing can be applied");
}

#[test]
fn the_keyboard_reaches_every_line() {
    let mut plan = open(Scene::planned());
    plan.get_by_label_contains("Backup verify, critical, T1").focus();
    settle(&mut plan);
    key(&mut plan, Key::ArrowDown);
    assert!(plan.get_by_label_contains("Heartbeat ping, T1").is_focused());
    key(&mut plan, Key::Space);
    assert!(says(&plan, "4 crons move, 2 left out"));
    assert!(says(&plan, "Why does Heartbeat ping go to Flash 3?"), "the line under the keyboard is explained");
    key(&mut plan, Key::End);
    assert!(plan.get_by_label_contains("Team standup notes, T1").is_focused());
}

#[test]
fn the_selected_line_is_explained_route_by_route() {
    let mut plan = open(Scene::planned());
    click(&mut plan, "Session cleanup");
    for said in [
        "Why does Session cleanup go to Flash 3?",
        "1, MiniMax, skipped: out of credits since yesterday 22:04",
        "2, Flash 3, serves · 71% of the Day window used, resets tomorrow 10:00",
        "3, Kimi, not needed; written as a fallback",
        "4, pause, not needed",
        "It returns to MiniMax when that account has credit and has served for 10 minutes.",
    ] {
        assert!(says(&plan, said), "{said}");
    }
}

#[test]
fn without_the_right_to_write_the_button_says_why() {
    let cases = [
        (connected(Access::ReadOnlyScopes), "The gateway gave this program the right to read only"),
        (connected(Access::FolderHeld), "The state folder is held by nas"),
        (Connection::None, "No gateway is connected"),
    ];
    for (connection, why) in cases {
        let scene = Scene::planned().with(|snapshot| {
            snapshot.connection = connection;
            snapshot.folder.as_mut().expect("has a folder").held_by = Some("nas".to_owned());
        });
        let mut plan = open(scene);
        assert!(says(&plan, why), "{why}");
        plan.get_by_label("Apply 5 changes").click();
        settle(&mut plan);
        assert!(told(&plan).is_empty(), "{why}");
    }
}

fn running() -> Scene {
    use LineOutcome::{LeftOut, Verified, Waiting, Writing};
    Scene::planned().job(JobPhase::Writing, &[Verified, Verified, Writing, Waiting, Waiting, LeftOut])
}

#[test]
fn a_running_job_shows_its_progress_and_can_be_stopped() {
    let mut plan = open(running());
    for said in ["Applying 2 of 5", "about 3 s left", "2 of 5 changes written", "writing…", "waiting"] {
        assert!(says(&plan, said), "{said}");
    }
    assert!(plan.query_by_label("Apply 5 changes").is_none(), "one job at a time");
    click(&mut plan, "Stop after this one");
    assert!(matches!(told(&plan).as_slice(), [Command::StopJob]));
    change(&mut plan, |snapshot| Arc::make_mut(snapshot.job.as_mut().expect("a job")).phase = JobPhase::Stopping);
    assert!(plan.query_by_label("Stop after this one").is_none());
}

#[test]
fn the_gateways_pace_is_said() {
    let scene = running().with(|snapshot| {
        let job = Arc::make_mut(snapshot.job.as_mut().expect("a job"));
        job.phase = JobPhase::Paced { until: now() + minutes(1) };
    });
    assert!(says(&open(scene), "the gateway's write limit is reached"));
}

#[test]
fn afterwards_the_job_can_be_retried_undone_and_dismissed() {
    use LineOutcome::{Failed, LeftOut, Verified};
    let failed = Failed { detail: "no answer in 30 s".to_owned() };
    let outcomes = [Verified, Verified, failed, Verified, Verified, LeftOut];
    let mut plan = open(Scene::planned().job(JobPhase::Done, &outcomes));
    assert!(says(&plan, "failed: no answer in 30 s"));
    for label in ["Undo these 4 changes", "Retry failed", "Done"] {
        click(&mut plan, label);
    }
    let told = told(&plan);
    let [Command::PrepareUndo(scope), Command::RetryFailed, Command::DismissJob] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*scope, UndoScope::Plan(PlanId::new("plan-1")));
}

#[test]
fn an_interrupted_job_goes_on_or_is_discarded() {
    use LineOutcome::{LeftOut, NotStarted, Verified};
    let outcomes = [Verified, Verified, NotStarted, NotStarted, NotStarted, LeftOut];
    let mut plan = open(Scene::planned().job(JobPhase::Interrupted, &outcomes));
    assert!(says(&plan, "2 of 5 were written before the program ended"));
    click(&mut plan, "Continue");
    click(&mut plan, "Discard");
    assert!(matches!(told(&plan).as_slice(), [Command::ContinueJob, Command::DismissJob]));
}

#[test]
fn what_somebody_else_changed_is_adopted_or_left() {
    use LineOutcome::{Conflict, LeftOut, Verified};
    let conflict = || Conflict { detail: String::new() };
    let outcomes = [Verified, conflict(), Verified, Verified, Verified, LeftOut];
    let theirs = |snapshot: &mut model_orchestrator::engine::Snapshot| {
        let crons = Arc::make_mut(&mut snapshot.crons);
        crons.insert(CronId::new("heartbeat"), Arc::new(super::scene::cron("heartbeat", "Heartbeat ping", KIMI)));
    };
    let mut plan = open(Scene::planned().job(JobPhase::Done, &outcomes).with(theirs));
    assert!(says(&plan, "changed by somebody else"));
    click(&mut plan, "Adopt");
    click(&mut plan, "Leave");
    let crons = ids(&["heartbeat"]);
    let pin = Some(Pin { model: ModelRef::parse(KIMI) });
    assert_eq!(
        edits(&plan),
        [Edit::SetPin { crons: crons.clone(), pin: pin.clone() }, Edit::SetHold { crons, hold: true }]
    );
    change(&mut plan, |snapshot| {
        let entry = Arc::make_mut(&mut snapshot.tiers).get_mut("heartbeat").expect("has a tier");
        entry.pinned = pin;
    });
    assert!(plan.query_by_label("Adopt").is_none() && says(&plan, "adopted: pinned to its model"));
}

#[test]
fn a_pause_that_waits_too_long_asks() {
    use LineOutcome::{DrainAsks, LeftOut, Verified};
    let asks = DrainAsks { since: now() - minutes(20) };
    let mut plan =
        open(Scene::planned().job(JobPhase::Draining, &[Verified, asks, Verified, Verified, Verified, LeftOut]));
    click(&mut plan, "Pause now, ending its run");
    assert!(matches!(told(&plan).as_slice(), [Command::PauseNow { cron }] if cron.as_str() == "heartbeat"));
}

#[test]
fn an_offered_undo_is_shown_ticked_and_can_be_discarded() {
    let scene = Scene::planned().with(|snapshot| {
        let mut undo = (*snapshot.plan).clone();
        undo.id = PlanId::new("undo-1");
        undo.origin = PlanOrigin::Undo { of: PlanId::new("plan-0") };
        for change in &mut undo.changes {
            change.kind = ChangeKind::Undo;
            change.cause = Cause::Undo;
        }
        snapshot.offer = Some(Arc::new(undo));
    });
    let mut plan = open(scene);
    assert!(says(&plan, "Undo: 5 crons go back, 1 left out"));
    click(&mut plan, "Discard");
    assert!(matches!(told(&plan).as_slice(), [Command::DiscardOffer]));
    plan.state_mut().wishes.clear();
    click(&mut plan, "Undo 5 changes");
    assert_eq!(applied(&plan).0, PlanId::new("undo-1"));
}

#[test]
fn an_undo_that_goes_back_to_what_does_not_serve_says_so() {
    let scene = Scene::planned().with(|snapshot| {
        let mut undo = (*snapshot.plan).clone();
        undo.origin = PlanOrigin::Undo { of: PlanId::new("plan-0") };
        for change in &mut undo.changes {
            change.kind = ChangeKind::Undo;
            std::mem::swap(&mut change.from_model, &mut change.to_model);
        }
        snapshot.offer = Some(Arc::new(undo));
    });
    let plan = open(scene);
    assert!(says(&plan, "MiniMax: out of credits · "), "on the line");
    assert!(!says(&plan, "Kimi: "), "Kimi serves");
}

#[test]
fn an_empty_plan_says_why_all_is_well() {
    let plan = open(Scene::new());
    assert!(says(&plan, "Nothing to change"));
    assert!(says(&plan, "All sorted crons are where the chains want them (6 of 6)"));
    let stuck = open(Scene::new().with(|snapshot| {
        let mut plan = (*snapshot.plan).clone();
        plan.decisions.push(Decision {
            cron: CronId::new("digest"),
            verdict: Verdict::Waiting,
            chosen: None,
            model: None,
            skipped: Arc::default(),
            reason: Reason::NothingServes { expected_return: None },
            since: None,
            would_change: None,
        });
        snapshot.plan = Arc::new(plan);
    }));
    assert!(!says(&stuck, "All sorted crons are where the chains want them"), "one waits for a route");
    assert!(says(&stuck, "1 cron waits: no route of the chain serves"));
    let nothing_yet = open(Scene::new().with(|snapshot| snapshot.crons_as_of = None));
    assert!(says(&nothing_yet, "Reading the crons…"));
    let unsorted = open(Scene::new().with(|snapshot| snapshot.tiers = Arc::default()));
    assert!(says(&unsorted, "Nothing is sorted yet"));
}

#[test]
fn notes_lead_to_what_helps() {
    let cron = CronId::new("backup");
    let note = PlanNote::PinnedCritical { cron: cron.clone(), name: "Backup verify".to_owned() };
    let scene = Scene::planned().with(|snapshot| Arc::make_mut(&mut snapshot.plan).notes = vec![note]);
    let mut plan = open(scene);
    plan.get_by_label("Unpin Backup verify").scroll_to_me();
    settle(&mut plan);
    click(&mut plan, "Unpin Backup verify");
    assert_eq!(edits(&plan), [Edit::SetPin { crons: vec![cron], pin: None }]);
}

#[test]
fn enter_opens_the_details() {
    let mut plan = open(Scene::planned());
    plan.get_by_label_contains("Invoice chaser, T2").focus();
    settle(&mut plan);
    key(&mut plan, Key::Enter);
    assert!(plan.state().wishes.iter().any(|wish| matches!(wish, Action::Open(cron) if cron.as_str() == "invoice")));
}

#[test]
fn ten_thousand_lines_and_long_names_fit_a_small_window() {
    let mut scene = Scene::planned();
    let first = scene.snapshot.plan.changes[0].clone();
    let change = |n: usize| Change { cron: CronId::from(format!("cron-{n:05}")), name: long_name(), ..first.clone() };
    scene.snapshot.plan = Arc::new(super::scene::plan("huge", (0..10_000).map(change).collect()));
    let mut plan = stage(PlanScreen::default(), draw, scene, NARROW);
    assert!(says(&plan, "10000 crons move"));
    fits(&plan, NARROW, &["Apply 10000 changes", "All changes"]);
    let rows = super::read_out(&plan)
        .iter()
        .filter(|said| said.starts_with("余额周报") && said.contains(", critical, "))
        .count();
    assert!((1..60).contains(&rows), "only what is visible is built, not {rows} rows");
    click(&mut plan, "Apply 10000 changes");
    assert_eq!(applied(&plan).1.len(), 10_000);
}

#[test]
fn why_has_the_room_of_the_results_until_there_are_any() {
    let mut plan = open(Scene::planned().with(|snapshot| {
        Arc::make_mut(&mut snapshot.plan).changes.retain(|change| change.marks.is_empty());
    }));
    let cause = |plan: &Harness<'_, Stage<PlanScreen>>| plan.get_by_label("Cause").rect().left();
    let before = cause(&plan);
    assert!(plan.query_by_label("Result").is_none());
    click(&mut plan, "Apply to Heartbeat ping");
    assert!(plan.query_by_label("Result").is_some(), "one line is left out");
    assert!(cause(&plan) < before - 50.0, "{} and {before}", cause(&plan));
}
