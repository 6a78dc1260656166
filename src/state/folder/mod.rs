//! One open state folder: the lease, the files as last read, the history.
//!
//! Invariants: without the lease nothing is written; every write goes through a temporary file and
//! a rename, or is an append; what another program changed meanwhile is merged, not lost.

mod load;
mod record;
mod save;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::{
    AccountId, Crisis, CronId, FolderIdentity, Ledger, Problem, QuotaWindow, Remembered, Settings, Switch,
    TemporaryModel, TierMap,
};

use super::files::{Known, StateFile};
use super::history::{History, InterruptedJob};
use super::lease::{self, Lease};
use super::owner::Place;
use super::tiers::TakenOut;
use super::{StateError, Watch};

/// The names of the files that this program knows.
pub mod names {
    pub const TIERS: &str = "cron-tiers.json";
    pub const STATUS: &str = "provider-status.json";
    pub const TRACKING: &str = "provider-tracking.json";
    pub const DISABLED: &str = "disabled-tracking.json";
    pub const SWITCHES: &str = "switches.log";
    pub const LEDGER: &str = "ledger.json";
    pub const SETTINGS: &str = "settings.json";
    pub const HISTORY: &str = "history.db";
    /// Belongs to this folder alone: neither exported nor imported.
    pub const OWNER: &str = "owner.json";
    /// What the dashboard scrapers write: `kimi-quota.json`.
    pub const QUOTA_SUFFIX: &str = "-quota.json";

    /// Those that are read, watched, exported and imported; the database is none of them.
    pub const FILES: [&str; 7] = [TIERS, STATUS, TRACKING, DISABLED, SWITCHES, LEDGER, SETTINGS];

    #[must_use]
    pub fn is_known(name: &str) -> bool {
        FILES.contains(&name) || is_quota(name)
    }

    #[must_use]
    pub fn is_quota(name: &str) -> bool {
        name.strip_suffix(QUOTA_SUFFIX).is_some_and(|provider| !provider.is_empty() && !provider.starts_with('.'))
    }
}

/// An open state folder. Without the lease it only looks.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    right: Right,
    tiers: StateFile,
    settings: StateFile,
    ledger: StateFile,
    status: StateFile,
    tracking: StateFile,
    disabled: StateFile,
    owner: StateFile,
    /// What the file was last read as: changes are found by comparing with it.
    tiers_read: TierMap,
    ledger_read: Ledger,
    crisis_read: Crisis,
    taken_out: TakenOut,
    history: Option<History>,
    /// There is a history, but a later version of this program wrote it.
    has_newer_history: bool,
    known: Known,
    /// There was no such folder before we opened it.
    made: bool,
    /// Which folder was opened, whatever stands at its path later; `None` where the system does not tell.
    identity: Option<(u64, u64)>,
    /// What tells this folder from a copy of it.
    place: Place,
    /// Our view differs from what a face was last given, because a save met a foreign edit.
    is_stale: bool,
    /// The quota files of the last load, to notice their changes.
    quota_print: u64,
    /// Problems that came up while writing, given out with the next load.
    pending: Vec<Problem>,
    /// The newest moment we were told, for the dated names of files set aside while writing.
    clock: Timestamp,
}

/// Whether this engine may write here.
#[derive(Debug)]
enum Right {
    Holds(Lease),
    HeldBy(String),
    /// The folder itself does not let us.
    CannotWrite(String),
}

/// What a folder says.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub tiers: TierMap,
    pub ledger: Ledger,
    /// The ledger is not there, or something of it cannot be read.
    pub ledger_lost: bool,
    /// Crisis mode, from the same file.
    pub crisis: Crisis,
    /// Newest first, at most a thousand.
    pub switches: Vec<Switch>,
    /// Only after opening with the lease: a job that the last holder left without an end.
    pub interrupted: Option<InterruptedJob>,
    /// Quotas that dashboard scrapers left beside the state files.
    pub scraped: BTreeMap<AccountId, Vec<QuotaWindow>>,
    /// Models that were added by hand for a while, from `provider-tracking.json`.
    pub temporary: Vec<TemporaryModel>,
    /// Crons whose edit waits to be applied.
    pub pending: BTreeSet<CronId>,
    /// Gateway versions on which a guarded write was refused as it must be.
    pub proven: BTreeSet<String>,
    /// Which folder this is, and on which gateway it acts.
    pub identity: FolderIdentity,
    /// How the accounts stood when that was last written down.
    pub remembered: Remembered,
    pub problems: Vec<Problem>,
}

/// What an address that led nowhere leaves in a folder.
const NOTHING_LEARNED: [&str; 5] =
    [names::HISTORY, "history.db-wal", "history.db-shm", lease::LOCK_FILE, lease::HOLDER_FILE];

