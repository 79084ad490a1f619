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

tokio::task_local! {
    /// Set when the database asks for the whole unit of work to be run again.
    pub(crate) static RUN_AGAIN: std::cell::Cell<bool>;
}

impl From<DbErr> for StorageError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(
                SqlErr::UniqueConstraintViolation(text)
                | SqlErr::ForeignKeyConstraintViolation(text),
            ) => {
                return Self::Conflict { constraint: text };
            }
            Some(_) | None => {}
        }
        if wants_another_run(&error) {
            let _ = RUN_AGAIN.try_with(|again| again.set(true));
            return Self::Unavailable;
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => {
                tracing::warn!(%error, "the database is away");
                Self::Unavailable
            }
            DbErr::RecordNotUpdated => Self::Stale,
            other if is_io(other) => {
                tracing::warn!(%error, "the database is away");
                Self::Unavailable
            }
            _ => {
                tracing::error!(%error, "a statement failed");
                Self::Other
            }
        }
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
