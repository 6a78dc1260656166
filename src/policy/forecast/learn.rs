//! What is learned of every window and every cron from what was seen, once for many forecasts.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, LOOKS_BACK, Ran};
use super::fit::{Fit, Stretch, fit};
use super::spread::{Expected, expected};
use super::turns::{Turn, how_they_start, turns};
use crate::domain::{
    AccountId, CronId, Metric, ModelScope, Observation, QuotaSample, QuotaWindow, Unit, UsageHistory, WindowHistory,
    WindowStart,
};

/// A window that is used this much lets nothing more through: what it grows by tells nothing.
const FULL: f64 = 0.99;

/// Fewer readings do not tell whether they are rounded.
const TELLS_ROUNDING: usize = 6;

/// Runs of so long are kept, to tell what was used since the last reading.
const KEPT_RUNS: SignedDuration = SignedDuration::from_hours(12);

/// Everything that a forecast needs of the past. Cheap to use again while nothing new was read.
#[derive(Debug)]
pub struct Learned {
    pub(super) windows: BTreeMap<(AccountId, String), LearnedWindow>,
    crons: BTreeMap<CronId, Expected>,
    usual: Expected,
}

/// What was learned of one window.
#[derive(Debug)]
pub(super) struct LearnedWindow {
    pub turns: Vec<Turn>,
    pub starts: WindowStart,
    pub unit: Unit,
    /// `None` while too little was seen.
    pub fit: Option<Fit>,
    pub n_stretches: u32,
    pub n_runs: u32,
    pub since: Option<Timestamp>,
    /// Halfway through each of the last runs, and what they used.
    pub runs: Vec<(i64, f64)>,
}

/// Learns from everything before `obs.at`: the readings and runs of `history`, and what the fleet shows now.
#[must_use]
pub fn learn(history: &UsageHistory, obs: &Observation) -> Learned {
    learn_at(history, obs, &Facts::of(&history.runs, obs, None), None)
}

/// The same of facts that were put in order already; of the windows of `only` one account, where one is named.
pub(super) fn learn_at(
    history: &UsageHistory,
    obs: &Observation,
    facts: &Facts<'_>,
    only: Option<&AccountId>,
) -> Learned {
    let (expected, usual) = expected(facts);
    let mut windows = BTreeMap::new();
    let mut uses = None;
    for (key, past) in history.windows.iter().filter(|(key, _)| only.is_none_or(|only| key.0 == *only)) {
        let now = obs.fleet.windows.get(&key.0).into_iter().flatten().find(|window| window.label == key.1);
        windows.insert(key.clone(), learn_window(past, now, &key.0, facts, &expected, &mut uses));
    }
    let crons = facts.crons.iter().zip(expected).map(|(cron, expected)| (cron.id.clone(), expected)).collect();
    Learned { windows, crons, usual }
}

impl Learned {
    /// What a run of this cron is expected to use.
    pub(super) fn of(&self, cron: &CronId) -> &Expected {
        self.crons.get(cron).unwrap_or(&self.usual)
    }
}

fn learn_window(
    past: &WindowHistory,
    now: Option<&QuotaWindow>,
    account: &AccountId,
    facts: &Facts<'_>,
    expected: &[Expected],
    uses: &mut Option<Uses>,
) -> LearnedWindow {
    let span = now.and_then(|window| window.span).or(past.span);
    let until = past.samples.partition_point(|sample| sample.at <= facts.at);
    let oldest = facts.at.checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
    let first = past.samples.partition_point(|sample| sample.at < oldest).min(until);
    let known = &past.samples[first..until];
    let newer = now.map(as_sample).filter(|sample| known.last().is_none_or(|last| last.at < sample.at));
    let turns = turns(known.iter().copied().chain(newer), span, facts.at);
    let covers = now.map_or(&past.covers, |window| &window.covers);
    let metric = now.and_then(|window| window.metric).or(past.metric);
    let counted = Counted { account: account.clone(), covers: covers.clone(), by_runs: by_runs(metric) };
    if uses.as_ref().is_none_or(|uses| uses.counted != counted) {
        *uses = Some(Uses::of(counted, facts, expected));
    }
    let (unit, each, ran) = uses.as_ref().map_or((Unit::Run, 0.0, &[][..]), |uses| (uses.unit, uses.each, &uses.used));
    let stretches = stretches(&turns, ran, facts.since);
    let reading = if rounded(known) { 0.01 * 0.01 / 12.0 } else { 0.0 };
    let kept_from = facts.at.as_second() - KEPT_RUNS.as_secs();
    LearnedWindow {
        starts: how_they_start(&turns, span),
        unit,
        fit: fit(&stretches, each, reading),
        n_stretches: stretches.len() as u32,
        n_runs: stretches.iter().map(|one| one.n_runs).sum(),
        since: stretches.first().and_then(|one| Timestamp::from_second(one.from).ok()),
        runs: ran.iter().filter(|one| one.at_secs >= kept_from).map(|one| (one.at_secs, one.units)).collect(),
        turns,
    }
}

