//! Which outage is a crisis, and what is done in one.

use super::*;

#[test]
fn two_vendors_out_are_left_by_one_click_and_come_back_by_another() {
    let mut play = all_well();
    out(&mut play, "kimi", 2);
    assert_eq!(level(&play), OutageLevel::Degraded);
    out(&mut play, "anthropic", 2);
    assert_eq!((level(&play), down(&play)), (OutageLevel::Crisis, vec!["anthropic".to_owned(), "kimi".to_owned()]));
    let plan = view(&play).enter.clone().expect("previewed");
    let moves = format!("t3-crit to {FLASH}");
    assert_eq!(changes(&plan), [moves.as_str(), "t2 pauses", "t3 pauses"], "critical and soonest first");
    let only_reroute = [moves.as_str(), &format!("t3 to {FLASH}")];
    assert_eq!(changes(&play.world.plan), only_reroute, "the other sentence of the banner");
    let outages = play.told.iter().filter(|told| matches!(told, Notice::Outage { .. })).count();
    assert_eq!(outages, 1, "one word on the desktop, for the outage");

    enter(&mut play);
    let owed = play.owed_at_first_write.clone().expect("calls went out");
    assert_eq!(keys(&owed), ["t2", "t3", "t3-crit"], "every touched cron is on disk before the first call");
    assert_eq!((written(&play), phase(&play)), (vec!["t3-crit", "t2", "t3"], JobPhase::Done));
    assert!(play.disk.crisis().mode.is_some_and(|mode| mode.by == StartedBy::Hand));
    assert_eq!(changes(&play.world.plan), [""; 0], "nothing more to do in the crisis");
    assert!(!ready(&play));

    play.pass(119);
    assert!(matches!(view(&play).readiness, Readiness::StillDown { .. }), "{:?}", view(&play).readiness);
    play.pass(10);
    assert!(matches!(view(&play).readiness, Readiness::Settling { n_relapses: 0, .. }), "they shall serve for a while");
    play.pass(10);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    assert!(play.told.iter().any(|told| matches!(told, Notice::RecoveryReady { n_crons: 3 })));
    recover(&mut play);
    all_as_before(&play, "one click back");
    assert_eq!(reported(&play), ["t2", "t3", "t3-crit"]);
    for line in play.disk.crisis().report.expect("a report").lines {
        assert_eq!(line.seal, Seal::Identical, "{}", line.cron);
        let schedule = &now_of(&play, line.cron.as_str()).schedule;
        let fired = line.paused_from.map(|from| policy::fires(schedule, from, line.back_at).count() as u32);
        assert_eq!(line.missed.map(|missed| missed.n_runs), fired, "{}: what was missed while paused", line.cron);
        assert!(fired.is_none_or(|fired| fired >= 6), "{}", line.cron);
    }
    assert!(play.told.iter().any(|told| matches!(told, Notice::Recovered { n_crons: 3, .. })));
}

#[test]
fn only_rerouting_pauses_nothing_and_owes_nothing() {
    let mut play = all_well();
    play.before = None;
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    apply_plan(&mut play);
    assert_eq!((model_of(&play, "t3"), model_of(&play, "t3-crit")), (Some(FLASH.into()), Some(FLASH.into())));
    assert_eq!(play.disk.crisis().mode, None);
    assert_eq!(keys(&play.disk.ledger()), [""; 0]);
    assert!(now_of(&play, "t2").enabled);
}

#[test]
fn with_the_cheap_vendor_among_the_dead_simple_crons_go_to_the_next_cheapest() {
    let mut play = all_well();
    out(&mut play, "minimax", 2);
    out(&mut play, "anthropic", 2);
    let plan = view(&play).enter.clone().expect("previewed");
    let to = |cron: &str, model: &str| format!("{cron} to {model}");
    let expected = [
        to("t1-crit", FLASH),
        to("t3-crit", KIMI),
        "t2 pauses".to_owned(),
        to("t1", KIMI),
        "t3 pauses".to_owned(),
        to("t1-default", KIMI),
    ];
    assert_eq!(
        changes(&plan),
        expected,
        "critical: the first serving of their chain; T1: the cheapest; the others pause"
    );
    enter(&mut play);
    play.pass(140);
    recover(&mut play);
    all_as_before(&play, "also the one that followed the agent's default");
    assert_eq!(seal_of(&play, "t1-default"), Seal::Identical);
}

#[test]
fn with_nothing_serving_no_model_changes_and_critical_crons_stay() {
    let mut play = all_well();
    play.gateway.edit("t1-default", |cron| {
        cron.schedule = Schedule::Every { every: SignedDuration::from_hours(24), anchor: Some(at(90 * 60)) };
        cron.next_run_at = Some(at(90 * 60));
    });
    play.fire();
    play.before = Some(play.gateway.crons.clone());
    for (n_hours, account) in ["minimax", "google", "kimi", "anthropic"].into_iter().enumerate() {
        out(&mut play, account, n_hours as i64 + 1);
    }
    let plan = view(&play).enter.clone().expect("previewed");
    assert_eq!(changes(&plan), ["t2 pauses", "t1 pauses", "t3 pauses"], "those due before the next reset");
    enter(&mut play);
    for id in ["t1-crit", "t2-crit", "t3-crit"] {
        let before = &play.before.as_ref().expect("known")[&CronId::new(id)];
        assert_eq!(now_of(&play, id).definition, before.definition, "{id} stays");
        let named = |note: &PlanNote| matches!(note, PlanNote::CriticalStranded { cron, .. } if cron.as_str() == id);
        assert!(play.world.plan.notes.iter().any(named), "{id} is reported loudly");
    }
}

