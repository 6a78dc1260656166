//! What is done without being asked, and when it is not.

use super::*;

fn acts_by_itself() -> Outside {
    started(crons(), Settings { automation: acting(), ..settings() })
}

fn acting() -> Automation {
    Automation { level: AutomationLevel::ActWithinLimits, ..Automation::default() }
}

fn mode_on(play: &Outside) -> bool {
    play.world.crisis.mode.is_some()
}

#[test]
fn within_its_limits_automation_leads_out_and_back_again() {
    let mut play = acts_by_itself();
    out(&mut play, "kimi", 2);
    assert!(!mode_on(&play));
    out(&mut play, "anthropic", 2);
    assert!(play.disk.crisis().mode.is_some_and(|mode| mode.by == StartedBy::Automation));
    let owed = play.owed_at_first_write.clone().expect("calls went out");
    assert_eq!(keys(&owed), ["t2", "t3", "t3-crit"], "on disk before the first call");
    assert!(play.told.iter().any(|told| matches!(told, Notice::CrisisEntered { n_move: 1, n_pause: 2 })));
    play.pass(125);
    assert!(mode_on(&play), "they serve for ten minutes first");
    play.pass(30);
    all_as_before(&play, "by itself");
    assert_eq!(reported(&play), ["t2", "t3", "t3-crit"]);
}

#[test]
fn fifteen_minutes_pass_between_entering_and_leaving_by_automation() {
    let mut play = acts_by_itself();
    out_for_good(&mut play, "kimi");
    out_for_good(&mut play, "anthropic");
    let entered = play.now;
    play.pass(2);
    play.provider("kimi", Provider::Serves);
    play.provider("anthropic", Provider::Serves);
    play.pass(12);
    assert!(ready(&play), "they have served for ten minutes: {:?}", view(&play).readiness);
    assert!(!now_of(&play, "t2").enabled && play.world.crisis.governs(), "but it is too soon");
    assert!(matches!(view(&play).automation, AutomationWord::Dwells { .. }), "{:?}", view(&play).automation);
    play.pass(20);
    let left = play.disk.crisis().left_at.expect("it ended");
    assert!(left.duration_since(entered) >= SignedDuration::from_mins(15));
    all_as_before(&play, "after the dwell");
}

#[test]
fn a_crisis_that_a_person_entered_never_ends_by_automation() {
    let mut play = all_well();
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    enter(&mut play);
    play.tell(Command::Settings(SettingsChange::SetAutomation(acting()))).expect("it is set");
    play.pass(5 * 60);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    assert_eq!(view(&play).automation, AutomationWord::ByHandOnly);
    assert!(play.disk.crisis().governs());
    assert!(!now_of(&play, "t2").enabled && !now_of(&play, "t3").enabled);
    recover(&mut play);
    all_as_before(&play, "by hand");
}

