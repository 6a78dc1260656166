//! Everything the engine can do to the outside. `step` returns these; `perform` carries them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::input::Receipt;
use super::{Command, DemoOutage, Event, Ticket, UndoScope};
use crate::domain::{
    AccountId, Change, Confirmation, Crisis, Cron, CronId, DashboardReading, ExportWhat, Fleet, GatewayTarget,
    ImportChoice, ImportPreview, JobPhase, KnownGateway, Ledger, LineOutcome, Notice, OwnerMark, Patch, Plan,
    ProviderAccount, QuotaWindow, Remembered, Revision, RunRecord, Secret, Settings, StartedBy, Switch, SwitchId,
    TemporaryModel, TierEntry,
};
use crate::providers::{Paid, PriorWindow};
use crate::state::status::StatusReport;
use crate::state::switch_log::LogLine;

#[derive(Debug)]
pub enum Effect {
    Emit(Event),
    Discover,
    /// Starts the demo gateway in a fresh temporary folder.
    StartDemo,
    StopDemo,
    /// Tells what a program that was there remembers of the month before the demo began.
    DemoMonth,
    DemoOutage {
        provider: String,
        outage: DemoOutage,
    },
    Connect {
        session: u64,
        target: GatewayTarget,
    },
    /// Ends the current connection and everything that waits for it.
    Disconnect,
    Fetch {
        session: u64,
        what: Fetch,
    },
    /// A guarded write that must be refused, because its expected revision cannot be.
    Prove {
        session: u64,
        cron: CronId,
    },
    /// Writes, then reads back.
    Write {
        job: u64,
        cron: CronId,
        patch: Patch,
        expected: Revision,
    },
    /// Asks one account what it may be asked.
    Look {
        id: u64,
        look: Box<Look>,
    },
    /// Lets the gateway put one small question to a provider, with its own key.
    AskGateway {
        session: u64,
        id: u64,
        account: AccountId,
    },
    /// Lets a cron run once, now.
    RunCron {
        session: u64,
        cron: CronId,
    },
    /// Puts the one-shot of an account on the gateway, or moves it: at that moment by the gateway's clock.
    PlaceCheck {
        session: u64,
        account: AccountId,
        at: Timestamp,
        /// What it starts on the gateway's host; `None`: nothing, its event is enough.
        argv: Option<Vec<String>>,
    },
    /// Takes a cron that this program placed off the gateway.
    RemoveOwn {
        session: u64,
        cron: CronId,
    },
    /// Puts the mark of this folder on the gateway, unless there is one; `over`: in the place of that one, while it is
    /// as it was seen. What counts is what is there afterwards.
    Mark {
        session: u64,
        mark: OwnerMark,
        over: Option<(CronId, Revision)>,
    },
    /// Takes the mark off the gateway if it is still that folder's.
    Unmark {
        session: u64,
        cron: CronId,
        folder: String,
    },
    /// Tells a person who does not look at the window.
    Notify(Notice),
    /// Puts a key into the keychain; `None` takes it out.
    KeepKey {
        ticket: Ticket,
        account: Box<ProviderAccount>,
        key: Option<Secret>,
    },
    /// Asks, installs or removes the service that runs the engine without a window for a state folder.
    Unit {
        op: UnitOp,
        of: Box<Served>,
    },
    Store(Box<StoreOp>),
    /// Watches the program that holds the folder, where it lets itself be watched.
    Watch {
        link: u64,
        socket: PathBuf,
    },
    /// Ends that.
    Unwatch,
    /// Passes a command on to the program that is watched.
    Pass {
        ticket: Ticket,
        command: Box<Command>,
    },
    RememberToken {
        url: String,
        token: Secret,
    },
}

/// What shall become of the service of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitOp {
    Look,
    Install(Ticket),
    Remove(Ticket),
}

/// What a service serves.
#[derive(Clone, Debug)]
pub struct Served {
    pub folder: PathBuf,
    /// For a person.
    pub gateway: String,
    pub url: String,
    /// Where programs keep their files for this person, ours among them.
    pub state_root: PathBuf,
    /// The program and its arguments; never a secret.
    pub argv: Vec<String>,
    /// With which we are connected: a service must find it by itself.
    pub token: Option<Secret>,
}

/// What one look at an account needs.
#[derive(Clone, Debug)]
pub struct Look {
    pub account: ProviderAccount,
    /// One that was just typed; else it is looked for where the account says.
    pub key: Option<Secret>,
    /// As the provider calls it.
    pub model: Option<String>,
    pub prior: Vec<PriorWindow>,
    pub paid: Paid,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// With the count of changes seen when it is asked for: what changed since then is newer.
    Crons {
        asked_at: u64,
    },
    Cron(CronId),
    Catalog,
    Usage,
    /// Finished runs, the newest first; the gateway gives 200 at most.
    Runs {
        cron: Option<CronId>,
        limit: u32,
        /// So many newer ones are passed over.
        offset: u32,
    },
}

