//! Signing in by password: counted before it is evaluated, with the same answer
//! for an unknown name and a wrong password.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use storage::Tx;
use storage::access_log::{self, Access};
use uuid::Uuid;

use super::App;
use super::tokens::{self, Issued};
use crate::error::Error;
use crate::store::people::{self, Person};

/// Wrong passwords that cost no wait.
const FREE: i32 = 5;
/// The longest wait between attempts.
const LONGEST_WAIT: i64 = 15 * 60;
/// No password is longer; hashing is not for free.
const LONGEST_PASSWORD: usize = 1024;

/// Signs in.
pub(crate) async fn run(app: &App, login: &str, password: &str) -> Result<Issued, Error> {
    let login = domain::text::nfc(login.trim()).to_lowercase();
    if password.len() > LONGEST_PASSWORD || login.len() > LONGEST_PASSWORD {
        return Err(Error::Credentials);
    }
    let now = app.clock.now();
    let person = known(app, &login).await?;
    // One at a time for each account: what is in the same instant counts too.
    let _turn = match &person {
        Some(person) => app.turns.take(person.id).await,
        None => None,
    };
    let mut hashed = None;
    if let Some(person) = &person {
        admit(app, person.id, now).await?;
        hashed.clone_from(&person.password);
    } else {
        let name = app.secrets.derived("stranger", &login);
        app.strangers.admit(name, now, next_attempt)?;
    }
    // NFC, as passwords are stored.
    let typed = domain::text::nfc(password);
    let right = app.secrets.check_password(hashed, typed).await?;
    let Some(person) = person.filter(|_| right) else {
        log(app, "unknown", "failed", now).await?;
        return Err(Error::Credentials);
    };
    let (family, refresh) = (app.ids.next(), app.secrets.token()?);
    let (id, kept) = (person.id, refresh.clone());
    app.db
        .run("account_sign_in", move |tx: &Tx| {
            let kept = kept.clone();
            Box::pin(async move {
                people::forgive(tx, id).await?;
                tokens::begin(tx, id, family, &kept, now).await
            })
        })
        .await?;
    log(app, &format!("person:{id}"), "allowed", now).await?;
    tokens::access(app, &person, family, refresh).await
}

/// The person of a name. No name has a control character, and PostgreSQL takes
/// no NUL.
async fn known(app: &App, login: &str) -> Result<Option<Person>, Error> {
    if login.chars().any(char::is_control) {
        return Ok(None);
    }
    Ok(people::by_login(app.db.read(), login).await?)
}

/// Counts the attempt, or refuses it while the account must wait.
async fn admit(app: &App, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let refused = app
        .db
        .run("account_attempt", move |tx: &Tx| {
            Box::pin(async move {
                let person = people::lock(tx, id).await?.ok_or(Error::Credentials)?;
                let next = next_attempt(person.failures, now);
                let admitted = people::attempt(tx, id, now, next).await?;
                Ok::<_, Error>((!admitted).then_some(person.wait_until).flatten())
            })
        })
        .await?;
    match refused {
        None => Ok(()),
        Some(until) => {
            let wait = (until - now).to_std();
            Err(Error::Throttled(wait.unwrap_or(Duration::from_secs(1))))
        }
    }
}

/// A second more for each wrong password beyond the free ones, up to a limit: a
/// growing delay, so that a stranger cannot lock an officer out for long.
fn next_attempt(failures: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let over = i64::from(failures.saturating_add(1).saturating_sub(FREE).max(0));
    now + TimeDelta::seconds((1_i64 << over.min(10)).min(LONGEST_WAIT).saturating_sub(1))
}

async fn log(app: &App, actor: &str, outcome: &str, at: DateTime<Utc>) -> Result<(), Error> {
    let access = Access {
        at,
        actor: actor.to_owned(),
        unit: String::new(),
        action: "sign_in".to_owned(),
        resource: String::new(),
        purpose: String::new(),
        outcome: outcome.to_owned(),
    };
    Ok(access_log::record(&app.db, access).await?)
}
