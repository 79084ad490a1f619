//! What `verify_chain` finds after an insider was at the tables.

use sea_orm::ConnectionTrait as _;
use storage::{Db, StorageError};

use motcua_feed as feed;

use crate::{Source, all, number, sql};

/// Takes the guards away, as only the owner of the database can.
async fn unguard(db: &Db, postgres: bool) {
    let statements = if postgres {
        "ALTER TABLE event DISABLE TRIGGER ALL; DROP INDEX event_position;
         DROP INDEX event_of_aggregate"
    } else {
        "DROP TRIGGER event_no_delete; DROP TRIGGER event_no_change;
         DROP INDEX event_position; DROP INDEX event_of_aggregate"
    };
    sql(db, statements).await;
}

/// A tampering with the events of [`stored`], for both databases, and a word of
/// the first finding. `BYTE` is a byte's literal.
const TAMPERINGS: [(&str, &str); 22] = [
    (
        "UPDATE event SET envelope = BYTE WHERE position = 3",
        "3: hash",
    ),
    (
        "UPDATE event SET envelope = (SELECT envelope FROM event WHERE position = 4) WHERE position = 3",
        "3: hash",
    ),
    ("UPDATE event SET hash = BYTE WHERE position = 3", "3: hash"),
    ("UPDATE event SET hash = NULL WHERE position = 3", "3: hash"),
    (
        "UPDATE event SET prev_hash = BYTE WHERE position = 3",
        "3: prev_hash",
    ),
    (
        "UPDATE event SET prev_hash = NULL WHERE position = 3",
        "3: prev_hash",
    ),
    (
        "DELETE FROM event WHERE position = 1",
        "2: the one before is 0",
    ),
    (
        "DELETE FROM event WHERE position = 3",
        "4: the one before is 2",
    ),
    ("DELETE FROM event WHERE position = 6", "head: position 6"),
    ("DELETE FROM event WHERE position >= 4", "head: position 6"),
    ("DELETE FROM event", "head: position 6"),
    // Two rows change places, and with them their hashes.
    (
        "UPDATE event SET position = 99 WHERE position = 2;
         UPDATE event SET position = 2 WHERE position = 3;
         UPDATE event SET position = 3 WHERE position = 99",
        "2: prev_hash",
    ),
    (
        "UPDATE event SET position = 7 WHERE position = 6",
        "head: position 6",
    ),
    (
        "UPDATE event SET position = NULL WHERE position = 3",
        "4: the one before is 2",
    ),
    (
        "UPDATE event SET actor = 'service:other' WHERE position = 3",
        "3: actor",
    ),
    ("UPDATE event SET unit = '43' WHERE position = 3", "3: unit"),
    (
        "UPDATE event SET event_type = 'x' WHERE position = 3",
        "3: event_type",
    ),
    (
        "UPDATE event SET aggregate_kind = 'x' WHERE position = 3",
        "3: aggregate_kind",
    ),
    (
        "UPDATE event SET aggregate_version = 9 WHERE position = 3",
        "3: aggregate_version",
    ),
    (
        "UPDATE event SET schema_version = 9 WHERE position = 3",
        "3: schema_version",
    ),
    (
        "UPDATE event SET at = (SELECT '2020-01-01T00:00:00+00:00') WHERE position = 3",
        "3: at",
    ),
    (
        "UPDATE feed_head SET position = 5 WHERE id = 1",
        "head: hash",
    ),
];

/// Six events of three aggregates, numbered.
async fn stored(db: &Db) -> Source {
    let source = Source::of(db);
    source
        .numbered([(1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (1, 3)])
        .await;
    source
}

/// What was found, so that the unit of work undoes what was tampered with.
enum Undone {
    Found(Vec<String>),
    Storage(StorageError),
}

impl From<StorageError> for Undone {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

async fn found_after(db: &Db, statements: String) -> Vec<String> {
    let outcome: Result<(), Undone> = db
        .run("tamper", move |tx| {
            let statements = statements.clone();
            Box::pin(async move {
                let done = tx.conn().execute_unprepared(&statements).await;
                done.map_err(StorageError::from)?;
                Err(Undone::Found(
                    feed::verify_chain(tx.conn()).await?.violations,
                ))
            })
        })
        .await;
    match outcome {
        Err(Undone::Found(found)) => found,
        Err(Undone::Storage(error)) => panic!("{error}"),
        Ok(()) => panic!("it is undone"),
    }
}

#[tokio::test]
async fn every_tampering_with_the_feed_is_found_at_its_place() {
    for one in all().await {
        let postgres = one.label == "postgres";
        stored(&one.db).await.stop().await;
        unguard(&one.db, postgres).await;
        for (statements, expected) in TAMPERINGS {
            let clean = feed::verify_chain(one.db.read()).await.unwrap();
            assert_eq!(clean.violations, [""; 0]);
            assert_eq!(clean.checked, 6);
            let byte = if postgres { r"'\x00'::bytea" } else { "x'00'" };
            let mut statements = statements.replace("BYTE", byte);
            if postgres {
                let cast = "'2020-01-01T00:00:00+00:00'::timestamptz";
                statements = statements.replace("'2020-01-01T00:00:00+00:00'", cast);
            }
            let found = found_after(&one.db, statements.clone()).await;
            assert!(
                found.iter().any(|what| what.contains(expected)),
                "{} {statements}: {found:?}",
                one.label
            );
        }
        sql(&one.db, "DELETE FROM event WHERE position = 3").await;
        let checks = feed::checks("test", &one.db).await.unwrap();
        let chain = checks.iter().find(|c| c.id == "test.feed_chain").unwrap();
        assert!(chain.violations > 0, "{}", one.label);
    }
}

#[tokio::test]
async fn an_event_whose_hash_was_recomputed_betrays_itself_at_the_next() {
    for one in all().await {
        let postgres = one.label == "postgres";
        stored(&one.db).await.stop().await;
        unguard(&one.db, postgres).await;
        let third = storage::event::numbered_after(one.db.read(), 2, 1)
            .await
            .unwrap()
            .remove(0);
        let mut envelope = feed::envelope::decode(&third.envelope).unwrap();
        envelope.request_id = "forged".into();
        let bytes = prost::Message::encode_to_vec(&envelope);
        let hash = feed::hash(3, &third.prev_hash.unwrap(), &bytes);
        let literal = |bytes: &[u8]| {
            let hex = hex::encode(bytes);
            if postgres {
                format!(r"'\x{hex}'::bytea")
            } else {
                format!("x'{hex}'")
            }
        };
        let forge = format!(
            "UPDATE event SET envelope = {}, hash = {} WHERE position = 3",
            literal(&bytes),
            literal(&hash)
        );
        sql(&one.db, &forge).await;
        let found = feed::verify_chain(one.db.read()).await.unwrap().violations;
        assert_eq!(found.len(), 1, "{} {found:?}", one.label);
        assert!(found[0].starts_with("4: prev_hash"), "{found:?}");
        assert_eq!(number(&one.db, "SELECT count(*) FROM event").await, 6);
    }
}
