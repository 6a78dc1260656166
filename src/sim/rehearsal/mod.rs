//! An outage lived through on a copy of somebody's own world: the engine's real `step`, a simulated gateway with their
//! crons, and vendors of which some fail.
//!
//! Pure: what is given stays as it is, and nothing is sent. Nothing else goes wrong, nobody edits anything, and what
//! runs use up of a quota is not played. The laws judge; the same is lived once more without the program.
//!
//! In reading order: the world is copied, what is offered is pressed, what happens is written down.

mod copied;
mod pressed;
mod record;

#[cfg(test)]
mod tests;

pub use record::Record;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};

use super::computer::Machine;
use super::drive::{Occurrence, Sim};
use super::gateway::Gateway;
use super::outcome::Trial;
use super::vendor::Vendor;
use crate::domain::{
    AccountId, BrokenLaw, Catalog, Cron, CronId, Drill, Fields, OutageLasts, Rehearsal, Rehearsed, RouteKey, Supposed,
};
use crate::engine::Snapshot;
use copied::Copied;
use pressed::Finger;

/// Between two looks of a person at what is offered, and at whether everything is as before.
const A_LOOK: SignedDuration = SignedDuration::from_mins(1);
/// As much as is told before it is over.
const NEARLY: f32 = 0.99;
/// It is as before when it was for so long.
const SETTLED: SignedDuration = SignedDuration::from_mins(40);

/// Told how much of it is lived through, from 0 to 1; the answer ends it. Asked before whatever takes its time.
pub type Progress<'a> = &'a mut dyn FnMut(f32) -> ControlFlow<()>;

/// Lives through what is asked; `None` when it was broken off.
pub fn rehearse(seen: &Snapshot, asked: &Drill, progress: Progress<'_>) -> Option<Rehearsal> {
    goes_on(0.0, progress)?;
    let Copied { at, gateway, disk, done, .. } = copied::of(seen, &asked.supposed);
    let mut machine = Machine::new(disk, at);
    machine.zone = asked.zone.clone();
    let outages = outages(seen, asked, &gateway, at);
    let ends = outages.values().map(|outage| outage.ends).max().unwrap_or(at + Drill::RUN_UP);
    let trial = Trial::whole(asked.seed, 1);

    let mut sim = Sim::among(trial, gateway, vec![machine], at);
    sim.was_done(&done);
    sim.at(at, Occurrence::Starts { computer: 0 });
    let mut life = Life { sim, outages, at, ends, finger: Some(Finger::default()) };
    goes_on(0.0, progress)?;
    let with = life.live(None, progress)?;
    let until = life.sim.now;

    // The same, and nobody is there who does anything about it. That takes a small part of the time.
    goes_on(NEARLY, progress)?;
    let Copied { gateway, .. } = copied::of(seen, &asked.supposed);
    let sim = Sim::among(trial, gateway, Vec::new(), at);
    let mut alone = Life { sim, outages: life.outages.clone(), at, ends, finger: None };
    let without = alone.live(Some(until), &mut |_| progress(NEARLY))?;
    Some(told(&life, with, &without))
}

/// Says how far it is; `None` where that is not wanted any more.
fn goes_on(lived: f32, progress: Progress<'_>) -> Option<()> {
    progress(lived).is_continue().then_some(())
}

/// How an account fails, and until when.
#[derive(Clone, Debug)]
struct Outage {
    ends: Timestamp,
    how: Vendor,
    /// The window that is used up.
    window: Option<String>,
}

fn outages(seen: &Snapshot, asked: &Drill, gateway: &Gateway, at: Timestamp) -> BTreeMap<AccountId, Outage> {
    let begins = at + Drill::RUN_UP;
    let longest = begins + Drill::LONGEST;
    let down = asked.supposed.accounts.iter().filter(|(_, how)| **how == Supposed::Down).map(|(account, _)| account);
    let down: Vec<&AccountId> = down.filter(|account| gateway.vendors.contains_key(*account)).collect();
    let reset = |account: &AccountId| seen.fleet.next_reset(account, begins);
    let last = down.iter().filter_map(|account| reset(account)).map(|(_, at)| at).max();
    let silent = |ends: Timestamp| Outage { ends: ends.min(longest), how: Vendor::Unreachable, window: None };
    let of = |account: &AccountId| match asked.lasts {
        OutageLasts::For(lasts) => silent(begins.checked_add(lasts).unwrap_or(longest)),
        OutageLasts::UntilReset => match reset(account).filter(|(_, resets_at)| *resets_at <= longest) {
            Some((window, ends)) => {
                let how = Vendor::UsedUp { resets_at: Some(ends) };
                Outage { ends, how, window: Some(window.to_owned()) }
            }
            None => silent(last.unwrap_or(begins)),
        },
    };
    down.into_iter().map(|account| (account.clone(), of(account))).collect()
}

