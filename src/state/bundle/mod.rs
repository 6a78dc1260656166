//! Carrying state files in and out of a folder.
//!
//! Export copies the known files, without anything that looks like a secret; a file that cannot be
//! searched for secrets, because it does not parse, stays here and is named. Import reads everything first and shows what it would do; only a confirmed preview is written, with a dated
//! copy of what was there. The log is joined, the ledger only grows: a debt is never dropped by a
//! file from elsewhere. The history database stays where it is.

mod preview;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::{ExportWhat, ImportChoice, ImportEffect, ImportPreview};

use super::document::Document;
use super::switch_log::LogLine;
use super::{Folder, Loaded, StateError, atomic, files, ledger, names, settings};

impl Folder {
    /// Copies the folder into the folder `to`, one file to the file (or into the folder) `to`, or writes a text there.
    /// Says how many files were written. What stood there and says something else is kept under a dated name.
    ///
    /// # Errors
    /// When there is nothing of that name, the target cannot be written, or it is this folder itself.
    /// [`StateError::LeftOut`] once everything else was copied, for files that do not parse.
    pub fn export(&self, to: &Path, what: &ExportWhat, now: Timestamp) -> Result<usize, StateError> {
        match what {
            ExportWhat::Folder => {
                fs::create_dir_all(to).map_err(|error| StateError::write(to, error))?;
                self.is_elsewhere(to)?;
                let present = known_names(self.path());
                let (mut n_copied, mut left_out) = (0, Vec::new());
                for name in present.into_iter().filter(|name| self.path().join(name).is_file()) {
                    if let Some(bytes) = without_secrets(self.path(), &name)? {
                        put(&to.join(&name), &bytes, now)?;
                        n_copied += 1;
                    } else {
                        left_out.push(name);
                    }
                }
                if left_out.is_empty() { Ok(n_copied) } else { Err(StateError::LeftOut { files: left_out, n_copied }) }
            }
            ExportWhat::File(name) => {
                if !names::is_known(name) || !self.path().join(name).is_file() {
                    return Err(StateError::NoSuchFile { file: name.clone() });
                }
                let to = if to.is_dir() { to.join(name) } else { to.to_owned() };
                self.is_elsewhere(to.parent().unwrap_or(&to))?;
                let left_out = || StateError::LeftOut { files: vec![name.clone()], n_copied: 0 };
                put(&to, &without_secrets(self.path(), name)?.ok_or_else(left_out)?, now)?;
                Ok(1)
            }
            ExportWhat::Text(text) => {
                self.is_elsewhere(to.parent().unwrap_or(to))?;
                put(to, text.as_bytes(), now)?;
                Ok(1)
            }
        }
    }

    /// A copy beside its original, or over it, would be taken for the state.
    fn is_elsewhere(&self, folder: &Path) -> Result<(), StateError> {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let here = real(self.path()).is_some_and(|here| real(folder) == Some(here));
        if here { Err(StateError::ExportOntoItself) } else { Ok(()) }
    }

    /// What importing a folder or a file would do. Writes nothing.
    ///
    /// A single file is known by its name, else by its shape.
    ///
    /// # Errors
    /// When there is nothing to read at `from`.
    pub fn preview_import(&self, from: &Path) -> Result<ImportPreview, StateError> {
        preview::preview(self.path(), from)
    }

    /// Writes what a preview showed, except the files whose choice is to keep what is here.
    /// Says how many files were written.
    ///
    /// # Errors
    /// [`StateError::ImportChanged`] when either side is no longer what the preview showed.
    pub fn import(
        &mut self,
        preview: &ImportPreview,
        choices: &BTreeMap<String, ImportChoice>,
        now: Timestamp,
    ) -> Result<(usize, Loaded), StateError> {
        self.may_write()?;
        if self.preview_import(&preview.from)?.id != preview.id {
            return Err(StateError::ImportChanged);
        }
        let mut n_written = 0;
        for file in &preview.files {
            let is_kept = choices.get(&file.name) == Some(&ImportChoice::Keep);
            if !is_kept && matches!(file.effect, ImportEffect::Added { .. } | ImportEffect::Changed { .. }) {
                let source = preview::source_of(&preview.from, &file.name);
                let theirs = files::read(&source)?.ok_or(StateError::ImportChanged)?;
                self.import_file(&file.name, &theirs, now)?;
                n_written += 1;
            }
        }
        Ok((n_written, self.reload_all(now)))
    }

