//! What happens in a rehearsal, written down by somebody who stands outside and judges nothing.
//!
//! Of the policy only its calendar is asked: how many starts a cron missed while it was off.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::gateway::Gateway;
use super::super::happening::{Call, Hand, Happening, Method, Scene, Verdict};
use super::{account_of, users};
use crate::domain::{
    AccountId, Catalog, ChangeKind, Cron, CronId, Lived, OutageLevel, PlanOrigin, RECOVERY_KEY_PREFIX, RehearsalEvent,
    RehearsalLane, Rehearsed, Schedule, StartedBy, Steps, Wrote,
};
use crate::engine::Snapshot;
use crate::policy;

#[derive(Debug)]
pub struct Record {
    failing: BTreeSet<AccountId>,
    begins: Timestamp,
    models: Catalog,
    pub(super) events: Vec<RehearsalEvent>,
    pub(super) lived: Lived,
    /// Where each cron is; `None`: paused by the program.
    places: BTreeMap<CronId, Option<AccountId>>,
    steps: BTreeMap<Option<AccountId>, Steps>,
    failed: BTreeMap<AccountId, Vec<Timestamp>>,
    known: BTreeMap<AccountId, Vec<(Timestamp, Option<Timestamp>)>>,
    /// Since when a cron is off, and how it was.
    off: BTreeMap<CronId, (Timestamp, Cron)>,
    woken: BTreeSet<AccountId>,
    seen: Seen,
    /// The job and the stage of the last event that tells of writes.
    wrote: Option<(u64, Option<u8>, usize)>,
    last_write: Option<Timestamp>,
    first_failure_told: bool,
}

/// What the program showed last.
#[derive(Debug, Default)]
struct Seen {
    level: Option<OutageLevel>,
    in_crisis: bool,
    gives_back: bool,
}

impl Record {
    pub fn new(failing: BTreeSet<AccountId>, gateway: &Gateway, begins: Timestamp) -> Self {
        let enabled = users(gateway).filter(|cron| cron.enabled);
        let places = enabled.map(|cron| (cron.id.clone(), account_of(cron, &gateway.models))).collect();
        let mut record = Self {
            failing,
            begins,
            models: gateway.models.clone(),
            events: Vec::new(),
            lived: Lived::default(),
            places,
            steps: BTreeMap::new(),
            failed: BTreeMap::new(),
            known: BTreeMap::new(),
            off: BTreeMap::new(),
            woken: BTreeSet::new(),
            seen: Seen::default(),
            wrote: None,
            last_write: None,
            first_failure_told: false,
        };
        record.step(Timestamp::MIN);
        record
    }

    pub fn note(&mut self, happening: &Happening<'_>, scene: &Scene<'_>) {
        match happening {
            Happening::Ran { cron, well } => self.ran(cron, *well, scene),
            Happening::Called(call) if call.verdict == Verdict::Done => self.called(call, scene),
            Happening::Stepped { .. } => {
                if let Some(picture) = scene.computers.first().and_then(|desk| desk.picture) {
                    self.look(picture, scene.now);
                }
            }
            _ => {}
        }
    }

    pub(super) fn tell(&mut self, at: Timestamp, what: Rehearsed) {
        // What comes between the lines of a job does not part them.
        let later = self.events.iter().rposition(|event| event.at <= at).map_or(0, |index| index + 1);
        self.events.insert(later, RehearsalEvent { at, what });
        self.wrote = self.wrote.map(|(job, stage, index)| (job, stage, index + usize::from(later <= index)));
    }

    pub(super) fn last_write(&self) -> Option<Timestamp> {
        self.last_write
    }

    fn ran(&mut self, id: &CronId, well: bool, scene: &Scene<'_>) {
        let Some(cron) = scene.crons.get(id).filter(|cron| cron.routable() && scene.now >= self.begins) else { return };
        self.lived.n_runs += 1;
        if well {
            return;
        }
        self.lived.n_failed += 1;
        if let Some(account) = account_of(cron, &self.models) {
            let first = self.failing.contains(&account) && !self.first_failure_told;
            self.failed.entry(account).or_default().push(scene.now);
            if first {
                self.first_failure_told = true;
                self.tell(scene.now, Rehearsed::RunFails { cron: cron.name.clone() });
            }
        }
    }

