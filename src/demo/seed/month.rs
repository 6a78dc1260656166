//! The month before the demo began, as a program that watched it remembers it: what ran, and how the windows filled.
//!
//! Windows fill with the runs and with what people do beside them: on working days by day, much less at week-ends.
//! They end where the gateway shows them now. Two probes run twice as often since Google's day began, so that it has
//! become too short. Some nights nobody looked.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc, Weekday};
use chrono_tz::Europe::Brussels;
use jiff::{SignedDuration, Timestamp};

use super::history::OUT_SINCE_MS;
use super::{DAY, HOUR, MINUTE, cron_id};
use crate::demo::schedule::{runs_between, time_based};
use crate::demo::world::{Job, Outcome, Random, Window, World};
use crate::domain::{
    AccountId, CronId, Metric, QuotaWindow, ResetConfidence, RunRecord, RunStatus, Source, TokenUsage,
};

const DAYS: i64 = 30;
/// Between two readings.
const STEP: i64 = 15 * MINUTE;
const N_STEPS: usize = (DAYS * DAY / STEP) as usize;

/// They ran half as often until today.
const DOUBLED: [&str; 2] = ["uptime-probe", "partner-api-ping"];

/// What people use of an account in a busy hour, in thousands of tokens.
const BY_HAND: [(&str, f64); 5] =
    [("anthropic", 44.0), ("google", 8.0), ("kimi", 16.0), ("openai", 25.0), ("zai", 36.0)];

/// What happened before the demo began.
#[derive(Debug, Default)]
pub struct Month {
    /// By cron, then by time.
    pub runs: Vec<RunRecord>,
    /// Of each window in the order of time.
    pub readings: Vec<(AccountId, QuotaWindow)>,
}

impl Month {
    pub(in crate::demo) fn before(world: &World, now: Timestamp) -> Self {
        let now_ms = now.as_millisecond();
        let mut month = Self::default();
        let daily = world.windows().find(|(_, window)| window.label == "Daily");
        let today_ms = daily.and_then(|(_, window)| window.resets().nth(1)).unwrap_or(now_ms);
        for job in world.all_jobs() {
            month.runs.extend(runs_of(world, job, today_ms, now_ms));
        }
        let clock = Clock { from_ms: now_ms - DAYS * DAY };
        let by_runs = used_by_runs(&month.runs, clock);
        for (provider, window) in world.windows().filter(|(_, window)| window.label != "Per minute") {
            let uses = Uses {
                runs: by_runs.get(provider).map_or(&[], Vec::as_slice),
                hand: &used_by_hand(provider, clock, world.options().seed),
            };
            let account = AccountId::new(provider);
            let readings = readings(window, &uses, clock, now_ms);
            month.readings.extend(readings.into_iter().map(|reading| (account.clone(), reading)));
        }
        month
    }
}

/// The steps of the month.
#[derive(Clone, Copy)]
struct Clock {
    from_ms: i64,
}

impl Clock {
    /// The end of a step.
    fn at(self, step: usize) -> i64 {
        self.from_ms + (step as i64 + 1) * STEP
    }

    fn step_of(self, at_ms: i64) -> usize {
        usize::try_from((at_ms - self.from_ms) / STEP).unwrap_or(0).min(N_STEPS - 1)
    }
}

/// Thousands of tokens in each step.
struct Uses<'a> {
    runs: &'a [f64],
    hand: &'a [f64],
}

/// Up to when MiniMax ran out: what was since then the gateway tells itself.
fn runs_of(world: &World, job: &Job, today_ms: i64, now_ms: i64) -> Vec<RunRecord> {
    if job.payload_kind() != "agentTurn" || !job.enabled() || !time_based(job.schedule()) {
        return Vec::new();
    }
    let id = CronId::new(job.id());
    let was_rarer = DOUBLED.iter().any(|slug| cron_id(slug) == id);
    let fires = runs_between(job.schedule(), job.id(), now_ms - DAYS * DAY, now_ms - OUT_SINCE_MS, job.created_ms);
    let fires = fires.into_iter().enumerate();
    let ran = fires.filter(|(n, at_ms)| !was_rarer || *at_ms >= today_ms || n % 2 == 0);
    let nothing_fails = BTreeMap::new();
    ran.filter_map(|(_, at_ms)| record(&id, at_ms, world.past_outcome(job, at_ms, &nothing_fails).0)).collect()
}

fn record(cron: &CronId, at_ms: i64, outcome: Outcome) -> Option<RunRecord> {
    let at = Timestamp::from_millisecond(at_ms).ok()?;
    let duration = SignedDuration::from_millis(outcome.duration_ms);
    let (provider, model) = outcome.ran.unzip();
    Some(RunRecord {
        cron: cron.clone(),
        at,
        finished_at: at.checked_add(duration).ok()?,
        status: if outcome.error.is_some() { RunStatus::Error } else { RunStatus::Ok },
        provider,
        model,
        error_reason: outcome.error.as_ref().and_then(|error| error.reason).map(str::to_owned),
        error: outcome.error.map(|error| error.text),
        duration: Some(duration),
        usage: outcome.usage.map(|(input, output)| TokenUsage { input, output, total: input + output }),
    })
}

