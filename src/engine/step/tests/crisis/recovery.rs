//! The way back: in stages, in part, with relapses, and after the program was away.

use super::*;

/// Crisis mode with the vendors of these accounts out for two hours.
fn in_crisis(accounts: &[&str]) -> Outside {
    let mut scene = all_well();
    for account in accounts {
        out(&mut scene, account, 2);
    }
    enter(&mut scene);
    scene
}

/// They are back and have served long enough.
fn back_again(accounts: &[&str]) -> Outside {
    let mut scene = in_crisis(accounts);
    scene.pass(140);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    scene
}

fn recovering(scene: &Outside) -> bool {
    scene.world.crisis.recovering().is_some()
}

fn settles_until(scene: &Outside) -> Timestamp {
    match view(scene).readiness {
        Readiness::Settling { until, .. } => until,
        ref other => panic!("it does not settle: {other:?}"),
    }
}

#[test]
fn what_was_given_back_first_is_watched_before_the_rest_follows() {
    let mut scene = back_again(&["google", "kimi"]);
    scene.writes.clear();
    begin_recovery(&mut scene);
    assert_eq!(written(&scene), ["t2"], "the one that fires soonest");
    assert!(matches!(phase(&scene), JobPhase::Proving { stage: 0, .. }), "{:?}", phase(&scene));
    scene.now += SignedDuration::from_secs(119);
    scene.hear(Input::Tick).ok();
    assert_eq!(written(&scene).len(), 1, "it is given two minutes to run");
    scene.now += SignedDuration::from_secs(1);
    scene.hear(Input::Tick).ok();
    assert_eq!(written(&scene).len(), 2, "no run came within them");
    scene.pass(6);
    all_as_before(&scene, "all stages");

    let mut scene = back_again(&["google", "kimi"]);
    begin_recovery(&mut scene);
    scene.writes.clear();
    scene.runs("t2", None);
    assert_eq!(written(&scene).len(), 1, "a good run moves it on at once");
    scene.tell(Command::GoOn).expect("it waits for a run");
    assert_eq!(written(&scene).len(), 2, "and so does the person");
    scene.pass(6);
    all_as_before(&scene, "moved on by a run and by hand");
}

#[test]
fn a_failed_run_on_the_returned_account_stops_the_recovery() {
    let mut scene = back_again(&["google", "kimi"]);
    begin_recovery(&mut scene);
    scene.writes.clear();
    scene.runs("t2", Some("rate_limit"));
    scene.pass(5);
    assert_eq!((written(&scene), phase(&scene)), (vec![], JobPhase::Stopped), "nothing more is given back");
    assert!(!recovering(&scene) && scene.world.crisis.governs(), "the rules of the crisis hold again");
    assert_eq!(scene.disk.crisis(NOW).relapses.len(), 1);
    assert!(scene.disk.crisis(NOW).mode.as_ref().is_some_and(|mode| mode.recovering.is_none()), "also on disk");
    assert!(scene.told.iter().any(|told| matches!(told, Notice::Relapse { .. })));
}

#[test]
fn a_second_outage_during_the_recovery_stops_it_and_doubles_the_wait() {
    let mut scene = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut scene);
    assert_eq!(written(&scene).last(), Some(&"t2"));
    out(&mut scene, "anthropic", 1);
    assert_eq!(phase(&scene), JobPhase::Stopped);
    let busy = scene.world.plan.decisions.iter().any(|said| matches!(said.reason, Reason::Busy));
    assert!(!busy && !scene.world.dirty.plan, "what the job leaves is planned in the same moment");
    assert!(scene.world.crisis.governs());
    assert!(!ready(&scene));
    scene.pass(66);
    let Readiness::Settling { until, n_relapses } = view(&scene).readiness.clone() else {
        panic!("{:?}", view(&scene).readiness)
    };
    assert_eq!(n_relapses, 1);
    let served = scene.world.fleet.accounts[&AccountId::new("anthropic")].serving_since.expect("it serves");
    assert_eq!(until.duration_since(served), SignedDuration::from_mins(20), "twice the ten minutes");
    scene.pass(30);
    assert!(ready(&scene));
    recover(&mut scene);
    all_as_before(&scene, "the second try");
    assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"], "each once");
}

#[test]
fn who_was_never_back_has_not_failed_again_when_another_program_goes_on_with_a_recovery() {
    let mut scene = in_crisis(&["google", "kimi"]);
    begin_recovery(&mut scene);
    assert!(recovering(&scene), "by hand, before anybody is back");
    scene.tell(Command::StopJob).expect("the folder is given back in the middle of it");
    scene.reopen();
    scene.pass(2);
    assert_eq!(level(&scene), OutageLevel::Crisis);
    assert!(!scene.world.problems.iter().any(|problem| problem.id == "crisis/relapse"), "{:?}", scene.world.problems);
    assert_eq!(scene.world.crisis.relapses, [], "and nobody waits longer for it");
    assert!(view(&scene).recover.is_some(), "it is offered again");
}

#[test]
fn the_wait_doubles_with_each_relapse_up_to_four_hours() {
    let mut scene = in_crisis(&["kimi", "anthropic"]);
    scene.pass(117);
    let mut waits = Vec::new();
    for _ in 0..7 {
        scene.pass(7);
        let served = scene.world.fleet.accounts[&AccountId::new("kimi")].serving_since.expect("it serves");
        waits.push(settles_until(&scene).duration_since(served).as_mins());
        out_for_good(&mut scene, "kimi");
        scene.pass(1);
        scene.provider("kimi", Provider::Serves);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 240, 240]);
}