    fn called(&mut self, call: &Call, scene: &Scene<'_>) {
        if let (Method::Add, Hand::Engine(_), Some(cron)) = (call.method, call.by, &call.after) {
            return self.woken(cron, scene.now);
        }
        let (Some(before), Some(after)) = (&call.before, &call.after) else { return };
        if call.method != Method::Update || !after.routable() {
            return;
        }
        self.switched(call.by, before, after, scene.now);
        if let Hand::Engine(_) = call.by {
            self.lived.n_writes += u32::from(scene.now >= self.begins);
            self.last_write = Some(scene.now);
            self.written(before, after, scene);
        }
        let place = match (after.enabled, call.by) {
            (true, _) => Some(account_of(after, &self.models)),
            (false, Hand::Engine(_)) => Some(None),
            (false, _) => None,
        };
        match place {
            Some(place) => self.places.insert(after.id.clone(), place),
            None => self.places.remove(&after.id),
        };
        self.step(scene.now);
    }

    fn switched(&mut self, by: Hand, before: &Cron, after: &Cron, now: Timestamp) {
        match (before.enabled, after.enabled) {
            (true, false) => {
                if by == Hand::Gateway && after.auto_disabled.is_some() {
                    self.lived.n_switched_off += u32::from(now >= self.begins);
                    self.tell(now, Rehearsed::SwitchedOff { cron: after.name.clone() });
                }
                if !after.one_shot() {
                    self.off.insert(after.id.clone(), (now, before.clone()));
                }
            }
            (false, true) => {
                if let Some((since, was)) = self.off.remove(&after.id) {
                    self.missed(&was, since, now);
                }
            }
            _ => {}
        }
    }

    fn missed(&mut self, cron: &Cron, from: Timestamp, to: Timestamp) {
        let from = from.max(self.begins);
        let missed = policy::missed(cron, from, to.max(from));
        self.lived.n_missed += missed.map_or(0, |missed| missed.n_runs);
    }

    fn woken(&mut self, cron: &Cron, now: Timestamp) {
        let account = cron.declaration_key.as_deref().and_then(|key| key.strip_prefix(RECOVERY_KEY_PREFIX));
        if let (Some(account), Schedule::At { at }) = (account.map(AccountId::new), &cron.schedule)
            && self.failing.contains(&account)
            && self.woken.insert(account.clone())
        {
            self.tell(now, Rehearsed::WakesAt { account, at: *at });
        }
    }

    /// A line of a job was carried out.
    fn written(&mut self, before: &Cron, after: &Cron, scene: &Scene<'_>) {
        let Some(desk) = scene.computers.first() else { return };
        let by = desk.disk.jobs.last().map_or(StartedBy::Hand, |job| job.by);
        let job = desk.picture.and_then(|picture| picture.job.as_ref());
        let line = job.and_then(|job| job.lines.iter().find(|line| line.change.cron == after.id));
        let gives_back = job.is_some_and(|job| job.plan.origin == PlanOrigin::Recovery);
        let stage = line.filter(|_| gives_back).map(|line| line.stage);
        let number = desk.disk.jobs.len() as u64;
        let known = self.wrote.filter(|(known, of, _)| (*known, *of) == (number, stage)).map(|(.., index)| index);
        let index = known.unwrap_or_else(|| {
            let (moved, until) = (BTreeMap::new(), scene.now);
            let wrote = Wrote { by, stage, moved, n_paused: 0, n_resumed: 0, n_refitted: 0, until };
            self.tell(scene.now, Rehearsed::Wrote(wrote));
            self.events.len() - 1
        });
        self.wrote = Some((number, stage, index));
        let place = account_of(after, &self.models);
        if let Some(RehearsalEvent { what: Rehearsed::Wrote(wrote), .. }) = self.events.get_mut(index) {
            wrote.until = scene.now;
            match (before.enabled, after.enabled) {
                (true, false) => wrote.n_paused += 1,
                (false, true) => wrote.n_resumed += 1,
                _ if line.is_some_and(|line| line.change.kind == ChangeKind::Refit) => wrote.n_refitted += 1,
                _ => *wrote.moved.entry(place.unwrap_or_else(|| AccountId::new("?"))).or_default() += 1,
            }
        }
    }

