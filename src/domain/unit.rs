//! The engine without a window, as something that this computer starts by itself for one state folder.

use serde::{Deserialize, Serialize};

/// Whether this person's session runs it, and what became of the last wish to change that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceUnit {
    pub standing: UnitStanding,
    /// How often the system was asked how it stands and has answered.
    pub n_looks: u64,
    /// How many wishes to install or remove it have had their answer.
    pub n_answers: u64,
    /// It is being installed or removed now.
    pub changing: bool,
    /// Why it could not be, the last time that was asked for.
    pub trouble: Option<UnitTrouble>,
    /// What it runs, and what a person runs where nothing can be installed.
    pub argv: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitStanding {
    /// Nobody has asked yet, or there is no folder that it would be for.
    #[default]
    Unknown,
    /// Nothing on this computer keeps a person's services running, or it does not answer.
    Unavailable {
        why: UnitTrouble,
    },
    Absent,
    Installed {
        /// As the service manager calls it.
        name: String,
        activity: UnitActivity,
        /// Whether it runs without a login too; `None`: not told.
        lingers: Option<bool>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitActivity {
    Running,
    Stopped,
    /// It was started and ended badly.
    Failed,
}

/// Why a service cannot be installed, removed or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitTrouble {
    /// There is no `systemctl`.
    NoManager,
    /// It is there, but nothing that manages the services of this person answers.
    NoSession {
        detail: String,
    },
    Refused {
        detail: String,
    },
    CannotWrite {
        file: String,
        detail: String,
    },
    /// A path that no unit can hold.
    Unwritable {
        text: String,
    },
    /// The token was typed and kept nowhere, so that a program without a window would not find it.
    TokenInMemory,
    /// This program does not know where it is.
    NoProgram,
}

impl ServiceUnit {
    #[must_use]
    pub fn installed(&self) -> bool {
        matches!(self.standing, UnitStanding::Installed { .. })
    }

    /// It goes on when this program ends.
    #[must_use]
    pub fn runs(&self) -> bool {
        matches!(self.standing, UnitStanding::Installed { activity: UnitActivity::Running, .. })
    }
}
