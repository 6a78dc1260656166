//! A simulated state folder: it keeps what was written to it and nothing else, whatever becomes of the program.
//!
//! Debts and crisis mode are kept in the shape of their file. One call of [`Disk::keep`] is one thing that reaches
//! the disk as a whole; power may fail between two of them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::{
    Change, Crisis, CronId, FolderIdentity, JobPhase, Ledger, LineOutcome, Plan, Remembered, Settings, StartedBy,
    Switch, TierMap,
};
use crate::engine::{Identified, Input, Opened, Reread, StoreOp, UndoScope};
use crate::state::switch_log::LogLine;
use crate::state::{InterruptedJob, Loaded, ledger as file};

#[derive(Debug)]
pub struct Disk {
    /// `ledger.json`.
    root: Value,
    crisis_read: OnceCell<Crisis>,
    pub settings: Settings,
    pub tiers: TierMap,
    pub pending: BTreeSet<CronId>,
    /// The history's, newest first.
    pub switches: Vec<Switch>,
    /// `switches.log`, oldest first.
    pub log: Vec<LogLine>,
    /// Every job that was begun, oldest first.
    pub jobs: Vec<Journal>,
    remembered: Remembered,
    /// The name of its computer, and what it knows of itself.
    pub host: String,
    pub identity: FolderIdentity,
    proven: BTreeSet<String>,
    /// The jobs of this life by the engine's numbers, and the one that an earlier life left open.
    numbers: BTreeMap<u64, usize>,
    interrupted: Option<usize>,
    n_ledgers: u64,
}

/// What the journal says of one job.
#[derive(Clone, Debug)]
pub struct Journal {
    pub plan: Arc<Plan>,
    pub by: StartedBy,
    pub started_at: Timestamp,
    pub lines: Vec<JournalLine>,
    /// It is done, or was stopped.
    pub ended: bool,
}

#[derive(Clone, Debug)]
pub struct JournalLine {
    pub change: Change,
    /// Its call was about to be made.
    pub begun: bool,
    pub outcome: Option<LineOutcome>,
}

impl Disk {
    #[must_use]
    pub fn new(settings: Settings, tiers: TierMap) -> Self {
        Self {
            root: json!({}),
            crisis_read: OnceCell::new(),
            settings,
            tiers,
            pending: BTreeSet::new(),
            switches: Vec::new(),
            log: Vec::new(),
            jobs: Vec::new(),
            remembered: Remembered::default(),
            host: "home-mini".to_owned(),
            identity: FolderIdentity::default(),
            proven: BTreeSet::new(),
            numbers: BTreeMap::new(),
            interrupted: None,
            n_ledgers: 0,
        }
    }

    /// The same after a life of before: what that owed, whether it was in a crisis, and what it knew.
    #[must_use]
    pub fn after(mut self, crisis: &Crisis, ledger: &Ledger, remembered: Remembered, now: Timestamp) -> Self {
        let owed = file::patched(&self.root, &self.ledger(), ledger);
        self.put_ledger_file(file::with_crisis(&owed, self.crisis(now), crisis));
        self.remembered = remembered;
        self
    }

    #[must_use]
    pub fn ledger(&self) -> Ledger {
        file::read(&self.root).0
    }

    /// As it was read first since it was written; `now` dates a mode that has no date.
    pub fn crisis(&self, now: Timestamp) -> &Crisis {
        self.crisis_read.get_or_init(|| file::crisis(&self.root, now).0)
    }

    /// `ledger.json` as it stands.
    #[must_use]
    pub fn ledger_file(&self) -> &Value {
        &self.root
    }

    /// Another `ledger.json` in its place.
    pub fn put_ledger_file(&mut self, root: Value) {
        self.root = root;
        self.crisis_read = OnceCell::new();
    }

    /// A program starts on it: the numbers of the one before mean nothing any more.
    pub fn begin_life(&mut self) {
        self.numbers.clear();
        self.n_ledgers = 0;
        self.interrupted = self.jobs.iter().rposition(|job| !job.ended);
    }

    /// The history is gone: the files of their own stay.
    pub fn lose_history(&mut self) {
        self.jobs.clear();
        self.numbers.clear();
        self.interrupted = None;
        self.switches.clear();
        self.pending.clear();
        self.remembered = Remembered::default();
    }

