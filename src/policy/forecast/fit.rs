//! What of a window's use is made by runs and what by the rest of the account, and how far off that is.
//!
//! `growth = per_unit × what the runs used + the pace of the rest, by the hour of the week`. Where the two cannot be
//! told apart, because runs come as steadily as time, runs are taken to have made it: a claim errs towards a warning.
//! How far off: the same made anew from earlier readings alone, and compared with what was read after them.

use super::pace::{ByHour, NOTHING, Pace, each_hour};

/// Fewer stretches tell nothing.
pub(super) const FEWEST: usize = 8;

/// What is older than this counts half.
const HALF_LIFE_SECS: f64 = 12.0 * 86_400.0;

/// How strongly it is held that what runs can explain, runs have made.
const RUNS_FIRST: f64 = 0.01;

/// Rounds in which runs and rest are told apart.
const ROUNDS: usize = 6;

/// Moments of the past at which it is made anew.
const REPLAYS: usize = 16;

/// Taken to be the relative error of any forecast, as if it had been seen a few times.
const PRIOR_ERROR: f64 = 0.08;
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
pub(super) fn fit(stretches: &[Stretch], each: f64, reading: f64) -> Option<Fit> {
    if stretches.len() < FEWEST || stretches.iter().map(|one| one.grown).sum::<f64>() <= 0.0 {
        return None;
    }
    let mut sums = Sums::from(stretches[0].from);
    let mut off = Off::default();
    let first = FEWEST.max(stretches.len() / 4);
    let replays = REPLAYS.min(stretches.len() - first);
    let mut replayed = 0;
    for (index, one) in stretches.iter().enumerate() {
        // Made anew from what came before, and compared with what came after.
        while replayed < replays && index == first + (stretches.len() - first) * replayed / replays {
            let (per_unit, pace) = sums.parts(one.from);
            off.compare(&stretches[index..], per_unit, &pace, reading);
            replayed += 1;
        }
        sums.add(one);
    }
    let (per_unit, pace) = sums.parts(stretches[stretches.len() - 1].to);
    Some(Fit { per_unit, pace, spread: off.spread(each * per_unit, reading) })
}

/// All that is needed of stretches to tell runs and rest apart.
struct Sums {
    /// What weights count from: the later, the heavier.
    from: i64,
    /// By the hour of the week: what was used, by how many units, in how many hours.
    grown: ByHour,
    units: ByHour,
    hours: ByHour,
    /// Units by the hours that they came in, for the squares.
    units_hours: ByHour,
    xx: f64,
    xt: f64,
    tt: f64,
    xy: f64,
    ty: f64,
}

impl Sums {
    fn from(from: i64) -> Self {
        let none = NOTHING;
        let (xx, xt, tt, xy, ty) = (0.0, 0.0, 0.0, 0.0, 0.0);
        Self { from, grown: none, units: none, hours: none, units_hours: none, xx, xt, tt, xy, ty }
    }

    fn weight(&self, at: i64) -> f64 {
        2.0_f64.powf((at - self.from) as f64 / HALF_LIFE_SECS)
    }

    fn add(&mut self, one: &Stretch) {
        let recent = self.weight(one.to);
        let length = one.hours();
        // The longer, the less sure: squares count by the length.
        let weight = recent / length.max(0.05);
        self.xx += weight * one.units * one.units;
        self.xt += weight * one.units * length;
        self.tt += weight * length * length;
        self.xy += weight * one.units * one.grown;
        self.ty += weight * length * one.grown;
        each_hour(one.from, one.to, |hour, hours| {
            let part = recent * hours / length;
            self.grown[hour] += part * one.grown;
            self.units[hour] += part * one.units;
            self.hours[hour] += recent * hours;
            self.units_hours[hour] += weight * one.units * hours;
        });
    }

