//! What every mutating use-case shares: the request's key, its recall, and the
//! row that tells of it.

use chrono::{DateTime, Utc};
use domain::actor::{Actor, Principal};
use feed::envelope::{self, Draft};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use storage::event::NewEvent;
use storage::idempotency::{self, Key, Recall};
use storage::{Insert, StorageError, Tx};
use uuid::Uuid;

use super::App;
use super::read::may_read;
use crate::error::{Error, corrupt};
use crate::store::files;
use domain::case_file::{CaseFile, Fact};

/// The kind of our aggregate in events.
pub(crate) const KIND: &str = "dossier";
/// The version of the facts' schema.
const SCHEMA: i32 = 1;

/// A mutating request: who, with which key, what.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    /// Who asks.
    pub(crate) actor: Actor,
    /// The method, `Accept`.
    pub(crate) method: &'static str,
    /// The caller's key.
    pub(crate) request_id: Uuid,
    /// SHA-256 of the request.
    pub(crate) body_hash: Vec<u8>,
    /// When it was received.
    pub(crate) now: DateTime<Utc>,
}

/// The answer that is kept: which dossier at which etag. The dossier itself is
/// read anew, since an answer would hold personal data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The dossier.
    pub(crate) dossier: Uuid,
}

impl Act {
    /// Of a request as the handler received it.
    pub(crate) fn new(
        app: &App,
        actor: Actor,
        method: &'static str,
        request_id: Uuid,
        body: &[u8],
    ) -> Self {
        Self {
            actor,
            method,
            request_id,
            body_hash: Sha256::digest(body).to_vec(),
            now: app.clock.now(),
        }
    }

    /// The key of its record. A person keeps it over posts and sessions.
    pub(crate) fn key(&self) -> Key {
        let scope = match &self.actor.principal {
            Principal::Person(id) => format!("person:{id}"),
            Principal::Service(name) => format!("service:{name}"),
            Principal::Partner(id) => format!("partner:{id}"),
        };
        Key {
            scope,
            method: self.method.to_owned(),
            request_id: self.request_id,
            body_hash: self.body_hash.clone(),
        }
    }

    /// The file that it changed before, if it did, as the file is now.
    pub(crate) async fn answered(&self, app: &App) -> Result<Option<CaseFile>, Error> {
        let Some(done) = self.recall(app).await? else {
            return Ok(None);
        };
        let stored = files::find(app.db.read(), done).await?;
        let file = stored.ok_or(Error::NotFound)?.file;
        // Who has lost the post since may not read on under an old key.
        if matches!(self.actor.principal, Principal::Person(_)) && !may_read(&self.actor, &file) {
            return Err(Error::NotFound);
        }
        Ok(Some(file))
    }

    /// A refusal as it is told: a key that was used for something else, or for this
    /// very request, says so first.
    pub(crate) async fn refused(
        &self,
        app: &App,
        outcome: Result<CaseFile, Error>,
    ) -> Result<CaseFile, Error> {
        match outcome {
            Err(Error::Elsewhere(failure)) if failure.is_transient() => {
                Err(Error::Elsewhere(failure))
            }
            Err(error @ Error::Storage(_)) => Err(error),
            Err(error) => self.answered(app).await?.ok_or(error),
            done => done,
        }
    }

    async fn recall(&self, app: &App) -> Result<Option<Uuid>, Error> {
        match idempotency::recall(app.db.read(), &self.key(), self.now).await? {
            Recall::New => Ok(None),
            Recall::Answer(bytes) => {
                let kept: Kept = serde_json::from_slice(&bytes)
                    .map_err(|_| corrupt("idempotency", self.request_id, "cannot be read"))?;
                Ok(Some(kept.dossier))
            }
            Recall::Expired { resource } => Err(Error::AlreadyDone(resource)),
            Recall::Reused => Err(Error::Reused),
        }
    }

    /// Writes the record, with the change it tells of.
    pub(crate) async fn remember(&self, tx: &Tx, dossier: Uuid) -> Result<(), StorageError> {
        let answer = kept(dossier)?;
        idempotency::remember(tx, &self.key(), &resource(dossier), &answer, self.now).await
    }

    /// The record, for a batch.
    pub(crate) fn record(&self, dossier: Uuid) -> Result<Insert, StorageError> {
        let answer = kept(dossier)?;
        Ok(idempotency::row(
            &self.key(),
            &resource(dossier),
            &answer,
            self.now,
        ))
    }

    /// What the event of a local verb says beside its facts.
    pub(crate) fn told(&self, id: Uuid) -> Told {
        Told {
            id,
            actor: self.actor.label(),
            unit: self.unit(),
            at: self.now,
            request_id: self.request_id.to_string(),
        }
    }

    /// The unit in whose name it is done.
    pub(crate) fn unit(&self) -> String {
        self.actor
            .post
            .as_ref()
            .map(|post| post.unit.0.clone())
            .unwrap_or_default()
    }

    /// The key of a call that this one makes: the same for the same request, and
    /// another for another person's or another method's request of the same id.
    pub(crate) fn derived(&self, target: &str) -> Uuid {
        let Key { scope, method, .. } = self.key();
        let name = format!("{scope}\0{method}\0{target}");
        Uuid::new_v5(&self.request_id, name.as_bytes())
    }
}

fn kept(dossier: Uuid) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(&Kept { dossier })
        .map_err(|_| corrupt("idempotency", dossier, "cannot be written"))
}

fn resource(dossier: Uuid) -> String {
    format!("dossiers/{dossier}")
}

/// Who did it, when, under which key: what an event says beside its facts.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// A fresh id.
    pub(crate) id: Uuid,
    /// The actor's label.
    pub(crate) actor: String,
    /// The unit.
    pub(crate) unit: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The key.
    pub(crate) request_id: String,
}

/// The event of a file that has taken facts.
pub(crate) fn event(
    file: &CaseFile,
    told: &Told,
    verb: &str,
    facts: &[Fact],
) -> Result<NewEvent, StorageError> {
    let draft = Draft {
        id: told.id,
        aggregate_kind: KIND,
        aggregate_id: file.id.0,
        aggregate_version: file.version,
        event_type: &format!("dossier.{verb}"),
        schema_version: SCHEMA,
        actor: &told.actor,
        unit: &told.unit,
        at: told.at,
        request_id: &told.request_id,
    };
    envelope::new_event(draft, facts).map_err(|_| corrupt("event", file.id, "cannot be written"))
}
