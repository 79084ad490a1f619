//! Effects: once each, in order, whatever happens to the follower.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proto::event::v1::Envelope;
use runtime::Shutdown;
use storage::StorageError;

use motcua_feed as feed;

use crate::effects::{After, Consumer, pairs};
use crate::{Source, append, append_all, event_of, until};

/// Two replicas live under one name, and each event comes to both. Of three
/// lives two are cut off with an effect begun and its unit open; the third
/// gets to the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_effect_happens_once_over_replicas_restarts_and_cancellations() {
    const LIVES: u64 = 30;
    const EACH: u64 = 5;
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        for life in 0..LIVES {
            let (first, end) = (life * EACH, (life + 1) * EACH);
            source
                .numbered((first..end).map(|n| (n % 12, n.cast_signed() / 12 + 1)))
                .await;
            let last = end.cast_signed();
            // At least EACH events are open, so the cut is always reached.
            let cut = (life % 3 < 2).then_some(life % EACH);
            live(&consumer, &source, cut, last).await;
            let position = consumer.position().await;
            assert_eq!(
                cut.is_some(),
                position < last,
                "{}: life {life} ended at {position}",
                one.label
            );
        }
        let expected: Vec<_> = (1..=(LIVES * EACH).cast_signed()).collect();
        assert_eq!(consumer.effects().await, expected, "{}", one.label);
        source.stop().await;
    }
}

/// Runs two replicas and aborts them: when the effect after the first `cut`
/// is begun, or when the cursor is at `last`.
async fn live(consumer: &Consumer, source: &Source, cut: Option<u64>, last: i64) {
    let begun = Arc::new(AtomicU64::new(0));
    let reached = Arc::new(AtomicBool::new(false));
    let over = Shutdown::new().token;
    let replicas = [(); 2].map(|()| {
        let (begun, reached) = (Arc::clone(&begun), Arc::clone(&reached));
        let over = over.clone();
        consumer.follow_with(&source.channel, move |_, position| {
            let begun = begun.fetch_add(1, Ordering::SeqCst);
            let (reached, over) = (Arc::clone(&reached), over.clone());
            Box::pin(async move {
                if cut.is_some_and(|cut| begun >= cut) {
                    reached.store(true, Ordering::SeqCst);
                    over.cancelled().await;
                    return Err(StorageError::Other);
                }
                // Between the effect and the cursor the other may come first.
                for _ in 0..position % 5 {
                    tokio::task::yield_now().await;
                }
                Ok(())
            })
        })
    });
    until("the life is over", async || {
        reached.load(Ordering::SeqCst) || consumer.position().await == last
    })
    .await;
    for replica in &replicas {
        replica.task.abort();
    }
    // On SQLite the writer, not the replica, holds the unit: it is let go.
    over.cancel();
    for replica in replicas {
        let _ = replica.task.await;
    }
}

#[tokio::test]
async fn an_effect_whose_unit_fails_after_it_is_not_done_twice() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered((0..5).map(|n| (n, 1))).await;
        let failures = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&failures);
        let following = consumer.follow_with(&source.channel, move |_, position| {
            let failures = Arc::clone(&counted);
            Box::pin(async move {
                // Event 3 fails four times after its effect was written.
                if position == 3 && failures.fetch_add(1, Ordering::SeqCst) < 4 {
                    return Err(StorageError::Other);
                }
                Ok(())
            })
        });
        following.at(5).await;
        assert_eq!(consumer.effects().await, [1, 2, 3, 4, 5], "{}", one.label);
        assert_eq!(failures.load(Ordering::SeqCst), 5);
        assert_eq!(consumer.parked().await, [0; 0]);
        following.end().await;
        source.stop().await;
    }
}

/// Aggregate 1 is poisoned from its second event on.
fn poisoned(envelope: &Envelope) -> bool {
    envelope.aggregate_id == crate::aggregate(1).to_string() && envelope.aggregate_version == 2
}

#[tokio::test]
async fn a_poison_event_is_parked_after_five_attempts_and_only_its_aggregate_waits() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source
            .numbered([(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (3, 1)])
            .await;
        let tried = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&tried);
        let apply = move |envelope: &Envelope, position: i64| -> After {
            let (tried, poisoned) = (Arc::clone(&noted), poisoned(envelope));
            Box::pin(async move {
                tried.lock().unwrap().push(position);
                if poisoned {
                    return Err(StorageError::Other);
                }
                Ok(())
            })
        };
        let following = consumer.follow_with(&source.channel, apply.clone());
        following.at(6).await;
        assert_eq!(consumer.effects().await, [1, 2, 4, 6], "{}", one.label);
        assert_eq!(consumer.parked().await, [3, 5], "{}", one.label);
        assert_eq!(following.control.report().parked, 2);
        let tries = tried.lock().unwrap().clone();
        // First all together, which fails whole; then one by one.
        let expected = [1, 2, 3, 1, 2, 3, 3, 3, 3, 3, 4, 6];
        assert_eq!(tries, expected, "{}", one.label);
        assert_eq!(
            consumer
                .count("SELECT count(*) FROM parked WHERE length(envelope) > 0 AND reason <> ''")
                .await,
            2
        );
        following.end().await;

        // Another life later the aggregate still waits, and the others do not.
        let following = consumer.follow_with(&source.channel, apply);
        append(&one.db, 1, 4).await.unwrap();
        append(&one.db, 2, 3).await.unwrap();
        following.at(8).await;
        assert_eq!(consumer.effects().await, [1, 2, 4, 6, 8], "{}", one.label);
        assert_eq!(consumer.parked().await, [3, 5, 7], "{}", one.label);
        let checks = feed::checks("test", consumer.db()).await.unwrap();
        let parked = checks
            .iter()
            .find(|c| c.id == "test.nothing_parked")
            .unwrap();
        assert_eq!(parked.violations, 1);
        following.end().await;
        source.stop().await;
    }
}

