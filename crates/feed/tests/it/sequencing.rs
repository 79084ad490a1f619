//! Positions: dense, once each, and of everything that was committed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proto::event::v1::WatchRequest;
use runtime::Shutdown;
use sea_orm::ConnectionTrait as _;
use storage::test::TestDb;
use storage::{Config, Db, StorageError, event};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use motcua_feed as feed;

use crate::{Source, aggregate, all, append, event_of, until};

const WRITERS: u64 = 16;
const UNITS: u64 = 100;

/// The same numbers at every run, different for each seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Another handle on the same store, as another replica has one.
async fn replica(one: &TestDb) -> Db {
    let config = match &one.config {
        Config::Postgres { url, .. } => Config::Postgres {
            url: url.clone(),
            connections: 2,
        },
        sqlite @ Config::Sqlite { .. } => sqlite.clone(),
    };
    Db::open(&config).await.unwrap()
}

/// Writes with random lengths and rollbacks; the aggregates that were committed.
async fn write(db: Db, postgres: bool, writer: u64) -> BTreeSet<Uuid> {
    let mut dice = Dice(writer);
    let mut committed = BTreeSet::new();
    for n in (writer * UNITS)..((writer + 1) * UNITS) {
        let (length, rolled_back) = (dice.below(6), dice.below(10) == 0);
        let outcome = db
            .run::<(), StorageError, _>("writes", move |tx| {
                Box::pin(async move {
                    event::append(tx, &event_of(n, 1)).await?;
                    if postgres {
                        // The length of the transaction, spent in the database.
                        let spent = format!("SELECT pg_sleep({length} / 1000.0)");
                        tx.conn().execute_unprepared(&spent).await?;
                    }
                    event::append(tx, &event_of(n, 2)).await?;
                    if rolled_back {
                        return Err(StorageError::Stale);
                    }
                    Ok(())
                })
            })
            .await;
        assert_eq!(outcome.is_ok(), !rolled_back);
        if outcome.is_ok() {
            committed.insert(aggregate(n));
        }
    }
    committed
}

/// A sequencer that is stopped and started again, until told to end.
async fn sequencer(db: Db, ended: Arc<AtomicBool>, life: Duration) {
    while !ended.load(Ordering::SeqCst) {
        let shutdown = Shutdown::new();
        let (head, _) = watch::channel(0);
        let sequencing = feed::sequence(db.clone(), shutdown.clone(), head);
        // Half of its lives end by being cut off in the middle of something.
        let _ = tokio::time::timeout(life, sequencing).await;
        let (head, _) = watch::channel(0);
        let mut lives = tokio::time::interval(life);
        lives.tick().await;
        tokio::join!(feed::sequence(db.clone(), shutdown.clone(), head), async {
            lives.tick().await;
            shutdown.token.cancel();
        });
    }
}

