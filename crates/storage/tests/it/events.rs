//! The event log and the cursors that follow it.

use storage::event::{self, Numbered};
use storage::{Db, StorageError, cursor};
use uuid::Uuid;

use motcua_storage as storage;

use crate::{aggregate, all, append, new_event, number, sql};

#[tokio::test]
async fn an_aggregate_has_one_event_a_version() {
    for one in all().await {
        let id = Uuid::from_u128(7 << 64);
        append(&one.db, new_event(id, 1)).await.unwrap();
        let mut again = new_event(id, 1);
        again.id = Uuid::from_u128(99);
        assert_eq!(
            append(&one.db, again).await,
            Err(StorageError::Stale),
            "{}",
            one.label
        );
        assert_eq!(event::load(one.db.read(), id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_cursor_moves_with_its_effect_or_not_at_all() {
    for one in all().await {
        let source = Uuid::from_u128(4);
        let refused: Result<(), StorageError> = one
            .db
            .run("apply", move |tx| {
                Box::pin(async move {
                    cursor::save(tx, "warehouse", 1, source).await?;
                    Err(StorageError::Other)
                })
            })
            .await;
        assert!(refused.is_err());
        assert_eq!(
            cursor::load(one.db.read(), "warehouse").await,
            Ok(None),
            "{}",
            one.label
        );
    }
}

#[tokio::test]
async fn of_writers_of_one_version_one_wins_and_the_others_are_stale() {
    for one in all().await {
        let racers = (0..16_u128).map(|n| {
            let db = one.db.clone();
            tokio::spawn(async move {
                let mut event = new_event(aggregate(1), 1);
                event.id = Uuid::from_u128(n + 1);
                append(&db, event).await
            })
        });
        let outcomes = futures::future::join_all(racers).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        let won = outcomes.iter().filter(|o| **o == Ok(())).count();
        let stale = outcomes.iter().filter(|o| **o == Err(StorageError::Stale));
        assert_eq!((won, stale.count()), (1, 15), "{}", one.label);
    }
}

async fn number_first(db: &Db, position: i64) -> Result<(), StorageError> {
    db.run("number", move |tx| {
        Box::pin(async move {
            let numbered = [Numbered {
                seq: 1,
                position,
                prev_hash: vec![0; 32],
                hash: vec![1; 32],
            }];
            event::number(tx, &numbered).await
        })
    })
    .await
}

/// Each column of an event, and another value for it on both databases.
const COLUMNS: [(&str, &str); 11] = [
    ("seq", "9"),
    ("id", "BLOB"),
    ("aggregate_kind", "'x'"),
    ("aggregate_id", "BLOB"),
    ("aggregate_version", "9"),
    ("event_type", "'x'"),
    ("schema_version", "9"),
    ("actor", "'x'"),
    ("unit", "'x'"),
    ("at", "'2020-01-01T00:00:00+00:00'"),
    ("envelope", "BYTES"),
];

#[tokio::test]
async fn an_event_is_numbered_once_and_never_changed_or_deleted() {
    for one in all().await {
        let postgres = one.label == "postgres";
        let value = |text: &'static str| match (text, postgres) {
            ("BLOB", true) => "'00000000-0000-0000-0000-000000000009'",
            ("BYTES", true) => r"'\x09'",
            ("BLOB" | "BYTES", false) => "x'00000000000000000000000000000009'",
            (other, _) => other,
        };
        append(&one.db, new_event(aggregate(1), 1)).await.unwrap();
        let mut tampering: Vec<String> = vec!["DELETE FROM event".into()];
        if postgres {
            tampering.push("TRUNCATE event".into());
        } else {
            tampering.push("REPLACE INTO event SELECT * FROM event".into());
        }
        for (column, other) in COLUMNS {
            let other = value(other);
            tampering.push(format!("UPDATE event SET {column} = {other}"));
            // Nor on the way, while it is given its place.
            tampering.push(format!("UPDATE event SET {column} = {other}, position = 1"));
        }
        for statement in &tampering {
            let outcome = sql(&one.db, statement).await;
            let refused = Err(StorageError::Other);
            assert_eq!(outcome, refused, "{} unnumbered: {statement}", one.label);
        }

        number_first(&one.db, 1).await.unwrap();
        let again = number_first(&one.db, 2).await;
        assert_eq!(again, Err(StorageError::Stale), "{}", one.label);
        tampering.push("UPDATE event SET position = 2".into());
        tampering.push("UPDATE event SET position = NULL".into());
        tampering.push("UPDATE event SET hash = NULL".into());
        tampering.push("UPDATE event SET prev_hash = NULL".into());
        for statement in &tampering {
            let outcome = sql(&one.db, statement).await;
            let refused = Err(StorageError::Other);
            assert_eq!(outcome, refused, "{} numbered: {statement}", one.label);
        }
        let stored = event::load(one.db.read(), aggregate(1)).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].position, Some(1));
        assert_eq!(stored[0].envelope, [1, 2, 3]);
        assert_eq!(number(&one.db, "SELECT count(*) FROM event").await, 1);
    }
}