    fn import_file(&self, name: &str, theirs: &[u8], now: Timestamp) -> Result<(), StateError> {
        let path = self.path().join(name);
        let ours = files::read(&path)?;
        let joined = match &ours {
            Some(ours) => joined(name, ours, theirs),
            None => theirs.to_vec(),
        };
        if let Some(ours) = ours {
            atomic::write(&atomic::free_name(&path, "before-import", now), &ours)?;
        }
        self.known().note(name, Some(&joined));
        atomic::write(&path, &joined)
    }
}

/// The names of a folder's files that this program knows, sorted.
fn known_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| names::is_known(name)).collect()
}

/// What the file is after the import.
fn joined(name: &str, ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    match name {
        names::SWITCHES => joined_logs(&String::from_utf8_lossy(ours), &String::from_utf8_lossy(theirs)).into_bytes(),
        names::LEDGER => match (Document::parse(ours), Document::parse(theirs)) {
            (Ok(mine), Ok(other)) => mine.rewritten(&ledger::joined(mine.root(), other.root())).bytes(),
            _ => theirs.to_vec(),
        },
        _ => theirs.to_vec(),
    }
}

/// Both logs in one, by time; our lines come first within a second, and stay as they are.
fn joined_logs(ours: &str, theirs: &str) -> String {
    let here: BTreeSet<&str> = ours.lines().collect();
    let new = theirs.lines().filter(|line| LogLine::parse(line).is_some() && !here.contains(line));
    // A line without a date belongs to the one before it.
    let mut newest = Timestamp::MIN;
    let mut lines: Vec<(Timestamp, &str)> = Vec::new();
    for line in ours.lines() {
        newest = LogLine::parse(line).map_or(newest, |line| line.at.max(newest));
        lines.push((newest, line));
    }
    lines.extend(new.filter_map(|line| Some((LogLine::parse(line)?.at, line))));
    lines.sort_by_key(|(at, _)| *at);
    lines.iter().fold(String::new(), |text, (_, line)| text + line + "\n")
}

/// What may leave the folder of a file; `None` when it cannot be searched for secrets.
fn without_secrets(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, StateError> {
    let bytes = files::read(&folder.join(name))?.ok_or_else(|| StateError::NoSuchFile { file: name.to_owned() })?;
    if name == names::SWITCHES {
        return Ok(Some(bytes));
    }
    Ok(Document::parse(&bytes).ok().map(|document| {
        let mut root = document.root().clone();
        drop_secrets(&mut root);
        if name == names::SETTINGS {
            settings::drop_literal_keys(&mut root);
        }
        document.without_hidden().rewritten(&root).bytes()
    }))
}

/// Writes a copy; another file of that name is kept under a dated one.
fn put(to: &Path, bytes: &[u8], now: Timestamp) -> Result<(), StateError> {
    if to.is_file() {
        if files::read(to).is_ok_and(|there| there.as_deref() == Some(bytes)) {
            return Ok(());
        }
        atomic::set_aside(to, "before-export", now)?;
    }
    atomic::write(to, bytes)
}

/// Takes out everything but yes-or-no and plain counts under keys that name a secret. Our own files hold none, but fields that we keep
/// for others, and the definitions of crons, may.
fn drop_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, value| {
                value.is_boolean() || value.is_number() || value.is_null() || !names_a_secret(key)
            });
            fields.values_mut().for_each(drop_secrets);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_secrets),
        _ => {}
    }
}

fn names_a_secret(key: &str) -> bool {
    // As environments spell it; `sessionKey` and its like are names, not secrets.
    if key.ends_with("_KEY") && !key.contains(char::is_lowercase) {
        return true;
    }
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let ends = ["token", "tokens", "secret", "secrets", "password", "passwd", "apikey", "apikeys", "authorization"];
    let others = ["bearer", "cookie", "cookies", "credential", "credentials", "privatekey", "accesskey", "auth"];
    ends.iter().chain(&others).any(|end| key.ends_with(end))
}
