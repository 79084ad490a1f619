//! A source that was restored, or is not to be believed, stops the follower.

use std::sync::{Arc, Mutex};

use feed::{Follower, GENESIS, State};
use proto::event::v1::{Envelope, FeedEntry};
use runtime::incarnation::Incarnations;
use runtime::{Failure, Shutdown};
use uuid::Uuid;

use motcua_feed as feed;

use crate::effects::{After, NAME, pairs, run};
use crate::fake::{Fake, entries};
use crate::{Pair, Source, append, sql};

const OURS: Uuid = Uuid::from_u128(7);

#[tokio::test]
async fn a_restored_source_stops_the_follower_until_it_is_reconciled() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1), (2, 1)]).await;
        let following = consumer.follow(&source.channel);
        following.at(2).await;
        let before = source.incarnation().await;
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
        let restored = source.incarnation().await;
        append(&one.db, 3, 1).await.unwrap();
        following.stopped().await;
        assert_eq!(consumer.effects().await, [1, 2], "{}", one.label);
        assert_eq!(consumer.cursor().await.unwrap().incarnation, before);

        // Another try without a look at both sides changes nothing.
        let mut reports = following.control.watch();
        reports.mark_unchanged();
        following.control.retry();
        reports.changed().await.unwrap();
        following.stopped().await;
        assert_eq!(consumer.effects().await, [1, 2], "{}", one.label);

        consumer.reconcile(2, restored).await;
        following.control.retry();
        following.at(3).await;
        assert_eq!(consumer.effects().await, [1, 2, 3], "{}", one.label);
        assert_eq!(consumer.cursor().await.unwrap().incarnation, restored);
        following.end().await;
        source.stop().await;
    }
}

#[tokio::test]
async fn a_source_that_lost_its_end_stops_the_follower() {
    for (one, consumer) in pairs().await {
        let source = Source::of(&one.db);
        source.numbered([(1, 1), (2, 1)]).await;
        // Restored to an earlier instant under the same name: we are ahead.
        consumer.reconcile(5, source.incarnation().await).await;
        let following = consumer.follow(&source.channel);
        following.stopped().await;
        assert_eq!(consumer.effects().await, [0; 0], "{}", one.label);
        consumer.reconcile(1, source.incarnation().await).await;
        following.control.retry();
        following.at(2).await;
        assert_eq!(consumer.effects().await, [2], "{}", one.label);
        following.end().await;
        source.stop().await;
    }
}

#[tokio::test]
async fn entries_that_their_hash_does_not_hold_are_not_believed() {
    let honest = entries(0, &GENESIS, &[(1, 1), (2, 1), (3, 1)]);
    let forged = |change: fn(&mut Vec<FeedEntry>)| {
        let mut forged = honest.clone();
        change(&mut forged);
        forged
    };
    // What was taken before the lie stays. A lie stops the follower; a hole makes
    // it ask again, since it may have lost an entry itself.
    let (lie, hole) = (true, false);
    let forgeries = [
        (1, lie, forged(|e| e[1].envelope[3] ^= 1)),
        (1, lie, forged(|e| e[1].hash[0] ^= 1)),
        (1, lie, forged(|e| e[1].prev_hash[0] ^= 1)),
        (1, lie, forged(|e| e[1].position = 3)),
        (1, hole, forged(|e| drop(e.remove(1)))),
        (0, hole, forged(|e| e.swap(0, 1))),
        // A chain that holds in itself and begins elsewhere.
        (0, lie, entries(0, &[1; 32], &[(1, 1)])),
        (1, lie, {
            let mut two = entries(0, &GENESIS, &[(1, 1)]);
            two.extend(entries(1, &[1; 32], &[(2, 1)]));
            two
        }),
    ];
    for (one, consumer) in pairs().await {
        for (n, (kept, lie, forgery)) in forgeries.iter().enumerate() {
            consumer.forget().await;
            let pair = Pair::new();
            let (_, channel) = Fake::serve(&pair, [Ok((OURS, forgery.clone()))]);
            let following = consumer.follow(&channel);
            let what = format!("{} forgery {n} is not taken", one.label);
            following
                .state(&what, |state| match state {
                    State::Stopped { .. } => *lie,
                    State::Waiting { .. } => !lie,
                    State::Starting | State::Following | State::Ended => false,
                })
                .await;
            let effects: Vec<_> = (1..=*kept).collect();
            assert_eq!(consumer.effects().await, effects, "{what}");
            following.end().await;
        }
    }
}

