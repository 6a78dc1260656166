//! News that the next snapshot will not repeat. State belongs in [`Snapshot`](super::Snapshot).

use serde::{Deserialize, Serialize};

use crate::domain::{Refusal, Switch};

/// The number of one command, to match an answer with what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket(pub u64);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The command was not carried out, and why.
    Refused { ticket: Ticket, why: Refusal },
    /// The command was carried out; its effect is in the snapshots from now on.
    Done { ticket: Ticket, what: Done },
    /// A switch was written and read back.
    Switched(Box<Switch>),
}

/// Something worth a short line on screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    Quietly,
    Exported {
        to: String,
        n_files: usize,
    },
    Imported {
        n_files: usize,
    },
    /// A round of looks is over.
    Checked {
        n_accounts: usize,
    },
    /// "2 crons moved to T1": what an undo would take back.
    Edited {
        label: String,
    },
}
