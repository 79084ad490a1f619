//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use runtime::config::ConfigError;

use crate::bench::{Amount, Shape};
use crate::config::Config;

/// Motcua: một cửa case management for Vietnamese provinces.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do; without it, `serve all`.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the services and the console until it is told to stop.
    Serve(ServeArgs),
    /// Brings every schema up and loads what comes with the program.
    Migrate(AtArgs),
    /// Rehearses whole lives of dossiers in every unit (vận hành thử nghiệm).
    Trial(TrialArgs),
    /// Says what each commune has and lacks.
    Readiness(ReportArgs),
    /// Holds the stored data against every invariant.
    Verify(ReportArgs),
    /// Copies the stores, while the services go on (sao lưu).
    Backup(BackupArgs),
    /// Puts copies in the place of stores (khôi phục); no server may run.
    Restore(RestoreArgs),
    /// After a restore: compares the services' stores, and brings them together
    /// again (đối soát); no server may run.
    Reconcile(ReconcileArgs),
    /// Prints the one-time link of the first administrator.
    FirstAdmin(AtArgs),
    /// Tells whether the process of this machine serves, for probes.
    Health(HealthArgs),
    /// Registers a partner system and prints its secret, once.
    Partner(PartnerArgs),
    /// Computes a due date offline, and says why.
    Due(DueArgs),
    /// Measures this program on this machine, beside what the databases alone do.
    Bench(BenchArgs),
}

/// Where the configuration is.
#[derive(Args, Clone, Debug, Default)]
pub struct AtArgs {
    /// The configuration file; without it, the defaults and the environment.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The data folder, instead of the configured one.
    #[arg(long)]
    pub data: Option<PathBuf>,
}

/// Every service and the pages.
const EVERYTHING: &str = "all";

/// What `serve` is asked.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// `all`, `console`, or one service: account, workflow, dossier,
    /// notification, gateway.
    #[arg(default_value = EVERYTHING)]
    pub what: String,
    /// Gives every unit's officers random passwords, written once to a file
    /// beside the data, so that the tour can be walked at once. Refused in
    /// production.
    #[arg(long)]
    pub demo: bool,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What the program does when it is asked nothing.
impl Default for ServeArgs {
    fn default() -> Self {
        Self {
            what: EVERYTHING.to_owned(),
            demo: false,
            at: AtArgs::default(),
        }
    }
}

/// What a report is asked.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `backup` is asked.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// A new folder, or an empty one.
    #[arg(long)]
    pub to: PathBuf,
    /// One service; may be repeated. Default: all of them.
    #[arg(long = "service")]
    pub services: Vec<String>,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `restore` is asked.
