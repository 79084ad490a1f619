//! Tokens: what is not exactly right opens nothing (T20).

use chrono::TimeDelta;
use domain::ids::{PersonId, SessionId};
use runtime::auth::Revocation;
use runtime::client::on_behalf;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use motcua_runtime as runtime;

use crate::forge::{claims, header, sign, with, wrong_keys, wrong_words};
use crate::probe::{Does, PARTNER, PERSON, PUBLIC, Probe, SERVICE};
use crate::{DOORS, House, bearer, call, reached, reason, secret};

#[tokio::test]
async fn a_token_that_is_not_exactly_right_opens_nothing() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let good = sign(&header(&house.issuer), &claims(&house), &house.issuer);
        let status = call(&house.nobody(), PERSON, &bearer(&good)).await;
        assert!(reached(&status), "{door:?}: {status:?}");
        // Up to 5 s of difference between two clocks is no offence.
        let now = house.now().timestamp();
        for (name, to) in [
            ("iat", json!(now + 5)),
            ("nbf", json!(now + 5)),
            ("exp", json!(now - 4)),
            ("exp", json!(now + 600)),
        ] {
            let changed = with(&claims(&house), name, to.clone());
            let token = sign(&header(&house.issuer), &changed, &house.issuer);
            let status = call(&house.nobody(), PERSON, &bearer(&token)).await;
            assert!(reached(&status), "{door:?} {name} {to}: {status:?}");
        }
        assert_eq!(probe.calls(), 5);

        let mut tokens = wrong_words(&house);
        tokens.extend(wrong_keys(&house));
        tokens.push(("64 KiB".to_owned(), "a".repeat(65_536)));
        tokens.push(("9 KiB".to_owned(), "a".repeat(9_216)));
        let long = with(&claims(&house), "scopes", json!(["a".repeat(7_000)]));
        let long = sign(&header(&house.issuer), &long, &house.issuer);
        assert!(long.len() > 8_192);
        tokens.push(("signed, and over 8 KiB".to_owned(), long));
        for (what, token) in &tokens {
            // A token that is there must be good even where none is needed.
            for path in [PERSON, PUBLIC] {
                let status = call(&house.nobody(), path, &bearer(token)).await;
                assert!(!reached(&status), "{door:?} {what}: {path}");
                if token.len() < 16_000 {
                    assert_eq!(status.code(), Code::Unauthenticated, "{door:?} {what}");
                    assert_eq!(reason(&status), Reason::Unauthenticated);
                }
            }
        }
        assert_eq!(probe.calls(), 0, "{door:?}");
        println!("{door:?}: {} wrong tokens, none accepted", tokens.len());
        house.end().await;
    }
}

#[tokio::test]
async fn no_single_bit_of_a_token_can_be_turned() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let verifier = &house.ctx.verifier;
    let good = sign(&header(&house.issuer), &claims(&house), &house.issuer);
    let mut turned = 0;
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let forged = String::from_utf8(bytes).unwrap();
            assert!(
                verifier.caller(&forged, None).is_err(),
                "byte {at}, bit {bit}"
            );
            turned += 1;
        }
        let shorter = format!("{}{}", &good[..at], &good[at + 1..]);
        assert!(
            verifier.caller(&shorter, None).is_err(),
            "without byte {at}"
        );
    }
    println!("{turned} bits turned, none accepted");
    assert!(turned > 2_500);
    verifier.caller(&good, None).unwrap();
    house.end().await;
}

#[tokio::test]
async fn duplicated_or_half_headers_open_nothing() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let (person, nobody) = (house.person(), house.nobody());
        let good = ("authorization", format!("Bearer {person}"));
        for headers in [
            vec![good.clone(), good.clone()],
            vec![good.clone(), ("authorization", "Bearer forged".to_owned())],
            vec![("authorization", "Bearer forged".to_owned()), good.clone()],
            vec![("authorization", person.clone())],
            vec![("authorization", format!("bearer {person}"))],
            vec![("authorization", format!("Basic {person}"))],
            vec![("authorization", "Bearer ".to_owned())],
            vec![("authorization", String::new())],
        ] {
            let status = call(&nobody, PERSON, &headers).await;
            assert_eq!(status.code(), Code::Unauthenticated, "{door:?} {headers:?}");
        }
        let alone = [("motcua-on-behalf", person.clone())];
        let status = call(&nobody, PERSON, &alone).await;
        assert_eq!(
            status.code(),
            Code::Unauthenticated,
            "a token for others alone"
        );
        assert_eq!(probe.calls(), 0, "{door:?}");
        house.end().await;
    }
}

