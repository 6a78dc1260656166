//! Whether the crons that a plan moves would use up a quota window before its reset.
//!
//! An estimate from what was seen: what a run used of the window so far, times the runs to come. Whatever else
//! uses the account is counted as if our runs had, so the claim errs towards a warning.
//!
//! Invariants: nothing is claimed of a window of which too little was seen; a frequent cron is counted by its
//! period, so that the work grows with crons, not with runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::fires::Timetable;
use super::forecast::{Carried, carried, length};
use super::standing::{current, later};
use crate::domain::{
    AccountId, Cron, CronId, ModelRef, ModelScope, Observation, Overload, Plan, QuotaWindow, RunRecord, RunStatus,
    Schedule, Settings,
};

/// Fewer runs than this tell nothing of what one uses.
const FEWEST_RUNS: usize = 3;

/// Nor does a smaller share of the window: readings are rounded to whole percents.
const LEAST_RATIO: f64 = 0.03;

/// A tally is believed for a window when it covers at least this part of what has passed of it.
const LEAST_COVERED: f64 = 0.5;

/// Fires of one expression that are worked out one by one; those after them are counted by their period.
const EXACT_FIRES: usize = 24;

/// Windows that the crons on them would use up before their reset, once `plan` is carried out: the ones
/// that run out first come first. Only accounts to which the plan brings crons are asked about.
#[must_use]
pub fn overloads(obs: &Observation, settings: &Settings, plan: &Plan, tally: &RunTally) -> Vec<Overload> {
    let after = After::new(obs, plan);
    let mut rhythms = Rhythms::default();
    let mut found = Vec::new();
    for account in &after.receives {
        for window in obs.fleet.windows.get(account).into_iter().flatten() {
            if !current(window, &settings.thresholds, obs.at) {
                continue;
            }
            found.extend(overload(obs, account, window, &after, tally, &mut rhythms));
        }
    }
    found.sort_by(|a, b| (a.runs_out_at, &a.account, &a.window).cmp(&(b.runs_out_at, &b.account, &b.window)));
    found
}

fn overload<'a>(
    obs: &'a Observation,
    account: &AccountId,
    window: &QuotaWindow,
    after: &After<'a>,
    tally: &RunTally,
    rhythms: &mut Rhythms<'a>,
) -> Option<Overload> {
    let resets_at = window.resets_at?;
    let share = share_of_a_run(account, window, tally)?;
    let since_reading = tally.count(account, &window.covers, window.observed_at, obs.at);
    let used_now = window.used_ratio + share * since_reading as f64;
    let on_it = after.on(account).filter(|(_, model)| window.covers.covers(model));
    let firing: Vec<Rhythm> = on_it.filter_map(|(cron, _)| rhythms.of(cron, obs.at, resets_at)).collect();
    let expected = |until: Timestamp| {
        let n_fires: f64 = firing.iter().map(|rhythm| rhythm.n_fires(obs.at, until)).sum();
        used_now + share * n_fires
    };
    if expected(resets_at) < 1.0 {
        return None;
    }
    Some(Overload {
        account: account.clone(),
        window: window.label.clone(),
        used_ratio: window.used_ratio,
        expected_ratio: expected(resets_at),
        resets_at,
        runs_out_at: Some(first_moment(obs.at, resets_at, |at| expected(at) >= 1.0)),
        n_crons: firing.iter().filter(|rhythm| rhythm.n_fires(obs.at, resets_at) > 0.0).count(),
    })
}

/// What one run used of the window so far, of those that were seen since it began.
fn share_of_a_run(account: &AccountId, window: &QuotaWindow, tally: &RunTally) -> Option<f64> {
    let began_at = window.resets_at?.checked_sub(length(window.span)?).ok()?;
    let read_at = window.observed_at;
    let seen_from = tally.since()?.max(began_at);
    let covered = read_at.duration_since(seen_from).as_secs_f64() / read_at.duration_since(began_at).as_secs_f64();
    let n_runs = tally.count(account, &window.covers, seen_from, read_at);
    let enough = n_runs >= FEWEST_RUNS && window.used_ratio >= LEAST_RATIO && covered >= LEAST_COVERED;
    enough.then(|| window.used_ratio * covered / n_runs as f64)
}

/// The first second at which `holds`, which holds at `until` and never ends once it does.
fn first_moment(from: Timestamp, until: Timestamp, holds: impl Fn(Timestamp) -> bool) -> Timestamp {
    let (mut before, mut at) = (from.as_second() - 1, until.as_second());
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        let moment = Timestamp::from_second(middle).unwrap_or(until);
        if holds(moment) { at = middle } else { before = middle }
    }
    Timestamp::from_second(at).unwrap_or(until).clamp(from, until)
}

/// Which cron runs on what once the plan is carried out.
struct After<'a> {
    crons: BTreeMap<AccountId, Vec<(&'a Cron, ModelRef)>>,
    /// Accounts to which the plan brings crons.
    receives: BTreeSet<AccountId>,
}