/// One operation on the state folder. They are carried out one after another, in this order.
#[derive(Debug)]
pub enum StoreOp {
    Open {
        session: u64,
        path: PathBuf,
    },
    Close,
    /// Sees whether others still find the door, and whether the folder takes files again.
    KeepDoor,
    /// Closes it for another program; told when the lease is free.
    LetGo {
        ticket: Ticket,
    },
    /// This gateway is offered at the next start.
    RememberGateway {
        root: PathBuf,
        gateway: KnownGateway,
    },
    Reload,
    /// Somebody else held the folder: is it free by now?
    AskForLease,
    SaveTiers {
        changes: BTreeMap<CronId, Option<TierEntry>>,
        names: BTreeMap<CronId, String>,
        pending: BTreeSet<CronId>,
        receipt: Receipt,
    },
    SavePending(BTreeSet<CronId>),
    SaveSettings {
        settings: Arc<Settings>,
        receipt: Receipt,
    },
    SaveLedger {
        ledger: Arc<Ledger>,
    },
    /// In the same file as the debts.
    SaveCrisis(Arc<Crisis>),
    /// Keeps all definitions before a job, and opens its journal.
    BeginJob {
        job: u64,
        plan: Arc<Plan>,
        crons: Vec<CronId>,
        by: StartedBy,
        definitions: Arc<BTreeMap<CronId, Arc<Cron>>>,
    },
    /// The debt (when it pauses) and the intent of one line, on disk before its call.
    Prepare {
        job: u64,
        change: Arc<Change>,
        ledger: Option<Arc<Ledger>>,
    },
    /// The outcome of one line. For a verified one also the switch, its line in the log, the
    /// changed ledger and the tier entry (the hold after an undo).
    Settle {
        job: u64,
        cron: CronId,
        outcome: LineOutcome,
        switch: Option<Box<Switch>>,
        log: Option<LogLine>,
        undone: Vec<SwitchId>,
        ledger: Option<Arc<Ledger>>,
    },
    EndJob {
        job: u64,
        phase: JobPhase,
    },
    /// The switches that an undo would take back: all of them, however many and however old.
    ReadSwitches {
        session: u64,
        ticket: Ticket,
        scope: UndoScope,
    },
    /// A copy of all definitions, from which lost crons can be made again.
    KeepDefinitions(Arc<BTreeMap<CronId, Arc<Cron>>>),
    Confirm {
        switch: SwitchId,
        confirmation: Confirmation,
    },
    /// With the moment up to which all runs are known then.
    RememberRuns {
        runs: Vec<RunRecord>,
        whole: Option<Timestamp>,
    },
    /// Tells what the folder remembers of quotas and runs.
    ReadHistory {
        since: Timestamp,
    },
    /// Drops what is older.
    ForgetBefore(Timestamp),
    /// What changed in the health of accounts and models since this was kept last.
    RememberHealth(Arc<Fleet>),
    /// How the accounts stand, for the next life of this program.
    RememberAccounts(Box<Remembered>),
    /// The readings of quota windows that say something new.
    RememberQuota(Arc<Fleet>),
    /// The same of readings of the past.
    RememberReadings(Vec<(AccountId, QuotaWindow)>),
    /// Adds or changes a temporary model; `None` takes the one of that id out.
    PutTemporary {
        id: String,
        model: Option<TemporaryModel>,
        receipt: Receipt,
    },
    SaveStatus(Box<StatusReport>),
    SaveProven(BTreeSet<String>),
    /// Tells the folder's id, which is made and kept when it has none yet.
    Identify {
        session: u64,
    },
    /// The mark that was read back from the gateway on which the folder acts.
    SavePlaced(OwnerMark),
    SaveReading {
        ticket: Ticket,
        account: AccountId,
        reading: Box<DashboardReading>,
    },
    PreviewImport {
        ticket: Ticket,
        from: PathBuf,
    },
    Import {
        ticket: Ticket,
        preview: Arc<ImportPreview>,
        choices: BTreeMap<String, ImportChoice>,
    },
    Export {
        ticket: Ticket,
        to: PathBuf,
        what: ExportWhat,
    },
    /// The same of a folder that another program holds.
    ExportOf {
        folder: PathBuf,
        ticket: Ticket,
        to: PathBuf,
        what: ExportWhat,
    },
}

impl StoreOp {
    /// Whether it brings a ledger to the disk.
    pub fn saves_ledger(&self) -> bool {
        match self {
            Self::SaveLedger { .. } => true,
            Self::Prepare { ledger, .. } | Self::Settle { ledger, .. } => ledger.is_some(),
            _ => false,
        }
    }
}
