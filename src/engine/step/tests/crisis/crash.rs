//! The power fails after every single thing that is carried out in a crisis and on the way back.

use super::*;

/// Out and back again; ends where the power fails.
fn there_and_back(play: &mut Outside) {
    if let Some(plan) = view(play).enter.clone() {
        play.tell(Command::EnterCrisis { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    }
    play.pass(33);
    lead_out(play);
}

fn lead_out(play: &mut Outside) {
    if let Some(plan) = view(play).recover.clone() {
        play.tell(Command::Recover { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    }
    play.pass(6);
}

fn before_the_crisis() -> Outside {
    let mut play = all_well();
    out_for_a_while(&mut play);
    play
}

/// What a person does who finds the program started again.
fn finish(play: &mut Outside) {
    let lasts = level(play) == OutageLevel::Crisis;
    if lasts {
        play.tell(Command::ContinueJob).ok();
        if play.world.crisis.mode.is_none() {
            enter(play);
        } else if !play.world.plan.changes.is_empty() {
            apply_plan(play);
        }
        assert!(!now_of(play, "t2").enabled && !now_of(play, "t3").enabled, "the crisis was finished");
        assert_eq!(model_of(play, "t3-crit").as_deref(), Some(FLASH));
        play.pass(33);
    } else {
        play.tell(Command::ContinueJob).ok();
        play.pass(15);
    }
    for _ in 0..3 {
        if play.world.crisis.mode.is_some() || !play.world.ledger.is_empty() {
            lead_out(play);
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
            let mut play = before_the_crisis();
            play.fails_after(n_done);
            there_and_back(&mut play);
            assert!(play.failed());
            play.reopen();
            play.pass(1);
            finish(&mut play);
            all_as_before(&play, "after a crash");
            for id in ["t2", "t3", "t3-crit"] {
                let n_switches = play.disk.switches.iter().filter(|switch| switch.cron.as_str() == id).count();
                assert_eq!(n_switches, 2, "{id}: out and back, each recorded once");
            }
            assert_eq!(reported(&play), ["t2", "t3", "t3-crit"], "each is reported once");
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
    let mut play = before_the_crisis();
    enter(&mut play);
    play.disk.lose_history();
    play.reopen();
    play.pass(1);
    assert!(play.world.crisis.governs());
    assert_eq!(keys(&play.world.ledger), ["t2", "t3", "t3-crit"]);
    play.pass(33);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    all_as_before(&play, "from the ledger alone");
    assert_eq!(seal_of(&play, "t3"), Seal::Identical);
}

#[test]
fn a_recovery_whose_history_was_lost_half_way_is_begun_again() {
    let mut play = before_the_crisis();
    enter(&mut play);
    play.pass(33);
    begin_recovery(&mut play);
    play.disk.lose_history();
    play.reopen();
    play.pass(15);
    assert!(view(&play).recover.is_some(), "it is offered");
    recover(&mut play);
    all_as_before(&play, "begun again");
}
