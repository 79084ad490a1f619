//! Storage on SQLite and PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::clone_on_ref_ptr,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail as tests do, and tests spawn without a tracker"
)]

mod access;
mod batch;
mod events;
mod full;
mod grouping;
mod idempotency;
mod private;
mod schema;
mod units;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, Statement, TransactionTrait as _};
use storage::event::{self, NewEvent};
use storage::test::{TestDb, databases};
use storage::{Db, StorageError};
use uuid::Uuid;

use motcua_storage as storage;

async fn all() -> Vec<TestDb> {
    databases(Vec::new).await
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000 + seconds, 0).unwrap()
}

/// An aggregate of its own for each number.
fn aggregate(n: u64) -> Uuid {
    Uuid::from_u128((u128::from(n) + 1) << 64)
}

fn new_event(aggregate: Uuid, version: i64) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(aggregate.as_u128() ^ u128::from(version.unsigned_abs())),
        aggregate_kind: "dossier".into(),
        aggregate_id: aggregate,
        aggregate_version: version,
        event_type: "dossier.tested".into(),
        schema_version: 1,
        actor: "service:test".into(),
        unit: "42".into(),
        at: at(0),
        envelope: vec![1, 2, 3],
    }
}

async fn append(db: &Db, new: NewEvent) -> Result<(), StorageError> {
    db.run("append", move |tx| {
        let new = new.clone();
        Box::pin(async move { event::append(tx, &new).await })
    })
    .await
}

/// Runs a statement in a unit of work of its own.
async fn sql(db: &Db, statement: &str) -> Result<(), StorageError> {
    let statement = statement.to_owned();
    db.run("sql", move |tx| {
        let statement = statement.clone();
        Box::pin(async move {
            tx.conn().execute_unprepared(&statement).await?;
            Ok(())
        })
    })
    .await
}

/// What a look at tampered tables gives; the tampering is undone after it.
async fn undone<T>(
    db: &Db,
    statements: &str,
    look: impl AsyncFnOnce(&DatabaseTransaction) -> T,
) -> T {
    let transaction = db.read().begin_with_config(None, None).await.unwrap();
    transaction.execute_unprepared(statements).await.unwrap();
    let seen = look(&transaction).await;
    transaction.rollback().await.unwrap();
    seen
}

/// The number that a query answers.
async fn number(db: &Db, query: &str) -> i64 {
    let conn = db.read();
    let asked = Statement::from_string(conn.get_database_backend(), query.to_owned());
    let row = conn.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Waits for a condition, at most 20 s.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !holds().await {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {what}");
}
