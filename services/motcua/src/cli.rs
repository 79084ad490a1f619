//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    /// Computes a due date offline, and says why.
    Due(DueArgs),
}

/// What `due` is asked.
#[derive(Args, Debug)]
pub struct DueArgs {
    /// The limit: `4h`, `10wd`, `30d`, `2mo`, `same-day`.
    #[arg(long, required_unless_present = "batch")]
    pub limit: Option<String>,
    /// When the clock starts: `2026-02-10T14:00` in Vietnam, or RFC 3339.
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
    /// A non-territorial dossier: when the receiving unit accepted it.
    #[arg(long)]
    pub received: Option<String>,
    /// How a non-territorial dossier travels: `electronic` or `paper`.
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
