//! What a plan moves onto an account, and whether its window bears it.

use super::*;
use crate::domain::{Outage, Overload, Plan, PlanId, PlanOrigin};
use crate::policy::{enter_plan, overloads, plan};

/// The short account is away, so that its twelve crons move to the other, whose window takes `ratio` a run.
fn moved(ratio: f64) -> (Scene, Plan) {
    let mut scene = Scene::new([SHORT, Life { ratio, ..ROOMY }]);
    let away = Vital { health: Health::RefusedKey, ..Vital::default() };
    Arc::make_mut(&mut scene.obs.fleet).accounts.insert(AccountId::new("acme"), away);
    let moves = plan(&scene.obs, &scene.settings);
    assert_eq!(moves.changes.len(), 12);
    (scene, moves)
}

fn found((scene, plan): &(Scene, Plan)) -> Vec<Overload> {
    overloads(&learn(&scene.history, &scene.obs), &scene.obs, &scene.settings, plan)
}

#[test]
fn what_the_moved_crons_would_use_up_is_told_as_the_forecast_tells_it() {
    let heavy = moved(0.005);
    let [one] = &found(&heavy)[..] else { panic!("{:?}", found(&heavy)) };
    let (scene, plan) = &heavy;
    let foretold = forecast(&learn(&scene.history, &scene.obs), &scene.obs, &scene.settings, Some(plan), hours(48));
    let window = foretold.windows.iter().find(|window| window.account == one.account).expect("it is foretold");
    assert_eq!((one.account.as_str(), one.window.as_str()), ("other", "Daily"));
    assert_eq!(one.runs_out_at, window.claim.runs_out_at());
    assert!(one.runs_out_at.is_some_and(|at| at > now() && at < one.resets_at), "{one:?}");
    assert!(one.expected_ratio > 1.0 && one.used_ratio < 1.0, "{one:?}");
    assert_eq!(one.n_crons, 16, "those that are there already are counted");
}

#[test]
fn a_window_that_bears_it_and_one_that_gets_nothing_are_not_named() {
    assert_eq!(found(&moved(0.0005)), []);
    let (scene, _) = moved(0.005);
    let nothing = Plan {
        id: PlanId::new("p"),
        at: scene.obs.at,
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes: Vec::new(),
        decisions: Vec::new(),
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    };
    assert_eq!(found(&(scene, nothing)), [], "the plan brings nothing there");
}

/// What a crisis moves or pauses is foretold where it was, from the moment at which its end is expected.
#[test]
fn what_a_crisis_changes_comes_back_with_its_expected_end() {
    let mut scene = Scene::new([SHORT, ROOMY]);
    scene.settings.thresholds.crisis_vendors = 1;
    let used_up = Vital { health: Health::LimitHit { resets_at: Some(hours(3)) }, ..Vital::default() };
    Arc::make_mut(&mut scene.obs.fleet).accounts.insert(AccountId::new("acme"), used_up);
    let crisis = enter_plan(&scene.obs, &scene.settings);
    assert_eq!(crisis.origin, PlanOrigin::Crisis);
    assert!(crisis.changes.len() >= 12, "{}", crisis.changes.len());
    let learned = learn(&scene.history, &scene.obs);
    let coming = forecast(&learned, &scene.obs, &scene.settings, Some(&crisis), hours(24)).coming;
    let on = |from: i64, until: i64| -> BTreeMap<&str, usize> {
        let mut n = BTreeMap::new();
        for start in coming.between(hours(from), hours(until)) {
            let cron = &coming.crons[start.cron as usize];
            if cron.cron.as_str().starts_with("acme") {
                *n.entry(cron.account.as_str()).or_default() += 1;
            }
        }
        n
    };
    assert_eq!(on(0, 2).get("acme"), None, "it is down");
    assert_eq!(on(5, 20), BTreeMap::from([("acme", 12 * 15)]), "afterwards all are where they were");
    assert!(coming.crons.is_sorted_by_key(|cron| &cron.cron));
}
