//! Which outage is a crisis, and what is done in one.

use super::*;

#[test]
fn two_vendors_out_are_left_by_one_click_and_come_back_by_another() {
    let mut scene = all_well();
    out(&mut scene, "kimi", 2);
    assert_eq!(level(&scene), OutageLevel::Degraded);
    out(&mut scene, "anthropic", 2);
    assert_eq!((level(&scene), down(&scene)), (OutageLevel::Crisis, vec!["anthropic".to_owned(), "kimi".to_owned()]));
    let plan = view(&scene).enter.clone().expect("previewed");
    let moves = format!("t3-crit to {FLASH}");
    assert_eq!(changes(&plan), [moves.as_str(), "t2 pauses", "t3 pauses"], "critical and soonest first");
    let only_reroute = [moves.as_str(), &format!("t3 to {FLASH}")];
    assert_eq!(changes(&scene.world.plan), only_reroute, "the other sentence of the banner");
    let outages = scene.told.iter().filter(|told| matches!(told, Notice::Outage { .. })).count();
    assert_eq!(outages, 1, "one word on the desktop, for the outage");

    enter(&mut scene);
    let owed = scene.owed_at_first_write.clone().expect("calls went out");
    assert_eq!(keys(&owed), ["t2", "t3", "t3-crit"], "every touched cron is on disk before the first call");
    assert_eq!((written(&scene), phase(&scene)), (vec!["t3-crit", "t2", "t3"], JobPhase::Done));
    assert!(scene.disk.crisis(NOW).mode.as_ref().is_some_and(|mode| mode.by == StartedBy::Hand));
    assert_eq!(changes(&scene.world.plan), [""; 0], "nothing more to do in the crisis");
    assert!(!ready(&scene));

    scene.pass(119);
    assert!(matches!(view(&scene).readiness, Readiness::StillDown { .. }), "{:?}", view(&scene).readiness);
    scene.pass(10);
    assert!(
        matches!(view(&scene).readiness, Readiness::Settling { n_relapses: 0, .. }),
        "they shall serve for a while"
    );
    scene.pass(10);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    assert!(scene.told.iter().any(|told| matches!(told, Notice::RecoveryReady { n_crons: 3 })));
    recover(&mut scene);
    all_as_before(&scene, "one click back");
    assert_eq!(reported(&scene), ["t2", "t3", "t3-crit"]);
    for line in &scene.disk.crisis(NOW).report.as_ref().expect("a report").lines {
        assert_eq!(line.seal, Seal::Identical, "{}", line.cron);
        let schedule = &now_of(&scene, line.cron.as_str()).schedule;
        let fired = line.paused_from.map(|from| policy::fires(schedule, from, line.back_at).count() as u32);
        assert_eq!(line.missed.map(|missed| missed.n_runs), fired, "{}: what was missed while paused", line.cron);
        assert!(fired.is_none_or(|fired| fired >= 6), "{}", line.cron);
    }
    assert!(scene.told.iter().any(|told| matches!(told, Notice::Recovered { n_crons: 3, .. })));
}

#[test]
fn only_rerouting_pauses_nothing_and_owes_nothing() {
    let mut scene = all_well();
    scene.before = None;
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    apply_plan(&mut scene);
    assert_eq!((model_of(&scene, "t3"), model_of(&scene, "t3-crit")), (Some(FLASH.into()), Some(FLASH.into())));
    assert_eq!(scene.disk.crisis(NOW).mode, None);
    assert_eq!(keys(&scene.disk.ledger()), [""; 0]);
    assert!(now_of(&scene, "t2").enabled);
}

#[test]
fn with_the_cheap_vendor_among_the_dead_simple_crons_go_to_the_next_cheapest() {
    let mut scene = all_well();
    out(&mut scene, "minimax", 2);
    out(&mut scene, "anthropic", 2);
    let plan = view(&scene).enter.clone().expect("previewed");
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
    enter(&mut scene);
    scene.pass(140);
    recover(&mut scene);
    all_as_before(&scene, "also the one that followed the agent's default");
    assert_eq!(seal_of(&scene, "t1-default"), Seal::Identical);
}

