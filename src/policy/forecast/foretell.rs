//! The forecast of every window: what was learned, put to what the schedules tell.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::carried::{Carried, carried};
use super::claim::{claim, silence};
use super::coming::coming;
use super::learn::{Learned, LearnedWindow};
use super::returns::with_returns;
use super::spread::Expected;
use super::turns::{Turn, length};
use super::way::Way;
use crate::domain::{
    AccountId, Basis, Claim, ComingBlock, ComingRuns, Confidence, CronShare, Forecast, Foretold, Growth, Health,
    Observation, Plan, QuotaWindow, Settings, Silence, Span, Start, TrackRecord, Unit, WindowForecast, WindowStart,
};
use crate::policy::standing::later;

/// Further ahead nothing is worked out.
const FURTHEST: SignedDuration = SignedDuration::from_hours(32 * 24);

/// A run is not taken to last longer than this.
const LONGEST_RUN_SECS: f64 = 1_200.0;

/// No window has more turns on a screen.
const MOST_BLOCKS: usize = 400;

/// What will happen up to `until`, or to the resets that come after it; once `plan` is carried out, where there is one.
///
/// The record is left empty: see [`super::track_record`].
#[must_use]
pub fn forecast(
    learned: &Learned,
    obs: &Observation,
    settings: &Settings,
    plan: Option<&Plan>,
    until: Timestamp,
) -> Forecast {
    let carried = with_returns(carried(obs, plan), obs, settings, plan);
    foretell(learned, obs, settings, &carried, until)
}

pub(super) fn foretell(
    learned: &Learned,
    obs: &Observation,
    settings: &Settings,
    carried: &[Carried<'_>],
    until: Timestamp,
) -> Forecast {
    let resets = obs.fleet.windows.values().flatten().filter_map(|window| window.resets_at);
    let far = resets.max().map_or(until, |reset| reset.max(until)).min(later(obs.at, FURTHEST));
    let mut windows = Vec::new();
    let coming = each_window(learned, obs, settings, carried, (far, until), |ground, account, window, known| {
        windows.push(ground.window(account, window, known));
    });
    Forecast { at: obs.at, until, windows, coming, record: TrackRecord::default() }
}

/// Calls `told` with every window and what is known for it; gives back the runs to come, which are told up to the
/// first limit. Turns of windows are told up to the second.
pub(super) fn each_window(
    learned: &Learned,
    obs: &Observation,
    settings: &Settings,
    carried: &[Carried<'_>],
    (far, until): (Timestamp, Timestamp),
    mut told: impl FnMut(&Ground<'_>, &AccountId, &QuotaWindow, Option<&LearnedWindow>),
) -> ComingRuns {
    let expected: Vec<&Expected> = carried.iter().map(|one| learned.of(&one.cron.id)).collect();
    let coming = coming(carried, obs.at, far, &expected);
    let by_account = by_account(&coming);
    for (account, of_account) in &obs.fleet.windows {
        let starts = by_account.get(account).map_or(&[][..], Vec::as_slice);
        let ground = Ground { account, obs, settings, carried, expected: &expected, coming: &coming, starts, until };
        for window in of_account {
            let known = learned.windows.get(&(account.clone(), window.label.clone()));
            told(&ground, account, window, known);
        }
    }
    coming
}

fn by_account(coming: &ComingRuns) -> BTreeMap<&AccountId, Vec<Start>> {
    let mut number: BTreeMap<&AccountId, usize> = BTreeMap::new();
    let of_cron: Vec<usize> = coming
        .crons
        .iter()
        .map(|cron| {
            let next = number.len();
            *number.entry(&cron.account).or_insert(next)
        })
        .collect();
    let mut starts: Vec<Vec<Start>> = vec![Vec::new(); number.len()];
    for start in &coming.starts {
        starts[of_cron[start.cron as usize]].push(*start);
    }
    number.into_iter().map(|(account, index)| (account, std::mem::take(&mut starts[index]))).collect()
}

/// What the windows of one account are foretold from.
pub(super) struct Ground<'a> {
    account: &'a AccountId,
    pub obs: &'a Observation,
    settings: &'a Settings,
    carried: &'a [Carried<'a>],
    /// What a run of each of them uses.
    expected: &'a [&'a Expected],
    coming: &'a ComingRuns,
    starts: &'a [Start],
    until: Timestamp,
}

