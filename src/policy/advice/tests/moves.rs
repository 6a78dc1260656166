//! Which crons are sent where, and what is said when none is.

use std::sync::Arc;

use super::{Life, ROOMY, SHORT, Scene, hours, model, moved};
use crate::domain::{
    AccountId, Cause, Health, Helps, Hold, HoldReason, MadeBy, NoWay, Pin, PlanMode, PlanOrigin, ProviderAccount,
    QuotaAdvice, Reason, RouteKey, Tier, TierEntry,
};
use crate::policy::plan_one;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 0.02
}

#[test]
fn the_fewest_crons_move_that_keep_both_windows_below_what_is_aimed_at() {
    let advice = Scene::new([SHORT, ROOMY]).runs_out();
    assert_eq!((advice.account.as_str(), advice.label.as_str(), advice.resets_at), ("acme", "Daily", hours(14)));
    // Eighty more runs use it up, twelve an hour.
    assert!(advice.at > hours(6) && advice.at < hours(7), "{}", advice.at);
    // Each takes 7 % until midnight: eight of twelve are too few by 3 %.
    let nine: Vec<String> = (0..9).map(|index| format!("acme{index:02}")).collect();
    assert_eq!(moved(&advice), nine);
    assert!(near(advice.level.before, 1.44) && near(advice.level.after, 0.81), "{:?}", advice.level);
    let [other] = advice.others.as_slice() else { panic!("{:?}", advice.others) };
    assert_eq!((other.account.as_str(), other.label.as_str()), ("other", "Daily"));
    assert!(near(other.before, 0.192) && near(other.after, 0.192 + 9.0 * 14.0 * 0.002), "{other:?}");
    assert_eq!(advice.helps, Helps::Below(0.85));
}

#[test]
fn the_plan_of_an_advice_is_an_ordinary_one_and_lasts_until_the_reset() {
    let scene = Scene::new([SHORT, ROOMY]);
    let advice = scene.runs_out();
    assert_eq!((&advice.plan.origin, advice.plan.changes.len()), (&PlanOrigin::Advice, 9));
    for change in &advice.plan.changes {
        assert_eq!(change.to_model, Some(model("other")));
        assert_eq!((change.cause, change.ticked), (Cause::Forecast, true));
        assert_eq!(change.reason, Reason::Detour { route: RouteKey::new("other"), until: hours(14) });
        let detour = &advice.detours[&change.cron];
        assert_eq!((detour.route.as_str(), detour.until), ("other", hours(14)));
    }
    // Carried out: nothing is proposed to go back before its time, and then it is.
    let moves = |after: i64| {
        let mut obs = scene.obs.clone();
        obs.at = hours(after);
        let crons = Arc::make_mut(&mut obs.crons);
        for change in &advice.plan.changes {
            let cron = Arc::make_mut(crons.get_mut(&change.cron).expect("it is there"));
            let crate::domain::Payload::AgentTurn(turn) = &mut cron.payload else { panic!("an agent turn") };
            turn.model = Some("other/large".to_owned());
        }
        for (id, detour) in &advice.detours {
            Arc::make_mut(&mut obs.tiers).get_mut(id).expect("it is there").detour = Some(detour.clone());
        }
        let plans = advice.detours.keys().map(|id| plan_one(&obs, &scene.settings, id).expect("it is there"));
        plans.filter_map(|(_, change)| change?.to_model).collect::<Vec<_>>()
    };
    assert_eq!(moves(13), []);
    assert_eq!(moves(14), vec![model("acme"); 9], "the window has come back");
}

#[test]
fn demanding_crons_go_before_simple_ones_and_those_that_must_keep_running_last() {
    // Four are simple, one is critical, one asks first; of the other six, and then the simple ones, nine are needed.
    let scene = Scene::new([SHORT, ROOMY]).entries(|id, entry| match id {
        "acme00" | "acme01" | "acme02" | "acme03" => entry.tier = Tier::T1,
        "acme04" => entry.critical = true,
        "acme05" => entry.ask_first = true,
        "acme06" => entry.tier = Tier::T3,
        _ => {}
    });
    let kept = ["acme03", "acme04", "acme05"];
    let all = (0..12).map(|index| format!("acme{index:02}"));
    let expected: Vec<String> = all.filter(|id| !kept.contains(&id.as_str())).collect();
    assert_eq!(moved(&scene.runs_out()), expected);
}