#[tokio::test]
async fn only_a_service_speaks_for_others_and_only_for_people_and_partners() {
    let probe = Probe::new(Does::Answer);
    let house = House::serve(DOORS[0], probe.routes()).await;
    let service = sign(
        &header(&house.workflow),
        &json!({
            "iss": "motcua", "aud": "motcua", "sub": "workflow", "kind": "service",
            "iat": house.now().timestamp(), "exp": house.now().timestamp() + 300,
        }),
        &house.workflow,
    );
    let (person, partner, nobody) = (house.person(), house.partner(), house.nobody());
    for (caller, behalf, what) in [
        (&person, &person, "a person for itself"),
        (&person, &partner, "a person for a partner"),
        (&partner, &person, "a partner for a person"),
        (&service, &service, "a service for a service"),
    ] {
        let mut headers = bearer(caller);
        headers.push(("motcua-on-behalf", behalf.clone()));
        let status = call(&nobody, PUBLIC, &headers).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}");
    }
    let mut twice = bearer(&service);
    twice.push(("motcua-on-behalf", person.clone()));
    assert!(reached(&call(&nobody, SERVICE, &twice).await));
    twice.push(("motcua-on-behalf", partner.clone()));
    let status = call(&nobody, SERVICE, &twice).await;
    assert_eq!(status.code(), Code::Unauthenticated, "for two at once");

    // A service cannot make the token of the one it speaks for, nor be another.
    let forged = sign(&header(&house.workflow), &claims(&house), &house.workflow);
    let channel = house.service(&house.clock, Incarnations::default());
    let acting = call(&channel, PERSON, &[]);
    let status = on_behalf(&secret(&forged), acting).await.unwrap();
    assert_eq!(status.code(), Code::Unauthenticated);
    for (claim, to) in [("sub", "dossier"), ("kind", "person"), ("kind", "partner")] {
        let mut body = json!({
            "iss": "motcua", "aud": "motcua", "sub": "workflow", "kind": "service",
            "iat": house.now().timestamp(), "exp": house.now().timestamp() + 300,
        });
        body = with(&body, claim, json!(to));
        let token = sign(&header(&house.workflow), &body, &house.workflow);
        let status = call(&nobody, PUBLIC, &bearer(&token)).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{claim} {to}");
    }
    assert_eq!(probe.calls(), 1);
    house.end().await;
}

#[tokio::test]
async fn a_partner_that_signs_for_itself_gets_no_more_than_it_was_granted() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let now = house.now().timestamp();
    let body = json!({
        "iss": "motcua", "aud": "motcua", "sub": "dvcqg", "kind": "partner",
        "iat": now, "exp": now + 300, "scopes": ["file", "everything"],
    });
    let token = sign(&header(&house.partner), &body, &house.partner);
    let caller = house.ctx.verifier.caller(&token, None).unwrap();
    assert_eq!(caller.actor.scopes, ["file".to_owned()].into());
    let other = sign(
        &header(&house.partner),
        &with(&body, "sub", json!("other")),
        &house.partner,
    );
    let status = call(&house.nobody(), PARTNER, &bearer(&other)).await;
    assert_eq!(status.code(), Code::Unauthenticated);
    house.end().await;
}

#[tokio::test]
async fn a_token_that_was_good_dies_by_time_session_and_epoch() {
    let probe = Probe::new(Does::Answer);
    let house = House::serve(DOORS[0], probe.routes()).await;
    let nobody = house.nobody();
    let alive = async |token: &str| reached(&call(&nobody, PERSON, &bearer(token)).await);

    let token = house.person();
    assert!(alive(&token).await);
    house.clock.advance(TimeDelta::seconds(304));
    assert!(alive(&token).await, "within the leeway");
    house.clock.advance(TimeDelta::seconds(1));
    assert!(!alive(&token).await, "remembered, and dead all the same");

    let token = house.person();
    assert!(alive(&token).await);
    let person = PersonId(Uuid::from_u128(1));
    house.ctx.verifier.revoke(Revocation::Before(person, 3));
    assert!(alive(&token).await, "it is of epoch 3");
    house.ctx.verifier.revoke(Revocation::Before(person, 4));
    assert!(!alive(&token).await);
    house.ctx.verifier.revoke(Revocation::Before(person, 2));
    assert!(!alive(&token).await, "epochs do not go back");
    house.end().await;

    let house = House::serve(DOORS[0], probe.routes()).await;
    let (nobody, token) = (house.nobody(), house.person());
    assert!(reached(&call(&nobody, PERSON, &bearer(&token)).await));
    let session = SessionId(Uuid::from_u128(2));
    house.ctx.verifier.revoke(Revocation::Session(session));
    let status = call(&nobody, PERSON, &bearer(&token)).await;
    assert_eq!(status.code(), Code::Unauthenticated);
    house.end().await;
}
