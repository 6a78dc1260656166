//! Every run that the schedules tell, in one list, and the minutes at which many start together.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::carried::Carried;
use super::spread::Expected;
use super::starts::{Seconds, Starts};
use crate::domain::{Cluster, ComingCron, ComingRuns, Foretold, Schedule, Start};
use crate::policy::standing::later;

/// More starts than this are not listed: they are told less far instead.
const MOST: f64 = 1_000_000.0;

/// However many there are, so much is told.
const LEAST: SignedDuration = SignedDuration::from_hours(6);

/// Fewer that start together are no cluster…
const FEWEST_TOGETHER: u32 = 5;

/// …nor are those that are not this many times the usual minute.
const STANDS_OUT: f64 = 3.0;

/// How many clusters are named.
const MOST_CLUSTERS: usize = 6;

/// The starts after `from` up to `until` of everything that is carried.
pub(super) fn coming(carried: &[Carried<'_>], from: Timestamp, until: Timestamp, expected: &[&Expected]) -> ComingRuns {
    let until = as_far_as_told(carried, from, until);
    let mut starts = Starts::between(from, until);
    let told: Vec<Option<Seconds>> = carried.iter().map(|one| starts.of(one.cron)).collect();
    let crons = carried.iter().zip(expected).zip(&told).map(|((one, expected), told)| ComingCron {
        cron: one.cron.id.clone(),
        model: one.model.clone(),
        account: one.account.clone(),
        foretold: if told.is_some() { Foretold::Told } else { Foretold::Variable },
        n_starts: told.as_ref().map_or(0, |told| told.len() as u32),
        tokens: expected.tokens,
    });
    let crons = crons.collect();
    let starts = merged(&told);
    let clusters = clusters(&starts, from, told.len());
    ComingRuns { from, until, crons, starts, clusters }
}

fn merged(told: &[Option<Seconds>]) -> Vec<Start> {
    let count = told.iter().flatten().map(|told| told.len()).sum();
    let mut keys: Vec<u64> = Vec::with_capacity(count);
    for (cron, told) in told.iter().enumerate() {
        keys.extend(told.iter().flat_map(|told| told.iter()).map(|after| u64::from(*after) << 32 | cron as u64));
    }
    keys.sort_unstable();
    let start = |key: u64| Start { after_secs: (key >> 32) as u32, cron: key as u32 };
    keys.into_iter().map(start).collect()
}

/// How far all of them can be listed: an upper guess of what a day has decides.
fn as_far_as_told(carried: &[Carried<'_>], from: Timestamp, until: Timestamp) -> Timestamp {
    let mut known: BTreeMap<&str, f64> = BTreeMap::new();
    let each_day = carried.iter().map(|one| match &one.cron.schedule {
        Schedule::Cron { expr, .. } => *known.entry(expr.as_str()).or_insert_with(|| n_a_day(expr)),
        Schedule::Every { every, .. } => 86_400.0 / every.as_secs_f64().max(1.0),
        Schedule::At { .. } | Schedule::Event { .. } => 0.0,
    });
    let days = MOST / each_day.sum::<f64>().max(1.0);
    let far = later(from, LEAST.max(SignedDuration::from_secs((days * 86_400.0) as i64)));
    until.min(far)
}

fn n_a_day(expr: &str) -> f64 {
    let Ok(pattern) = croner::parser::CronParser::new().parse(expr.trim()) else { return 0.0 };
    let fields = [&pattern.pattern.hours, &pattern.pattern.minutes, &pattern.pattern.seconds];
    fields.iter().map(|field| field.values().len() as f64).product()
}

/// Minutes of the hour whose fullest hour stands out.
fn clusters(starts: &[Start], from: Timestamp, n_crons: usize) -> Vec<Cluster> {
    let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Vec::new() };
    let mut fullest = [(0_u32, 0_i64); 60];
    let mut ever = vec![[false; 60]; n_crons];
    let minute_of = |start: &Start| (from.as_second() + i64::from(start.after_secs)).div_euclid(60);
    for together in starts.chunk_by(|a, b| minute_of(a) == minute_of(b)) {
        let minute = minute_of(&together[0]);
        let of_hour = minute.rem_euclid(60) as usize;
        if together.len() as u32 > fullest[of_hour].0 {
            fullest[of_hour] = (together.len() as u32, minute);
        }
        for start in together {
            ever[start.cron as usize][of_hour] = true;
        }
    }
    let usual = starts.len() as f64 / (f64::from(last.after_secs - first.after_secs) / 60.0 + 1.0);
    let stands_out = |n_together: u32| n_together >= FEWEST_TOGETHER && f64::from(n_together) >= STANDS_OUT * usual;
    let named = fullest.iter().enumerate().filter(|(_, (n_together, _))| stands_out(*n_together));
    let mut found: Vec<Cluster> = named
        .map(|(minute, (n_together, at))| Cluster {
            minute: minute as u8,
            n_together: *n_together,
            at: Timestamp::from_second(at * 60).unwrap_or(from),
            n_crons: ever.iter().filter(|minutes| minutes[minute]).count() as u32,
        })
        .collect();
    found.sort_by_key(|cluster| (std::cmp::Reverse(cluster.n_together), cluster.minute));
    found.truncate(MOST_CLUSTERS);
    found
}
