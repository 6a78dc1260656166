//! The window, from the command line: on the demo, on the gateway that was named, or on the welcome screen.
//!
//! This room does not draw: whoever runs it brings the window along.

use super::args::Common;
use super::exit::{Exit, Failure};
use super::target;
use crate::domain::{DemoOutage, Discovered};
use crate::engine::{Command, EngineOptions, Target};

const NO_DISPLAY: &str = "There is no display here, so there is no window";
const WITHOUT: &str =
    "`model-orchestrator status` and the other commands work without one; `demo --headless` serves the demo gateway";

/// Opens a window, on a gateway if one is named, says the commands that follow, and returns when it was closed.
pub type OpenWindow = fn(Option<Target>, Vec<Command>) -> Result<(), NoWindow>;

/// Why there is no window.
#[derive(Debug)]
pub enum NoWindow {
    NoDisplay,
    Failed { detail: String },
}

/// The gateways of this machine, with their tokens.
fn discover(common: &Common) -> Vec<Discovered> {
    let mut options = EngineOptions::of_this_process();
    if let Some(profile) = &common.profile {
        options.env.vars.insert("OPENCLAW_PROFILE".to_owned(), profile.clone());
    }
    options.discover()
}

pub(super) fn run(common: &Common, open: OpenWindow) -> Result<Exit, Failure> {
    let named = common.url.is_some() || common.profile.is_some() || common.token_file.is_some();
    let named = named || common.state_dir.is_some();
    let first = if named { Some(Target::Gateway(target::choose(common, &discover(common))?)) } else { None };
    opened(open(first, Vec::new()))
}

/// On the demo, with some of its providers failing.
pub(super) fn run_demo(outages: &[(&'static str, DemoOutage)], open: OpenWindow) -> Result<Exit, Failure> {
    let outages = outages.iter();
    let fail =
        outages.map(|(provider, outage)| Command::DemoOutage { provider: (*provider).to_owned(), outage: *outage });
    opened(open(Some(Target::Demo), fail.collect()))
}

fn opened(result: Result<(), NoWindow>) -> Result<Exit, Failure> {
    result.map(|()| Exit::Done).map_err(|why| match why {
        NoWindow::NoDisplay => Failure::new(Exit::Failed, NO_DISPLAY).with_remedy(WITHOUT),
        NoWindow::Failed { detail } => Failure::new(Exit::Failed, format!("The window does not open: {detail}")),
    })
}