#[test]
fn nobodys_decision_is_overruled() {
    let hold = Some(Hold { since: hours(-1), why: HoldReason::ByHand });
    let mut scene = Scene::new([SHORT, ROOMY]).entries(|id, entry| match id {
        "acme00" => entry.pinned = Some(Pin { model: None }),
        "acme01" => entry.hold.clone_from(&hold),
        _ => {}
    });
    Arc::make_mut(&mut scene.obs.tiers).remove("acme02");
    let crons = Arc::make_mut(&mut scene.obs.crons);
    let cron = |id: &str| crate::domain::CronId::new(id);
    Arc::make_mut(crons.get_mut("acme03").expect("it is there")).made_by = MadeBy::Agent;
    Arc::make_mut(crons.get_mut("acme04").expect("it is there")).consecutive_errors = 9;
    Arc::make_mut(&mut scene.obs.busy).insert(cron("acme05"));
    Arc::make_mut(&mut scene.obs.edited).insert(cron("acme06"));
    let advice = scene.runs_out();
    assert_eq!(moved(&advice), ["acme07", "acme08", "acme09", "acme10", "acme11"]);
    // 144 % less five times 7 %: still too much, but three hours later.
    let Helps::Later(at) = advice.helps else { panic!("{:?}", advice.helps) };
    assert!(at > hours(10), "{at}");
}

#[test]
fn where_there_is_too_little_room_as_much_goes_as_fits() {
    // A run takes 1.2 % there, and 57.6 % will be used by its own: one cron more fills it to 74.4 %, two to 91.2 %.
    let advice = Scene::new([SHORT, Life { n_crons: 2, ratio: 0.012, ..ROOMY }]).runs_out();
    assert_eq!(moved(&advice), ["acme00"]);
    let [other] = advice.others.as_slice() else { panic!("{:?}", advice.others) };
    assert!(near(other.before, 0.576) && near(other.after, 0.744), "{other:?}");
    let Helps::Later(at) = advice.helps else { panic!("{:?}", advice.helps) };
    assert!(at > advice.at + jiff::SignedDuration::from_mins(30), "{at}");
}

#[test]
fn a_window_that_cannot_come_below_what_is_aimed_at_may_still_last() {
    let pinned = ["acme00", "acme01", "acme02", "acme03", "acme04"];
    let scene = Scene::new([SHORT, ROOMY])
        .entries(|id, entry| entry.pinned = pinned.contains(&id).then_some(Pin { model: None }));
    let advice = scene.runs_out();
    assert_eq!((moved(&advice).len(), advice.helps), (7, Helps::Lasts));
    assert!(near(advice.level.after, 0.95), "{:?}", advice.level);
}

#[test]
fn what_its_owner_keeps_free_is_left_free() {
    let reserved = |account: &str, ratio: f64| {
        let mut scene = Scene::new([SHORT, ROOMY]);
        let mut known = ProviderAccount::implied(AccountId::new(account));
        known.reserve_ratio = ratio;
        scene.settings.accounts.insert(known.id.clone(), known);
        scene.runs_out()
    };
    let advice = reserved("acme", 0.3);
    assert_eq!(moved(&advice).len(), 11, "eleven times 7 % leave 67 %, ten leave 74 %");
    assert!(advice.at < hours(3), "70 % are reached before all is used: {}", advice.at);
    let advice = reserved("other", 0.7);
    assert_eq!(moved(&advice).len(), 3, "19.2 % and three times 2.8 % stay below 30 %");
    assert!(reserved("other", 0.9).detours.is_empty());
}

