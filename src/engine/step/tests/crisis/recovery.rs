//! The way back: in stages, in part, with relapses, and after the program was away.

use super::*;

/// Crisis mode with the vendors of these accounts out for two hours.
fn in_crisis(accounts: &[&str]) -> Outside {
    let mut play = all_well();
    for account in accounts {
        out(&mut play, account, 2);
    }
    enter(&mut play);
    play
}

/// They are back and have served long enough.
fn back_again(accounts: &[&str]) -> Outside {
    let mut play = in_crisis(accounts);
    play.pass(140);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    play
}

fn recovering(play: &Outside) -> bool {
    play.world.crisis.recovering().is_some()
}

fn settles_until(play: &Outside) -> Timestamp {
    match view(play).readiness {
        Readiness::Settling { until, .. } => until,
        ref other => panic!("it does not settle: {other:?}"),
    }
}

#[test]
fn what_was_given_back_first_is_watched_before_the_rest_follows() {
    let mut play = back_again(&["google", "kimi"]);
    play.gateway.writes.clear();
    begin_recovery(&mut play);
    assert_eq!(written(&play), ["t2"], "the one that fires soonest");
    assert!(matches!(phase(&play), JobPhase::Proving { stage: 0, .. }), "{:?}", phase(&play));
    play.now += SignedDuration::from_secs(119);
    play.hear(Input::Tick).ok();
    assert_eq!(written(&play).len(), 1, "it is given two minutes to run");
    play.now += SignedDuration::from_secs(1);
    play.hear(Input::Tick).ok();
    assert_eq!(written(&play).len(), 2, "no run came within them");
    play.pass(6);
    all_as_before(&play, "all stages");

    let mut play = back_again(&["google", "kimi"]);
    begin_recovery(&mut play);
    play.gateway.writes.clear();
    play.runs("t2", None);
    assert_eq!(written(&play).len(), 1, "a good run moves it on at once");
    play.tell(Command::GoOn).expect("it waits for a run");
    assert_eq!(written(&play).len(), 2, "and so does the person");
    play.pass(6);
    all_as_before(&play, "moved on by a run and by hand");
}

#[test]
fn a_failed_run_on_the_returned_account_stops_the_recovery() {
    let mut play = back_again(&["google", "kimi"]);
    begin_recovery(&mut play);
    play.gateway.writes.clear();
    play.runs("t2", Some("rate_limit"));
    play.pass(5);
    assert_eq!((written(&play), phase(&play)), (vec![], JobPhase::Stopped), "nothing more is given back");
    assert!(!recovering(&play) && play.world.crisis.governs(), "the rules of the crisis hold again");
    assert_eq!(play.disk.crisis().relapses.len(), 1);
    assert!(play.disk.crisis().mode.is_some_and(|mode| mode.recovering.is_none()), "also on disk");
    assert!(play.told.iter().any(|told| matches!(told, Notice::Relapse { .. })));
}

#[test]
fn a_second_outage_during_the_recovery_stops_it_and_doubles_the_wait() {
    let mut play = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut play);
    assert_eq!(written(&play).last(), Some(&"t2"));
    out(&mut play, "anthropic", 1);
    assert_eq!(phase(&play), JobPhase::Stopped);
    assert!(play.world.crisis.governs());
    assert!(!ready(&play));
    play.pass(66);
    let Readiness::Settling { until, n_relapses } = view(&play).readiness.clone() else {
        panic!("{:?}", view(&play).readiness)
    };
    assert_eq!(n_relapses, 1);
    let served = play.world.fleet.accounts[&AccountId::new("anthropic")].serving_since.expect("it serves");
    assert_eq!(until.duration_since(served), SignedDuration::from_mins(20), "twice the ten minutes");
    play.pass(30);
    assert!(ready(&play));
    recover(&mut play);
    all_as_before(&play, "the second try");
    assert_eq!(reported(&play), ["t2", "t3", "t3-crit"], "each once");
}

#[test]
fn the_wait_doubles_with_each_relapse_up_to_four_hours() {
    let mut play = in_crisis(&["kimi", "anthropic"]);
    play.pass(117);
    let mut waits = Vec::new();
    for _ in 0..7 {
        play.pass(7);
        let served = play.world.fleet.accounts[&AccountId::new("kimi")].serving_since.expect("it serves");
        waits.push(settles_until(&play).duration_since(served).as_mins());
        out_for_good(&mut play, "kimi");
        play.pass(1);
        play.provider("kimi", Provider::Serves);
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 240, 240]);
}