impl Drop for Folder {
    /// A folder that we made, and that holds nothing of a gateway, goes with us.
    fn drop(&mut self) {
        if !self.made || self.is_replaced() || !matches!(self.right, Right::Holds(_)) {
            return;
        }
        let nothing =
            |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(|name| NOTHING_LEARNED.contains(&name));
        let Ok(entries) = std::fs::read_dir(&self.path).and_then(Iterator::collect::<Result<Vec<_>, _>>) else {
            return;
        };
        if entries.iter().all(nothing) {
            self.history = None;
            // The lease is held until the last file is gone; what stays is harmless.
            for entry in entries {
                std::fs::remove_file(entry.path()).ok();
            }
            std::fs::remove_dir(&self.path).ok();
        }
    }
}

impl Folder {
    /// Opens a folder, making it if needed, and reads everything in it.
    ///
    /// Files that do not parse are set aside and named in the problems. When somebody else holds
    /// the lease the folder is read-only and [`Folder::held_by`] says who.
    ///
    /// # Errors
    /// When the folder cannot be made or is no folder.
    pub fn open(path: &Path, holder: &str, now: Timestamp) -> Result<(Self, Loaded), StateError> {
        load::open(path, holder, now)
    }

    /// Opens a folder to read it: nothing is made or asked for, and nothing can be written.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn look(path: &Path, now: Timestamp) -> Result<Self, StateError> {
        load::look(path, now)
    }

    /// Who may write, if that is not us.
    #[must_use]
    pub fn held_by(&self) -> Option<&str> {
        match &self.right {
            Right::HeldBy(holder) => Some(holder),
            _ => None,
        }
    }

    /// Tells others where they can watch us. Nothing is told without the lease.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn served_at(&mut self, socket: &Path) -> Result<(), StateError> {
        match &mut self.right {
            Right::Holds(lease) => lease.served_at(socket),
            _ => Ok(()),
        }
    }

    /// Whether others read that we hold it; where we do not there is nothing to read.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !matches!(&self.right, Right::Holds(lease) if !lease.is_told())
    }

    /// Says anew that we hold it. It shows that the folder takes files.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn tell(&self) -> Result<(), StateError> {
        if let Right::Holds(lease) = &self.right { lease.tell() } else { Ok(()) }
    }

    /// Where the holder lets itself be watched, when somebody else holds it.
    #[must_use]
    pub fn service(&self) -> Option<PathBuf> {
        self.held_by().and_then(|_| lease::service_of(&self.path))
    }

    /// Asks for the lease again, when somebody else held it. Once it is ours everything is read as at
    /// opening; until then `None`, and [`Folder::held_by`] says who has it now.
    ///
    /// A [`Watch`] of this folder must be made anew then.
    ///
    /// # Errors
    /// When it cannot be asked for; the folder stays as it was.
    pub fn ask_again(&mut self, holder: &str, now: Timestamp) -> Result<Option<Loaded>, StateError> {
        load::ask_again(self, holder, now)
    }

    /// Why nothing can be written, if so.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        match &self.right {
            Right::Holds(_) => None,
            Right::HeldBy(why) | Right::CannotWrite(why) => Some(why),
        }
    }

    /// Another folder stands at the path now: what is recorded here goes nowhere, and it must be opened anew.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.path.is_dir() && identity_of(&self.path) != self.identity
    }

    /// A file holds more than we wrote: [`Folder::reload`] tells what.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads again what changed on disk. `None` when nothing did since we last read or wrote.
    ///
    /// A file that does not parse now may be in the middle of somebody's write: it is reported and
    /// left where it is, and what it said before still holds.
    ///
    /// # Errors
    /// None so far: what cannot be read is a problem in what is loaded.
    pub fn reload(&mut self, now: Timestamp) -> Result<Option<Loaded>, StateError> {
        Ok(load::reload(self, now))
    }

    /// Calls `on_change` after another program edited a state file; our own writes do not count.
    ///
    /// # Errors
    /// When the system cannot watch the folder.
    pub fn watch(&self, on_change: impl Fn() + Send + 'static) -> Result<Watch, StateError> {
        Watch::of_known(&self.path, self.known.clone(), on_change)
    }

    /// Reads everything again, changed or not.
    pub(super) fn reload_all(&mut self, now: Timestamp) -> Loaded {
        load::reload_all(self, now)
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn may_write(&self) -> Result<(), StateError> {
        match &self.right {
            Right::Holds(_) => Ok(()),
            Right::HeldBy(holder) => Err(StateError::Held { holder: holder.clone() }),
            Right::CannotWrite(why) => Err(StateError::FolderNotWritable { path: self.path.clone(), why: why.clone() }),
        }
    }
}

#[cfg(unix)]
fn identity_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// An open folder cannot be moved away here.
#[cfg(not(unix))]
fn identity_of(_path: &Path) -> Option<(u64, u64)> {
    None
}
