//! Copies of a store, and what makes a copy a store again.
//!
//! A store that comes back from a copy takes a new incarnation before anybody can
//! open it: who has followed what it was stops, until an operator has compared.

use std::path::Path;

use sea_orm::{AccessMode, IsolationLevel, TransactionTrait as _};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;

use crate::connect::Db;
use crate::error::StorageError;
use crate::event;

/// Where the feed of a store ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Changes with every restore.
    pub incarnation: Uuid,
    /// The last position.
    pub position: i64,
    /// The hash of its entry.
    pub hash: Vec<u8>,
}

/// Where a store's feed ends.
pub async fn head<C: ConnectionTrait>(conn: &C) -> Result<Head, StorageError> {
    let row = event::head(conn).await?;
    Ok(Head {
        incarnation: row.incarnation,
        position: row.position,
        hash: row.hash,
    })
}

/// Writes a SQLite store as it is at one instant to a new file, while others go on
/// writing to it. The file is not flushed to the disk yet.
pub async fn copy_sqlite(db: &Db, to: &Path) -> Result<(), StorageError> {
    let to = to.to_string_lossy().into_owned();
    let conn = db.read();
    let copy =
        Statement::from_sql_and_values(conn.get_database_backend(), "VACUUM INTO $1", [to.into()]);
    conn.execute_raw(copy).await?;
    Ok(())
}

/// Where the feed of the store in a file ends.
pub async fn head_of_sqlite(file: &Path) -> Result<Head, StorageError> {
    let mut conn = alone(file).await?;
    let read = sqlx::query_as("SELECT incarnation, position, hash FROM feed_head");
    let (incarnation, position, hash): (Uuid, i64, Vec<u8>) =
        read.fetch_one(&mut conn).await.map_err(unfit)?;
    conn.close().await.map_err(unfit)?;
    Ok(Head {
        incarnation,
        position,
        hash,
    })
}

/// Gives the store in a copied file another incarnation, and leaves one file.
pub async fn renew_sqlite(file: &Path, incarnation: Uuid) -> Result<(), StorageError> {
    let mut conn = alone(file).await?;
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut conn)
        .await
        .map_err(unfit)?;
    if sound != "ok" {
        return Err(StorageError::Unfit(format!("integrity_check: {sound}")));
    }
    let renewed = sqlx::query("UPDATE feed_head SET incarnation = $1")
        .bind(incarnation)
        .execute(&mut conn)
        .await
        .map_err(unfit)?;
    if renewed.rows_affected() != 1 {
        return Err(StorageError::Unfit("no store of ours: no head".to_owned()));
    }
    conn.close().await.map_err(unfit)
}

/// Takes what is in a store's log into its file, which then stands alone.
pub async fn settle_sqlite(file: &Path) -> Result<(), StorageError> {
    alone(file).await?.close().await.map_err(unfit)
}

/// The only connection to a file, which keeps no log beside it from then on.
async fn alone(file: &Path) -> Result<SqliteConnection, StorageError> {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
        .map_err(unfit)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn unfit(error: sqlx::Error) -> StorageError {
    StorageError::Unfit(format!("no store of ours: {error}"))
}

/// A PostgreSQL store as it is at one instant, for as long as this is held.
pub struct Snapshot {
    /// What `pg_dump --snapshot` is told.
    pub id: String,
    /// Where the feed ends in it.
    pub head: Head,
    held: DatabaseTransaction,
}

impl Snapshot {
    /// Of now.
    pub async fn take(db: &Db) -> Result<Self, StorageError> {
        let pool: &DatabaseConnection = db.read();
        let held = pool
            .begin_with_config(
                Some(IsolationLevel::RepeatableRead),
                Some(AccessMode::ReadOnly),
            )
            .await?;
        // It stands still while the tool works.
        held.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0")
            .await?;
        let asked =
            Statement::from_string(held.get_database_backend(), "SELECT pg_export_snapshot()");
        let row = held.query_one_raw(asked).await?;
        let id: String = row.ok_or(StorageError::Other)?.try_get_by_index(0)?;
        let head = head(&held).await?;
        Ok(Self { id, head, held })
    }

    /// Lets it go.
    pub async fn end(self) -> Result<(), StorageError> {
        Ok(self.held.rollback().await?)
    }
}

/// What stands in the way of a restore into a PostgreSQL database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTheWay {
    /// Somebody is connected to it.
    pub sessions: bool,
    /// A store is in it.
    pub store: bool,
}

/// Looks at the database of an address, over one connection of its own.
pub async fn in_the_way(url: &str) -> Result<InTheWay, StorageError> {
    const LOOK: &str = "SELECT \
        EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
            AND backend_type = 'client backend' AND pid <> pg_backend_pid()), \
        to_regclass('public.feed_head') IS NOT NULL";
    let options: PgConnectOptions = url.parse().map_err(unfit)?;
    let mut conn = options.connect().await.map_err(unfit)?;
    let (sessions, store) = sqlx::query_as(LOOK)
        .fetch_one(&mut conn)
        .await
        .map_err(unfit)?;
    conn.close().await.map_err(unfit)?;
    Ok(InTheWay { sessions, store })
}
