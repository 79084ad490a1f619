//! Keys: replaced as a whole, and never by something worse.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use runtime::auth::{PublicKey, Signer, generate_key, keep_fresh};
use runtime::config::SecretString;
use runtime::{Failure, Shutdown};
use tonic::Code;

use motcua_runtime as runtime;

use crate::probe::{Does, PERSON, Probe, SERVICE};
use crate::{DOORS, House, bearer, call, reached, until};

async fn accepted(house: &House, token: &str) -> bool {
    let status = call(&house.nobody(), PERSON, &bearer(token)).await;
    assert!(reached(&status) || status.code() == Code::Unauthenticated);
    reached(&status)
}

#[tokio::test]
async fn a_new_set_replaces_the_old_and_a_broken_one_does_not() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let old = house.person();
    assert!(accepted(&house, &old).await);
    let malformed = format!(
        r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}"}},
            {{"kty":"OKP","crv":"Ed25519","x":"AAAA"}}]}}"#,
        house.issuer.public().as_str()
    );
    for broken in [
        "",
        "<html>502</html>",
        "{}",
        "[]",
        r#"{"keys":[]}"#,
        r#"{"keys":[{}]}"#,
        r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
        r#"{"keys":[{"kty":"OKP","crv":"X25519","x":"AAAA"}]}"#,
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519"}]}"#,
        malformed.as_str(),
    ] {
        assert!(house.keys.replace_issuers(broken).is_err(), "{broken}");
        assert!(
            accepted(&house, &old).await,
            "the last good set stays: {broken}"
        );
    }

    // Rotation: first both, then the new one alone.
    let fresh = generate_key().unwrap();
    let signer = Signer::new(&fresh);
    let claims = runtime::auth::Claims::person(
        domain::ids::PersonId(uuid::Uuid::from_u128(1)),
        domain::ids::SessionId(uuid::Uuid::from_u128(2)),
        0,
        None,
        house.now(),
    );
    let new = signer.sign(&claims).unwrap();
    assert!(!accepted(&house, &new).await);
    let both = signer.jwks(&[house.issuer.public().clone()]);
    house.keys.replace_issuers(&both).unwrap();
    assert!(accepted(&house, &old).await && accepted(&house, &new).await);
    house.keys.replace_issuers(&signer.jwks(&[])).unwrap();
    assert!(
        !accepted(&house, &old).await,
        "remembered, and gone all the same"
    );
    assert!(accepted(&house, &new).await);

    // Services and partners are not of that set.
    let known = runtime::incarnation::Incarnations::default();
    let status = call(&house.service(&house.clock, known), SERVICE, &[]).await;
    assert!(reached(&status), "{status:?}");
    house.end().await;
}

#[tokio::test]
async fn a_published_set_does_not_make_a_service_speak_for_people() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let theirs: Vec<PublicKey> = [&house.workflow, &house.partner]
        .map(|key| key.public().clone())
        .to_vec();
    let set = Signer::new(&house.issuer).jwks(&theirs);
    house.keys.replace_issuers(&set).unwrap();
    let claims = runtime::auth::Claims::person(
        domain::ids::PersonId(uuid::Uuid::from_u128(1)),
        domain::ids::SessionId(uuid::Uuid::from_u128(2)),
        0,
        None,
        house.now(),
    );
    for key in [&house.workflow, &house.partner] {
        let forged = Signer::new(key).sign(&claims).unwrap();
        assert!(!accepted(&house, &forged).await);
    }
    let known = runtime::incarnation::Incarnations::default();
    let status = call(&house.service(&house.clock, known), SERVICE, &[]).await;
    assert!(reached(&status), "it still speaks for itself: {status:?}");
    house.end().await;
}

#[tokio::test]
async fn a_fetch_that_fails_keeps_the_last_good_set() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let token = house.person();
    for answer in [
        Err(Failure::unavailable("account")),
        Ok("<html>".to_owned()),
    ] {
        let fetched = Arc::new(AtomicU32::new(0));
        let (counted, shutdown) = (Arc::clone(&fetched), Shutdown::new());
        let keeping = keep_fresh(house.keys.clone(), shutdown.clone(), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(answer.clone())
        });
        shutdown.spawn("keep-fresh", keeping);
        until("it was fetched", || fetched.load(Ordering::SeqCst) == 1).await;
        assert!(accepted(&house, &token).await);
        // A flood of unknown keys asks for no second one at once.
        let stranger = Signer::new(&generate_key().unwrap());
        let claims = runtime::auth::Claims::service("dossier", house.now());
        let unknown = stranger.sign(&claims).unwrap();
        for _ in 0..50 {
            assert!(!accepted(&house, &unknown).await);
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        assert_eq!(shutdown.drain(Duration::from_secs(5)).await, Ok(()));
    }
    house.end().await;
}

#[tokio::test]
async fn an_unknown_key_is_told_and_a_known_one_is_not() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let short = Duration::from_millis(100);
    assert!(accepted(&house, &house.person()).await);
    let told = tokio::time::timeout(short, house.keys.unknown_key()).await;
    assert!(told.is_err());
    let stranger = Signer::new(&generate_key().unwrap());
    let claims = runtime::auth::Claims::service("dossier", house.now());
    assert!(!accepted(&house, &stranger.sign(&claims).unwrap()).await);
    let told = tokio::time::timeout(Duration::from_secs(5), house.keys.unknown_key()).await;
    told.unwrap();
    house.end().await;
}

#[test]
fn a_key_that_is_none_is_refused_without_its_text() {
    for text in ["", "AAAA", "not base64!", &"A".repeat(44)] {
        let refused = PublicKey::from_text(text).unwrap_err().to_string();
        assert!(text.is_empty() || !refused.contains(text));
        let private = SecretString::from(text);
        let refused = runtime::auth::PrivateKey::from_text(&private).unwrap_err();
        assert!(text.is_empty() || !refused.to_string().contains(text));
    }
    let key = generate_key().unwrap();
    let again = runtime::auth::PrivateKey::from_text(&key.to_text()).unwrap();
    assert_eq!(again.public(), key.public());
}
