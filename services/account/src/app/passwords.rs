//! Random passwords for people who have none: so that a tour or a rehearsal can
//! sign in as every officer. Refused in production.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use storage::Tx;
use uuid::Uuid;

use super::App;
use super::told::Verb;
use crate::error::Error;
use crate::organisation::FIRST_ADMIN;
use crate::store::people::{self, Person};
use crate::store::units::{self, Post};

/// How many at once: waiting units of work share a commit.
const AT_ONCE: usize = 64;

/// A password that was set.
#[derive(Clone, Debug)]
pub(crate) struct IssuedPassword {
    /// The sign-in name.
    pub(crate) login: String,
    /// The password.
    pub(crate) password: String,
    /// The post.
    pub(crate) post: Post,
}

#[derive(Serialize)]
struct Facts {
    fact: &'static str,
}

/// Sets them.
pub(crate) async fn run(
    app: &App,
    actor: &str,
    request_id: Uuid,
    only: &[String],
) -> Result<Vec<IssuedPassword>, Error> {
    if app.production {
        return Err(Error::Production);
    }
    let mut units = Vec::new();
    if only.is_empty() {
        units = units::page(app.db.read(), "", 10_000).await?;
    }
    for unit in only {
        units.extend(units::below(app.db.read(), unit).await?);
    }
    let posts = units::posts(app.db.read(), &units).await?;
    let people = people::many(
        app.db.read(),
        posts.iter().filter_map(|p| p.person).collect(),
    )
    .await?;
    let waiting = people
        .into_iter()
        // The first administrator comes in by the one-time link alone.
        .filter(|p| p.password.is_none() && p.login != FIRST_ADMIN)
        .filter_map(|person| {
            let post = posts
                .iter()
                .find(|post| post.person == Some(person.id))?
                .clone();
            Some((person, post))
        });
    let issued: Vec<Option<IssuedPassword>> = stream::iter(waiting)
        .map(|(person, post)| one(app, actor, request_id, person, post))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(issued.into_iter().flatten().collect())
}

async fn one(
    app: &App,
    actor: &str,
    request_id: Uuid,
    person: Person,
    post: Post,
) -> Result<Option<IssuedPassword>, Error> {
    let password = app.secrets.token()?;
    let hash = app.secrets.hash_random(password.clone()).await?;
    let key = Uuid::new_v5(&request_id, person.id.as_bytes());
    let set = set(
        app,
        &Verb::new(app, "person", "account.password_set", actor, key),
        &person,
        hash,
    )
    .await?;
    Ok(set.then_some(IssuedPassword {
        login: person.login,
        password,
        post,
    }))
}

/// Sets a person's first password, with its event. False when there is one.
pub(crate) async fn set(
    app: &App,
    verb: &Verb,
    person: &Person,
    hash: String,
) -> Result<bool, Error> {
    let (verb, id, version) = (verb.clone(), person.id, person.version);
    app.db
        .run("account_set_password", move |tx: &Tx| {
            let (verb, hash) = (verb.clone(), hash.clone());
            Box::pin(async move {
                if !people::set_first_password(tx, id, &hash, version).await? {
                    return Ok(false);
                }
                // A person is made with version 1 by their unit's provisioning.
                let facts = [Facts {
                    fact: "password_set",
                }];
                verb.publish(tx, id, version, &facts).await?;
                Ok::<_, Error>(true)
            })
        })
        .await
}