#[test]
fn after_a_start_and_after_sleep_automation_looks_first() {
    for sleeps in [false, true] {
        let mut play = acts_by_itself();
        out(&mut play, "kimi", 2);
        out(&mut play, "anthropic", 2);
        play.gateway.writes.clear();
        play.now += SignedDuration::from_hours(48);
        if sleeps {
            play.hear(Input::ClockJumped).ok();
        } else {
            play.reopen();
        }
        assert_eq!(written(&play), [""; 0]);
        assert_eq!(view(&play).automation, AutomationWord::LooksFirst);
        assert!(mode_on(&play));
        for minute in 0..10 {
            play.pass(1);
            let paused = changes(&play.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
            assert_eq!(paused, 0, "minute {minute}: ignorance pauses nothing");
        }
        for cron in ["t1", "t2-crit", "t3-crit"] {
            play.runs(cron, None);
        }
        play.pass(40);
        all_as_before(&play, if sleeps { "after sleep" } else { "after a start" });
        assert_eq!(reported(&play), ["t2", "t3", "t3-crit"]);
    }
}

#[test]
fn beyond_its_limit_automation_leaves_it_to_the_person() {
    let automation = Automation { max_crons: 1, max_ratio: 0.0, ..acting() };
    let mut play = started(crons(), Settings { automation, ..settings() });
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    play.pass(30);
    let word = view(&play).automation.clone();
    assert!(matches!(word, AutomationWord::OverLimit { n_crons: 3, limit: 1 }), "{word:?}");
    assert_eq!((mode_on(&play), written(&play)), (false, vec![]));
}

#[test]
fn a_cron_that_a_person_switched_on_again_is_not_paused_again_by_automation() {
    let mut play = acts_by_itself();
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    play.before = None;
    play.pass(1);
    let cron = play.gateway.edit("t2", |cron| cron.enabled = true);
    play.news(News::CronChanged(Cron { revision: None, ..cron }));
    play.pass(60);
    assert!(now_of(&play, "t2").enabled, "the user's hand wins");
}

#[test]
fn a_crash_after_any_step_is_made_good_by_automation_alone() {
    let there_and_back = |play: &mut Outside| {
        out_for_a_while(play);
        play.pass(45);
    };
    let mut whole = acts_by_itself();
    let start = whole.n_done;
    there_and_back(&mut whole);
    all_as_before(&whole, "without a crash");
    let n_steps = whole.n_done - start;
    let mut wrong = Vec::new();
    for n_done in 0..n_steps {
        let result = std::panic::catch_unwind(|| {
            let mut play = acts_by_itself();
            play.fails_after(n_done);
            there_and_back(&mut play);
            assert!(play.failed());
            for account in ["kimi", "anthropic"] {
                let resets_at = Some(at(22 * 60));
                play.gateway.providers.insert(AccountId::new(account), Provider::UsedUp { resets_at });
            }
            play.reopen();
            play.pass(75);
            all_as_before(&play, "after a crash");
            let mut switches: Vec<&str> = play.disk.switches.iter().map(|switch| switch.cron.as_str()).collect();
            switches.sort_unstable();
            assert_eq!(switches, ["t2", "t2", "t3", "t3", "t3-crit", "t3-crit"], "out and back, recorded once each");
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
fn a_day_of_flapping_is_at_most_three_crises_for_automation() {
    let mut play = acts_by_itself();
    let (mut n_crises, mut was_on) = (0, false);
    super::flapping::flaps(&mut play, |play| {
        let is_on = mode_on(play);
        n_crises += i32::from(is_on && !was_on);
        was_on = is_on;
    });
    assert!((1..=3).contains(&n_crises), "{n_crises} crises");
    assert!(play.gateway.writes.len() <= 3 * 6, "{} writes", play.gateway.writes.len());
    play.pass(5 * 60);
    for cron in ["t1", "t2-crit", "t3-crit"] {
        play.runs(cron, None);
    }
    play.pass(30);
    all_as_before(&play, "after the flapping");
}

/// Automation gives back, and waits for a run of the first cron.
fn on_the_way_back() -> Outside {
    let mut play = acts_by_itself();
    out_for_a_while(&mut play);
    while play.world.crisis.recovering().is_none() && play.now < at(3600) {
        play.pass(1);
    }
    assert!(matches!(phase(&play), JobPhase::Proving { .. }), "{:?}", phase(&play));
    play.gateway.writes.clear();
    play
}

#[test]
fn what_a_person_stops_is_not_begun_again_at_once() {
    let mut play = on_the_way_back();
    play.tell(Command::StopJob).expect("it stops");
    play.pass(55);
    assert_eq!(written(&play), [""; 0], "nothing goes on by itself");
    play.pass(20);
    all_as_before(&play, "after an hour");
}

#[test]
fn a_crisis_that_a_person_stays_in_is_the_persons() {
    let mut play = on_the_way_back();
    play.tell(Command::StayInCrisis).expect("it stays");
    play.pass(120);
    assert!(play.disk.crisis().governs());
    assert_eq!(view(&play).automation, AutomationWord::ByHandOnly);
    assert!(!now_of(&play, "t3").enabled && ready(&play));
    recover(&mut play);
    all_as_before(&play, "by hand");
}
