//! One account with a window of a day, which twelve hourly crons of 100,000 tokens a run use up by four fifths.

mod ahead;
mod claims;
mod coming;
mod laws;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{forecast, learn};
use crate::domain::{
    AccountId, AgentTurn, Catalog, Cron, CronId, Fleet, Forecast, Metric, Model, ModelRef, ModelScope, Observation,
    OutageLevel, PastRun, Payload, PlanMode, QuotaSample, QuotaWindow, Schedule, Settings, Source, Span, Tier,
    TierEntry, TokenUsage, UsageHistory, WindowForecast, WindowHistory,
};

const LARGE: &str = "acme/large";
const DAYS: i64 = 10;

/// Fourteen hours into a day, on a Friday.
fn now() -> Timestamp {
    "2026-11-27T14:00:00Z".parse().expect("a moment")
}

fn mins(mins: i64) -> Timestamp {
    now() + SignedDuration::from_mins(mins)
}

fn model(text: &str) -> ModelRef {
    ModelRef::parse(text).expect("a reference")
}

fn pattern(expr: &str) -> Schedule {
    // Without one, what fires on the hour would get the gateway's.
    Schedule::Cron { expr: expr.to_owned(), zone: None, stagger: Some(SignedDuration::ZERO) }
}

fn cron(id: &str, on: &str, schedule: Schedule) -> Cron {
    let turn = AgentTurn { model: Some(on.to_owned()), ..AgentTurn::default() };
    Cron::new(CronId::new(id), id, schedule, Payload::AgentTurn(turn))
}

/// At :00, :05 … :55 of each hour.
fn crons() -> Vec<Cron> {
    (0..12).map(|index| cron(&format!("c{index:02}"), LARGE, pattern(&format!("{} * * * *", index * 5)))).collect()
}

fn run(id: &str, at: Timestamp, tokens: u64) -> PastRun {
    PastRun {
        cron: CronId::new(id),
        at,
        duration: Some(SignedDuration::from_secs(20)),
        model: Some(model(LARGE)),
        well: true,
        tokens: Some(TokenUsage { input: tokens, output: 0, total: tokens }),
    }
}

/// Days that begin at midnight, read every five minutes. Each run takes `ratio`, the rest of the account `rest` an hour.
struct Life {
    ratio: f64,
    rest: f64,
    tokens: u64,
}

/// Each of the 288 runs of a day takes a third of a percent: 96 % of it.
const LIFE: Life = Life { ratio: 1.0 / 300.0, rest: 0.0, tokens: 100_000 };

impl Life {
    fn used(&self, at: Timestamp) -> f64 {
        let midnight = at.as_second().rem_euclid(86_400);
        // A run is over well before the reading that comes five minutes after it.
        let n_runs = (midnight - 40).div_euclid(300) + 1;
        (n_runs as f64 * self.ratio + midnight as f64 / 3_600.0 * self.rest).min(1.0)
    }

    fn sample(&self, at: Timestamp) -> QuotaSample {
        let left = 86_400 - at.as_second().rem_euclid(86_400);
        let resets_at = Some(at + SignedDuration::from_secs(left));
        QuotaSample { at, used_ratio: self.used(at), resets_at, source: Source::UsageStatus }
    }

    fn history(&self) -> UsageHistory {
        let from = now() - SignedDuration::from_hours(24 * DAYS);
        let n_steps = DAYS * 24 * 12;
        let each = |offset: i64| (0..n_steps).map(move |step| from + SignedDuration::from_secs(step * 300 + offset));
        let samples: Vec<QuotaSample> = each(240).map(|at| self.sample(at)).collect();
        let past =
            WindowHistory { span: Some(Span::Daily), metric: Some(Metric::Percent), covers: ModelScope::All, samples };
        let run_at = |at: Timestamp| run(&format!("c{:02}", at.as_second().rem_euclid(3_600) / 300), at, self.tokens);
        UsageHistory {
            windows: BTreeMap::from([((AccountId::new("acme"), "Daily".to_owned()), past)]),
            runs: each(0).map(run_at).collect(),
        }
    }

    fn window(&self) -> QuotaWindow {
        let read_at = now() - SignedDuration::from_secs(60);
        let sample = self.sample(read_at);
        QuotaWindow {
            resets_at: sample.resets_at,
            metric: Some(Metric::Percent),
            ..QuotaWindow::new("Daily", sample.used_ratio, read_at, Source::UsageStatus)
        }
    }
}

fn observe(crons: Vec<Cron>, windows: Vec<QuotaWindow>) -> Observation {
    let listed = [LARGE, "acme/small", "other/large"].map(|on| (model(on), Model::new(model(on))));
    Observation {
        at: now(),
        gateway_reachable: true,
        tiers: Arc::new(crons.iter().map(|cron| (cron.id.clone(), TierEntry::new(Tier::T1))).collect()),
        crons: Arc::new(crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect()),
        catalog: Arc::new(Catalog { models: listed.into_iter().collect(), ..Catalog::default() }),
        fleet: Arc::new(Fleet { windows: BTreeMap::from([(AccountId::new("acme"), windows)]), ..Fleet::default() }),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: PlanMode::Ordinary,
    }
}

fn told(history: &UsageHistory, obs: &Observation) -> Forecast {
    forecast(&learn(history, obs), obs, &Settings::default(), None, mins(48 * 60))
}

fn only(forecast: &Forecast) -> &WindowForecast {
    let [window] = forecast.windows.as_slice() else { panic!("one window: {:?}", forecast.windows) };
    window
}

fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() <= within
}
