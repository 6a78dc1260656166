//! A change of a cron that the gateway carried out for a program of ours, with everything that led to it.

use super::super::disk::Journal;
use super::super::happening::{Call, Computer, Desk, Hand, Method, Scene, Verdict};
use crate::domain::{Change, Cron, Owner, Patch, Plan};

/// A line of a journal.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub job: &'a Journal,
    /// How many jobs its computer had begun before.
    pub n_before: usize,
    pub change: &'a Change,
}

pub(super) struct Write<'a> {
    pub by: Computer,
    pub desk: &'a Desk<'a>,
    pub patch: &'a Patch,
    pub before: &'a Cron,
    pub after: &'a Cron,
    /// What the journal of its computer says: its plan, and its line; `None`: nothing.
    pub journal: Option<Line<'a>>,
}

/// How many jobs back a line of the journal is looked for: its call may have been under way for long.
pub(super) const JOBS_READ: usize = 20;

impl<'a> Write<'a> {
    pub(super) fn of(call: &'a Call, scene: &'a Scene<'a>) -> Option<Self> {
        let Hand::Engine(by) = call.by else { return None };
        if call.method != Method::Update || call.verdict != Verdict::Done {
            return None;
        }
        let (before, after) = (call.before.as_ref()?, call.after.as_ref()?);
        let (desk, patch) = (scene.computers.get(by)?, call.patch.as_ref()?);
        let newest = desk.disk.jobs.iter().enumerate().rev().take(JOBS_READ);
        let journal = newest.filter_map(|(n_before, job)| {
            let begun = job.lines.iter().filter(|line| line.begun && line.change.cron == call.cron);
            let meant = begun.map(|line| &line.change).find(|change| change.patch() == *patch);
            Some(Line { job, n_before, change: meant? })
        });
        let write = Self { by, desk, patch, before, after, journal: journal.into_iter().next() };
        (before.owner() != Owner::ThisProgram).then_some(write)
    }

    pub(super) fn plan(&self) -> Option<&'a Plan> {
        self.journal.map(|line| &*line.job.plan)
    }

    pub(super) fn change(&self) -> Option<&'a Change> {
        self.journal.map(|line| line.change)
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
