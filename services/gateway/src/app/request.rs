//! The key of a mutating request, and what it was answered before.

use domain::actor::{Actor, Principal};
use sha2::{Digest as _, Sha256};
use storage::idempotency::{self, Key, Recall};

use super::App;
use crate::error::Error;

/// A mutating request as the handler received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its record.
    pub key: Key,
}

impl Request {
    /// The request of a caller. A person keeps the key over posts and sessions.
    pub fn new(actor: &Actor, method: &str, request_id: uuid::Uuid, body: &[u8]) -> Self {
        let scope = match &actor.principal {
            Principal::Person(id) => format!("person:{id}"),
            Principal::Service(name) => format!("service:{name}"),
            Principal::Partner(id) => format!("partner:{id}"),
        };
        Self {
            key: Key {
                scope,
                method: method.to_owned(),
                request_id,
                body_hash: Sha256::digest(body).to_vec(),
            },
        }
    }

    /// What it was answered before, if it was.
    pub async fn recall(&self, app: &App) -> Result<Option<Vec<u8>>, Error> {
        match idempotency::recall(app.db.read(), &self.key, app.clock.now()).await? {
            Recall::New => Ok(None),
            Recall::Answer(answer) => Ok(Some(answer)),
            Recall::Expired { resource } => Err(Error::AlreadyDone(resource)),
            Recall::Reused => Err(Error::Reused),
        }
    }
}
