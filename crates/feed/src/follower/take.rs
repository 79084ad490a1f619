//! One event's effect and the cursor, in one unit of work.

#[cfg(feature = "mutants")]
mod mutant;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use proto::event::v1::{Envelope, FeedEntry};
use runtime::Shutdown;
use sea_orm::{ConnectionTrait as _, Statement};
use storage::{Db, StorageError, Tx, cursor};
use uuid::Uuid;

use super::Halt;
use crate::{chain, envelope};

/// How often an event that does not apply is tried.
const ATTEMPTS: u32 = 5;
/// The wait after the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// An event of a feed, as a consumer takes it up.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where it stands in its feed.
    pub position: i64,
    /// What it tells.
    pub envelope: Envelope,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Its effect and the cursor are stored.
    Applied,
    /// Its effect was stored before.
    Duplicate,
    /// It is set aside, and the cursor has gone past it.
    Parked,
    /// One before it is missing.
    Gap,
}

/// Why a unit of work did not commit.
pub(super) enum Fault<E> {
    Storage(StorageError),
    Apply(E),
    Mismatch(Uuid),
}

impl<E> From<StorageError> for Fault<E> {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Whether to apply, or why not.
enum Turn {
    Now,
    Not(Taken),
}

/// Checks that an entry's hash is its own and, where the one before was seen
/// on the same line, that it follows that one.
pub(super) fn believe(entry: &FeedEntry, before: Option<&[u8]>) -> Result<(), String> {
    if before.is_some_and(|hash| hash != entry.prev_hash) {
        return Err(format!(
            "entry {} does not follow the one before",
            entry.position
        ));
    }
    if chain::hash(entry.position, &entry.prev_hash, &entry.envelope).as_slice() != entry.hash {
        return Err(format!(
            "entry {} is not what its hash says",
            entry.position
        ));
    }
    Ok(())
}

/// Entries that are taken together.
struct Taking {
    first: i64,
    last: i64,
    events: Vec<Event>,
    aggregates: Vec<Uuid>,
}

impl Taking {
    /// None when one cannot be read, or they do not follow each other.
    fn of(entries: &[Arc<FeedEntry>]) -> Option<Self> {
        let first = entries.first()?.position;
        let mut taking = Self {
            first,
            last: first,
            events: Vec::with_capacity(entries.len()),
            aggregates: Vec::with_capacity(entries.len()),
        };
        for (entry, expected) in entries.iter().zip(first..) {
            if entry.position != expected {
                return None;
            }
            let envelope = envelope::decode(&entry.envelope).ok()?;
            taking
                .aggregates
                .push(envelope::aggregate_id(&envelope).ok()?);
            taking.last = entry.position;
            taking.events.push(Event {
                position: entry.position,
                envelope,
            });
        }
        Some(taking)
    }
}

/// Applies events under a consumer's cursor.
pub(super) struct Taker<F> {
    pub(super) name: Arc<str>,
    pub(super) db: Db,
    shutdown: Shutdown,
    pub(super) apply: Arc<F>,
}

impl<F> Taker<F> {
    pub(super) fn new(name: &str, db: Db, shutdown: Shutdown, apply: F) -> Self {
        Self {
            name: name.into(),
            db,
            shutdown,
            apply: Arc::new(apply),
        }
    }

    /// Applies an event, or sets it aside after as many attempts as are due.
    pub(super) async fn take<E>(&self, entry: Arc<FeedEntry>, source: Uuid) -> Result<Taken, Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let decoded = envelope::decode(&entry.envelope)
            .and_then(|envelope| Ok((envelope::aggregate_id(&envelope)?, envelope)));
        let (aggregate, event) = match decoded {
            Ok((aggregate, envelope)) => {
                let position = entry.position;
                (aggregate, Arc::new(Event { position, envelope }))
            }
            // It names no aggregate that others could wait behind.
            Err(error) => {
                return self
                    .park(&entry, source, Uuid::nil(), error.to_string())
                    .await;
            }
        };
        let (mut attempt, mut pause) = (1, PAUSE);
        loop {
            let why = match self.once(&entry, &event, aggregate, source).await {
                Ok(taken) => return Ok(taken),
                Err(Fault::Mismatch(ours)) => return Err(mismatch(ours)),
                Err(Fault::Storage(StorageError::Unavailable)) => {
                    return Err(StorageError::Unavailable.into());
                }
                Err(Fault::Storage(error)) => error.to_string(),
                Err(Fault::Apply(error)) => error.to_string(),
            };
            // An event is not poison because our own store is away.
            self.probe(source).await?;
            tracing::warn!(
                follower = %self.name, position = entry.position, attempt, %why,
                "an event does not apply"
            );
            if attempt == ATTEMPTS {
                return self.park(&entry, source, aggregate, why).await;
            }
            attempt += 1;
            if !self.shutdown.pause(pause).await {
                return Err(Halt::Leaving);
            }
            pause *= 2;
        }
    }