fn used_by_runs(runs: &[RunRecord], clock: Clock) -> BTreeMap<String, Vec<f64>> {
    let mut used: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for run in runs {
        let Some((provider, usage)) = run.provider.as_ref().zip(run.usage) else { continue };
        if !used.contains_key(provider) {
            used.insert(provider.clone(), vec![0.0; N_STEPS]);
        }
        if let Some(steps) = used.get_mut(provider) {
            steps[clock.step_of(run.finished_at.as_millisecond())] += usage.total as f64 / 1_000.0;
        }
    }
    used
}

fn used_by_hand(provider: &str, clock: Clock, seed: u64) -> Vec<f64> {
    let per_hour = BY_HAND.iter().find(|(known, _)| *known == provider).map_or(0.0, |(_, kilotokens)| *kilotokens);
    let mut chance = Random::of(seed, &format!("{provider} by hand"));
    let (mut today, mut mood) = (0, 1.0);
    let used = |step| {
        let (weekday, day, hour) = in_brussels(clock.at(step));
        if day != today {
            (today, mood) = (day, chance.between(60, 140) as f64 / 100.0);
        }
        // People work in bursts.
        let burst = [0.0, 0.4, 1.0, 2.6][chance.between(0, 3) as usize];
        per_hour * mood * burst * busy(weekday, hour) * STEP as f64 / HOUR as f64
    };
    (0..N_STEPS).map(used).collect()
}

fn in_brussels(at_ms: i64) -> (Weekday, i32, u32) {
    let there = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default().with_timezone(&Brussels);
    (there.weekday(), there.num_days_from_ce(), there.hour())
}

/// How busy people are, where a busy hour is 1.
fn busy(weekday: Weekday, hour: u32) -> f64 {
    let weekend = matches!(weekday, Weekday::Sat | Weekday::Sun);
    match (hour, weekend) {
        (10..=21, true) => 0.2,
        (_, true) | (0..=6 | 23, false) => 0.0,
        (7 | 18 | 20..=22, false) => 0.3,
        (8 | 12 | 13 | 17 | 19, false) => 0.7,
        (_, false) => 1.1,
    }
}

/// What was read of a window, wherever it said something new.
fn readings(window: &Window, uses: &Uses<'_>, clock: Clock, now_ms: i64) -> Vec<QuotaWindow> {
    let mut resets: Vec<i64> = window.resets().take_while(|reset| *reset > clock.from_ms).collect();
    let began_ms = resets.get(1).copied().unwrap_or(clock.from_ms);
    let now = Current::of(window, uses, clock.step_of(began_ms));
    let mut percent = 0.0;
    let mut readings: Vec<QuotaWindow> = Vec::new();
    for step in 0..N_STEPS {
        let at_ms = clock.at(step);
        while resets.len() > 1 && resets.last().is_some_and(|reset| *reset <= at_ms) {
            resets.pop();
            percent = 0.0;
        }
        let Some(resets_ms) = resets.last() else { break };
        let (runs, hand) = (uses.runs.get(step).copied().unwrap_or(0.0), uses.hand[step]);
        let (runs, hand, rest) = if at_ms > began_ms { now.share(runs, hand) } else { (runs, hand, 0.0) };
        percent = (percent + (runs + hand) * window.per_kilotoken + rest).min(97.0);
        if !nobody_looked(at_ms) && at_ms <= now_ms {
            readings.extend(reading(window.label, percent, at_ms, *resets_ms));
        }
    }
    readings
}

/// How the window that is not over yet came to where it is.
struct Current {
    /// Shares of what was used by runs and by hand.
    runs: f64,
    hand: f64,
    /// Percent that come with each step where people did nothing that could explain it.
    steady: f64,
}

impl Current {
    fn of(window: &Window, uses: &Uses<'_>, first: usize) -> Self {
        let percent = |steps: &[f64]| steps.iter().skip(first).sum::<f64>() * window.per_kilotoken;
        let (by_runs, by_hand) = (percent(uses.runs), percent(uses.hand));
        let rest = window.used_percent - by_runs;
        if rest <= 0.0 {
            return Self { runs: window.used_percent / by_runs.max(f64::MIN_POSITIVE), hand: 0.0, steady: 0.0 };
        }
        if by_hand * 4.0 > rest {
            return Self { runs: 1.0, hand: rest / by_hand, steady: 0.0 };
        }
        Self { runs: 1.0, hand: 0.0, steady: rest / (N_STEPS - first) as f64 }
    }

    fn share(&self, runs: f64, hand: f64) -> (f64, f64, f64) {
        (runs * self.runs, hand * self.hand, self.steady)
    }
}

/// Every third night the computer slept, and on one day it was away.
fn nobody_looked(at_ms: i64) -> bool {
    let (_, day, hour) = in_brussels(at_ms);
    day.rem_euclid(3) == 0 && hour < 6 || day.rem_euclid(29) == 4
}

fn reading(label: &str, used: f64, at_ms: i64, resets_ms: i64) -> Option<QuotaWindow> {
    let moment = |ms| Timestamp::from_millisecond(ms).ok();
    Some(QuotaWindow {
        resets_at: Some(moment(resets_ms)?),
        reset_confidence: ResetConfidence::Exact,
        metric: Some(Metric::Percent),
        // As it is reported: in whole percents.
        ..QuotaWindow::new(label, used.round() / 100.0, moment(at_ms)?, Source::UsageStatus)
    })
}
