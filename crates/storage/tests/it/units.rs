//! Units of work: whole or not at all, whatever becomes of the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::ConnectionTrait as _;
use storage::{Db, StorageError, cursor, event};
use tokio::sync::watch;
use uuid::Uuid;

use motcua_storage as storage;

use crate::{aggregate, all, append, new_event, number, sql, until};

/// Connections of this database that are inside a transaction and idle.
const INSIDE: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'";

/// On PostgreSQL no connection stays inside a transaction; then many more units
/// run, more than there are connections.
async fn still_of_use(db: &Db, label: &str) {
    if label == "postgres" {
        until("no connection inside a transaction", async || {
            number(db, INSIDE).await == 0
        })
        .await;
    }
    for n in 10_000..10_030 {
        append(db, new_event(aggregate(n), 1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_unit_that_refuses_undoes_nothing_of_its_neighbours() {
    for one in all().await {
        let mut asked = Vec::new();
        for n in 0..60_u128 {
            let db = one.db.clone();
            asked.push(tokio::spawn(async move {
                db.run::<(), StorageError, _>("mixed", move |tx| {
                    Box::pin(async move {
                        event::append(tx, &new_event(Uuid::from_u128((n + 1) << 64), 1)).await?;
                        // Every third writes and then refuses.
                        if n % 3 == 0 {
                            Err(StorageError::Stale)
                        } else {
                            Ok(())
                        }
                    })
                })
                .await
            }));
        }
        let mut kept = 0;
        for (n, asked) in asked.into_iter().enumerate() {
            let outcome = asked.await.unwrap();
            assert_eq!(outcome.is_ok(), n % 3 != 0, "{}", one.label);
            kept += usize::from(outcome.is_ok());
        }
        assert_eq!(
            event::scan(one.db.read(), 0, 100).await.unwrap().len(),
            kept,
            "{}",
            one.label
        );
    }
}

#[tokio::test]
async fn callers_that_go_away_leave_whole_units_and_free_connections() {
    const CALLERS: u64 = 40;
    for one in all().await {
        let (open, gate) = watch::channel(false);
        // Each unit holds one: how many are gone can be counted.
        let alive = Arc::new(());
        let begun = Arc::new(AtomicU32::new(0));
        let callers: Vec<_> = (0..CALLERS)
            .map(|n| {
                let db = one.db.clone();
                let held = (gate.clone(), Arc::clone(&alive), Arc::clone(&begun));
                tokio::spawn(async move {
                    db.run::<(), StorageError, _>("abandoned", move |tx| {
                        let (mut gate, _, begun) = held.clone();
                        Box::pin(async move {
                            event::append(tx, &new_event(aggregate(n), 1)).await?;
                            begun.fetch_add(1, Ordering::SeqCst);
                            gate.wait_for(|open| *open)
                                .await
                                .map_err(|_| StorageError::Other)?;
                            event::append(tx, &new_event(aggregate(n), 2)).await
                        })
                    })
                    .await
                })
            })
            .collect();
        // SQLite has one writer; PostgreSQL as many as connections.
        let inside = if one.label == "postgres" { 8 } else { 1 };
        until("units are in flight", async || {
            begun.load(Ordering::SeqCst) == inside
        })
        .await;
        if one.label == "postgres" {
            // The reading needs a connection too: asked from another pool.
            let other = Db::open(&one.config).await.unwrap();
            assert_eq!(number(&other, INSIDE).await, 8);
        }
        callers.iter().for_each(tokio::task::JoinHandle::abort);
        for caller in callers {
            assert!(caller.await.unwrap_err().is_cancelled());
        }
        open.send(true).unwrap();
        until("the units have ended", async || {
            Arc::strong_count(&alive) == 1
        })
        .await;
        still_of_use(&one.db, one.label).await;
        let mut whole = 0;
        for n in 0..CALLERS {
            let stored = event::load(one.db.read(), aggregate(n)).await.unwrap();
            assert!(matches!(stored.len(), 0 | 2), "{} {n}", one.label);
            whole += u32::from(stored.len() == 2);
        }
        assert!(whole >= inside, "{}: what was begun ends", one.label);
    }
}

/// Where a unit of work breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Breaks {
    AtOnce,
    AfterWriting,
}

#[tokio::test]
async fn a_unit_that_panics_answers_an_error_and_takes_nothing_with_it() {
    for one in all().await {
        for how in [Breaks::AtOnce, Breaks::AfterWriting] {
            // More of them than connections, between others that are well.
            let asked = (0..24_u64).map(|n| {
                let db = one.db.clone();
                let n = n + if how == Breaks::AtOnce { 0 } else { 100 };
                tokio::spawn(async move {
                    db.run::<(), StorageError, _>("breaks", move |tx| {
                        assert!(how != Breaks::AtOnce || n % 2 == 0, "as the test wants");
                        Box::pin(async move {
                            event::append(tx, &new_event(aggregate(n), 1)).await?;
                            assert!(n % 2 == 0, "as the test wants");
                            Ok(())
                        })
                    })
                    .await
                })
            });
            for (n, outcome) in futures::future::join_all(asked)
                .await
                .into_iter()
                .enumerate()
            {
                let expected = if n % 2 == 0 {
                    Ok(())
                } else {
                    Err(StorageError::Other)
                };
                assert_eq!(outcome.unwrap(), expected, "{} {how:?} {n}", one.label);
            }
        }
        let stored = number(&one.db, "SELECT count(*) FROM event").await;
        assert_eq!(stored, 24, "{}", one.label);
        still_of_use(&one.db, one.label).await;
    }
}

#[tokio::test]
async fn a_unit_that_passes_over_a_failed_statement_is_not_acknowledged() {
    for one in all().await {
        append(&one.db, new_event(aggregate(1), 1)).await.unwrap();
        let outcome: Result<(), StorageError> = one
            .db
            .run("passes over", |tx| {
                Box::pin(async move {
                    event::append(tx, &new_event(aggregate(2), 1)).await?;
                    // Refused, and forgotten about: PostgreSQL would answer the
                    // COMMIT as if it were well.
                    let _ = event::append(tx, &new_event(aggregate(1), 1)).await;
                    Ok(())
                })
            })
            .await;
        assert_eq!(outcome, Err(StorageError::Other), "{}", one.label);
        let stored = event::load(one.db.read(), aggregate(2)).await.unwrap();
        assert!(stored.is_empty(), "{}", one.label);
    }
}

#[tokio::test]
async fn units_in_a_deadlock_are_run_again_and_both_commit() {
    for one in all().await.into_iter().filter(|d| d.label == "postgres") {
        let source = Uuid::from_u128(1);
        for name in ["a", "b"] {
            one.db
                .run::<_, StorageError, _>("prepare", move |tx| {
                    Box::pin(cursor::save(tx, name, 0, source))
                })
                .await
                .unwrap();
        }
        let runs = Arc::new(AtomicU32::new(0));
        let both_hold = Arc::new(tokio::sync::Barrier::new(2));
        let racers = [("a", "b"), ("b", "a")].map(|(first, second)| {
            let (db, runs, both_hold) = (one.db.clone(), runs.clone(), both_hold.clone());
            tokio::spawn(async move {
                db.run::<_, StorageError, _>("crosses", move |tx| {
                    let (runs, both_hold) = (runs.clone(), both_hold.clone());
                    Box::pin(async move {
                        cursor::save(tx, first, 1, source).await?;
                        if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                            both_hold.wait().await;
                        }
                        cursor::save(tx, second, 1, source).await
                    })
                })
                .await
            })
        });
        for done in futures::future::join_all(racers).await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 3, "one of the two ran again");
    }
}

#[tokio::test]
async fn a_serialization_failure_is_run_again_until_it_passes_or_five_times() {
    for one in all().await.into_iter().filter(|d| d.label == "postgres") {
        for (failing, expected) in [(4, Ok(())), (9, Err(StorageError::Unavailable))] {
            let runs = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&runs);
            let committed = one.db.committed();
            let outcome = one
                .db
                .run("asks again", move |tx| {
                    let runs = Arc::clone(&counted);
                    Box::pin(async move {
                        if runs.fetch_add(1, Ordering::SeqCst) < failing {
                            tx.conn()
                                .execute_unprepared(
                                    "DO $$ BEGIN RAISE EXCEPTION 'again'
                                     USING ERRCODE = '40001'; END $$",
                                )
                                .await?;
                        }
                        Ok(())
                    })
                })
                .await;
            assert_eq!(outcome, expected);
            assert_eq!(runs.load(Ordering::SeqCst), 5);
            // A sequencer that waits is woken by the last run too.
            assert_eq!(committed.has_changed().unwrap(), expected.is_ok());
        }
        still_of_use(&one.db, one.label).await;
    }
}