impl<'a> After<'a> {
    fn new(obs: &'a Observation, plan: &Plan) -> Self {
        let mut after = Self { crons: BTreeMap::new(), receives: BTreeSet::new() };
        for Carried { cron, model, account, arrives, .. } in carried(obs, Some(plan)) {
            if arrives {
                after.receives.insert(account.clone());
            }
            after.crons.entry(account).or_default().push((cron, model));
        }
        after
    }

    fn on(&self, account: &AccountId) -> impl Iterator<Item = &(&'a Cron, ModelRef)> {
        self.crons.get(account).into_iter().flatten()
    }
}

/// Expressions that were read once for all crons that share them.
#[derive(Default)]
struct Rhythms<'a> {
    patterns: BTreeMap<(&'a str, Option<&'a str>, Timestamp), Option<Rhythm>>,
}

impl<'a> Rhythms<'a> {
    /// `None` when nobody can tell when it fires. A stagger is too short to matter here.
    fn of(&mut self, cron: &'a Cron, from: Timestamp, to: Timestamp) -> Option<Rhythm> {
        if cron.conditional {
            return None;
        }
        match &cron.schedule {
            Schedule::Cron { expr, zone, .. } => {
                let key = (expr.as_str(), zone.as_deref(), to);
                self.patterns.entry(key).or_insert_with(|| Rhythm::of_pattern(&cron.schedule, from, to)).clone()
            }
            _ => Timetable::of(cron).map(Rhythm::Told),
        }
    }
}

/// How often something fires up to a moment.
#[derive(Clone)]
enum Rhythm {
    /// Counted without going through its fires.
    Told(Timetable),
    /// Its first fires, and what lies between two of them.
    Pattern { first: Arc<[Timestamp]>, period: Option<SignedDuration> },
}

impl Rhythm {
    fn of_pattern(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Option<Self> {
        let first: Arc<[Timestamp]> = Timetable::read(schedule)?.between(from, to).take(EXACT_FIRES).collect();
        let more = first.len() == EXACT_FIRES;
        let period = first.last().filter(|_| more).map(|last| last.duration_since(from) / EXACT_FIRES as i32);
        Some(Self::Pattern { first, period })
    }

    fn n_fires(&self, from: Timestamp, until: Timestamp) -> f64 {
        match self {
            Self::Told(timetable) => f64::from(timetable.count(from, until, u32::MAX)),
            Self::Pattern { first, period } => {
                let n_exact = first.partition_point(|fire| *fire <= until);
                let beyond = first.last().filter(|last| **last < until).zip(*period);
                let by_period = beyond.map_or(0.0, |(last, period)| {
                    (until.duration_since(*last).as_secs_f64() / period.as_secs_f64()).floor()
                });
                n_exact as f64 + by_period
            }
        }
    }
}

/// The finished runs of the last days, by when they began: what accounts were used for.
///
/// Believed to be complete since the oldest run it holds, as the gateway lists the newest first.
#[derive(Clone, Debug, Default)]
pub struct RunTally {
    runs: BTreeMap<(Timestamp, CronId), ModelRef>,
}

impl RunTally {
    /// How long runs are remembered; the gateway forgets them then too.
    const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

    /// How many are remembered.
    const MOST: usize = 20_000;

    /// Counts a run, however often it is told. Only one that ended well is known to have used something.
    pub fn note(&mut self, run: &RunRecord) {
        let (Some(provider), Some(model), RunStatus::Ok) = (&run.provider, &run.model, run.status) else { return };
        let Some(model) = ModelRef::parse(&format!("{provider}/{model}")) else { return };
        self.runs.insert((run.at, run.cron.clone()), model);
        while self.runs.len() > Self::MOST || self.holds_a_stale_one() {
            self.runs.pop_first();
        }
    }

    fn holds_a_stale_one(&self) -> bool {
        let (oldest, newest) = (self.runs.first_key_value(), self.runs.last_key_value());
        oldest.zip(newest).is_some_and(|(((oldest, _), _), ((newest, _), _))| later(*oldest, Self::KEPT) < *newest)
    }

    fn since(&self) -> Option<Timestamp> {
        self.runs.first_key_value().map(|((at, _), _)| *at)
    }

    /// Runs that began at `from` or later, and before `to`.
    fn count(&self, account: &AccountId, covers: &ModelScope, from: Timestamp, to: Timestamp) -> usize {
        let lowest = |at: Timestamp| (at, CronId::new(""));
        if from >= to {
            return 0;
        }
        let on_it = |model: &&ModelRef| model.provider() == account.as_str() && covers.covers(model);
        self.runs.range(lowest(from)..lowest(to)).map(|(_, model)| model).filter(on_it).count()
    }
}

#[cfg(test)]
mod tests;
