//! `import`: takes state files over, after a preview.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::export::{FILES as STATE_FILES, absolute};
use super::session::{Session, read_only};
use super::table::table;
use super::{apply, print};
use crate::domain::{ImportChoice, ImportEffect, ImportFile, ImportPreview};
use crate::engine::{Command, Done};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    from: String,
    files: Vec<FileRow>,
    /// Files that were written.
    imported: usize,
}

#[derive(Debug, Serialize)]
struct FileRow {
    file: String,
    effect: &'static str,
    choice: Option<&'static str>,
    detail: Option<String>,
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
}

pub(super) fn run(
    session: &mut Session,
    from: &Path,
    yes: bool,
    keep: &[String],
    as_json: bool,
) -> Result<Exit, Failure> {
    session.folder()?;
    session.tell(Command::PreviewImport { from: absolute(from)? })?;
    let context = session.shows(|snapshot| snapshot.import.is_some())?;
    let preview = context.snapshot.import.clone().ok_or_else(|| Failure::new(Exit::Failed, "there is no preview"))?;
    if let Some(unknown) = keep.iter().find(|name| !preview.files.iter().any(|file| file.name == **name)) {
        return Err(Failure::new(Exit::Usage, format!("the import holds no file {unknown}")));
    }
    let rows: Vec<_> = preview.files.iter().map(|file| row(file, keep)).collect();
    let told = |imported: usize, rows: Vec<FileRow>| {
        let from = preview.from.display().to_string();
        if as_json { print::json(&Document { from, files: rows, imported }) } else { Ok(()) }
    };
    if !as_json {
        print::text(&text(&preview, &rows))?;
    }
    let taken = rows.iter().filter(|row| row.choice == Some("take")).count();
    if taken == 0 {
        told(0, rows)?;
        if preview.files.iter().all(|file| file.effect == ImportEffect::Foreign) {
            return Err(Failure::new(Exit::Usage, "nothing was imported: that is no file of this program")
                .with_remedy(STATE_FILES));
        }
        return Ok(broken(&preview, keep));
    }
    let question = format!("Import {}?", words::count(taken, "file"));
    let stopped = read_only(&context).filter(|_| context.snapshot.folder.as_ref().is_some_and(|f| f.held_by.is_some()));
    if let Err(failure) = stopped.map_or_else(|| apply::agreed(yes, as_json, &question), Err) {
        told(0, rows)?;
        return Err(failure);
    }
    let done = session.tell(Command::ConfirmImport { preview: preview.id, choices: choices(&preview, keep) })?;
    let imported = if let Done::Imported { n_files } = done { n_files } else { taken };
    told(imported, rows)?;
    if !as_json {
        print::text(&format!("{} imported", words::count(imported, "file")))?;
    }
    Ok(broken(&preview, keep))
}

/// A file that could not be read is a failure unless it was to be kept anyway.
fn broken(preview: &ImportPreview, keep: &[String]) -> Exit {
    let lost = |file: &&ImportFile| matches!(file.effect, ImportEffect::Broken { .. }) && !keep.contains(&file.name);
    if preview.files.iter().any(|file| lost(&file)) { Exit::Failed } else { Exit::Done }
}

fn choices(preview: &ImportPreview, keep: &[String]) -> BTreeMap<String, ImportChoice> {
    let choice = |file: &ImportFile| {
        let choice = if keep.contains(&file.name) { ImportChoice::Keep } else { ImportChoice::Take };
        (file.name.clone(), choice)
    };
    preview.files.iter().map(choice).collect()
}

fn row(file: &ImportFile, keep: &[String]) -> FileRow {
    let mut row = FileRow {
        file: file.name.clone(),
        effect: "same",
        choice: None,
        detail: None,
        added: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
    };
    let choice = Some(if keep.contains(&file.name) { "keep" } else { "take" });
    match &file.effect {
        ImportEffect::Same => {}
        ImportEffect::Foreign => row.effect = "foreign",
        ImportEffect::Broken { detail } => (row.effect, row.detail) = ("broken", Some(detail.clone())),
        ImportEffect::Added { n_entries } => {
            (row.effect, row.choice) = ("added", choice);
            row.detail = Some(entries(*n_entries));
        }
        ImportEffect::Changed { added, changed, removed } => {
            (row.effect, row.choice) = ("changed", choice);
            (row.added, row.changed, row.removed) = (added.clone(), changed.clone(), removed.clone());
        }
    }
    row
}

fn entries(n: usize) -> String {
    if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") }
}

fn text(preview: &ImportPreview, rows: &[FileRow]) -> String {
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let counts = [(row.added.len(), "added"), (row.changed.len(), "changed"), (row.removed.len(), "removed")];
            let counts: Vec<_> =
                counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            let effect = match row.effect {
                "foreign" => "not a file of this program, left out",
                "broken" => "does not parse, left out",
                other => other,
            };
            let kept = if row.choice == Some("keep") { "kept as it is here" } else { effect };
            [row.file.clone(), kept.to_owned(), row.detail.clone().unwrap_or_else(|| counts.join(", "))]
        })
        .collect();
    format!("Import from {}\n{}", preview.from.display(), table(&lines))
}
