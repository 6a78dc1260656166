//! The `store` thread: every write to the state folder, one after another, and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{Debug, Write as _};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::super::UndoScope;
use super::super::effect::StoreOp;
use super::super::input::{Identified, Input, Lease, Opened, Receipt, Remembrance, Reread};
use super::super::service::Door;
use crate::domain::{Change, CronId, JobPhase, Ledger, LineOutcome, ProblemKind, Switch, SwitchId};
use crate::state::switch_log::LogLine;
use crate::state::{Folder, Loaded, Record, StateError, Watch, gateways};

/// Operations that may wait before the engine does.
const QUEUE: usize = 1024;

/// The way to the store thread.
pub struct Store {
    queue: mpsc::Sender<Job>,
}

enum Job {
    Do(Box<StoreOp>),
    /// Answers when everything queued before it is done.
    Flush(oneshot::Sender<()>),
}

impl Store {
    /// `door` is opened while a folder is ours.
    pub fn start(inputs: mpsc::Sender<Input>, door: Option<Door>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let watch_queue = queue.clone().downgrade();
        let keeper = Keeper {
            inputs,
            door,
            folder: None,
            watch: None,
            watch_queue,
            jobs_on_disk: BTreeMap::new(),
            interrupted: None,
            unwritten: VecDeque::new(),
            ledgers_seen: 0,
            ledgers_saved: 0,
            failing: false,
            refused: false,
        };
        let started = std::thread::Builder::new().name("store".to_owned()).spawn(move || keeper.keep(jobs));
        if let Err(error) = started {
            // Every later operation then fails visibly, because nobody takes it from the queue.
            tracing::error!(%error, "the store thread could not be started");
        }
        Self { queue }
    }

    pub async fn queue(&self, op: StoreOp) {
        // The thread ends only with this queue.
        self.queue.send(Job::Do(Box::new(op))).await.ok();
    }

    /// Waits until everything queued so far is done.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Job::Flush(done)).await.is_ok() {
            wait.await.ok();
        }
    }
}

struct Keeper {
    inputs: mpsc::Sender<Input>,
    /// Watchers come in by it.
    door: Option<Door>,
    folder: Option<Folder>,
    watch: Option<Watch>,
    watch_queue: mpsc::WeakSender<Job>,
    /// The engine's job numbers and the journal's.
    jobs_on_disk: BTreeMap<u64, i64>,
    /// The journal's number of a job of an earlier life.
    interrupted: Option<i64>,
    /// What could not be written into the journal yet, in order. Nothing else is begun before it, and a
    /// job of which something is missing has no end: then the next start finds it.
    unwritten: VecDeque<Entry>,
    /// How many ledgers came here to be saved, and which of them was the last that was.
    ledgers_seen: u64,
    ledgers_saved: u64,
    /// Something nobody waits for could not be written; its next success is news.
    failing: bool,
    /// So could not what somebody waited for, who was told: that the folder takes files again is news.
    refused: bool,
}

/// What is written into the journal after a call.
struct Entry {
    job: i64,
    at: Timestamp,
    what: Written,
}

enum Written {
    Outcome {
        cron: CronId,
        outcome: LineOutcome,
        switch: Option<Box<Switch>>,
        log: Option<LogLine>,
        undone: Vec<SwitchId>,
    },
    End(JobPhase),
}

impl Entry {
    fn record(&self) -> Option<Record<'_>> {
        match &self.what {
            Written::Outcome { switch: Some(switch), log: Some(line), undone, .. } => {
                Some(Record { switch, takes_back: undone, line })
            }
            _ => None,
        }
    }

    fn write(&self, folder: &mut Folder) -> Result<(), StateError> {
        match &self.what {
            Written::Outcome { cron, outcome, .. } => folder.outcome(self.job, cron, outcome, self.record(), self.at),
            Written::End(phase) => folder.end_job(self.job, phase, self.at),
        }
    }
}

