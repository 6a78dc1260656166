//! From a quota that runs out to crons that run elsewhere: the window, the engine and the demo together.

use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use jiff::SignedDuration;
use model_orchestrator::demo::DemoOptions;
use model_orchestrator::domain::{LineOutcome, PlanOrigin};
use model_orchestrator::engine::remember_month;
use model_orchestrator::ui::action::Action;

use crate::rig::{Rig, Running};
use crate::shell::{Window, window};

const PATIENCE: Duration = Duration::from_mins(1);

/// The newest picture into the window, a frame, and what was asked for to the engine.
fn turn(harness: &mut Harness<'_, Window>, engine: &Running) {
    harness.state_mut().snapshot = (*engine.now()).clone();
    harness.step();
    for wish in std::mem::take(&mut harness.state_mut().wishes) {
        if let Action::Tell(command) = wish {
            engine.tell(command);
        }
    }
}

/// Goes on until the window shows this, or says so in vain.
fn shown(harness: &mut Harness<'_, Window>, engine: &Running, label: &str) -> bool {
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        turn(harness, engine);
        if harness.query_all_by_label_contains(label).next().is_some() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Two presses on the quotas screen and the plan that it leads to: three with the one that opens the screen.
#[test]
fn an_advice_of_the_demo_is_applied_in_three_clicks_and_nothing_is_proposed_to_go_back() {
    // Whatever the time: of a day that has just begun nothing is claimed, and near its end little can be done.
    let day_left = Some(SignedDuration::from_hours(9));
    let rig = Rig::with(DemoOptions { write_limit: 10_000, run_jobs: false, day_left, ..DemoOptions::default() });
    remember_month(&rig.state_dir(), &rig.demo).expect("it is written down");
    let engine = rig.engine();
    engine.wait("the past", |now| now.history_read && now.evidence_read);
    let mut harness = window((*engine.now()).clone());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    assert!(shown(&mut harness, &engine, "Show the plan"), "no advice came");
    harness.get_by_label("Show the plan").click();
    assert!(shown(&mut harness, &engine, "Advice: "), "the plan screen shows the advice");
    let offer = engine.now().offer.clone().expect("it is on offer");
    assert_eq!(offer.origin, PlanOrigin::Advice);
    assert!(!offer.changes.is_empty() && offer.changes.iter().all(|change| change.to_route.is_some()));
    // For half a second after a plan has come no press is meant for it.
    for _ in 0..8 {
        turn(&mut harness, &engine);
    }
    let apply = format!("Apply {} change", offer.changes.len());
    harness.get_by_label_contains(&apply).click();
    for _ in 0..3 {
        turn(&mut harness, &engine);
    }
    let done = engine.wait("the job's end", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let job = done.job.as_ref().expect("it is there");
    assert_eq!(job.plan.origin, PlanOrigin::Advice);
    for line in &job.lines {
        assert_eq!(line.outcome, LineOutcome::Verified, "{}", line.change.name);
        let cron = rig.demo.job(&line.change.cron).expect("it is there");
        assert_eq!(cron["payload"]["model"].as_str(), line.change.to.model.as_deref(), "the gateway has it");
        assert!(done.plan.change(&line.change.cron).is_none(), "{} would go back", line.change.name);
        assert!(done.tiers[&line.change.cron].detour.is_some());
    }
}
