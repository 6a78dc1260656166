//! Which of the crons that start together could start a little later, and the plan that lets them.
//!
//! Invariants: a schedule keeps its expression and gets a stagger alone, which the gateway turns into a delay that is
//! always the same; nothing starts earlier than now. What is critical, made by an agent, held, unsorted, owed something,
//! or has a stagger already, exact ones among them, stays as it is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    AccountId, Apart, Cause, Change, ChangeKind, Cron, CronId, Forecast, MadeBy, Observation, Plan, PlanOrigin, Reason,
    Schedule, ScheduleEdit, Settings, Staggers,
};
use crate::policy::fires::next_fire;
use crate::policy::ground::Ground;
use crate::policy::plan::{Scene, asked_for, plan_id, sort_changes};
use crate::policy::standing::later;

/// So many that start in one minute on one account are left as they are.
const CALM: u32 = 4;

/// What may be given, the narrowest first.
const STAGGERS: [SignedDuration; 3] =
    [SignedDuration::from_mins(5), SignedDuration::from_mins(10), SignedDuration::from_mins(15)];

/// A cron starts this many times its stagger apart from itself, at the least.
const APART_FROM_ITSELF: i32 = 3;

/// Starts so far ahead are looked at: a week has every day that a schedule may name.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A call is there, and clocks agree, within so much.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(15);

/// At the best, so much of what starts together remains; where more does, nothing is proposed.
const WORTH_IT: f64 = 2.0 / 3.0;

/// The fewest staggers after which the fullest minute of `account` has as little as it can have.
pub(super) fn apart(account: &AccountId, forecast: &Forecast, obs: &Observation) -> Option<Apart> {
    let minutes = Minutes::of(account, forecast);
    let before = minutes.fullest();
    if before <= CALM {
        return None;
    }
    let may = minutes.crons.iter().filter_map(|(id, starts)| {
        let cron = obs.crons.get(*id).filter(|cron| may_start_later(cron, obs))?;
        starts.iter().any(|start| minutes.counts[minute(*start)] > CALM).then_some((&**cron, &**starts))
    });
    let may: Vec<(&Cron, &[u32])> = may.collect();
    let plans = STAGGERS.into_iter().map(|stagger| with_stagger(minutes.clone(), &may, stagger));
    let best = plans.min_by_key(|apart| (apart.n_together, apart.staggers.len()))?;
    (f64::from(best.n_together) <= WORTH_IT * f64::from(before)).then_some(best)
}

/// Whether `cron` may be given a stagger at all.
#[must_use]
pub fn may_start_later(cron: &Cron, obs: &Observation) -> bool {
    let exact_or_staggered = !matches!(cron.schedule, Schedule::Cron { stagger: None, .. });
    let entry = obs.tiers.get(&cron.id).filter(|entry| !entry.critical && entry.hold.is_none());
    cron.enabled
        && cron.routable()
        && !cron.conditional
        && !exact_or_staggered
        && cron.made_by == MadeBy::Operator
        && entry.is_some()
        && !obs.ledger.contains_key(&cron.id)
}

/// The cron with a stagger of its own.
fn staggered(cron: &Cron, stagger: SignedDuration) -> Option<Schedule> {
    let Schedule::Cron { expr, zone, .. } = &cron.schedule else { return None };
    Some(Schedule::Cron { expr: expr.clone(), zone: zone.clone(), stagger: Some(stagger) })
}

/// By how much a cron starts later than now with this stagger.
fn starts_later(cron: &Cron, stagger: SignedDuration) -> Option<SignedDuration> {
    let later = staggered(cron, stagger)?.delay(&cron.id) - cron.delay();
    (later > SignedDuration::ZERO).then_some(later)
}

/// Until when a cron must not get another delay: a change between the former and the new moment of a start would let it
/// start twice, or not at all. `now` by the gateway's clock.
#[must_use]
pub fn between_starts(cron: &Cron, to: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let (before, after) = (cron.delay(), to.delay(&cron.id));
    let (first, last) = (before.min(after), before.max(after));
    let since = now.checked_sub(last.checked_add(IN_FLIGHT)?).ok()?;
    let start = next_fire(&cron.schedule, since)?;
    let (from, until) = (start.checked_add(first).ok()?, start.checked_add(last + IN_FLIGHT).ok()?);
    (first != last && from <= now.checked_add(IN_FLIGHT).ok()? && now < until).then_some(until)
}

/// How many start on one account in each minute to come, and which.
#[derive(Clone)]
struct Minutes<'a> {
    counts: Vec<u32>,
    /// Seconds after the forecast's beginning, in order.
    crons: BTreeMap<&'a CronId, Vec<u32>>,
}

/// Seconds after the beginning → which minute; a minute begins with the clock's.
fn minute(secs: u32) -> usize {
    (secs / 60) as usize
}

impl<'a> Minutes<'a> {
    fn of(account: &AccountId, forecast: &'a Forecast) -> Self {
        let coming = &forecast.coming;
        let into = u32::try_from(coming.from.as_second().rem_euclid(60)).unwrap_or(0);
        let until = later(coming.from, AHEAD).min(coming.until);
        let mut crons: BTreeMap<&CronId, Vec<u32>> = BTreeMap::new();
        let mut counts = Vec::new();
        for start in coming.between(coming.from, until) {
            let Some(cron) = coming.crons.get(start.cron as usize).filter(|cron| cron.account == *account) else {
                continue;
            };
            let secs = start.after_secs + into;
            crons.entry(&cron.cron).or_default().push(secs);
            count_one(&mut counts, minute(secs));
        }
        Self { counts, crons }
    }

