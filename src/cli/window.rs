//! The window, from the command line: on the demo, on the gateway that was named, or on the welcome screen.

use super::args::Common;
use super::exit::{Exit, Failure};
use super::target;
use crate::engine::{Engine, EngineOptions, Target};
use crate::ui::{Running, Wake, WindowError, run_window};

const NO_DISPLAY: &str = "There is no display here; `model-orchestrator status` and the other commands work without one, and `demo --headless` serves the demo gateway.";

pub(super) fn run(common: &Common, demo: bool) -> Result<Exit, Failure> {
    let first = match (demo, &common.url) {
        (true, _) => Some(Target::Demo),
        (false, Some(_)) => Some(Target::Gateway(target::choose(common, &[])?)),
        (false, None) => None,
    };
    match run_window(start, first) {
        Ok(()) => Ok(Exit::Done),
        Err(WindowError::NoDisplay { detail }) => {
            tracing::debug!(%detail, "no display");
            Err(Failure::new(Exit::Failed, NO_DISPLAY))
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("The window does not open: {error}"))),
    }
}

fn start(wake: Wake) -> std::io::Result<Running> {
    let engine = Engine::start(EngineOptions::of_this_process(), wake)?;
    let handle = engine.handle.clone();
    Ok((handle, Box::new(move || engine.shutdown())))
}
