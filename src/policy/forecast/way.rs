//! The way of a window from now to its reset: where it will be at any moment, how surely, and when it is used up.
//!
//! What will have been used is taken to follow a gamma distribution around what is likely: never less than nothing,
//! and with more room above than below. Its quantiles are Wilson and Hilferty's, which need no tables.

use jiff::{SignedDuration, Timestamp};

use super::fit::{Fit, Spread};
use crate::domain::BandPoint;

/// One in ten is below the low, one in ten above the high.
const TENTH: f64 = 1.281_551_6;

/// A point of the band stands for at least so much time…
const FINEST: SignedDuration = SignedDuration::from_mins(5);

/// …and there are no more than this.
const MOST_POINTS: i64 = 120;

/// From a moment on, how a window fills.
pub(super) struct Way<'a> {
    pub at: Timestamp,
    pub resets_at: Timestamp,
    /// At `at`: the reading, and what is likely to have been used since.
    pub used_now: f64,
    /// Growth that `used_now` rests on, and that is as unsure as what comes.
    pub since_reading: f64,
    /// The starts of runs in seconds after `at`, each with the share that it and all before it use.
    pub steps: Vec<(u32, f64)>,
    /// When after its start a run has used what it uses: halfway through a usual one, at the end of a long one.
    pub lag_secs: f64,
    pub longest_secs: f64,
    /// Beyond the last start that was told: share for each second.
    pub beyond: Option<(u32, f64)>,
    pub fit: &'a Fit,
}

impl Way<'_> {
    /// What runs will have used between now and `at`.
    pub(super) fn scheduled(&self, at: Timestamp) -> f64 {
        self.used_by(at, self.lag_secs)
    }

    /// The same, where each run uses what it uses so long after its start.
    fn used_by(&self, at: Timestamp, lag_secs: f64) -> f64 {
        let secs = at.duration_since(self.at).as_secs_f64() - lag_secs;
        let told = self.steps.partition_point(|(after, _)| f64::from(*after) <= secs);
        let beyond = self.beyond.map_or(0.0, |(end, rate)| (secs - f64::from(end)).max(0.0) * rate);
        told.checked_sub(1).map_or(0.0, |last| self.steps[last].1) + beyond
    }

    /// What the rest of the account will have used.
    pub(super) fn other(&self, at: Timestamp) -> f64 {
        self.fit.pace.between(self.at.as_second(), at.as_second())
    }

    pub(super) fn point(&self, at: Timestamp) -> BandPoint {
        let other = self.other(at) + self.since_reading;
        let read = self.used_now - self.since_reading;
        // When within a run it is used nobody knows: the band is open to both.
        let of = |lag_secs: f64| quantiles(self.used_by(at, lag_secs) + other, &self.fit.spread);
        let (low, likely, high) = (of(self.longest_secs).0, of(self.lag_secs).1, of(0.0).2);
        BandPoint { at, low: (read + low).max(0.0), likely: read + likely, high: read + high }
    }

    /// What is likely to be used between two moments of it, whatever was before.
    pub(super) fn likely_between(&self, from: Timestamp, to: Timestamp) -> f64 {
        let growth = self.scheduled(to) - self.scheduled(from) + self.other(to) - self.other(from);
        quantiles(growth, &self.fit.spread).1
    }

    /// Of being used up at `at`, 0.0 to 1.0.
    pub(super) fn chance(&self, at: Timestamp) -> f64 {
        let growth = self.scheduled(at) + self.other(at) + self.since_reading;
        chance_above(1.0 - (self.used_now - self.since_reading), growth, &self.fit.spread)
    }

    /// The first second by which `part` of a point says that it is used up.
    pub(super) fn used_up(&self, part: impl Fn(&BandPoint) -> f64) -> Option<Timestamp> {
        let up = |at: Timestamp| part(&self.point(at)) >= 1.0;
        if !up(self.resets_at) {
            return None;
        }
        let (mut before, mut after) = (self.at.as_second() - 1, self.resets_at.as_second());
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if Timestamp::from_second(middle).is_ok_and(&up) { after = middle } else { before = middle }
        }
        Some(Timestamp::from_second(after).unwrap_or(self.resets_at).clamp(self.at, self.resets_at))
    }

    /// Evenly from now to the reset.
    pub(super) fn band(&self) -> Vec<BandPoint> {
        let whole = self.resets_at.duration_since(self.at);
        let n_points = (whole.as_secs() / FINEST.as_secs()).clamp(1, MOST_POINTS);
        let at = |index: i64| {
            let after = SignedDuration::from_secs((whole.as_secs() as f64 * index as f64 / n_points as f64) as i64);
            if index == n_points { self.resets_at } else { self.at.checked_add(after).unwrap_or(self.resets_at) }
        };
        (0..=n_points).map(|index| self.point(at(index))).collect()
    }
}

