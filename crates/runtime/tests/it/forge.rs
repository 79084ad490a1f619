//! Tokens by hand, right and wrong.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runtime::auth::{PrivateKey, generate_key};
use runtime::config::ExposeSecret as _;
use serde_json::{Value, json};

use motcua_runtime as runtime;

use crate::House;

const PERSON_ID: &str = "00000000-0000-0000-0000-000000000001";

/// A token by hand: the library that is tested does not make it.
pub(crate) fn sign_text(header: &str, claims: &str, key: &PrivateKey) -> String {
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let pkcs8 = URL_SAFE_NO_PAD
        .decode(key.to_text().expose_secret())
        .unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

pub(crate) fn sign(header: &Value, claims: &Value, key: &PrivateKey) -> String {
    sign_text(&header.to_string(), &claims.to_string(), key)
}

pub(crate) fn header(key: &PrivateKey) -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key.public().kid() })
}

pub(crate) fn claims(house: &House) -> Value {
    let now = house.now().timestamp();
    json!({
        "iss": "motcua", "aud": "motcua", "sub": PERSON_ID, "kind": "person",
        "iat": now, "exp": now + 300, "epoch": 3,
        "sid": "00000000-0000-0000-0000-000000000002",
    })
}

/// `value` with one key changed; null takes it away.
pub(crate) fn with(value: &Value, key: &str, to: Value) -> Value {
    let mut changed = value.clone();
    let map = changed.as_object_mut().unwrap();
    if to.is_null() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), to);
    }
    changed
}

/// Tokens signed by the right key that say something wrong.
pub(crate) fn wrong_words(house: &House) -> Vec<(String, String)> {
    let (header, claims, key) = (header(&house.issuer), claims(house), &house.issuer);
    let now = house.now().timestamp();
    let mut tokens = Vec::new();
    for (name, to) in [
        ("typ", json!("JWT")),
        ("typ", json!(null)),
        ("typ", json!("refresh+jwt")),
        ("kid", json!("0000")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("kid", json!(house.workflow.public().kid())),
        ("alg", json!("ES256")),
        ("alg", json!("RS256")),
        ("alg", json!("HS256")),
        ("alg", json!("none")),
        ("alg", json!("eddsa")),
        ("alg", json!(null)),
        ("crit", json!(["exp"])),
    ] {
        let what = format!("header {name}: {to}");
        tokens.push((what, sign(&with(&header, name, to), &claims, key)));
    }
    for (name, to) in [
        ("aud", json!("other")),
        ("aud", json!(["motcua"])),
        ("aud", json!(null)),
        ("iss", json!("other")),
        ("iss", json!(["motcua"])),
        ("iss", json!(null)),
        ("sub", json!(null)),
        ("sub", json!("")),
        ("sub", json!("nobody")),
        ("kind", json!(null)),
        ("kind", json!("service")),
        ("kind", json!("operator")),
        ("exp", json!(null)),
        ("exp", json!(now - 5)),
        ("exp", json!(now - 3600)),
        ("exp", json!(now + 601)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(i64::MIN)),
        ("exp", json!("tomorrow")),
        ("exp", json!(1e300)),
        ("iat", json!(null)),
        ("iat", json!(now + 6)),
        ("iat", json!(i64::MAX)),
        ("iat", json!(i64::MIN)),
        ("nbf", json!(now + 6)),
        ("nbf", json!(i64::MAX)),
        ("post", json!("00000000-0000-0000-0000-000000000007")),
        ("unit", json!("18583")),
        ("roles", json!(["everything"])),
        ("sid", json!("x")),
    ] {
        let what = format!("claim {name}: {to}");
        tokens.push((what, sign(&header, &with(&claims, name, to), key)));
    }
    tokens
}

/// Tokens whose signature or key is wrong.
pub(crate) fn wrong_keys(house: &House) -> Vec<(String, String)> {
    let (head, claims) = (header(&house.issuer), claims(house));
    let stranger = generate_key().unwrap();
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": stranger.public().as_str() });
    let good = sign(&head, &claims, &house.issuer);
    let [left, middle, right] = parts(&good);
    let mut tokens = vec![
        ("a stranger", sign(&header(&stranger), &claims, &stranger)),
        ("a stranger as the issuer", sign(&head, &claims, &stranger)),
        (
            "its own key",
            sign(&with(&head, "jwk", jwk), &claims, &stranger),
        ),
        (
            "a key elsewhere",
            sign(
                &with(&head, "jku", json!("https://x.example/keys")),
                &claims,
                &stranger,
            ),
        ),
        (
            "a service for a person",
            sign(&header(&house.workflow), &claims, &house.workflow),
        ),
        (
            "a partner for a person",
            sign(&header(&house.partner), &claims, &house.partner),
        ),
        ("no signature", format!("{left}.{middle}.")),
        ("no third part", format!("{left}.{middle}")),
        ("a fourth part", format!("{good}.{right}")),
        ("a bare dot", ".".to_owned()),
        ("two dots", "..".to_owned()),
        (
            "opaque",
            "mcr_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ),
        ("spaces", format!(" {good}")),
        ("padding", format!("{good}=")),
        ("twice", format!("{good},{good}")),
    ];
    tokens.extend(wrong_algorithms(house));
    // Duplicated claims: two readers may each take another one.
    let text = claims.to_string();
    for (name, value) in [
        ("sub", json!(PERSON_ID)),
        ("exp", json!(house.now().timestamp() + 9)),
    ] {
        let twice = text.replacen('{', &format!("{{\"{name}\":{value},"), 1);
        tokens.push((
            "a claim twice",
            sign_text(&head.to_string(), &twice, &house.issuer),
        ));
    }
    tokens.push((
        "no JSON",
        sign_text(&head.to_string(), "motcua", &house.issuer),
    ));
    tokens
        .into_iter()
        .map(|(what, token)| (what.to_owned(), token))
        .collect()
}

/// Tokens that name another algorithm than ours.
fn wrong_algorithms(house: &House) -> Vec<(&'static str, String)> {
    let (head, claims) = (header(&house.issuer), claims(house));
    let good = sign(&head, &claims, &house.issuer);
    let [_, middle, right] = parts(&good);
    let mut tokens = Vec::new();
    let none = URL_SAFE_NO_PAD.encode(with(&head, "alg", json!("none")).to_string());
    tokens.push(("alg none", format!("{none}.{middle}.")));
    tokens.push(("alg none, signed", format!("{none}.{middle}.{right}")));
    // The public key as the secret of a symmetric algorithm, as bytes and as text.
    let public = house.issuer.public().as_str().to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(&public).unwrap();
    for secret in [bytes.as_slice(), public.as_bytes()] {
        let symmetric = URL_SAFE_NO_PAD.encode(with(&head, "alg", json!("HS256")).to_string());
        let text = format!("{symmetric}.{middle}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(tag.as_ref());
        tokens.push(("HS256 under the public key", format!("{text}.{tag}")));
    }
    tokens
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}
