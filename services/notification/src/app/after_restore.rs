//! After a restore of the source: dossiers that are gone are due no more.
//! `motcua reconcile` asks.

use std::collections::BTreeSet;
use std::sync::Arc;

use storage::{Db, StorageError, Tx};
use uuid::Uuid;

use crate::store::watched;

/// Forgets dossiers; those that are not watched are passed over.
///
/// # Errors
/// When the store is away.
pub async fn forget(db: &Db, dossiers: BTreeSet<Uuid>) -> Result<(), StorageError> {
    let dossiers = Arc::new(dossiers);
    db.run("notification_after_restore", move |tx: &Tx| {
        let dossiers = Arc::clone(&dossiers);
        Box::pin(async move { watched::forget(tx, &dossiers).await })
    })
    .await
}
