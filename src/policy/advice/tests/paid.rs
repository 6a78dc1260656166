//! Runs that cost money although their cron is on a flat plan, and runs that start together.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::paid::paid_fallbacks;
use super::{Life, ROOMY, SHORT, Scene, hours, model, run};
use crate::domain::{
    AccountId, Billing, CronId, PaidFallbacks, Payload, Price, ProviderAccount, QuotaAdvice, UsageHistory, Usd,
};

/// `acme` is a plan, `other` costs two dollars a million tokens.
fn scene() -> Scene {
    let mut scene = Scene::new([Life { ratio: 0.003, ..SHORT }, ROOMY]);
    for (account, billing) in [("acme", Billing::QuotaPlan), ("other", Billing::PrepaidCredits)] {
        let mut known = ProviderAccount::implied(AccountId::new(account));
        known.billing = billing;
        scene.settings.accounts.insert(known.id.clone(), known);
    }
    let route = scene.settings.routes.get_mut("other").expect("it is there");
    route.price = Some(Price { input: Usd(2.0), output: Usd(2.0) });
    scene.history = UsageHistory::default();
    scene
}

fn found(scene: &Scene, since: &BTreeMap<CronId, Timestamp>) -> Vec<PaidFallbacks> {
    paid_fallbacks(&scene.history, &scene.obs, &scene.settings, since)
}

#[test]
fn runs_that_fell_back_to_what_costs_money_are_counted_with_their_cost() {
    let mut scene = scene();
    let ran = [("acme00", "acme", -30), ("acme00", "other", -20), ("acme00", "other", -3), ("acme01", "acme", -10)];
    for (cron, account, at) in ran.into_iter().chain([("acme01", "other", -2), ("other00", "other", -2)]) {
        scene.history.keep_run(run(cron, account, hours(at)));
    }
    let [paid] = &*found(&scene, &BTreeMap::new()) else { panic!("of one account in place of one other") };
    assert_eq!((paid.account.as_str(), paid.instead_of.as_str()), ("other", "acme"));
    assert_eq!((paid.n_runs, paid.n_unpriced), (3, 0), "a cron that belongs there is no fallback");
    assert_eq!(paid.crons, ["acme00", "acme01"].map(CronId::new));
    assert!((paid.cost.0 - 0.6).abs() < 1e-9, "three times 100,000 tokens: {:?}", paid.cost);
    assert_eq!((paid.first_at, paid.last_at), (hours(-20), hours(-2)));
    let advice = scene.advice();
    assert!(matches!(advice.as_slice(), [QuotaAdvice::PaidFallbacks(_)]), "{advice:?}");
}

#[test]
fn what_a_cron_ran_on_before_it_was_moved_is_no_fallback() {
    let of = |since: Option<i64>, fallbacks: bool| {
        let mut scene = scene();
        scene.history.keep_run(run("acme00", "other", hours(-5)));
        if fallbacks {
            let cron = Arc::make_mut(&mut scene.obs.crons).get_mut("acme00").expect("it is there");
            let Payload::AgentTurn(turn) = &mut Arc::make_mut(cron).payload else { panic!("an agent turn") };
            turn.fallbacks = Some(vec![model("other").to_string()].into());
        }
        let since = since.map(|at| (CronId::new("acme00"), hours(at)));
        found(&scene, &since.into_iter().collect()).len()
    };
    assert_eq!(of(Some(-4), true), 0, "it was moved since");
    assert_eq!(of(Some(-6), false), 1, "it was moved before");
    assert_eq!(of(None, false), 0, "nobody knows what it was then");
    assert_eq!(of(None, true), 1, "the gateway falls back there");
}

#[test]
fn a_week_later_it_is_no_news_and_what_has_no_price_is_counted_apart() {
    let mut scene = scene();
    scene.settings.routes.get_mut("other").expect("it is there").price = None;
    for at in [-24 * 8, -1] {
        scene.history.keep_run(run("acme00", "acme", hours(at) - jiff::SignedDuration::from_mins(5)));
        scene.history.keep_run(run("acme00", "other", hours(at)));
    }
    let [paid] = &*found(&scene, &BTreeMap::new()) else { panic!("one") };
    assert_eq!((paid.n_runs, paid.n_unpriced, paid.cost), (1, 1, Usd(0.0)));
}

#[test]
fn what_was_paid_within_a_day_is_said_before_what_runs_out_and_older_payments_after_it() {
    for (ran_at, first) in [(-2, true), (-30, false)] {
        let mut scene = scene();
        scene.history = Scene::new([SHORT, ROOMY]).history;
        let (window, short) = (SHORT.window(), AccountId::new(SHORT.account));
        Arc::make_mut(&mut scene.obs.fleet).windows.insert(short, vec![window]);
        scene.history.keep_run(run("acme00", "other", hours(ran_at) + jiff::SignedDuration::from_mins(1)));
        let advice = scene.advice();
        let at = |fits: fn(&QuotaAdvice) -> bool| advice.iter().position(fits).unwrap_or_else(|| panic!("{advice:#?}"));
        let paid = at(|one| matches!(one, QuotaAdvice::PaidFallbacks(_)));
        let runs_out = at(|one| matches!(one, QuotaAdvice::RunsOut(_)));
        assert_eq!(paid < runs_out, first, "{ran_at}: {advice:#?}");
    }
}