/// The mutant: reads by `seq > last`, as if numbers came in the order of commits.
async fn naive(db: Db, ended: Arc<AtomicBool>) -> BTreeSet<i64> {
    let (mut seen, mut last) = (BTreeSet::new(), 0);
    loop {
        let over = ended.load(Ordering::SeqCst);
        let found = event::scan(db.read(), last, 10_000).await.unwrap();
        if over && found.is_empty() {
            return seen;
        }
        seen.extend(found.iter().map(|event| event.seq));
        last = found.last().map_or(last, |event| event.seq);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_and_restarted_sequencers_make_one_dense_feed() {
    for one in all().await {
        let postgres = one.label == "postgres";
        let ended = Arc::new(AtomicBool::new(false));
        let mut beside = Vec::new();
        for life in [37, 53, 71] {
            let db = replica(&one).await;
            let life = Duration::from_millis(life);
            beside.push(tokio::spawn(sequencer(db, Arc::clone(&ended), life)));
        }
        let mutant = tokio::spawn(naive(replica(&one).await, Arc::clone(&ended)));
        let source = Source::of(&one.db);
        let mut client = source.client();
        let watching = tokio::spawn(async move {
            let asked = client.watch(WatchRequest::default()).await.unwrap();
            let (mut stream, mut positions) = (asked.into_inner(), Vec::new());
            while let Some(batch) = stream.message().await.unwrap() {
                positions.extend(batch.entries.iter().map(|entry| entry.position));
            }
            positions
        });

        let writers = (0..WRITERS).map(|n| tokio::spawn(write(one.db.clone(), postgres, n)));
        let mut committed = BTreeSet::new();
        for writer in futures::future::join_all(writers).await {
            committed.append(&mut writer.unwrap());
        }
        ended.store(true, Ordering::SeqCst);
        for one in beside {
            one.await.unwrap();
        }
        source.caught_up().await;

        let stored = event::numbered_after(one.db.read(), 0, 100_000)
            .await
            .unwrap();
        let positions: Vec<_> = stored.iter().filter_map(|event| event.position).collect();
        let dense: Vec<_> = (1..=i64::try_from(committed.len() * 2).unwrap()).collect();
        assert_eq!(positions, dense, "{}", one.label);
        let in_feed: BTreeSet<_> = stored.iter().map(|event| event.aggregate_id).collect();
        assert_eq!(in_feed, committed, "{}", one.label);
        let report = feed::verify_chain(one.db.read()).await.unwrap();
        assert_eq!(report.violations, Vec::<String>::new(), "{}", one.label);
        assert_eq!(report.checked, u64::try_from(dense.len()).unwrap());

        source.pair.serving.shutdown.token.cancel();
        let watched = watching.await.unwrap();
        assert!(dense.starts_with(&watched), "{}", one.label);

        let lost = dense.len() - mutant.await.unwrap().len();
        println!(
            "{}: {} events, a reader by seq lost {lost}",
            one.label,
            dense.len()
        );
        if postgres {
            assert!(lost > 0, "the mutant must be caught");
        } else {
            // One writer: numbers come in the order of commits.
            assert_eq!(lost, 0);
        }
        source.stop().await;
    }
}

#[tokio::test]
async fn an_event_that_commits_late_is_lost_by_seq_and_not_by_position() {
    for one in all().await.into_iter().filter(|d| d.label == "postgres") {
        let source = Source::of(&one.db);
        let (written, commit) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let late = {
            let (db, written, commit) = (one.db.clone(), written.clone(), commit.clone());
            tokio::spawn(async move {
                db.run::<(), StorageError, _>("late", move |tx| {
                    let (written, commit) = (written.clone(), commit.clone());
                    Box::pin(async move {
                        event::append(tx, &event_of(1, 1)).await?;
                        written.notify_one();
                        commit.notified().await;
                        Ok(())
                    })
                })
                .await
            })
        };
        written.notified().await;
        source.numbered([(2, 1)]).await;
        let first = event::scan(one.db.read(), 0, 10).await.unwrap();
        assert_eq!(first.len(), 1);
        let last_seq = first[0].seq;
        commit.notify_one();
        late.await.unwrap().unwrap();
        source.caught_up().await;

        let by_seq = event::scan(one.db.read(), last_seq, 10).await.unwrap();
        assert_eq!(by_seq.len(), 0, "the mutant never sees the late one");
        let by_position = event::numbered_after(one.db.read(), 1, 10).await.unwrap();
        assert_eq!(by_position.len(), 1);
        assert_eq!(by_position[0].aggregate_id, aggregate(1));
        source.stop().await;
    }
}

#[tokio::test]
async fn a_commit_wakes_the_sequencer_and_an_idle_one_commits_nothing() {
    for one in all().await {
        let source = Source::of(&one.db);
        append(&one.db, 1, 1).await.unwrap();
        source.caught_up().await;
        let mut commits = one.db.committed();
        let before = *commits.borrow_and_update();
        // Three times the period in which it looks for others' commits.
        let woken = tokio::time::timeout(Duration::from_millis(600), commits.changed());
        assert!(
            woken.await.is_err(),
            "{}: an idle sequencer wakes itself",
            one.label
        );
        append(&one.db, 1, 2).await.unwrap();
        source.caught_up().await;
        until("one commit of ours and one of the sequencer", async || {
            *one.db.committed().borrow() == before + 2
        })
        .await;
        source.stop().await;
    }
}
