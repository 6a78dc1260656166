//! The power fails after every single thing that is carried out in a crisis and on the way back.

use super::*;

/// Out and back again; ends where the power fails.
fn there_and_back(scene: &mut Outside) {
    if let Some(plan) = view(scene).enter.clone() {
        scene.tell(Command::EnterCrisis { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    }
    scene.pass(33);
    lead_out(scene);
}

fn lead_out(scene: &mut Outside) {
    if let Some(plan) = view(scene).recover.clone() {
        scene.tell(Command::Recover { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    }
    scene.pass(6);
}

fn before_the_crisis() -> Outside {
    let mut scene = all_well();
    out_for_a_while(&mut scene);
    scene
}

/// What a person does who finds the program started again.
fn finish(scene: &mut Outside) {
    let lasts = level(scene) == OutageLevel::Crisis;
    if lasts {
        scene.tell(Command::ContinueJob).ok();
        if scene.world.crisis.mode.is_none() {
            enter(scene);
        } else if !scene.world.plan.changes.is_empty() {
            apply_plan(scene);
        }
        assert!(!now_of(scene, "t2").enabled && !now_of(scene, "t3").enabled, "the crisis was finished");
        assert_eq!(model_of(scene, "t3-crit").as_deref(), Some(FLASH));
        scene.pass(33);
    } else {
        scene.tell(Command::ContinueJob).ok();
        scene.pass(15);
    }
    for _ in 0..3 {
        if scene.world.crisis.mode.is_some() || !scene.world.ledger.is_empty() {
            lead_out(scene);
        }
    }
}

#[test]
fn a_crash_after_any_step_loses_nothing_doubles_nothing_and_forgets_nothing() {
    let mut whole = before_the_crisis();
    let start = whole.n_done;
    there_and_back(&mut whole);
    all_as_before(&whole, "without a crash");
    let n_steps = whole.n_done - start;
    assert!(n_steps > 30, "{n_steps}");
    let mut wrong = Vec::new();
    for n_done in 0..n_steps {
        let result = std::panic::catch_unwind(|| {
            let mut scene = before_the_crisis();
            scene.fails_after(n_done);
            there_and_back(&mut scene);
            assert!(scene.failed());
            scene.reopen();
            scene.pass(1);
            finish(&mut scene);
            all_as_before(&scene, "after a crash");
            for id in ["t2", "t3", "t3-crit"] {
                let switches = scene.disk.switches.iter().filter(|switch| switch.cron.as_str() == id);
                let seals: Vec<_> = switches.map(|switch| switch.seal).collect();
                assert_eq!(seals, [Some(Seal::Identical), None], "{id}: out and sealed back, each recorded once");
            }
            assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"], "each is reported once");
        });
        if let Err(panic) = result {
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            wrong.push(format!("after {n_done} of {n_steps}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_its_history_the_ledger_alone_gives_everything_back() {
    let mut scene = before_the_crisis();
    enter(&mut scene);
    scene.disk.lose_history();
    scene.reopen();
    scene.pass(1);
    assert!(scene.world.crisis.governs());
    assert_eq!(keys(&scene.world.ledger), ["t2", "t3", "t3-crit"]);
    scene.pass(33);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    all_as_before(&scene, "from the ledger alone");
    assert_eq!(seal_of(&scene, "t3"), Seal::Identical);
}

#[test]
fn a_recovery_whose_history_was_lost_half_way_is_begun_again() {
    let mut scene = before_the_crisis();
    enter(&mut scene);
    scene.pass(33);
    begin_recovery(&mut scene);
    scene.disk.lose_history();
    scene.reopen();
    scene.pass(15);
    assert!(view(&scene).recover.is_some(), "it is offered");
    recover(&mut scene);
    all_as_before(&scene, "begun again");
}