#[test]
fn a_limit_of_one_gemini_model_takes_no_vendor_down() {
    let mut settings = settings();
    let lite = ModelRef::parse("google/gemini-3-flash-lite").expect("a reference");
    let key = RouteKey::new("lite");
    let route = settings.routes[&RouteKey::new("gemini_flash")].clone();
    settings.routes.insert(key.clone(), Route { model: Some(lite.clone()), ..route });
    settings.chains.get_mut(&Tier::T2).expect("a chain").routes.push(key);
    let mut play = started(crons(), settings);
    play.gateway.catalog.models.insert(lite.clone(), Model::new(lite.clone()));
    play.tell(Command::Refresh).expect("asked again");
    let flash = ModelRef::parse(FLASH).expect("a reference");
    let used_up = QuotaWindow {
        resets_at: hours(&play, 5),
        covers: ModelScope::Models(vec![flash]),
        ..QuotaWindow::new("Flash a day", 1.0, play.now, Source::UsageStatus)
    };
    play.gateway.windows.insert(AccountId::new("google"), vec![used_up]);
    play.report();
    assert_eq!((level(&play), down(&play)), (OutageLevel::Healthy, vec![]));
    out(&mut play, "anthropic", 5);
    assert_eq!((level(&play), down(&play)), (OutageLevel::Degraded, vec!["anthropic".to_owned()]), "no crisis");
    play.pass(30);
    assert_eq!(level(&play), OutageLevel::Degraded);
    let leaves = changes(&play.world.plan).into_iter().filter(|line| line.starts_with("t2 to")).count();
    assert_eq!(leaves, 1, "but its crons leave the model");
}

#[test]
fn short_rate_limits_on_two_vendors_are_no_crisis() {
    let mut play = all_well();
    for account in ["kimi", "anthropic"] {
        let resets_at = Some(play.now + SignedDuration::from_mins(5));
        play.provider(account, Provider::UsedUp { resets_at });
    }
    for minute in 0..20 {
        assert_eq!((level(&play), down(&play)), (OutageLevel::Healthy, vec![]), "minute {minute}");
        play.pass(1);
    }
    assert!(play.told.is_empty(), "{:?}", play.told);
}

#[test]
fn vendors_that_are_not_set_up_never_count() {
    let mut play = all_well();
    for model in ["kimi/kimi-k2", "anthropic/claude-opus-4", "anthropic/claude-sonnet-4"] {
        play.gateway.catalog.models.remove(&ModelRef::parse(model).expect("a reference"));
    }
    play.tell(Command::Refresh).expect("asked again");
    out_for_good(&mut play, "kimi");
    out_for_good(&mut play, "anthropic");
    play.pass(30);
    assert_eq!((level(&play), down(&play)), (OutageLevel::Healthy, vec![]));
    out_for_good(&mut play, "minimax");
    assert_eq!((level(&play), down(&play)), (OutageLevel::Degraded, vec!["minimax".to_owned()]));
}

#[test]
fn a_vendor_that_is_away_for_days_is_set_aside_and_nothing_pauses_without_an_end() {
    let mut play = all_well();
    for account in ["kimi", "anthropic"] {
        out(&mut play, account, 6 * 24);
    }
    let away: Vec<_> = view(&play).away.iter().map(|away| (away.vendor.to_string(), away.accounts.clone())).collect();
    let named = |id: &str| (id.to_owned(), vec![AccountId::new(id)]);
    assert_eq!(away, [named("anthropic"), named("kimi")]);
    enter(&mut play);
    assert!(!now_of(&play, "t2").enabled && !now_of(&play, "t3").enabled);
    let until = hours(&play, 6 * 24);
    for account in ["kimi", "anthropic"] {
        let own = ProviderAccount { set_aside_until: until, ..play.world.settings.account(&AccountId::new(account)) };
        play.tell(Command::Settings(SettingsChange::PutAccount(Box::new(own)))).expect("it is set aside");
    }
    assert_eq!((level(&play), view(&play).away.len()), (OutageLevel::Healthy, 0));
    play.pass(11);
    assert!(ready(&play), "{:?}", view(&play).readiness);
    recover(&mut play);
    assert_eq!(play.disk.crisis().mode, None);
    let paused: Vec<_> =
        play.gateway.crons.values().filter(|cron| !cron.enabled).map(|cron| cron.id.as_str()).collect();
    assert_eq!(paused, ["off"], "only what the user had off");
    assert_eq!(model_of(&play, "t3").as_deref(), Some(FLASH), "what serves of its chain");
    assert_eq!(model_of(&play, "t3-crit").as_deref(), Some(FLASH));
    assert_eq!(keys(&play.disk.ledger()), ["t3", "t3-crit"], "their own model is still owed");
}

