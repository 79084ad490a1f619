//! Numbers committed events, densely and once, and chains their hashes.

use std::time::Duration;

use proto::event::v1::FeedEntry;
use runtime::Shutdown;
use sea_orm::{ConnectionTrait as _, Statement};
use storage::event::{self, Numbered};
use storage::{Db, StorageError};
use tokio::sync::watch;
use uuid::Uuid;

use crate::chain;
use crate::server::FeedServer;
use crate::tail::{self, Tail};

/// How many events one unit of work numbers at most.
const BATCH: u64 = 512;
/// After a batch, events gather for this long before the next one: what a batch
/// costs is paid for all of them.
const GATHER: Duration = Duration::from_millis(40);
/// How often to look for what other replicas committed.
const POLL: Duration = Duration::from_millis(200);
/// The longest wait after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A service's own feed: what to mount and what to run.
pub struct Offer<J> {
    /// Mount it with [`FeedServer::into_service`].
    pub server: FeedServer,
    /// The sequencer, a job that ends at shutdown.
    pub job: J,
}

/// The feed of `service` over its store.
pub fn offer(
    service: &str,
    db: &Db,
    shutdown: &Shutdown,
) -> Offer<impl Future<Output = ()> + Send + 'static + use<>> {
    let (sender, head) = watch::channel(0);
    let tail = Tail::default();
    Offer {
        server: FeedServer::new(service, db.clone(), shutdown.clone(), (head, tail.clone())),
        job: run(db.clone(), shutdown.clone(), sender, tail),
    }
}

/// Numbers committed events until shutdown and tells `head` the last position.
/// Any number of replicas may run it: each unit of work locks the head.
pub async fn sequence(db: Db, shutdown: Shutdown, head: watch::Sender<i64>) {
    run(db, shutdown, head, Tail::default()).await;
}

async fn run(db: Db, shutdown: Shutdown, head: watch::Sender<i64>, tail: Tail) {
    let mut committed = db.committed();
    let mut wait = POLL;
    while !shutdown.is_stopped() {
        // Marked before the look, so that a commit during it is not missed.
        committed.borrow_and_update();
        match pass(&db, &head, &tail).await {
            Ok(true) => {
                wait = POLL;
                if !shutdown.pause(GATHER).await {
                    return;
                }
                continue;
            }
            Ok(false) => wait = POLL,
            Err(error) => {
                tracing::warn!(%error, "events could not be numbered");
                if !shutdown.pause(wait).await {
                    return;
                }
                wait = (wait * 2).min(LONGEST_WAIT);
                continue;
            }
        }
        tokio::select! {
            on = shutdown.pause(wait) => if !on { return },
            changed = committed.changed() => if changed.is_err() { return },
        }
    }
}

/// Numbers one batch; whether there was one.
async fn pass(db: &Db, head: &watch::Sender<i64>, tail: &Tail) -> Result<bool, StorageError> {
    // Looking first keeps an idle sequencer from committing, which would wake
    // it again at once.
    if any_unnumbered(db).await? {
        let (incarnation, entries) = number(db).await?;
        if !entries.is_empty() {
            tail.push(incarnation, entries, head);
            return Ok(true);
        }
    }
    // Another replica may have numbered what this process committed.
    tail::tell(head, event::head(db.read()).await?.position);
    Ok(false)
}

async fn any_unnumbered(db: &Db) -> Result<bool, StorageError> {
    let conn = db.read();
    let ask = Statement::from_string(
        conn.get_database_backend(),
        "SELECT 1 FROM event WHERE position IS NULL LIMIT 1",
    );
    Ok(conn.query_one_raw(ask).await?.is_some())
}

/// One unit of work; answers what it numbered, and in which history.
async fn number(db: &Db) -> Result<(Uuid, Vec<FeedEntry>), StorageError> {
    db.run("feed.number", |tx| {
        Box::pin(async move {
            let (head, events) = event::unnumbered(tx, BATCH).await?;
            let (mut position, mut last) = (head.position, head.hash);
            let mut numbered = Vec::with_capacity(events.len());
            let mut entries = Vec::with_capacity(events.len());
            for event in events {
                position += 1;
                let hash = chain::hash(position, &last, &event.envelope).to_vec();
                let prev_hash = std::mem::replace(&mut last, hash.clone());
                entries.push(FeedEntry {
                    position,
                    envelope: event.envelope,
                    prev_hash: prev_hash.clone(),
                    hash: hash.clone(),
                });
                numbered.push(Numbered {
                    seq: event.seq,
                    position,
                    prev_hash,
                    hash,
                });
            }
            event::number(tx, &numbered).await?;
            Ok((head.incarnation, entries))
        })
    })
    .await
}
