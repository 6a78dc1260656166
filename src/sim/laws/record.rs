//! Every change that the gateway carried out for a program is in its journal, its log and its history, once.
//!
//! What somebody else changed before it could be read back was never verified, and need not be.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::super::disk::Disk;
use super::super::happening::{Call, Computer, Hand, Method, Scene, Verdict};
use super::past::{Past, may_write};
use super::write::{JOBS_READ, Write};
use super::{Broken, Law};
use crate::domain::{CronId, LineOutcome, Owner, Patch, Switch};

#[derive(Debug, Default)]
pub(super) struct Records {
    desks: BTreeMap<Computer, Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// Carried out and not recorded yet, oldest first.
    open: VecDeque<Carried>,
    n_switches: usize,
    n_lines: usize,
    /// Since when its program may write without a break.
    free_since: Option<Timestamp>,
}

#[derive(Debug)]
struct Carried {
    by: Computer,
    at: Timestamp,
    cron: CronId,
    patch: Patch,
    /// Somebody changed the cron since.
    overtaken: bool,
}

/// A program that is connected reads a change back within seconds; a silent gateway is asked again within minutes.
const DUE_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// What was overtaken is not waited for.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

impl Records {
    /// What is recorded already was done before.
    pub(super) fn remember(&mut self, scene: &Scene<'_>) {
        for (computer, desk) in scene.computers.iter().enumerate() {
            let (n_switches, n_lines) = (desk.disk.switches.len(), desk.disk.log.len());
            self.desks.insert(computer, Book { n_switches, n_lines, ..Book::default() });
        }
    }

    pub(super) fn carried_out(&mut self, call: &Call, scene: &Scene<'_>) {
        if call.verdict != Verdict::Done || call.before.as_ref() == call.after.as_ref() {
            return;
        }
        for carried in self.desks.values_mut().flat_map(|book| &mut book.open) {
            carried.overtaken |= carried.cron == call.cron && call.by != Hand::Engine(carried.by);
        }
        let (Hand::Engine(computer), Method::Update, Some(patch)) = (call.by, call.method, &call.patch) else { return };
        if call.before.as_ref().is_some_and(|cron| cron.owner() == Owner::ThisProgram) {
            return;
        }
        let carried =
            Carried { by: computer, at: scene.now, cron: call.cron.clone(), patch: patch.clone(), overtaken: false };
        self.desks.entry(computer).or_default().open.push_back(carried);
    }

    pub(super) fn stored(&mut self, computer: Computer, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
        let disk = scene.computers.get(computer)?.disk;
        let book = self.desks.entry(computer).or_default();
        let (n_switches, n_lines) = (disk.switches.len(), disk.log.len());
        if n_switches < book.n_switches {
            // The history was lost, and what was open with it.
            *book = Book { n_switches, n_lines, free_since: book.free_since, ..Book::default() };
            return None;
        }
        let (more, lines) = (n_switches - book.n_switches, n_lines - book.n_lines.min(n_lines));
        (book.n_switches, book.n_lines) = (n_switches, n_lines);
        if more != lines {
            return Some((Law::RecordedOnce, format!("{more} more in the history, {lines} more lines in the log")));
        }
        disk.switches.iter().take(more).rev().find_map(|switch| book.strike(switch, computer, disk, past))
    }

    /// What is open for long although nothing stands in the way.
    pub(super) fn waited(&mut self, computer: Computer, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
        let book = self.desks.get_mut(&computer)?;
        let free = scene.computers.get(computer).is_some_and(may_write);
        book.free_since = free.then(|| book.free_since.unwrap_or(scene.now));
        let age = |carried: &Carried| scene.now.duration_since(carried.at);
        while book.open.front().is_some_and(|first| first.overtaken && age(first) > KEPT_FOR) {
            book.open.pop_front();
        }
        let due = book.open.iter().find(|carried| !carried.overtaken).filter(|first| age(first) > DUE_AFTER)?;
        let connected = past.connected_since(computer)?;
        let since = book.free_since?.max(connected);
        (scene.now.duration_since(since) > DUE_AFTER).then(|| (Law::RecordedOnce, missing(computer, due)))
    }

    pub(super) fn at_rest(&self, scene: &Scene<'_>) -> Option<Broken> {
        self.desks.iter().find_map(|(computer, book)| {
            let free = scene.computers.get(*computer).is_some_and(may_write);
            let due = book.open.iter().find(|carried| !carried.overtaken).filter(|_| free)?;
            Some((Law::RecordedOnce, missing(*computer, due)))
        })
    }
}

/// The intent was on disk before its call.
pub(super) fn in_journal(write: &Write<'_>, scene: &Scene<'_>, past: &Past) -> Option<Broken> {
    let lost = past.lost_at(write.by).is_some_and(|at| scene.now.duration_since(at) < DUE_AFTER);
    let missing = write.journal.is_none() && !lost;
    missing.then(|| (Law::RecordedOnce, format!("no journal knows what {}", write.name())))
}

impl Book {
    /// Takes off what a new entry of the history stands for.
    fn strike(&mut self, switch: &Switch, computer: Computer, disk: &Disk, past: &Past) -> Option<Broken> {
        let patch = switch.patch();
        let same = |carried: &Carried| carried.cron == switch.cron && carried.patch == patch;
        // One that was overtaken may never be recorded.
        let due = self.open.iter().position(|carried| same(carried) && !carried.overtaken);
        let open = due.or_else(|| self.open.iter().position(same));
        if let Some(index) = open {
            self.open.remove(index);
        } else if past.last_hand(&switch.cron) == Some(Hand::Engine(computer)) {
            // Somebody else may have done the same; nobody did.
            let seen = format!("computer {computer} recorded {} again, or what was never carried out", switch.id);
            return Some((Law::RecordedOnce, seen));
        }
        let newest = disk.jobs.iter().rev().take(JOBS_READ).flat_map(|job| &job.lines);
        let mut lines = newest.filter(|line| line.change.cron == switch.cron && line.change.patch() == patch);
        let in_journal = lines.any(|line| line.outcome == Some(LineOutcome::Verified));
        (!in_journal).then(|| (Law::RecordedOnce, format!("{} is in the history, not in the journal", switch.id)))
    }
}

fn missing(computer: Computer, carried: &Carried) -> String {
    format!("what computer {computer} wrote to {} at {} is not recorded: {:?}", carried.cron, carried.at, carried.patch)
}