    fn save_ledger(&mut self, ledger: &Ledger) {
        self.put_ledger_file(file::patched(&self.root, &self.ledger(), ledger));
        self.n_ledgers += 1;
    }

    fn job(&mut self, number: u64) -> Option<&mut Journal> {
        let index = self.numbers.get(&number).copied().or(self.interrupted)?;
        self.jobs.get_mut(index)
    }

    /// What a program finds that opens it with, or without, the right to write.
    #[must_use]
    pub fn load(&self, now: Timestamp, holds: bool) -> Loaded {
        let interrupted = self.interrupted.filter(|_| holds).and_then(|index| {
            let job = self.jobs.get(index)?;
            let named = |begun: bool| {
                let fits = job.lines.iter().filter(move |line| line.begun == begun && line.outcome.is_none());
                fits.map(|line| line.change.clone()).collect()
            };
            let done = job.lines.iter().filter_map(|line| Some((line.change.cron.clone(), line.outcome.clone()?)));
            Some(InterruptedJob {
                id: index as i64,
                started_at: job.started_at,
                by: job.by,
                plan: Some(job.plan.clone()),
                in_doubt: named(true),
                not_begun: named(false),
                done: done.collect(),
                undoes: Vec::new(),
            })
        });
        Loaded {
            crisis: self.crisis(now).clone(),
            settings: self.settings.clone(),
            tiers: self.tiers.clone(),
            ledger: self.ledger(),
            ledger_lost: false,
            switches: self.switches.iter().take(SWITCHES_LOADED).cloned().collect(),
            interrupted,
            scraped: BTreeMap::new(),
            temporary: Vec::new(),
            pending: self.pending.clone(),
            proven: self.proven.clone(),
            remembered: self.remembered.clone(),
            identity: self.identity.clone(),
            problems: Vec::new(),
        }
    }

    /// The files as they are while a program has them open.
    #[must_use]
    pub fn reread(&self, now: Timestamp) -> Reread {
        Reread { loaded: self.load(now, false), n_ledgers: self.n_ledgers }
    }

    /// Opens it for a connection.
    #[must_use]
    pub fn open(&self, session: u64, path: std::path::PathBuf, held_by: Option<String>, now: Timestamp) -> Input {
        let loaded = self.load(now, held_by.is_none());
        Input::Opened { session, result: Ok(Opened { path, held_by, served_at: None, loaded }) }
    }

    /// The single things that an operation brings to the disk, in order: power may fail between two of them.
    #[must_use]
    pub fn parts(op: StoreOp) -> Vec<StoreOp> {
        let first = |ledger: Option<Arc<Ledger>>| ledger.map(|ledger| StoreOp::SaveLedger { ledger });
        match op {
            StoreOp::Prepare { job, change, ledger } => {
                first(ledger).into_iter().chain([StoreOp::Prepare { job, change, ledger: None }]).collect()
            }
            StoreOp::Settle { job, cron, outcome, switch, log, undone, ledger } => {
                let settle = StoreOp::Settle { job, cron, outcome, switch, log, undone, ledger: None };
                first(ledger).into_iter().chain([settle]).collect()
            }
            StoreOp::SaveTiers { changes, names, pending, receipt } => {
                let kept = StoreOp::SavePending(pending.clone());
                vec![StoreOp::SaveTiers { changes, names, pending, receipt }, kept]
            }
            other => vec![other],
        }
    }