impl Keeper {
    fn keep(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Flush(done) => {
                    done.send(()).ok(); // Whoever waited has gone.
                }
                Job::Do(op) => {
                    let name = name_of(&op);
                    self.ledgers_seen += u64::from(op.saves_ledger());
                    let work = std::panic::AssertUnwindSafe(|| self.carry_out(*op));
                    if std::panic::catch_unwind(work).is_err() {
                        let detail = format!("it failed in {name}");
                        self.tell(Input::TaskFailed { task: "store".to_owned(), detail });
                    }
                }
            }
        }
    }

    fn tell(&self, input: Input) {
        // The engine has ended: nobody is left to tell.
        self.inputs.blocking_send(input).ok();
    }

    fn carry_out(&mut self, op: StoreOp) {
        let now = clock();
        match op {
            StoreOp::Open { session, path } => {
                let result = self.open(&path, now);
                self.tell(Input::Opened { session, result });
            }
            StoreOp::Close => self.close(),
            StoreOp::KeepDoor => self.keep_door(),
            StoreOp::LetGo { ticket } => {
                self.close();
                self.tell(Input::LetGo { ticket });
            }
            StoreOp::RememberGateway { root, gateway } => {
                // It is only a convenience: what keeps it from being written is told where it matters.
                if let Err(error) = gateways::remember(&root, &gateway, now) {
                    tracing::warn!(error = error.full_text(), "the gateway is not remembered");
                }
            }
            StoreOp::AskForLease => self.ask_for_lease(now),
            StoreOp::Reload => {
                let Some(folder) = self.folder.as_mut() else { return };
                if folder.is_replaced() {
                    return self.open_anew(now);
                }
                match folder.reload(now) {
                    Ok(None) => {}
                    Ok(Some(loaded)) => self.tell(Input::Reloaded(Ok(self.reread(loaded)))),
                    Err(error) => self.tell(Input::Reloaded(Err(error.problem(now).what))),
                }
            }
            StoreOp::SaveTiers { changes, names, pending, receipt } => {
                let result = self.with(|folder| folder.save_tiers(&changes, &names));
                let refused = is_refused(&result);
                self.tell(Input::Stored { receipt, result });
                // The mapping is what counts; without a history only the cause of a change is lost.
                self.quietly(|folder| folder.save_pending(&pending));
                self.refused |= refused;
                self.reload_if_stale();
            }
            StoreOp::SavePending(pending) => self.quietly(|folder| folder.save_pending(&pending)),
            StoreOp::SaveSettings { settings, receipt } => {
                let result = self.with(|folder| folder.save_settings(&settings));
                self.refused |= is_refused(&result);
                self.tell(Input::Stored { receipt, result });
                self.reload_if_stale();
            }
            StoreOp::SaveLedger { ledger } => self.save_ledger(&ledger),
            StoreOp::SaveCrisis(crisis) => self.quietly(|folder| folder.save_crisis(&crisis)),
            StoreOp::BeginJob { job, plan, crons, by, definitions } => {
                self.interrupted = None;
                let mut on_disk = None;
                if self.catch_up().is_ok() {
                    self.quietly(|folder| {
                        folder.snapshot_definitions(&definitions, "before an apply", now)?;
                        on_disk = Some(folder.begin_job(&plan, &crons, by, now)?);
                        Ok(())
                    });
                }
                if let Some(on_disk) = on_disk {
                    self.jobs_on_disk.insert(job, on_disk);
                }
            }
            StoreOp::Prepare { job, change, ledger } => {
                let result = self.prepare(job, &change, ledger.as_deref(), now);
                self.tell(Input::Prepared { job, cron: change.cron.clone(), result });
            }
            StoreOp::Settle { job, cron, outcome, switch, log, undone, ledger } => {
                if let Some(ledger) = ledger {
                    self.save_ledger(&ledger);
                }
                let Ok(on_disk) = self.job(job) else { return };
                let what = Written::Outcome { cron, outcome, switch, log, undone };
                self.journal(Entry { job: on_disk, at: now, what });
            }
            StoreOp::EndJob { job, phase } => {
                let Ok(on_disk) = self.job(job) else { return };
                self.journal(Entry { job: on_disk, at: now, what: Written::End(phase) });
            }
            StoreOp::ReadSwitches { session, ticket, scope } => {
                let result = self.with(|folder| switches_in(folder, &scope));
                self.tell(Input::SwitchesRead { session, ticket, scope, result });
            }
            StoreOp::KeepDefinitions(definitions) => {
                self.quietly(|folder| folder.snapshot_definitions(&definitions, "daily", now).map(drop));
            }
            StoreOp::Confirm { switch, confirmation } => self.quietly(|folder| folder.confirm(&switch, &confirmation)),
            StoreOp::RememberRuns { runs, whole } => {
                self.quietly(|folder| folder.remember_runs(&runs, whole, now));
            }
            StoreOp::ReadHistory { since } => {
                let Some(path) = self.folder.as_ref().map(|folder| folder.path().to_path_buf()) else { return };
                let read = |folder: &mut Folder| {
                    Ok(Remembrance { usage: folder.usage_history(since, now)?, whole: folder.runs_whole()? })
                };
                let result = self.with(read);
                self.tell(Input::HistoryRead { path, result });
            }
            StoreOp::ForgetBefore(moment) => self.quietly(|folder| folder.forget_before(moment, now)),
            StoreOp::RememberHealth(fleet) => self.quietly(|folder| folder.remember_health(&fleet, now)),
            StoreOp::RememberAccounts(known) => self.quietly(|folder| folder.remember_accounts(&known)),
            StoreOp::RememberQuota(fleet) => self.quietly(|folder| folder.remember_quota(&fleet, now)),
            StoreOp::RememberReadings(readings) => {
                self.quietly(|folder| folder.remember_readings(&readings, now));
            }
            StoreOp::PutTemporary { id, model, receipt } => {
                let result = self.with(|folder| folder.put_temporary(&id, model.as_ref()));
                // It is in the world before anybody hears that it was kept.
                self.reload_if_stale();
                self.tell(Input::Stored { receipt, result });
            }
            StoreOp::SaveStatus(report) => self.quietly(|folder| folder.save_status(&report)),
            StoreOp::SaveProven(versions) => self.quietly(|folder| folder.save_proven(&versions)),
            StoreOp::Identify { session } => {
                let result = self.with(Folder::identify).map(|folder| Identified { folder, host: holder() });
                self.tell(Input::Identified { session, result });
            }
            StoreOp::SavePlaced(mark) => self.quietly(|folder| folder.save_placed(&mark)),
            StoreOp::SaveReading { ticket, account, reading } => {
                let result = self.with(|folder| folder.save_scraped(&account, &reading));
                // It is in the world before anybody hears that it was kept.
                self.carry_out(StoreOp::Reload);
                self.tell(Input::Stored { receipt: Receipt::Reading { ticket }, result });
            }
            StoreOp::PreviewImport { ticket, from } => {
                let result = self.with(|folder| folder.preview_import(&from));
                self.tell(Input::Previewed { ticket, result });
            }
            StoreOp::Import { ticket, preview, choices } => {
                let result = self.with(|folder| folder.import(&preview, &choices, now));
                let result = result.map(|(n_files, loaded)| (n_files, self.reread(loaded)));
                self.tell(Input::Imported { ticket, result });
            }
            StoreOp::Export { ticket, to, what } => {
                let result = self.with(|folder| folder.export(&to, &what, now));
                self.tell(Input::Exported { ticket, to, result });
            }
            StoreOp::ExportOf { folder, ticket, to, what } => {
                let result = Folder::look(&folder, now).and_then(|folder| folder.export(&to, &what, now));
                let result = result.map_err(|error| error.problem(now).what);
                self.tell(Input::Exported { ticket, to, result });
            }
        }
    }

    fn open(&mut self, path: &std::path::Path, now: Timestamp) -> Result<Opened, ProblemKind> {
        self.close();
        let (mut folder, loaded) = Folder::open(path, &holder(), now).map_err(|error| error.problem(now).what)?;
        self.begin(&mut folder, &loaded);
        let (held_by, served_at) = (folder.held_by().map(ToOwned::to_owned), folder.service());
        let opened = Opened { path: path.to_path_buf(), held_by, served_at, loaded };
        self.folder = Some(folder);
        Ok(opened)
    }

    /// Nobody is let in to a folder that is not ours.
    fn close(&mut self) {
        self.watch = None;
        if let Some(door) = &mut self.door {
            door.shut();
        }
        self.folder = None;
    }

    /// Another folder was put in the place of ours: lease, history and watch are those of the old one.
    fn open_anew(&mut self, now: Timestamp) {
        let Some(path) = self.folder.as_ref().map(|folder| folder.path().to_path_buf()) else { return };
        let result = match self.open(&path, now) {
            Ok(Opened { held_by: Some(holder), .. }) => Err(ProblemKind::FolderHeld { holder }),
            Ok(opened) => Ok(self.reread(opened.loaded)),
            Err(problem) => Err(problem),
        };
        self.tell(Input::Reloaded(result));
    }

    fn ask_for_lease(&mut self, now: Timestamp) {
        let Some(mut folder) = self.folder.take_if(|folder| folder.held_by().is_some()) else { return };
        let result = match folder.ask_again(&holder(), now) {
            Ok(None) => {
                let holder = folder.held_by().unwrap_or_default().to_owned();
                Ok(match folder.service() {
                    Some(socket) => Lease::ServedBy { holder, socket },
                    None => Lease::HeldBy(holder),
                })
            }
            Ok(Some(loaded)) => {
                self.begin(&mut folder, &loaded);
                Ok(Lease::Ours(Box::new(loaded)))
            }
            Err(error) => Err(error.problem(now).what),
        };
        self.tell(Input::LeaseAsked { path: folder.path().to_path_buf(), result });
        self.folder = Some(folder);
    }

    /// A folder was opened, or is ours from now on.
    fn begin(&mut self, folder: &mut Folder, loaded: &Loaded) {
        self.let_in(folder);
        self.jobs_on_disk.clear();
        self.unwritten.clear();
        self.interrupted = loaded.interrupted.as_ref().map(|job| job.id);
        let queue = self.watch_queue.clone();
        let reload = move || {
            if let Some(queue) = queue.upgrade() {
                // A full queue has a reload coming anyway.
                queue.try_send(Job::Do(Box::new(StoreOp::Reload))).ok();
            }
        };
        match folder.watch(reload) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => tracing::warn!(%error, "edits by other programs will not be noticed"),
        }
    }

    /// Whoever looks for us finds us, although somebody took the signs away; and what was refused may be over.
    fn keep_door(&mut self) {
        let Some(mut folder) = self.folder.take_if(|folder| folder.read_only().is_none()) else { return };
        let is_there = self.door.as_ref().is_none_or(Door::is_there);
        if !is_there {
            tracing::warn!(event = "door", "the socket is not there any more: it is opened anew");
            self.let_in(&mut folder);
        } else if !folder.is_told() {
            tracing::warn!(event = "door", "lease.json does not say any more who acts: it is written anew");
            // Where it cannot be, it is tried again with the next beat.
            folder.tell().ok();
        }
        self.folder = Some(folder);
        if self.refused {
            self.quietly(|_| Ok(()));
        }
    }

    /// A folder of which we cannot be watched is ours all the same.
    fn let_in(&mut self, folder: &mut Folder) {
        let Some(door) = self.door.as_mut().filter(|_| folder.read_only().is_none()) else { return };
        let opened = door.open(folder.path()).map_err(|error| error.to_string());
        let told = opened.and_then(|socket| folder.served_at(&socket).map_err(|error| error.full_text()));
        self.tell(Input::Door(told));
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Folder) -> Result<T, StateError>) -> Result<T, ProblemKind> {
        let closed = || ProblemKind::Refused { detail: "no state folder is open".to_owned() };
        let folder = self.folder.as_mut().ok_or_else(closed)?;
        work(folder).map_err(|error| error.problem(clock()).what)
    }

    /// Debt and intent are on disk before the call.
    fn prepare(
        &mut self,
        job: u64,
        change: &Change,
        ledger: Option<&Ledger>,
        now: Timestamp,
    ) -> Result<(), ProblemKind> {
        self.catch_up()?;
        let on_disk = self.job(job)?;
        if let Some(ledger) = ledger {
            self.with(|folder| folder.save_ledger(ledger))?;
            self.ledgers_saved = self.ledgers_seen;
        }
        self.with(|folder| folder.intent(on_disk, change, now))
    }

    fn save_ledger(&mut self, ledger: &Ledger) {
        let mut is_saved = false;
        self.quietly(|folder| {
            folder.save_ledger(ledger)?;
            is_saved = true;
            Ok(())
        });
        if is_saved {
            self.ledgers_saved = self.ledgers_seen;
        }
    }

    fn reread(&self, loaded: Loaded) -> Reread {
        Reread { loaded, n_ledgers: self.ledgers_saved }
    }

    fn journal(&mut self, entry: Entry) {
        self.unwritten.push_back(entry);
        self.quietly(|_| Ok(()));
    }

    /// Writes what is missing in the journal. A line that is missing in the log only is added at the next start.
    fn catch_up(&mut self) -> Result<(), ProblemKind> {
        while let Some(entry) = self.unwritten.pop_front() {
            if let Err(problem) = self.with(|folder| entry.write(folder)) {
                self.unwritten.push_front(entry);
                return Err(problem);
            }
            if let Some(record) = entry.record() {
                self.with(|folder| folder.log_switch(record))?;
            }
        }
        Ok(())
    }

    /// An operation nobody waits for: only its failure is news, and so is what is missing in the journal
    /// before it. Where somebody else holds the folder, it is theirs to write.
    fn quietly(&mut self, work: impl FnOnce(&mut Folder) -> Result<(), StateError>) {
        if self.folder.as_ref().is_none_or(|folder| folder.held_by().is_some()) {
            return;
        }
        let caught_up = self.catch_up();
        let mut result = self.with(work).and(caught_up);
        if self.refused && result.is_ok() {
            // A database may have room inside where the folder has none.
            result = self.with(|folder| folder.tell());
            if result.is_ok() {
                self.refused = false;
                self.failing = true;
            }
        }
        // Said once, on opening.
        if matches!(result, Err(ProblemKind::NewerFile { .. })) {
            return;
        }
        if result.is_err() || self.failing {
            self.failing = result.is_err();
            self.tell(Input::Stored { receipt: Receipt::Quiet, result });
        }
    }

    /// What another program wrote in between came along with our own write.
    fn reload_if_stale(&mut self) {
        if self.folder.as_ref().is_some_and(Folder::is_stale) {
            self.carry_out(StoreOp::Reload);
        }
    }

    /// The journal's number of a job: its own, or before any was begun that of an earlier life.
    fn job(&self, job: u64) -> Result<i64, ProblemKind> {
        let missing = || ProblemKind::CannotWrite {
            file: "history.db".to_owned(),
            detail: "the journal of this apply could not be begun".to_owned(),
        };
        self.jobs_on_disk.get(&job).copied().or(self.interrupted).ok_or_else(missing)
    }
}

