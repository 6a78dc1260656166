//! `history.db`: what happened. Journal of every apply, switches, plans, runs, health, snapshots.
//!
//! `SQLite` in WAL mode, synced at every commit because the journal must be on disk before a call
//! is made. Deleting the file loses history, never the mapping and never a paused cron: nothing
//! here is the only copy of a debt or a decision.

mod journal;
mod notes;
mod readings;
mod samples;
mod schema;
#[cfg(test)]
mod tests;
mod usage;

pub use journal::{InterruptedJob, Record};

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StateError, atomic};
use schema::Unusable;

pub(super) const FILE: &str = "history.db";

/// An open history database.
#[derive(Debug)]
pub struct History {
    db: Connection,
}

impl History {
    /// Opens or makes the database of a folder. A broken one is set aside; its new name is
    /// returned beside the fresh one.
    ///
    /// # Errors
    /// When it cannot be made. [`StateError::NewerHistory`] for one of a later version, which is left
    /// where it is.
    pub fn open(folder: &Path, now: Timestamp) -> Result<(Self, Option<String>), StateError> {
        let path = folder.join(FILE);
        match Self::open_checked(&path) {
            Ok(history) => Ok((history, None)),
            Err(Unusable::Failed(error)) if is_broken(&error) => {
                let kept_as = atomic::set_aside(&path, "broken", now)?;
                for suffix in ["-wal", "-shm"] {
                    let beside = folder.join(format!("{FILE}{suffix}"));
                    if beside.exists() {
                        atomic::set_aside(&beside, "broken", now)?;
                    }
                }
                let history = Self::open_checked(&path).map_err(not_opened)?;
                Ok((history, kept_as.file_name().map(|name| name.to_string_lossy().into_owned())))
            }
            Err(unusable) => Err(not_opened(unusable)),
        }
    }

    /// For an engine that only looks: the database of the holder, unchanged.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open_read_only(folder: &Path) -> Result<Self, StateError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(folder.join(FILE), flags).map_err(failed("opening"))?;
        db.busy_timeout(schema::BUSY_TIMEOUT).map_err(failed("opening"))?;
        schema::pending(&db).map_err(not_opened)?;
        Ok(Self { db })
    }

    fn open_checked(path: &Path) -> Result<Self, Unusable> {
        make_private(path);
        let mut db = Connection::open(path)?;
        schema::prepare(&mut db)?;
        Ok(Self { db })
    }
}

/// For its owner only; what `SQLite` makes beside it follows. Where this cannot be done, opening says why.
fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        if made.is_err() {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).ok();
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Not a database, damaged, or without our tables.
fn is_broken(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        }
        rusqlite::Error::InvalidQuery => true,
        _ => false,
    }
}

fn not_opened(unusable: Unusable) -> StateError {
    match unusable {
        Unusable::Newer => StateError::NewerHistory,
        Unusable::Failed(error) => failed("opening")(error),
    }
}

fn failed(step: &'static str) -> impl FnOnce(rusqlite::Error) -> StateError {
    move |source| StateError::History { step, source }
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have text keys and no failing serialisers")
}

fn from_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