impl Ground<'_> {
    fn window(&self, account: &AccountId, window: &QuotaWindow, known: Option<&LearnedWindow>) -> WindowForecast {
        let at = self.obs.at;
        let started_at = started_at(window, known, at);
        let way = window.resets_at.filter(|reset| *reset > at).and_then(|reset| self.way(window, known?, reset));
        let unseen = silence(window, started_at, known, self.settings, at);
        let unseen = unseen.or_else(|| self.is_down().then_some(Claim::Silent(Silence::Down)));
        let claim = unseen.unwrap_or_else(|| claim(window, known, way.as_ref()));
        let shown = way.as_ref().filter(|_| claim.tells_the_way());
        let starts = known.map_or(WindowStart::Unknown, |known| known.starts);
        WindowForecast {
            account: account.clone(),
            label: window.label.clone(),
            span: window.span,
            metric: window.metric,
            covers: window.covers.clone(),
            used_ratio: window.used_ratio,
            observed_at: window.observed_at,
            source: window.source,
            resets_at: window.resets_at,
            started_at,
            starts,
            band: shown.map(Way::band).unwrap_or_default(),
            growth: shown.map(|way| self.growth(window, known, way)).unwrap_or_default(),
            basis: known.map(basis).unwrap_or_default(),
            past: known.iter().flat_map(|known| &known.turns).filter_map(|turn| turn.block).collect(),
            next: self.next_blocks(window, starts),
            claim,
        }
    }

    /// From now to its reset, as far as was learned what it is made of.
    pub(super) fn way<'b>(
        &self,
        window: &QuotaWindow,
        known: &'b LearnedWindow,
        resets_at: Timestamp,
    ) -> Option<Way<'b>> {
        let fit = known.fit.as_ref()?;
        let at = self.obs.at;
        let shares: Vec<f64> = self.shares(window, known.unit, fit.per_unit);
        let running =
            |one: &Carried<'_>| one.when.from <= at && one.cron.running_since.is_some_and(|since| since <= at);
        let running = self.carried.iter().zip(&shares).filter(|(one, _)| running(one));
        let mut sum = running.map(|(_, share)| share).sum();
        let mut steps = vec![(0, sum)];
        let end_secs = resets_at.duration_since(at).as_secs();
        for start in self.starts.iter().take_while(|start| i64::from(start.after_secs) <= end_secs) {
            sum += shares[start.cron as usize];
            if shares[start.cron as usize] > 0.0 {
                steps.push((start.after_secs, sum));
            }
        }
        let told_secs = self.coming.until.duration_since(at).as_secs();
        let beyond = (told_secs < end_secs).then(|| (told_secs as u32, sum / (told_secs.max(1)) as f64));
        let (read_at, now) = (window.observed_at.as_second(), at.as_second());
        let since: f64 =
            known.runs.iter().filter(|(ran, _)| read_at < *ran && *ran <= now).map(|(_, units)| units).sum();
        let since_reading = since * fit.per_unit + fit.pace.between(read_at, now);
        let used_now = window.used_ratio + since_reading;
        let (lag_secs, longest_secs) = self.durations(&shares);
        Some(Way { at, resets_at, used_now, since_reading, steps, lag_secs, longest_secs, beyond, fit })
    }

    /// For how long nobody knows.
    fn is_down(&self) -> bool {
        let vital = self.obs.fleet.accounts.get(self.account);
        vital.is_some_and(|vital| match vital.health {
            Health::LimitHit { resets_at } => resets_at.is_none(),
            Health::RefusedKey | Health::OutOfBalance | Health::Unreachable => true,
            // Until then, for minutes, or not at all.
            Health::ByHand { .. }
            | Health::RateLimited
            | Health::Overloaded
            | Health::Unknown
            | Health::Up
            | Health::Strained => false,
        })
    }

    /// A window is of one account, whatever models it covers.
    fn draws_on(&self, window: &QuotaWindow, one: &Carried<'_>) -> bool {
        one.account == *self.account && window.covers.covers(&one.model)
    }

    /// What one run of each carried cron is likely to take of a window.
    fn shares(&self, window: &QuotaWindow, unit: Unit, per_unit: f64) -> Vec<f64> {
        let share = |one: &Carried<'_>, cron: usize| {
            if self.coming.crons[cron].foretold == Foretold::Variable || !self.draws_on(window, one) {
                return 0.0;
            }
            self.expected[cron].units(unit) * per_unit
        };
        self.carried.iter().enumerate().map(|(cron, one)| share(one, cron)).collect()
    }

    /// Half of what a usual run on the window lasts, and all of what the longest does.
    fn durations(&self, shares: &[f64]) -> (f64, f64) {
        let on_it = self.expected.iter().zip(shares).filter(|(_, share)| **share > 0.0);
        let (mut sum, mut longest, mut n) = (0.0, 0.0_f64, 0.0);
        for (one, _) in on_it {
            let lasts = one.duration_secs.min(LONGEST_RUN_SECS);
            sum += lasts;
            longest = longest.max(lasts);
            n += 1.0;
        }
        (sum / f64::max(n, 1.0) / 2.0, longest)
    }

    fn growth(&self, window: &QuotaWindow, known: Option<&LearnedWindow>, way: &Way<'_>) -> Growth {
        let unit = known.map_or(Unit::Run, |known| known.unit);
        let shares = self.shares(window, unit, way.fit.per_unit);
        let covered = |one: &Carried<'_>| self.draws_on(window, one);
        let end_secs = way.resets_at.duration_since(way.at).as_secs();
        let mut counts = vec![0_u32; self.carried.len()];
        for start in self.starts.iter().take_while(|start| i64::from(start.after_secs) <= end_secs) {
            counts[start.cron as usize] += 1;
        }
        let mut by_cron: Vec<CronShare> = Vec::new();
        let (mut n_runs, mut n_variable) = (0, 0);
        let account = self.coming.crons.iter().zip(self.carried).zip(counts.iter().zip(&shares));
        for ((coming, one), (count, share)) in account {
            if coming.foretold == Foretold::Variable && covered(one) {
                n_variable += 1;
            }
            if *count == 0 || !covered(one) {
                continue;
            }
            n_runs += count;
            by_cron.push(CronShare { cron: coming.cron.clone(), n_runs: *count, ratio: f64::from(*count) * share });
        }
        by_cron.sort_by(|a, b| b.ratio.total_cmp(&a.ratio).then_with(|| a.cron.cmp(&b.cron)));
        by_cron.truncate(Growth::NAMED);
        let (scheduled_ratio, other_ratio) = (way.scheduled(way.resets_at), way.other(way.resets_at));
        Growth { scheduled_ratio, other_ratio, n_runs, n_variable, by_cron }
    }

    /// The turns after the coming reset.
    pub(super) fn next_blocks(&self, window: &QuotaWindow, starts: WindowStart) -> Vec<ComingBlock> {
        let Some(reset) = window.resets_at else { return Vec::new() };
        let mut blocks = Vec::new();
        let mut from = reset;
        while blocks.len() < MOST_BLOCKS {
            let begins = match starts {
                WindowStart::AtFirstUse => self.first_use(window, from),
                WindowStart::AtReset | WindowStart::Unknown => Some(from),
            };
            let Some(starts_at) = begins.filter(|begins| *begins < self.until) else { break };
            let Some(ends_at) = ends_at(starts_at, window.span) else { break };
            if ends_at > self.obs.at {
                blocks.push(ComingBlock { starts_at, ends_at });
            }
            from = ends_at;
        }
        blocks
    }

    fn first_use(&self, window: &QuotaWindow, from: Timestamp) -> Option<Timestamp> {
        let first = self.starts.partition_point(|start| self.coming.starts_at(*start) < from);
        let covers = |start: &&Start| window.covers.covers(&self.carried[start.cron as usize].model);
        self.starts[first..].iter().find(covers).map(|start| self.coming.starts_at(*start))
    }
}

