//! A consumer whose effects can be counted.

use std::time::Duration;

use feed::{Control, Event, Follower, State};
use futures::future::BoxFuture;
use proto::event::v1::Envelope;
use runtime::Shutdown;
use runtime::client::Channel;
use sea_orm::{ConnectionTrait as _, Statement};
use storage::test::TestDb;
use storage::{Db, StorageError, Tx, cursor};
use tokio::task::JoinHandle;
use uuid::Uuid;

use motcua_feed as feed;

use crate::{all, number, sql, until};

pub(crate) const NAME: &str = "test.workflow";

/// A source's store and a consumer's, of each kind.
pub(crate) async fn pairs() -> Vec<(TestDb, Consumer)> {
    let mut pairs = Vec::new();
    for (source, consumer) in all().await.into_iter().zip(all().await) {
        let serial = if consumer.label == "postgres" {
            "bigserial PRIMARY KEY"
        } else {
            "integer PRIMARY KEY AUTOINCREMENT"
        };
        let table = format!("CREATE TABLE effect (n {serial}, position bigint, aggregate text)");
        sql(&consumer.db, &table).await;
        pairs.push((source, Consumer { store: consumer }));
    }
    pairs
}

pub(crate) struct Consumer {
    store: TestDb,
}

/// A follower that runs.
pub(crate) struct Following {
    pub(crate) control: Control,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<()>,
}

impl Following {
    /// Waits until it stands so.
    pub(crate) async fn state(&self, what: &str, holds: impl Fn(&State) -> bool) {
        until(what, async || holds(&self.control.report().state)).await;
    }

    pub(crate) async fn stopped(&self) {
        self.state("it stops", |state| matches!(state, State::Stopped { .. }))
            .await;
    }

    pub(crate) async fn at(&self, position: i64) {
        let what = format!("it reaches {position}: {:?}", self.control.report());
        until(&what, async || self.control.report().position == position).await;
    }

    /// Ends it in order.
    pub(crate) async fn end(self) {
        self.shutdown.token.cancel();
        self.task.await.unwrap();
        assert_eq!(self.control.report().state, State::Ended);
    }
}

/// What a test does beside storing an effect, in the same unit of work.
pub(crate) type After = BoxFuture<'static, Result<(), StorageError>>;

pub(crate) fn nothing(_: &Envelope, _: i64) -> After {
    Box::pin(async { Ok(()) })
}

/// Runs a follower that stores each effect and then does what the test wants.
pub(crate) fn run<F>(follower: Follower, shutdown: Shutdown, after: F) -> Following
where
    F: Fn(&Envelope, i64) -> After + Clone + Send + Sync + 'static,
{
    let control = follower.control();
    let task = tokio::spawn(follower.run(move |tx: &Tx, events: &[Event]| {
        let after = after.clone();
        Box::pin(async move {
            for Event { position, envelope } in events {
                effect(tx, envelope, *position).await?;
                after(envelope, *position).await?;
            }
            Ok::<_, StorageError>(())
        })
    }));
    Following {
        control,
        shutdown,
        task,
    }
}

impl Consumer {
    pub(crate) fn db(&self) -> &Db {
        &self.store.db
    }

    /// Follows and stores each effect.
    pub(crate) fn follow(&self, source: &Channel) -> Following {
        self.follow_with(source, nothing)
    }

    /// Stores each effect, then does what the test wants.
    pub(crate) fn follow_with<F>(&self, source: &Channel, after: F) -> Following
    where
        F: Fn(&Envelope, i64) -> After + Clone + Send + Sync + 'static,
    {
        let shutdown = Shutdown::new();
        let db = self.store.db.clone();
        run(
            Follower::new(NAME, source.clone(), db, shutdown.clone()),
            shutdown,
            after,
        )
    }

    /// The same, and what is parked is tried again this often.
    pub(crate) fn follow_trying<F>(&self, source: &Channel, every: Duration, after: F) -> Following
    where
        F: Fn(&Envelope, i64) -> After + Clone + Send + Sync + 'static,
    {
        let shutdown = Shutdown::new();
        let db = self.store.db.clone();
        let follower = Follower::new(NAME, source.clone(), db, shutdown.clone());
        run(follower.trying_again(every), shutdown, after)
    }

    /// The positions of the stored effects, in the order in which they came.
    pub(crate) async fn effects(&self) -> Vec<i64> {
        let conn = self.store.db.read();
        let asked = Statement::from_string(
            conn.get_database_backend(),
            "SELECT position FROM effect ORDER BY n",
        );
        let rows = conn.query_all_raw(asked).await.unwrap();
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    /// The positions that are set aside.
    pub(crate) async fn parked(&self) -> Vec<i64> {
        let conn = self.store.db.read();
        let asked = Statement::from_string(
            conn.get_database_backend(),
            "SELECT position FROM parked ORDER BY position",
        );
        let rows = conn.query_all_raw(asked).await.unwrap();
        rows.iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    pub(crate) async fn cursor(&self) -> Option<cursor::Cursor> {
        cursor::load(self.store.db.read(), NAME).await.unwrap()
    }

    /// The position up to which effects are done; 0 before the first.
    pub(crate) async fn position(&self) -> i64 {
        self.cursor().await.map_or(0, |cursor| cursor.position)
    }

    /// As if it had never followed anybody.
    pub(crate) async fn forget(&self) {
        sql(
            self.db(),
            r#"DELETE FROM effect; DELETE FROM "cursor"; DELETE FROM parked"#,
        )
        .await;
    }

    /// What an operator does after having compared both sides.
    pub(crate) async fn reconcile(&self, position: i64, incarnation: Uuid) {
        self.store
            .db
            .run::<_, StorageError, _>("reconcile", move |tx| {
                Box::pin(cursor::save(tx, NAME, position, incarnation))
            })
            .await
            .unwrap();
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        number(&self.store.db, query).await
    }

    pub(crate) fn label(&self) -> &'static str {
        self.store.label
    }
}

async fn effect(tx: &Tx, envelope: &Envelope, position: i64) -> Result<(), StorageError> {
    let conn = tx.conn();
    let row = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "INSERT INTO effect (position, aggregate) VALUES ($1, $2)",
        [position.into(), envelope.aggregate_id.clone().into()],
    );
    conn.execute_raw(row).await?;
    Ok(())
}
