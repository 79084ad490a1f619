//! `motcua`: the one binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    motcua::run(motcua::cli::Cli::parse())
}