fn as_sample(window: &QuotaWindow) -> QuotaSample {
    QuotaSample {
        at: window.observed_at,
        used_ratio: window.used_ratio,
        resets_at: window.resets_at,
        source: window.source,
    }
}

/// Requests are counted by runs, whatever tokens are told.
fn by_runs(metric: Option<Metric>) -> bool {
    matches!(metric, Some(Metric::Requests | Metric::Calls))
}

/// Which runs are counted how.
#[derive(PartialEq)]
struct Counted {
    account: AccountId,
    covers: ModelScope,
    by_runs: bool,
}

/// What runs used, which the windows of an account mostly share.
struct Uses {
    counted: Counted,
    unit: Unit,
    used: Vec<Used>,
    /// The scatter of one run's use, relative to what it uses.
    each: f64,
}

/// What one run used, in units of a window.
#[derive(Clone, Copy)]
struct Used {
    at_secs: i64,
    units: f64,
    expected: f64,
}

impl Uses {
    fn of(counted: Counted, facts: &Facts<'_>, expected: &[Expected]) -> Self {
        let ran: Vec<&Ran> = facts.on(&counted.account, &counted.covers).collect();
        let n_told = ran.iter().filter(|ran| ran.tokens.is_some()).count();
        if counted.by_runs || n_told * 2 < ran.len() {
            let used = ran.iter().map(|ran| Used { at_secs: ran.at_secs, units: 1.0, expected: 1.0 });
            return Self { counted, unit: Unit::Run, used: used.collect(), each: 0.0 };
        }
        let (mut squares, mut sum) = (0.0, 0.0);
        let used = ran.iter().map(|ran| {
            let of_cron = &expected[ran.cron as usize];
            let mean = of_cron.tokens.map_or(0.0, |tokens| tokens.mean) / 1e6;
            squares += of_cron.variance / 1e12;
            sum += mean;
            Used { at_secs: ran.at_secs, units: ran.tokens.map_or(mean, |tokens| tokens / 1e6), expected: mean }
        });
        let used = used.collect();
        let each = if sum > 0.0 { squares / sum } else { 0.0 };
        Self { counted, unit: Unit::MillionTokens, used, each }
    }
}

/// Between the readings of each turn, as far back as runs are known.
fn stretches(turns: &[Turn], used: &[Used], runs_since: Option<Timestamp>) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut next = 0;
    for (turn, number) in turns.iter().zip(0..) {
        let newest = (turn.block.is_none()).then(|| turn.newest());
        let last = newest.filter(|newest| turn.knots.last().is_none_or(|knot| knot.at < newest.at));
        let knots: Vec<_> = turn.knots.iter().copied().chain(last).collect();
        for two in knots.windows(2) {
            let (before, after) = (two[0], two[1]);
            let known = runs_since.is_none_or(|since| before.at >= since);
            if after.after_gap || !known || after.used_ratio >= FULL || before.at >= after.at {
                continue;
            }
            let (from, to) = (before.at.as_second(), after.at.as_second());
            if to <= from {
                continue;
            }
            while next < used.len() && used[next].at_secs <= from {
                next += 1;
            }
            let mut one = Stretch {
                from,
                to,
                grown: after.used_ratio - before.used_ratio,
                units: 0.0,
                units_expected: 0.0,
                n_runs: 0,
                turn: number,
            };
            while next < used.len() && used[next].at_secs <= to {
                one.units += used[next].units;
                one.units_expected += used[next].expected;
                one.n_runs += 1;
                next += 1;
            }
            found.push(one);
        }
    }
    let most = found.len().saturating_sub(MOST_STRETCHES);
    found.split_off(most)
}

/// The newest of them are gone through.
const MOST_STRETCHES: usize = 900;

/// Whether readings are whole percents.
fn rounded(samples: &[QuotaSample]) -> bool {
    let whole = |sample: &QuotaSample| ((sample.used_ratio * 100.0).round() - sample.used_ratio * 100.0).abs() < 1e-6;
    samples.len() >= TELLS_ROUNDING && samples.iter().rev().take(200).all(whole)
}
