//! A change of a cron that the gateway carried out for a program of ours, with everything that led to it.

use super::super::disk::Journal;
use super::super::happening::{Call, Computer, Desk, Hand, Method, Scene, Verdict};
use crate::domain::{Change, Cron, Owner, Patch, Plan};

pub(super) struct Write<'a> {
    pub by: Computer,
    pub desk: &'a Desk<'a>,
    pub patch: &'a Patch,
    pub before: &'a Cron,
    pub after: &'a Cron,
    /// What the journal of its computer says: its plan, and its line; `None`: nothing.
    pub journal: Option<(&'a Journal, &'a Change)>,
}

/// How far back a call that was under way for long is looked for.
const JOBS_READ: usize = 20;

impl<'a> Write<'a> {
    pub(super) fn of(call: &'a Call, scene: &'a Scene<'a>) -> Option<Self> {
        let Hand::Engine(by) = call.by else { return None };
        if call.method != Method::Update || call.verdict != Verdict::Done {
            return None;
        }
        let (before, after) = (call.before.as_ref()?, call.after.as_ref()?);
        let (desk, patch) = (scene.computers.get(by)?, call.patch.as_ref()?);
        let newest = desk.disk.jobs.iter().rev().take(JOBS_READ);
        let journal = newest.filter_map(|job| {
            let begun = job.lines.iter().filter(|line| line.begun && line.change.cron == call.cron);
            let meant = begun.map(|line| &line.change).find(|change| change.patch() == *patch);
            Some((job, meant?))
        });
        let write = Self { by, desk, patch, before, after, journal: journal.into_iter().next() };
        (before.owner() != Owner::ThisProgram).then_some(write)
    }

    pub(super) fn plan(&self) -> Option<&'a Plan> {
        self.journal.map(|(job, _)| &*job.plan)
    }

    pub(super) fn change(&self) -> Option<&'a Change> {
        self.journal.map(|(_, change)| change)
    }

    /// It was off before, and is on.
    pub(super) fn switches_on(&self) -> bool {
        !self.before.enabled && self.after.enabled
    }

    pub(super) fn pauses(&self) -> bool {
        self.before.enabled && !self.after.enabled
    }

    pub(super) fn name(&self) -> String {
        let (before, after) = (self.before.fields(), self.after.fields());
        let side = |fields: &crate::domain::Fields| {
            let model = fields.model.clone().unwrap_or_else(|| "its default".to_owned());
            if fields.enabled { model } else { format!("{model}, off") }
        };
        let why = self.change().map(|change| format!("; {:?}", change.reason)).unwrap_or_default();
        format!("computer {} wrote {}: {} -> {}{why}", self.by, self.before.id, side(&before), side(&after))
    }
}
