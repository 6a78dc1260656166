//! `doctor`: whether everything that this program needs is there, line by line, with what to do where it is not.
//!
//! It connects like every other command and changes nothing; a gateway that cannot be reached is one line among the
//! others.

mod findings;

use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::Common;
use super::exit::{Exit, Failure};
use super::print;
use super::session::Session;
use super::table::table;
use crate::domain::{UnitStanding, UnitTrouble};
use crate::engine::{self, EngineOptions, Snapshot};

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Ok,
    /// It works, and something is missing or will be.
    Warn,
    /// It does not work before somebody does something.
    Fail,
}

/// What was looked at, how it stands, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Line {
    check: &'static str,
    mark: Mark,
    what: String,
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    worst: Mark,
    lines: &'a [Line],
}

/// All that was seen, before anything is said of it.
#[derive(Debug)]
struct Seen {
    /// What the engine shows; `None`: it was not even known which gateway is meant.
    snapshot: Option<std::sync::Arc<Snapshot>>,
    /// Why there is no connection.
    not_connected: Option<Failure>,
    service: Option<Result<UnitStanding, UnitTrouble>>,
    keychain: Result<(), String>,
    notifications: Result<String, String>,
    zone: TimeZone,
}

pub(super) fn run(common: &Common) -> Result<Exit, Failure> {
    let lines = findings::lines(&look(common));
    let worst = lines.iter().map(|line| line.mark).max().unwrap_or(Mark::Ok);
    if common.json {
        print::json(&Document { worst, lines: &lines })?;
    } else {
        print::text(&text(&lines))?;
    }
    Ok(if worst == Mark::Fail { Exit::Failed } else { Exit::Done })
}

fn look(common: &Common) -> Seen {
    let (snapshot, not_connected) = match Session::open(common) {
        Ok(mut session) => {
            let failure = session.ready().err();
            (Some(session.snapshot()), failure)
        }
        Err(failure) => (None, Some(failure)),
    };
    let folder: Option<PathBuf> = snapshot.as_ref().and_then(|now| Some(now.folder.as_ref()?.path.clone()));
    let env = EngineOptions::of_this_process().env;
    Seen {
        snapshot,
        not_connected,
        service: folder.map(|folder| engine::service_standing(&env, &folder)),
        keychain: engine::keychain_answers(),
        notifications: engine::notifications_answer(),
        zone: TimeZone::system(),
    }
}

/// "ok    gateway  Connected to home-mini", with what to do below.
fn text(lines: &[Line]) -> String {
    let mark = |mark| match mark {
        Mark::Ok => "ok",
        Mark::Warn => "warn",
        Mark::Fail => "fail",
    };
    let mut rows = Vec::new();
    for line in lines {
        rows.push([mark(line.mark).to_owned(), line.check.to_owned(), line.what.clone()]);
        rows.extend(line.remedy.iter().map(|remedy| [String::new(), String::new(), format!("→ {remedy}")]));
    }
    table(&rows)
}
