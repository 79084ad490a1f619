//! Storage on SQLite and PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait as _;
use storage::event::{self, NewEvent};
use storage::idempotency::{self, Key, Recall};
use storage::private_row::{self, Vault};
use storage::test::{TestDb, databases};
use storage::{Db, StorageError, access_log, cursor};
use uuid::Uuid;

use motcua_storage as storage;

async fn all() -> Vec<TestDb> {
    databases(Vec::new).await
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000 + seconds, 0).unwrap()
}

fn new_event(aggregate: Uuid, version: i64) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(aggregate.as_u128() ^ u128::from(version.unsigned_abs())),
        aggregate_kind: "dossier".into(),
        aggregate_id: aggregate,
        aggregate_version: version,
        event_type: "dossier.tested".into(),
        schema_version: 1,
        actor: "service:test".into(),
        unit: "42".into(),
        at: at(0),
        envelope: vec![1, 2, 3],
    }
}

async fn append(db: &Db, new: NewEvent) -> Result<(), StorageError> {
    db.run("append", move |tx| {
        let new = new.clone();
        Box::pin(async move { event::append(tx, &new).await })
    })
    .await
}

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
async fn a_caller_that_goes_away_leaves_no_transaction_open() {
    for one in all().await {
        let begun = Arc::new(tokio::sync::Notify::new());
        let (db, signal) = (one.db.clone(), Arc::clone(&begun));
        let caller = tokio::spawn(async move {
            db.run::<(), StorageError, _>("abandoned", move |tx| {
                let signal = Arc::clone(&signal);
                Box::pin(async move {
                    event::append(tx, &new_event(Uuid::from_u128(5 << 64), 1)).await?;
                    signal.notify_one();
                    tokio::task::yield_now().await;
                    event::append(tx, &new_event(Uuid::from_u128(5 << 64), 2)).await
                })
            })
            .await
        });
        begun.notified().await;
        caller.abort();
        // The unit of work ends by itself; the next one sees all of it or none.
        append(&one.db, new_event(Uuid::from_u128(6 << 64), 1))
            .await
            .unwrap();
        let mut seen = 1;
        while seen == 1 {
            seen = event::load(one.db.read(), Uuid::from_u128(5 << 64))
                .await
                .unwrap()
                .len();
            if seen == 0 {
                tokio::task::yield_now().await;
                seen = 1;
            }
        }
        assert_eq!(seen, 2, "{}", one.label);
    }
}

#[tokio::test]
async fn of_racers_with_one_key_one_acts_and_all_get_its_answer() {
    for one in all().await {
        let key = Key {
            scope: "person:1".into(),
            method: "Accept".into(),
            request_id: Uuid::from_u128(1),
            body_hash: vec![9; 32],
        };
        let acted = Arc::new(AtomicU32::new(0));
        let mut racers = Vec::new();
        for n in 0..8_u8 {
            let (db, key, acted) = (one.db.clone(), key.clone(), Arc::clone(&acted));
            racers.push(tokio::spawn(async move {
                let stored: Result<(), StorageError> = db
                    .run("race", {
                        let key = key.clone();
                        move |tx| {
                            let key = key.clone();
                            Box::pin(async move {
                                idempotency::remember(tx, &key, "dossiers/1", &[n], at(0)).await
                            })
                        }
                    })
                    .await;
                if stored.is_ok() {
                    acted.fetch_add(1, Ordering::SeqCst);
                }
                idempotency::recall(db.read(), &key, at(1)).await.unwrap()
            }));
        }
        let mut answers = Vec::new();
        for racer in racers {
            answers.push(racer.await.unwrap());
        }
        assert_eq!(acted.load(Ordering::SeqCst), 1, "{}", one.label);
        assert!(
            answers
                .iter()
                .all(|a| *a == answers[0] && matches!(a, Recall::Answer(_)))
        );

        let other = Key {
            body_hash: vec![8; 32],
            ..key.clone()
        };
        let read = one.db.read();
        assert_eq!(
            idempotency::recall(read, &other, at(1)).await,
            Ok(Recall::Reused)
        );
        let late = at(0) + TimeDelta::days(31);
        let expired = Recall::Expired {
            resource: "dossiers/1".into(),
        };
        assert_eq!(idempotency::recall(read, &key, late).await, Ok(expired));
        let stranger = Key {
            scope: "person:2".into(),
            ..key
        };
        assert_eq!(
            idempotency::recall(read, &stranger, at(1)).await,
            Ok(Recall::New)
        );
    }
}

