//! A thousand crons on twelve accounts, a hundred thousand starts a week, after thirty days of readings and runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{
    AgentTurn, Catalog, Cron, CronId, Fleet, Metric, Model, ModelRef, ModelScope, Observation, OutageLevel, PastRun,
    Payload, PlanMode, QuotaSample, QuotaWindow, Schedule, Source, Span, Tier, TierEntry, TokenUsage, UsageHistory,
    WindowHistory,
};

pub const N_CRONS: usize = 1_000;
const N_ACCOUNTS: usize = 12;
const DAYS: i64 = 30;

pub fn now() -> Timestamp {
    "2026-11-23T07:30:00Z".parse().expect("a moment")
}

pub fn model(index: usize) -> ModelRef {
    ModelRef::of(&format!("account{:02}", index % N_ACCOUNTS), "large")
}

/// All kinds of patterns, in six zones, and intervals: about fourteen starts a day each.
fn schedule(index: usize) -> Schedule {
    let zones = ["UTC", "Europe/Brussels", "America/New_York", "Asia/Kolkata", "Asia/Shanghai", "Australia/Lord_Howe"];
    let minute = index * 7 % 60;
    let expr = match index % 10 {
        0 => format!("{minute} * * * *"),
        1 => format!("{},{} * * * *", minute % 30, minute % 30 + 30),
        2 => "0 * * * *".to_owned(),
        3 => format!("{minute} */2 * * *"),
        4 => format!("{minute} 8-18 * * 1-5"),
        5 => format!("{minute} 7 * * *"),
        6 => format!("{minute} 9,13,17 * * *"),
        7 => "0,30 * * * *".to_owned(),
        8 => format!("{minute} 6 * * 1"),
        _ => return Schedule::Every { every: SignedDuration::from_mins(90), anchor: Some(now()) },
    };
    Schedule::Cron { expr, zone: Some(zones[index % zones.len()].to_owned()), stagger: None }
}

fn cron(index: usize) -> Cron {
    let turn = AgentTurn { model: Some(model(index).as_str().to_owned()), ..AgentTurn::default() };
    let id = CronId::new(format!("0c0ffee0-1234-4567-89ab-{index:012}"));
    Cron::new(id, format!("Cron {index}"), schedule(index), Payload::AgentTurn(turn))
}

const WINDOWS: [(&str, Span, i64); 3] =
    [("5h", Span::Hours(5), 5), ("Daily", Span::Daily, 24), ("Week", Span::Weekly, 168)];

fn window(label: &str, span: Span, hours: i64) -> QuotaWindow {
    let resets_at = Some(now() + SignedDuration::from_mins(hours * 24));
    QuotaWindow {
        span: Some(span),
        metric: Some(Metric::Percent),
        resets_at,
        ..QuotaWindow::new(label, 0.6, now(), Source::UsageStatus)
    }
}

pub fn observe() -> Observation {
    let crons: BTreeMap<CronId, Arc<Cron>> =
        (0..N_CRONS).map(|index| (cron(index).id, Arc::new(cron(index)))).collect();
    let windows = (0..N_ACCOUNTS)
        .map(|index| (model(index).account(), WINDOWS.map(|(label, span, hours)| window(label, span, hours)).to_vec()));
    let models = (0..N_ACCOUNTS).map(|index| (model(index), Model::new(model(index))));
    Observation {
        at: now(),
        gateway_reachable: true,
        tiers: Arc::new(crons.keys().map(|id| (id.clone(), TierEntry::new(Tier::T2))).collect()),
        crons: Arc::new(crons),
        catalog: Arc::new(Catalog { models: models.collect(), ..Catalog::default() }),
        fleet: Arc::new(Fleet { windows: windows.collect(), ..Fleet::default() }),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: PlanMode::Ordinary,
    }
}

/// A reading every five minutes, a run every hour of each cron.
pub fn history(obs: &Observation) -> UsageHistory {
    let from = now() - SignedDuration::from_hours(24 * DAYS);
    let mut windows: BTreeMap<(model_orchestrator::domain::AccountId, String), WindowHistory> = BTreeMap::new();
    for index in 0..N_ACCOUNTS {
        for (label, span, hours) in WINDOWS {
            let of = window(label, span, hours);
            let period = hours * 3_600;
            let reset = of.resets_at.expect("it resets").as_second();
            let samples = (0..DAYS * 24 * 12).map(|step| {
                let at = from + SignedDuration::from_mins(step * 5);
                let left = (reset - at.as_second()).rem_euclid(period);
                let used = 1.0 - left as f64 / period as f64;
                QuotaSample {
                    at,
                    used_ratio: (used * 100.0).round() / 100.0,
                    resets_at: Some(at + SignedDuration::from_secs(left.max(1))),
                    source: Source::UsageStatus,
                }
            });
            let samples = samples.collect();
            let past =
                WindowHistory { span: Some(span), metric: Some(Metric::Percent), covers: ModelScope::All, samples };
            windows.insert((model(index).account(), label.to_owned()), past);
        }
    }
    let mut runs: Vec<PastRun> = Vec::new();
    for hour in 0..DAYS * 24 {
        for (index, id) in obs.crons.keys().enumerate().filter(|(index, _)| (index + hour as usize) % 5 < 3) {
            let total = 2_000 + (index as u64 * 7_919 + hour as u64 * 104_729) % 30_000;
            runs.push(PastRun {
                cron: id.clone(),
                at: from + SignedDuration::from_secs(hour * 3_600 + index as i64 * 3),
                duration: Some(SignedDuration::from_secs(40)),
                model: Some(model(index)),
                well: true,
                tokens: Some(TokenUsage { input: total, output: 0, total }),
            });
        }
    }
    UsageHistory { windows, runs }
}
