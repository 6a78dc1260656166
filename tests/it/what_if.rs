//! What is imagined follows the rules that plan: scenes in the language of the golden cases.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model_orchestrator::domain::*;
use model_orchestrator::policy::{self, learn, prospect, supposed};
use serde_json::{Value, json};

use crate::golden::world::{Wishes, World, moment, now};

/// What is seen, and what its owner wishes.
fn scene(world: Value) -> (Observation, Settings) {
    let world: World = serde_json::from_value(world).expect("a world");
    (world.observe(), Wishes::default().settings(&world))
}

/// All default routes serve; one cron of each tier on its first route, and one that must keep running.
fn well() -> Value {
    json!({
        "routes": { "minimax": "up", "gemini_flash": "up", "kimi": "up", "opus": "up", "sonnet": "up" },
        "crons": [
            { "id": "simple", "tier": "T1", "on": "minimax", "next": "+10m" },
            { "id": "medium", "tier": "T2", "on": "gemini_flash", "next": "+10m" },
            { "id": "complex", "tier": "T3", "on": "opus", "next": "+10m" },
            { "id": "vital", "tier": "T2", "on": "gemini_flash", "next": "+10m", "critical": true },
        ],
    })
}

fn imagine(scene: &(Observation, Settings), hypothesis: &Hypothesis, crisis: &Crisis) -> Prospect {
    let (obs, settings) = scene;
    let history = UsageHistory::default();
    let learned = learn(&history, obs);
    let variant = supposed(&learned, obs, settings, hypothesis);
    let until = variant.obs.at + SignedDuration::from_hours(24);
    prospect(&learned, &history, &variant, crisis, obs.at, until)
}

fn ordinary(scene: &(Observation, Settings), hypothesis: &Hypothesis) -> Prospect {
    imagine(scene, hypothesis, &Crisis::default())
}

fn accounts(of: &[(&str, Supposed)]) -> Hypothesis {
    let accounts = of.iter().map(|(account, how)| (AccountId::new(*account), *how)).collect();
    Hypothesis { accounts, ..Hypothesis::default() }
}

fn down(of: &[&str]) -> Hypothesis {
    accounts(&of.iter().map(|account| (*account, Supposed::Down)).collect::<Vec<_>>())
}

fn at(text: &str) -> Hypothesis {
    Hypothesis { at: Some(moment(text)), ..Hypothesis::default() }
}

/// `pause`, `kimi`, or nothing for those that stay.
fn lines(prospect: &Prospect) -> BTreeMap<&str, String> {
    let goes = |change: &Change| match &change.to_route {
        Some(route) if change.to.enabled => route.to_string(),
        _ => "pause".to_owned(),
    };
    prospect.plan.changes.iter().map(|change| (change.cron.as_str(), goes(change))).collect()
}

fn expect(prospect: &Prospect, expected: &[(&str, &str)], why: &str) {
    let expected = expected.iter().map(|(cron, to)| (*cron, (*to).to_owned())).collect();
    assert_eq!(lines(prospect), expected, "{why}");
}

#[test]
fn where_nothing_is_supposed_the_plan_is_todays() {
    for world in [
        well(),
        json!({
            "routes": { "gemini_flash": "limit +3h", "kimi": "up 5m", "minimax": "cooldown +8m", "opus": "up" },
            "crons": [
                { "id": "a", "tier": "T2", "on": "gemini_flash", "next": "+10m" },
                { "id": "b", "tier": "T2", "on": "minimax", "next": "+10m", "edited": true },
                { "id": "c", "tier": "T3", "on": "opus", "next": "+4h", "running": true },
                { "id": "d", "on": "kimi", "busy": true },
            ],
        }),
    ] {
        let scene = scene(world);
        let learned = learn(&UsageHistory::default(), &scene.0);
        let variant = supposed(&learned, &scene.0, &scene.1, &Hypothesis::default());
        assert_eq!((&variant.obs, &variant.settings), (&scene.0, &scene.1));
        let planned = policy::plan(&scene.0, &scene.1);
        assert_eq!(ordinary(&scene, &Hypothesis::default()).plan, planned);
    }
}

#[test]
fn two_vendors_down_are_a_crisis_and_its_rules_plan() {
    let scene = scene(well());
    let one = ordinary(&scene, &down(&["google"]));
    assert_eq!(one.level(), OutageLevel::Degraded);
    expect(&one, &[("medium", "kimi"), ("vital", "kimi")], "below the threshold everything goes on elsewhere");

    let two = ordinary(&scene, &down(&["google", "minimax"]));
    assert_eq!((two.level(), &two.plan.origin), (OutageLevel::Crisis, &PlanOrigin::Crisis));
    let vendors: Vec<_> = two.plan.outage.down.iter().map(|down| down.vendor.as_str()).collect();
    assert_eq!(vendors, ["google", "minimax"]);
    let expected = [("simple", "kimi"), ("medium", "pause"), ("complex", "pause"), ("vital", "kimi")];
    expect(&two, &expected, "critical and simple ones keep running");
    assert_eq!(two.expected_end, None, "nobody says when they are back");
    assert_eq!((two.failing.n_crons, two.failing.n_runs), (3, 72), "an hourly run of each that is on them");
}