#[tokio::test]
async fn an_event_is_never_changed_or_deleted() {
    for one in all().await {
        append(&one.db, new_event(Uuid::from_u128(1 << 64), 1))
            .await
            .unwrap();
        for tampering in ["DELETE FROM event", "UPDATE event SET actor = 'me'"] {
            let outcome: Result<(), StorageError> = one
                .db
                .run("tamper", move |tx| {
                    Box::pin(async move {
                        tx.conn().execute_unprepared(tampering).await?;
                        Ok(())
                    })
                })
                .await;
            assert_eq!(
                outcome,
                Err(StorageError::Other),
                "{} {tampering}",
                one.label
            );
        }
    }
}

#[tokio::test]
async fn an_erased_subject_cannot_be_read_and_others_can() {
    for one in all().await {
        let vault = Arc::new(Vault::new(&[3; 32]).unwrap());
        for subject in [1, 2] {
            let vault = Arc::clone(&vault);
            one.db
                .run::<_, StorageError, _>("put", move |tx| {
                    let vault = Arc::clone(&vault);
                    let (subject, row) = (Uuid::from_u128(subject), Uuid::from_u128(10 + subject));
                    Box::pin(async move {
                        let text = "Nguyễn Thị Đào".as_bytes();
                        private_row::put(tx, &vault, subject, "applicant", row, 1, text).await
                    })
                })
                .await
                .unwrap();
        }
        let read = one.db.read();
        let opened = private_row::get(read, &vault, Uuid::from_u128(11), 1)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(opened.plain, "Nguyễn Thị Đào".as_bytes());
        let wrong = Vault::new(&[4; 32]).unwrap();
        assert!(
            private_row::get(read, &wrong, Uuid::from_u128(11), 1)
                .await
                .is_err()
        );
        one.db
            .run::<_, StorageError, _>("erase", |tx| {
                Box::pin(private_row::erase(tx, Uuid::from_u128(1)))
            })
            .await
            .unwrap();
        assert!(
            private_row::get(read, &vault, Uuid::from_u128(11), 1)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            private_row::get(read, &vault, Uuid::from_u128(12), 1)
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn the_access_log_shows_a_changed_line() {
    for one in all().await {
        for n in 0..3 {
            let line = access_log::Access {
                at: at(n),
                actor: "person:1".into(),
                unit: "42".into(),
                action: "read".into(),
                resource: "dossiers/1".into(),
                purpose: String::new(),
                outcome: "allowed".into(),
            };
            access_log::record(&one.db, line).await.unwrap();
        }
        assert_eq!(
            access_log::verify(one.db.read()).await,
            Ok((3, None)),
            "{}",
            one.label
        );
        one.db
            .run::<_, StorageError, _>("tamper", |tx| {
                Box::pin(async move {
                    tx.conn()
                        .execute_unprepared(
                            "UPDATE access_log SET outcome = 'denied' WHERE seq = 2",
                        )
                        .await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
        assert_eq!(
            access_log::verify(one.db.read()).await,
            Ok((1, Some(2))),
            "{}",
            one.label
        );
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
async fn a_database_of_a_newer_program_is_refused() {
    for one in all().await {
        one.db
            .run::<_, StorageError, _>("newer", |tx| {
                Box::pin(async move {
                    tx.conn()
                        .execute_unprepared(
                            "INSERT INTO motcua_migration (name) VALUES ('m2099_x')",
                        )
                        .await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
        let refused = one.db.migrate(Vec::new()).await;
        assert!(
            matches!(refused, Err(StorageError::Unfit(_))),
            "{}",
            one.label
        );
    }
}
