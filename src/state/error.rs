//! Why the state folder could not be read or written.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::{Problem, ProblemKind};

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// What was there before is still there.
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// Somebody else holds the lease, so this engine may look but not touch.
    #[error("state folder is held by {holder}")]
    Held { holder: String },
    #[error("nothing can be written into {}: {why}", path.display())]
    FolderNotWritable { path: PathBuf, why: String },
    /// Another program changed the same fields; theirs were kept, everything else was written.
    #[error("another program changed the same fields of {file}: {}", fields.join(", "))]
    Conflict { file: String, fields: Vec<String> },
    #[error("history database failed at {step}")]
    History { step: &'static str, source: rusqlite::Error },
    /// Left as it is: what its tables mean is unknown here.
    #[error("history database was written by a newer version of this program")]
    NewerHistory,
    /// Nothing was written; a new preview shows how things stand now.
    #[error("the files to import changed since the preview")]
    ImportChanged,
    #[error("nothing to import at {}", path.display())]
    NothingToImport { path: PathBuf },
    /// Nothing was written.
    #[error("the export would write into the state folder itself")]
    ExportOntoItself,
    /// Nothing was written.
    #[error("{file} has another entry of that name: {id}")]
    NameTaken { file: String, id: String },
    #[error("no such state file: {file}")]
    NoSuchFile { file: String },
    /// Files that do not parse may hold secrets anywhere; all others were copied.
    #[error("not exported, because they do not parse: {}", files.join(", "))]
    LeftOut { files: Vec<String>, n_copied: usize },
    #[error("cannot watch {}", path.display())]
    Watch { path: PathBuf, source: notify::Error },
}

impl StateError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// The error with its causes on one line, for a person.
    #[must_use]
    pub fn full_text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// How a face sees it.
    #[must_use]
    pub fn problem(&self, since: Timestamp) -> Problem {
        let file_name = |path: &Path| {
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
        };
        let (id, what) = match self {
            Self::Read { path, source } if is_unusable(source.kind()) => {
                let file = file_name(path);
                (format!("state/{file}"), ProblemKind::UnusableFile { file, detail: source.to_string() })
            }
            Self::Read { path, .. } | Self::NothingToImport { path } | Self::Watch { path, .. } => {
                let file = file_name(path);
                (format!("state/{file}"), ProblemKind::CannotRead { file, detail: self.full_text() })
            }
            Self::Write { path, .. } => {
                let file = file_name(path);
                (format!("state/{file}"), ProblemKind::CannotWrite { file, detail: self.full_text() })
            }
            Self::FolderNotWritable { path, why } => {
                let folder = path.display().to_string();
                ("state/folder".to_owned(), ProblemKind::FolderNotWritable { folder, detail: why.clone() })
            }
            Self::Held { holder } => ("state/lease".to_owned(), ProblemKind::FolderHeld { holder: holder.clone() }),
            Self::Conflict { file, fields } => {
                (format!("state/{file}"), ProblemKind::EditConflict { file: file.clone(), field: fields.join(", ") })
            }
            Self::History { .. } => (
                "state/history.db".to_owned(),
                ProblemKind::CannotWrite { file: "history.db".to_owned(), detail: self.full_text() },
            ),
            Self::NewerHistory => {
                ("state/history.db".to_owned(), ProblemKind::NewerFile { file: "history.db".to_owned() })
            }
            Self::LeftOut { files, n_copied } => {
                ("state/export".to_owned(), ProblemKind::ExportLeftOut { files: files.clone(), n_copied: *n_copied })
            }
            Self::ExportOntoItself => ("state/export".to_owned(), ProblemKind::ExportOntoItself),
            Self::NameTaken { file, .. } => {
                (format!("state/{file}"), ProblemKind::Refused { detail: self.full_text() })
            }
            Self::ImportChanged | Self::NoSuchFile { .. } => {
                ("state/import".to_owned(), ProblemKind::Refused { detail: self.full_text() })
            }
        };
        Problem { id, what, since }
    }
}

/// It may be read, and still is nothing to read: a folder, a pipe, or far too large.
fn is_unusable(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge)
}
