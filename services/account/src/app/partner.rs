//! Partner systems: registered by an operator, signed in by secret.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use runtime::auth::{ACCESS_LIFE, Claims};
use serde::Serialize;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::App;
use super::secrets::fingerprint;
use super::told::Verb;
use crate::error::Error;
use crate::store::partners::{self, Partner};

/// What a partner may be allowed.
const SCOPES: [&str; 3] = ["dossier.file", "dossier.read", "dossier.lookup"];

#[derive(Serialize)]
struct Facts<'a> {
    fact: &'static str,
    client: &'a str,
    scopes: &'a [String],
}

fn is_client(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&text.len()) && text.chars().all(plain)
}

/// Registers a partner and answers its secret, once.
pub(crate) async fn register(
    app: &App,
    actor: &str,
    request_id: Uuid,
    client: &str,
    scopes: Vec<String>,
) -> Result<String, Error> {
    if !is_client(client) {
        return Err(Error::Field(
            "client_id",
            "phải có từ 1 đến 64 ký tự a–z, 0–9 hoặc -",
        ));
    }
    if scopes.is_empty() || scopes.iter().any(|s| !SCOPES.contains(&s.as_str())) {
        return Err(Error::Field(
            "scopes",
            "chỉ gồm dossier.file, dossier.read, dossier.lookup",
        ));
    }
    let body = format!("{client} {scopes:?}");
    let verb = Verb::new(
        app,
        "partner",
        "account.partner_registered",
        actor,
        request_id,
    );
    verb.fresh(app, &body).await?;
    let secret = app.secrets.token()?;
    let partner = Partner {
        client: client.to_owned(),
        id: app.ids.next(),
        secret_hash: fingerprint(&secret),
        scopes: serde_json::to_string(&scopes).map_err(|_| StorageError::Other)?,
    };
    app.db
        .run("account_register_partner", move |tx: &Tx| {
            let (partner, verb, body, scopes) =
                (partner.clone(), verb.clone(), body.clone(), scopes.clone());
            Box::pin(async move {
                let facts = [Facts {
                    fact: "registered",
                    client: &partner.client,
                    scopes: &scopes,
                }];
                verb.publish(tx, partner.id, 1, &facts).await?;
                verb.remember(tx, &body, &format!("partners/{}", partner.client))
                    .await?;
                match partners::add(tx, partner.clone()).await {
                    Err(StorageError::Conflict { .. }) => Err(Error::Exists("client_id")),
                    other => Ok(other?),
                }
            })
        })
        .await?;
    Ok(secret)
}

/// A partner's token.
pub(crate) async fn token(
    app: &App,
    client: &str,
    secret: &str,
) -> Result<(String, DateTime<Utc>), Error> {
    // What cannot be a client id is not asked of the database, which may not
    // even take it as text.
    let known = if is_client(client) {
        partners::find(app.db.read(), client).await?
    } else {
        None
    };
    let right = known
        .as_ref()
        .is_some_and(|p| p.secret_hash == fingerprint(secret));
    let partner = known.filter(|_| right).ok_or(Error::Credentials)?;
    let scopes: BTreeSet<String> = serde_json::from_str(&partner.scopes).unwrap_or_default();
    let now = app.clock.now();
    let claims = Claims::partner(client, scopes, 1, now);
    let access = app
        .signer
        .sign(&claims)
        .map_err(|_| Error::Cryptography("signing"))?;
    Ok((access, now + ACCESS_LIFE))
}