/// A one-shot at that moment, as the gateway has it.
fn reminder(play: &Outside, minutes: i64) -> Cron {
    let due = play.now + SignedDuration::from_mins(minutes);
    Cron { schedule: Schedule::At { at: due }, next_run_at: Some(due), ..job("reminder", Some(FLASH), 1, 60) }
}

#[test]
fn a_one_shot_due_in_the_outage_is_kept_and_named() {
    for (others, goes_to) in [(["kimi", "anthropic"], None), (["google", "anthropic"], Some(KIMI))] {
        let mut play = all_well();
        let due = reminder(&play, 30);
        play.gateway.crons.insert(due.id.clone(), due);
        play.gateway.edit("reminder", |_| ());
        play.fire();
        let crons = vec![CronId::new("reminder")];
        play.tell(Command::Edit(Edit::SetTier { crons: crons.clone(), tier: Some(Tier::T2) })).expect("sorted");
        for account in others {
            out(&mut play, account, 2);
        }
        let plan = view(&play).enter.clone().expect("previewed");
        let named = |note: &PlanNote| matches!(note, PlanNote::OneShotKept { cron, .. } if *cron == crons[0]);
        assert!(plan.notes.iter().any(named), "{others:?} out: {:?}", plan.notes);
        let its = changes(&plan).into_iter().find(|line| line.starts_with("reminder"));
        assert_eq!(its, goes_to.map(|model| format!("reminder to {model}")), "{others:?} out");

        let agree = Edit::Agree { crons: crons.clone(), to: crate::engine::Consent::MissOneShot, agrees: true };
        play.tell(Command::Edit(agree)).expect("the user says so");
        let plan = view(&play).enter.clone().expect("previewed");
        assert!(changes(&plan).contains(&"reminder pauses".to_owned()), "{others:?} out, and it may be missed");
    }
}

#[test]
fn a_pinned_critical_cron_is_left_and_named() {
    let mut crons = crons();
    crons.iter_mut().find(|(cron, _)| cron.id.as_str() == "t3-crit").expect("there").1.pinned =
        Some(Pin { model: None });
    let mut play = started(crons, settings());
    out(&mut play, "kimi", 2);
    out(&mut play, "anthropic", 2);
    let named = |note: &PlanNote| matches!(note, PlanNote::PinnedCritical { cron, .. } if cron.as_str() == "t3-crit");
    let plan = view(&play).enter.clone().expect("previewed");
    assert!(plan.notes.iter().any(named), "{:?}", plan.notes);
    assert_eq!(changes(&plan), ["t2 pauses", "t3 pauses"], "nothing is written to it");
    enter(&mut play);
    assert!(play.world.plan.notes.iter().any(named), "it is named as long as it lasts");
    assert_eq!(written(&play), ["t2", "t3"]);
    let unpin = Edit::SetPin { crons: vec![CronId::new("t3-crit")], pin: None };
    play.tell(Command::Edit(unpin)).expect("one click helps");
    assert_eq!(changes(&play.world.plan), [format!("t3-crit to {FLASH}")]);
}

#[test]
fn simple_crons_on_dead_routes_go_before_those_on_dearer_ones() {
    let mut crons = crons();
    crons.push((job("t1-dear", Some(FLASH), 10, 62), tier(Tier::T1, false)));
    let tiers = crons.iter().map(|(cron, entry)| (cron.id.clone(), entry.clone())).collect();
    let gateway = Gateway::new(crons.into_iter().map(|(cron, _)| cron).collect(), &MODELS);
    let mut play = Outside::start(gateway, settings(), tiers);
    play.before = Some(play.gateway.crons.clone());
    out(&mut play, "minimax", 2);
    out(&mut play, "anthropic", 2);
    enter(&mut play);
    let place = |id: &str| written(&play).iter().position(|cron| *cron == id).expect("it is written");
    assert!(place("t1") < place("t1-dear"), "{:?}", written(&play));
}

#[test]
fn a_held_cron_is_not_paused_between_a_reset_and_the_look_after_it() {
    let mut play = all_well();
    out(&mut play, "kimi", 1);
    out(&mut play, "anthropic", 2);
    enter(&mut play);
    for minute in 0..150 {
        let paused = changes(&play.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
        assert_eq!(paused, 0, "minute {minute}: it runs long after the outage is expected to end");
        if minute == 100 {
            let due = play.now - SignedDuration::from_secs(5);
            let cron = play.gateway.edit("t2-daily", |cron| cron.next_run_at = Some(due));
            play.news(News::CronChanged(cron));
            let paused = changes(&play.world.plan).into_iter().any(|line| line.ends_with("pauses"));
            assert!(!paused, "and when it is due while the crisis ends");
        }
        play.pass(1);
    }
}
