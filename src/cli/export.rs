//! `export`: copies the state folder, or one file of it, without secrets.

use std::path::Path;

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::session::{NotDone, Session};
use crate::domain::{ExportWhat, ProblemKind, Refusal};
use crate::engine::{Command, Done};
use crate::words;

pub(super) const FILES: &str =
    "The state files are cron-tiers.json, settings.json, ledger.json, switches.log and what status files it has";

#[derive(Debug, Serialize)]
struct Document {
    to: String,
    files: usize,
}

pub(super) fn run(session: &mut Session, to: &Path, file: Option<&str>, as_json: bool) -> Result<Exit, Failure> {
    session.folder()?;
    let what = file.map_or(ExportWhat::Folder, |name| ExportWhat::File(name.to_owned()));
    let done = session.ask(Command::Export { to: absolute(to)?, what }).map_err(|not_done| match (not_done, file) {
        // A copy of one file is refused for its name alone.
        (NotDone::Refused(Refusal::Problem(ProblemKind::Refused { .. })), Some(name)) => {
            Failure::new(Exit::Usage, format!("the state folder has no file '{name}'")).with_remedy(FILES)
        }
        (not_done, _) => session.failure(not_done),
    })?;
    let Done::Exported { to, n_files } = done else {
        return Err(Failure::new(Exit::Failed, "the export gave no answer"));
    };
    if as_json {
        print::json(&Document { to, files: n_files })?;
    } else {
        print::text(&format!("{} copied to {to}", words::count(n_files, "file")))?;
    }
    Ok(Exit::Done)
}

/// The engine may have another working folder in mind one day; a path is made whole here.
pub(super) fn absolute(path: &Path) -> Result<std::path::PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::new(Exit::Usage, format!("no usable path: {error}")))
}
