//! Making the tokens of a signed-in person.

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Role;
use domain::ids::{PersonId, SessionId};
use runtime::auth::{ACCESS_LIFE, Claims};
use storage::Tx;
use uuid::Uuid;

use super::App;
use super::secrets::fingerprint;
use crate::error::Error;
use crate::store::people::Person;
use crate::store::sessions::{self, Session};
use crate::store::units;

/// A refresh that is asked twice within this gets the same successor.
const GRACE: TimeDelta = TimeDelta::seconds(30);
/// A session that is not refreshed for so long has ended.
const IDLE: TimeDelta = TimeDelta::minutes(30);
/// Nobody's shift is longer.
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);

/// Tokens and who they are for.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// The access token.
    pub(crate) access: String,
    /// When it ends.
    pub(crate) until: DateTime<Utc>,
    /// The refresh token.
    pub(crate) refresh: String,
    /// Who.
    pub(crate) officer: Officer,
}

/// A person in a post.
#[derive(Clone, Debug)]
pub(crate) struct Officer {
    /// The person.
    pub(crate) person: Uuid,
    /// Their name.
    pub(crate) full_name: String,
    /// The post's unit.
    pub(crate) unit: String,
    /// Its name.
    pub(crate) unit_name: String,
    /// The post's title.
    pub(crate) title: String,
    /// The post's roles.
    pub(crate) roles: Vec<Role>,
    /// Whether the post stands in.
    pub(crate) stand_in: bool,
}

/// The access token of a person in a session.
pub(crate) async fn access(
    app: &App,
    person: &Person,
    family: Uuid,
    refresh: String,
) -> Result<Issued, Error> {
    let now = app.clock.now();
    let filled = units::post_of(app.db.read(), person.id).await?;
    let post = filled
        .as_ref()
        .map(|(post, unit)| units::acting(post, unit));
    let claims = Claims::person(
        PersonId(person.id),
        SessionId(family),
        person.epoch,
        post.as_ref(),
        now,
    );
    let access = app
        .signer
        .sign(&claims)
        .map_err(|_| Error::Cryptography("signing"))?;
    let (unit, unit_name, title, roles, stand_in) =
        filled.map_or_else(Default::default, |(p, u)| {
            let roles = units::roles(&p);
            (u.id, u.full_name, p.title, roles, p.stand_in)
        });
    let officer = Officer {
        person: person.id,
        full_name: person.full_name.clone(),
        unit,
        unit_name,
        title,
        roles,
        stand_in,
    };
    Ok(Issued {
        access,
        until: now + ACCESS_LIFE,
        refresh,
        officer,
    })
}

/// Begins a session inside a unit of work.
pub(crate) async fn begin(
    tx: &Tx,
    person: Uuid,
    family: Uuid,
    refresh: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let session = Session {
        refresh_hash: fingerprint(refresh),
        family,
        person,
        begun: now,
        issued: now,
        used: None,
        revoked: false,
    };
    Ok(sessions::add(tx, &session).await?)
}

/// Trades a refresh token for its successor.
pub(crate) async fn refresh(app: &App, token: &str) -> Result<Issued, Error> {
    let now = app.clock.now();
    let (hash, successor) = (fingerprint(token), app.secrets.derived("refresh", token));
    let next = fingerprint(&successor);
    let (known, stolen) = app
        .db
        .run("account_refresh", move |tx: &Tx| {
            let (hash, next) = (hash.clone(), next.clone());
            Box::pin(async move { trade(tx, &hash, next, now).await })
        })
        .await?;
    if stolen {
        tracing::warn!(session = %known.family, "a refresh token was used twice; its family has ended");
        return Err(Error::Credentials);
    }
    let person = crate::store::people::find(app.db.read(), known.person).await?;
    access(
        app,
        &person.ok_or(Error::Credentials)?,
        known.family,
        successor,
    )
    .await
}

/// Uses a refresh token up and adds its successor; one that was stolen ends its
/// family, and that must be committed. A session that was ended meanwhile has no
/// successor.
async fn trade(
    tx: &Tx,
    hash: &[u8],
    next: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(Session, bool), Error> {
    let known = sessions::lock(tx, hash).await?.ok_or(Error::Credentials)?;
    if known.revoked || now - known.issued > IDLE || now - known.begun > ABSOLUTE {
        return Err(Error::Credentials);
    }
    if known.used.is_some_and(|used| now - used > GRACE) {
        sessions::revoke(tx, known.family).await?;
        return Ok((known, true));
    }
    // Of two at once one is first; both get the same successor.
    sessions::use_up(tx, hash, now).await?;
    let successor = Session {
        refresh_hash: next,
        issued: now,
        used: None,
        ..known.clone()
    };
    sessions::add(tx, &successor).await?;
    Ok((known, false))
}

/// Ends the session of a refresh token.
pub(crate) async fn end(app: &App, token: &str) -> Result<(), Error> {
    let hash = fingerprint(token);
    let Some(known) = sessions::find(app.db.read(), &hash).await? else {
        return Ok(());
    };
    app.db
        .run("account_sign_out", move |tx: &Tx| {
            Box::pin(async move { Ok::<_, Error>(sessions::revoke(tx, known.family).await?) })
        })
        .await
}