/// One in ten, one in two and nine in ten of what is used when `growth` is expected.
fn quantiles(growth: f64, spread: &Spread) -> (f64, f64, f64) {
    let reading = TENTH * spread.reading.sqrt();
    let (low, likely, high) = if growth <= 0.0 {
        (0.0, 0.0, 0.0)
    } else {
        let shape = shape(growth, spread);
        let at = |z: f64| growth * (1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt())).max(0.0).powi(3);
        (at(-TENTH), at(0.0), at(TENTH))
    };
    (likely - (likely - low).hypot(reading), likely, likely + (high - likely).hypot(reading))
}

fn shape(growth: f64, spread: &Spread) -> f64 {
    growth / (spread.each + spread.all * spread.all * growth).max(1e-9)
}

fn chance_above(room: f64, growth: f64, spread: &Spread) -> f64 {
    if room <= 0.0 {
        return 1.0;
    }
    if growth <= 0.0 {
        return 0.0;
    }
    let shape = shape(growth, spread);
    let z = ((room / growth).cbrt() - (1.0 - 1.0 / (9.0 * shape))) * 3.0 * shape.sqrt();
    1.0 - normal(z)
}

/// The share of a normal distribution below `z`, to four digits (Abramowitz and Stegun 26.2.19).
fn normal(z: f64) -> f64 {
    let x = z.abs();
    let terms = [0.049_867_347, 0.021_141_006_1, 0.003_277_626_3, 0.000_038_003_6, 0.000_048_890_6, 0.000_005_383];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * x) + 1.0;
    let above = 0.5 * sum.powi(-16);
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::{chance_above, normal, quantiles};
    use crate::policy::forecast::fit::Spread;

    #[test]
    fn the_share_below_is_that_of_a_normal_distribution() {
        for (z, share) in [(0.0, 0.5), (1.281_552, 0.9), (-1.281_552, 0.1), (1.959_964, 0.975), (-3.0, 0.001_35)] {
            assert!((normal(z) - share).abs() < 1e-4, "{z}: {}", normal(z));
        }
    }

    #[test]
    fn quantiles_and_chances_tell_of_one_distribution_that_never_goes_below_nothing() {
        let spread = Spread { each: 0.01, all: 0.2, reading: 0.0 };
        for growth in [0.02, 0.05, 0.4, 2.0] {
            let (low, likely, high) = quantiles(growth, &spread);
            assert!(0.0 <= low && low < likely && likely < growth && growth < high, "{growth}: {low} {likely} {high}");
            assert!(high - likely > likely - low, "more room above");
            for (above, chance) in [(low, 0.9), (likely, 0.5), (high, 0.1)] {
                if above > 0.0 {
                    assert!((chance_above(above, growth, &spread) - chance).abs() < 1e-3, "{growth} {above}");
                }
            }
        }
        assert_eq!(quantiles(0.0, &spread), (0.0, 0.0, 0.0));
        assert_eq!((chance_above(0.0, 0.0, &spread), chance_above(0.1, 0.0, &spread)), (1.0, 0.0));
    }
}
