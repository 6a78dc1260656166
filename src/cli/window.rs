//! The window, from the command line: on the demo, on the gateway that was named, or on the welcome screen.
//!
//! This room does not draw: whoever runs it brings the window along.

use super::args::Common;
use super::exit::{Exit, Failure};
use super::target;
use crate::engine::Target;

const NO_DISPLAY: &str = "There is no display here; `model-orchestrator status` and the other commands work without one, and `demo --headless` serves the demo gateway.";

/// Opens a window, on a gateway if one is named, and returns when it was closed.
pub type OpenWindow = fn(Option<Target>) -> Result<(), NoWindow>;

/// Why there is no window.
#[derive(Debug)]
pub enum NoWindow {
    NoDisplay,
    Failed { detail: String },
}

pub(super) fn run(common: &Common, demo: bool, open: OpenWindow) -> Result<Exit, Failure> {
    let first = match (demo, &common.url) {
        (true, _) => Some(Target::Demo),
        (false, Some(_)) => Some(Target::Gateway(target::choose(common, &[])?)),
        (false, None) => None,
    };
    open(first).map(|()| Exit::Done).map_err(|why| match why {
        NoWindow::NoDisplay => Failure::new(Exit::Failed, NO_DISPLAY),
        NoWindow::Failed { detail } => Failure::new(Exit::Failed, format!("The window does not open: {detail}")),
    })
}
