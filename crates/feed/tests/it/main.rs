//! The feed on SQLite and PostgreSQL, over a real server in memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::clone_on_ref_ptr,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail as tests do, and tests spawn without a tracker"
)]

mod deliveries;
mod effects;
mod fake;
mod following;
mod mismatch;
mod pins;
mod sequencing;
mod serving;
mod tampering;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::envelope::{Draft, new_event};
use proto::event::v1::event_feed_service_client::EventFeedServiceClient;
use runtime::auth::{KeySet, ServiceIdentity, Verifier, generate_key};
use runtime::client::{Channel, Outgoing};
use runtime::clock::{SystemClock, SystemIds};
use runtime::context::Peers;
use runtime::incarnation::Incarnations;
use runtime::server::{Dial, Listener, Routes, Server};
use runtime::{ServiceContext, Shutdown};
use sea_orm::{ConnectionTrait as _, Statement};
use storage::test::{TestDb, databases};
use storage::{Db, StorageError, event};
use uuid::Uuid;

use motcua_feed as feed;

async fn all() -> Vec<TestDb> {
    databases(Vec::new).await
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_000).unwrap()
}

/// Two services that trust each other: the one that serves and the one that
/// calls.
struct Pair {
    serving: ServiceContext,
    calling: ServiceContext,
    dial: OnceLock<Dial>,
}

impl Pair {
    fn new() -> Self {
        let keys = KeySet::default();
        let context = |name: &str| {
            let key = generate_key().unwrap();
            keys.trust_service(name, key.public()).unwrap();
            let clock = Arc::new(SystemClock);
            ServiceContext {
                clock: clock.clone(),
                ids: Arc::new(SystemIds),
                shutdown: Shutdown::new(),
                verifier: Arc::new(Verifier::new(keys.clone(), clock.clone())),
                identity: Arc::new(ServiceIdentity::new(name, &key, clock)),
                incarnations: Incarnations::default(),
                peers: Peers::default(),
            }
        };
        Self {
            serving: context("workflow"),
            calling: context("dossier"),
            dial: OnceLock::new(),
        }
    }

    /// Another line to what is served.
    fn line(&self, outgoing: Outgoing) -> Channel {
        Channel::memory(self.dial.get().unwrap().clone(), outgoing)
    }

    /// Serves routes until the server's shutdown; the caller's line to them.
    fn serve(&self, routes: Routes) -> Channel {
        let (listener, dial) = Listener::memory();
        let server = Server::new(&self.serving).routes(routes);
        self.serving.shutdown.spawn("server", async move {
            server.serve(listener).await.unwrap();
        });
        self.dial.set(dial).unwrap();
        self.line(self.calling.outgoing())
    }

    /// Serves the feed of a store with its sequencer.
    fn serve_feed(&self, db: &Db) -> Channel {
        let offer = feed::offer("workflow", db, &self.serving.shutdown);
        self.serving.shutdown.spawn("sequencer", offer.job);
        self.serve(Routes::new().add(offer.server.into_service()))
    }
}

/// A store with a feed, served.
struct Source {
    db: Db,
    pair: Pair,
    channel: Channel,
}

impl Source {
    fn of(db: &Db) -> Self {
        let pair = Pair::new();
        let channel = pair.serve_feed(db);
        Self {
            db: db.clone(),
            pair,
            channel,
        }
    }

    fn client(&self) -> EventFeedServiceClient<Channel> {
        EventFeedServiceClient::new(self.channel.clone())
    }

    /// Stops serving and waits until nothing runs.
    async fn stop(&self) {
        let stopped = self.pair.serving.shutdown.drain(Duration::from_secs(20));
        stopped.await.unwrap();
    }

    async fn incarnation(&self) -> Uuid {
        storage::incarnation(self.db.read()).await.unwrap()
    }

    /// Writes events and waits until they have their positions.
    async fn numbered(&self, events: impl IntoIterator<Item = (u64, i64)>) {
        for (n, version) in events {
            append(&self.db, n, version).await.unwrap();
        }
        self.caught_up().await;
    }

    async fn caught_up(&self) {
        until("everything is numbered", async || {
            number(
                &self.db,
                "SELECT count(*) FROM event WHERE position IS NULL",
            )
            .await
                == 0
        })
        .await;
    }
}

/// An aggregate of its own for each number.
fn aggregate(n: u64) -> Uuid {
    Uuid::from_u128((u128::from(n) + 1) << 64)
}

/// Version `version` of aggregate `n`.
fn event_of(n: u64, version: i64) -> event::NewEvent {
    let aggregate_id = aggregate(n);
    let draft = Draft {
        id: Uuid::from_u128(aggregate_id.as_u128() ^ u128::from(version.unsigned_abs())),
        aggregate_kind: "instance",
        aggregate_id,
        aggregate_version: version,
        event_type: "instance.tested",
        schema_version: 1,
        actor: "service:test",
        unit: "42",
        at: at(),
        request_id: "",
    };
    new_event(draft, &serde_json::json!({ "n": n })).unwrap()
}

async fn append(db: &Db, n: u64, version: i64) -> Result<(), StorageError> {
    append_all(db, vec![event_of(n, version)]).await
}

async fn append_all(db: &Db, events: Vec<event::NewEvent>) -> Result<(), StorageError> {
    db.run("append", move |tx| {
        let events = events.clone();
        Box::pin(async move {
            for one in &events {
                event::append(tx, one).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Runs statements in a unit of work of their own.
async fn sql(db: &Db, statements: &str) {
    let statements = statements.to_owned();
    db.run::<_, StorageError, _>("sql", move |tx| {
        let statements = statements.clone();
        Box::pin(async move {
            tx.conn().execute_unprepared(&statements).await?;
            Ok(())
        })
    })
    .await
    .unwrap();
}

/// The number that a query answers.
async fn number(db: &Db, query: &str) -> i64 {
    let conn = db.read();
    let asked = Statement::from_string(conn.get_database_backend(), query.to_owned());
    let row = conn.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Waits for a condition, at most 30 s.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !holds().await {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {what}");
}