    /// What the program shows that it did not show before.
    fn look(&mut self, picture: &Snapshot, now: Timestamp) {
        for (account, vital) in &picture.fleet.accounts {
            let open = self.known.get(account).and_then(|spans| spans.last()).is_some_and(|(_, end)| end.is_none());
            let (fails, serves) = (vital.health.fails(), vital.health.serves());
            match (open, fails, serves) {
                (false, true, _) => self.found_to_fail(account, now),
                (true, _, true) => self.found_back(account, now),
                _ => {}
            }
        }
        let level = picture.level();
        if picture.evidence_read && self.seen.level != Some(level) {
            if self.seen.level.is_some() && now >= self.begins {
                self.tell(now, Rehearsed::Level(level));
            }
            self.seen.level = Some(level);
        }
        let mode = picture.crisis.state.mode.as_ref();
        let (on, back) = (mode.is_some(), mode.and_then(|mode| mode.recovering));
        if on && !self.seen.in_crisis {
            self.tell(now, Rehearsed::CrisisOn(mode.map_or(StartedBy::Hand, |mode| mode.by)));
        }
        if let Some(recovering) = back.filter(|_| !self.seen.gives_back) {
            self.tell(now, Rehearsed::GivesBack(recovering.by));
        }
        if !on && self.seen.in_crisis {
            self.tell(now, Rehearsed::CrisisOff);
        }
        (self.seen.in_crisis, self.seen.gives_back) = (on, back.is_some());
    }

    fn found_to_fail(&mut self, account: &AccountId, now: Timestamp) {
        self.known.entry(account.clone()).or_default().push((now, None));
        if self.failing.contains(account) && now >= self.begins {
            let n_failed = self.failed.get(account).map_or(0, Vec::len) as u32;
            self.tell(now, Rehearsed::Noticed { account: account.clone(), n_failed });
        }
    }

    fn found_back(&mut self, account: &AccountId, now: Timestamp) {
        if let Some((_, end)) = self.known.get_mut(account).and_then(|spans| spans.last_mut()) {
            *end = Some(now);
        }
        if self.failing.contains(account) && now >= self.begins {
            self.tell(now, Rehearsed::FoundBack { account: account.clone() });
        }
    }

    /// Counts anew how many crons are where.
    fn step(&mut self, now: Timestamp) {
        let mut counts: BTreeMap<&Option<AccountId>, u32> = self.steps.keys().map(|place| (place, 0)).collect();
        for place in self.places.values() {
            *counts.entry(place).or_default() += 1;
        }
        let counts: Vec<(Option<AccountId>, u32)> = counts.into_iter().map(|(place, n)| (place.clone(), n)).collect();
        for (place, n) in counts {
            let steps = self.steps.entry(place).or_default();
            if steps.last().is_none_or(|(_, last)| *last != n) {
                steps.push((now, n));
            }
        }
    }

    /// Nothing comes after this.
    pub(super) fn close(&mut self, now: Timestamp) {
        for (_, (since, was)) in std::mem::take(&mut self.off) {
            self.missed(&was, since, now);
        }
    }

    pub(super) fn paused(&self) -> Steps {
        self.steps.get(&None).cloned().unwrap_or_default()
    }

    pub(super) fn lanes(&self, failing: &BTreeSet<&AccountId>, without: &Self) -> Vec<RehearsalLane> {
        let used = self.steps.keys().flatten();
        let accounts: BTreeSet<&AccountId> = failing.iter().copied().chain(used).collect();
        let failed = |record: &Self, account: &AccountId| record.failed.get(account).cloned().unwrap_or_default();
        let lane = |account: &AccountId| RehearsalLane {
            account: account.clone(),
            fails: failing.contains(account),
            known: self.known.get(account).cloned().unwrap_or_default(),
            crons: self.steps.get(&Some(account.clone())).cloned().unwrap_or_default(),
            failed: failed(self, account),
            failed_without: failed(without, account),
        };
        let mut lanes: Vec<RehearsalLane> = accounts.into_iter().map(lane).collect();
        lanes.sort_by_key(|lane| !lane.fails);
        lanes
    }
}