#[test]
fn where_nothing_helps_it_is_said_why() {
    let scene = || Scene::new([SHORT, ROOMY]);
    let pinned = scene().entries(|_, entry: &mut TierEntry| entry.pinned = Some(Pin { model: None }));
    let mut down = scene();
    let fleet = Arc::make_mut(&mut down.obs.fleet);
    fleet.accounts.get_mut("other").expect("it is there").health = Health::RefusedKey;
    let mut unread = scene();
    Arc::make_mut(&mut unread.obs.fleet).windows.remove("other");
    let mut unlearned = scene();
    unlearned.history.windows.retain(|(account, _), _| account.as_str() != "other");
    let mut guarded = scene();
    guarded.settings.cost_guard.insert(Tier::T2, crate::domain::Usd(1.0));
    let mut crisis = scene();
    crisis.obs.mode = PlanMode::Crisis;
    for (scene, expected, why) in [
        (pinned, NoWay::NoneMayMove, "every cron is pinned"),
        (down, NoWay::NoRoom, "the other does not serve"),
        (unread, NoWay::NoRoom, "nobody knows the other's windows"),
        (unlearned, NoWay::NoRoom, "nobody knows what a run takes there"),
        (guarded, NoWay::NoRoom, "its price is not known, and there is a guard"),
        (crisis, NoWay::Crisis, "a crisis has its own rules"),
    ] {
        let advice = scene.runs_out();
        assert_eq!(advice.helps, Helps::Not(expected), "{why}");
        assert!(advice.detours.is_empty() && advice.plan.changes.is_empty(), "{why}");
    }
}

#[test]
fn what_lasts_needs_no_advice() {
    let advice = Scene::new([Life { ratio: 0.003, ..SHORT }, ROOMY]).advice();
    assert!(!advice.iter().any(|one| matches!(one, QuotaAdvice::RunsOut(_))), "{advice:?}");
}

/// What was sent elsewhere goes back when the window does, so that the weeks of others are not taken to be used by it.
#[test]
fn an_advice_that_was_followed_needs_no_other_one() {
    let mut scene = Scene::new([SHORT, ROOMY]);
    let advice = scene.runs_out();
    let after = |scene: &Scene| {
        let learned = crate::policy::learn(&scene.history, &scene.obs);
        crate::policy::forecast(&learned, &scene.obs, &scene.settings, None, hours(48))
    };
    let (crons, tiers) = (Arc::make_mut(&mut scene.obs.crons), Arc::make_mut(&mut scene.obs.tiers));
    for (id, detour) in &advice.detours {
        let cron = Arc::make_mut(crons.get_mut(id).expect("it is there"));
        let crate::domain::Payload::AgentTurn(turn) = &mut cron.payload else { panic!("an agent turn") };
        turn.model = Some(model("other").to_string());
        tiers.get_mut(id).expect("it is there").detour = Some(detour.clone());
    }
    let coming = after(&scene).coming;
    let starts = |account: &str, from: i64, to: i64| {
        let on_it = |start: &&crate::domain::Start| coming.cron(**start).expect("one").account.as_str() == account;
        coming.between(hours(from), hours(to)).iter().filter(on_it).count()
    };
    assert_eq!((starts("acme", 0, 14), starts("other", 0, 14)), (3 * 14, (9 + 4) * 14));
    assert_eq!((starts("acme", 14, 24), starts("other", 14, 24)), (12 * 10, 4 * 10), "all are back");
    let advice = scene.advice();
    assert!(!advice.iter().any(|one| matches!(one, QuotaAdvice::RunsOut(_))), "{advice:?}");
}

