//! What was set aside is tried again: its cause may be gone.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use storage::{StorageError, Tx, cursor};
use tokio::time::Instant;
use uuid::Uuid;

use super::Halt;
use super::take::{Event, Fault, Taker, locked, mismatch};
use crate::envelope;

/// How often, beside once at the start of a line.
pub(super) const EVERY: Duration = Duration::from_mins(5);
/// How many aggregates one pass tries at most; the next one goes on behind them.
const AGGREGATES: u64 = 64;

/// When to try again, and where to go on.
pub(super) struct Again {
    every: Duration,
    due: Instant,
    after: i64,
}

impl Again {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            due: Instant::now(),
            after: 0,
        }
    }

    /// At the start of a line: whoever starts a process may have mended something.
    pub(super) fn soon(&mut self) {
        self.due = Instant::now();
        self.after = 0;
    }

    /// One pass, when it is due.
    pub(super) async fn pass<E, F>(&mut self, taker: &Taker<F>, source: Uuid) -> Result<(), Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        if Instant::now() < self.due {
            return Ok(());
        }
        let heads =
            cursor::parked_heads(taker.db.read(), &taker.name, self.after, AGGREGATES).await?;
        for (aggregate, position) in &heads {
            taker.replay(*aggregate, source).await?;
            self.after = *position;
        }
        // A full page has others behind it, which are tried at once.
        if u64::try_from(heads.len()).unwrap_or(u64::MAX) < AGGREGATES {
            self.due = Instant::now() + self.every;
            self.after = 0;
        }
        Ok(())
    }
}

impl<F> Taker<F> {
    /// Applies an aggregate's parked events in their order, each in a unit of work
    /// of its own, until one does not apply.
    async fn replay<E>(&self, aggregate: Uuid, source: Uuid) -> Result<(), Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        loop {
            let why = match self.unpark(aggregate, source).await {
                Ok(None) => return Ok(()),
                Ok(Some(position)) => {
                    tracing::info!(follower = %self.name, position, "a parked event is taken up");
                    continue;
                }
                Err(Fault::Mismatch(ours)) => return Err(mismatch(ours)),
                Err(Fault::Storage(StorageError::Unavailable)) => {
                    return Err(StorageError::Unavailable.into());
                }
                Err(Fault::Storage(error)) => error.to_string(),
                Err(Fault::Apply(error)) => error.to_string(),
            };
            tracing::warn!(follower = %self.name, %aggregate, %why, "it stays parked");
            return Ok(());
        }
    }

    /// The effect of the aggregate's first parked event, which is parked no more.
    /// Replicas take turns: the cursor's row is locked.
    async fn unpark<E>(&self, aggregate: Uuid, source: Uuid) -> Result<Option<i64>, Fault<E>>
    where
        E: From<StorageError> + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let (name, apply) = (Arc::clone(&self.name), Arc::clone(&self.apply));
        self.db
            .run("feed.replay", move |tx| {
                let (name, apply) = (Arc::clone(&name), Arc::clone(&apply));
                Box::pin(async move {
                    locked(tx, &name, source).await?;
                    let Some(first) = cursor::first_parked(tx.conn(), &name, aggregate).await?
                    else {
                        return Ok(None);
                    };
                    let envelope =
                        envelope::decode(&first.envelope).map_err(|_| StorageError::Other)?;
                    let position = first.position;
                    apply(tx, &[Event { position, envelope }])
                        .await
                        .map_err(Fault::Apply)?;
                    cursor::unpark(tx, &name, position).await?;
                    Ok(Some(position))
                })
            })
            .await
    }
}
