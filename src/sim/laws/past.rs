//! What happened so far, as far as laws need it: whose hand each field of a cron shows, and what people asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::happening::{Call, Computer, Desk, Hand, Happening, Method, Scene, Verdict};
use super::write::Write;
use crate::domain::{
    Access, Cause, Change, Connection, Cron, CronId, Fields, LineOutcome, Owner, Patch, PlanId, PlanMode, PlanOrigin,
    TierEntry, TierMap,
};
use crate::engine::Command;

/// A critical cron that leaves what fails belongs to the crisis in which it does.
fn leaves_a_dead_route(change: &Change) -> bool {
    change.critical && change.cause == Cause::Health && change.reason.leaves_what_fails()
}

#[derive(Debug, Default)]
pub(super) struct Past {
    crons: BTreeMap<CronId, Track>,
    desks: BTreeMap<Computer, DeskPast>,
    /// Switched on by somebody after our pause, and no program of ours has seen it since.
    unseen: BTreeSet<CronId>,
}

/// One cron.
#[derive(Clone, Debug)]
pub(super) struct Track {
    /// Whose doing it is that it is off; `None`: it is on.
    pub off_by: Option<OffBy>,
    /// What we wrote last to each field, as long as it stands.
    wrote: Patch,
    /// The same by each of our programs, whoever wrote since.
    wrote_by: BTreeMap<Computer, Patch>,
    /// Fields that somebody else changed since.
    pub theirs: FieldSet,
    /// Who changed it last; `None`: nobody.
    pub last: Option<Hand>,
    /// As it was when a crisis of ours first changed it, while nobody else has touched it.
    pub before_crisis: Option<BeforeCrisis>,
    /// Somebody has, while a crisis owed it something.
    touched: bool,
    /// A wish of its user was carried out since.
    pub wished: bool,
}

