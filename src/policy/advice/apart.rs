//! Which of the crons that start together could start a little later, and the plan that lets them.
//!
//! Invariants: a schedule keeps its expression and gets a stagger alone, which the gateway turns into a delay that is
//! always the same; nothing starts earlier than now. What is critical, made by an agent, held, unsorted, owed something,
//! or has a stagger already, exact ones among them, stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::domain::{
    AccountId, Apart, Cause, Change, ChangeKind, Cron, CronId, Decision, Forecast, MadeBy, Observation, Plan,
    PlanOrigin, Reason, Schedule, ScheduleEdit, Settings, Staggers, Trigger, Verdict,
};
use crate::policy::ground::Ground;
use crate::policy::plan::{Scene, plan_id, sort_changes};
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

/// At the best, so much of what starts together remains; where more does, nothing is proposed.
const WORTH_IT: f64 = 2.0 / 3.0;

/// The fewest staggers after which the fullest minute of `account` has as little as it can have.
pub(super) fn apart(account: &AccountId, forecast: &Forecast, obs: &Observation) -> Option<Apart> {
    let minutes = Minutes::of(account, forecast);
    let before = minutes.fullest(&[])?.1;
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

    /// The first of the fullest minutes that are not `given_up`; `None` when all are calm.
    fn fullest(&self, given_up: &[usize]) -> Option<(usize, u32)> {
        let full = self.counts.iter().enumerate().filter(|(at, n)| **n > CALM && !given_up.contains(at));
        full.max_by_key(|(at, n)| (**n, std::cmp::Reverse(*at))).map(|(at, n)| (at, *n))
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

/// Gives one cron after the other the stagger, where the fullest minute has most of it.
fn with_stagger(mut minutes: Minutes<'_>, may: &[(&Cron, &[u32])], stagger: SignedDuration) -> Apart {
    let often = |starts: &[u32]| {
        let apart = i64::from(APART_FROM_ITSELF) * stagger.as_secs();
        starts.windows(2).any(|two| i64::from(two[1] - two[0]) < apart)
    };
    let mut open: Vec<(&Cron, &[u32], SignedDuration)> = may
        .iter()
        .filter(|(_, starts)| !often(starts))
        .filter_map(|(cron, starts)| Some((*cron, *starts, starts_later(cron, stagger)?)))
        .collect();
    let mut apart = Apart { staggers: Staggers::new(), n_together: 0, latest: SignedDuration::ZERO };
    let mut given_up = Vec::new();
    while let Some((at, n)) = minutes.fullest(&given_up) {
        let lands = |starts: &[u32], later: SignedDuration| {
            let start = starts.iter().find(|start| minute(**start) == at)?;
            Some(minutes.counts.get(minute(after(*start, later))).copied().unwrap_or(0) + 1)
        };
        let best = open.iter().enumerate().filter_map(|(index, (cron, starts, later))| {
            let landing = lands(starts, *later).filter(|landing| *landing < n)?;
            Some((landing, &cron.id, index))
        });
        let Some((_, _, index)) = best.min() else {
            given_up.push(at);
            continue;
        };
        let (cron, starts, later) = open.swap_remove(index);
        for start in starts {
            minutes.counts[minute(*start)] -= 1;
            count_one(&mut minutes.counts, minute(after(*start, later)));
        }
        apart.latest = apart.latest.max(later);
        apart.staggers.insert(cron.id.clone(), stagger);
    }
    apart.n_together = minutes.counts.iter().copied().max().unwrap_or(0);
    apart
}

/// What would be written when these crons got these staggers: a line for each that still may.
#[must_use]
pub fn staggered_plan(staggers: &Staggers, obs: &Observation, settings: &Settings) -> Plan {
    let ground = Ground::new(obs, settings);
    let scene = Scene::new(&ground, obs.mode);
    let line = |(id, stagger): (&CronId, &SignedDuration)| line(&scene, obs.crons.get(id)?, *stagger);
    let mut changes: Vec<Change> = staggers.iter().filter_map(line).collect();
    let decisions = changes.iter().map(decision).collect();
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

fn decision(change: &Change) -> Decision {
    Decision {
        cron: change.cron.clone(),
        verdict: Verdict::Change,
        chosen: change.to_route.clone(),
        model: change.to_model.clone(),
        skipped: Arc::default(),
        reason: change.reason.clone(),
        since: None,
        would_change: Some(Trigger::TheUser),
    }
}
