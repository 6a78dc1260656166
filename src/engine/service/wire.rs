//! What is said over the socket.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{Command, Event};
use super::picture::Changes;
use crate::domain::Background;

/// This program's version: the other end must be of the same, because the wire has no other.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const PROGRAM: &str = "model-orchestrator";

/// This program, as it says who it is.
pub fn this(since: Timestamp) -> Background {
    Background { pid: std::process::id(), since, version: VERSION.to_owned() }
}

/// What both ends say first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hello {
    program: String,
    pub version: String,
    pub pid: u32,
    pub since: Timestamp,
}

impl Hello {
    pub fn of(this: &Background) -> Self {
        let Background { pid, since, version } = this.clone();
        Self { program: PROGRAM.to_owned(), version, pid, since }
    }

    pub fn who(self) -> Background {
        Background { pid: self.pid, since: self.since, version: self.version }
    }

    /// # Errors
    /// When it is no program of ours, or another version of it.
    pub fn check(&self) -> Result<(), NotWatched> {
        if self.program != PROGRAM {
            return Err(NotWatched::NotUnderstood { detail: "another program listens there".to_owned() });
        }
        if self.version != VERSION {
            return Err(NotWatched::OtherVersion { version: self.version.clone() });
        }
        Ok(())
    }
}

/// Outward.
#[derive(Debug, Serialize, Deserialize)]
pub enum Said {
    /// What is different from the picture before; the first is whole.
    Picture(Box<Changes>),
    /// With the ticket that the watcher gave.
    Event(Event),
    /// Nothing is new, and it is there.
    Alive,
}

/// Inward.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ask {
    pub ticket: u64,
    pub command: Command,
}

/// Why the program that holds the folder cannot be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWatched {
    /// Nobody listens, or it went away.
    Gone,
    /// It is there, and says nothing.
    Silent,
    OtherVersion {
        version: String,
    },
    NotUnderstood {
        detail: String,
    },
}
