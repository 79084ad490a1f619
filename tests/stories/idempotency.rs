//! One effect a key, however often, by however many.

use std::collections::BTreeSet;

use futures::future::join_all;
use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use testkit::{Engine, Town};

use crate::acts::{Call, METHODS, act};
use crate::fresh::{assert_events, fresh};
use crate::office::{FIVE_DAYS, MAI_PHU, Office, filing};
use crate::record::{settled, stored};

#[tokio::test]
async fn a_request_sent_again_or_five_times_at_once_is_done_once() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        for method in METHODS {
            let (office, seen) = fresh(&town, method).await;
            let before = stored(&town, &seen.name).await.len();
            let call = Call::on(&seen).to(&office.processing.name);
            let line = &office.who_in(method, seen.state()).line;
            let at_once = join_all((0..5).map(|_| act(line, method, &call))).await;
            for answer in at_once {
                let answer = answer.unwrap_or_else(|status| panic!("{method}: {status:?}"));
                assert_eq!(answer.name, seen.name);
                assert_ne!(answer.etag, seen.etag, "{method}");
            }
            let again = act(line, method, &call).await.unwrap();
            assert_eq!(again.name, seen.name);
            assert_events(&town, &office, &seen.name, before + 1).await;
        }
        submissions(&town).await;
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

async fn submissions(town: &Town) {
    let office = Office::open(town, MAI_PHU).await;
    let filed = filing(&office.unit, FIVE_DAYS);
    let at_once = join_all((0..5).map(|_| office.submit(filed.clone()))).await;
    let names: BTreeSet<_> = at_once.into_iter().map(|d| d.unwrap().name).collect();
    assert_eq!(names.len(), 1);
    let again = office.submit(filed).await.unwrap();
    assert!(names.contains(&again.name));
    assert_events(town, &office, &again.name, 2).await;
}

#[tokio::test]
async fn a_retry_is_answered_after_later_changes() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let filed = filing(&office.unit, FIVE_DAYS);
        let seen = office.submit(filed.clone()).await.unwrap();
        let accept = Call::on(&seen);
        let seen = act(&office.counter.line, "Accept", &accept).await.unwrap();
        let later = office.all(&["Transfer", "Receive", "Assign"], seen).await;
        let events = stored(&town, &later.name).await;
        for again in [
            office.submit(filed).await.unwrap(),
            act(&office.counter.line, "Accept", &accept).await.unwrap(),
        ] {
            assert_eq!(
                (again.name, again.etag),
                (later.name.clone(), later.etag.clone())
            );
        }
        assert_eq!(stored(&town, &later.name).await, events);
        town.end().await;
    }
}

#[tokio::test]
async fn a_key_is_its_persons_and_its_methods_own() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let mut colleague = office.clone();
        colleague.counter = town.officer("18583.tiepnhan2").await;
        let filed = filing(&office.unit, FIVE_DAYS);
        let mine = office.submit(filed.clone()).await.unwrap();
        let theirs = colleague.submit(filed).await.unwrap();
        assert_ne!(mine.name, theirs.name);

        // The same key, by two people, with words of their own.
        let key = Call::on(&mine).request_id;
        let with_key = |seen: &pb::Dossier, reason: &str| {
            let mut call = Call::on(seen);
            (call.request_id, call.reason) = (key.clone(), reason.to_owned());
            call
        };
        let (ours, others) = (with_key(&mine, "của tôi"), with_key(&theirs, "của bạn"));
        let (one, other) = tokio::join!(
            act(&office.counter.line, "AskIntakeSupplement", &ours),
            act(&colleague.counter.line, "AskIntakeSupplement", &others),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        // The same key for another method of the same person.
        let call = with_key(&one, "");
        let received = act(&office.counter.line, "ReceiveIntakeSupplement", &call).await;
        assert_eq!(received.unwrap().state(), State::Checking);
        assert_eq!(other.state(), State::AwaitingIntakeSupplement);
        for (seen, n) in [(&mine, 4), (&theirs, 3)] {
            assert_events(&town, &office, &seen.name, n).await;
        }
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}
