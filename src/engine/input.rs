//! Everything that can happen to the world. Time comes beside it, never from a clock inside.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use super::effect::UnitOp;
use super::service::{Changes, NotWatched};
use super::{Command, Done, Event, Ticket, UndoScope};
use crate::demo::Month;
use crate::domain::{
    AccountId, Background, Catalog, CheckReport, Cron, CronId, Discovered, ImportPreview, KeyState, KnownGateway,
    ProbeAnswer, ProblemKind, RunRecord, Secret, Switch, TierEntry, Trouble, UnitStanding, UnitTrouble, UsageHistory,
};
use crate::gateway::{Hello, News, Usage};
use crate::state::Loaded;

/// One input of [`step`](super::step::step).
#[derive(Debug)]
pub enum Input {
    Command(Ticket, Command),
    /// A deadline of [`World::next_wake`](super::World::next_wake) has come.
    Tick,
    /// Gateways of this machine, and those of earlier lives.
    Discovered {
        found: Vec<Discovered>,
        known: Vec<KnownGateway>,
    },
    DemoStarted(Result<DemoStarted, String>),
    /// What is remembered of the month before it began.
    DemoMonth(Box<Month>),
    /// The state folder of the current target was opened.
    Opened {
        session: u64,
        result: Result<Opened, ProblemKind>,
    },
    /// A folder that somebody else held was asked for again.
    LeaseAsked {
        path: PathBuf,
        result: Result<Lease, ProblemKind>,
    },
    /// The program that holds the folder greeted us, or does not let itself be watched.
    Watched {
        link: u64,
        result: Result<Background, NotWatched>,
    },
    /// It shows or says something, or the connection to it has ended.
    Heard {
        link: u64,
        what: Heard,
    },
    /// The folder is closed and its lease free for the other program.
    LetGo {
        ticket: Ticket,
    },
    /// The files changed under us and were merged.
    Reloaded(Result<Reread, ProblemKind>),
    Connected {
        session: u64,
        hello: Box<Hello>,
        took: jiff::SignedDuration,
    },
    NotConnected {
        session: u64,
        trouble: Trouble,
    },
    Fetched {
        session: u64,
        what: Fetched,
    },
    News {
        session: u64,
        news: News,
    },
    /// The intent of a line, and its ledger entry, are on disk, or could not be.
    Prepared {
        job: u64,
        cron: CronId,
        result: Result<(), ProblemKind>,
    },
    /// A write came back, or its fate is unknown.
    Written {
        job: u64,
        cron: CronId,
        result: Box<WriteResult>,
    },
    /// A guarded write that must be refused was, or was not.
    Proven {
        session: u64,
        proof: Proof,
    },
    Stored {
        receipt: Receipt,
        result: Result<(), ProblemKind>,
    },
    /// What the history knows of the switches that shall be taken back.
    SwitchesRead {
        session: u64,
        ticket: Ticket,
        scope: UndoScope,
        result: Result<Vec<Switch>, ProblemKind>,
    },
    /// What the folder remembers of quotas and runs.
    HistoryRead {
        path: PathBuf,
        result: Result<Remembrance, ProblemKind>,
    },
    Previewed {
        ticket: Ticket,
        result: Result<ImportPreview, ProblemKind>,
    },
    Imported {
        ticket: Ticket,
        result: Result<(usize, Reread), ProblemKind>,
    },
    Exported {
        ticket: Ticket,
        to: PathBuf,
        result: Result<usize, ProblemKind>,
    },
    /// A look at one account, of that round or test.
    Looked {
        id: u64,
        report: Box<CheckReport>,
        key: KeyState,
    },
    /// What a question of the gateway to a provider came to.
    GatewayAnswered {
        session: u64,
        id: u64,
        account: AccountId,
        answer: GatewayAnswer,
    },
    /// Whether the gateway let a cron run, or why not.
    RunQueued {
        session: u64,
        cron: CronId,
        result: Result<(), String>,
    },
    /// The one-shot of an account is on the gateway, or could not be put there.
    CheckPlaced {
        session: u64,
        account: AccountId,
        result: Box<Result<Cron, NotCarriedOut>>,
    },
    /// One of our crons is not on the gateway any more, or could not be taken off it.
    OwnRemoved {
        session: u64,
        cron: CronId,
        result: Result<(), NotCarriedOut>,
    },
    /// The folder has an id, so that its mark can name it.
    Identified {
        session: u64,
        result: Result<Identified, ProblemKind>,
    },
    /// The mark that is on the gateway now, whoever put it there; or none could be put there.
    Marked {
        session: u64,
        result: Box<Result<Cron, NotCarriedOut>>,
    },
    /// Our mark is gone, or another is there by now, or it could not be taken off.
    Unmarked {
        session: u64,
        result: Box<Result<Option<Cron>, NotCarriedOut>>,
    },
    KeyKept {
        ticket: Ticket,
        account: AccountId,
        result: Result<(), String>,
    },
    /// How the service of a folder stands, or what came of installing or removing it.
    UnitSeen {
        folder: PathBuf,
        op: UnitOp,
        result: Result<UnitStanding, UnitTrouble>,
    },
    /// Whether others can act through this program, from now on.
    Door(Result<(), String>),
    /// The clock went on, or back, without this program: it slept, or somebody set it.
    ClockJumped,
    /// A task of ours failed.
    TaskFailed {
        task: String,
        detail: String,
    },
}

