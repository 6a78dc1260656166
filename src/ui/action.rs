//! What a view asks for. Views only return these; the app carries them out in one place.

use std::path::PathBuf;

use crate::domain::CronId;
use crate::engine::Command;

/// One wish of the person at the window.
#[derive(Clone, Debug)]
pub enum Action {
    /// Something for the engine.
    Tell(Command),
    Go(Screen),
    /// Opens the details drawer for a cron.
    Open(CronId),
    CloseDrawer,
    /// Asks for a path with a native dialog and a path field; what then happens is in the variant.
    Pick(Pick),
    /// Opens a web page in the browser.
    Browse(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    #[default]
    Welcome,
    Board,
    Providers,
    Plan,
    Activity,
    Settings,
}

/// What a path is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    ImportFolder,
    ImportFile,
    ExportFolder,
    /// One file of the state folder, by name.
    ExportFile(String),
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
        }
    }
}
