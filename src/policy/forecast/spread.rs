//! What the runs of each cron use: learned from its own, and leaning on those of others while there are few.
//!
//! Each level leans on the one above it: a cron on the runs of its tier and model, those on the tier's, and those on
//! all. "Leaning" counts what is above as a few runs more.

use std::collections::BTreeMap;

use super::facts::{Facts, Finished};
use crate::domain::{Tier, TokenSpread, Unit};

/// As how many runs of its own a cron counts what runs like its own use.
const LEANS_ON_ALIKE: f64 = 3.0;

/// As how many runs a group counts what the group above it uses.
const LEANS_ON_ALL: f64 = 12.0;

/// As how many good runs a cron counts that runs mostly go well.
const TRUSTED: f64 = 4.0;

/// What one run of a cron is expected to use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    /// `None`: no tokens were ever seen of anything.
    pub tokens: Option<TokenSpread>,
    /// Of the runs' tokens around their mean.
    pub variance: f64,
    /// How many of its runs end well; what the others use nobody tells.
    pub well_ratio: f64,
    pub duration_secs: f64,
}

impl Expected {
    /// What a run is likely to use, with those that end badly among them.
    pub(super) fn units(&self, unit: Unit) -> f64 {
        let units = match unit {
            Unit::Run => 1.0,
            Unit::MillionTokens => self.tokens.map_or(0.0, |tokens| tokens.mean / 1e6),
        };
        units * self.well_ratio
    }
}

/// Of every cron of [`Facts::crons`], and of any other.
pub(super) fn expected(facts: &Facts<'_>) -> (Vec<Expected>, Expected) {
    let alone: Vec<(Option<Tier>, Option<u32>, Moments)> = facts
        .crons
        .iter()
        .map(|cron| {
            let recent = &cron.runs;
            (cron.tier, recent.iter().rev().find_map(|run| run.model), Moments::of(recent))
        })
        .collect();
    let mut all = Moments::default();
    let mut of_tier: BTreeMap<Option<Tier>, Moments> = BTreeMap::new();
    let mut of_model: BTreeMap<(Option<Tier>, Option<u32>), Moments> = BTreeMap::new();
    for (tier, model, own) in &alone {
        all.add(own);
        of_tier.entry(*tier).or_default().add(own);
        of_model.entry((*tier, *model)).or_default().add(own);
    }
    let above = of_tier.iter().map(|(tier, own)| (*tier, own.leaning(&all, LEANS_ON_ALL)));
    let above: BTreeMap<Option<Tier>, Moments> = above.collect();
    let alike = of_model.iter().map(|(key, own)| (*key, own.leaning(above.get(&key.0).unwrap_or(&all), LEANS_ON_ALL)));
    let alike: BTreeMap<(Option<Tier>, Option<u32>), Moments> = alike.collect();
    let usual_duration = usual_duration(facts);
    let each = facts.crons.iter().zip(&alone).map(|(cron, (tier, model, own))| {
        let leaning = own.leaning(alike.get(&(*tier, *model)).unwrap_or(&all), LEANS_ON_ALIKE);
        let recent = &cron.runs;
        let durations: Vec<f64> = recent.iter().filter(|run| run.well).filter_map(|run| run.duration_secs).collect();
        Expected {
            tokens: leaning.spread(own.n as u32),
            variance: leaning.variance(),
            well_ratio: well_ratio(recent),
            duration_secs: mean(&durations).unwrap_or(usual_duration),
        }
    });
    let (tokens, variance) = (all.spread(0), all.variance());
    (each.collect(), Expected { tokens, variance, well_ratio: 1.0, duration_secs: usual_duration })
}

/// How many of its runs end well. Several failures in a row are an outage, which says nothing of the runs to come;
/// unless it never ended well.
fn well_ratio(runs: &[Finished]) -> f64 {
    let n_well = runs.iter().filter(|run| run.well).count();
    let alone = runs.windows(3).filter(|three| three[0].well && !three[1].well && three[2].well).count();
    let n_failed = if n_well == 0 { runs.len() } else { alone };
    (n_well as f64 + TRUSTED) / ((n_well + n_failed) as f64 + TRUSTED)
}

fn usual_duration(facts: &Facts<'_>) -> f64 {
    let each: Vec<f64> = facts.crons.iter().filter_map(|cron| cron.runs.last()?.duration_secs).collect();
    mean(&each).unwrap_or(60.0)
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Mean, scatter and quantiles of the tokens of some runs.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    n: f64,
    mean: f64,
    /// Mean of the squares.
    square: f64,
    quantiles: [f64; 3],
}

impl Moments {
    fn of(runs: &[Finished]) -> Self {
        let mut tokens: Vec<f64> = runs.iter().filter(|run| run.well).filter_map(|run| run.tokens).collect();
        if tokens.is_empty() {
            return Self::default();
        }
        tokens.sort_unstable_by(f64::total_cmp);
        let n = tokens.len() as f64;
        let at = |part: f64| {
            let place = part * (n - 1.0);
            let (below, above) = (tokens[place.floor() as usize], tokens[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Self {
            n,
            mean: tokens.iter().sum::<f64>() / n,
            square: tokens.iter().map(|tokens| tokens * tokens).sum::<f64>() / n,
            quantiles: [at(0.1), at(0.5), at(0.9)],
        }
    }

    /// Takes the runs of another group in.
    fn add(&mut self, other: &Self) {
        if other.n > 0.0 {
            *self = self.mixed(other, self.n, other.n);
            self.n += other.n;
        }
    }

    /// As if `weight` runs of `above` were among its own.
    fn leaning(&self, above: &Self, weight: f64) -> Self {
        match (self.n > 0.0, above.n > 0.0) {
            (true, true) => Self { n: self.n, ..self.mixed(above, self.n, weight) },
            (true, false) => *self,
            (false, _) => *above,
        }
    }

    fn mixed(&self, other: &Self, own: f64, others: f64) -> Self {
        let mix = |a: f64, b: f64| (a * own + b * others) / (own + others);
        let quantile = |index: usize| mix(self.quantiles[index], other.quantiles[index]);
        Self {
            n: self.n,
            mean: mix(self.mean, other.mean),
            square: mix(self.square, other.square),
            quantiles: [quantile(0), quantile(1), quantile(2)],
        }
    }

    fn variance(&self) -> f64 {
        (self.square - self.mean * self.mean).max(0.0)
    }

    fn spread(&self, n_runs: u32) -> Option<TokenSpread> {
        let [low, middle, high] = self.quantiles;
        (self.n > 0.0).then_some(TokenSpread { low, middle, high, mean: self.mean, n_runs })
    }
}

#[cfg(test)]
mod tests {
    use super::{Finished, well_ratio};

    #[test]
    fn an_outage_does_not_make_runs_rare_but_a_habit_of_failing_does() {
        let runs = |text: &str| -> Vec<Finished> {
            let run = |(index, letter): (usize, char)| Finished {
                at_secs: index as i64,
                tokens: None,
                duration_secs: None,
                well: letter == '+',
                model: None,
            };
            text.chars().enumerate().map(run).collect()
        };
        let cases = [
            ("", 1.0, "nothing is known"),
            ("++++++++", 1.0, "it always goes well"),
            ("+++------+++------", 1.0, "two outages, one of them not over"),
            ("++-+-++-+-", 10.0 / 13.0, "now and then one fails"),
            ("------------", 0.25, "it never goes well"),
        ];
        for (text, expected, why) in cases {
            let ratio = well_ratio(&runs(text));
            assert!((ratio - expected).abs() < 1e-9, "{why}: {ratio}");
        }
    }
}