#[tokio::test]
async fn a_source_that_comes_back_with_another_history_is_not_believed() {
    for (one, consumer) in pairs().await {
        let pair = Pair::new();
        let first = entries(0, &GENESIS, &[(1, 1), (2, 1)]);
        let other = entries(0, &GENESIS, &[(9, 1), (2, 1), (3, 1)]);
        let lines = [Ok((OURS, first)), Ok((OURS, other[2..].to_vec()))];
        let (fake, channel) = Fake::serve(&pair, lines);
        let following = consumer.follow(&channel);
        following.stopped().await;
        assert_eq!(consumer.effects().await, [1, 2], "{}", one.label);
        let asked = fake.asked.lock().unwrap().clone();
        assert_eq!(asked[0].incarnation, "", "it knows none yet");
        assert_eq!(asked[1].after_position, 2);
        assert_eq!(asked[1].incarnation, OURS.to_string());
        // An operator who accepts that history retries.
        fake.push(Ok((OURS, other[2..].to_vec())));
        following.control.retry();
        following.at(3).await;
        following.end().await;
    }
}

#[tokio::test]
async fn a_source_that_is_away_is_tried_again_by_itself() {
    for (one, consumer) in pairs().await {
        let pair = Pair::new();
        let all = entries(0, &GENESIS, &[(1, 1), (2, 1), (3, 1)]);
        let lines = [
            Err(Failure::unavailable("feed")),
            Ok((OURS, all[..1].to_vec())),
            Err(Failure::deadline()),
            // A gap, and an old one again: neither has an effect.
            Ok((OURS, all[2..].to_vec())),
            Ok((OURS, all.clone())),
        ];
        let (_, channel) = Fake::serve(&pair, lines);
        let following = consumer.follow(&channel);
        following.at(3).await;
        assert_eq!(consumer.effects().await, [1, 2, 3], "{}", one.label);
        following.end().await;
    }
}

#[tokio::test]
async fn a_follower_tells_what_it_knows_of_its_source() {
    for (one, consumer) in pairs().await {
        let pair = Pair::new();
        let known = Incarnations::default();
        // What is known when an event is applied: before there is a cursor.
        let seen = Arc::new(Mutex::new(Vec::new()));
        let start = |channel| {
            let incarnations = known.clone();
            let (known, seen) = (known.clone(), Arc::clone(&seen));
            let note = move |_: &Envelope, _: i64| -> After {
                seen.lock().unwrap().push(known.get("workflow"));
                Box::pin(async { Ok(()) })
            };
            let shutdown = Shutdown::new();
            let db = consumer.db().clone();
            let follower = Follower::new(NAME, channel, db, shutdown.clone())
                .knowing(incarnations, "workflow");
            run(follower, shutdown, note)
        };
        let all = entries(0, &GENESIS, &[(1, 1), (2, 1)]);
        let lines = [
            Ok((OURS, all[..1].to_vec())),
            // Another incarnation is not taken over.
            Ok((Uuid::from_u128(8), all[1..].to_vec())),
        ];
        let (_, channel) = Fake::serve(&pair, lines);
        let following = start(channel);
        following.stopped().await;
        assert_eq!(*seen.lock().unwrap(), [Some(OURS.to_string())]);
        assert_eq!(known.get("workflow"), Some(OURS.to_string()));
        following.end().await;

        // At the next start it is known before the source has said anything.
        known.set("workflow", "forgotten");
        let (fake, channel) = Fake::serve(&Pair::new(), []);
        let following = start(channel);
        crate::until("it asks", async || !fake.asked.lock().unwrap().is_empty()).await;
        assert_eq!(
            known.get("workflow"),
            Some(OURS.to_string()),
            "{}",
            one.label
        );
        assert_eq!(following.control.report().state, State::Starting);
        following.end().await;
    }
}