#[derive(Args, Debug)]
pub struct RestoreArgs {
    /// A folder that `backup` has made.
    #[arg(long)]
    pub from: PathBuf,
    /// One service; may be repeated. Default: all that were copied.
    #[arg(long = "service")]
    pub services: Vec<String>,
    /// Keeps what is there under another name, and takes its place.
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `reconcile` is asked.
#[derive(Args, Debug)]
pub struct ReconcileArgs {
    /// Does it; without it, says what there is to do.
    #[arg(long)]
    pub apply: bool,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `health` is asked.
#[derive(Args, Debug)]
pub struct HealthArgs {
    /// The service, by the name that its certificate has.
    pub service: String,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `partner` is asked.
#[derive(Args, Debug)]
pub struct PartnerArgs {
    /// Its client id: 1..64 of a–z, 0–9, dash.
    pub client: String,
    /// What it may do: `dossier.file`, `dossier.read`, `dossier.lookup`.
    #[arg(long = "scope", required = true)]
    pub scopes: Vec<String>,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `trial` is asked.
#[derive(Args, Debug)]
pub struct TrialArgs {
    /// `all`, or commune codes with commas between them.
    #[arg(long, default_value = "all")]
    pub units: String,
    /// Lives in each unit; three or more, so that kinds rotate.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub per_unit: u32,
    /// A running server, `http://127.0.0.1:50051`; without it, a private
    /// instance in a temporary folder.
    #[arg(long)]
    pub target: Option<String>,
    /// The services of other processes, each where `peers` of the configuration
    /// says.
    #[arg(long, conflicts_with = "target")]
    pub peers: bool,
    /// The officers' sign-in names and passwords at the target: what
    /// `serve --demo` wrote. Default: `demo-passwords.csv` in the data folder.
    #[arg(long)]
    pub credentials: Option<PathBuf>,
    /// A PostgreSQL server for the private instance, `postgres://user@host/db`:
    /// its databases are made for the rehearsal and dropped after it.
    #[arg(long, conflicts_with_all = ["target", "peers"])]
    pub postgres: Option<String>,
    /// How many lives at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub at_once: u32,
    /// Write every acknowledged act to this file, flushed to the disk: for
    /// those who kill the server and compare.
    #[arg(long)]
    pub acknowledged: Option<PathBuf>,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub at: AtArgs,
}

/// What `bench` is asked.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What is measured.
    #[command(subcommand)]
    pub what: Bench,
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Whole lives of dossiers, beside the same statements said by sqlx alone.
    Lifecycle(LifecycleArgs),
    /// What officers look at: a dossier, lists, searches, pages, counts, the inbox,
    /// and what the province asks of the warehouse.
    Read(ReadArgs),
    /// How soon the feed, the warehouse and the inboxes show what was done.
    Feed(FeedArgs),
    /// Statements and commits of each verb, and how long each verb takes alone.
    Verbs(VerbsArgs),
    /// From start to ready, and memory while nobody asks for anything.
    Start(StartArgs),
}

/// What `bench lifecycle` is asked.
#[derive(Args, Clone, Debug)]
pub struct LifecycleArgs {
    /// The administrative database of a PostgreSQL server,
    /// `postgres://user@host/postgres`: databases are made for the bench and
    /// dropped after it. Without it, SQLite.
    #[arg(long)]
    pub database: Option<String>,
    /// How many lives at once, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    pub clients: Vec<u32>,
    /// How long each measurement takes, after warming up.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// How often everything is measured; the median run is told.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: u32,
    /// How services are spread over processes; without it, both ways in turn.
    #[arg(long)]
    pub shape: Option<Shape>,
    /// Commands a second, evenly, instead of as many as there can be. What a
    /// command waits for its turn counts as time that it took.
    #[arg(long)]
    pub rate: Option<f64>,
    /// Whole lives that are stored before anything is measured: `10k`, `1m`.
    #[arg(long)]
    pub stored: Option<Amount>,
    /// Leaves the floor out: for profiles and for long runs.
    #[arg(long)]
    pub no_floor: bool,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `bench read` is asked.
#[derive(Args, Clone, Debug)]
pub struct ReadArgs {
    /// As for `bench lifecycle`.
    #[arg(long)]
    pub database: Option<String>,
    /// Whole lives that are stored beforehand: `10k`, `1m`.
    #[arg(long, default_value = "10k")]
    pub stored: Amount,
    /// How long each question is asked, one after the other.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `bench feed` is asked.
#[derive(Args, Clone, Debug)]
pub struct FeedArgs {
    /// As for `bench lifecycle`.
    #[arg(long)]
    pub database: Option<String>,
    /// Commands a second.
    #[arg(long, default_value_t = 300.0)]
    pub rate: f64,
    /// How long.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// How services are spread over processes; without it, `all`.
    #[arg(long)]
    pub shape: Option<Shape>,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `bench verbs` is asked.
#[derive(Args, Clone, Debug)]
pub struct VerbsArgs {
    /// As for `bench lifecycle`.
    #[arg(long)]
    pub database: Option<String>,
    /// Show the statements themselves, without what was bound to them.
    #[arg(long)]
    pub statements: bool,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `bench start` is asked.
#[derive(Args, Clone, Debug)]
pub struct StartArgs {
    /// As for `bench lifecycle`.
    #[arg(long)]
    pub database: Option<String>,
    /// How often it is started.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: u32,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}

impl AtArgs {
    /// The configuration that these name.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        Ok(config)
    }
}

/// What `due` is asked.
#[derive(Args, Debug)]
pub struct DueArgs {
    /// The limit: `4h`, `10wd`, `30d`, `2mo`, `same-day`.
    #[arg(long, required_unless_present = "batch")]
    pub limit: Option<String>,
    /// When the dossier was accepted: `2026-02-10T14:00` in Vietnam, or RFC
    /// 3339.
    #[arg(long, required_unless_present = "batch")]
    pub start: Option<String>,
    /// `day` (the legal count, default) or `hour` (hours carried over).
    #[arg(long)]
    pub mode: Option<String>,
    /// The last hour of a same-day limit, such as `15:00`.
    #[arg(long)]
    pub cutoff: Option<String>,
    /// A pause, `FROM..TO:resume` or `FROM..TO:restart`; may be repeated.
    #[arg(long = "pause")]
    pub pauses: Vec<String>,
    /// The unit whose calendar counts.
    #[arg(long)]
    pub unit: Option<String>,
    /// A non-territorial dossier: when the deciding unit received it.
    #[arg(long)]
    pub received: Option<String>,
    /// How a non-territorial dossier travels: `electronic` or `paper`. Without
    /// `--received` the count begins at the latest lawful arrival.
    #[arg(long)]
    pub handover: Option<String>,
    /// JSON lines with the same keys; answered line by line. `-` reads
    /// standard input.
    #[arg(long, conflicts_with_all = ["limit", "start"])]
    pub batch: Option<PathBuf>,
    /// Answer as JSON.
    #[arg(long)]
    pub json: bool,
}
