//! What the feed server answers, and whom it refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use proto::event::v1::{ReadRequest, WatchRequest};
use runtime::Failure;
use runtime::failure::Reason;
use tonic::{Code, Status};
use uuid::Uuid;

use motcua_feed as feed;

use crate::{Source, all, append, append_all, event_of, sql};

fn reason(status: &Status) -> (Code, Reason) {
    (status.code(), Failure::from_status(status).reason())
}

fn watch(after_position: i64) -> WatchRequest {
    WatchRequest {
        after_position,
        incarnation: String::new(),
    }
}

fn read(after_position: i64, incarnation: &str, limit: i32) -> ReadRequest {
    ReadRequest {
        after_position,
        incarnation: incarnation.to_owned(),
        limit,
    }
}

#[tokio::test]
async fn watch_from_any_position_gives_every_entry_once_in_order() {
    const EVENTS: i64 = 30;
    for one in all().await {
        let source = Source::of(&one.db);
        source.numbered((0..20).map(|n| (n, 1))).await;
        let mut streams = Vec::new();
        for after in 0..=20 {
            let answer = source.client().watch(watch(after)).await.unwrap();
            streams.push((after, answer.into_inner()));
        }
        // The rest comes while they watch.
        source.numbered((20..30).map(|n| (n, 1))).await;
        for (after, mut stream) in streams {
            let (mut positions, mut hash) = (Vec::new(), None);
            while positions.last() != Some(&EVENTS) {
                let batch = stream.message().await.unwrap().unwrap();
                assert_eq!(batch.incarnation, source.incarnation().await.to_string());
                for entry in batch.entries {
                    if let Some(before) = hash {
                        assert_eq!(entry.prev_hash, before);
                    }
                    let own = feed::hash(entry.position, &entry.prev_hash, &entry.envelope);
                    assert_eq!(entry.hash, own);
                    hash = Some(entry.hash);
                    positions.push(entry.position);
                }
                assert!(batch.head_position >= *positions.last().unwrap_or(&after));
            }
            let expected: Vec<_> = (after + 1..=EVENTS).collect();
            assert_eq!(positions, expected, "{}", one.label);
        }
        source.stop().await;
    }
}

#[tokio::test]
async fn a_silent_feed_beats() {
    let mut beating = Vec::new();
    let databases = all().await;
    for one in &databases {
        let source = Source::of(&one.db);
        beating.push(async move {
            source.numbered([(1, 1)]).await;
            let answer = source.client().watch(watch(1)).await.unwrap();
            let mut stream = answer.into_inner();
            // The first comes at once and says where the head is; the contract
            // promises the next within 10 s.
            for within in [2, 10] {
                let beat = tokio::time::timeout(Duration::from_secs(within), stream.message());
                let beat = beat.await.expect("in time").unwrap().unwrap();
                assert!(beat.entries.is_empty());
                assert_eq!(beat.head_position, 1);
            }
            source.stop().await;
        });
    }
    futures::future::join_all(beating).await;
}

#[tokio::test]
async fn pages_are_as_long_as_asked_and_never_longer_than_a_message() {
    for one in all().await {
        let source = Source::of(&one.db);
        source.numbered((0..25).map(|n| (n, 1))).await;
        let mut client = source.client();
        for (limit, expected) in [(0, 25), (1, 1), (10, 10), (1000, 25)] {
            let page = client.read(read(0, "", limit)).await.unwrap().into_inner();
            assert_eq!(page.entries.len(), expected, "{} {limit}", one.label);
            assert_eq!(page.head_position, 25);
        }
        for (request, field) in [
            (read(0, "", -1), "limit"),
            (read(0, "", 1001), "limit"),
            (read(-1, "", 1), "after_position"),
        ] {
            let refused = client.read(request).await.unwrap_err();
            let failure = Failure::from_status(&refused);
            assert_eq!(failure.reason(), Reason::InvalidField);
            assert_eq!(failure.fields()[0].field, field);
        }
        // Ten of 400 KB each: more than a gRPC message may hold.
        let large = (0..10).map(|n| {
            let mut event = event_of(100 + n, 1);
            event.envelope.resize(400_000, 0);
            event
        });
        append_all(&one.db, large.collect()).await.unwrap();
        source.caught_up().await;
        let answer = client.watch(watch(25)).await.unwrap();
        let (mut stream, mut seen) = (answer.into_inner(), BTreeSet::new());
        while seen.len() < 10 {
            let batch = stream.message().await.unwrap().unwrap();
            assert!(batch.entries.len() <= 2, "{}", one.label);
            seen.extend(batch.entries.iter().map(|entry| entry.position));
        }
        source.stop().await;
    }
}

#[tokio::test]
async fn who_is_ahead_or_knows_another_incarnation_is_refused() {
    let mismatch = (Code::FailedPrecondition, Reason::IncarnationMismatch);
    for one in all().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1), (2, 1)]).await;
        let ours = source.incarnation().await.to_string();
        let other = Uuid::from_u128(9).to_string();
        let mut client = source.client();
        for (after, incarnation, refused) in [
            (2, ours.as_str(), false),
            (2, "", false),
            (3, ours.as_str(), true),
            (3, "", true),
            (0, other.as_str(), true),
            (2, other.as_str(), true),
            (2, "rubbish", true),
        ] {
            let what = format!("{} {after} {incarnation}", one.label);
            let answer = client.read(read(after, incarnation, 10)).await;
            assert_eq!(
                answer.err().map(|s| reason(&s)),
                refused.then_some(mismatch),
                "{what}"
            );
            let request = WatchRequest {
                after_position: after,
                incarnation: incarnation.to_owned(),
            };
            let answer = client.watch(request).await;
            assert_eq!(
                answer.err().map(|s| reason(&s)),
                refused.then_some(mismatch),
                "{what}"
            );
        }
        let refused = client.watch(watch(-1)).await.unwrap_err();
        assert_eq!(reason(&refused).1, Reason::InvalidField);
        source.stop().await;
    }
}

#[tokio::test]
async fn a_restore_under_open_watchers_ends_them_with_a_reason() {
    for one in all().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1)]).await;
        let answer = source.client().watch(watch(0)).await.unwrap();
        let mut stream = answer.into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().entries.len(), 1);
        let other = if one.label == "postgres" {
            "gen_random_uuid()"
        } else {
            "randomblob(16)"
        };
        sql(
            &one.db,
            &format!("UPDATE feed_head SET incarnation = {other}"),
        )
        .await;
        append(&one.db, 2, 1).await.unwrap();
        let refused = stream.message().await.unwrap_err();
        assert_eq!(
            reason(&refused).1,
            Reason::IncarnationMismatch,
            "{}",
            one.label
        );
        assert!(stream.message().await.unwrap().is_none());
        source.stop().await;
    }
}

#[tokio::test]
async fn open_watchers_end_gracefully_at_shutdown() {
    for one in all().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1)]).await;
        let mut streams = Vec::new();
        for _ in 0..10 {
            let mut stream = source.client().watch(watch(0)).await.unwrap().into_inner();
            assert_eq!(stream.message().await.unwrap().unwrap().entries.len(), 1);
            streams.push(stream);
        }
        // The drain waits for the server, which waits for the streams; the bound
        // is well below the heartbeat.
        let drained = source.pair.serving.shutdown.drain(Duration::from_secs(3));
        drained.await.unwrap();
        for mut stream in streams {
            let ended = stream.message().await;
            assert!(matches!(ended, Ok(None)), "{}: {ended:?}", one.label);
        }
    }
}
