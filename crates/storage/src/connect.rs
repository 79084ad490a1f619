//! Opening a database: two pools on a SQLite file, one on PostgreSQL, and the
//! checks without which an acknowledged write could be lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use sea_orm_migration::MigrationTrait;
use sqlx::Connection as _;
use sqlx::postgres::PgSslMode;
use tokio::sync::{mpsc, watch};

use crate::error::StorageError;
use crate::migration;
use crate::observe::{self, Observer};
use crate::tx::{self, Tx};
use crate::writer::{self, Unit};

/// Which database, and how many connections.
#[derive(Clone, Debug)]
pub enum Config {
    /// A file of the bundled SQLite; made when it is not there.
    Sqlite {
        /// The file.
        file: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user@host:port/database`.
        url: String,
        /// The most connections of this process.
        connections: u32,
    },
}

/// The kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server.
    Postgres,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// SQLite's one writer groups waiting units of work into one commit.
    group: Option<mpsc::Sender<Box<dyn Unit>>>,
    /// Counts commits, so that the sequencer wakes without polling.
    commits: Arc<watch::Sender<u64>>,
}

/// A connection that nobody used for this long is tried before it is used.
const IDLE: Duration = Duration::from_secs(1);
/// How many units of work may wait for SQLite's writer.
const WAITING: usize = 1024;

impl Db {
    /// Opens the database and checks that it keeps what it acknowledges.
    pub async fn open(config: &Config) -> Result<Self, StorageError> {
        Self::open_observed(config, None).await
    }

    /// The same, with somebody who watches what is said to it.
    pub async fn open_observed(
        config: &Config,
        observer: Option<&Observer>,
    ) -> Result<Self, StorageError> {
        let commits = Arc::new(watch::Sender::new(0));
        let watched = |mut pool: DatabaseConnection| {
            if let Some(observer) = observer {
                observe::watch(&mut pool, observer);
            }
            pool
        };
        match config {
            Config::Sqlite { file } => {
                let write = watched(Database::connect(sqlite(file, 1)).await?);
                let read = watched(Database::connect(sqlite(file, 4)).await?);
                let (group, waiting) = mpsc::channel(WAITING);
                writer::start(write.clone(), waiting, Arc::clone(&commits));
                Ok(Self {
                    engine: Engine::Sqlite,
                    read,
                    write,
                    group: Some(group),
                    commits,
                })
            }
            Config::Postgres { url, connections } => {
                let pool = watched(Database::connect(postgres(url, *connections)).await?);
                durable(&pool).await?;
                Ok(Self {
                    engine: Engine::Postgres,
                    read: pool.clone(),
                    write: pool,
                    group: None,
                    commits,
                })
            }
        }
    }

    /// The kind of database.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Brings the schema up: the base tables first, then the service's own.
    ///
    /// # Errors
    /// [`StorageError::Unfit`] when the database has migrations that this
    /// program does not know: a newer program made it.
    pub async fn migrate(&self, own: Vec<Box<dyn MigrationTrait>>) -> Result<(), StorageError> {
        migration::up(&self.write, own).await
    }

    /// Looks whether the schema is up, and changes nothing: what a production
    /// process does, whose schema `motcua migrate` brings up beforehand.
    ///
    /// # Errors
    /// [`StorageError::Unfit`] when a migration is missing, or one is of a newer
    /// program.
    pub async fn expect_schema(
        &self,
        own: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<(), StorageError> {
        migration::expect(&self.write, own).await
    }

    /// For reading outside a unit of work.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Runs a named unit of work to its commit. It may be run more than once.
    ///
    /// # Errors
    /// What the unit of work answers; nothing of it is stored then.
    pub async fn run<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        match &self.group {
            Some(group) => writer::join(group, name, work).await,
            None => tx::run(self.write.clone(), name, work, Arc::clone(&self.commits)).await,
        }
    }

    /// Where units of work wait for SQLite's one writer.
    pub(crate) fn group(&self) -> Option<&mpsc::Sender<Box<dyn Unit>>> {
        self.group.as_ref()
    }

    /// For single statements that are transactions by themselves.
    pub(crate) fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Tells that something was committed.
    pub(crate) fn commits(&self) -> &Arc<watch::Sender<u64>> {
        &self.commits
    }

    /// Changes at every commit of this process.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }
}

fn sqlite(file: &std::path::Path, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options
        .max_connections(connections)
        .min_connections(1)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(20))
        .map_sqlx_sqlite_opts(|o| {
            use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // FULL is what makes COMMIT durable in WAL; NORMAL can lose the
            // last commits when the power goes.
            o.journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // Without it REPLACE deletes a row past its guard.
                .pragma("recursive_triggers", "ON")
                .busy_timeout(Duration::from_secs(10))
        })
        // SQLite undoes a transaction by itself when the disk is full. The ROLLBACK
        // after it fails, the driver counts itself inside a transaction for ever, and
        // every later one becomes a savepoint that a refusal leaves open: what is
        // answered then is not committed. Such a connection is not used again.
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|conn, _| {
                Box::pin(async move {
                    // A rollback that waits in the queue is done before the answer.
                    conn.ping().await?;
                    Ok(!conn.is_in_transaction())
                })
            })
        });
    options
}

fn postgres(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(connections)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // A ping before each use is a way to the server for each statement; a
        // connection that was used a moment ago tells by its first statement.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(IDLE)
        .acquire_timeout(Duration::from_secs(10))
        .map_sqlx_postgres_opts(|o| {
            // On the loopback TLS is not tried by itself; who asks for it gets it.
            let local = ["127.0.0.1", "::1", "localhost"].contains(&o.get_host());
            let o = if local && matches!(o.get_ssl_mode(), PgSslMode::Prefer) {
                o.ssl_mode(PgSslMode::Disable)
            } else {
                o
            };
            let o = o.options([
                ("statement_timeout", "20s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "10s"),
                // The server's default is that of turning disks: it reads a table
                // whole where a few lookups would do, and keeps to that plan.
                ("random_page_cost", "1.1"),
            ]);
            #[cfg(feature = "mutants")]
            let o = if unflushed() {
                o.options([("synchronous_commit", "off")])
            } else {
                o
            };
            o
        });
    options
}

/// Refuses a server that answers before it has written, and warns of one that lets
/// its tables decay.
async fn durable(pool: &DatabaseConnection) -> Result<(), StorageError> {
    #[cfg(feature = "mutants")]
    if unflushed() {
        return Ok(());
    }
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        if shown(pool, setting).await? == "off" {
            return Err(StorageError::Unfit(format!(
                "{setting} is off: acknowledged writes could be lost"
            )));
        }
    }
    for setting in ["autovacuum", "track_counts"] {
        if shown(pool, setting).await? == "off" {
            tracing::warn!(
                setting,
                "is off: without statistics queries get slower with every row"
            );
        }
    }
    Ok(())
}

async fn shown(pool: &DatabaseConnection, setting: &str) -> Result<String, StorageError> {
    let asked = Statement::from_string(pool.get_database_backend(), format!("SHOW {setting}"));
    let row = pool.query_one_raw(asked).await?;
    let row = row.ok_or_else(|| DbErr::Custom("SHOW gave no row".to_owned()))?;
    Ok(row.try_get_by_index(0)?)
}

/// Whether this process is the mutant whose database answers before it has written.
#[cfg(feature = "mutants")]
fn unflushed() -> bool {
    crate::mutant::is(crate::mutant::UNFLUSHED)
}
