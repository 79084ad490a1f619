//! Local verbs: correcting the applicant before acceptance, attaching a draft.

use std::sync::Arc;

use domain::authority::{self, Action, Decision, Subject};
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use storage::private_row;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::act::{Act, Told, event, publish};
use super::cross::{etag, unopened};
use super::notes::hex;
use super::submit::{self, Applicant};
use super::{App, workflow};
use crate::error::Error;
use crate::store::files;
use domain::case_file::{CaseFile, Draft, Fact, Part, RowRef};

/// What a local verb changes.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The applicant and the parts, whole.
    Correct {
        /// The applicant.
        applicant: Applicant,
        /// The parts.
        parts: Vec<Part>,
    },
    /// A draft result.
    Attach {
        /// Its title.
        title: String,
        /// Its text.
        content: String,
    },
}

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
    change: Change,
) -> Result<CaseFile, Error> {
    if let Some(done) = act.recall(app).await? {
        return Ok(files::find(app.db.read(), done)
            .await?
            .ok_or(Error::NotFound)?
            .file);
    }
    let file = files::find(app.db.read(), dossier)
        .await?
        .ok_or(Error::NotFound)?
        .file;
    authorise(&act, &file, &change)?;
    if etag(&file) != seen {
        return Err(Error::Stale(etag(&file)));
    }
    let change = checked(app, &file, change).await?;
    save(app, act, &file, change).await
}

fn authorise(act: &Act, file: &CaseFile, change: &Change) -> Result<(), Error> {
    let action = match change {
        Change::Correct { .. } => Action::EditFile,
        Change::Attach { .. } => Action::AttachDraft,
    };
    let subject = file
        .instance
        .as_ref()
        .map_or_else(|| unopened(file), Subject::of);
    match authority::decide(&act.actor, action, &subject) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(rule) => Err(Error::Denied(rule)),
        Decision::Hidden => Err(Error::NotFound),
    }
}

async fn checked(app: &App, file: &CaseFile, change: Change) -> Result<Change, Error> {
    match change {
        Change::Correct { applicant, parts } => {
            let case = workflow::case(app, &format!("cases/{}", file.case)).await?;
            Ok(Change::Correct {
                applicant,
                parts: submit::named(&parts, &case.parts)?,
            })
        }
        attach @ Change::Attach { .. } => Ok(attach),
    }
}

async fn save(app: &App, act: Act, seen: &CaseFile, change: Change) -> Result<CaseFile, Error> {
    let (row, event_id) = (app.ids.next(), app.ids.next());
    let (app2, change, seen) = (app.clone(), Arc::new(change), Arc::new(seen.clone()));
    app.db
        .run(
            "dossier_change",
            move |tx: &Tx| -> BoxFuture<'_, Result<CaseFile, Error>> {
                let (app, act, change, seen) = (
                    app2.clone(),
                    act.clone(),
                    Arc::clone(&change),
                    Arc::clone(&seen),
                );
                Box::pin(async move {
                    let stored = files::lock(tx, seen.id.0).await?.ok_or(Error::NotFound)?;
                    if stored.file.version != seen.version {
                        return Err(Error::Stale(etag(&stored.file)));
                    }
                    let (fact, verb) = fact(&app, tx, &seen, &change, row).await?;
                    let search = match &*change {
                        Change::Correct { applicant, .. } => submit::search(&app, applicant),
                        Change::Attach { .. } => stored.search,
                    };
                    let facts = [fact];
                    let file = stored.file.apply(seen.version.saturating_add(1), &facts);
                    let told = Told {
                        id: event_id,
                        actor: act.actor.label(),
                        unit: act.unit(),
                        at: act.now,
                        request_id: act.request_id.to_string(),
                    };
                    files::update(tx, &file, &search).await?;
                    publish(tx, &event(&file, &told, verb, &facts)?).await?;
                    act.remember(tx, file.id.0).await?;
                    Ok(file)
                })
            },
        )
        .await
}

async fn fact(
    app: &App,
    tx: &Tx,
    file: &CaseFile,
    change: &Change,
    fresh: Uuid,
) -> Result<(Fact, &'static str), StorageError> {
    let sealed = |text: Vec<u8>, kind: &'static str, row: Uuid, version: i64| async move {
        let commitment =
            private_row::put(tx, &app.vault, file.id.0, kind, row, version, &text).await?;
        Ok::<_, StorageError>(RowRef {
            row,
            version,
            commitment: hex(&commitment.0),
        })
    };
    match change {
        Change::Correct { applicant, parts } => {
            let text = serde_json::to_vec(applicant).map_err(|_| StorageError::Other)?;
            let version = file.applicant.version.saturating_add(1);
            let applicant = sealed(text, "applicant", file.applicant.row, version).await?;
            Ok((
                Fact::Corrected {
                    applicant,
                    parts: parts.clone(),
                },
                "corrected",
            ))
        }
        Change::Attach { title, content } => {
            let digest = hex(&Sha256::digest(content.as_bytes()));
            let text = DraftText {
                title: title.clone(),
                content: content.clone(),
            };
            let text = serde_json::to_vec(&text).map_err(|_| StorageError::Other)?;
            let row = sealed(text, "draft", fresh, 1).await?;
            Ok((
                Fact::DraftAttached {
                    draft: Draft { row, digest },
                },
                "draft_attached",
            ))
        }
    }
}
