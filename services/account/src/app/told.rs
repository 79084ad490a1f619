//! The event and the idempotency record of an account verb.

use chrono::{DateTime, Utc};
use feed::envelope::{self, Draft};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use storage::idempotency::{self, Key, Recall};
use storage::{StorageError, Tx, event};
use uuid::Uuid;

use super::App;
use crate::error::Error;

/// A verb as it is told.
#[derive(Clone, Debug)]
pub(crate) struct Verb {
    /// The event's id.
    pub(crate) id: Uuid,
    /// `person`, `agency`, `partner`.
    pub(crate) kind: &'static str,
    /// `account.password_set`, …
    pub(crate) name: &'static str,
    /// Who.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The caller's key.
    pub(crate) request_id: Uuid,
}

impl Verb {
    pub(crate) fn new(
        app: &App,
        kind: &'static str,
        name: &'static str,
        actor: &str,
        request_id: Uuid,
    ) -> Self {
        let (id, at) = (app.ids.next(), app.clock.now());
        Self {
            id,
            kind,
            name,
            actor: actor.to_owned(),
            at,
            request_id,
        }
    }

    /// Appends the event of a version of an aggregate.
    pub(crate) async fn publish<T: Serialize>(
        &self,
        tx: &Tx,
        aggregate: Uuid,
        version: i64,
        facts: &T,
    ) -> Result<(), StorageError> {
        let draft = Draft {
            id: self.id,
            aggregate_kind: self.kind,
            aggregate_id: aggregate,
            aggregate_version: version,
            event_type: self.name,
            schema_version: 1,
            actor: &self.actor,
            unit: "",
            at: self.at,
            request_id: &self.request_id.to_string(),
        };
        let new = envelope::new_event(draft, facts).map_err(|_| StorageError::Other)?;
        event::append(tx, &new).await
    }

    /// The key of its record. Secrets are no part of the body's hash.
    pub(crate) fn key(&self, body: &str) -> Key {
        Key {
            scope: self.actor.clone(),
            method: self.name.to_owned(),
            request_id: self.request_id,
            body_hash: Sha256::digest(body.as_bytes()).to_vec(),
        }
    }

    /// Refuses a key that was used: the answers of these verbs hold secrets that
    /// are told once and kept nowhere.
    pub(crate) async fn fresh(&self, app: &App, body: &str) -> Result<(), Error> {
        match idempotency::recall(app.db.read(), &self.key(body), self.at).await? {
            Recall::New => Ok(()),
            Recall::Answer(_) | Recall::Expired { .. } | Recall::Reused => Err(Error::KeyUsed),
        }
    }

    /// Writes the record.
    pub(crate) async fn remember(
        &self,
        tx: &Tx,
        body: &str,
        resource: &str,
    ) -> Result<(), StorageError> {
        idempotency::remember(tx, &self.key(body), resource, &[], self.at).await
    }
}