/// One of both lives.
struct Life {
    sim: Sim,
    outages: BTreeMap<AccountId, Outage>,
    at: Timestamp,
    ends: Timestamp,
    /// What presses where a program offers something.
    finger: Option<Finger>,
}

/// What is left of a life.
struct Lived {
    record: Record,
    as_before: Option<Timestamp>,
    left: Left,
}

impl Life {
    fn begins(&self) -> Timestamp {
        self.at + Drill::RUN_UP
    }

    /// `until`: however things stand then; else until everything is as before.
    fn live(&mut self, until: Option<Timestamp>, progress: Progress<'_>) -> Option<Lived> {
        let failing = self.outages.keys().cloned().collect();
        self.sim.record = Some(Record::new(failing, &self.sim.gateway, self.begins()));
        self.pass(self.begins(), progress)?;
        let before = self.before();
        self.fail();
        let mut ends: Vec<Timestamp> = self.outages.values().map(|outage| outage.ends).collect();
        ends.sort();
        for end in ends {
            self.pass(end, progress)?;
            self.serve();
        }
        self.note(Rehearsed::Ends);
        let deadline = until.unwrap_or(self.ends + Drill::AFTERWARDS);
        let mut since = None;
        while self.sim.now < deadline && self.sim.breach.is_none() {
            let next = (self.sim.now + A_LOOK).min(deadline);
            self.pass(next, progress)?;
            let settled = until.is_none() && self.gave_back() && self.left(&before).otherwise.is_empty();
            since = settled.then(|| since.unwrap_or(self.sim.now));
            if since.is_some_and(|since| self.sim.now.duration_since(since) >= SETTLED) {
                break;
            }
        }
        let left = self.left(&before);
        let mut record = self.sim.record.take()?;
        // Looks are a minute apart: the last write, or the outage's end, where that was just before.
        let done = record.last_write().max(Some(self.ends)).unwrap_or(self.ends);
        let as_before = since.map(|since| if since.duration_since(done) <= A_LOOK { done } else { since });
        if let Some(at) = as_before {
            record.tell(at, Rehearsed::AsBefore);
        }
        record.close(self.sim.now);
        Some(Lived { record, as_before, left })
    }

    /// Time passes, and whoever sits there presses what is offered.
    fn pass(&mut self, until: Timestamp, progress: Progress<'_>) -> Option<()> {
        while self.sim.now < until && self.sim.breach.is_none() {
            let whole = (self.ends + A_RECOVERY).duration_since(self.at).as_secs_f32();
            let lived = self.sim.now.duration_since(self.at).as_secs_f32() / whole;
            goes_on(lived.min(NEARLY), progress)?;
            self.sim.live((self.sim.now + A_LOOK).min(until));
            if let Some(finger) = &mut self.finger
                && let Some(picture) = &self.sim.machines[0].picture
                && let Some(command) = finger.presses(picture, self.sim.now, self.at + Drill::RUN_UP)
            {
                self.sim.ask(0, command);
            }
        }
        Some(())
    }

    fn fail(&mut self) {
        self.note(Rehearsed::Begins);
        for (account, outage) in &self.outages {
            let gateway = &mut self.sim.gateway;
            gateway.vendors.insert(account.clone(), outage.how.clone());
            let windows = gateway.windows.get_mut(account).into_iter().flatten();
            for window in windows.filter(|window| outage.window.as_ref() == Some(&window.label)) {
                (window.used_ratio, window.used) = (1.0, window.limit);
            }
        }
    }

    /// Those whose outage is over.
    fn serve(&mut self) {
        let over = self.outages.iter().filter(|(_, outage)| outage.ends <= self.sim.now);
        for (account, _) in over {
            self.sim.gateway.vendors.insert(account.clone(), Vendor::Serves);
        }
    }

    fn picture(&self) -> Option<&Snapshot> {
        self.sim.machines.first().and_then(|machine| machine.picture.as_ref())
    }

    /// How everything is when the outage begins.
    fn before(&self) -> Before {
        let crons = definitions(&self.sim.gateway);
        let Some(picture) = self.picture() else { return Before { crons, ..Before::default() } };
        let owed = picture.ledger.iter().filter(|_| picture.crisis.state.mode.is_some());
        let settings = &picture.settings;
        let fails = |route: &RouteKey| {
            let model = settings.routes.get(route).and_then(|route| route.model.as_ref());
            let vital = model.and_then(|model| picture.fleet.accounts.get(&model.account()));
            vital.is_some_and(|vital| vital.health.fails())
        };
        let displaced = picture.tiers.iter().filter(|(_, entry)| settings.chain(entry.tier).routes.iter().any(fails));
        Before {
            crons,
            owed: owed.map(|(id, debt)| (id.clone(), debt.before.clone())).collect(),
            displaced: displaced.map(|(id, _)| id.clone()).collect(),
        }
    }

