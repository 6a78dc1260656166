//! What must hold when the world was left in peace: everything is given back, nothing is owed, nothing is left to do.

use std::collections::BTreeSet;

use super::super::happening::{Computer, Desk, Scene};
use super::past::{BeforeCrisis, OffBy, Past, Track, may_write};
use super::{Broken, Law};
use crate::domain::{Cause, Cron, CronId, Plan, RECOVERY_KEY_PREFIX, Verdict};

pub(super) fn judge(scene: &Scene<'_>, past: &Past) -> Option<Broken> {
    let Some(desk) = scene.computers.iter().find(|desk| may_write(desk)) else {
        return Some((Law::NothingPlannedAtRest, "nobody may act in the end".to_owned()));
    };
    let owed = || scene.computers.iter().find_map(|desk| owed(desk, scene));
    given_back(desk, scene, past).or_else(owed).or_else(|| left_to_do(desk)).or_else(|| woken(scene))
}

/// Which of the computers are in crisis mode, as their disks have it.
#[derive(Debug, Default)]
pub(super) struct Crises {
    on: BTreeSet<Computer>,
}

impl Crises {
    /// Crisis mode has ended on a disk: what it changed is back, or still owed.
    pub(super) fn stored(&mut self, computer: Computer, scene: &Scene<'_>, past: &mut Past) -> Option<Broken> {
        let desk = scene.computers.get(computer)?;
        if desk.disk.crisis(scene.now).mode.is_some() {
            self.on.insert(computer);
            return None;
        }
        if !self.on.remove(&computer) {
            return None;
        }
        let broken = Self::over(computer, desk, scene, past);
        let ledger = desk.disk.ledger();
        past.crisis_is_over(computer, |cron| ledger.contains_key(cron));
        broken
    }

    fn over(computer: Computer, desk: &Desk<'_>, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
        let ledger = desk.disk.ledger();
        past.tracks().find_map(|(id, track)| {
            let before = track.before_crisis.as_ref().filter(|before| before.by == computer && !track.wished)?;
            let cron = scene.crons.get(id).filter(|_| !ledger.contains_key(id) && !waits_for_its_user(desk, id))?;
            if pinned_elsewhere(desk, cron, before) {
                return None;
            }
            (!is_back(desk, cron, track, before)).then(|| {
                let seen = format!(
                    "crisis mode is off, {id} was {:?}, is {:?}, and is not owed",
                    before.fields,
                    cron.fields()
                );
                (Law::CrisisGivesBack, seen)
            })
        })
    }
}

/// Somebody's word stands between a cron and its plan.
fn waits_for_its_user(desk: &Desk<'_>, cron: &CronId) -> bool {
    let entry = desk.disk.tiers.get(cron);
    let unticked = plan(desk).and_then(|plan| plan.change(cron)).is_some_and(|change| !change.ticked);
    unticked || entry.is_some_and(|entry| entry.hold.is_some())
}

/// Its user fixed another model than it had before, which only they apply.
fn pinned_elsewhere(desk: &Desk<'_>, cron: &Cron, before: &BeforeCrisis) -> bool {
    let pin = desk.disk.tiers.get(&cron.id).and_then(|entry| entry.pinned.as_ref());
    let had =
        desk.picture.and_then(|picture| picture.catalog.resolve(before.fields.model.as_deref(), cron.agent.as_deref()));
    pin.is_some_and(|pin| pin.model.is_some() && pin.model != had)
}

fn plan<'a>(desk: &'a Desk<'_>) -> Option<&'a Plan> {
    desk.picture.map(|picture| &*picture.plan)
}

fn given_back(desk: &Desk<'_>, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
    // Whoever undid something did so at one of the computers, whichever acts in the end.
    let waits = |id: &CronId| scene.computers.iter().any(|desk| waits_for_its_user(desk, id));
    let changed = past.tracks().filter(|(id, _)| !waits(id));
    changed.into_iter().find_map(|(id, track)| {
        let cron = scene.crons.get(id)?;
        if track.off_by == Some(OffBy::Us) {
            return Some((Law::CrisisGivesBack, format!("{id} is still off because of this program")));
        }
        let before = track.before_crisis.as_ref().filter(|_| !track.wished)?;
        (!is_back(desk, cron, track, before)).then(|| {
            let seen = format!("{id} was {:?} and is {:?}", before.fields, cron.fields());
            (Law::CrisisGivesBack, seen)
        })
    })
}

fn is_back(desk: &Desk<'_>, cron: &Cron, track: &Track, before: &BeforeCrisis) -> bool {
    if cron.definition == before.definition {
        return true;
    }
    let fields = cron.fields();
    if fields.enabled != before.fields.enabled {
        // The gateway switched it off: that is offered, and nobody agreed.
        return track.off_by == Some(OffBy::Gateway);
    }
    // Another model is what ordinary distribution says, or it is not back.
    let stays = |verdict: Verdict| matches!(verdict, Verdict::Stay | Verdict::LeftAlone);
    let decided = plan(desk).and_then(|plan| plan.decision(&cron.id)).is_none_or(|said| stays(said.verdict));
    // The same by another name is not another.
    let agent = cron.agent.as_deref();
    let runs_as = |model: &Option<String>| desk.picture?.catalog.resolve(model.as_deref(), agent);
    fields.model != before.fields.model && runs_as(&fields.model) != runs_as(&before.fields.model) && decided
}

fn owed(desk: &Desk<'_>, scene: &Scene<'_>) -> Option<Broken> {
    let crisis = desk.disk.crisis(scene.now);
    if let Some(mode) = &crisis.mode {
        return Some((Law::NothingOwedAtRest, format!("crisis mode is still on, since {}", mode.since)));
    }
    let ledger = desk.disk.ledger();
    // One that is not listed may only be unreadable, and what the gateway switched off is offered.
    let due = |id: &&CronId| scene.crons.get(*id).is_some_and(|cron| cron.auto_disabled.is_none());
    let id = ledger.keys().filter(due).find(|id| !waits_for_its_user(desk, id))?;
    Some((Law::NothingOwedAtRest, format!("{id} is still owed: {:?}", ledger[id].why)))
}

fn left_to_do(desk: &Desk<'_>) -> Option<Broken> {
    let open = plan(desk)?.changes.iter().find(|change| change.ticked && change.cause == Cause::Health)?;
    Some((Law::NothingPlannedAtRest, format!("{} is still to be changed: {:?}", open.cron, open.reason)))
}

fn woken(scene: &Scene<'_>) -> Option<Broken> {
    let waits = |cron: &&Cron| {
        cron.enabled && cron.declaration_key.as_deref().is_some_and(|key| key.starts_with(RECOVERY_KEY_PREFIX))
    };
    let cron = scene.crons.values().find(waits)?;
    Some((Law::OneWakeUpEach, format!("{} still waits, and every account is back", cron.id)))
}