#[test]
fn an_account_that_is_down_anyway_keeps_the_end_that_was_told() {
    let mut world = well();
    world["routes"]["gemini_flash"] = json!("limit +3h");
    let scene = scene(world);
    let crisis = ordinary(&scene, &down(&["google", "minimax"]));
    assert_eq!(crisis.plan.outage.down[0].resets_at, Some(moment("+3h")));
    let later = ordinary(&scene, &Hypothesis { at: Some(moment("+4h")), ..down(&["google", "minimax"]) });
    assert_eq!(later.level(), OutageLevel::Crisis, "after its end it is down because that is supposed");
}

#[test]
fn moved_past_its_reset_a_limit_is_over_and_the_cron_goes_back() {
    let mut world = well();
    world["routes"]["gemini_flash"] = json!("limit +3h");
    world["crons"][1]["on"] = json!("kimi");
    world["crons"][3]["on"] = json!("kimi");
    let scene = scene(world);
    expect(&ordinary(&scene, &Hypothesis::default()), &[], "today it stays where it was brought");
    expect(&ordinary(&scene, &at("+2h")), &[], "before the reset, too");
    let after = ordinary(&scene, &at("+181m"));
    expect(&after, &[("medium", "gemini_flash"), ("vital", "gemini_flash")], "at once: it is settled");
    assert_eq!(after.plan.at, moment("+181m"));
    let next = after.plan.changes.iter().filter_map(|change| change.next_run_at).min().expect("a next run");
    assert!(next > after.at, "runs that were due are over: {next}");
}

#[test]
fn what_serves_goes_on_serving_however_far_the_clock_is_moved() {
    let far = ordinary(&scene(well()), &at("+30d"));
    assert_eq!(far.level(), OutageLevel::Healthy);
    let serving = |decision: &&Decision| matches!(decision.reason, Reason::AsIntended { .. });
    assert_eq!(far.plan.decisions.iter().filter(serving).count(), 4, "{:?}", far.plan.decisions);
    let beyond = Hypothesis { at: Some(moment("+40d")), ..Hypothesis::default() };
    assert_eq!(beyond.moment(now()), moment("+30d"), "further nothing is imagined");
}

#[test]
fn what_nobody_said_an_end_of_stays_down_and_lasts() {
    let mut world = well();
    world["routes"]["opus"] = json!("unreachable");
    world["routes"]["sonnet"] = json!("unreachable");
    let scene = scene(world);
    assert_eq!(ordinary(&scene, &Hypothesis::default()).level(), OutageLevel::Healthy, "it is not sure yet");
    assert_eq!(ordinary(&scene, &at("+1h")).level(), OutageLevel::Degraded);
}

fn level(used: f64) -> Hypothesis {
    Hypothesis {
        windows: BTreeMap::from([((AccountId::new("google"), "5h".to_owned()), used)]),
        ..Hypothesis::default()
    }
}

#[test]
fn a_window_that_is_used_up_takes_its_routes_away_until_its_reset() {
    let mut scene = scene(well());
    let window = |used| QuotaWindow {
        resets_at: Some(moment("+5h")),
        ..QuotaWindow::new("5h", used, moment("-1m"), Source::UsageStatus)
    };
    let google = AccountId::new("google");
    std::sync::Arc::make_mut(&mut scene.0.fleet).windows.insert(google.clone(), vec![window(0.4)]);
    expect(&ordinary(&scene, &level(0.99)), &[], "it serves");
    let used_up = ordinary(&scene, &level(1.0));
    expect(&used_up, &[("medium", "kimi"), ("vital", "kimi")], "it does not");
    assert_eq!(used_up.plan.outage.down[0].resets_at, Some(moment("+5h")), "and it is known until when");
    let later = Hypothesis { at: Some(moment("+6h")), ..level(1.0) };
    let told = ordinary(&scene, &later).plan.outage.down[0].resets_at;
    assert_eq!(told, Some(moment("+10h")), "the turn after it ends later");

    let fleet = std::sync::Arc::make_mut(&mut scene.0.fleet);
    fleet.windows.insert(google.clone(), vec![window(1.0)]);
    let limit = Health::LimitHit { resets_at: Some(moment("+5h")) };
    fleet.accounts.insert(google, Vital { health: limit, ..Vital::default() });
    expect(&ordinary(&scene, &Hypothesis::default()), &[("medium", "kimi"), ("vital", "kimi")], "today");
    expect(&ordinary(&scene, &level(0.2)), &[], "with room in it the limit is no more");
}

