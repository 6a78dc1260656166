//! What a week cost, and what the next one will.

use jiff::Timestamp;

use super::*;
use crate::domain::{
    Billing, ComingCron, ComingRuns, CronId, Foretold, Price, ProviderAccount, Route, RouteKey, Start, TokenSpread,
    TokenUsage, TrackRecord, VendorId,
};

fn now() -> Timestamp {
    "2026-11-27T10:00:00Z".parse().expect("a moment")
}

fn model(text: &str) -> ModelRef {
    ModelRef::parse(text).expect("a reference")
}

/// Of each million tokens read one dollar, written three.
fn settings() -> Settings {
    let mut settings = Settings::default();
    for (account, billing) in [("plan", Billing::QuotaPlan), ("paid", Billing::PrepaidCredits)] {
        let mut known = ProviderAccount::implied(AccountId::new(account));
        known.billing = billing;
        settings.accounts.insert(known.id.clone(), known);
        let route = Route {
            label: account.to_owned(),
            vendor: VendorId::new(account),
            model: Some(model(&format!("{account}/large"))),
            price: Some(Price { input: Usd(1.0), output: Usd(3.0) }),
            set_aside_until: None,
        };
        settings.routes.insert(RouteKey::new(account), route);
    }
    settings
}

fn run(on: &str, hours_ago: i64, tokens: Option<(u64, u64)>) -> PastRun {
    run_of(on, on, hours_ago, tokens)
}

fn run_of(cron: &str, on: &str, hours_ago: i64, tokens: Option<(u64, u64)>) -> PastRun {
    let usage = |(input, output)| TokenUsage { input, output, total: input + output };
    PastRun {
        cron: CronId::new(cron),
        at: now() - SignedDuration::from_hours(hours_ago),
        duration: None,
        model: Some(model(on)),
        well: true,
        tokens: tokens.map(usage),
    }
}

/// Each cron starts every hour.
fn forecast(crons: &[&str], days: i64) -> Forecast {
    let mean = TokenSpread { low: 0.0, middle: 0.0, high: 0.0, mean: 10_000.0, n_runs: 9 };
    let cron = |on: &&str| ComingCron {
        cron: CronId::new(*on),
        model: model(on),
        account: model(on).account(),
        foretold: Foretold::Told,
        n_starts: 0,
        tokens: Some(mean),
    };
    let each = (1..=days * 24).flat_map(|hour| (0..crons.len()).map(move |cron| (hour * 3_600, cron)));
    let starts = each.map(|(after, cron)| Start { after_secs: after as u32, cron: cron as u32 }).collect();
    let until = now() + SignedDuration::from_hours(24 * days);
    let coming =
        ComingRuns { from: now(), until, crons: crons.iter().map(cron).collect(), starts, clusters: Vec::new() };
    Forecast { at: now(), until, windows: Vec::new(), coming, record: TrackRecord::default() }
}

fn of<'a>(costs: &'a Costs, account: &str) -> &'a AccountCost {
    costs.accounts.iter().find(|one| one.account.as_str() == account).expect("it is there")
}

#[test]
fn money_by_the_token_is_what_runs_used_and_plans_are_counted_apart() {
    let mut history = UsageHistory::default();
    for run in [
        run("paid/large", 200, Some((600_000, 0))),
        run("paid/large", 100, Some((600_000, 200_000))),
        run("paid/large", 50, Some((200_000, 0))),
        run("paid/large", 2, None),
        run("plan/large", 3, Some((5_000_000, 0))),
    ] {
        history.keep_run(run);
    }
    let costs = costs(&history, &settings(), now(), &forecast(&["paid/large", "plan/large"], 10));
    assert_eq!(costs.until, now() + WEEK);
    let paid = of(&costs, "paid");
    assert_eq!((paid.pays, paid.past.n_runs, paid.past.n_unpriced), (Pays::ByToken, 3, 1), "of seven days");
    assert!((paid.past.money.0 - 1.4).abs() < 1e-9 && (paid.past.tokens - 1_000_000.0).abs() < 1e-6);
    // 168 runs of 10,000 tokens, of which an eighth was written in four weeks: 1.25 dollars a million.
    assert_eq!(paid.coming.n_runs, 168);
    assert!((paid.coming.money.0 - 168.0 * 0.012_5).abs() < 1e-9, "{:?}", paid.coming);
    let plan = of(&costs, "plan");
    assert_eq!((plan.pays, plan.past.money, plan.coming.money), (Pays::Flat, Usd(0.0), Usd(0.0)));
    assert_eq!((plan.past.n_runs, plan.coming.n_runs, plan.flat), (1, 168, None));
    let (past, coming) = costs.by_token();
    assert!((past.money.0 - 1.4).abs() < 1e-9 && (coming.money.0 - 2.1).abs() < 1e-9);
    assert_eq!((past.n_runs, past.n_unpriced, coming.n_unpriced), (3, 1, 0));
}