/// When the turn began that a reading is of.
fn started_at(window: &QuotaWindow, known: Option<&LearnedWindow>, at: Timestamp) -> Option<Timestamp> {
    // What was learned last may be a turn before the one that is asked about.
    let holds = |turn: &&Turn| turn.block.is_none() && turn.told_end.is_none_or(|end| end > at);
    let seen = known.and_then(|known| known.turns.last()).filter(holds).map(|turn| turn.started_at);
    let told = || window.resets_at?.checked_sub(length(window.span)?).ok();
    seen.or_else(told).filter(|started| *started <= at)
}

fn ends_at(starts_at: Timestamp, span: Option<Span>) -> Option<Timestamp> {
    if span == Some(Span::Monthly) {
        let start = starts_at.to_zoned(jiff::tz::TimeZone::UTC);
        return start.checked_add(jiff::Span::new().months(1)).ok().map(|end| end.timestamp());
    }
    starts_at.checked_add(length(span)?).ok()
}

/// From how much it was learned, and how far off it used to be.
fn basis(known: &LearnedWindow) -> Basis {
    let finished = known.turns.iter().filter(|turn| turn.block.is_some()).count();
    let off = known.fit.as_ref().map_or(f64::INFINITY, |fit| fit.spread.all);
    let confidence = match finished {
        3.. if off <= 0.15 => Confidence::Good,
        1.. if off <= 0.4 => Confidence::Fair,
        _ => Confidence::Low,
    };
    Basis {
        confidence,
        n_stretches: known.n_stretches,
        n_runs: known.n_runs,
        since: known.since,
        unit: known.unit,
        ratio_per_unit: known.fit.as_ref().map(|fit| fit.per_unit),
    }
}