#[derive(Clone, Debug)]
pub(super) struct BeforeCrisis {
    /// Whose program owes it.
    pub by: Computer,
    pub fields: Fields,
    pub definition: Arc<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffBy {
    /// It was off when it was first seen.
    Start,
    Us,
    /// Somebody switched it on and off again behind our back, or off in the place of a pause of ours that a crash
    /// left open: a revision shows nothing of that.
    Doubt,
    Others,
    Gateway,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FieldSet {
    pub model: bool,
    pub fallbacks: bool,
}

#[derive(Debug, Default)]
struct DeskPast {
    connected_since: Option<Timestamp>,
    /// The mapping, and when what it says of a cron last changed.
    tiers: Option<Arc<TierMap>>,
    sorted_at: BTreeMap<CronId, Timestamp>,
    /// Somebody asked for something that may begin a job: the next picture shows which.
    asks: Option<RangeInclusive<usize>>,
    /// Which of its jobs may change what was asked for, by their number: the next, or the one that goes on.
    asked: BTreeMap<(PlanId, CronId), RangeInclusive<usize>>,
    runs_asked: BTreeMap<CronId, Timestamp>,
    pauses_asked: BTreeMap<CronId, Timestamp>,
    /// How many switches its history had last, and when that became less.
    n_switches: usize,
    lost_at: Option<Timestamp>,
}

/// A call that was on its way when something changed is no fault.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(60);
/// So long counts what was asked for by name.
const ASKED_FOR: SignedDuration = SignedDuration::from_hours(1);

impl Track {
    pub(super) fn of(cron: &Cron) -> Self {
        Self {
            off_by: (!cron.enabled).then_some(OffBy::Start),
            wrote: Patch::default(),
            wrote_by: BTreeMap::new(),
            theirs: FieldSet::default(),
            last: None,
            before_crisis: None,
            touched: false,
            wished: false,
        }
    }

    fn take(&mut self, by: Hand, before: &Cron, after: &Cron) {
        let (was, is) = (before.fields(), after.fields());
        if let Hand::Engine(computer) = by {
            let wrote = Patch::between(&was, &is);
            let own = self.wrote_by.entry(computer).or_default();
            own.model = wrote.model.clone().or(own.model.take());
            own.fallbacks = wrote.fallbacks.clone().or(own.fallbacks.take());
            self.theirs.model &= wrote.model.is_none();
            self.theirs.fallbacks &= wrote.fallbacks.is_none();
            self.wrote.model = wrote.model.or(self.wrote.model.take());
            self.wrote.fallbacks = wrote.fallbacks.or(self.wrote.fallbacks.take());
            // The program of another computer owes nothing: what it writes is one more hand.
            let another = self.before_crisis.take_if(|was| Hand::Engine(was.by) != by);
            self.touched |= another.is_some();
        } else {
            // What somebody sets to what we wrote looks as if we had.
            if was.model != is.model {
                self.theirs.model = self.wrote.model.as_ref() != Some(&is.model);
            }
            if was.fallbacks != is.fallbacks {
                self.theirs.fallbacks = self.wrote.fallbacks.as_ref() != Some(&is.fallbacks);
            }
            self.touched |= self.before_crisis.take().is_some();
        }
        self.last = Some(by);
    }

    /// The fields of `cron` that somebody changed, and that are not just what this program wrote last: that looks as if
    /// nobody had been there.
    pub(super) fn theirs_for(&self, computer: Computer, cron: &Cron) -> FieldSet {
        let (now, wrote) = (cron.fields(), self.wrote_by.get(&computer));
        let model = wrote.is_some_and(|wrote| wrote.model.as_ref() == Some(&now.model));
        let fallbacks = wrote.is_some_and(|wrote| wrote.fallbacks.as_ref() == Some(&now.fallbacks));
        FieldSet { model: self.theirs.model && !model, fallbacks: self.theirs.fallbacks && !fallbacks }
    }
}

impl Past {
    pub(super) fn track(&self, cron: &Cron) -> Track {
        self.crons.get(&cron.id).cloned().unwrap_or_else(|| Track::of(cron))
    }

    pub(super) fn tracks(&self) -> impl Iterator<Item = (&CronId, &Track)> {
        self.crons.iter()
    }

    /// Who changed a cron last.
    pub(super) fn last_hand(&self, cron: &CronId) -> Option<Hand> {
        self.crons.get(cron)?.last
    }

    /// It was switched on again behind our back, and no program of ours has seen it since.
    pub(super) fn unseen(&self, cron: &CronId) -> bool {
        self.unseen.contains(cron)
    }

    /// Since when a program is connected without a break.
    pub(super) fn connected_since(&self, computer: Computer) -> Option<Timestamp> {
        self.desks.get(&computer)?.connected_since
    }

    /// What the mapping says of a cron has not changed for long enough that no call of before is under way.
    pub(super) fn mapping_stands(&self, computer: Computer, cron: &CronId, now: Timestamp) -> bool {
        let changed = self.desks.get(&computer).and_then(|desk| desk.sorted_at.get(cron));
        changed.is_none_or(|at| now.duration_since(*at) > IN_FLIGHT)
    }

    /// A person in front of that computer wanted just this, now.
    pub(super) fn asked(&self, write: &Write<'_>) -> bool {
        let asked = write.journal.zip(self.desks.get(&write.by)).and_then(|(line, desk)| {
            let jobs = desk.asked.get(&(line.job.plan.id.clone(), line.change.cron.clone()))?;
            Some(jobs.contains(&line.n_before))
        });
        asked.unwrap_or(false)
    }

    pub(super) fn run_asked(&self, computer: Computer, cron: &CronId, now: Timestamp) -> bool {
        let at = self.desks.get(&computer).and_then(|desk| desk.runs_asked.get(cron));
        at.is_some_and(|at| now.duration_since(*at) < ASKED_FOR)
    }

    pub(super) fn pause_asked(&self, computer: Computer, cron: &CronId, now: Timestamp) -> bool {
        let at = self.desks.get(&computer).and_then(|desk| desk.pauses_asked.get(cron));
        at.is_some_and(|at| now.duration_since(*at) < ASKED_FOR)
    }

    /// When the history of that computer was last lost.
    pub(super) fn lost_at(&self, computer: Computer) -> Option<Timestamp> {
        self.desks.get(&computer)?.lost_at
    }

    pub(super) fn note(&mut self, happening: &Happening<'_>, scene: &Scene<'_>) {
        match happening {
            Happening::Called(call) if call.verdict == Verdict::Done && call.method != Method::Run => {
                self.note_call(call, scene);
            }
            Happening::Stepped { computer } => self.note_step(*computer, scene),
            Happening::Started { computer } | Happening::Ended { computer, .. } => {
                if matches!(happening, Happening::Ended { crashed: true, .. }) {
                    self.note_crash(*computer, scene);
                }
                let desk = self.desks.entry(*computer).or_default();
                (desk.connected_since, desk.tiers, desk.asks) = (None, None, None);
            }
            Happening::Asked { computer, command } => self.note_wish(*computer, command, scene),
            Happening::Stored { computer } => self.note_history(*computer, scene),
            _ => {}
        }
    }

    fn note_call(&mut self, call: &Call, scene: &Scene<'_>) {
        match (&call.before, &call.after) {
            (Some(before), Some(after)) if after.owner() == Owner::User => self.note_change(call, before, after, scene),
            (_, Some(after)) => {
                let track = Track { last: Some(call.by), ..Track::of(after) };
                self.crons.insert(call.cron.clone(), track);
            }
            (_, None) => {
                self.crons.remove(&call.cron);
                self.unseen.remove(&call.cron);
            }
        }
    }

    /// A program crashed: what somebody has switched off just ahead of its own pause looks like its own.
    fn note_crash(&mut self, computer: Computer, scene: &Scene<'_>) {
        let Some(desk) = scene.computers.get(computer) else { return };
        let off_by_others = self.crons.iter_mut().filter(|(_, track)| track.off_by == Some(OffBy::Others));
        for (id, track) in off_by_others {
            if scene.crons.get(id).is_some_and(|cron| left_open(desk, id, &cron.fields())) {
                track.off_by = Some(OffBy::Doubt);
            }
        }
    }

    fn note_change(&mut self, call: &Call, before: &Cron, after: &Cron, scene: &Scene<'_>) {
        let track = self.crons.entry(call.cron.clone()).or_insert_with(|| Track::of(before));
        if let Hand::Engine(computer) = call.by
            && let Some(desk) = scene.computers.get(computer)
        {
            let crisis = desk.disk.crisis(scene.now);
            let write = Write::of(call, scene);
            let of_crisis = write.as_ref().and_then(Write::plan).is_some_and(|plan| plan.origin == PlanOrigin::Crisis);
            // While it gives back its rules are off, and what leaves a dead route belongs to it.
            let leaves = || write.as_ref().and_then(Write::change).is_some_and(leaves_a_dead_route);
            let in_crisis = of_crisis || crisis.plan_mode() != PlanMode::Ordinary || crisis.mode.is_some() && leaves();
            let fields = before.fields();
            // Only what is not owed anything from before is now as it was before.
            let clean = !track.touched && track.off_by != Some(OffBy::Us);
            let begun = write.as_ref().and_then(|write| write.journal.as_ref()).map(|line| line.job.started_at);
            let ledger = desk.disk.ledger();
            let debt = ledger.get(&before.id);
            let older = debt.is_some_and(|debt| begun.is_some_and(|begun| debt.opened_at < begun));
            let fresh = || clean && !older || debt.is_none_or(|debt| debt.before == fields);
            if in_crisis && track.before_crisis.is_none() && fresh() {
                let (fields, definition) = (before.fields(), before.definition.clone());
                let before = BeforeCrisis { by: computer, fields, definition };
                (track.before_crisis, track.touched, track.wished) = (Some(before), false, false);
            }
        }
        track.take(call.by, before, after);
        if track.before_crisis.as_ref().is_some_and(|was| was.definition == after.definition) {
            track.before_crisis = None;
        }
        match (before.enabled, after.enabled) {
            (true, false) => {
                let fields = after.fields();
                let mut crashed = scene.computers.iter().filter(|desk| desk.picture.is_none());
                let unseen = self.unseen.remove(&call.cron) || crashed.any(|desk| left_open(desk, &call.cron, &fields));
                track.off_by = Some(match call.by {
                    Hand::Engine(_) => OffBy::Us,
                    Hand::Other if unseen => OffBy::Doubt,
                    Hand::Other => OffBy::Others,
                    Hand::Gateway => OffBy::Gateway,
                });
            }
            (false, true) => {
                let ours = matches!(track.off_by, Some(OffBy::Us | OffBy::Doubt));
                if ours && call.by == Hand::Other {
                    self.unseen.insert(call.cron.clone());
                }
                track.off_by = None;
            }
            _ => {}
        }
    }

    fn note_step(&mut self, computer: Computer, scene: &Scene<'_>) {
        let Some(picture) = scene.computers.get(computer).and_then(|desk| desk.picture) else { return };
        let desk = self.desks.entry(computer).or_default();
        let connected = matches!(picture.connection, Connection::Connected(_)) && picture.crons_as_of.is_some();
        desk.connected_since = connected.then(|| desk.connected_since.unwrap_or(scene.now));
        if !desk.tiers.as_ref().is_some_and(|known| Arc::ptr_eq(known, &picture.tiers)) {
            if let Some(known) = &desk.tiers {
                let ids = known.keys().chain(picture.tiers.keys());
                let changed = ids.filter(|id| known.get(*id) != picture.tiers.get(*id));
                desk.sorted_at.extend(changed.map(|id| (id.clone(), scene.now)));
            }
            desk.tiers = Some(picture.tiers.clone());
        }
        if let Some(jobs) = desk.asks.take()
            && let Some(job) = picture.job.as_ref().filter(|job| job.running())
        {
            let lines = job.lines.iter().filter(|line| line.outcome != LineOutcome::LeftOut);
            let asked = lines.map(|line| ((job.plan.id.clone(), line.change.cron.clone()), jobs.clone()));
            desk.asked.extend(asked);
        }
        if connected {
            self.unseen.retain(|id| !picture.crons.get(id).is_some_and(|cron| cron.enabled));
        }
    }

    fn note_wish(&mut self, computer: Computer, command: &Command, scene: &Scene<'_>) {
        let (now, n_jobs) = (scene.now, scene.computers.get(computer).map_or(0, |desk| desk.disk.jobs.len()));
        let desk = self.desks.entry(computer).or_default();
        match command {
            Command::Apply { plan, crons }
            | Command::EnterCrisis { plan, crons }
            | Command::Recover { plan, crons } => {
                let asked = crons.iter().map(|cron| ((plan.clone(), cron.clone()), n_jobs..=n_jobs));
                desk.asked.extend(asked);
            }
            Command::RetryFailed | Command::ContinueJob => desk.asks = Some(n_jobs.saturating_sub(1)..=n_jobs),
            Command::RunNow { crons } => desk.runs_asked.extend(crons.iter().map(|cron| (cron.clone(), now))),
            Command::PauseNow { cron } => {
                desk.pauses_asked.insert(cron.clone(), now);
            }
            _ => {}
        }
    }

    fn note_history(&mut self, computer: Computer, scene: &Scene<'_>) {
        let Some(n_switches) = scene.computers.get(computer).map(|there| there.disk.switches.len()) else { return };
        let desk = self.desks.entry(computer).or_default();
        if n_switches < desk.n_switches {
            desk.lost_at = Some(scene.now);
        }
        desk.n_switches = n_switches;
    }

    /// What is owed no more is as the next crisis finds it.
    pub(super) fn crisis_is_over(&mut self, computer: Computer, owed: impl Fn(&CronId) -> bool) {
        let over = |track: &Track| track.before_crisis.as_ref().is_some_and(|before| before.by == computer);
        for (_, track) in self.crons.iter_mut().filter(|(id, track)| over(track) && !owed(id)) {
            track.before_crisis = None;
        }
    }

    /// A wish of its user was carried out: what it was before is no measure any more.
    pub(super) fn wish_carried_out(&mut self, cron: &CronId) {
        if let Some(track) = self.crons.get_mut(cron) {
            track.wished = true;
        }
    }
}

/// Its last job was about to do just this when it ended, and does not know whether it did.
fn left_open(desk: &Desk<'_>, cron: &CronId, fields: &Fields) -> bool {
    let lines = desk.disk.jobs.last().into_iter().flat_map(|job| &job.lines);
    let mut open = lines.filter(|line| line.begun && line.outcome.is_none() && line.change.cron == *cron);
    open.any(|line| line.change.patch().holds_in(fields))
}

/// What the user decided of a cron, where disk and picture agree.
pub(super) fn agreed<'a>(desk: &'a Desk<'_>, cron: &CronId) -> Option<&'a TierEntry> {
    let entry = desk.disk.tiers.get(cron)?;
    let shown = desk.picture.map_or(Some(entry), |picture| picture.tiers.get(cron))?;
    (entry == shown).then_some(entry)
}

/// The program runs, is connected, and may write.
pub(super) fn may_write(desk: &Desk<'_>) -> bool {
    desk.picture.is_some_and(|picture| picture.connection.info().is_some_and(|info| info.access == Access::ReadWrite))
}