#[test]
fn a_cron_of_another_tier_follows_that_chain_and_a_chain_its_new_order() {
    let scene = scene(well());
    let sorted = Hypothesis { tiers: BTreeMap::from([("simple".into(), Tier::T3)]), ..Hypothesis::default() };
    let imagined = ordinary(&scene, &sorted);
    expect(&imagined, &[("simple", "opus")], "T3 begins with it");
    assert_eq!(imagined.plan.changes[0].cause, Cause::Edit);
    let routes = ["kimi", "gemini_flash"].map(RouteKey::new).to_vec();
    let reordered = Hypothesis { chains: BTreeMap::from([(Tier::T2, routes)]), ..Hypothesis::default() };
    expect(&ordinary(&scene, &reordered), &[("medium", "kimi"), ("vital", "kimi")], "its crons follow");
}

#[test]
fn an_account_that_is_back_serves_whatever_held_it_back() {
    for state in ["limit", "refused", "cooldown +3h", "window +3h", "model limit +3h", "unknown", "aside +3d"] {
        let mut world = well();
        world["routes"]["gemini_flash"] = json!(state);
        world["crons"][1]["on"] = json!("kimi");
        world["crons"][3]["on"] = json!("kimi");
        let mut scene = scene(world);
        let google = AccountId::new("google");
        scene.1.account_mut(&google).down_until = (state == "unknown").then(|| moment("+1h"));
        let back = ordinary(&scene, &accounts(&[("google", Supposed::Back)]));
        expect(&back, &[("medium", "gemini_flash"), ("vital", "gemini_flash")], state);
        assert_eq!(back.level(), OutageLevel::Healthy, "{state}");
    }
}

#[test]
fn below_the_threshold_crisis_mode_gives_back() {
    let mut world = well();
    world["routes"]["gemini_flash"] = json!("limit");
    world["routes"]["minimax"] = json!("limit");
    world["crons"][1] = json!({
        "id": "medium", "tier": "T2", "on": "gemini_flash", "off_by": "us",
        "owed": { "was": { "off": false }, "wrote": { "off": true } },
    });
    let scene = scene(world);
    let mode = CrisisMode { since: moment("-1h"), by: StartedBy::Hand, recovering: None };
    let crisis = Crisis { mode: Some(mode), ..Crisis::default() };
    let still = imagine(&scene, &Hypothesis::default(), &crisis);
    assert_eq!((still.level(), &still.plan.origin), (OutageLevel::Crisis, &PlanOrigin::Crisis));
    let back = imagine(&scene, &accounts(&[("google", Supposed::Back)]), &crisis);
    assert_eq!((back.level(), &back.plan.origin), (OutageLevel::Degraded, &PlanOrigin::Recovery));
    expect(&back, &[("medium", "gemini_flash")], "what it paused");
}

#[test]
fn runs_that_fall_over_by_themselves_do_not_fail() {
    let mut world = well();
    let hourly = |fallbacks: Value| json!({ "id": "a", "tier": "T2", "on": "gemini_flash", "next": "+10m", "fallbacks": fallbacks });
    for (fallbacks, n_runs, why) in [
        (json!(["kimi"]), 0, "the gateway has another"),
        (json!(["minimax"]), 24, "which is down as well"),
        (json!([]), 24, "it has none"),
    ] {
        world["crons"] = json!([hourly(fallbacks)]);
        let failing = ordinary(&scene(world.clone()), &down(&["google", "minimax"])).failing;
        assert_eq!(failing.n_runs, n_runs, "{why}");
    }
    world["crons"] = json!([hourly(json!([]))]);
    world["routes"]["gemini_flash"] = json!("limit +3h");
    let failing = ordinary(&scene(world), &Hypothesis::default()).failing;
    assert_eq!(failing, FailingRuns { n_crons: 1, n_runs: 3 }, "until it is back");
}

#[test]
fn what_runs_once_is_gone_after_it_ran() {
    let mut world = well();
    world["crons"][1] = json!({ "id": "once", "tier": "T2", "on": "gemini_flash", "next": "+1h", "one_shot": true });
    let scene = scene(world);
    let named = |hypothesis: &Hypothesis| {
        ordinary(&scene, hypothesis).plan.decisions.iter().any(|decision| decision.cron.as_str() == "once")
    };
    assert!(named(&at("+30m")) && !named(&at("+2h")));
}
