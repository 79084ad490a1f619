//! The floor on SQLite: readers, and one writer that groups what waits into one
//! commit, as the product's does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sea_query::{Value, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, query, query_with};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::script::Line;
use crate::SERVICES;
use crate::bench::Broken;

/// The most units of work in one commit, and readers, as in the product.
const GROUP: usize = 128;
const READERS: u32 = 4;

struct Unit {
    lines: Vec<Line>,
    asker: oneshot::Sender<Result<(), String>>,
}

#[derive(Clone)]
struct Store {
    readers: SqlitePool,
    writer: mpsc::Sender<Unit>,
}

/// A file a store. The writers end with it.
#[derive(Clone)]
pub(super) struct Stores {
    stores: BTreeMap<&'static str, Store>,
    _writers: Arc<JoinSet<()>>,
}

impl Stores {
    pub(super) async fn open(folder: &Path) -> Result<Self, Broken> {
        let (mut stores, mut writers) = (BTreeMap::new(), JoinSet::new());
        for service in SERVICES {
            let options = SqliteConnectOptions::new()
                .filename(folder.join(format!("{service}.sqlite")))
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .pragma("recursive_triggers", "ON");
            let readers = SqlitePoolOptions::new()
                .max_connections(READERS)
                .test_before_acquire(false)
                .connect_with(options.clone())
                .await?;
            let (writer, waiting) = mpsc::channel(1024);
            writers.spawn(write(options.connect().await?, waiting));
            stores.insert(service, Store { readers, writer });
        }
        Ok(Self {
            stores,
            _writers: Arc::new(writers),
        })
    }

    fn store(&self, store: &str) -> Result<&Store, Broken> {
        self.stores.get(store).ok_or_else(|| "no such store".into())
    }

    pub(super) async fn read(&self, store: &str, line: Line) -> Result<(), Broken> {
        let query = query_with(AssertSqlSafe(line.sql), line.values);
        query.fetch_all(&self.store(store)?.readers).await?;
        Ok(())
    }

    /// Numbers and chains what is committed; whether there was anything.
    pub(super) async fn number(&self, store: &str, batch: i64) -> Result<bool, Broken> {
        let readers = &self.store(store)?.readers;
        let events =
            query("SELECT seq, envelope FROM event WHERE position IS NULL ORDER BY seq LIMIT $1");
        let events = events.bind(batch).fetch_all(readers).await?;
        if events.is_empty() {
            return Ok(false);
        }
        let head = query("SELECT position, hash FROM feed_head WHERE id = 1");
        let head = head.fetch_one(readers).await?;
        let (mut position, mut hash): (i64, Vec<u8>) = (head.try_get(0)?, head.try_get(1)?);
        let mut lines = Vec::new();
        for event in events {
            position += 1;
            let envelope: Vec<u8> = event.try_get(1)?;
            let own = feed::hash(position, &hash, &envelope).to_vec();
            let before = std::mem::replace(&mut hash, own);
            lines.push(line(
                "UPDATE event SET position = $1, prev_hash = $2, hash = $3 \
                 WHERE seq = $4 AND position IS NULL",
                vec![
                    position.into(),
                    before.into(),
                    hash.clone().into(),
                    event.try_get::<i64, _>(0)?.into(),
                ],
            ));
        }
        lines.push(line(
            "UPDATE feed_head SET position = $1, hash = $2 WHERE id = 1",
            vec![position.into(), hash.into()],
        ));
        self.unit(store, lines).await?;
        Ok(true)
    }

    pub(super) async fn unit(&self, store: &str, lines: Vec<Line>) -> Result<(), Broken> {
        let (asker, answer) = oneshot::channel();
        self.store(store)?
            .writer
            .send(Unit { lines, asker })
            .await?;
        Ok(answer.await??)
    }
}

fn line(sql: &str, values: Vec<Value>) -> Line {
    Line {
        sql: sql.into(),
        values: SqlxValues(Values(values)),
    }
}

async fn write(mut conn: SqliteConnection, mut waiting: mpsc::Receiver<Unit>) {
    let mut units = Vec::new();
    while waiting.recv_many(&mut units, GROUP).await > 0 {
        let done = commit(&mut conn, &mut units).await;
        for unit in units.drain(..) {
            let told = done.as_ref().copied().map_err(ToString::to_string);
            let _ = unit.asker.send(told);
        }
    }
}

async fn commit(conn: &mut SqliteConnection, units: &mut [Unit]) -> Result<(), sqlx::Error> {
    query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    for line in units.iter_mut().flat_map(|unit| unit.lines.drain(..)) {
        let query = query_with(AssertSqlSafe(line.sql), line.values);
        query.fetch_all(&mut *conn).await?;
    }
    query("COMMIT").execute(conn).await?;
    Ok(())
}