#[test]
fn a_plan_with_a_price_costs_its_part_of_a_week_whatever_runs() {
    let mut settings = settings();
    for (per, expected) in [(Period::Week, 36.525), (Period::Month, 8.4), (Period::Quarter, 2.8), (Period::Year, 0.7)] {
        let plan = settings.accounts.get_mut("plan").expect("it is there");
        plan.flat_price = Some(FlatPrice { price: Usd(36.525), per });
        let costs = costs(&UsageHistory::default(), &settings, now(), &forecast(&[], 7));
        let flat = of(&costs, "plan").flat.expect("it has a price");
        assert!((flat.0 - expected).abs() < 1e-9, "{per:?}: {flat:?}");
    }
}

/// As when a flat plan is taken down, and its crons go to a route that has not run for weeks.
#[test]
fn a_route_with_a_price_is_priced_although_it_did_not_run_this_week() {
    let settings = settings();
    let cases: [(&[PastRun], f64, &str); 4] = [
        (&[], 1.2, "nothing is known: nine tenths are read"),
        (&[run_of("paid/large", "plan/large", 9, Some((500, 500)))], 2.0, "as it reads and writes on another model"),
        (&[run_of("paid/large", "plan/large", 29 * 24, Some((500, 500)))], 1.2, "that was long ago"),
        (&[run_of("paid/large", "plan/large", 9, None)], 1.2, "of that run nobody knows"),
    ];
    for (runs, dollars_a_million, why) in cases {
        let mut history = UsageHistory::default();
        for run in runs {
            history.keep_run(run.clone());
        }
        let costs = costs(&history, &settings, now(), &forecast(&["paid/large"], 7));
        let paid = of(&costs, "paid").coming;
        let expected = 168.0 * 0.01 * dollars_a_million;
        assert_eq!((paid.n_runs, paid.n_unpriced), (168, 0), "{why}");
        assert!((paid.money.0 - expected).abs() < 1e-9, "{why}: {paid:?}, not {expected}");
    }
}

#[test]
fn each_cron_has_its_own_share_of_tokens_read_and_written() {
    let mut history = UsageHistory::default();
    history.keep_run(run_of("paid/large", "plan/large", 9, Some((1_000, 0))));
    history.keep_run(run_of("writes", "plan/large", 9, Some((0, 9_000))));
    let mut forecast = forecast(&["paid/large", "paid/large"], 7);
    forecast.coming.crons[1].cron = CronId::new("writes");
    let costs = costs(&history, &settings(), now(), &forecast);
    let paid = of(&costs, "paid").coming;
    assert!((paid.money.0 - 168.0 * (0.01 + 0.03)).abs() < 1e-9, "one reads only, one writes only: {paid:?}");
}

#[test]
fn a_cron_without_runs_reads_and_writes_as_the_others_that_are_paid_do() {
    let mut history = UsageHistory::default();
    history.keep_run(run_of("paid/large", "plan/large", 9, Some((500, 500))));
    let mut forecast = forecast(&["paid/large", "paid/large"], 7);
    forecast.coming.crons[1].cron = CronId::new("never ran");
    let costs = costs(&history, &settings(), now(), &forecast);
    let paid = of(&costs, "paid").coming;
    assert!((paid.money.0 - 2.0 * 168.0 * 0.02).abs() < 1e-9, "{paid:?}");
}

#[test]
fn what_has_no_price_is_counted_and_what_is_not_told_that_far_says_so() {
    let mut settings = settings();
    settings.routes.values_mut().for_each(|route| route.price = None);
    let costs = costs(&UsageHistory::default(), &settings, now(), &forecast(&["paid/large"], 2));
    assert_eq!(costs.until, now() + SignedDuration::from_hours(48));
    let paid = of(&costs, "paid");
    assert_eq!((paid.coming.n_runs, paid.coming.n_unpriced, paid.coming.money), (48, 48, Usd(0.0)));
    assert!((paid.coming.tokens - 480_000.0).abs() < 1e-6);
    assert_eq!(costs.by_token().1.n_unpriced, 48);
}
