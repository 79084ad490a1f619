//! Batches: all of it or nothing, on both engines alike.

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, InsertStatement, Query, UpdateStatement};
use storage::{Batch, StorageError, event, idempotency};

use motcua_storage as storage;

use crate::{aggregate, all, at, new_event, number, sql};

const THING: &str = "CREATE TABLE thing (id bigint PRIMARY KEY, version bigint NOT NULL);
    INSERT INTO thing (id, version) VALUES (1, 1), (2, 1)";

/// Raises the version of the things that have this one.
fn raise(from: i64, id: Option<i64>) -> UpdateStatement {
    let mut raise = Query::update()
        .table(Alias::new("thing"))
        .value(Alias::new("version"), from + 1)
        .and_where(Expr::col(Alias::new("version")).eq(from))
        .to_owned();
    if let Some(id) = id {
        raise.and_where(Expr::col(Alias::new("id")).eq(id));
    }
    raise
}

fn record(n: u64) -> InsertStatement {
    let key = idempotency::Key {
        scope: "person:1".to_owned(),
        method: "Test".to_owned(),
        request_id: aggregate(n),
        body_hash: vec![1],
    };
    idempotency::row(&key, "things/1", &[1], at(0))
}

async fn counts(db: &storage::Db) -> (i64, i64, i64) {
    (
        number(db, "SELECT CAST(sum(version) AS bigint) FROM thing").await,
        number(db, "SELECT count(*) FROM event").await,
        number(db, "SELECT count(*) FROM idempotency").await,
    )
}

#[tokio::test]
async fn a_batch_is_written_whole_if_its_guard_changes_one_row_and_else_not_at_all() {
    for one in all().await {
        for statement in THING.split(';') {
            sql(&one.db, statement).await.unwrap();
        }
        let batch = |from, id, n| {
            Batch::new()
                .insert(event::row(&new_event(aggregate(n), 1)))
                .guarded(raise(from, id))
                .insert(record(n))
        };
        let mut commits = one.db.committed();
        assert_eq!(one.db.commit("first", batch(1, Some(1), 1)).await, Ok(true));
        assert!(commits.has_changed().unwrap());
        commits.mark_unchanged();
        assert_eq!(counts(&one.db).await, (3, 1, 1), "{}", one.label);
        // Nobody has that version any more.
        assert_eq!(
            one.db.commit("stale", batch(1, Some(1), 2)).await,
            Ok(false)
        );
        assert_eq!(counts(&one.db).await, (3, 1, 1), "{}", one.label);
        // Nothing was committed, and nobody is woken for it.
        if one.label == "postgres" {
            assert!(!commits.has_changed().unwrap());
        }
        let free = Batch::new().insert(record(3));
        assert_eq!(one.db.commit("unguarded", free).await, Ok(true));
        assert_eq!(counts(&one.db).await, (3, 1, 2), "{}", one.label);
    }
}

#[tokio::test]
async fn a_guard_that_would_change_two_rows_writes_nothing() {
    for one in all().await {
        for statement in THING.split(';') {
            sql(&one.db, statement).await.unwrap();
        }
        let batch = Batch::new().guarded(raise(1, None)).insert(record(1));
        let outcome = one.db.commit("two", batch).await;
        assert_ne!(outcome, Ok(true), "{}", one.label);
        assert_eq!(counts(&one.db).await, (2, 0, 0), "{}", one.label);
        assert_eq!(one.db.commit("nothing", Batch::new()).await, Ok(true));
    }
}

#[tokio::test]
async fn a_batch_that_meets_a_conflict_writes_nothing() {
    for one in all().await {
        for statement in THING.split(';') {
            sql(&one.db, statement).await.unwrap();
        }
        let batch = |from, version, n| {
            Batch::new()
                .guarded(raise(from, Some(1)))
                .insert(event::row(&new_event(aggregate(9), version)))
                .insert(record(n))
        };
        assert_eq!(one.db.commit("first", batch(1, 1, 1)).await, Ok(true));
        // The key is taken; then the event's version is.
        for (version, n) in [(2, 1), (1, 2)] {
            let refused = one.db.commit("again", batch(2, version, n)).await;
            assert!(
                matches!(refused, Err(StorageError::Conflict { .. })),
                "{} {refused:?}",
                one.label
            );
            assert_eq!(counts(&one.db).await, (3, 1, 1), "{}", one.label);
        }
    }
}

#[tokio::test]
async fn a_unit_whose_batch_does_not_hold_keeps_nothing_of_what_it_did_before() {
    for one in all().await {
        for statement in THING.split(';') {
            sql(&one.db, statement).await.unwrap();
        }
        let outcome = one
            .db
            .run::<(), StorageError, _>("unit", |tx| {
                Box::pin(async move {
                    event::append(tx, &new_event(aggregate(1), 1)).await?;
                    let batch = Batch::new().guarded(raise(7, Some(1))).insert(record(1));
                    if batch.write(tx).await? {
                        Ok(())
                    } else {
                        Err(StorageError::Stale)
                    }
                })
            })
            .await;
        assert_eq!(outcome, Err(StorageError::Stale), "{}", one.label);
        assert_eq!(counts(&one.db).await, (2, 0, 0), "{}", one.label);
    }
}

#[tokio::test]
async fn of_batches_that_race_for_one_version_one_is_written() {
    for one in all().await {
        for statement in THING.split(';') {
            sql(&one.db, statement).await.unwrap();
        }
        let racing = (0..20).map(|n| {
            let db = one.db.clone();
            tokio::spawn(async move {
                let batch = Batch::new()
                    .guarded(raise(1, Some(1)))
                    .insert(event::row(&new_event(aggregate(n), 1)))
                    .insert(record(n));
                db.commit("race", batch).await
            })
        });
        let mut won = 0;
        for outcome in futures::future::join_all(racing).await {
            won += i32::from(outcome.unwrap().unwrap());
        }
        assert_eq!(won, 1, "{}", one.label);
        assert_eq!(counts(&one.db).await, (3, 1, 1), "{}", one.label);
    }
}