#[test]
fn distribution_sends_crons_to_the_cheapest_route_with_room_and_no_more_of_them() {
    let priced = |small: f64| {
        let mut scene = Scene::new([SHORT, ROOMY]);
        let small_model = crate::domain::ModelRef::parse("other/small").expect("a reference");
        let catalog = Arc::make_mut(&mut scene.obs.catalog);
        catalog.models.insert(small_model.clone(), crate::domain::Model::new(small_model.clone()));
        let price =
            |output| Some(crate::domain::Price { input: crate::domain::Usd(0.1), output: crate::domain::Usd(output) });
        let other = scene.settings.routes.get_mut("other").expect("it is there");
        other.price = price(2.0);
        let small = crate::domain::Route { model: Some(small_model), price: price(small), ..other.clone() };
        scene.settings.routes.insert(RouteKey::new("small"), small);
        for chain in scene.settings.chains.values_mut() {
            chain.routes.push(RouteKey::new("small"));
        }
        let learned = crate::policy::learn(&scene.history, &scene.obs);
        let spared = crate::policy::sparing(&learned, &scene.obs, &scene.settings, hours(48));
        assert_eq!(spared.len(), 9 + 4, "as many as an advice moves, and those that its own plan would bring");
        let advised = scene.runs_out().detours;
        assert!(advised.values().all(|detour| detour.route.as_str() == "other"), "advice follows the chain");
        spared.into_values().map(|detour| detour.route.to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(priced(1.0), ["small".to_owned()].into());
    assert_eq!(priced(3.0), ["other".to_owned()].into());
    assert_eq!(priced(2.0), ["other".to_owned()].into(), "of equals the first of the chain");
}

/// Twelve crons are on an account that refuses its key, and the rules send all of them to the other one.
#[test]
fn what_distribution_itself_moves_is_counted_before_it_is_sent_anywhere() {
    let busy = Life { ratio: 0.006, ..ROOMY };
    let mut scene = Scene::new([SHORT, busy]);
    let fleet = Arc::make_mut(&mut scene.obs.fleet);
    let acme = fleet.accounts.get_mut("acme").expect("it is there");
    (acme.health, acme.serving_since) = (Health::RefusedKey, None);
    fleet.windows.remove("acme");
    // At home nothing limits, and it comes last in the chain.
    let home = crate::domain::ModelRef::parse("home/large").expect("a reference");
    let catalog = Arc::make_mut(&mut scene.obs.catalog);
    catalog.models.insert(home.clone(), crate::domain::Model::new(home.clone()));
    fleet.accounts.insert(AccountId::new("home"), fleet.accounts["other"].clone());
    let local = ProviderAccount { billing: crate::domain::Billing::Local, ..ProviderAccount::implied("home".into()) };
    scene.settings.accounts.insert(local.id.clone(), local);
    let route = crate::domain::Route { model: Some(home), ..scene.settings.routes["other"].clone() };
    scene.settings.routes.insert(RouteKey::new("home"), route);
    for chain in scene.settings.chains.values_mut() {
        chain.routes.push(RouteKey::new("home"));
    }
    let plain = crate::policy::plan(&scene.obs, &scene.settings);
    let to = |plan: &crate::domain::Plan, route: &str| {
        plan.changes.iter().filter(|change| change.to_route.as_ref().is_some_and(|to| to.as_str() == route)).count()
    };
    assert_eq!((plain.changes.len(), to(&plain, "other")), (12, 12), "all leave what fails for the first that serves");
    let learned = crate::policy::learn(&scene.history, &scene.obs);
    let foretold = |obs: &crate::domain::Observation, plan: &crate::domain::Plan| {
        let forecast = crate::policy::forecast(&learned, obs, &scene.settings, Some(plan), hours(48));
        forecast.window(&AccountId::new("other"), "Daily").expect("it is there").claim.runs_out_at()
    };
    assert!(foretold(&scene.obs, &plain).is_some(), "which uses it up");
    let spared = crate::policy::sparing(&learned, &scene.obs, &scene.settings, hours(48));
    let obs = crate::domain::Observation {
        tiers: crate::policy::with_detours(&spared, &scene.obs.tiers),
        ..scene.obs.clone()
    };
    let spared_plan = crate::policy::plan(&obs, &scene.settings);
    assert_eq!(spared_plan.changes.len(), 12, "each leaves what fails, once");
    assert_eq!((to(&spared_plan, "home"), to(&spared_plan, "other")), (spared.len(), 12 - spared.len()));
    assert!(
        to(&spared_plan, "home") > 0 && to(&spared_plan, "other") > 0,
        "and no more than need to: {}",
        spared.len()
    );
    assert!(spared_plan.changes.iter().all(|change| change.cause == Cause::Health), "that they leave is no forecast");
    assert_eq!(foretold(&obs, &spared_plan), None);
}