#[test]
fn with_nothing_serving_no_model_changes_and_critical_crons_stay() {
    let mut scene = all_well();
    scene.edit("t1-default", |cron| {
        cron.schedule = Schedule::Every { every: SignedDuration::from_hours(24), anchor: Some(at(90 * 60)) };
        cron.next_run_at = Some(at(90 * 60));
    });
    scene.fire();
    scene.before = Some(scene.gateway.crons.clone());
    for (n_hours, account) in ["minimax", "google", "kimi", "anthropic"].into_iter().enumerate() {
        out(&mut scene, account, n_hours as i64 + 1);
    }
    let plan = view(&scene).enter.clone().expect("previewed");
    assert_eq!(changes(&plan), ["t2 pauses", "t1 pauses", "t3 pauses"], "those due before the next reset");
    enter(&mut scene);
    for id in ["t1-crit", "t2-crit", "t3-crit"] {
        let before = &scene.before.as_ref().expect("known")[&CronId::new(id)];
        assert_eq!(now_of(&scene, id).definition, before.definition, "{id} stays");
        let named = |note: &PlanNote| matches!(note, PlanNote::CriticalStranded { cron, .. } if cron.as_str() == id);
        assert!(scene.world.plan.notes.iter().any(named), "{id} is reported loudly");
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
    let mut scene = started(crons(), settings);
    scene.gateway.models.models.insert(lite.clone(), Model::new(lite.clone()));
    scene.tell(Command::Refresh).expect("asked again");
    let flash = ModelRef::parse(FLASH).expect("a reference");
    let used_up = QuotaWindow {
        resets_at: Some(hours(&scene, 5)),
        covers: ModelScope::Models(vec![flash]),
        ..QuotaWindow::new("Flash a day", 1.0, scene.now, Source::UsageStatus)
    };
    scene.gateway.windows.insert(AccountId::new("google"), vec![used_up]);
    scene.report();
    assert_eq!((level(&scene), down(&scene)), (OutageLevel::Healthy, vec![]));
    out(&mut scene, "anthropic", 5);
    assert_eq!((level(&scene), down(&scene)), (OutageLevel::Degraded, vec!["anthropic".to_owned()]), "no crisis");
    scene.pass(30);
    assert_eq!(level(&scene), OutageLevel::Degraded);
    let leaves = changes(&scene.world.plan).into_iter().filter(|line| line.starts_with("t2 to")).count();
    assert_eq!(leaves, 1, "but its crons leave the model");
}

#[test]
fn short_rate_limits_on_two_vendors_are_no_crisis() {
    let mut scene = all_well();
    for account in ["kimi", "anthropic"] {
        let resets_at = Some(scene.now + SignedDuration::from_mins(5));
        scene.provider(account, Provider::UsedUp { resets_at });
    }
    for minute in 0..20 {
        assert_eq!((level(&scene), down(&scene)), (OutageLevel::Healthy, vec![]), "minute {minute}");
        scene.pass(1);
    }
    assert!(scene.told.is_empty(), "{:?}", scene.told);
}

#[test]
fn vendors_that_are_not_set_up_never_count() {
    let mut scene = all_well();
    for model in ["kimi/kimi-k2", "anthropic/claude-opus-4", "anthropic/claude-sonnet-4"] {
        scene.gateway.models.models.remove(&ModelRef::parse(model).expect("a reference"));
    }
    scene.tell(Command::Refresh).expect("asked again");
    out_for_good(&mut scene, "kimi");
    out_for_good(&mut scene, "anthropic");
    scene.pass(30);
    assert_eq!((level(&scene), down(&scene)), (OutageLevel::Healthy, vec![]));
    out_for_good(&mut scene, "minimax");
    assert_eq!((level(&scene), down(&scene)), (OutageLevel::Degraded, vec!["minimax".to_owned()]));
}

#[test]
fn a_vendor_that_is_away_for_days_is_set_aside_and_nothing_pauses_without_an_end() {
    let mut scene = all_well();
    for account in ["kimi", "anthropic"] {
        out(&mut scene, account, 6 * 24);
    }
    let away: Vec<_> = view(&scene).away.iter().map(|away| (away.vendor.to_string(), away.accounts.clone())).collect();
    let named = |id: &str| (id.to_owned(), vec![AccountId::new(id)]);
    assert_eq!(away, [named("anthropic"), named("kimi")]);
    enter(&mut scene);
    assert!(!now_of(&scene, "t2").enabled && !now_of(&scene, "t3").enabled);
    let until = Some(hours(&scene, 6 * 24));
    for account in ["kimi", "anthropic"] {
        let own = ProviderAccount { set_aside_until: until, ..scene.world.settings.account(&AccountId::new(account)) };
        scene.tell(Command::Settings(SettingsChange::PutAccount(Box::new(own)))).expect("it is set aside");
    }
    assert_eq!((level(&scene), view(&scene).away.len()), (OutageLevel::Healthy, 0));
    scene.pass(11);
    assert!(ready(&scene), "{:?}", view(&scene).readiness);
    recover(&mut scene);
    assert_eq!(scene.disk.crisis(NOW).mode, None);
    let paused =
        scene.gateway.crons.values().filter(|cron| !cron.enabled && !cron.is_our_own()).map(|cron| cron.id.as_str());
    let paused: Vec<_> = paused.collect();
    assert_eq!(paused, ["off"], "only what the user had off");
    assert_eq!(model_of(&scene, "t3").as_deref(), Some(FLASH), "what serves of its chain");
    assert_eq!(model_of(&scene, "t3-crit").as_deref(), Some(FLASH));
    assert_eq!(keys(&scene.disk.ledger()), ["t3", "t3-crit"], "their own model is still owed");
}

/// A one-shot at that moment, as the gateway has it.
fn reminder(scene: &Outside, minutes: i64) -> Cron {
    let due = scene.now + SignedDuration::from_mins(minutes);
    Cron { schedule: Schedule::At { at: due }, next_run_at: Some(due), ..job("reminder", Some(FLASH), 1, 60) }
}

#[test]
fn a_one_shot_due_in_the_outage_is_kept_and_named() {
    for (others, goes_to) in [(["kimi", "anthropic"], None), (["google", "anthropic"], Some(KIMI))] {
        let mut scene = all_well();
        let due = reminder(&scene, 30);
        scene.gateway.crons.insert(due.id.clone(), due);
        scene.edit("reminder", |_| ());
        scene.fire();
        let crons = vec![CronId::new("reminder")];
        scene.tell(Command::Edit(Edit::SetTier { crons: crons.clone(), tier: Some(Tier::T2) })).expect("sorted");
        for account in others {
            out(&mut scene, account, 2);
        }
        let plan = view(&scene).enter.clone().expect("previewed");
        let named = |note: &PlanNote| matches!(note, PlanNote::OneShotKept { cron, .. } if *cron == crons[0]);
        assert!(plan.notes.iter().any(named), "{others:?} out: {:?}", plan.notes);
        let its = changes(&plan).into_iter().find(|line| line.starts_with("reminder"));
        assert_eq!(its, goes_to.map(|model| format!("reminder to {model}")), "{others:?} out");

        let agree = Edit::Agree { crons: crons.clone(), to: crate::engine::Consent::MissOneShot, agrees: true };
        scene.tell(Command::Edit(agree)).expect("the user says so");
        let plan = view(&scene).enter.clone().expect("previewed");
        assert!(changes(&plan).contains(&"reminder pauses".to_owned()), "{others:?} out, and it may be missed");
    }
}

#[test]
fn a_pinned_critical_cron_is_left_and_named() {
    let mut crons = crons();
    crons.iter_mut().find(|(cron, _)| cron.id.as_str() == "t3-crit").expect("there").1.pinned =
        Some(Pin { model: None });
    let mut scene = started(crons, settings());
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    let named = |note: &PlanNote| matches!(note, PlanNote::PinnedCritical { cron, .. } if cron.as_str() == "t3-crit");
    let plan = view(&scene).enter.clone().expect("previewed");
    assert!(plan.notes.iter().any(named), "{:?}", plan.notes);
    assert_eq!(changes(&plan), ["t2 pauses", "t3 pauses"], "nothing is written to it");
    enter(&mut scene);
    assert!(scene.world.plan.notes.iter().any(named), "it is named as long as it lasts");
    assert_eq!(written(&scene), ["t2", "t3"]);
    let unpin = Edit::SetPin { crons: vec![CronId::new("t3-crit")], pin: None };
    scene.tell(Command::Edit(unpin)).expect("one click helps");
    assert_eq!(changes(&scene.world.plan), [format!("t3-crit to {FLASH}")]);
}

#[test]
fn simple_crons_on_dead_routes_go_before_those_on_dearer_ones() {
    let mut crons = crons();
    crons.push((job("t1-dear", Some(FLASH), 10, 62), tier(Tier::T1, false)));
    let tiers = crons.iter().map(|(cron, entry)| (cron.id.clone(), entry.clone())).collect();
    let gateway = ran_before(Gateway::new(crons.into_iter().map(|(cron, _)| cron).collect(), &MODELS));
    let mut scene = Outside::start(gateway, settings(), tiers);
    scene.before = Some(scene.gateway.crons.clone());
    out(&mut scene, "minimax", 2);
    out(&mut scene, "anthropic", 2);
    enter(&mut scene);
    let place = |id: &str| written(&scene).iter().position(|cron| *cron == id).expect("it is written");
    assert!(place("t1") < place("t1-dear"), "{:?}", written(&scene));
}

#[test]
fn a_held_cron_is_not_paused_between_a_reset_and_the_look_after_it() {
    let mut scene = all_well();
    out(&mut scene, "kimi", 1);
    out(&mut scene, "anthropic", 2);
    enter(&mut scene);
    for minute in 0..150 {
        let paused = changes(&scene.world.plan).into_iter().filter(|line| line.ends_with("pauses")).count();
        assert_eq!(paused, 0, "minute {minute}: it runs long after the outage is expected to end");
        if minute == 100 {
            let due = scene.now - SignedDuration::from_secs(5);
            let cron = scene.edit("t2-daily", |cron| cron.next_run_at = Some(due));
            scene.news(News::CronChanged(cron));
            let paused = changes(&scene.world.plan).into_iter().any(|line| line.ends_with("pauses"));
            assert!(!paused, "and when it is due while the crisis ends");
        }
        scene.pass(1);
    }
}
