//! SQLite's one writer. A flush a commit is its limit, so it groups the units of
//! work that wait into one commit and answers each only after it.
//!
//! A unit that fails inside a group undoes the group: the others are run again
//! without it, and it is run alone afterwards, so that its refusal rests on
//! committed rows and not on something that was undone.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::StorageError;
use crate::tx::{self, Tx};

/// The most units of work in one commit.
const GROUP: usize = 128;

/// A unit of work with its type forgotten.
pub(crate) trait Unit: Send {
    /// Runs it; false when it refused.
    fn run<'a>(&'a mut self, tx: &'a Tx) -> BoxFuture<'a, bool>;
    /// Answers with what the last run gave.
    fn answer(self: Box<Self>);
    /// Answers that the database failed.
    fn fail(self: Box<Self>, error: StorageError);
}

struct Work<T, E, F> {
    name: &'static str,
    run: F,
    last: Option<Result<T, E>>,
    asker: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Unit for Work<T, E, F>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    fn run<'a>(&'a mut self, tx: &'a Tx) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            // A panic in one unit must not take the writer with it, wherever in
            // the unit it happens: hence the block around the call.
            let run = std::panic::AssertUnwindSafe(async { (self.run)(tx).await });
            let (run, met) = tx::watched(self.name, run.catch_unwind()).await;
            let outcome = run.unwrap_or_else(|_| {
                tracing::error!(name = self.name, "a unit of work broke");
                Err(StorageError::Other.into())
            });
            let outcome = tx::whole(outcome, met);
            let ok = outcome.is_ok();
            self.last = Some(outcome);
            ok
        })
    }

    fn answer(self: Box<Self>) {
        let outcome = self.last.unwrap_or_else(|| Err(StorageError::Other.into()));
        tx::count(
            self.name,
            if outcome.is_ok() {
                "committed"
            } else {
                "refused"
            },
        );
        // The asker may be gone; what was committed stays.
        let _ = self.asker.send(outcome);
    }

    fn fail(self: Box<Self>, error: StorageError) {
        tx::count(self.name, "lost");
        let _ = self.asker.send(Err(error.into()));
    }
}

/// Waits for the writer to run a unit of work.
pub(crate) async fn join<T, E, F>(
    group: &mpsc::Sender<Box<dyn Unit>>,
    name: &'static str,
    work: F,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    let (asker, answer) = oneshot::channel();
    let unit = Box::new(Work {
        name,
        run: work,
        last: None,
        asker,
    });
    group
        .send(unit)
        .await
        .map_err(|_| StorageError::Unavailable)?;
    answer
        .await
        .unwrap_or_else(|_| Err(StorageError::Unavailable.into()))
}

/// Starts the writer; it ends when the last [`crate::Db`] is dropped.
pub(crate) fn start(
    db: DatabaseConnection,
    mut waiting: mpsc::Receiver<Box<dyn Unit>>,
    commits: Arc<watch::Sender<u64>>,
) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the writer outlives every request and ends with the database handle"
    )]
    tokio::spawn(async move {
        let mut units = Vec::new();
        while waiting.recv_many(&mut units, GROUP).await > 0 {
            let alone = together(&db, std::mem::take(&mut units), &commits).await;
            for unit in alone {
                together(&db, vec![unit], &commits).await;
            }
        }
    });
}

/// Commits all that do not refuse; answers the ones that refused when they were
/// alone, and gives back the others that refused.
async fn together(
    db: &DatabaseConnection,
    mut units: Vec<Box<dyn Unit>>,
    commits: &watch::Sender<u64>,
) -> Vec<Box<dyn Unit>> {
    let mut alone = Vec::new();
    while !units.is_empty() {
        let open = match tx::begin(db).await {
            Ok(open) => open,
            Err(error) => {
                fail(units, &error);
                return alone;
            }
        };
        match first_refusal(&mut units, &open).await {
            None => {
                match tx::commit(open).await {
                    Ok(()) => {
                        commits.send_modify(|n| *n = n.wrapping_add(1));
                        for unit in units {
                            unit.answer();
                        }
                    }
                    Err(error) => fail(units, &error),
                }
                return alone;
            }
            Some(at) => {
                tx::rollback(open).await;
                let refused = units.remove(at);
                if units.is_empty() && alone.is_empty() {
                    refused.answer();
                } else {
                    alone.push(refused);
                }
            }
        }
    }
    alone
}

fn fail(units: Vec<Box<dyn Unit>>, error: &StorageError) {
    for unit in units {
        unit.fail(error.clone());
    }
}

async fn first_refusal(units: &mut [Box<dyn Unit>], open: &Tx) -> Option<usize> {
    for (at, unit) in units.iter_mut().enumerate() {
        if !unit.run(open).await {
            return Some(at);
        }
    }
    None
}