    /// Applies entries that follow each other, all in one unit of work. False when
    /// they must be taken one by one: nothing of them is stored then.
    pub(super) async fn together<E>(
        &self,
        entries: &[Arc<FeedEntry>],
        source: Uuid,
    ) -> Result<bool, Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let Some(taking) = Taking::of(entries) else {
            return Ok(false);
        };
        #[cfg(feature = "mutants")]
        if let Some(done) = self.mutate(&taking, source).await? {
            return Ok(done);
        }
        let (name, apply, taking) = (
            Arc::clone(&self.name),
            Arc::clone(&self.apply),
            Arc::new(taking),
        );
        let done = self
            .db
            .run("feed.apply", move |tx| {
                let (name, apply, taking) =
                    (Arc::clone(&name), Arc::clone(&apply), Arc::clone(&taking));
                Box::pin(async move {
                    let Turn::Now = turn(tx, &name, taking.first, source).await? else {
                        return Ok(false);
                    };
                    if cursor::any_parked(tx.conn(), &name, &taking.aggregates).await? {
                        return Ok(false);
                    }
                    apply(tx, &taking.events).await.map_err(Fault::Apply)?;
                    cursor::save(tx, &name, taking.last, source).await?;
                    Ok(true)
                })
            })
            .await;
        match done {
            Ok(done) => Ok(done),
            Err(Fault::Mismatch(ours)) => Err(mismatch(ours)),
            Err(Fault::Storage(StorageError::Unavailable)) => Err(StorageError::Unavailable.into()),
            Err(Fault::Storage(_) | Fault::Apply(_)) => Ok(false),
        }
    }

    async fn once<E>(
        &self,
        entry: &Arc<FeedEntry>,
        event: &Arc<Event>,
        aggregate: Uuid,
        source: Uuid,
    ) -> Result<Taken, Fault<E>>
    where
        E: From<StorageError> + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let (name, apply) = (Arc::clone(&self.name), Arc::clone(&self.apply));
        let (entry, event) = (Arc::clone(entry), Arc::clone(event));
        self.db
            .run("feed.apply", move |tx| {
                let (name, apply) = (Arc::clone(&name), Arc::clone(&apply));
                let (entry, event) = (Arc::clone(&entry), Arc::clone(&event));
                Box::pin(async move {
                    if let Turn::Not(taken) = turn(tx, &name, entry.position, source).await? {
                        return Ok(taken);
                    }
                    let parked = cursor::is_parked(tx.conn(), &name, aggregate).await?;
                    if parked {
                        let reason = "an earlier event of this aggregate is parked";
                        cursor::park(
                            tx,
                            &name,
                            entry.position,
                            aggregate,
                            reason,
                            &entry.envelope,
                        )
                        .await?;
                    } else {
                        let one = std::slice::from_ref(event.as_ref());
                        apply(tx, one).await.map_err(Fault::Apply)?;
                    }
                    cursor::save(tx, &name, entry.position, source).await?;
                    Ok(if parked {
                        Taken::Parked
                    } else {
                        Taken::Applied
                    })
                })
            })
            .await
    }

    /// Sets an event aside and goes past it.
    async fn park(
        &self,
        entry: &Arc<FeedEntry>,
        source: Uuid,
        aggregate: Uuid,
        why: String,
    ) -> Result<Taken, Halt> {
        tracing::error!(follower = %self.name, position = entry.position, %why, "an event is parked");
        let (name, entry) = (Arc::clone(&self.name), Arc::clone(entry));
        let done = self
            .db
            .run::<_, Fault<StorageError>, _>("feed.park", move |tx| {
                let (name, entry, why) = (Arc::clone(&name), Arc::clone(&entry), why.clone());
                Box::pin(async move {
                    if let Turn::Not(taken) = turn(tx, &name, entry.position, source).await? {
                        return Ok(taken);
                    }
                    cursor::park(tx, &name, entry.position, aggregate, &why, &entry.envelope)
                        .await?;
                    cursor::save(tx, &name, entry.position, source).await?;
                    Ok(Taken::Parked)
                })
            })
            .await;
        done.map_err(|fault| match fault {
            Fault::Mismatch(ours) => mismatch(ours),
            Fault::Storage(error) | Fault::Apply(error) => error.into(),
        })
    }

    /// Whether our store takes writes at all.
    async fn probe(&self, source: Uuid) -> Result<(), Halt> {
        let name = Arc::clone(&self.name);
        self.db
            .run::<_, StorageError, _>("feed.probe", move |tx| {
                let name = Arc::clone(&name);
                Box::pin(async move { ensure(tx, &name, source).await })
            })
            .await?;
        Ok(())
    }
}

pub(super) fn mismatch(ours: Uuid) -> Halt {
    Halt::Mismatch(format!("the cursor has moved to incarnation {ours}"))
}

/// Locks the cursor and tells whether `position` is the next one.
async fn turn<E>(tx: &Tx, name: &str, position: i64, source: Uuid) -> Result<Turn, Fault<E>> {
    let stored = locked(tx, name, source).await?;
    Ok(match position - stored {
        1 => Turn::Now,
        ahead if ahead > 1 => Turn::Not(Taken::Gap),
        _ => Turn::Not(Taken::Duplicate),
    })
}

/// Locks the cursor, which must be of this source; answers its position.
pub(super) async fn locked<E>(tx: &Tx, name: &str, source: Uuid) -> Result<i64, Fault<E>> {
    let mut stored = cursor::lock(tx, name).await?;
    if stored.is_none() {
        ensure(tx, name, source).await?;
        stored = cursor::lock(tx, name).await?;
    }
    let stored = stored.ok_or(StorageError::Stale)?;
    if stored.incarnation != source {
        return Err(Fault::Mismatch(stored.incarnation));
    }
    Ok(stored.position)
}

/// Makes the cursor where there is none, so that there is a row to lock.
async fn ensure(tx: &Tx, name: &str, source: Uuid) -> Result<(), StorageError> {
    let conn = tx.conn();
    let make = Statement::from_sql_and_values(
        conn.get_database_backend(),
        r#"INSERT INTO "cursor" (consumer, position, incarnation) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING"#,
        [name.into(), source.into()],
    );
    conn.execute_raw(make).await?;
    Ok(())
}
