//! Arguments in, exit code out.

use std::io;
use std::process::ExitCode;

use model_orchestrator::cli::{self, NoWindow};
use model_orchestrator::engine::{Command, Engine, EngineOptions, Target};
use model_orchestrator::ui::run::{Running, Wake, WindowError, run_window};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), open_window)
}

fn open_window(first: Option<Target>, then: Vec<Command>) -> Result<(), NoWindow> {
    run_window(start_engine, first, then).map_err(|error| match error {
        WindowError::NoDisplay { .. } => NoWindow::NoDisplay,
        other => NoWindow::Failed { detail: other.to_string() },
    })
}

fn start_engine(wake: Wake) -> io::Result<Running> {
    let engine = Engine::start(EngineOptions::of_this_process(), wake)?;
    Ok((engine.handle.clone(), Box::new(move || engine.shutdown())))
}
