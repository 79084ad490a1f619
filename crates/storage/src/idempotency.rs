//! One effect a key: the record of what a request was answered.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::InsertStatement;
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait as _};
use uuid::Uuid;

use crate::entity::idempotency;
use crate::error::StorageError;
use crate::tx::Tx;

/// For how long the same answer is given again.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// What makes a request the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Who asked: the actor's principal, never the session.
    pub scope: String,
    /// The method's full name.
    pub method: String,
    /// The caller's key.
    pub request_id: Uuid,
    /// SHA-256 of the request as the handler received it.
    pub body_hash: Vec<u8>,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Never seen.
    New,
    /// Done: the answer's bytes.
    Answer(Vec<u8>),
    /// Done so long ago that only the resource is known.
    Expired {
        /// What it made or changed.
        resource: String,
    },
    /// The key came with another body.
    Reused,
}

/// Looks a key up.
pub async fn recall<C: ConnectionTrait>(
    conn: &C,
    key: &Key,
    now: DateTime<Utc>,
) -> Result<Recall, StorageError> {
    let id = (key.scope.clone(), key.method.clone(), key.request_id);
    let Some(row) = idempotency::Entity::find_by_id(id).one(conn).await? else {
        return Ok(Recall::New);
    };
    if row.body_hash != key.body_hash {
        return Ok(Recall::Reused);
    }
    match row.answer {
        Some(answer) if now - row.created < KEPT => Ok(Recall::Answer(answer)),
        _ => Ok(Recall::Expired {
            resource: row.resource,
        }),
    }
}

/// Writes the record inside the unit of work that it tells of. Of two racers
/// the second waits here, and fails.
///
/// # Errors
/// [`StorageError::Conflict`] when the key was taken meanwhile: recall it.
pub async fn remember(
    tx: &Tx,
    key: &Key,
    resource: &str,
    answer: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    idempotency::Entity::insert(model(key, resource, answer, now))
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The record for a [`crate::Batch`], with the same conflict.
pub fn row(key: &Key, resource: &str, answer: &[u8], now: DateTime<Utc>) -> InsertStatement {
    idempotency::Entity::insert(model(key, resource, answer, now)).into_query()
}

fn model(key: &Key, resource: &str, answer: &[u8], now: DateTime<Utc>) -> idempotency::ActiveModel {
    idempotency::ActiveModel {
        scope: Set(key.scope.clone()),
        method: Set(key.method.clone()),
        request_id: Set(key.request_id),
        body_hash: Set(key.body_hash.clone()),
        resource: Set(resource.to_owned()),
        answer: Set(Some(answer.to_vec())),
        created: Set(domain::clock::to_micros(now)),
    }
}