#[test]
fn one_of_three_back_changes_nothing_but_two_of_three_lead_out() {
    let mut scene = all_well();
    for (account, n_hours) in [("kimi", 1), ("anthropic", 2), ("google", 9)] {
        out(&mut scene, account, n_hours);
    }
    enter(&mut scene);
    let paused = |scene: &Outside| {
        let off = scene.gateway.crons.values().filter(|cron| !cron.enabled && !cron.is_our_own());
        off.map(|cron| cron.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(paused(&scene), ["off", "t2", "t3"]);
    assert_eq!(model_of(&scene, "t3-crit").as_deref(), Some(MINIMAX), "the cheapest of any chain");
    scene.pass(80);
    assert_eq!(down(&scene), ["anthropic", "google"]);
    assert!(matches!(view(&scene).readiness, Readiness::StillDown { .. }), "{:?}", view(&scene).readiness);
    let replanned = changes(&scene.world.plan);
    assert!(replanned.iter().all(|line| line.contains("-crit") || line.starts_with("t1")), "{replanned:?}");
    scene.pass(60);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    assert_eq!(scene.disk.crisis(NOW).mode, None);
    assert_eq!(paused(&scene), ["off"]);
    assert_eq!(model_of(&scene, "t2").as_deref(), Some(KIMI), "its own is still away: what distribution says");
    assert_eq!(model_of(&scene, "t3").as_deref(), Some(OPUS));
    assert_eq!(keys(&scene.disk.ledger()), ["t2", "t2-crit"], "what is not given back yet stays owed");

    scene.pass(8 * 60);
    assert_eq!(level(&scene), OutageLevel::Healthy);
    for cron in ["t1", "t2", "t3"] {
        scene.runs(cron, None);
    }
    scene.pass(15);
    apply_plan(&mut scene);
    all_as_before(&scene, "the last one returned");
}

#[test]
fn whoever_is_waited_for_is_asked_although_no_run_is_left_to_show_that_it_serves() {
    let mut scene = back_again(&["kimi", "anthropic"]);
    let proof_lasts = scene.world.effective.thresholds.proof_lasts.as_mins();
    scene.pass(proof_lasts + 60);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    all_as_before(&scene, "a day later");
}

#[test]
fn a_stopped_recovery_goes_on_later() {
    let mut scene = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut scene);
    scene.tell(Command::StopJob).expect("it stops");
    assert_eq!(phase(&scene), JobPhase::Stopped);
    scene.writes.clear();
    scene.pass(30);
    assert_eq!(written(&scene), [""; 0], "nothing goes on by itself");
    scene.tell(Command::ContinueJob).expect("it goes on");
    scene.pass(6);
    all_as_before(&scene, "continued");
    assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"]);
}

#[test]
fn a_crisis_that_was_stopped_half_way_goes_on_later() {
    let mut scene = all_well();
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    scene.news(News::RunStarted { cron: CronId::new("t3"), at: scene.now });
    enter(&mut scene);
    assert_eq!(phase(&scene), JobPhase::Draining, "a running cron finishes first");
    scene.tell(Command::StopJob).expect("it stops");
    assert!(now_of(&scene, "t3").enabled, "not reached");
    assert_eq!(keys(&scene.disk.ledger()), ["t2", "t3-crit"], "what was not touched is not owed");
    scene.runs("t3", None);
    scene.tell(Command::ContinueJob).expect("it goes on");
    assert!(!now_of(&scene, "t3").enabled);
    scene.pass(140);
    recover(&mut scene);
    all_as_before(&scene, "stopped and continued");
}

#[test]
fn whoever_stays_in_the_crisis_stays_under_its_rules() {
    let mut scene = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut scene);
    scene.tell(Command::StayInCrisis).expect("it is under way");
    assert!(scene.world.crisis.governs() && scene.disk.crisis(NOW).governs());
    assert_eq!(phase(&scene), JobPhase::Stopped);
    scene.pass(10);
    assert!(scene.disk.crisis(NOW).mode.is_some());
    assert!(!now_of(&scene, "t3").enabled, "nothing more was given back");
    recover(&mut scene);
    all_as_before(&scene, "later");
}

#[test]
fn a_program_that_was_closed_during_the_reset_looks_first_and_then_offers() {
    let mut scene = in_crisis(&["kimi", "anthropic"]);
    let owed = scene.disk.ledger();
    scene.now += SignedDuration::from_mins(150);
    scene.writes.clear();
    scene.reopen();
    assert_eq!(*scene.world.ledger, owed, "what is owed is still known");
    assert!(scene.world.crisis.governs(), "and so is the mode");
    assert!(!ready(&scene), "nobody has seen them serve for ten minutes");
    scene.pass(15);
    assert_eq!(written(&scene), [""; 0], "nothing is done without being asked");
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    all_as_before(&scene, "after the restart");
    assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"]);
}

#[test]
fn after_two_days_of_sleep_stale_knowledge_pauses_nothing() {
    let mut scene = all_well();
    out_for_good(&mut scene, "kimi");
    out_for_good(&mut scene, "anthropic");
    enter(&mut scene);
    scene.now += SignedDuration::from_hours(48);
    scene.writes.clear();
    for account in ["kimi", "anthropic"] {
        scene.gateway.vendors.insert(AccountId::new(account), Provider::Serves);
    }
    scene.hear(Input::ClockJumped).ok();
    assert_eq!(written(&scene), [""; 0]);
    let worse = changes(&scene.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
    assert_eq!(worse, 0, "ignorance pauses nothing: {:?}", changes(&scene.world.plan));
    scene.pass(15);
    for cron in ["t1", "t2-crit", "t3-crit"] {
        scene.runs(cron, None);
    }
    scene.pass(15);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    all_as_before(&scene, "after sleep");
}
