//! What is done without being asked, and when it is not.

use super::*;

fn acts_by_itself() -> Outside {
    started(crons(), Settings { automation: acting(), ..settings() })
}

fn acting() -> Automation {
    Automation { level: AutomationLevel::ActWithinLimits, ..Automation::default() }
}

fn mode_on(scene: &Outside) -> bool {
    scene.world.crisis.mode.is_some()
}

#[test]
fn within_its_limits_automation_leads_out_and_back_again() {
    let mut scene = acts_by_itself();
    out(&mut scene, "kimi", 2);
    assert!(!mode_on(&scene));
    out(&mut scene, "anthropic", 2);
    assert!(scene.disk.crisis(NOW).mode.as_ref().is_some_and(|mode| mode.by == StartedBy::Automation));
    let owed = scene.owed_at_first_write.clone().expect("calls went out");
    assert_eq!(keys(&owed), ["t2", "t3", "t3-crit"], "on disk before the first call");
    assert!(scene.told.iter().any(|told| matches!(told, Notice::CrisisEntered { n_move: 1, n_pause: 2 })));
    scene.pass(125);
    assert!(mode_on(&scene), "they serve for ten minutes first");
    scene.pass(30);
    all_as_before(&scene, "by itself");
    assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"]);
}

#[test]
fn what_waits_for_its_owner_is_paused_and_given_back_all_the_same_and_goes_on_waiting() {
    let mut scene = acts_by_itself();
    let crons = vec![CronId::new("t3")];
    scene.tell(Command::Edit(Edit::SetTier { crons: crons.clone(), tier: Some(Tier::T2) })).expect("sorted");
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    assert!(mode_on(&scene) && !now_of(&scene, "t3").enabled);
    scene.pass(155);
    all_as_before(&scene, "by itself");
    let wished = scene.world.plan.changes.iter().find(|change| change.cron == crons[0]).expect("it is still wished");
    assert_eq!((wished.cause, wished.to.model.as_deref()), (Cause::Edit, Some(FLASH)));
}

#[test]
fn fifteen_minutes_pass_between_entering_and_leaving_by_automation() {
    let mut scene = acts_by_itself();
    out_for_good(&mut scene, "kimi");
    out_for_good(&mut scene, "anthropic");
    let entered = scene.now;
    scene.pass(2);
    scene.provider("kimi", Provider::Serves);
    scene.provider("anthropic", Provider::Serves);
    scene.pass(12);
    assert!(ready(&scene), "they have served for ten minutes: {:?}", view(&scene).readiness);
    assert!(!now_of(&scene, "t2").enabled && scene.world.crisis.governs(), "but it is too soon");
    assert!(matches!(view(&scene).automation, AutomationWord::Dwells { .. }), "{:?}", view(&scene).automation);
    scene.pass(20);
    let left = scene.disk.crisis(NOW).left_at.expect("it ended");
    assert!(left.duration_since(entered) >= SignedDuration::from_mins(15));
    all_as_before(&scene, "after the dwell");
}

#[test]
fn a_crisis_that_a_person_entered_never_ends_by_automation() {
    let mut scene = all_well();
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    enter(&mut scene);
    scene.tell(Command::Settings(SettingsChange::SetAutomation(acting()))).expect("it is set");
    scene.pass(5 * 60);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    assert_eq!(view(&scene).automation, AutomationWord::ByHandOnly);
    assert!(scene.disk.crisis(NOW).governs());
    assert!(!now_of(&scene, "t2").enabled && !now_of(&scene, "t3").enabled);
    recover(&mut scene);
    all_as_before(&scene, "by hand");
}

