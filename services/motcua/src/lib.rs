//! The one binary: services, jobs and operators' commands behind one door.

mod backup;
pub mod bench;
pub mod cli;
mod commands;
pub mod config;
pub mod folder;
pub mod house;
mod integrity;
pub mod keys;
pub mod operator;
mod reconcile;
mod schema;
pub mod serve;
pub mod trial;

use std::io::{self, Write as _};
use std::process::ExitCode;

use cli::{Cli, Command, ServeArgs};

/// The services with a store, in the order in which they are put together.
pub const SERVICES: [&str; 5] = ["account", "workflow", "dossier", "notification", "gateway"];

/// Runs a parsed command line. Zero means that everything asked for holds.
pub fn run(cli: Cli) -> ExitCode {
    let command = cli
        .command
        .unwrap_or_else(|| Command::Serve(ServeArgs::default()));
    let outcome = match command {
        Command::Due(args) => return commands::due::run(&args),
        Command::Bench(args) => within(bench::run(args.what)),
        Command::Serve(args) => within(serve::run(args)),
        Command::Backup(args) => within(commands::backup::run(args)),
        Command::Restore(args) => within(commands::restore::run(args)),
        Command::Reconcile(args) => within(commands::reconcile::run(args)),
        Command::FirstAdmin(args) => within(commands::first_admin::run(args)),
        Command::Health(args) => within(commands::health::run(args)),
        Command::Migrate(args) => within(commands::migrate::run(args)),
        Command::Readiness(args) => within(commands::readiness::run(args)),
        Command::Trial(args) => within(trial::run(args)),
        Command::Verify(args) => within(commands::verify::run(args)),
        Command::Partner(args) => within(commands::partner::run(args)),
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "motcua: {error}");
        ExitCode::FAILURE
    })
}

/// What a command may end with: an error is one line for the operator.
type Outcome = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

fn within(work: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Zero when it holds.
fn holds(yes: bool) -> ExitCode {
    if yes {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
