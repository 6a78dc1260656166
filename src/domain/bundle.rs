//! Carrying state files in and out of the state folder.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What an import would do, before anything is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportPreview {
    pub id: u64,
    pub from: PathBuf,
    pub files: Vec<ImportFile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportFile {
    /// Name in the state folder.
    pub name: String,
    pub effect: ImportEffect,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ImportEffect {
    Added {
        n_entries: usize,
    },
    Same,
    Changed {
        added: Vec<String>,
        changed: Vec<String>,
        removed: Vec<String>,
    },
    /// It does not parse; it is left out.
    Broken {
        detail: String,
    },
    /// Not a file of this program; it is left out.
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportChoice {
    /// Take what the import holds.
    Take,
    /// Keep what is here.
    Keep,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportWhat {
    Folder,
    /// A file of the state folder, by name.
    File(String),
    /// What a screen shows, as a text of its own.
    Text(String),
}
