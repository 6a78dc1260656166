//! MiniMax is out of balance, so its crons move to Kimi, whose window of five hours began three hours ago.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{RunTally, overloads};
use crate::domain::{
    AccountId, AgentTurn, Catalog, Cron, CronId, Fleet, Health, Model, ModelRef, ModelScope, Observation, OutageLevel,
    Overload, Payload, PlanMode, QuotaWindow, RouteKey, RunRecord, RunStatus, Schedule, Settings, Source, Tier,
    TierEntry, Vital,
};
use crate::policy::plan;

const MINIMAX: &str = "minimax/MiniMax-M3";
const KIMI: &str = "moonshot/kimi-k2.5";

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().expect("a moment")
}

fn mins(mins: i64) -> Timestamp {
    now() + SignedDuration::from_mins(mins)
}

fn model(text: &str) -> ModelRef {
    ModelRef::parse(text).expect("a reference")
}

fn pattern(expr: &str) -> Schedule {
    Schedule::Cron { expr: expr.to_owned(), zone: None, stagger: None }
}

fn cron(id: &str, on: &str, schedule: Schedule) -> Cron {
    let turn = AgentTurn { model: Some(on.to_owned()), ..AgentTurn::default() };
    let next_run_at = Some(mins(5));
    Cron { next_run_at, ..Cron::new(CronId::new(id), id, schedule, Payload::AgentTurn(turn)) }
}

/// 60 % of five hours are used, two hours before they end.
fn window() -> QuotaWindow {
    QuotaWindow { resets_at: Some(mins(120)), ..QuotaWindow::new("5h", 0.6, now(), Source::UsageStatus) }
}

fn run(id: &str, at: Timestamp, on: &str) -> RunRecord {
    let on = model(on);
    RunRecord {
        cron: CronId::new(id),
        at,
        finished_at: at + SignedDuration::from_secs(20),
        status: RunStatus::Ok,
        provider: Some(on.provider().to_owned()),
        model: Some(on.model().to_owned()),
        error: None,
        error_reason: None,
        duration: None,
        usage: None,
    }
}

/// Thirty runs on Kimi since its window began: each used 2 % of it.
fn tally() -> RunTally {
    let mut tally = RunTally::default();
    for index in 0..30 {
        tally.note(&run("old", mins(-180 + 6 * index), KIMI));
    }
    tally
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    for (key, on) in [("minimax", MINIMAX), ("kimi", KIMI)] {
        settings.routes.get_mut(&RouteKey::new(key)).expect("a default route").model = Some(model(on));
    }
    settings
}

fn observe(crons: Vec<Cron>, windows: Vec<QuotaWindow>) -> Observation {
    let vital = |health: Health| Vital {
        health,
        since: Some(mins(-60)),
        serving_since: Some(mins(-60)),
        observed_at: Some(now()),
        ..Vital::default()
    };
    let accounts = [(MINIMAX, Health::OutOfBalance), (KIMI, Health::Up)];
    let listed = [MINIMAX, KIMI].map(|on| (model(on), Model::new(model(on))));
    Observation {
        at: now(),
        gateway_reachable: true,
        tiers: Arc::new(crons.iter().map(|cron| (cron.id.clone(), TierEntry::new(Tier::T1))).collect()),
        crons: Arc::new(crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect()),
        catalog: Arc::new(Catalog { models: listed.into_iter().collect(), ..Catalog::default() }),
        fleet: Arc::new(Fleet {
            accounts: accounts.map(|(on, health)| (model(on).account(), vital(health))).into_iter().collect(),
            windows: BTreeMap::from([(model(KIMI).account(), windows)]),
            ..Fleet::default()
        }),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: PlanMode::Ordinary,
    }
}

fn found(crons: Vec<Cron>, windows: Vec<QuotaWindow>, tally: &RunTally) -> Vec<Overload> {
    let obs = observe(crons, windows);
    overloads(&obs, &settings(), &plan(&obs, &settings()), tally)
}

