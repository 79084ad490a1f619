//! Between our own services: clocks and incarnations must agree before anything
//! is changed.

use chrono::TimeDelta;
use runtime::client::on_behalf;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use tonic::Code;

use motcua_runtime as runtime;

use crate::probe::{Does, PERSON, Probe, SERVICE, SERVICE_WRITES};
use crate::{DOORS, House, Still, bearer, call, reached, reason, secret};

#[tokio::test]
async fn clocks_that_differ_by_more_than_two_minutes_refuse_writes() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        for (seconds, refused) in [(0, false), (-120, false), (-121, true), (-240, true)] {
            let theirs = Still::new();
            theirs.advance(TimeDelta::seconds(seconds));
            let channel = house.service(&theirs, Incarnations::default());
            let status = call(&channel, SERVICE_WRITES, &[]).await;
            if refused {
                assert_eq!(status.code(), Code::Unavailable, "{door:?} {seconds}");
                assert_eq!(reason(&status), Reason::ClockSkew, "{door:?} {seconds}");
                // An act for a person is one of the service's too.
                let acting = call(&channel, PERSON, &[]);
                let status = on_behalf(&secret(&house.person()), acting).await.unwrap();
                assert_eq!(reason(&status), Reason::ClockSkew, "{door:?} {seconds}");
            } else {
                assert!(reached(&status), "{door:?} {seconds}: {status:?}");
                assert_eq!(probe.calls(), 1);
            }
            assert_eq!(probe.calls(), 0, "{door:?} {seconds}");
            let status = call(&channel, SERVICE, &[]).await;
            assert!(reached(&status), "reads go on: {door:?} {seconds}");
            assert_eq!(probe.calls(), 1);
        }
        // A person's own clock is nobody's business.
        let status = call(&house.with(&house.person()), PERSON, &[]).await;
        assert!(reached(&status), "{door:?}");
        house.end().await;
    }
}

#[tokio::test]
async fn a_clock_ahead_cannot_write_either() {
    let probe = Probe::new(Does::Answer);
    let house = House::serve(DOORS[0], probe.routes()).await;
    // Its token is made by a right clock, so that only the time of sending tells.
    let identity = house.service(&house.clock, Incarnations::default());
    let token = runtime::auth::Signer::new(&house.workflow)
        .sign(&runtime::auth::Claims::service("workflow", house.now()))
        .unwrap();
    let millis = house.now().timestamp_millis();
    for (ahead, expected) in [
        (Some(120_000), None),
        (Some(120_001), Some(Reason::ClockSkew)),
        (Some(-120_001), Some(Reason::ClockSkew)),
        // One that does not say when is none of ours.
        (None, Some(Reason::Unauthenticated)),
    ] {
        let mut headers = bearer(&token);
        if let Some(ahead) = ahead {
            headers.push(("motcua-sent-at", (millis + ahead).to_string()));
        }
        let status = call(&house.nobody(), SERVICE_WRITES, &headers).await;
        match expected {
            None => assert!(reached(&status), "{ahead:?}: {status:?}"),
            Some(expected) => assert_eq!(reason(&status), expected, "{ahead:?}"),
        }
    }
    for rubbish in ["", "soon", "99999999999999999999"] {
        let mut headers = bearer(&token);
        headers.push(("motcua-sent-at", rubbish.to_owned()));
        let status = call(&house.nobody(), SERVICE_WRITES, &headers).await;
        assert_eq!(reason(&status), Reason::Unauthenticated, "{rubbish}");
    }
    assert_eq!(probe.calls(), 1);
    drop(identity);
    house.end().await;
}

#[tokio::test]
async fn stores_that_are_not_the_ones_that_are_known_refuse_writes() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let ours = &house.ctx.incarnations;
        ours.set("dossier", "d1");
        ours.set("workflow", "w1");
        for (known, expected) in [
            (vec![("dossier", "d1"), ("workflow", "w1")], None),
            (vec![("workflow", "w1")], None),
            (vec![], None),
            // What the server knows nothing about is not compared.
            (vec![("account", "a9")], None),
            (vec![("dossier", "d0"), ("workflow", "w1")], Some("dossier")),
            (
                vec![("dossier", "d1"), ("workflow", "w2")],
                Some("workflow"),
            ),
        ] {
            let theirs = Incarnations::default();
            for (service, incarnation) in &known {
                theirs.set(service, *incarnation);
            }
            let channel = house.service(&house.clock, theirs);
            let status = call(&channel, SERVICE_WRITES, &[]).await;
            if let Some(which) = expected {
                assert_eq!(
                    status.code(),
                    Code::FailedPrecondition,
                    "{door:?} {known:?}"
                );
                let failure = runtime::Failure::from_status(&status);
                assert_eq!(failure.reason(), Reason::IncarnationMismatch);
                assert_eq!(failure.metadata("service"), Some(which));
                assert_eq!(probe.calls(), 0, "before the handler");
            } else {
                assert!(reached(&status), "{door:?} {known:?}: {status:?}");
                assert_eq!(probe.calls(), 1);
            }
            let status = call(&channel, SERVICE, &[]).await;
            assert!(reached(&status), "reads go on: {door:?} {known:?}");
            assert_eq!(probe.calls(), 1);
        }
        // What a person says of incarnations is not heard.
        let mut headers = bearer(&house.person());
        headers.push(("motcua-incarnation-dossier", "d0".to_owned()));
        let status = call(&house.nobody(), PERSON, &headers).await;
        assert!(reached(&status), "{door:?}: {status:?}");
        house.end().await;
    }
}

#[tokio::test]
async fn a_service_learns_only_when_told_to_and_only_from_what_it_lets_in() {
    let probe = Probe::new(Does::Answer);
    let house = House::serve(DOORS[0], probe.routes()).await;
    let theirs = Incarnations::default();
    let first = "00000000-0000-0000-0000-000000000001";
    theirs.set("workflow", first);
    let channel = house.service(&house.clock, theirs);
    let known = house.ctx.incarnations.clone();
    assert!(reached(&call(&channel, SERVICE_WRITES, &[]).await));
    assert_eq!(known.get("workflow"), None, "nobody stores it");

    known.learn();
    // A person who names a service's incarnation teaches nothing, nor does a
    // service whose clock is wrong, nor a read.
    let mut headers = bearer(&house.person());
    headers.push(("motcua-incarnation-workflow", first.to_owned()));
    assert!(reached(&call(&house.nobody(), PERSON, &headers).await));
    let late = Still::new();
    late.advance(TimeDelta::seconds(-200));
    let wrong = Incarnations::default();
    wrong.set("workflow", "00000000-0000-0000-0000-000000000009");
    let status = call(&house.service(&late, wrong), SERVICE_WRITES, &[]).await;
    assert_eq!(reason(&status), Reason::ClockSkew);
    assert!(reached(&call(&channel, SERVICE, &[]).await));
    assert_eq!(known.get("workflow"), None);

    assert!(reached(&call(&channel, SERVICE_WRITES, &[]).await));
    assert_eq!(known.get("workflow"), Some(first.to_owned()));
    let pinned = known.pinned().await;
    assert_eq!(
        pinned.get("workflow").map(ToString::to_string),
        Some(first.to_owned())
    );
    house.end().await;
}
