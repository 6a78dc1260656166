//! What nobody asked for: only where it is allowed, only what health causes, and not too much of it.
//!
//! Times are those of the computer's own clock, as the program counts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::happening::{Call, Computer, Desk, Hand, Method, Scene, Verdict};
use super::past::{Past, agreed};
use super::write::Write;
use super::{Broken, Law};
use crate::domain::{
    AccountId, Automation, AutomationLevel, Cause, Change, CronId, MadeBy, Owner, QuietHours, RECOVERY_KEY_PREFIX,
};

#[derive(Debug, Default)]
pub(super) struct Limits {
    changed: BTreeMap<Computer, VecDeque<(Timestamp, CronId)>>,
    /// What its settings say, and since when.
    told: BTreeMap<Computer, (Automation, Timestamp)>,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// A line that was under way when quiet hours began, or when automation was told to stop.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);
/// One cron that turns more often within an hour turns without an end.
const TURNS: usize = 7;
/// So many crons may have gone since a job was begun.
const GONE_SINCE: usize = 2;

impl Limits {
    pub(super) fn stored(&mut self, computer: Computer, scene: &Scene<'_>) {
        let Some(desk) = scene.computers.get(computer) else { return };
        let automation = &desk.disk.settings.automation;
        let told = self.told.entry(computer).or_insert_with(|| (automation.clone(), Timestamp::MIN));
        if told.0 != *automation {
            *told = (automation.clone(), scene.now);
        }
    }

    pub(super) fn judge(&mut self, write: &Write<'_>, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
        let change = write.change()?;
        let automation = &write.desk.disk.settings.automation;
        if past.asked(write) {
            return None;
        }
        let told_at = self.told.get(&write.by).map_or(Timestamp::MIN, |(_, at)| *at);
        let lately = scene.now.duration_since(told_at) <= UNDER_WAY;
        let now = clock(write.desk, scene.now);
        let why = if lately { None } else { unasked(write, change, automation, past, scene.now, now) };
        if let Some(why) = why {
            return Some((Law::AutomationAsksFirst, format!("{why}: {}", write.name())));
        }
        if change.gives_back() || lately {
            return None;
        }
        let changed = self.changed.entry(write.by).or_default();
        let forgotten = past.lost_at(write.by).map_or(Timestamp::MIN, |at| clock(write.desk, at));
        changed.retain(|(at, _)| now.duration_since(*at) < HOUR && *at >= forgotten);
        changed.push_back((now, change.cron.clone()));
        let n_crons = changed.iter().filter(|(at, _)| *at <= now).map(|(_, cron)| cron).collect::<BTreeSet<_>>().len();
        let limit = limit(automation, scene);
        let turns = changed.iter().filter(|(at, cron)| *at <= now && *cron == change.cron).count();
        if turns > TURNS {
            let seen = format!("{turns} times within an hour: {}", write.name());
            return Some((Law::AutomationWithinLimits, seen));
        }
        (n_crons > limit).then(|| {
            let seen = format!("{n_crons} crons within an hour, where {limit} are allowed; {}", write.name());
            (Law::AutomationWithinLimits, seen)
        })
    }
}

fn clock(desk: &Desk<'_>, at: Timestamp) -> Timestamp {
    at.checked_add(desk.skew).unwrap_or(at)
}

fn unasked(
    write: &Write<'_>,
    change: &Change,
    automation: &Automation,
    past: &Past,
    now: Timestamp,
    clock: Timestamp,
) -> Option<&'static str> {
    if automation.level != AutomationLevel::ActWithinLimits {
        return Some("nobody asked for it, and automation is off");
    }
    let quiet = |at: Timestamp| automation.quiet.is_some_and(|quiet| is_quiet(quiet, at));
    // What was begun before goes on.
    let begun = write.journal.map_or(clock, |line| line.job.started_at);
    if quiet(clock) && clock.checked_sub(UNDER_WAY).is_ok_and(quiet) && quiet(begun) {
        return Some("in quiet hours");
    }
    if change.cause != Cause::Health {
        return Some("health did not cause it");
    }
    if !past.mapping_stands(write.by, &change.cron, now) {
        return None;
    }
    let entry = agreed(write.desk, &change.cron);
    if entry.is_some_and(|entry| entry.ask_first) {
        return Some("its user wants to be asked first");
    }
    let agrees = entry.is_none_or(|entry| entry.edit_agent_made);
    (write.before.made_by == MadeBy::Agent && !agrees).then_some("an agent made it, and nobody agreed")
}

/// Computers of a simulation live by UTC.
fn is_quiet(quiet: QuietHours, at: Timestamp) -> bool {
    let time = at.to_zoned(TimeZone::UTC).time();
    if quiet.from <= quiet.to { quiet.from <= time && time < quiet.to } else { quiet.from <= time || time < quiet.to }
}

fn limit(automation: &Automation, scene: &Scene<'_>) -> usize {
    let n_routable = scene.crons.values().filter(|cron| cron.routable()).count() + GONE_SINCE;
    let share = (automation.max_ratio.clamp(0.0, 1.0) * n_routable as f64 + 1e-9).floor();
    (share as usize).max(automation.max_crons as usize)
}

/// Runs, and wake-ups: what a program does with a gateway beside its changes.
pub(super) fn judge_own(call: &Call, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
    let Hand::Engine(computer) = call.by else { return None };
    match call.method {
        Method::Run => {
            let known = call.before.as_ref().or(call.after.as_ref());
            let users = known.is_none_or(|cron| cron.owner() == Owner::User);
            let asked = past.run_asked(computer, &call.cron, scene.now);
            (users && !asked).then(|| (Law::NothingRunsUnasked, format!("computer {computer} ran {}", call.cron)))
        }
        Method::Add if call.verdict == Verdict::Done => wake_up(call, computer, scene),
        _ => None,
    }
}

fn wake_up(call: &Call, computer: Computer, scene: &Scene<'_>) -> Option<Broken> {
    let key = call.after.as_ref()?.declaration_key.as_deref()?;
    let account = key.strip_prefix(RECOVERY_KEY_PREFIX)?;
    let n_there = scene.crons.values().filter(|cron| cron.declaration_key.as_deref() == Some(key)).count();
    if n_there > 1 || !scene.vendors.contains_key(&AccountId::new(account)) {
        return Some((Law::OneWakeUpEach, format!("{n_there} wake-ups for {account}")));
    }
    let desk = scene.computers.get(computer)?;
    let observes = |level: AutomationLevel| level == AutomationLevel::Observe;
    let shown = desk.picture.is_some_and(|picture| observes(picture.settings.automation.level));
    let quiet = observes(desk.disk.settings.automation.level) && shown;
    quiet.then(|| (Law::AutomationAsksFirst, format!("a wake-up for {account}, where only watching is allowed")))
}
