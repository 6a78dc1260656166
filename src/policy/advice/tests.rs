//! Two accounts with a window of a day each: twelve hourly crons use up the one, and the other has room.

mod apart;
mod laws;
mod loads;
mod moves;
mod paid;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::advise;
use crate::domain::{
    AccountId, AgentTurn, Catalog, Chain, ChainOrder, Cron, CronId, Fleet, Health, Metric, Model, ModelRef, ModelScope,
    Observation, OutageLevel, PastRun, Payload, PlanMode, QuotaAdvice, QuotaSample, QuotaWindow, Route, RouteKey,
    RunsOut, Schedule, Settings, Source, Span, Tier, TierEntry, TokenUsage, UsageHistory, VendorId, Vital,
    WindowHistory,
};
use crate::policy::{forecast, learn};

const DAYS: i64 = 10;
const TOKENS: u64 = 100_000;

/// Ten hours into a day.
fn now() -> Timestamp {
    "2026-11-27T10:00:00Z".parse().expect("a moment")
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn model(account: &str) -> ModelRef {
    ModelRef::parse(&format!("{account}/large")).expect("a reference")
}

/// An account whose days begin at midnight.
#[derive(Clone, Copy)]
struct Life {
    account: &'static str,
    /// Hourly crons on it.
    n_crons: u8,
    /// What one of their runs takes.
    ratio: f64,
}

/// 120 runs have been, 168 are to come: 60 % of its day are used, and 144 % would be at its end.
const SHORT: Life = Life { account: "acme", n_crons: 12, ratio: 0.005 };
/// 8 % are used, and 19.2 % will be.
const ROOMY: Life = Life { account: "other", n_crons: 4, ratio: 0.002 };

impl Life {
    fn ids(self) -> impl Iterator<Item = CronId> {
        (0..self.n_crons).map(move |index| CronId::new(format!("{}{index:02}", self.account)))
    }

    fn minute(self, index: usize) -> i64 {
        index as i64 * 60 / i64::from(self.n_crons)
    }

    fn crons(self) -> Vec<Cron> {
        let cron = |(index, id): (usize, CronId)| {
            let turn = AgentTurn { model: Some(model(self.account).to_string()), ..AgentTurn::default() };
            let expr = format!("{} * * * *", self.minute(index));
            let schedule = Schedule::Cron { expr, zone: None, stagger: Some(SignedDuration::ZERO) };
            Cron::new(id.clone(), id.as_str(), schedule, Payload::AgentTurn(turn))
        };
        self.ids().enumerate().map(cron).collect()
    }

    fn sample(self, at: Timestamp) -> QuotaSample {
        let midnight = at.as_second().rem_euclid(86_400);
        // A run of every few minutes is over before the reading that follows it.
        let n_runs = (midnight - 40) * i64::from(self.n_crons) / 3_600 + 1;
        QuotaSample {
            at,
            used_ratio: (n_runs as f64 * self.ratio).min(1.0),
            resets_at: Some(at + SignedDuration::from_secs(86_400 - midnight)),
            source: Source::UsageStatus,
        }
    }

    fn remember(self, history: &mut UsageHistory) {
        let from = now() - SignedDuration::from_hours(24 * DAYS);
        let every = 3_600 / i64::from(self.n_crons);
        let n_steps = DAYS * 24 * i64::from(self.n_crons);
        let each = |offset: i64| (0..n_steps).map(move |step| from + SignedDuration::from_secs(step * every + offset));
        let samples = each(every - 60).map(|at| self.sample(at)).collect();
        let past =
            WindowHistory { span: Some(Span::Daily), metric: Some(Metric::Percent), covers: ModelScope::All, samples };
        history.windows.insert((AccountId::new(self.account), "Daily".to_owned()), past);
        for at in each(0) {
            let index = (at.as_second().rem_euclid(3_600) * i64::from(self.n_crons) / 3_600) as usize;
            let id = self.ids().nth(index).expect("there is one");
            history.keep_run(run(id.as_str(), self.account, at));
        }
    }

    fn window(self) -> QuotaWindow {
        let read_at = now() - SignedDuration::from_secs(60);
        let QuotaSample { used_ratio, resets_at, .. } = self.sample(read_at);
        QuotaWindow {
            resets_at,
            metric: Some(Metric::Percent),
            ..QuotaWindow::new("Daily", used_ratio, read_at, Source::UsageStatus)
        }
    }
}

fn run(cron: &str, account: &str, at: Timestamp) -> PastRun {
    PastRun {
        cron: CronId::new(cron),
        at,
        duration: Some(SignedDuration::from_secs(20)),
        model: Some(model(account)),
        well: true,
        tokens: Some(TokenUsage { input: TOKENS, output: 0, total: TOKENS }),
    }
}

/// What is, and what was.
struct Scene {
    obs: Observation,
    settings: Settings,
    history: UsageHistory,
}

impl Scene {
    /// All crons of T2, whose chain is the short account and then the other; of T1 it is the same.
    fn new(lives: [Life; 2]) -> Self {
        let mut history = UsageHistory::default();
        for life in lives {
            life.remember(&mut history);
        }
        let crons: Vec<Cron> = lives.into_iter().flat_map(Life::crons).collect();
        let mut settings = Settings { cost_guard: BTreeMap::new(), ..Settings::default() };
        let keys = lives.map(|life| RouteKey::new(life.account));
        settings.routes = lives
            .map(|life| {
                let route = Route {
                    label: life.account.to_owned(),
                    vendor: VendorId::new(life.account),
                    model: Some(model(life.account)),
                    price: None,
                    set_aside_until: None,
                };
                (RouteKey::new(life.account), route)
            })
            .into();
        let chain = || Chain { order: ChainOrder::Listed, routes: keys.to_vec() };
        settings.chains = Tier::ALL.map(|tier| (tier, chain())).into();
        let up = || Vital { health: Health::Up, serving_since: Some(hours(-24)), ..Vital::default() };
        let fleet = Fleet {
            accounts: lives.map(|life| (AccountId::new(life.account), up())).into(),
            windows: lives.map(|life| (AccountId::new(life.account), vec![life.window()])).into(),
            ..Fleet::default()
        };
        let listed = lives.map(|life| (model(life.account), Model::new(model(life.account))));
        let obs = Observation {
            at: now(),
            gateway_reachable: true,
            tiers: Arc::new(crons.iter().map(|cron| (cron.id.clone(), TierEntry::new(Tier::T2))).collect()),
            crons: Arc::new(crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect()),
            catalog: Arc::new(Catalog { models: listed.into(), ..Catalog::default() }),
            fleet: Arc::new(fleet),
            ledger: Arc::default(),
            edited: Arc::default(),
            down_since: BTreeMap::new(),
            previous_level: OutageLevel::Healthy,
            busy: Arc::default(),
            mode: PlanMode::Ordinary,
        };
        Self { obs, settings, history }
    }

    fn entries(mut self, mut change: impl FnMut(&str, &mut TierEntry)) -> Self {
        for (id, entry) in Arc::make_mut(&mut self.obs.tiers) {
            change(id.as_str(), entry);
        }
        self
    }

    fn advice(&self) -> Vec<QuotaAdvice> {
        let learned = learn(&self.history, &self.obs);
        let forecast = forecast(&learned, &self.obs, &self.settings, None, hours(48));
        advise(&learned, &self.history, &self.obs, &self.settings, &forecast, &BTreeMap::new())
    }

    fn runs_out(&self) -> RunsOut {
        let first = self.advice().into_iter().next().expect("something runs out");
        let QuotaAdvice::RunsOut(first) = first else { panic!("{first:?}") };
        *first
    }
}

fn moved(advice: &RunsOut) -> Vec<&str> {
    advice.detours.keys().map(CronId::as_str).collect()
}
