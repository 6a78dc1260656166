//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    model_orchestrator::cli::run(std::env::args_os())
}
