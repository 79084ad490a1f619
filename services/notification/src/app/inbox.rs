//! An officer's inbox: messages to the person, and to the roles of the post.

use domain::actor::{Actor, Principal};
use domain::ids::PersonId;
use storage::Tx;
use uuid::Uuid;

use super::App;
use crate::error::Error;
use crate::store::messages::{self, Key, Read, role_address};

/// The person who reads; only people have an inbox.
fn person(actor: &Actor) -> Result<PersonId, Error> {
    match actor.principal {
        Principal::Person(person) => Ok(person),
        Principal::Service(_) | Principal::Partner(_) => Err(Error::NotFound),
    }
}

/// Where messages to an actor are addressed.
fn addresses(actor: &Actor, person: PersonId) -> Vec<String> {
    let mut all = vec![format!("person:{person}")];
    if let Some(post) = &actor.post {
        for unit in &post.unit_path {
            all.extend(
                post.roles
                    .iter()
                    .map(|role| role_address(unit.as_str(), *role)),
            );
        }
    }
    all
}

/// A page, newest first, and how many are unread in all.
pub(crate) async fn page(
    app: &App,
    actor: &Actor,
    unread_only: bool,
    after: Option<Key>,
    size: u64,
) -> Result<(Vec<Read>, u64), Error> {
    let me = person(actor)?;
    let to = addresses(actor, me);
    let page = messages::page(app.db.read(), &to, me.0, unread_only, after, size).await?;
    let unread = messages::unread(app.db.read(), &to, me.0).await?;
    Ok((page, unread))
}

/// Marks one of the actor's messages as read; again changes nothing.
pub(crate) async fn mark(app: &App, actor: &Actor, id: Uuid) -> Result<Read, Error> {
    let me = person(actor)?;
    let to = addresses(actor, me);
    let now = app.clock.now();
    let message = messages::find(app.db.read(), id)
        .await?
        .ok_or(Error::NotFound)?;
    if !to.contains(&message.recipient) {
        return Err(Error::NotFound);
    }
    let read = app
        .db
        .run("notification_mark_read", move |tx: &Tx| {
            Box::pin(async move {
                messages::mark(tx, id, me.0, now).await?;
                Ok::<_, Error>(messages::read_at(tx.conn(), id, me.0).await?)
            })
        })
        .await?;
    Ok(Read { message, read })
}
