//! Laws of critical crons: never paused, and never left where nothing answers while something else does.
//!
//! Which routes surely serve and surely do not is read from the picture here anew, with a view of its own: what it
//! is not sure of it lets pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::happening::{Computer, Desk, Scene};
use super::super::vendor::Vendor;
use super::past::{Past, agreed, may_write};
use super::write::Write;
use super::{Broken, Law};
use crate::domain::{
    AutomationLevel, AutomationWord, Cron, CronId, Health, MadeBy, ModelRef, Plan, RouteKey, Tier, TierEntry,
};
use crate::engine::Snapshot;

pub(super) fn never_paused(write: &Write<'_>, past: &Past, now: Timestamp) -> Option<Broken> {
    let undoes = write.change().is_some_and(|change| change.kind == crate::domain::ChangeKind::Undo);
    if !write.pauses() || undoes || !past.mapping_stands(write.by, &write.before.id, now) {
        return None;
    }
    let entry = agreed(write.desk, &write.before.id)?;
    (entry.critical && entry.pinned.is_none()).then(|| (Law::CriticalNeverPaused, write.name()))
}

#[derive(Debug, Default)]
pub(super) struct Stranded {
    desks: BTreeMap<Computer, Watch>,
    /// How many runs of a cron have failed in a row.
    failed: BTreeMap<CronId, u32>,
}

#[derive(Debug, Default)]
struct Watch {
    /// The plan that was looked at last.
    plan: Option<Arc<Plan>>,
    looked_at: Option<Timestamp>,
    /// Since when a cron is on a dead route, and automation could have helped.
    since: BTreeMap<CronId, Timestamp>,
    /// Since when its account does not serve, and the program was told so: by a report of quotas, or by its runs.
    told: BTreeMap<CronId, Timestamp>,
}

const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// A bound that no pace, limit or retry of the program reaches.
const AT_THE_LATEST: SignedDuration = SignedDuration::from_hours(2);

/// So many failed runs in a row are no accident.
const FAILED_RUNS: u32 = 3;

impl Stranded {
    pub(super) fn ran(&mut self, cron: &CronId, well: bool) {
        let n_failed = self.failed.entry(cron.clone()).or_default();
        *n_failed = if well { 0 } else { *n_failed + 1 };
    }

    pub(super) fn judge(&mut self, computer: Computer, scene: &Scene<'_>) -> Option<Broken> {
        let watch = self.desks.entry(computer).or_default();
        let desk = scene.computers.get(computer)?;
        let picture = desk.picture.filter(|_| may_write(desk));
        let Some(picture) = picture.filter(|picture| picture.crons_as_of.is_some()) else {
            *watch = Watch::default();
            return None;
        };
        let planned = watch.planned(picture);
        let often = watch.looked_at.is_some_and(|at| scene.now.duration_since(at) < LOOK_EVERY);
        if often {
            return planned;
        }
        watch.looked_at = Some(scene.now);
        planned.or_else(|| watch.in_truth(desk, picture, scene, &self.failed))
    }
}

impl Watch {
    /// What the program knows decides what it plans.
    fn planned(&mut self, picture: &Snapshot) -> Option<Broken> {
        let known = self.plan.as_ref().is_some_and(|known| Arc::ptr_eq(known, &picture.plan));
        if known || picture.job.as_ref().is_some_and(|job| job.running()) {
            return None;
        }
        self.plan = Some(picture.plan.clone());
        let mut critical = picture.tiers.iter().filter(|(_, entry)| keeps_running(entry));
        critical.find_map(|(id, entry)| {
            let cron = picture.crons.get(id).filter(|cron| cron.enabled && cron.routable())?;
            let model = runs_as(cron, picture)?;
            let helps = picture.plan.change(id).is_some_and(|change| {
                let dead = change.to_model.as_ref().is_some_and(|to| surely_dead(to, picture));
                change.to.enabled && !dead
            });
            if !surely_dead(&model, picture) || helps {
                return None;
            }
            let better = another(&model, entry, picture)?;
            let seen = format!("{id} stays on {model}, which is known to fail, while {better} serves");
            Some((Law::CriticalNotStranded, seen))
        })
    }

