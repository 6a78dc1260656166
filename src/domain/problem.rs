//! The only failure a face sees: what happened, since when, what to do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlanOrigin, Usd, VendorId};

/// Something is wrong and stays wrong until it is mended. `words` says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable while it lasts, so that it is shown once: `state/cron-tiers.json`, `gateway`.
    pub id: String,
    pub what: ProblemKind,
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// A file did not parse; the original is kept under another name.
    FileSetAside {
        file: String,
        kept_as: String,
        detail: String,
    },
    /// One value of a file was wrong; the default stands in for it.
    BadValue {
        file: String,
        path: String,
        detail: String,
    },
    CannotRead {
        file: String,
        detail: String,
    },
    /// It is there and may be read, but it does not parse, is too large or is no file: left where it is.
    UnusableFile {
        file: String,
        detail: String,
    },
    CannotWrite {
        file: String,
        detail: String,
    },
    /// Only a later version of this program knows what the file means; it is left alone.
    NewerFile {
        file: String,
    },
    /// Files that do not parse were not exported, because secrets could not be found in them.
    ExportLeftOut {
        files: Vec<String>,
        n_copied: usize,
    },
    /// The state folder itself takes nothing: rights, a full or a read-only disk.
    FolderNotWritable {
        folder: String,
        detail: String,
    },
    /// The target of an export is the state folder itself.
    ExportOntoItself,
    /// Somebody else may write; we only look.
    FolderHeld {
        holder: String,
    },
    /// A program that shall run in the background finds another one that does.
    FolderServed {
        holder: String,
    },
    /// The program in the background cannot be watched by this version.
    OtherVersionServes {
        version: String,
    },
    /// The program in the background holds the folder, and does not answer: it is frozen, say.
    ServiceSilent {
        holder: String,
    },
    /// The program in the background acts, but no place takes the socket by which others would act through it.
    CannotBeWatched {
        detail: String,
    },
    /// The owner mark on the gateway names another computer.
    GatewayOwned {
        host: String,
        since: Option<Timestamp>,
    },
    /// Crons of this folder are to be given back, or a job of it was interrupted, on a gateway that carries its mark;
    /// this one does not.
    AnotherGateway {
        n_debts: usize,
    },
    /// Another computer took over while a job was carried out here.
    TakenOver {
        host: String,
        left: usize,
    },
    /// Another program and this one changed the same field.
    EditConflict {
        file: String,
        field: String,
    },
    /// A job of the gateway could not be read; it is listed but never touched.
    UnreadableCron {
        cron: String,
        detail: String,
    },
    /// The gateway speaks a version nobody has proven a guarded write on.
    UnprovenGateway {
        version: String,
    },
    ReadOnlyScopes,
    /// The desktop's keychain took no key.
    KeyNotKept {
        account: String,
        detail: String,
    },
    /// No provider can be reached from this computer; the gateway's own word still counts.
    Offline,
    ClockSkew {
        seconds: i64,
    },
    /// A run used another model than a switch intended.
    RanElsewhere {
        cron: String,
        intended: String,
        ran: String,
        /// What that run cost, where its tokens and a price are known.
        #[serde(default)]
        cost: Option<Usd>,
    },
    /// A vendor failed again while crons were given back to it.
    Relapsed {
        vendor: VendorId,
    },
    /// The ledger was lost; so many debts were found in the journal.
    DebtsFound {
        n_crons: usize,
    },
    /// A job of ours was interrupted; the rest can be continued.
    Interrupted {
        left: usize,
        /// What it was to do: that is what goes on with it.
        of: PlanOrigin,
    },
    /// A part of this program failed; the world is untouched.
    TaskFailed {
        task: String,
        detail: String,
    },
    /// Work could not be accepted now.
    Busy,
    Refused {
        detail: String,
    },
}
