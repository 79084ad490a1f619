//! What storage answers instead of a driver's words.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why storage could not do as asked. The driver's text is logged where the
/// error is made and goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// A unique or foreign key forbids it.
    #[error("a constraint refuses")]
    Conflict {
        /// The constraint or columns, as the database names them.
        constraint: String,
    },
    /// The row has moved on since it was read.
    #[error("the row has changed since it was read")]
    Stale,
    /// The database is away, full or overloaded; safe to retry.
    #[error("the database is away")]
    Unavailable,
    /// A stored row is not what it must be.
    #[error("corrupt row {id} in {table}: {why}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database was made by another version of the schema, or is set up
    /// in a way that loses writes.
    #[error("the database is not fit for use: {0}")]
    Unfit(String),
    /// Anything else; a fault of ours.
    #[error("a fault in storage")]
    Other,
}

/// What the statements of a unit of work have met so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nothing in the way.
    #[default]
    Fine,
    /// One failed, so that PostgreSQL will undo the whole at its `COMMIT`,
    /// without calling that an error.
    Failed,
    /// The database asks for the whole unit of work to be run again.
    Again,
}

tokio::task_local! {
    /// Kept for each run of a unit of work.
    pub(crate) static MET: std::cell::Cell<Met>;
}

fn met(what: Met) {
    // Outside a unit of work there is nothing to keep.
    let _ = MET.try_with(|met| {
        if met.get() != Met::Again {
            met.set(what);
        }
    });
}

/// The code of a refusal by the database.
pub(crate) fn code(error: &DbErr) -> Option<String> {
    let Some(sqlx::Error::Database(db)) = driver(error) else {
        return None;
    };
    db.code().map(std::borrow::Cow::into_owned)
}

/// Notes that a statement failed: PostgreSQL will undo the unit of work.
pub(crate) fn failed() {
    met(Met::Failed);
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        if driver(&error).is_some() {
            met(Met::Failed);
        }
        if let Some(
            SqlErr::UniqueConstraintViolation(text) | SqlErr::ForeignKeyConstraintViolation(text),
        ) = error.sql_err()
        {
            return Self::Conflict { constraint: text };
        }
        if wants_another_run(&error) {
            met(Met::Again);
            return Self::Unavailable;
        }
        if matches!(error, DbErr::RecordNotUpdated) {
            return Self::Stale;
        }
        if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) || is_io(&error) {
            tracing::warn!(%error, "the database is away");
            return Self::Unavailable;
        }
        tracing::error!(%error, "a statement failed");
        Self::Other
    }
}

fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    let (DbErr::Conn(inner) | DbErr::Exec(inner) | DbErr::Query(inner)) = error else {
        return None;
    };
    let RuntimeErr::SqlxError(inner) = inner else {
        return None;
    };
    Some(inner)
}

/// Serialization failure, deadlock, lock timeout; SQLite busy or locked.
fn wants_another_run(error: &DbErr) -> bool {
    let Some(sqlx::Error::Database(db)) = driver(error) else {
        return false;
    };
    matches!(
        db.code().as_deref(),
        Some("40001" | "40P01" | "55P03" | "5" | "6" | "517")
    )
}

/// A cut connection, a full disk, a server that is shutting down.
fn is_io(error: &DbErr) -> bool {
    match driver(error) {
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        Some(sqlx::Error::Database(db)) => db.code().is_some_and(|code| {
            code.starts_with("57P")
                || code.starts_with("08")
                || code.starts_with("53")
                || code == "13"
        }),
        _ => false,
    }
}