#[test]
fn one_of_three_back_changes_nothing_but_two_of_three_lead_out() {
    let mut play = all_well();
    for (account, n_hours) in [("kimi", 1), ("anthropic", 2), ("google", 9)] {
        out(&mut play, account, n_hours);
    }
    enter(&mut play);
    let paused = |play: &Outside| {
        let off = play.gateway.crons.values().filter(|cron| !cron.enabled).map(|cron| cron.id.to_string());
        off.collect::<Vec<_>>()
    };
    assert_eq!(paused(&play), ["off", "t2", "t3"]);
    assert_eq!(model_of(&play, "t3-crit").as_deref(), Some(MINIMAX), "the cheapest of any chain");
    play.pass(80);
    assert_eq!(down(&play), ["anthropic", "google"]);
    assert!(matches!(view(&play).readiness, Readiness::StillDown { .. }), "{:?}", view(&play).readiness);
    let replanned = changes(&play.world.plan);
    assert!(replanned.iter().all(|line| line.contains("-crit") || line.starts_with("t1")), "{replanned:?}");
    play.pass(60);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    assert_eq!(play.disk.crisis().mode, None);
    assert_eq!(paused(&play), ["off"]);
    assert_eq!(model_of(&play, "t2").as_deref(), Some(KIMI), "its own is still away: what distribution says");
    assert_eq!(model_of(&play, "t3").as_deref(), Some(OPUS));
    assert_eq!(keys(&play.disk.ledger()), ["t2", "t2-crit"], "what is not given back yet stays owed");

    play.pass(8 * 60);
    assert_eq!(level(&play), OutageLevel::Healthy);
    for cron in ["t1", "t2", "t3"] {
        play.runs(cron, None);
    }
    play.pass(15);
    apply_plan(&mut play);
    all_as_before(&play, "the last one returned");
}

#[test]
fn a_stopped_recovery_goes_on_later() {
    let mut play = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut play);
    play.tell(Command::StopJob).expect("it stops");
    assert_eq!(phase(&play), JobPhase::Stopped);
    play.gateway.writes.clear();
    play.pass(30);
    assert_eq!(written(&play), [""; 0], "nothing goes on by itself");
    play.tell(Command::ContinueJob).expect("it goes on");
    play.pass(6);
    all_as_before(&play, "continued");
    assert_eq!(reported(&play), ["t2", "t3", "t3-crit"]);
}

#[test]
fn a_crisis_that_was_stopped_half_way_goes_on_later() {
    let mut play = all_well();
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    play.news(News::RunStarted { cron: CronId::new("t3"), at: play.now });
    enter(&mut play);
    assert_eq!(phase(&play), JobPhase::Draining, "a running cron finishes first");
    play.tell(Command::StopJob).expect("it stops");
    assert!(now_of(&play, "t3").enabled, "not reached");
    assert_eq!(keys(&play.disk.ledger()), ["t2", "t3-crit"], "what was not touched is not owed");
    play.runs("t3", None);
    play.tell(Command::ContinueJob).expect("it goes on");
    assert!(!now_of(&play, "t3").enabled);
    play.pass(140);
    recover(&mut play);
    all_as_before(&play, "stopped and continued");
}

#[test]
fn whoever_stays_in_the_crisis_stays_under_its_rules() {
    let mut play = back_again(&["kimi", "anthropic"]);
    begin_recovery(&mut play);
    play.tell(Command::StayInCrisis).expect("it is under way");
    assert!(play.world.crisis.governs() && play.disk.crisis().governs());
    assert_eq!(phase(&play), JobPhase::Stopped);
    play.pass(10);
    assert!(play.disk.crisis().mode.is_some());
    assert!(!now_of(&play, "t3").enabled, "nothing more was given back");
    recover(&mut play);
    all_as_before(&play, "later");
}

#[test]
fn a_program_that_was_closed_during_the_reset_looks_first_and_then_offers() {
    let mut play = in_crisis(&["kimi", "anthropic"]);
    let owed = play.disk.ledger();
    play.now += SignedDuration::from_mins(150);
    play.gateway.writes.clear();
    play.reopen();
    assert_eq!(*play.world.ledger, owed, "what is owed is still known");
    assert!(play.world.crisis.governs(), "and so is the mode");
    assert!(!ready(&play), "nobody has seen them serve for ten minutes");
    play.pass(15);
    assert_eq!(written(&play), [""; 0], "nothing is done without being asked");
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    all_as_before(&play, "after the restart");
    assert_eq!(reported(&play), ["t2", "t3", "t3-crit"]);
}

#[test]
fn after_two_days_of_sleep_stale_knowledge_pauses_nothing() {
    let mut play = all_well();
    out_for_good(&mut play, "kimi");
    out_for_good(&mut play, "anthropic");
    enter(&mut play);
    play.now += SignedDuration::from_hours(48);
    play.gateway.writes.clear();
    for account in ["kimi", "anthropic"] {
        play.gateway.providers.insert(AccountId::new(account), Provider::Serves);
    }
    play.hear(Input::ClockJumped).ok();
    assert_eq!(written(&play), [""; 0]);
    let worse = changes(&play.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
    assert_eq!(worse, 0, "ignorance pauses nothing: {:?}", changes(&play.world.plan));
    play.pass(15);
    for cron in ["t1", "t2-crit", "t3-crit"] {
        play.runs(cron, None);
    }
    play.pass(15);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    all_as_before(&play, "after sleep");
}
