//! `motcua` with mutants: what the fault tests start, kill and cut off. Without the
//! variable `MUTANT` it does as the product does.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    motcua::run(motcua::cli::Cli::parse())
}
