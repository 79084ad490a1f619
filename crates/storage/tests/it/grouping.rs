//! SQLite's one writer: many units of work in one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use storage::{Db, StorageError, event};
use tokio::sync::watch;

use motcua_storage as storage;

use crate::{aggregate, all, new_event};

type Asked = BoxFuture<'static, Result<(), StorageError>>;

/// Holds the writer until the gate opens, and is begun when it answers.
async fn hold(db: &Db, gate: &watch::Receiver<bool>) -> Asked {
    let (begun, mut has_begun) = watch::channel(false);
    let (begun, gate, db) = (Arc::new(begun), gate.clone(), db.clone());
    let mut held: Asked = Box::pin(async move {
        db.run("holds", move |_| {
            let (begun, mut gate) = (Arc::clone(&begun), gate.clone());
            Box::pin(async move {
                begun.send_replace(true);
                gate.wait_for(|open| *open)
                    .await
                    .map_err(|_| StorageError::Other)?;
                Ok(())
            })
        })
        .await
    });
    assert_eq!((&mut held).now_or_never(), None);
    has_begun.wait_for(|begun| *begun).await.unwrap();
    held
}

/// Puts units in the writer's queue, in this order.
fn queue<F>(db: &Db, units: u64, unit: F) -> Vec<Asked>
where
    F: for<'t> Fn(&'t storage::Tx, u64) -> BoxFuture<'t, Result<(), StorageError>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    (0..units)
        .map(|n| {
            let (db, unit) = (db.clone(), unit.clone());
            let mut asked: Asked =
                Box::pin(async move { db.run("grouped", move |tx| unit(tx, n)).await });
            // The first poll is what sends it.
            assert_eq!((&mut asked).now_or_never(), None);
            asked
        })
        .collect()
}

#[tokio::test]
async fn waiting_units_share_a_commit_and_are_answered_after_it() {
    const UNITS: u64 = 100;
    let one = all().await.remove(0);
    assert_eq!(one.label, "sqlite");
    let (open, gate) = watch::channel(false);
    let held = hold(&one.db, &gate).await;
    let asked = queue(&one.db, UNITS, |tx, n| {
        Box::pin(async move { event::append(tx, &new_event(aggregate(n), 1)).await })
    });
    let before = *one.db.committed().borrow();
    open.send(true).unwrap();
    held.await.unwrap();
    let answered = (0..).zip(asked).map(|(n, asked)| {
        let db = one.db.clone();
        async move {
            asked.await.unwrap();
            // Other connections see what was answered: it is committed.
            let stored = event::load(db.read(), aggregate(n)).await.unwrap();
            assert_eq!(stored.len(), 1);
        }
    });
    futures::future::join_all(answered).await;
    let commits = *one.db.committed().borrow() - before;
    assert_eq!(commits, 2, "the held one and one for all the others");
}

#[tokio::test]
async fn units_that_refuse_in_a_group_leave_the_others_committed() {
    const UNITS: u64 = 60;
    let one = all().await.remove(0);
    let (open, gate) = watch::channel(false);
    let held = hold(&one.db, &gate).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    // The first refuses, one in the middle and the last; one panics.
    let asked = queue(&one.db, UNITS, move |tx, n| {
        let runs = Arc::clone(&counted);
        Box::pin(async move {
            runs.fetch_add(1, Ordering::SeqCst);
            event::append(tx, &new_event(aggregate(n), 1)).await?;
            assert!(n != 20, "as the test wants");
            if matches!(n, 0 | 30 | 59) {
                return Err(StorageError::Stale);
            }
            Ok(())
        })
    });
    let before = *one.db.committed().borrow();
    open.send(true).unwrap();
    held.await.unwrap();
    for (n, asked) in (0..).zip(asked) {
        let expected = match n {
            0 | 30 | 59 => Err(StorageError::Stale),
            20 => Err(StorageError::Other),
            _ => Ok(()),
        };
        assert_eq!(asked.await, expected, "{n}");
        let stored = event::load(one.db.read(), aggregate(n)).await.unwrap();
        assert_eq!(stored.len(), usize::from(expected.is_ok()), "{n}");
    }
    assert_eq!(*one.db.committed().borrow() - before, 2);
    assert!(
        u64::from(runs.load(Ordering::SeqCst)) > UNITS,
        "run again without the refusing"
    );
}

#[tokio::test]
async fn a_refusal_rests_on_what_is_committed_not_on_what_was_undone() {
    let one = all().await.remove(0);
    let (open, gate) = watch::channel(false);
    let held = hold(&one.db, &gate).await;
    // The second meets the first's row; then the first refuses after all when it
    // is run again, so the second, run alone, must succeed.
    let first_runs = Arc::new(AtomicU32::new(0));
    let mut asked = queue(&one.db, 2, move |tx, n| {
        let first_runs = Arc::clone(&first_runs);
        Box::pin(async move {
            if n == 0 && first_runs.fetch_add(1, Ordering::SeqCst) > 0 {
                return Err(StorageError::Unavailable);
            }
            event::append(tx, &new_event(aggregate(7), 1)).await
        })
    });
    open.send(true).unwrap();
    held.await.unwrap();
    assert_eq!(asked.remove(1).await, Ok(()));
    assert_eq!(asked.remove(0).await, Err(StorageError::Unavailable));
}
