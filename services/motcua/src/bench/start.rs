//! `bench start`: from the start of the process to ready, and what it holds then.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::deployment::{Deployment, Place, Shape, size};
use super::machine::Machine;
use super::table;
use crate::cli::StartArgs;
use crate::{Outcome, holds};

/// Memory is looked at when everything that a start sets off has ended.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, Serialize)]
struct Started {
    database: &'static str,
    /// On an empty folder: schemas, units, accounts, passwords.
    first_s: f64,
    /// Each later start.
    later_s: Vec<f64>,
    idle_rss_mb: u64,
    data_mb: u64,
    binary_mb: u64,
}

pub(super) async fn run(args: StartArgs) -> Outcome {
    let place = Place::fresh(args.database.as_deref()).await?;
    let began = Instant::now();
    let mut deployment = Deployment::start(place, Shape::All).await?;
    let first_s = began.elapsed().as_secs_f64();
    let mut later_s = Vec::new();
    for _ in 0..args.runs {
        let place = deployment.stop().await?;
        let began = Instant::now();
        deployment = Deployment::start(place, Shape::All).await?;
        later_s.push(began.elapsed().as_secs_f64());
    }
    let _ = tokio::time::timeout(IDLE, std::future::pending::<()>()).await;
    let binary = std::fs::metadata(std::env::current_exe()?)?.len();
    let started = Started {
        database: if args.database.is_some() {
            "postgres"
        } else {
            "sqlite"
        },
        first_s,
        later_s,
        idle_rss_mb: deployment.memory().0,
        data_mb: size(&deployment.data()),
        binary_mb: binary / (1024 * 1024),
    };
    deployment.end().await?;
    let mut out = io::stdout().lock();
    if args.json {
        let answer = json!({ "machine": Machine::here(), "started": started });
        writeln!(out, "{answer}")?;
        return Ok(holds(true));
    }
    let later: Vec<_> = started.later_s.iter().map(|s| format!("{s:.2}")).collect();
    let rows = [
        [
            "database",
            "first s",
            "later s",
            "idle RSS MB",
            "data MB",
            "binary MB",
        ]
        .map(str::to_owned)
        .to_vec(),
        vec![
            started.database.to_owned(),
            format!("{:.2}", started.first_s),
            later.join(", "),
            started.idle_rss_mb.to_string(),
            started.data_mb.to_string(),
            started.binary_mb.to_string(),
        ],
    ];
    table::write(&mut out, &rows)?;
    Ok(holds(true))
}
