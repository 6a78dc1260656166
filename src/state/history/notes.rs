//! Small facts that may be lost: which edits wait for an apply, which gateway versions are proven, how
//! the accounts stood, up to when all runs are known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{CronId, Remembered};
use crate::state::StateError;

use super::{History, failed, to_json};

const PENDING_EDITS: &str = "pending_edits";
const PROVEN_VERSIONS: &str = "proven_versions";
const ACCOUNTS: &str = "accounts";
pub(super) const RUNS_WHOLE: &str = "runs_whole";

impl History {
    pub(crate) fn note_pending_edits(&mut self, crons: &BTreeSet<CronId>) -> Result<(), StateError> {
        self.note(PENDING_EDITS, crons)
    }

    pub(crate) fn pending_edits(&self) -> Result<BTreeSet<CronId>, StateError> {
        self.noted(PENDING_EDITS)
    }

    pub(crate) fn note_proven_versions(&mut self, versions: &BTreeSet<String>) -> Result<(), StateError> {
        self.note(PROVEN_VERSIONS, versions)
    }

    pub(crate) fn proven_versions(&self) -> Result<BTreeSet<String>, StateError> {
        self.noted(PROVEN_VERSIONS)
    }

    pub(crate) fn note_accounts(&mut self, known: &Remembered) -> Result<(), StateError> {
        self.note(ACCOUNTS, known)
    }

    pub(crate) fn accounts(&self) -> Result<Remembered, StateError> {
        self.noted(ACCOUNTS)
    }

    /// Up to when all runs are known: written together with runs.
    pub(crate) fn runs_whole(&self) -> Result<Option<Timestamp>, StateError> {
        self.noted(RUNS_WHOLE)
    }

    fn note(&mut self, key: &str, value: &impl Serialize) -> Result<(), StateError> {
        put(&self.db, key, value).map_err(failed("writing a note"))
    }

    /// A note that is missing or unreadable is an empty one.
    fn noted<T: DeserializeOwned + Default>(&self, key: &str) -> Result<T, StateError> {
        let text: Option<String> = self
            .db
            .query_row("SELECT value FROM notes WHERE key = ?1", params![key], |row| row.get(0))
            .optional()
            .map_err(failed("reading a note"))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }
}

pub(super) fn put(db: &Connection, key: &str, value: &impl Serialize) -> rusqlite::Result<()> {
    db.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?1, ?2)", params![key, to_json(value)])?;
    Ok(())
}