    /// One-shots end by themselves.
    fn left(&self, before: &Before) -> Left {
        let mut left = Left::default();
        let planned = |id: &CronId| {
            self.picture().is_some_and(|picture| picture.plan.changes.iter().any(|change| change.cron == *id))
        };
        for cron in users(&self.sim.gateway).filter(|cron| !cron.one_shot()) {
            let Some(was) = before.crons.get(&cron.id).filter(|was| was.revision != cron.revision) else { continue };
            let owed = before.owed.get(&cron.id);
            let alike = |was: &Fields| was.model == cron.fields().model && was.enabled == cron.enabled;
            let home = before.displaced.contains(&cron.id) && !planned(&cron.id);
            let on = owed.map_or(was.enabled, |owed| owed.enabled);
            match () {
                () if was.enabled && !cron.enabled && cron.auto_disabled.is_some() => {
                    left.switched_off.push(cron.name.clone());
                }
                () if was.fields().model == cron.fields().model && was.enabled == cron.enabled => left.n_refitted += 1,
                () if owed.is_some_and(alike) => {}
                () if home && on == cron.enabled => left.n_home += 1,
                () => left.otherwise.push(cron.name.clone()),
            }
        }
        left
    }

    fn note(&mut self, what: Rehearsed) {
        let now = self.sim.now;
        if let Some(record) = &mut self.sim.record {
            record.tell(now, what);
        }
    }

    /// The program owes nothing and does nothing.
    fn gave_back(&self) -> bool {
        let picture = self.sim.machines.first().and_then(|machine| machine.picture.as_ref());
        picture.is_none_or(|picture| {
            let idle = !picture.job.as_ref().is_some_and(|job| job.running());
            idle && picture.ledger.is_empty() && picture.crisis.state.mode.is_none()
        })
    }
}

/// What recovery mostly takes, for how far it is.
const A_RECOVERY: SignedDuration = SignedDuration::from_hours(1);

fn users(gateway: &Gateway) -> impl Iterator<Item = &Cron> {
    gateway.crons.values().filter(|cron| cron.routable())
}

/// What the end is compared with.
#[derive(Debug, Default)]
struct Before {
    crons: BTreeMap<CronId, Cron>,
    /// What a crisis that is on gives back, by then or later: that is what before means.
    owed: BTreeMap<CronId, Fields>,
    /// Crons that may be elsewhere than usual: a route of their chain did not serve already.
    displaced: BTreeSet<CronId>,
}

fn definitions(gateway: &Gateway) -> BTreeMap<CronId, Cron> {
    users(gateway).map(|cron| (cron.id.clone(), cron.clone())).collect()
}

/// What is not as it was.
#[derive(Debug, Default)]
struct Left {
    /// Names of crons that are off, or on another model.
    otherwise: Vec<String>,
    /// Names of those that the gateway switched off after too many failures: to switch them on again is offered.
    switched_off: Vec<String>,
    /// So many others have another definition: only their fallbacks, which are written with each model.
    n_refitted: u32,
    /// So many others were displaced, and are where their chains bring them.
    n_home: u32,
}

fn told(life: &Life, with: Lived, without: &Lived) -> Rehearsal {
    let begins = life.begins();
    let failing: BTreeSet<&AccountId> = life.outages.keys().collect();
    let lanes = with.record.lanes(&failing, &without.record);
    let broken = life.sim.breach.as_ref().map(|breach| BrokenLaw {
        at: breach.at,
        law: breach.law.sentence().to_owned(),
        seen: breach.seen.clone(),
    });
    Rehearsal {
        accounts: life.outages.keys().cloned().collect(),
        begins,
        ends: life.ends,
        until: life.sim.now,
        paused: with.record.paused(),
        with: with.record.lived,
        without: without.record.lived,
        events: with.record.events,
        lanes,
        n_presses: life.finger.as_ref().map_or(0, |finger| finger.n_presses),
        as_before: with.as_before,
        otherwise: with.left.otherwise,
        switched_off: with.left.switched_off,
        n_refitted: with.left.n_refitted,
        n_home: with.left.n_home,
        broken,
    }
}

/// Which account a cron runs on first.
fn account_of(cron: &Cron, catalog: &Catalog) -> Option<AccountId> {
    let stored = cron.turn()?.model.as_deref();
    catalog.resolve(stored, cron.agent.as_deref()).map(|model| model.account())
}