    fn fullest(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}

fn count_one(counts: &mut Vec<u32>, minute: usize) {
    if counts.len() <= minute {
        counts.resize(minute + 1, 0);
    }
    counts[minute] += 1;
}

fn after(start: u32, later: SignedDuration) -> u32 {
    start + u32::try_from(later.as_secs()).unwrap_or(0)
}

/// A cron that may be given the stagger, and what that does to it.
struct Movable<'a> {
    cron: &'a Cron,
    starts: &'a [u32],
    later: SignedDuration,
}

impl<'a> Movable<'a> {
    fn of((cron, starts): &(&'a Cron, &'a [u32]), stagger: SignedDuration) -> Option<Self> {
        let apart = i64::from(APART_FROM_ITSELF) * stagger.as_secs();
        let often = starts.windows(2).any(|two| i64::from(two[1] - two[0]) < apart);
        let later = starts_later(cron, stagger).filter(|_| !often)?;
        Some(Self { cron, starts, later })
    }
}

/// Gives one cron after the other the stagger, where the fullest minute has most of it: each out of the fullest minute
/// that it is in, into the emptiest. Work grows with the starts of those that may be moved.
fn with_stagger(mut minutes: Minutes<'_>, may: &[(&Cron, &[u32])], stagger: SignedDuration) -> Apart {
    let movable: Vec<Movable<'_>> = may.iter().filter_map(|one| Movable::of(one, stagger)).collect();
    let mut within: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, one) in movable.iter().enumerate() {
        for start in one.starts {
            within.entry(minute(*start)).or_default().push(index);
        }
    }
    // The fullest first, of those the soonest; what is calm or cannot get emptier is not in it.
    let is_full = |counts: &[u32], at: usize| counts[at] > CALM;
    let of = |counts: &[u32], at: usize| (Reverse(counts[at]), at);
    let mut full: BTreeSet<(Reverse<u32>, usize)> =
        within.keys().filter(|at| is_full(&minutes.counts, **at)).map(|at| of(&minutes.counts, *at)).collect();
    let mut moved = vec![false; movable.len()];
    let mut apart = Apart { staggers: Staggers::new(), n_together: 0, latest: SignedDuration::ZERO };
    while let Some(fullest) = full.pop_first() {
        let (Reverse(n), at) = fullest;
        let lands = |index: &usize| {
            let one = &movable[*index];
            let start = one.starts.iter().find(|start| minute(**start) == at)?;
            let there = minutes.counts.get(minute(after(*start, one.later))).copied().unwrap_or(0) + 1;
            (there < n).then_some((there, &one.cron.id, *index))
        };
        let open = within.get(&at).into_iter().flatten().filter(|index| !moved[**index]);
        let Some((_, id, index)) = open.filter_map(lands).min() else { continue };
        let id = id.clone();
        for start in movable[index].starts {
            let (from, to) = (minute(*start), minute(after(*start, movable[index].later)));
            let waited = full.remove(&of(&minutes.counts, from)) || from == at;
            minutes.counts[from] -= 1;
            if waited && is_full(&minutes.counts, from) {
                full.insert(of(&minutes.counts, from));
            }
            let waits = minutes.counts.len() > to && full.remove(&of(&minutes.counts, to));
            count_one(&mut minutes.counts, to);
            if waits {
                full.insert(of(&minutes.counts, to));
            }
        }
        moved[index] = true;
        apart.latest = apart.latest.max(movable[index].later);
        apart.staggers.insert(id, stagger);
    }
    apart.n_together = minutes.fullest();
    apart
}

/// What would be written when these crons got these staggers: a line for each that still may.
#[must_use]
pub fn staggered_plan(staggers: &Staggers, obs: &Observation, settings: &Settings) -> Plan {
    let ground = Ground::new(obs, settings);
    let scene = Scene::new(&ground, obs.mode);
    let line = |(id, stagger): (&CronId, &SignedDuration)| line(&scene, obs.crons.get(id)?, *stagger);
    let mut changes: Vec<Change> = staggers.iter().filter_map(line).collect();
    let decisions = changes.iter().map(asked_for).collect();
    sort_changes(&mut changes);
    Plan {
        id: plan_id(&changes),
        at: obs.at,
        origin: PlanOrigin::Spreading,
        outage: ground.outage.clone(),
        changes,
        decisions,
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

fn line(scene: &Scene<'_>, cron: &Cron, stagger: SignedDuration) -> Option<Change> {
    if !may_start_later(cron, scene.obs) || scene.obs.busy.contains(&cron.id) {
        return None;
    }
    let later = starts_later(cron, stagger)?;
    let fields = cron.fields();
    let own = scene.own_of(fields.model.as_deref(), cron.agent.as_deref());
    Some(Change {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        tier: scene.obs.tiers.get(&cron.id).map(|entry| entry.tier),
        critical: false,
        revision: cron.revision.clone(),
        from: fields.clone(),
        to: fields,
        schedule: Some(ScheduleEdit { from: cron.schedule.clone(), to: staggered(cron, stagger)? }),
        from_model: own.model.clone(),
        to_model: own.model.clone(),
        to_route: own.route.clone(),
        kind: ChangeKind::Spread,
        reason: Reason::StartsApart { later },
        cause: Cause::Forecast,
        next_run_at: cron.next_run_at,
        running_since: cron.running_since,
        marks: Vec::new(),
        ticked: true,
    })
}
