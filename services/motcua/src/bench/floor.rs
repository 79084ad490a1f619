//! The floor: what the databases alone can do. A recorded life is said again, in
//! the same order, by as many clients, with other ids, through sqlx and nothing
//! else: no sea-orm, no gRPC, no rule. Commands wait for their statements and
//! commits as they do in the product; on SQLite one writer groups units of work
//! as ours does; sequencers number and chain, followers write what they wrote.

mod background;
mod postgres;
mod script;
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Broken;
use super::deployment::Place;
use super::lives::Load;
use super::record::{Recorded, Said};
use crate::config::Config;
use background::Background;
use script::{Script, Step};

/// How many events a sequencer numbers at once, as in the product.
const BATCH: i64 = 512;

/// The databases of one floor.
#[derive(Clone)]
enum Stores {
    Postgres(postgres::Stores),
    Sqlite(sqlite::Stores),
}

impl Stores {
    /// Opens the databases with sqlx alone.
    async fn open(config: &Config) -> Result<Self, Broken> {
        Ok(match &config.storage.url {
            Some(url) => Self::Postgres(postgres::Stores::open(url).await?),
            None => Self::Sqlite(sqlite::Stores::open(&config.data).await?),
        })
    }

    async fn close(&self) {
        if let Self::Postgres(stores) = self {
            stores.close().await;
        }
    }

    async fn read(&self, store: &'static str, line: script::Line) -> Result<(), Broken> {
        match self {
            Self::Postgres(stores) => stores.read(store, line).await,
            Self::Sqlite(stores) => stores.read(store, line).await,
        }
    }

    async fn unit(&self, store: &'static str, lines: Vec<script::Line>) -> Result<(), Broken> {
        match self {
            Self::Postgres(stores) => stores.unit(store, lines).await,
            Self::Sqlite(stores) => stores.unit(store, lines).await,
        }
    }
}

impl Stores {
    async fn number(&self, store: &str) -> Result<bool, Broken> {
        match self {
            Self::Postgres(stores) => stores.number(store, BATCH).await,
            Self::Sqlite(stores) => stores.number(store, BATCH).await,
        }
    }
}

/// Says readings again through sqlx alone, over and over for as long as `length`;
/// answers what each time took, in microseconds.
pub(crate) async fn readings(
    config: &Config,
    said: &[Said],
    length: Duration,
) -> Result<Vec<u32>, Broken> {
    let stores = Stores::open(config).await?;
    let lines: Vec<_> = said
        .iter()
        .map(|one| (one.store, script::as_said(one)))
        .collect();
    let (until, mut micros) = (Instant::now() + length, Vec::new());
    while micros.len() < 3 || Instant::now() < until {
        let began = Instant::now();
        for (store, line) in &lines {
            stores.read(store, line.clone()).await?;
        }
        micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    stores.close().await;
    Ok(micros)
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// Lives that ended within the measurement.
    pub(crate) lives: u64,
    /// Each command's time, in microseconds.
    pub(crate) micros: Vec<u32>,
}

/// The floor of a recorded life, on the databases that it was recorded on.
pub(crate) struct Floor {
    config: Config,
    script: Arc<Script>,
    /// Lives until now, of all measurements: each has ids of its own.
    lives: Arc<AtomicU64>,
}

impl Floor {
    /// Of a tape, on the databases of the place.
    pub(crate) fn of(place: &Place, acts: &[Recorded]) -> Self {
        Self {
            config: place.config(),
            script: Arc::new(Script::of(acts)),
            lives: Arc::new(AtomicU64::new(1)),
        }
    }

    /// As many lives as there can be; with sequencers and followers, or without.
    pub(crate) async fn run(&self, load: Load, followed: bool) -> Result<Counted, Broken> {
        let stores = Stores::open(&self.config).await?;
        let from = Instant::now() + load.warm_up;
        let until = from + load.length;
        let background = followed.then(|| Background::start(&stores, &self.script, until));
        let mut clients = JoinSet::new();
        for _ in 0..load.clients {
            let (stores, script) = (stores.clone(), Arc::clone(&self.script));
            let lives = Arc::clone(&self.lives);
            let told = background.as_ref().map(Background::teller);
            clients.spawn(async move {
                let mut counted = Counted::default();
                while Instant::now() < until {
                    let life = script.life(lives.fetch_add(1, Ordering::Relaxed));
                    for act in &life.acts {
                        let began = Instant::now();
                        for step in act {
                            say(&stores, step).await?;
                        }
                        if let Some(told) = &told {
                            told.committed();
                        }
                        if from <= Instant::now() {
                            let took = began.elapsed().as_micros();
                            counted.micros.push(u32::try_from(took).unwrap_or(u32::MAX));
                        }
                    }
                    if let Some(told) = &told {
                        told.lived(life.after);
                    }
                    counted.lives += u64::from(from <= Instant::now());
                }
                Ok::<_, Broken>(counted)
            });
        }
        let mut sum = Counted::default();
        while let Some(counted) = clients.join_next().await {
            let counted = counted??;
            sum.lives += counted.lives;
            sum.micros.extend(counted.micros);
        }
        if let Some(background) = background {
            background.end().await?;
        }
        // What nobody numbered meanwhile is not left to the next measurement.
        for source in background::SOURCES {
            while stores.number(source).await? {}
        }
        // Its connections are for whoever is measured next.
        stores.close().await;
        Ok(sum)
    }
}

async fn say(stores: &Stores, step: &Step) -> Result<(), Broken> {
    match step {
        Step::Read(store, line) => stores.read(store, line.clone()).await,
        Step::Unit(store, lines) => stores.unit(store, lines.clone()).await,
    }
}

/// Waits a little, without a clock of ours.
async fn pause(length: Duration) {
    let _ = tokio::time::timeout(length, std::future::pending::<()>()).await;
}
