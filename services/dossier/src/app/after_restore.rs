//! After a restore: what the files say of their instances, and what is noted of
//! files and codes that the others still know. `motcua reconcile` asks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::case_file::{CaseFile, Fact};
use domain::dossier::DossierCode;
use domain::process::Advanced;
use storage::{Db, StorageError, Tx, event};
use uuid::Uuid;

use crate::error::corrupt;
use crate::store::{files, kept};

/// An act that crossed, as this service has it on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// What it did to the instance.
    pub advanced: Advanced,
    /// Who, as the event says it.
    pub actor: String,
    /// In whose name.
    pub unit: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The key under which workflow was asked.
    pub request_id: String,
}

/// What the others know and the files do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Missing {
    /// Dossiers that are gone, with the unit that took them in.
    pub lost: Vec<(Uuid, String)>,
    /// Codes that were given, with their dossiers.
    pub codes: Vec<(Uuid, DossierCode)>,
}

/// Files after an id, at most `limit`.
///
/// # Errors
/// When the store is away.
pub async fn files(
    db: &Db,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<CaseFile>, StorageError> {
    let page = files::page(db.read(), after, limit).await?;
    Ok(page.into_iter().map(|stored| stored.file).collect())
}

/// What crossed on a dossier, in order.
///
/// # Errors
/// When the store is away, or an event cannot be read.
pub async fn crossed(db: &Db, dossier: Uuid) -> Result<Vec<Crossed>, StorageError> {
    let unreadable = |_| corrupt("event", dossier, "cannot be read");
    let mut crossed = Vec::new();
    for stored in event::load(db.read(), dossier).await? {
        let envelope = feed::envelope::decode(&stored.envelope).map_err(unreadable)?;
        let facts: Vec<Fact> = feed::envelope::facts(&envelope).map_err(unreadable)?;
        let at = feed::envelope::at(&envelope).map_err(unreadable)?;
        for fact in facts {
            let Fact::Moved { advanced } = fact else {
                continue;
            };
            crossed.push(Crossed {
                advanced: *advanced,
                actor: envelope.actor.clone(),
                unit: envelope.unit.clone(),
                at,
                request_id: envelope.request_id.clone(),
            });
        }
    }
    Ok(crossed)
}

/// Notes what is missing; answers how many dossiers and codes were not noted yet.
///
/// # Errors
/// When the store is away.
pub async fn note(
    db: &Db,
    missing: Missing,
    now: DateTime<Utc>,
) -> Result<(usize, usize), StorageError> {
    let missing = Arc::new(missing);
    db.run("dossier_after_restore", move |tx: &Tx| {
        let missing = Arc::clone(&missing);
        Box::pin(async move {
            let (mut lost, mut codes) = (0, 0);
            for (dossier, receiver) in &missing.lost {
                lost += usize::from(kept::lose(tx, *dossier, receiver, now).await?);
            }
            for (dossier, code) in &missing.codes {
                codes += usize::from(kept::keep(tx, *dossier, code).await?);
            }
            Ok((lost, codes))
        })
    })
    .await
}

/// The codes that are noted, with their dossiers.
///
/// # Errors
/// When the store is away.
pub async fn codes(db: &Db) -> Result<Vec<(Uuid, DossierCode)>, StorageError> {
    let kept = kept::codes(db.read()).await?;
    let read = |kept: kept::Kept| Some((kept.dossier, kept.code.parse().ok()?));
    Ok(kept.into_iter().filter_map(read).collect())
}

/// Whether a dossier is noted as gone.
///
/// # Errors
/// When the store is away.
pub async fn is_lost(db: &Db, dossier: Uuid) -> Result<bool, StorageError> {
    kept::is_lost(db.read(), dossier).await
}