#[test]
fn after_a_start_and_after_sleep_automation_looks_first() {
    for sleeps in [false, true] {
        let mut scene = acts_by_itself();
        out(&mut scene, "kimi", 2);
        out(&mut scene, "anthropic", 2);
        scene.writes.clear();
        scene.now += SignedDuration::from_hours(48);
        if sleeps {
            scene.hear(Input::ClockJumped).ok();
        } else {
            scene.reopen();
        }
        assert_eq!(written(&scene), [""; 0]);
        assert_eq!(view(&scene).automation, AutomationWord::LooksFirst);
        assert!(mode_on(&scene));
        for minute in 0..10 {
            scene.pass(1);
            let paused = changes(&scene.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
            assert_eq!(paused, 0, "minute {minute}: ignorance pauses nothing");
        }
        for cron in ["t1", "t2-crit", "t3-crit"] {
            scene.runs(cron, None);
        }
        scene.pass(40);
        all_as_before(&scene, if sleeps { "after sleep" } else { "after a start" });
        assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"]);
    }
}

#[test]
fn after_the_gateway_was_away_automation_looks_at_once_and_does_not_wait_for_the_next_round() {
    for told_before in [true, false] {
        let mut scene = if told_before { acts_by_itself() } else { all_well() };
        let session = scene.world.session;
        scene.hear(Input::NotConnected { session, trouble: Trouble::Restarting }).ok();
        assert!(!scene.world.connected());
        scene.pass(1);
        assert!(scene.world.connected());
        if !told_before {
            scene.tell(Command::Settings(SettingsChange::SetAutomation(acting()))).expect("it is set");
            scene.pass(1);
        }
        out(&mut scene, "kimi", 2);
        out(&mut scene, "anthropic", 2);
        assert!(mode_on(&scene), "told before: {told_before}; {:?}", view(&scene).automation);
    }
}

#[test]
fn beyond_its_limit_automation_leaves_it_to_the_person() {
    let automation = Automation { max_crons: 1, max_ratio: 0.0, ..acting() };
    let mut scene = started(crons(), Settings { automation, ..settings() });
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    scene.pass(30);
    let word = view(&scene).automation.clone();
    assert!(matches!(word, AutomationWord::OverLimit { n_crons: 3, limit: 1 }), "{word:?}");
    assert_eq!((mode_on(&scene), written(&scene)), (false, vec![]));
}

#[test]
fn a_cron_that_a_person_switched_on_again_is_not_paused_again_by_automation() {
    let mut scene = acts_by_itself();
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    scene.before = None;
    scene.pass(1);
    let cron = scene.edit("t2", |cron| cron.enabled = true);
    scene.news(News::CronChanged(Cron { revision: None, ..cron }));
    scene.pass(60);
    assert!(now_of(&scene, "t2").enabled, "the user's hand wins");
}

#[test]
fn a_crash_after_any_step_is_made_good_by_automation_alone() {
    let there_and_back = |scene: &mut Outside| {
        out_for_a_while(scene);
        scene.pass(45);
    };
    let mut whole = acts_by_itself();
    let start = whole.n_done;
    there_and_back(&mut whole);
    all_as_before(&whole, "without a crash");
    let n_steps = whole.n_done - start;
    let mut wrong = Vec::new();
    for n_done in 0..n_steps {
        let result = std::panic::catch_unwind(|| {
            let mut scene = acts_by_itself();
            scene.fails_after(n_done);
            there_and_back(&mut scene);
            assert!(scene.failed());
            for account in ["kimi", "anthropic"] {
                let resets_at = Some(at(22 * 60));
                scene.gateway.vendors.insert(AccountId::new(account), Provider::UsedUp { resets_at });
            }
            scene.reopen();
            scene.pass(75);
            all_as_before(&scene, "after a crash");
            let mut switches: Vec<&str> = scene.disk.switches.iter().map(|switch| switch.cron.as_str()).collect();
            switches.sort_unstable();
            assert_eq!(switches, ["t2", "t2", "t3", "t3", "t3-crit", "t3-crit"], "out and back, recorded once each");
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
fn a_day_of_flapping_is_at_most_three_crises_for_automation() {
    let mut scene = acts_by_itself();
    let (mut n_crises, mut was_on) = (0, false);
    super::flapping::flaps(&mut scene, |scene| {
        let is_on = mode_on(scene);
        n_crises += i32::from(is_on && !was_on);
        was_on = is_on;
    });
    assert!((1..=3).contains(&n_crises), "{n_crises} crises");
    assert!(scene.writes.len() <= 3 * 6, "{} writes", scene.writes.len());
    scene.pass(5 * 60);
    for cron in ["t1", "t2-crit", "t3-crit"] {
        scene.runs(cron, None);
    }
    scene.pass(30);
    all_as_before(&scene, "after the flapping");
}

/// Automation gives back, and waits for a run of the first cron.
fn on_the_way_back() -> Outside {
    let mut scene = acts_by_itself();
    out_for_a_while(&mut scene);
    while scene.world.crisis.recovering().is_none() && scene.now < at(3600) {
        scene.pass(1);
    }
    assert!(matches!(phase(&scene), JobPhase::Proving { .. }), "{:?}", phase(&scene));
    scene.writes.clear();
    scene
}

#[test]
fn what_a_person_stops_is_not_begun_again_at_once() {
    let mut scene = on_the_way_back();
    scene.tell(Command::StopJob).expect("it stops");
    scene.pass(55);
    assert_eq!(written(&scene), [""; 0], "nothing goes on by itself");
    scene.pass(20);
    all_as_before(&scene, "after an hour");
}

#[test]
fn what_a_face_leaves_that_does_not_wait_any_longer_goes_on_by_itself() {
    let mut scene = on_the_way_back();
    scene.tell(Command::LeaveTheRest).expect("it stops");
    scene.pass(45);
    all_as_before(&scene, "nobody said that automation shall rest");
}

#[test]
fn what_is_off_because_of_us_waits_for_no_edit_when_another_route_serves() {
    let mut scene = acts_by_itself();
    // What leaves the first before the second fails is no debt.
    scene.before = None;
    for (account, n_hours) in [("anthropic", 2), ("google", 100)] {
        out(&mut scene, account, n_hours);
    }
    assert!(mode_on(&scene) && !now_of(&scene, "t2").enabled);
    let crons = vec![CronId::new("t2")];
    scene.tell(Command::Edit(Edit::SetTier { crons: crons.clone(), tier: Some(Tier::T3) })).expect("sorted");
    assert!(scene.world.edited.contains(&crons[0]), "what differs is the user's wish now");
    scene.pass(4 * 60);
    assert!(!mode_on(&scene), "{:?}", view(&scene).automation);
    assert!(now_of(&scene, "t2").enabled, "{:?}", scene.world.plan.decision(&crons[0]));
}

#[test]
fn what_its_owner_wants_to_be_asked_about_keeps_no_crisis_on() {
    let mut scene = acts_by_itself();
    for account in ["kimi", "anthropic"] {
        out(&mut scene, account, 2);
    }
    assert!(mode_on(&scene) && !now_of(&scene, "t3").enabled);
    let crons = vec![CronId::new("t3")];
    scene.tell(Command::Edit(Edit::SetAskFirst { crons, ask_first: true })).expect("it is said");
    scene.pass(4 * 60);
    assert!(!mode_on(&scene), "{:?}", view(&scene).automation);
    assert_eq!(keys(&scene.disk.ledger()), ["t3"], "everything else is back");
    assert!(!now_of(&scene, "t3").enabled, "it waits for its owner");
    apply_plan(&mut scene);
    all_as_before(&scene, "who agrees");
}

/// Nothing else is left of the crisis: it ends without a single call.
#[test]
fn what_waits_for_its_owners_word_alone_keeps_no_crisis_on() {
    let only = crons().into_iter().filter(|(cron, _)| cron.id.as_str() == "t3").collect();
    let mut scene = started(only, Settings { automation: acting(), ..settings() });
    for account in ["kimi", "anthropic"] {
        out(&mut scene, account, 2);
    }
    scene.pass(5);
    assert!(mode_on(&scene) && !now_of(&scene, "t3").enabled, "{:?}", view(&scene).automation);
    let pin = Some(Pin { model: ModelRef::parse("anthropic/claude-sonnet-4") });
    scene.tell(Command::Edit(Edit::SetPin { crons: vec![CronId::new("t3")], pin })).expect("it is said");
    scene.pass(4 * 60);
    assert!(!mode_on(&scene), "{:?}", view(&scene).automation);
    assert_eq!(keys(&scene.disk.ledger()), ["t3"], "it waits for its owner");
    scene.before = None;
    apply_plan(&mut scene);
    assert!(now_of(&scene, "t3").enabled && scene.disk.ledger().is_empty(), "who applies it");
}

#[test]
fn a_crisis_that_a_person_stays_in_is_the_persons() {
    let mut scene = on_the_way_back();
    scene.tell(Command::StayInCrisis).expect("it stays");
    scene.pass(120);
    assert!(scene.disk.crisis(NOW).governs());
    assert_eq!(view(&scene).automation, AutomationWord::ByHandOnly);
    assert!(!now_of(&scene, "t3").enabled && ready(&scene));
    recover(&mut scene);
    all_as_before(&scene, "by hand");
}

#[test]
fn a_critical_cron_leaves_a_route_that_fails_while_a_recovery_waits_to_go_on() {
    let mut scene = acts_by_itself();
    for account in ["kimi", "anthropic"] {
        out(&mut scene, account, 6);
    }
    assert!(mode_on(&scene));
    begin_recovery(&mut scene);
    scene.tell(Command::StopJob).expect("the folder is given back in the middle of it");
    scene.reopen();
    scene.pass(2);
    assert!(scene.world.crisis.recovering().is_some(), "it waits for those who are away");
    scene.writes.clear();
    out(&mut scene, "minimax", 3);
    scene.pass(10);
    assert_eq!(written(&scene), ["t1-crit"], "what is given back waits for its stage");
    assert_eq!(now_of(&scene, "t1-crit").fields().model.as_deref(), Some(FLASH));
    scene.pass(9 * 60);
    all_as_before(&scene, "when everybody is back");
}