    /// Brings one thing to the disk; what the program is told of it.
    ///
    /// # Panics
    /// When the program records a switch twice or begins a line of a job that has no journal: a law of its own.
    pub fn keep(&mut self, op: StoreOp, now: Timestamp) -> Option<Input> {
        match op {
            StoreOp::SaveTiers { changes, receipt, .. } => {
                for (id, entry) in changes {
                    match entry {
                        Some(entry) => self.tiers.insert(id, entry),
                        None => self.tiers.remove(&id),
                    };
                }
                return Some(Input::Stored { receipt, result: Ok(()) });
            }
            StoreOp::SaveSettings { settings, receipt } => {
                self.settings = (*settings).clone();
                return Some(Input::Stored { receipt, result: Ok(()) });
            }
            StoreOp::SavePending(pending) => self.pending = pending,
            StoreOp::SaveLedger { ledger } => self.save_ledger(&ledger),
            StoreOp::SaveCrisis(crisis) => {
                self.put_ledger_file(file::with_crisis(&self.root, self.crisis(now), &crisis));
            }
            StoreOp::BeginJob { job, plan, crons, by, .. } => {
                let asked = plan.changes.iter().filter(|change| crons.contains(&change.cron));
                let line = |change: &Change| JournalLine { change: change.clone(), begun: false, outcome: None };
                let lines = asked.map(line).collect();
                self.jobs.push(Journal { plan, by, started_at: now, lines, ended: false });
                self.interrupted = None;
                self.numbers.insert(job, self.jobs.len() - 1);
            }
            StoreOp::Prepare { job, change, .. } => {
                let journal = self.job(job).expect("a journal was begun");
                let line = journal.lines.iter_mut().find(|line| line.change.cron == change.cron).expect("its line");
                *line = JournalLine { change: (*change).clone(), begun: true, outcome: None };
                return Some(Input::Prepared { job, cron: change.cron.clone(), result: Ok(()) });
            }
            StoreOp::Settle { job, cron, outcome, switch, log, undone, .. } => {
                let journal = self.job(job);
                if let Some(line) = journal.and_then(|job| job.lines.iter_mut().find(|line| line.change.cron == cron)) {
                    line.outcome = Some(outcome);
                }
                if let Some(switch) = switch {
                    for taken in self.switches.iter_mut().filter(|known| undone.contains(&known.id)) {
                        taken.undone_by = Some(switch.id.clone());
                    }
                    self.switches.insert(0, *switch);
                    // The real one is written after the history, and completed from it at the next start.
                    self.log.extend(log);
                }
            }
            StoreOp::EndJob { job, phase } => {
                let ends = matches!(phase, JobPhase::Done | JobPhase::Stopped);
                if let Some(journal) = self.job(job) {
                    journal.ended |= ends;
                }
            }
            StoreOp::ReadSwitches { session, ticket, scope } => {
                let fits = |switch: &&Switch| match &scope {
                    UndoScope::Plan(plan) => switch.plan == *plan,
                    UndoScope::Switch(id) => switch.id == *id,
                    UndoScope::Last => self.switches.first().is_some_and(|last| last.plan == switch.plan),
                    UndoScope::Named(name) => {
                        switch.plan.as_str().starts_with(name) || switch.id.as_str().starts_with(name)
                    }
                };
                let switches = self.switches.iter().filter(fits).cloned().collect();
                return Some(Input::SwitchesRead { session, ticket, scope, result: Ok(switches) });
            }
            StoreOp::Confirm { switch, confirmation } => {
                if let Some(known) = self.switches.iter_mut().find(|known| known.id == switch) {
                    known.confirmation = confirmation;
                }
            }
            StoreOp::RememberAccounts(known) => self.remembered = *known,
            StoreOp::SaveProven(versions) => self.proven = versions,
            StoreOp::Identify { session } => {
                let folder = self.identity.folder.get_or_insert_with(|| format!("folder of {}", self.host)).clone();
                let identified = Identified { folder, host: self.host.clone() };
                return Some(Input::Identified { session, result: Ok(identified) });
            }
            StoreOp::SavePlaced(mark) => self.identity.placed = Some(mark),
            StoreOp::Reload => return Some(Input::Reloaded(Ok(self.reread(now)))),
            // Written for others, or for a person to look at: nothing of it comes back to the engine.
            StoreOp::Open { .. }
            | StoreOp::Close
            | StoreOp::KeepDoor
            | StoreOp::LetGo { .. }
            | StoreOp::RememberGateway { .. }
            | StoreOp::AskForLease
            | StoreOp::KeepDefinitions(_)
            | StoreOp::RememberRuns { .. }
            | StoreOp::ReadHistory { .. }
            | StoreOp::ForgetBefore(_)
            | StoreOp::RememberHealth(_)
            | StoreOp::RememberQuota(_)
            | StoreOp::RememberReadings(_)
            | StoreOp::PutTemporary { .. }
            | StoreOp::SaveStatus(_)
            | StoreOp::SaveReading { .. }
            | StoreOp::PreviewImport { .. }
            | StoreOp::Import { .. }
            | StoreOp::Export { .. }
            | StoreOp::ExportOf { .. } => {}
        }
        None
    }
}

/// As many as a folder loads.
const SWITCHES_LOADED: usize = 1000;