#[tokio::test]
async fn serializable_units_that_cross_lose_no_update() {
    for one in all().await.into_iter().filter(|d| d.label == "postgres") {
        sql(&one.db, "CREATE TABLE tally (n bigint NOT NULL)")
            .await
            .unwrap();
        sql(&one.db, "INSERT INTO tally VALUES (0)").await.unwrap();
        let adding = (0..3).map(|_| {
            let db = one.db.clone();
            tokio::spawn(async move {
                db.run::<_, StorageError, _>("adds", |tx| {
                    Box::pin(async move {
                        let conn = tx.conn();
                        conn.execute_unprepared("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                            .await?;
                        let ask = sea_orm::Statement::from_string(
                            conn.get_database_backend(),
                            "SELECT n FROM tally",
                        );
                        let row = conn.query_one_raw(ask).await?.ok_or(StorageError::Stale)?;
                        let n: i64 = row.try_get_by_index(0)?;
                        let set = format!("UPDATE tally SET n = {}", n + 1);
                        conn.execute_unprepared(&set).await?;
                        Ok(())
                    })
                })
                .await
            })
        });
        for done in futures::future::join_all(adding).await {
            assert_eq!(done.unwrap(), Ok(()));
        }
        assert_eq!(number(&one.db, "SELECT n FROM tally").await, 3);
    }
}