fn is_refused(result: &Result<(), ProblemKind>) -> bool {
    matches!(result, Err(ProblemKind::CannotWrite { .. }))
}

/// What the history knows of the switches in `scope`, whether they stand or not.
fn switches_in(folder: &Folder, scope: &UndoScope) -> Result<Vec<Switch>, StateError> {
    match scope {
        UndoScope::Plan(plan) => folder.switches_of(plan),
        UndoScope::Switch(id) => Ok(folder.switch(id)?.into_iter().collect()),
        UndoScope::Named(name) => folder.switches_named(name),
        UndoScope::Last => folder.newest_standing_plan()?.map_or(Ok(Vec::new()), |plan| folder.switches_of(&plan)),
    }
}

/// Who holds the folder, for the one who finds it held.
fn holder() -> String {
    let host = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    host.filter(|name| !name.is_empty()).unwrap_or_else(|| "this computer".to_owned())
}

/// The name of a variant: an operation may carry every cron, so no more of it than that is written out.
fn name_of(op: &impl Debug) -> String {
    let mut name = FirstWord(String::new());
    write!(name, "{op:?}").ok(); // It ends with the first word.
    name.0
}

struct FirstWord(String);

impl std::fmt::Write for FirstWord {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        self.0.push_str(word);
        if word.len() == text.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

#[expect(clippy::disallowed_methods, reason = "a record carries the moment it was made")]
fn clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt;
    use std::sync::Arc;

