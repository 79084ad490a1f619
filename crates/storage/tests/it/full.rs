//! A disk without room: SQLite undoes such a transaction by itself, and the ROLLBACK
//! that follows is refused.

use storage::event::{self, NewEvent};
use storage::{Db, StorageError};

use motcua_storage as storage;

use crate::{aggregate, all, append, new_event, sql};

/// Pages enough for whatever follows.
const ROOM: &str = "PRAGMA max_page_count = 1000000";
/// What is there already is all there may be.
const FULL: &str = "PRAGMA max_page_count = 1";

#[tokio::test]
async fn what_is_answered_after_the_disk_was_full_is_committed() {
    let one = all().await.remove(0);
    assert_eq!(one.label, "sqlite");
    append(&one.db, new_event(aggregate(0), 1)).await.unwrap();
    sql(&one.db, FULL).await.unwrap();
    let big = NewEvent {
        envelope: vec![7; 1 << 20],
        ..new_event(aggregate(1), 1)
    };
    let outcome = append(&one.db, big).await;
    assert_eq!(
        outcome,
        Err(StorageError::Unavailable),
        "and is asked again"
    );
    sql(&one.db, ROOM).await.unwrap();
    // A unit that refuses, as there are many, and then some that do not.
    let refused = append(&one.db, new_event(aggregate(0), 1)).await;
    assert!(matches!(refused, Err(StorageError::Conflict { .. })));
    for n in 2..5 {
        append(&one.db, new_event(aggregate(n), 1)).await.unwrap();
        // Another connection sees only what is committed.
        let other = Db::open(&one.config).await.unwrap();
        let stored = event::load(other.read(), aggregate(n)).await.unwrap();
        assert_eq!(stored.len(), 1, "{n} was answered");
    }
}
