//! The local verb: attaching a draft. It adds to the file and takes nothing away
//! that a crossing verb may have relied on.

use domain::authority::{self, Action, Decision, Subject};
use sha2::{Digest as _, Sha256};
use storage::private_row;
use storage::{Batch, StorageError};
use uuid::Uuid;

use super::App;
use super::act::{Act, event};
use super::cross::{etag, unopened};
use super::notes::hex;
use crate::error::Error;
use crate::store::files::{self, Stored};
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
    let carried = carry(app, &act, dossier, seen, draft).await;
    act.refused(app, carried).await
}

async fn carry(
    app: &App,
    act: &Act,
    dossier: Uuid,
    seen: &str,
    draft: DraftText,
) -> Result<CaseFile, Error> {
    let stored = files::find(app.db.read(), dossier).await?;
    // What was done has raised the version: under the etag that is there now
    // nothing was done yet.
    let overtaken = stored.as_ref().is_none_or(|s| etag(&s.file) != seen);
    if overtaken && let Some(done) = act.answered(app).await? {
        return Ok(done);
    }
    let stored = stored.ok_or(Error::NotFound)?;
    authorise(act, &stored.file)?;
    if overtaken {
        return Err(Error::Stale(etag(&stored.file)));
    }
    if let Some(file) = save(app, act, &stored, draft).await? {
        return Ok(file);
    }
    let now = files::find(app.db.read(), dossier).await?;
    Err(Error::Stale(etag(&now.ok_or(Error::NotFound)?.file)))
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

/// None when somebody was faster.
async fn save(
    app: &App,
    act: &Act,
    seen: &Stored,
    draft: DraftText,
) -> Result<Option<CaseFile>, Error> {
    let (row, event_id) = (app.ids.next(), app.ids.next());
    let digest = hex(&Sha256::digest(draft.content.as_bytes()));
    let text = serde_json::to_vec(&draft).map_err(|_| StorageError::Other)?;
    let (conn, dossier) = (app.db.read(), seen.file.id.0);
    let sealed = private_row::seal(conn, &app.vault, dossier, "draft", (row, 1), &text).await?;
    let row = RowRef {
        row,
        version: 1,
        commitment: hex(&sealed.commitment.0),
    };
    let facts = [Fact::DraftAttached {
        draft: Draft { row, digest },
    }];
    let file = seen.file.apply(seen.file.version.saturating_add(1), &facts);
    let event = event(&file, &act.told(event_id), "draft_attached", &facts)?;
    let batch = sealed
        .rows
        .into_iter()
        .fold(Batch::new(), Batch::insert)
        .guarded(files::update(&file, &seen.search)?)
        .insert(storage::event::row(&event))
        .insert(act.record(dossier)?);
    match app.db.commit("dossier_attach_draft", batch).await {
        Ok(true) => Ok(Some(file)),
        Ok(false) | Err(StorageError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
