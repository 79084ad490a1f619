//! One effect a key.

use std::sync::Arc;

use chrono::TimeDelta;
use storage::idempotency::{self, KEPT, Key, Recall};
use storage::{Db, StorageError, event};
use tokio::sync::Barrier;
use uuid::Uuid;

use motcua_storage as storage;

use crate::{aggregate, all, at, new_event, number};

fn key() -> Key {
    Key {
        scope: "person:1".into(),
        method: "Accept".into(),
        request_id: Uuid::from_u128(1),
        body_hash: vec![9; 32],
    }
}

/// The effect and the record of a request, as a use-case stores them.
async fn act(db: &Db, key: Key, n: u64) -> Result<(), StorageError> {
    db.run("act", move |tx| {
        let key = key.clone();
        Box::pin(async move {
            event::append(tx, &new_event(aggregate(n), 1)).await?;
            idempotency::remember(tx, &key, "dossiers/1", &n.to_be_bytes(), at(0)).await
        })
    })
    .await
}

#[tokio::test]
async fn of_racers_with_one_key_one_acts_and_all_recall_its_answer() {
    const RACERS: u64 = 16;
    for one in all().await {
        let start = Arc::new(Barrier::new(16));
        let racers = (0..RACERS).map(|n| {
            let (db, start) = (one.db.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let outcome = act(&db, key(), n).await;
                let answer = idempotency::recall(db.read(), &key(), at(1)).await.unwrap();
                (outcome, answer)
            })
        });
        let mut won = Vec::new();
        let mut answers = Vec::new();
        for (n, racer) in (0..).zip(futures::future::join_all(racers).await) {
            let (outcome, answer) = racer.unwrap();
            match outcome {
                Ok(()) => won.push(n),
                Err(StorageError::Conflict { .. }) => {}
                Err(other) => panic!("{}: {other}", one.label),
            }
            answers.push(answer);
        }
        let [winner] = won.as_slice() else {
            panic!("{}: {} acted", one.label, won.len());
        };
        let expected = Recall::Answer(u64::to_be_bytes(*winner).to_vec());
        assert!(answers.iter().all(|a| *a == expected), "{}", one.label);
        // The losers' effects are undone with their records.
        assert_eq!(number(&one.db, "SELECT count(*) FROM event").await, 1);
    }
}

#[tokio::test]
async fn a_key_is_of_its_asker_method_body_and_time() {
    for one in all().await {
        let read = one.db.read();
        assert_eq!(
            idempotency::recall(read, &key(), at(0)).await,
            Ok(Recall::New)
        );
        act(&one.db, key(), 1).await.unwrap();
        let recall =
            |key: Key, now| async move { idempotency::recall(read, &key, now).await.unwrap() };
        let answer = Recall::Answer(1_u64.to_be_bytes().to_vec());
        let expired = Recall::Expired {
            resource: "dossiers/1".into(),
        };
        let last = at(0) + KEPT - TimeDelta::microseconds(1);
        assert_eq!(recall(key(), last).await, answer, "{}", one.label);
        let late = at(0) + TimeDelta::days(30);
        assert_eq!(recall(key(), late).await, expired, "{}", one.label);

        let other_body = Key {
            body_hash: vec![8; 32],
            ..key()
        };
        assert_eq!(recall(other_body.clone(), at(1)).await, Recall::Reused);
        // Reused stays reused after the answer is gone.
        assert_eq!(recall(other_body, late).await, Recall::Reused);
        let stranger = Key {
            scope: "person:2".into(),
            ..key()
        };
        assert_eq!(recall(stranger, at(1)).await, Recall::New);
        let other_method = Key {
            method: "Refuse".into(),
            ..key()
        };
        assert_eq!(recall(other_method, at(1)).await, Recall::New);
    }
}

#[tokio::test]
async fn a_unit_that_refuses_leaves_its_key_free() {
    for one in all().await {
        let refused: Result<(), StorageError> = one
            .db
            .run("refuses", |tx| {
                Box::pin(async move {
                    idempotency::remember(tx, &key(), "dossiers/1", &[1], at(0)).await?;
                    Err(StorageError::Stale)
                })
            })
            .await;
        assert_eq!(refused, Err(StorageError::Stale), "{}", one.label);
        act(&one.db, key(), 1).await.unwrap();
    }
}
