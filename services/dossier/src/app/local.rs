//! The local verb: attaching a draft. It adds to the file and takes nothing away
//! that a crossing verb may have relied on.

use std::sync::Arc;

use domain::authority::{self, Action, Decision, Subject};
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use storage::private_row;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::App;
use super::act::{Act, Told, event, publish};
use super::cross::{etag, unopened};
use super::notes::hex;
use crate::error::Error;
use crate::store::files;
use domain::case_file::{CaseFile, Draft, Fact, RowRef};

/// The private row of a draft.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct DraftText {
    /// Its title.
    pub(crate) title: String,
    /// Its text.
    pub(crate) content: String,
}

/// Carries a local verb out.
pub(crate) async fn run(
    app: &App,
    act: Act,
    dossier: Uuid,
    seen: &str,
    draft: DraftText,
) -> Result<CaseFile, Error> {
    if let Some(done) = act.answered(app).await? {
        return Ok(done);
    }
    let file = files::find(app.db.read(), dossier)
        .await?
        .ok_or(Error::NotFound)?
        .file;
    authorise(&act, &file)?;
    if etag(&file) != seen {
        // Between the recall and here this very request may have been done.
        let done = act.answered(app).await?;
        return done.ok_or_else(|| Error::Stale(etag(&file)));
    }
    match save(app, act.clone(), &file, draft).await {
        // Who was faster may have been this very request.
        Err(error @ (Error::Stale(_) | Error::Storage(StorageError::Conflict { .. }))) => {
            act.answered(app).await?.ok_or(error)
        }
        other => other,
    }
}

fn authorise(act: &Act, file: &CaseFile) -> Result<(), Error> {
    let subject = file
        .instance
        .as_ref()
        .map_or_else(|| unopened(file), Subject::of);
    match authority::decide(&act.actor, Action::AttachDraft, &subject) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(rule) => Err(Error::Denied(rule)),
        Decision::Hidden => Err(Error::NotFound),
    }
}

async fn save(app: &App, act: Act, seen: &CaseFile, draft: DraftText) -> Result<CaseFile, Error> {
    let (row, event_id) = (app.ids.next(), app.ids.next());
    let digest = hex(&Sha256::digest(draft.content.as_bytes()));
    let text = serde_json::to_vec(&draft).map_err(|_| StorageError::Other)?;
    let (app2, seen) = (app.clone(), Arc::new(seen.clone()));
    app.db
        .run(
            "dossier_attach_draft",
            move |tx: &Tx| -> BoxFuture<'_, Result<CaseFile, Error>> {
                let (app, act, seen) = (app2.clone(), act.clone(), Arc::clone(&seen));
                let (digest, text) = (digest.clone(), text.clone());
                Box::pin(async move {
                    let stored = files::lock(tx, seen.id.0).await?.ok_or(Error::NotFound)?;
                    if stored.file.version != seen.version {
                        return Err(Error::Stale(etag(&stored.file)));
                    }
                    let kept =
                        private_row::put(tx, &app.vault, seen.id.0, "draft", row, 1, &text).await?;
                    let row = RowRef {
                        row,
                        version: 1,
                        commitment: hex(&kept.0),
                    };
                    let facts = [Fact::DraftAttached {
                        draft: Draft { row, digest },
                    }];
                    let file = stored.file.apply(seen.version.saturating_add(1), &facts);
                    let told = Told {
                        id: event_id,
                        actor: act.actor.label(),
                        unit: act.unit(),
                        at: act.now,
                        request_id: act.request_id.to_string(),
                    };
                    files::update(tx, &file, &stored.search).await?;
                    publish(tx, &event(&file, &told, "draft_attached", &facts)?).await?;
                    act.remember(tx, file.id.0).await?;
                    Ok(file)
                })
            },
        )
        .await
}