    /// Where automation may act it has, in the end.
    fn in_truth(
        &mut self,
        desk: &Desk<'_>,
        picture: &Snapshot,
        scene: &Scene<'_>,
        failed: &BTreeMap<CronId, u32>,
    ) -> Option<Broken> {
        if !may_act(desk, picture) {
            self.since.clear();
            self.told.clear();
            return None;
        }
        let stuck: Vec<(&CronId, &Cron, ModelRef, bool)> = desk
            .disk
            .tiers
            .keys()
            .filter_map(|id| {
                let entry = agreed(desk, id).filter(|entry| keeps_running(entry) && !entry.ask_first)?;
                let cron = scene.crons.get(id).filter(|cron| cron.enabled && cron.routable())?;
                if cron.made_by == MadeBy::Agent && !entry.edit_agent_made {
                    return None;
                }
                let model = runs_as(cron, picture)?;
                let vendor = scene.vendors.get(&model.account()).filter(|vendor| !vendor.serves(scene.now))?;
                let better = another(&model, entry, picture)?;
                scene.vendors.get(&better.account()).filter(|vendor| vendor.serves(scene.now))?;
                // What hangs says nothing: a cron that times out alone may be at fault itself.
                let says = !matches!(vendor, Vendor::Unreachable | Vendor::Overloaded);
                let runs = says && failed.get(id).is_some_and(|n_failed| *n_failed >= FAILED_RUNS);
                // By a clock that is hours ahead its reset is over.
                let clock = scene.now.checked_add(desk.skew).unwrap_or(scene.now);
                let told = runs || matches!(vendor, Vendor::UsedUp { .. }) && !vendor.serves(clock);
                Some((id, cron, model, told))
            })
            .collect();
        let seen_dead = |model: &ModelRef| surely_dead(model, picture);
        let known = stuck.iter().filter(|(_, _, model, _)| seen_dead(model)).map(|(id, ..)| (*id).clone()).collect();
        let told = stuck.iter().filter(|(_, _, model, told)| *told && !seen_dead(model));
        let told = told.map(|(id, ..)| (*id).clone()).collect();
        let late = follow(&mut self.since, known, scene.now).map(|(id, since)| {
            let planned = picture.plan.decision(&id).map(|said| (&said.verdict, &said.reason));
            format!(
                "{id} is on a dead route since {since}; it is known, another serves, and automation may act: {planned:?}, {:?}",
                picture.crisis.automation
            )
        });
        let blind = follow(&mut self.told, told, scene.now).map(|(id, since)| {
            format!("{id} is on an account that does not serve, its runs and its quota say so since {since}, and the program does not see it")
        });
        late.or(blind).map(|seen| (Law::CriticalNotStranded, seen))
    }
}

/// Keeps the moment since which each of `now_so` is so; the first that is for too long.
fn follow(since: &mut BTreeMap<CronId, Timestamp>, now_so: Vec<CronId>, now: Timestamp) -> Option<(CronId, Timestamp)> {
    since.retain(|id, _| now_so.contains(id));
    for id in now_so {
        since.entry(id).or_insert(now);
    }
    since.iter().find(|(_, at)| now.duration_since(**at) > AT_THE_LATEST).map(|(id, at)| (id.clone(), *at))
}

fn keeps_running(entry: &TierEntry) -> bool {
    entry.critical && entry.pinned.is_none() && entry.hold.is_none()
}

/// Automation does what it sees, but for what its user decided: a limit, quiet hours, a stop.
pub(super) fn may_act(desk: &Desk<'_>, picture: &Snapshot) -> bool {
    let automation = &desk.disk.settings.automation;
    let free = !matches!(
        picture.crisis.automation,
        AutomationWord::OverLimit { .. } | AutomationWord::QuietUntil { .. } | AutomationWord::StoppedByHand { .. }
    );
    automation.level == AutomationLevel::ActWithinLimits && automation.quiet.is_none() && free
}

fn runs_as(cron: &Cron, picture: &Snapshot) -> Option<ModelRef> {
    picture.catalog.resolve(cron.turn()?.model.as_deref(), cron.agent.as_deref())
}

/// The picture says so of its account, whatever else it says.
fn surely_dead(model: &ModelRef, picture: &Snapshot) -> bool {
    let at = picture.plan.at;
    let full = |resets_at: Option<Timestamp>| resets_at.is_none_or(|reset| reset > at);
    let vital = picture.fleet.accounts.get(&model.account());
    let ill = vital.is_some_and(|vital| match vital.health {
        Health::LimitHit { resets_at } => full(resets_at),
        Health::ByHand { until } => until > at,
        ref other => other.fails(),
    });
    ill && picture.catalog.sets_up(model)
}

/// A route of its chain, or of any, that surely serves and costs no more than it may.
fn another(own: &ModelRef, entry: &TierEntry, picture: &Snapshot) -> Option<ModelRef> {
    let routes = Tier::ALL.into_iter().flat_map(|tier| &picture.settings.chain(tier).routes);
    routes.filter_map(|key| serving(key, entry, picture)).find(|model| model != own)
}

pub(super) fn serving(key: &RouteKey, entry: &TierEntry, picture: &Snapshot) -> Option<ModelRef> {
    let (settings, fleet, at) = (&picture.settings, &picture.fleet, picture.plan.at);
    let route = settings.routes.get(key).filter(|route| route.set_aside_until.is_none())?;
    let model = route.model.clone()?;
    let account = model.account();
    let said = settings.accounts.get(&account);
    let left_alone = said.is_none_or(|own| own.down_until.is_none() && own.set_aside_until.is_none());
    let guard = settings.cost_guard.get(&entry.tier).filter(|_| !entry.above_guard);
    let cheap = guard.is_none_or(|guard| settings.price(route).is_some_and(|price| price.output <= *guard));
    let up = fleet
        .accounts
        .get(&account)
        .is_some_and(|vital| vital.health.serves() && vital.gateway_waits_until.is_none_or(|until| until <= at));
    let listed = picture.catalog.models.get(&model).is_some_and(|listed| listed.available);
    let windows = fleet.windows.get(&account).into_iter().flatten();
    let full = windows.into_iter().any(|window| window.used_ratio >= 1.0);
    let clean = !fleet.models.contains_key(&model);
    (left_alone && cheap && up && listed && !full && clean).then_some(model)
}
