//! After a restore of the source: what the warehouse still knows of it, and the
//! warehouse loaded anew. `motcua reconcile` asks.

use storage::{Db, StorageError, Tx, cursor};
use uuid::Uuid;

use super::follow::CONSUMER;
use crate::store::facts;

/// A dossier as the warehouse knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The dossier.
    pub dossier: Uuid,
    /// The unit that took it in.
    pub receiver: String,
    /// Its code, once it has one.
    pub code: Option<String>,
}

/// Dossiers after an id, at most `limit`; none at the end.
///
/// # Errors
/// When the store is away.
pub async fn known(db: &Db, after: Option<Uuid>, limit: u64) -> Result<Vec<Known>, StorageError> {
    let page = facts::page(db.read(), after, limit).await?;
    let known = page.into_iter().map(|row| Known {
        dossier: row.id,
        receiver: row.receiver,
        code: row.code,
    });
    Ok(known.collect())
}

/// Empties the warehouse and follows the source as it is now, from its beginning.
///
/// # Errors
/// When the store is away.
pub async fn empty(db: &Db, incarnation: Uuid) -> Result<(), StorageError> {
    db.run("gateway_after_restore", move |tx: &Tx| {
        Box::pin(async move {
            cursor::save(tx, CONSUMER, 0, incarnation).await?;
            facts::empty(tx, CONSUMER).await
        })
    })
    .await
}
