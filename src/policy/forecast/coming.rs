//! Every run that the schedules tell, in one list, and the minutes at which many start together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::carried::{Carried, Within};
use super::spread::Expected;
use super::starts::{Seconds, Starts};
use crate::domain::{AccountId, Cluster, ComingCron, ComingRuns, Foretold, Schedule, Start};
use crate::policy::standing::later;

/// More starts than this are not listed: they are told less far instead.
const MOST: f64 = 1_000_000.0;

/// However many there are, so much is told.
const LEAST: SignedDuration = SignedDuration::from_hours(6);

/// So many that start together on one account are a cluster wherever they do…
const MANY_TOGETHER: u32 = 10;

/// …and fewer, down to this many, where they are a fifth of what the account has in a day…
const FEWEST_TOGETHER: u32 = 5;
const PART_OF_A_DAY: f64 = 0.2;

/// …but none are those that are not this many times the account's usual minute.
const STANDS_OUT: f64 = 3.0;

/// How many clusters are named.
const MOST_CLUSTERS: usize = 6;

/// The starts after `from` up to `until` of everything that is carried.
pub(super) fn coming(carried: &[Carried<'_>], from: Timestamp, until: Timestamp, expected: &[&Expected]) -> ComingRuns {
    let until = as_far_as_told(carried, from, until);
    let mut starts = Starts::between(from, until);
    let told: Vec<Option<Seconds>> =
        carried.iter().map(|one| Some(within(starts.of(one.cron)?, one.when, from))).collect();
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
    let clusters = clusters(&starts, carried, from, until);
    ComingRuns { from, until, crons, starts, clusters }
}

/// Those that are meant.
fn within(told: Seconds, when: Within, from: Timestamp) -> Seconds {
    if when == Within::ALWAYS {
        return told;
    }
    let at = |after: &u32| later(from, SignedDuration::from_secs(i64::from(*after)));
    told.iter().copied().filter(|after| when.from < at(after) && at(after) <= when.until).collect()
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

/// Minutes of the hour in which many start on one account, the fullest first.
fn clusters(starts: &[Start], carried: &[Carried<'_>], from: Timestamp, until: Timestamp) -> Vec<Cluster> {
    let mut of_account: BTreeMap<&AccountId, Vec<Start>> = BTreeMap::new();
    for start in starts {
        of_account.entry(&carried[start.cron as usize].account).or_default().push(*start);
    }
    let mut found: Vec<Cluster> =
        of_account.into_iter().flat_map(|(account, starts)| clusters_of(account, &starts, from, until)).collect();
    found.sort_by(|a, b| (b.n_together.cmp(&a.n_together)).then_with(|| (a.at, &a.account).cmp(&(b.at, &b.account))));
    found.truncate(MOST_CLUSTERS);
    found
}

/// Minutes of the hour whose fullest hour stands out.
fn clusters_of(account: &AccountId, starts: &[Start], from: Timestamp, until: Timestamp) -> Vec<Cluster> {
    let mut fullest = [(0_u32, 0_i64); 60];
    let mut ever: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); 60];
    let minute_of = |start: &Start| (from.as_second() + i64::from(start.after_secs)).div_euclid(60);
    for together in starts.chunk_by(|a, b| minute_of(a) == minute_of(b)) {
        let minute = minute_of(&together[0]);
        let of_hour = minute.rem_euclid(60) as usize;
        if together.len() as u32 > fullest[of_hour].0 {
            fullest[of_hour] = (together.len() as u32, minute);
        }
        ever[of_hour].extend(together.iter().map(|start| start.cron));
    }
    let minutes = (until.duration_since(from).as_secs_f64() / 60.0).max(1.0);
    let usual = starts.len() as f64 / minutes;
    let day = starts.len() as f64 * f64::min(1.0, 1_440.0 / minutes);
    let stands_out = |n: u32| {
        let many = n >= MANY_TOGETHER || (n >= FEWEST_TOGETHER && f64::from(n) >= PART_OF_A_DAY * day);
        many && f64::from(n) >= STANDS_OUT * usual
    };
    let named = fullest.iter().enumerate().filter(|(_, (n_together, _))| stands_out(*n_together));
    named
        .map(|(minute, (n_together, at))| Cluster {
            account: account.clone(),
            minute: minute as u8,
            n_together: *n_together,
            at: Timestamp::from_second(at * 60).unwrap_or(from),
            n_crons: ever[minute].len() as u32,
        })
        .collect()
}
