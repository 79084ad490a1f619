//! Who watches what is said to a database: the bench, which says it again
//! without us, and tests that count statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{DatabaseConnection, Value};

/// A statement that was carried out. Values are what was bound to it, personal
/// data among them: an observer belongs to a bench or a test.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The unit of work that said it; none for a reading outside of one.
    pub unit: Option<Run>,
    /// The statement's text.
    pub sql: &'a str,
    /// What was bound to it.
    pub values: &'a [Value],
    /// How long the database took, with the way to it.
    pub elapsed: Duration,
}

/// One run of a unit of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The unit's name.
    pub name: &'static str,
    /// Differs between runs.
    pub serial: u64,
}

/// Told of every statement of a database, in the task that said it.
pub type Observer = Arc<dyn Fn(&Seen<'_>) + Send + Sync>;

static SERIAL: AtomicU64 = AtomicU64::new(0);

impl Run {
    /// Another run of a unit.
    pub(crate) fn of(name: &'static str) -> Self {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        Self { name, serial }
    }
}

tokio::task_local! {
    /// The unit of work that runs in this task.
    pub(crate) static RUN: Run;
}

/// Tells an observer of what a pool's connections say.
pub(crate) fn watch(pool: &mut DatabaseConnection, observer: &Observer) {
    let observer = Arc::clone(observer);
    pool.set_metric_callback(move |info| {
        let values = info.statement.values.as_ref();
        observer(&Seen {
            unit: RUN.try_with(|run| *run).ok(),
            sql: &info.statement.sql,
            values: values.map(|v| v.0.as_slice()).unwrap_or_default(),
            elapsed: info.elapsed,
        });
    });
}
