//! The one binary: services, jobs and operators' commands behind one door.

pub mod cli;
mod commands;

use std::process::ExitCode;

use cli::{Cli, Command};

/// Runs a parsed command line. Zero means that everything asked for holds.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Some(Command::Due(args)) => commands::due::run(&args),
        None => ExitCode::FAILURE,
    }
}