    use tokio::sync::mpsc;

    use super::super::super::effect::StoreOp;
    use jiff::Timestamp;

    use super::super::super::input::{Input, Receipt, Remembrance};
    use super::{Store, clock, name_of};
    use crate::domain::{Fleet, Health, QuotaWindow, Source, TemporaryModel, Vital};
    use crate::state::names;

    struct Long;

    impl fmt::Debug for Long {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("nobody reads this")
        }
    }

    #[derive(Debug)]
    enum Op {
        Save {
            #[expect(dead_code, reason = "only its name is asked for")]
            what: Long,
        },
        Load(Long),
    }

    #[test]
    fn an_operation_is_named_without_writing_out_what_it_carries() {
        assert_eq!(name_of(&Op::Save { what: Long }), "Save");
        assert_eq!(name_of(&Op::Load(Long)), "Load");
        assert_eq!(name_of(&StoreOp::Close), "Close");
    }

    #[tokio::test]
    async fn a_temporary_model_is_in_the_world_before_anybody_hears_that_it_was_kept() {
        let place = tempfile::tempdir().expect("a folder");
        let (inputs, mut heard) = mpsc::channel(16);
        let store = Store::start(inputs, None);
        store.queue(StoreOp::Open { session: 1, path: place.path().to_owned() }).await;
        let model =
            TemporaryModel { id: "trial".to_owned(), model: None, is_standby: true, tiers: vec![], expires_at: None };
        let put = StoreOp::PutTemporary { id: model.id.clone(), model: Some(model), receipt: Receipt::Quiet };
        store.queue(put).await;
        let vital = Vital { health: Health::Up, ..Vital::default() };
        let window = QuotaWindow::new("Week", 0.4, clock(), Source::Probe);
        let fleet = Arc::new(Fleet {
            accounts: BTreeMap::from([("kimi".into(), vital)]),
            windows: BTreeMap::from([("kimi".into(), vec![window])]),
            ..Fleet::default()
        });
        store.queue(StoreOp::RememberHealth(fleet.clone())).await;
        store.queue(StoreOp::RememberQuota(fleet)).await;
        store.queue(StoreOp::RememberRuns { runs: Vec::new(), whole: Some(Timestamp::UNIX_EPOCH) }).await;
        store.queue(StoreOp::ReadHistory { since: Timestamp::UNIX_EPOCH }).await;
        store.queue(StoreOp::ForgetBefore(Timestamp::MAX)).await;
        store.queue(StoreOp::ReadHistory { since: Timestamp::UNIX_EPOCH }).await;
        store.flush().await;
        let mut told = Vec::new();
        while let Ok(input) = heard.try_recv() {
            told.push(match input {
                Input::Opened { .. } => "opened",
                Input::Reloaded(Ok(reread)) if reread.loaded.temporary.len() == 1 => "reloaded",
                Input::Stored { result: Ok(()), .. } => "stored",
                Input::HistoryRead { result: Ok(Remembrance { usage, whole }), .. } => {
                    assert_eq!(whole, Some(Timestamp::UNIX_EPOCH));
                    if usage.windows.len() == 1 { "remembered" } else { "forgotten" }
                }
                _ => "something else",
            });
        }
        assert_eq!(
            told,
            ["opened", "reloaded", "stored", "remembered", "forgotten"],
            "what nobody waits for is told only when it fails"
        );
        assert!(place.path().join(names::TRACKING).exists());
    }
}