/// A call about a cron of our own that did not come to its end. It may have been carried out all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCarriedOut {
    pub detail: String,
    /// When the gateway asks for patience.
    pub retry_after: Option<jiff::SignedDuration>,
    /// Asked again it would be refused again.
    pub for_good: bool,
}

/// Who acts from this folder, for its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    pub folder: String,
    /// This computer, for a person.
    pub host: String,
}

#[derive(Debug)]
pub struct DemoStarted {
    pub url: String,
    pub token: Secret,
    pub state_dir: PathBuf,
}

#[derive(Debug)]
pub struct Opened {
    pub path: PathBuf,
    pub held_by: Option<String>,
    /// Where its holder lets itself be watched.
    pub served_at: Option<PathBuf>,
    pub loaded: Loaded,
}

/// What a folder remembers of quotas and runs.
#[derive(Debug)]
pub struct Remembrance {
    pub usage: UsageHistory,
    /// All runs that ended up to then are among them, as far back as the gateway told.
    pub whole: Option<Timestamp>,
}

/// What the files said at a moment that the engine may be ahead of.
#[derive(Debug)]
pub struct Reread {
    pub loaded: Loaded,
    /// The newest ledger of ours that was on disk then, counted from the first one sent there.
    pub n_ledgers: u64,
}

/// Who may write to the folder now.
#[derive(Debug)]
pub enum Lease {
    HeldBy(String),
    /// The same, by a program that lets itself be watched there.
    ServedBy {
        holder: String,
        socket: PathBuf,
    },
    /// What the last holder left.
    Ours(Box<Loaded>),
}

/// What comes from the program in the background.
#[derive(Debug)]
pub enum Heard {
    Picture(Box<Changes>),
    /// With a ticket of ours.
    Event(Event),
    End(NotWatched),
}

/// An answer of the gateway to one of our questions.
#[derive(Debug)]
pub enum Fetched {
    Crons {
        crons: Vec<Cron>,
        unreadable: Vec<(String, String)>,
        took: jiff::SignedDuration,
        asked_at: u64,
    },
    Cron(Box<Cron>),
    CronGone(CronId),
    Catalog(Catalog),
    Usage(Usage),
    /// `None`: of all crons. The newest of those after `offset` newer ones; none are left after less than were asked for.
    Runs {
        cron: Option<CronId>,
        runs: Vec<RunRecord>,
        offset: u32,
        more: bool,
    },
    Failed {
        what: &'static str,
        detail: String,
    },
}

/// What the gateway says of its question; an error is its own, not the provider's.
pub type GatewayAnswer = Result<ProbeAnswer, String>;

/// What came of a write that must be refused.
#[derive(Debug)]
pub enum Proof {
    /// As it must be.
    Refused,
    /// It was carried out: this gateway does not guard its crons.
    Obeyed,
    NotAsked {
        detail: String,
    },
}

/// What became of one write.
#[derive(Debug)]
pub enum WriteResult {
    /// Written and read back.
    ReadBack(Cron),
    /// The definition had moved; nothing was written. What it is now, when it could be read.
    Conflict {
        now: Option<Cron>,
    },
    Gone,
    /// The write limit, or a gateway that asks for patience.
    Later {
        retry_after: jiff::SignedDuration,
    },
    /// Refused for good.
    Refused {
        detail: String,
    },
    /// Nobody knows whether it was written: the connection ended in between.
    Unknown {
        detail: String,
    },
}

/// Which store operation has ended, where somebody waits for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Receipt {
    /// With the entries from before, in case they could not be written.
    Edit {
        ticket: Option<Ticket>,
        before: BTreeMap<CronId, Option<TierEntry>>,
    },
    Settings {
        ticket: Ticket,
        /// What is told once they are on disk.
        done: Done,
    },
    Reading {
        ticket: Ticket,
    },
    Quiet,
}
