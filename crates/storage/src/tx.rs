//! A unit of work on PostgreSQL, and what both engines share of one.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use futures::future::BoxFuture;
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::watch;

use crate::batch::held;
use crate::connect::Db;
use crate::error::{MET, Met, StorageError};
use crate::observe::{RUN, Run};

/// How often a unit of work is run again before the caller is asked to.
const RUNS: u32 = 5;

/// An open unit of work.
pub struct Tx(DatabaseTransaction);

impl Tx {
    /// The connection inside the unit of work.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.0
    }
}

static UNITS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    global::meter("motcua.storage")
        .u64_counter("motcua.unit_of_work")
        .with_description("Units of work by name and outcome")
        .with_unit("{unit}")
        .build()
});

/// Counts a unit of work: `committed`, `refused`, `again` or `lost`.
pub(crate) fn count(name: &'static str, outcome: &'static str) {
    UNITS.add(
        1,
        &[
            KeyValue::new("name", name),
            KeyValue::new("outcome", outcome),
        ],
    );
}

/// Begins; on SQLite as the writer, so that reading first cannot fail later.
pub(crate) async fn begin(db: &DatabaseConnection) -> Result<Tx, StorageError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(Tx(db.begin_with_options(options).await?))
}

/// Makes everything durable.
pub(crate) async fn commit(tx: Tx) -> Result<(), StorageError> {
    Ok(tx.0.commit().await?)
}

/// Undoes everything; a connection that cannot is dropped by the pool.
pub(crate) async fn rollback(tx: Tx) {
    if let Err(error) = tx.0.rollback().await {
        tracing::warn!(%error, "a rollback failed; the connection is given up");
    }
}

/// Runs in a task of its own, again when the database asks for it.
pub(crate) async fn run<T, E, F>(
    db: DatabaseConnection,
    name: &'static str,
    work: F,
    commits: Arc<watch::Sender<u64>>,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "a request that is dropped must not abandon a transaction half-way"
    )]
    let task = tokio::spawn(async move {
        let mut runs = 0;
        loop {
            runs += 1;
            let (outcome, met) = watched(name, once(&db, &work)).await;
            match outcome {
                Ok(answer) => {
                    commits.send_modify(|n| *n = n.wrapping_add(1));
                    count(name, "committed");
                    return Ok(answer);
                }
                Err(_) if met == Met::Again && runs < RUNS => count(name, "again"),
                Err(error) => {
                    count(name, "refused");
                    return Err(error);
                }
            }
        }
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, name, "a unit of work broke");
        count(name, "lost");
        Err(StorageError::Other.into())
    })
}

/// Runs a statement that is a transaction by itself, in a task of its own, again
/// when the database asks for it. False when its guard does not hold.
pub(crate) async fn single(
    db: &Db,
    name: &'static str,
    statement: Statement,
) -> Result<bool, StorageError> {
    let (pool, commits) = (db.write().clone(), Arc::clone(db.commits()));
    #[expect(
        clippy::disallowed_methods,
        reason = "what is sent to the database is counted and answered, whoever waits"
    )]
    let task = tokio::spawn(async move {
        let mut runs = 0;
        loop {
            runs += 1;
            let said = async { held(pool.execute_raw(statement.clone()).await) };
            let (outcome, met) = watched(name, said).await;
            match outcome {
                Ok(held) => {
                    if held {
                        commits.send_modify(|n| *n = n.wrapping_add(1));
                    }
                    count(name, if held { "committed" } else { "refused" });
                    return Ok(held);
                }
                Err(_) if met == Met::Again && runs < RUNS => count(name, "again"),
                Err(error) => {
                    count(name, "refused");
                    return Err(error);
                }
            }
        }
    });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, name, "a unit of work broke");
        count(name, "lost");
        Err(StorageError::Other)
    })
}

/// Runs a unit's work and tells what its statements met.
pub(crate) async fn watched<T>(name: &'static str, work: impl Future<Output = T>) -> (T, Met) {
    let met = MET.scope(Cell::default(), async {
        let outcome = work.await;
        (outcome, MET.with(Cell::get))
    });
    RUN.scope(Run::of(name), met).await
}

/// Refuses an answer that stands on a statement that failed: PostgreSQL undoes
/// such a unit of work, and SQLite keeps the half of it.
pub(crate) fn whole<T, E: From<StorageError>>(outcome: Result<T, E>, met: Met) -> Result<T, E> {
    match (outcome, met) {
        (Ok(_), Met::Failed | Met::Again) => {
            tracing::error!("a unit of work passed over a statement that failed");
            Err(StorageError::Other.into())
        }
        (outcome, _) => outcome,
    }
}

async fn once<T, E, F>(db: &DatabaseConnection, work: &F) -> Result<T, E>
where
    E: From<StorageError>,
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>>,
{
    let tx = begin(db).await?;
    let outcome = work(&tx).await;
    match whole(outcome, MET.with(Cell::get)) {
        Ok(answer) => {
            commit(tx).await?;
            Ok(answer)
        }
        Err(error) => {
            rollback(tx).await;
            Err(error)
        }
    }
}
