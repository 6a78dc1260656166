//! What a view asks for. Views only return these; the app carries them out in one place.

use std::path::PathBuf;

use crate::domain::{AccountId, CronId};
use crate::engine::Command;

/// One wish of the person at the window.
#[derive(Clone, Debug)]
pub enum Action {
    /// Something for the engine.
    Tell(Command),
    Go(Screen),
    /// Opens the crisis screen with this prepared: the press there does it.
    Prepare(Choice),
    /// Opens the details drawer for a cron.
    Open(CronId),
    CloseDrawer,
    /// Shows the board with the quotas at its foot, and the crons lit that draw on this window.
    ShowCrons {
        account: AccountId,
        window: String,
    },
    /// Asks for a path with a native dialog and a path field; what then happens is in the variant.
    Pick(Pick),
    /// Opens a web page in the browser.
    Browse(String),
    /// Asks whether this computer shall act on the gateway instead of another.
    AskTakeOver,
    /// Takes the window out of sight; the program goes on.
    Minimise,
    /// Closes the window without asking again.
    Close,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    #[default]
    Welcome,
    Board,
    Quotas,
    WhatIf,
    Providers,
    Plan,
    Crisis,
    Activity,
    Settings,
}

/// What can be done about an outage, or after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// Switches crisis mode on.
    Enter,
    /// The ordinary plan without its pauses.
    Reroute,
    /// What crisis mode would change now that it is on.
    Follow,
    /// Gives back what was changed.
    Recover,
    /// What was given back, to be read.
    Report,
}

/// What a path is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    ImportFolder,
    ImportFile,
    ExportFolder,
    /// One file of the state folder, by name.
    ExportFile(String),
    /// A text of what a screen shows, under that name.
    ExportText {
        name: String,
        text: String,
    },
}

impl Pick {
    /// The command for the path the user chose.
    #[must_use]
    pub fn command(&self, path: PathBuf) -> Command {
        use crate::domain::ExportWhat;
        match self {
            Self::ImportFolder | Self::ImportFile => Command::PreviewImport { from: path },
            Self::ExportFolder => Command::Export { to: path, what: ExportWhat::Folder },
            Self::ExportFile(name) => Command::Export { to: path, what: ExportWhat::File(name.clone()) },
            Self::ExportText { text, .. } => Command::Export { to: path, what: ExportWhat::Text(text.clone()) },
        }
    }
}
