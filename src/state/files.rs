//! One JSON file of the folder: what it said when it was last read, and how a change reaches it.
//!
//! Before writing, the disk is read again: what another program wrote meanwhile is merged in, field
//! by field. A file that does not parse is set aside, never written over.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::{Problem, ProblemKind};

use super::document::{Document, Prefer, merge};
use super::{StateError, atomic};

/// No state file is this large; one that is would only eat memory.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A file as it was last read or written by us.
#[derive(Debug)]
pub(super) struct StateFile {
    name: String,
    path: PathBuf,
    /// `None`: there is no such file.
    bytes: Option<Vec<u8>>,
    document: Document,
}

/// What reading a file anew showed.
#[derive(Debug)]
pub(super) enum Seen {
    Same,
    Changed,
    /// It is on disk, but cannot be used; what was read before still holds.
    Unusable(String),
}

impl StateFile {
    /// Not read yet.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), path: folder.join(name), bytes: None, document: Document::empty() }
    }

    pub fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    pub fn root(&self) -> &Value {
        self.document.root()
    }

    /// Looks at the disk again.
    ///
    /// # Errors
    /// When it is there and cannot be read at all.
    pub fn refresh(&mut self) -> Result<Seen, StateError> {
        let bytes = read(&self.path)?;
        if bytes == self.bytes {
            return Ok(Seen::Same);
        }
        match bytes.as_deref().map(|bytes| usable(&self.name, bytes)) {
            None => self.document = Document::empty(),
            Some(Ok(document)) => self.document = document,
            Some(Err(detail)) => return Ok(Seen::Unusable(detail)),
        }
        self.bytes = bytes;
        Ok(Seen::Changed)
    }

    /// Moves an unusable file away, so that the next write makes a new one.
    pub fn set_aside(&mut self, detail: String, now: Timestamp) -> Result<Problem, StateError> {
        let kept_as = atomic::set_aside(&self.path, "broken", now)?;
        let kept_as = kept_as.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Problem {
            id: format!("state/{}", self.name),
            what: ProblemKind::FileSetAside { file: self.name.clone(), kept_as, detail },
            since: now,
        })
    }

    pub fn cannot_read(&self, detail: String, since: Timestamp) -> Problem {
        let what = ProblemKind::UnusableFile { file: self.name.clone(), detail };
        Problem { id: format!("state/{}", self.name), what, since }
    }

    /// Writes `ours`, made from [`StateFile::root`]. What others changed since then is kept.
    ///
    /// A problem is returned when a file had to be set aside to make room.
    ///
    /// # Errors
    /// [`StateError::Conflict`] when both changed the same field and `prefer` is theirs: everything
    /// else was written. Other errors leave the file as it was.
    pub fn store(
        &mut self,
        ours: &Value,
        prefer: Prefer,
        known: &Known,
        now: Timestamp,
    ) -> Result<Option<Problem>, StateError> {
        let base = self.document.root().clone();
        let mut set_aside = None;
        let (target, fields) = match self.refresh()? {
            // Deleted by somebody: what we know is written anew rather than lost.
            Seen::Changed if self.bytes.is_some() => merge(&base, ours, self.document.root(), prefer),
            Seen::Same | Seen::Changed => (ours.clone(), Vec::new()),
            Seen::Unusable(detail) => {
                set_aside = Some(self.set_aside(detail, now)?);
                (ours.clone(), Vec::new())
            }
        };
        if target != *self.document.root() || !self.exists() || set_aside.is_some() {
            self.write(&target, known)?;
        }
        match prefer {
            Prefer::Theirs if !fields.is_empty() => Err(StateError::Conflict { file: self.name.clone(), fields }),
            _ => Ok(set_aside),
        }
    }

    fn write(&mut self, target: &Value, known: &Known) -> Result<(), StateError> {
        let document = self.document.rewritten(target);
        let bytes = document.bytes();
        known.expect(&self.name, &bytes);
        let written = atomic::write(&self.path, &bytes);
        if written.is_ok() {
            self.document = document;
            self.bytes = Some(bytes);
        }
        self.note(known);
        written
    }

    pub fn note(&self, known: &Known) {
        known.note(&self.name, self.bytes.as_deref());
    }
}

/// The content of a file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let read = || {
        let meta = fs::metadata(path)?;
        if meta.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if !meta.is_file() {
            // Reading a pipe waits for a writer that may never come.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        if meta.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 MB, which no state file is"));
        }
        fs::read(path)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::read(path, error)),
    }
}

/// A file must also have its sections in the right shape, or a write would destroy them.
pub(super) fn usable(name: &str, bytes: &[u8]) -> Result<Document, String> {
    let document = Document::parse(bytes).map_err(|error| error.to_string())?;
    let section = match name {
        super::names::TIERS => Some("crons"),
        super::names::LEDGER => Some("entries"),
        super::names::TRACKING => Some("providers"),
        _ => None,
    };
    let found = section.and_then(|section| document.root().get(section).map(|value| (section, value)));
    match found {
        Some((section, value)) if !value.is_object() && !value.is_null() => {
            Err(format!("expected an object under {section:?}, found {}", super::bad_value::kind_of(value)))
        }
        _ => Ok(document),
    }
}

/// What we wrote or have read of each file, so that the watch can tell others' edits from ours.
///
/// Two contents count while a write is on its way: the one before and the one after.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<BTreeMap<String, [u64; 2]>>>);

impl Known {
    /// This content will be written next.
    fn expect(&self, name: &str, bytes: &[u8]) {
        self.change(name, |prints| prints[1] = print_of(bytes));
    }

    /// This is the content now, by our doing or as we read it; no bytes: there is no file.
    pub(super) fn note(&self, name: &str, bytes: Option<&[u8]>) {
        let print = bytes.map_or(0, print_of);
        self.change(name, |prints| *prints = [print; 2]);
    }

    /// Whether this content is ours or was seen before; from now on it was seen.
    pub(super) fn is_known(&self, name: &str, bytes: Option<&[u8]>) -> bool {
        let print = bytes.map_or(0, print_of);
        self.change(name, |prints| {
            let was_known = prints.contains(&print);
            if !was_known {
                *prints = [print; 2];
            }
            was_known
        })
    }

    fn change<T>(&self, name: &str, change: impl FnOnce(&mut [u64; 2]) -> T) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(known.entry(name.to_owned()).or_default())
    }
}

/// Never 0, which stands for no file.
pub(super) fn print_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().max(1)
}