/// Poisons aggregate 1 for as long as the flag is up, and counts the refusals.
fn ill(
    flag: &Arc<AtomicBool>,
    refused: &Arc<AtomicU32>,
) -> impl Fn(&Envelope, i64) -> After + Clone + Send + Sync + use<> {
    let (flag, refused) = (Arc::clone(flag), Arc::clone(refused));
    move |envelope, _| {
        let refuse = flag.load(Ordering::SeqCst) && poisoned(envelope);
        refused.fetch_add(u32::from(refuse), Ordering::SeqCst);
        Box::pin(async move {
            if refuse {
                return Err(StorageError::Other);
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn what_is_parked_is_taken_up_in_its_order_once_its_cause_is_gone() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1), (1, 2), (2, 1), (1, 3)]).await;
        let flag = Arc::new(AtomicBool::new(true));
        let refused = Arc::new(AtomicU32::new(0));
        let following = consumer.follow_with(&source.channel, ill(&flag, &refused));
        following.at(4).await;
        following.end().await;
        assert_eq!(consumer.parked().await, [2, 4], "{}", one.label);

        // Tried again while it is still ill: all of it stays where it is.
        let before = refused.load(Ordering::SeqCst);
        let every = Duration::from_millis(1);
        let following = consumer.follow_trying(&source.channel, every, ill(&flag, &refused));
        let mut version = 1;
        let mut other = async || {
            version += 1;
            append(&one.db, 2, version).await.unwrap();
        };
        until("it is tried again, twice", async || {
            other().await;
            refused.load(Ordering::SeqCst) >= before + 2
        })
        .await;
        assert_eq!(consumer.parked().await, [2, 4], "{}", one.label);

        // The cause is gone while the line is up: nobody has to do anything more.
        flag.store(false, Ordering::SeqCst);
        until("nothing is parked", async || {
            other().await;
            consumer.parked().await.is_empty()
        })
        .await;
        append(&one.db, 1, 4).await.unwrap();
        let of_one = async || {
            let aggregate = crate::aggregate(1);
            let ask = format!("SELECT count(*) FROM effect WHERE aggregate = '{aggregate}'");
            consumer.count(&ask).await
        };
        until("what comes after it waits behind nothing", async || {
            of_one().await == 4
        })
        .await;
        let effects = consumer.effects().await;
        let order: Vec<_> = effects.iter().filter(|p| [1, 2, 4].contains(*p)).collect();
        assert_eq!(order, [&1, &2, &4], "{}: {effects:?}", one.label);
        following.end().await;
        source.stop().await;
    }
}

#[tokio::test]
async fn a_new_line_tries_what_is_parked() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1), (1, 2)]).await;
        let flag = Arc::new(AtomicBool::new(true));
        let following = consumer.follow_with(&source.channel, ill(&flag, &Arc::default()));
        following.at(2).await;
        following.end().await;
        assert_eq!(consumer.parked().await, [2], "{}", one.label);
        let following = consumer.follow(&source.channel);
        append(&one.db, 2, 1).await.unwrap();
        following.at(3).await;
        assert_eq!(consumer.parked().await, [0; 0], "{}", one.label);
        assert_eq!(consumer.effects().await, [1, 2, 3], "{}", one.label);
        following.end().await;
        source.stop().await;
    }
}

#[tokio::test]
async fn what_panics_or_cannot_be_read_is_parked_too() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        let mut rubbish = event_of(2, 1);
        rubbish.envelope = vec![0xff; 8];
        let mut nameless = event_of(3, 1);
        nameless.envelope.clear();
        append(&one.db, 1, 1).await.unwrap();
        append_all(&one.db, vec![rubbish, nameless]).await.unwrap();
        source.numbered([(4, 1)]).await;
        let following = consumer.follow_with(&source.channel, |_, position| {
            assert!(position != 1, "as the test wants");
            Box::pin(async { Ok(()) })
        });
        following.at(4).await;
        assert_eq!(consumer.effects().await, [4], "{}", consumer.label());
        assert_eq!(consumer.parked().await, [1, 2, 3], "{}", one.label);
        following.end().await;
        source.stop().await;
    }
}

#[tokio::test]
async fn a_follower_ends_at_shutdown_whatever_it_waits_for() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1)]).await;
        // In the pauses between attempts.
        let following = consumer.follow_with(&source.channel, |_, _| {
            Box::pin(async { Err(StorageError::Other) })
        });
        crate::until("an attempt was made", async || {
            consumer.cursor().await.is_some()
        })
        .await;
        following.end().await;
        // On a silent line.
        let following = consumer.follow(&source.channel);
        following.at(1).await;
        following.end().await;
        // At a source that is gone.
        source.stop().await;
        let following = consumer.follow(&source.channel);
        following
            .state("it waits", |s| matches!(s, feed::State::Waiting { .. }))
            .await;
        following.end().await;
        assert_eq!(consumer.effects().await, [1], "{}", one.label);
    }
}