    /// What a unit takes, and the pace of the rest, in rounds: each explains what the other leaves.
    fn parts(&self, now: i64) -> (f64, Pace) {
        let recent = 1.0 / self.weight(now);
        let scaled = |by_hour: &ByHour| by_hour.map(|number| number * recent);
        let (grown, units, hours) = (scaled(&self.grown), scaled(&self.units), scaled(&self.hours));
        if self.xx <= 0.0 {
            return (0.0, Pace::of(&grown, &hours));
        }
        let tt = self.tt * (1.0 + RUNS_FIRST);
        let apart = self.xx * tt - self.xt * self.xt;
        let rest = self.ty * self.xx - self.xy * self.xt;
        let alone = rest <= 0.0 || apart <= 0.0;
        let mut per_unit = if alone { self.xy / self.xx } else { (self.xy * tt - self.ty * self.xt) / apart }.max(0.0);
        let pace = |per_unit: f64| {
            let mut left = grown;
            left.iter_mut().zip(&units).for_each(|(left, units)| *left -= per_unit * units);
            Pace::of(&left, &hours)
        };
        for _ in 0..ROUNDS {
            per_unit = ((self.xy - pace(per_unit).times(&self.units_hours)) / self.xx).max(0.0);
        }
        (per_unit, pace(per_unit))
    }
}

/// How far off the likely growth was, in each stretch and to the end of a turn.
#[derive(Default)]
struct Off {
    short: f64,
    short_growth: f64,
    /// Growth that was expected, and the square of what it was off by.
    long: Vec<(f64, f64)>,
}

impl Off {
    fn compare(&mut self, after: &[Stretch], per_unit: f64, pace: &Pace, reading: f64) {
        let (mut expected, mut grown) = (0.0, 0.0);
        let turn = after.first().map(|one| one.turn);
        for one in after.iter().take_while(|one| Some(one.turn) == turn) {
            let growth = per_unit * one.units_expected + pace.between(one.from, one.to);
            self.short += (one.grown - growth).powi(2) - 2.0 * reading;
            self.short_growth += growth;
            expected += growth;
            grown += one.grown;
        }
        self.long.push((expected, (grown - expected).powi(2)));
    }

    /// `each` is the scatter that is known of runs: it counts as if it had been seen over half a window.
    fn spread(&self, each: f64, reading: f64) -> Spread {
        let each = ((self.short.max(0.0) + 0.5 * each) / (self.short_growth + 0.5)).max(each / 2.0);
        let n = self.long.len() as f64;
        let usual = self.long.iter().map(|(growth, _)| growth * growth).sum::<f64>() / n.max(1.0);
        let usual = if usual > 0.0 { usual } else { 1.0 };
        let beyond: f64 = self.long.iter().map(|(growth, error)| error - each * growth - 2.0 * reading).sum();
        let prior = PRIOR_WEIGHT * usual;
        let squares = (beyond.max(0.0) + PRIOR_ERROR * PRIOR_ERROR * prior) / (usual * n + prior);
        Spread { each, all: squares.sqrt(), reading }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stretch, fit};

    /// Two hours each; what a unit takes changed after half of them.
    fn stretches(before: f64, after: f64, n: i64) -> Vec<Stretch> {
        let one = |index: i64| {
            let units = f64::from(u8::try_from(index * 7 % 5).expect("small"));
            let per_unit = if index * 2 < n { before } else { after };
            Stretch {
                from: index * 7_200,
                to: (index + 1) * 7_200,
                grown: units * per_unit,
                units,
                units_expected: units,
                n_runs: 1,
                turn: u32::try_from(index / 84).expect("small"),
            }
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn what_was_seen_lately_weighs_more() {
        let same = fit(&stretches(0.001, 0.001, 400), 0.0, 0.0).expect("enough");
        assert!((same.per_unit - 0.001).abs() < 2e-5, "{}", same.per_unit);
        let changed = fit(&stretches(0.001, 0.002, 400), 0.0, 0.0).expect("enough");
        assert!((0.00165..0.002).contains(&changed.per_unit), "{}", changed.per_unit);
        assert!(changed.spread.all > same.spread.all, "and the change made it less sure");
    }

    #[test]
    fn too_little_is_no_ground() {
        assert!(fit(&stretches(0.001, 0.001, 7), 0.0, 0.0).is_none());
        assert!(fit(&stretches(0.0, 0.0, 400), 0.0, 0.0).is_none(), "nothing was ever used");
    }
}