/// Two crons every ten minutes come to Kimi, where one an hour is already: 26 runs until the reset.
fn crowd() -> Vec<Cron> {
    vec![
        cron("a", MINIMAX, pattern("*/10 * * * *")),
        cron("b", MINIMAX, pattern("*/10 * * * *")),
        cron("c", KIMI, pattern("30 * * * *")),
    ]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_window_that_the_moved_crons_use_up_is_named_with_the_moment() {
    let found = found(crowd(), vec![window()], &tally());
    let [overload] = found.as_slice() else { panic!("one claim: {found:?}") };
    assert_eq!((overload.account.as_str(), overload.window.as_str(), overload.n_crons), ("moonshot", "5h", 3));
    assert_eq!((overload.used_ratio, overload.resets_at), (0.6, mins(120)));
    assert!(near(overload.expected_ratio, 0.6 + 26.0 * 0.02), "{}", overload.expected_ratio);
    // Twenty runs are left: nine pairs and one alone until 09:30, where a pair and c's second come.
    assert_eq!(overload.runs_out_at, Some(mins(90)));
}

#[test]
fn no_claim_is_made_where_it_lasts_or_too_little_is_known() {
    let with = |change: &dyn Fn(&mut QuotaWindow)| {
        let mut window = window();
        change(&mut window);
        vec![window]
    };
    let of = |n_runs: i64, step: i64| {
        let mut tally = RunTally::default();
        (0..n_runs).for_each(|index| tally.note(&run("old", mins(-180 + step * index), KIMI)));
        tally
    };
    let cases = [
        (crowd()[1..].to_vec(), vec![window()], tally(), "fourteen runs use 28 % of the 40 that are left"),
        (crowd()[2..].to_vec(), with(&|window| window.used_ratio = 0.99), tally(), "the plan brings nothing there"),
        (crowd(), with(&|window| window.resets_at = None), tally(), "no reset is known"),
        (crowd(), with(&|window| window.resets_at = Some(mins(-1))), tally(), "it has rolled over"),
        (crowd(), with(&|window| window.span = None), tally(), "nobody knows when it began"),
        (crowd(), with(&|window| window.covers = ModelScope::Feature("search".into())), tally(), "not for models"),
        (crowd(), with(&|window| window.used_ratio = 0.02), of(3, 60), "too small a share to tell"),
        (crowd(), vec![window()], of(2, 60), "two runs tell nothing"),
        (crowd(), vec![window()], RunTally::default(), "no run was seen"),
        (crowd(), Vec::new(), tally(), "no window is known"),
    ];
    for (crons, windows, tally, why) in cases {
        assert_eq!(found(crons, windows, &tally), [], "{why}");
    }
    assert_eq!(found(crowd(), vec![window()], &of(3, 60)).len(), 1, "three runs do");
}

#[test]
fn a_tally_that_began_later_counts_for_its_part_of_the_window() {
    let since = |first: i64| {
        let mut tally = RunTally::default();
        (first..0).step_by(6).for_each(|at| tally.note(&run("old", mins(at), KIMI)));
        tally
    };
    let expected = |tally: &RunTally| found(crowd(), vec![window()], tally).first().map(|one| one.expected_ratio);
    assert!(near(expected(&since(-120)).expect("a claim"), 0.6 + 26.0 * 0.02), "the same pace: the same share");
    assert_eq!(expected(&since(-60)), None, "an hour of three proves little");
}

#[test]
fn runs_since_the_reading_count_and_a_longer_window_may_run_out_first() {
    let mut late = tally();
    (1..=4).for_each(|index| late.note(&run("late", mins(-20 + index), KIMI)));
    let reading = QuotaWindow { observed_at: mins(-20), ..window() };
    let first = found(crowd(), vec![reading], &late);
    // 27 runs had used 60 % when it was read; three more of `old` and four of `late` came after.
    let share = 0.6 / 27.0;
    assert!(near(first[0].expected_ratio, 0.6 + share * (7.0 + 26.0)), "{}", first[0].expected_ratio);

    let week = QuotaWindow { resets_at: Some(mins(24 * 60)), ..QuotaWindow::new("Week", 0.97, now(), Source::Page) };
    let mut known = tally();
    (0..30).for_each(|index| known.note(&run("old", mins(-6 * 24 * 60 + index), KIMI)));
    let both = found(crowd(), vec![window(), week], &known);
    let labels: Vec<&str> = both.iter().map(|one| one.window.as_str()).collect();
    assert_eq!(labels, ["Week", "5h"], "60 runs used 97 %: two more use it up");
    assert_eq!(both[0].runs_out_at, Some(mins(10)));
}

#[test]
fn a_window_of_some_models_counts_their_runs_and_crons_alone() {
    let own = |on: &str| QuotaWindow { covers: ModelScope::Models(vec![model(on)]), ..window() };
    assert_eq!(found(crowd(), vec![own(KIMI)], &tally()).len(), 1);
    assert_eq!(found(crowd(), vec![own("moonshot/other")], &tally()), []);
}

#[test]
fn crons_that_are_off_or_decided_by_a_condition_are_not_counted() {
    let mut crons = crowd();
    crons.push(Cron { enabled: false, ..cron("off", KIMI, pattern("* * * * *")) });
    crons.push(Cron { conditional: true, ..cron("perhaps", KIMI, pattern("* * * * *")) });
    let found = found(crons, vec![window()], &tally());
    assert_eq!(found[0].n_crons, 3);
    assert!(near(found[0].expected_ratio, 0.6 + 26.0 * 0.02));
}

#[test]
fn frequent_crons_are_counted_by_their_period_as_if_they_were_gone_through() {
    let every = |mins: i64| Schedule::Every { every: SignedDuration::from_mins(mins), anchor: Some(now()) };
    let cases = [
        (pattern("* * * * *"), 120.0, "each minute"),
        (pattern("*/3 * * * *"), 40.0, "each third"),
        (every(1), 120.0, "the same as an interval"),
        (Schedule::At { at: mins(7) }, 1.0, "once"),
        (Schedule::At { at: mins(121) }, 0.0, "after the reset"),
    ];
    for (schedule, n_fires, why) in cases {
        let mut crons = crowd();
        crons.push(cron("d", MINIMAX, schedule));
        let found = found(crons, vec![window()], &tally());
        assert!(near(found[0].expected_ratio, 0.6 + (26.0 + n_fires) * 0.02), "{why}: {}", found[0].expected_ratio);
    }
}

#[test]
fn a_tally_counts_a_run_once_forgets_old_ones_and_leaves_out_what_used_nothing() {
    let all = |tally: &RunTally| tally.count(&AccountId::new("moonshot"), &ModelScope::All, Timestamp::MIN, mins(1));
    let mut tally = RunTally::default();
    let first = run("a", mins(-8 * 24 * 60), KIMI);
    tally.note(&first);
    tally.note(&first);
    assert_eq!(all(&tally), 1, "told twice");
    tally.note(&RunRecord { status: RunStatus::Error, ..run("a", mins(-3), KIMI) });
    tally.note(&RunRecord { provider: None, ..run("a", mins(-2), KIMI) });
    tally.note(&run("a", mins(-2), MINIMAX));
    assert_eq!(all(&tally), 0, "failed, refused, on another account; and the first is a week older");
    for index in 0..25_000 {
        tally.note(&run("a", mins(0) + SignedDuration::from_millis(index), KIMI));
    }
    assert_eq!(all(&tally), 20_000);
    tally.note(&first);
    assert_eq!(all(&tally), 20_000, "one from before is forgotten at once");
}
