//! From arguments to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use super::args::{Arguments, Command, Common};
use super::exit::{Exit, Failure};
use super::log::{self, Quiet};
use super::session::Session;
use super::window::OpenWindow;
use super::{
    check, crisis, demo, diagnose, distribute, doctor, explain, export, forecast, import, orchestrate, plan, print,
    recover, scrape_quota, serve, simulate, status, stop, take_over, tier, undo, what_if, window,
};

/// Does what the arguments say and returns the code to end with. Without a command: the window.
pub fn run(arguments: impl Iterator<Item = OsString>, open_window: OpenWindow) -> ExitCode {
    let arguments: Vec<_> = arguments.collect();
    let arguments = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => arguments,
        Err(usage) if usage.use_stderr() && wants_json(&arguments) => {
            print::failure(&Failure::of_usage(&usage.to_string()), true);
            return Exit::Usage.into();
        }
        Err(usage) => {
            let exit = if usage.use_stderr() { Exit::Usage } else { Exit::Done };
            // Help that nobody reads is no failure.
            usage.print().ok();
            return exit.into();
        }
    };
    let as_json = arguments.common.json;
    match carry_out(arguments, open_window) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print::failure(&failure, as_json);
            failure.exit.into()
        }
    }
}

/// Arguments that make no sense say all the same how they want to be answered.
fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

fn carry_out(arguments: Arguments, open_window: OpenWindow) -> Result<Exit, Failure> {
    let Arguments { common, command } = arguments;
    let json = common.json;
    let windowed = match &command {
        Some(Command::Demo(arguments)) => !arguments.headless,
        command => command.is_none(),
    };
    match &command {
        Some(Command::Serve(arguments)) => log::start_serving(arguments.log_format),
        _ => log::start(if windowed { Quiet::Warnings } else { Quiet::Silent }),
    }
    let open = |common: &Common| Session::open(common);
    match command {
        None => window::run(&common, open_window),
        Some(Command::Demo(arguments)) if arguments.headless => demo::serve(&common, &arguments),
        Some(Command::Demo(arguments)) => window::run_demo(&arguments.outages, open_window),
        Some(Command::Serve(arguments)) => serve::run(&common, &arguments),
        Some(Command::Status) => status::run(&mut open(&common)?, json),
        Some(Command::Check(arguments)) => check::all(&mut open(&common)?, &arguments, json),
        Some(Command::CheckProvider { account, arguments }) => {
            check::one(&mut open(&common)?, &account, &arguments, json)
        }
        Some(Command::Plan(arguments)) => plan::run(&mut open(&common)?, &arguments, json),
        Some(Command::Distribute(arguments)) => distribute::run(&mut open(&common)?, &arguments, json),
        Some(Command::Crisis(arguments)) => crisis::run(&mut open(&common)?, &arguments, json),
        Some(Command::Recover(arguments)) => recover::run(&mut open(&common)?, &arguments, json),
        Some(Command::Orchestrate { yes }) => orchestrate::run(&mut open(&common)?, yes, json),
        Some(Command::Forecast(arguments)) => forecast::run(&mut open(&common)?, &arguments, json),
        Some(Command::WhatIf(arguments)) => what_if::run(&mut open(&common)?, &arguments, json),
        Some(Command::Explain { cron }) => explain::run(&mut open(&common)?, &cron, json),
        Some(Command::Diagnose(arguments)) => diagnose::run(&arguments, json),
        Some(Command::Doctor) => doctor::run(&common),
        Some(Command::Simulate(arguments)) => simulate::run(&arguments, json),
        Some(Command::ScrapeQuota(arguments)) => scrape_quota::run(&common, &arguments, open),
        Some(Command::Tier(arguments)) => tier::run(&mut open(&common)?, &arguments, json),
        Some(Command::Stop) => stop::run(&mut open(&common)?, json),
        Some(Command::TakeOver(arguments)) => take_over::run(&mut open(&common)?, &arguments, json),
        Some(Command::Undo { what, yes }) => undo::run(&mut open(&common)?, what.as_deref(), yes, json),
        Some(Command::Export { to, file }) => export::run(&mut open(&common)?, &to, file.as_deref(), json),
        Some(Command::Import { from, yes, keep }) => import::run(&mut open(&common)?, &from, yes, &keep, json),
    }
}
