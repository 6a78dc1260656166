//! How fast the rest of an account is used, by the hour of the week.
//!
//! An hour of the week leans on the same hour of the other working days or of the weekend, and that on the mean of
//! all, the more the less was seen of it. Hours are of UTC: what repeats daily repeats there too.

/// The hours of a week, from Monday on.
const HOURS: usize = 7 * 24;

const WEEK_SECS: i64 = HOURS as i64 * 3_600;

/// As how many hours seen an hour of the week counts what the same hour of like days has.
const LEANS_ON_DAYS: f64 = 2.0;

/// As how many hours seen an hour of the day counts the mean of all.
const LEANS_ON_ALL: f64 = 4.0;

/// Share of a window for each hour.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    by_hour: ByHour,
}

/// A number for each hour of the week.
pub(super) type ByHour = [f64; HOURS];

/// Nothing in any hour.
pub(super) const NOTHING: ByHour = [0.0; HOURS];

/// The epoch began on a Thursday.
fn hour_of_week(secs: i64) -> usize {
    (secs.div_euclid(3_600) + 3 * 24).rem_euclid(HOURS as i64) as usize
}

/// The parts of hours between two moments, with their hour of the week.
pub(super) fn each_hour(from: i64, to: i64, mut part: impl FnMut(usize, f64)) {
    let mut at = from;
    let mut hour = hour_of_week(from);
    while at < to {
        let next = ((at.div_euclid(3_600) + 1) * 3_600).min(to);
        part(hour, (next - at) as f64 / 3_600.0);
        at = next;
        hour = (hour + 1) % HOURS;
    }
}

impl Pace {
    pub(super) fn none() -> Self {
        Self { by_hour: NOTHING }
    }

    /// From what was used in each hour of the week, and how many of it were seen.
    ///
    /// Nothing is used backwards: what an hour would lose, the others lose.
    pub(super) fn of(used: &ByHour, hours: &ByHour) -> Self {
        let (all_used, seen): (f64, f64) = (used.iter().sum(), hours.iter().sum());
        if seen <= 0.0 || all_used <= 0.0 {
            return Self::none();
        }
        let mean = all_used / seen;
        let like = |hour: usize| usize::from(hour / 24 >= 5) * 24 + hour % 24;
        let (mut used_like, mut hours_like) = ([0.0; 48], [0.0; 48]);
        for hour in 0..HOURS {
            used_like[like(hour)] += used[hour];
            hours_like[like(hour)] += hours[hour];
        }
        let lean = |used: f64, hours: f64, above: f64, weight: f64| (used + weight * above) / (hours + weight);
        let mut by_hour = NOTHING;
        for (hour, pace) in by_hour.iter_mut().enumerate() {
            let days = lean(used_like[like(hour)], hours_like[like(hour)], mean, LEANS_ON_ALL);
            *pace = lean(used[hour], hours[hour], days, LEANS_ON_DAYS).max(0.0);
        }
        let total: f64 = by_hour.iter().zip(hours).map(|(pace, hours)| pace * hours).sum();
        let fair = if total > 0.0 { all_used / total } else { 0.0 };
        Self { by_hour: by_hour.map(|pace| pace * fair) }
    }

    /// What it makes of numbers for each hour of the week.
    pub(super) fn times(&self, hours: &ByHour) -> f64 {
        self.by_hour.iter().zip(hours).map(|(pace, hours)| pace * hours).sum()
    }

    pub(super) fn between(&self, from: i64, to: i64) -> f64 {
        let weeks = (to - from).max(0) / WEEK_SECS;
        let mut sum = if weeks > 0 { weeks as f64 * self.by_hour.iter().sum::<f64>() } else { 0.0 };
        each_hour(from + weeks * WEEK_SECS, to, |hour, hours| sum += self.by_hour[hour] * hours);
        sum
    }
}
