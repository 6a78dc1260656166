//! Short news in the status line: what was just done or refused.
//!
//! One at a time. News of something done goes after a while; a refusal stays until the next.

use jiff::{SignedDuration, Timestamp};

use crate::engine::{Done, Event, Snapshot};
use crate::words::{self, Speech};

/// How long news of something done stays.
const STAYS: SignedDuration = SignedDuration::from_secs(12);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub at: Timestamp,
    /// Something was refused.
    pub refused: bool,
    /// It was an edit, so "Undo" stands beside it.
    pub edit: bool,
}

/// The newest notice.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    current: Option<Notice>,
}

impl Notices {
    /// Takes in one event of the engine.
    pub fn hear(&mut self, event: &Event, snapshot: &Snapshot, speech: &Speech<'_>) {
        let (text, refused, edit) = match event {
            Event::Refused { why, .. } => {
                let said = words::refusal(why, speech);
                let text = said.remedy.map_or_else(|| said.what.clone(), |remedy| format!("{} — {remedy}", said.what));
                (text, true, false)
            }
            Event::Done { what: Done::Edited { label }, .. } => (label.clone(), false, true),
            Event::Done { what: Done::Exported { to, n_files }, .. } => {
                (format!("{} exported to {to}", files(*n_files)), false, false)
            }
            Event::Done { what: Done::Imported { n_files }, .. } => {
                (format!("{} imported", files(*n_files)), false, false)
            }
            Event::Done { what: Done::Quietly | Done::Checked { .. }, .. } | Event::Switched(_) => return,
        };
        self.current = Some(Notice { text, at: snapshot.at, refused, edit });
    }

    /// Says something that no event carries.
    pub fn say(&mut self, text: String, at: Timestamp) {
        self.current = Some(Notice { text, at, refused: true, edit: false });
    }

    /// The notice to show now, and for how long it stays.
    #[must_use]
    pub fn shown(&self, now: Timestamp) -> Option<(&Notice, Option<SignedDuration>)> {
        let notice = self.current.as_ref()?;
        let left = STAYS - now.duration_since(notice.at);
        match (notice.refused, left.is_positive()) {
            (true, _) => Some((notice, None)),
            (false, true) => Some((notice, Some(left))),
            (false, false) => None,
        }
    }

    pub fn dismiss(&mut self) {
        self.current = None;
    }
}

fn files(n: usize) -> String {
    if n == 1 { "1 file".to_owned() } else { format!("{n} files") }
}
