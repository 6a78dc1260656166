//! What of a window's use is made by runs and what by the rest of the account, and how far off that is.
//!
//! `growth = per_unit × what the runs used + the pace of the rest, by the hour of the week`. Where the two cannot be
//! told apart, because runs come as steadily as time, runs are taken to have made it: a claim errs towards a warning.
//! How far off: the same made anew from earlier readings alone, and compared with what was read after them.

use crate::policy::forecast::pace::{Pace, PaceSums};

/// Fewer stretches tell nothing.
pub(super) const FEWEST: usize = 8;

/// What is older than this counts half.
const HALF_LIFE_SECS: f64 = 12.0 * 86_400.0;

/// How strongly it is held that what runs can explain, runs have made.
const RUNS_FIRST: f64 = 0.03;

/// Rounds in which runs and rest are told apart.
const ROUNDS: usize = 6;

/// Moments of the past at which it is made anew.
const REPLAYS: usize = 10;

/// Taken to be the relative error of any forecast, as if it had been seen a few times.
const PRIOR_ERROR: f64 = 0.10;
const PRIOR_WEIGHT: f64 = 3.0;

/// Between two readings of one turn.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// Seconds of the epoch.
    pub from: i64,
    pub to: i64,
    /// By how much the window filled.
    pub grown: f64,
    /// What runs used meanwhile: millions of tokens, or runs.
    pub units: f64,
    /// What as many runs of these crons are expected to use.
    pub units_expected: f64,
    pub n_runs: u32,
    /// The turn that it belongs to.
    pub turn: u32,
}

impl Stretch {
    fn hours(&self) -> f64 {
        (self.to - self.from) as f64 / 3_600.0
    }
}

/// What was learned of one window.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Share of the window for each unit.
    pub per_unit: f64,
    pub pace: Pace,
    pub spread: Spread,
}

/// How far off a likely growth is: its variance is `each × growth + (all × growth)²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// Chance in each piece of use: evens out over many.
    pub each: f64,
    /// What does not even out: relative to all of it.
    pub all: f64,
    /// Variance of one reading, where readings are rounded.
    pub reading: f64,
}

/// Learns from stretches, oldest first. `each` is the scatter of one run's use where nothing else is known of it.
pub(super) fn fit(stretches: &[Stretch], now: i64, each: f64, reading: f64) -> Option<Fit> {
    if stretches.len() < FEWEST || stretches.iter().map(|one| one.grown).sum::<f64>() <= 0.0 {
        return None;
    }
    let (per_unit, pace) = parts(stretches, now);
    let spread = how_far_off(stretches, each * per_unit, reading);
    Some(Fit { per_unit, pace, spread })
}

/// Tells runs and rest apart, in rounds: each explains what the other leaves.
fn parts(stretches: &[Stretch], now: i64) -> (f64, Pace) {
    let weight = |one: &Stretch| 0.5_f64.powf((now - one.to) as f64 / HALF_LIFE_SECS) / one.hours().max(0.05);
    let weights: Vec<f64> = stretches.iter().map(weight).collect();
    let sum = |of: &dyn Fn(&Stretch) -> f64| {
        stretches.iter().zip(&weights).map(|(one, weight)| weight * of(one)).sum::<f64>()
    };
    let (xx, xt, tt) =
        (sum(&|one| one.units * one.units), sum(&|one| one.units * one.hours()), sum(&|one| one.hours() * one.hours()));
    let (xy, ty) = (sum(&|one| one.units * one.grown), sum(&|one| one.hours() * one.grown));
    if xx <= 0.0 {
        return (0.0, Pace::of(stretches.iter().zip(&weights), |one| one.grown));
    }
    let tt = tt * (1.0 + RUNS_FIRST);
    let apart = xx * tt - xt * xt;
    let (mut per_unit, rest) = ((xy * tt - ty * xt) / apart, (ty * xx - xy * xt) / apart);
    if rest <= 0.0 {
        per_unit = xy / xx;
    }
    per_unit = per_unit.max(0.0);
    let mut pace = Pace::of(stretches.iter().zip(&weights), |one| one.grown - per_unit * one.units);
    for _ in 0..ROUNDS {
        let left = |one: &Stretch| one.units * (one.grown - pace.between(one.from, one.to));
        per_unit = (sum(&left) / xx).max(0.0);
        pace = Pace::of(stretches.iter().zip(&weights), |one| one.grown - per_unit * one.units);
    }
    (per_unit, pace)
}

/// Made anew from what came before, and compared with what came after.
fn how_far_off(stretches: &[Stretch], each: f64, reading: f64) -> Spread {
    let n = stretches.len();
    let first = FEWEST.max(n / 4);
    let (mut short, mut short_growth) = (0.0, 0.0);
    let mut long: Vec<(f64, f64)> = Vec::new();
    for replay in 0..REPLAYS {
        let origin = first + (n - first) * replay / REPLAYS;
        let (Some(before), Some(turn)) = (stretches.get(..origin), stretches.get(origin).map(|one| one.turn)) else {
            continue;
        };
        if before.len() < FEWEST {
            continue;
        }
        let (per_unit, pace) = parts(before, before[origin - 1].to);
        let (mut expected, mut grown) = (0.0, 0.0);
        for one in stretches[origin..].iter().take_while(|one| one.turn == turn) {
            let growth = per_unit * one.units_expected + pace.between(one.from, one.to);
            short += (one.grown - growth).powi(2) - 2.0 * reading;
            short_growth += growth;
            expected += growth;
            grown += one.grown;
        }
        long.push((expected, (grown - expected).powi(2)));
    }
    // The scatter that is known of runs counts as if it had been seen over half a window.
    let each = ((short.max(0.0) + 0.5 * each) / (short_growth + 0.5)).max(each / 2.0);
    let usual = long.iter().map(|(growth, _)| growth * growth).sum::<f64>() / long.len().max(1) as f64;
    let usual = if usual > 0.0 { usual } else { 1.0 };
    let beyond: f64 = long.iter().map(|(growth, error)| error - each * growth - 2.0 * reading).sum();
    let prior = PRIOR_WEIGHT * usual;
    let squares = (beyond.max(0.0) + PRIOR_ERROR * PRIOR_ERROR * prior) / (usual * long.len() as f64 + prior);
    Spread { each, all: squares.sqrt(), reading }
}

/// Kept apart so that a pace is summed up in one pass.
impl Pace {
    fn of<'a>(stretches: impl Iterator<Item = (&'a Stretch, &'a f64)>, left: impl Fn(&Stretch) -> f64) -> Self {
        let mut sums = PaceSums::default();
        for (one, weight) in stretches {
            // A stretch counts by its length once: the weight is for squares.
            sums.add(one.from, one.to, left(one), weight * one.hours());
        }
        sums.pace()
    }
}
