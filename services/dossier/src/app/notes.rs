//! Reasons, grounds, numbers and notes of the verbs: free text, kept as private
//! rows before the verb crosses, under an id that derives from the request. So a
//! crash between the two services loses no word: whoever applies the workflow's
//! event finds the note by the event's own request id.

use serde::{Deserialize, Serialize};
use storage::private_row;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::App;
use crate::error::Error;
use domain::case_file::RowRef;

/// The kind of the private row.
pub(crate) const KIND: &str = "note";

/// What a verb says in words. Absent words are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    /// The verb.
    pub(crate) verb: String,
    /// Why.
    pub(crate) reason: String,
    /// The legal ground.
    pub(crate) ground: String,
    /// What is wanted.
    pub(crate) items: Vec<String>,
    /// Number and notation of the issued document.
    pub(crate) number: String,
    /// Who took the result, and how.
    pub(crate) taker: String,
    /// `counter`, `post`, `electronic`.
    pub(crate) way: String,
}

impl Note {
    /// Whether it says anything.
    pub(crate) fn is_empty(&self) -> bool {
        *self
            == Note {
                verb: self.verb.clone(),
                ..Note::default()
            }
    }
}

/// The row of the note of a workflow request.
pub(crate) fn row_of(workflow_request: Uuid) -> Uuid {
    Uuid::new_v5(&workflow_request, b"note")
}

/// Keeps a note before its verb crosses; again for a retry changes nothing.
/// True when this call wrote it.
pub(crate) async fn keep(
    app: &App,
    dossier: Uuid,
    workflow_request: Uuid,
    note: &Note,
) -> Result<bool, Error> {
    if note.is_empty() {
        return Ok(false);
    }
    let row = row_of(workflow_request);
    if private_row::get(app.db.read(), &app.vault, row, 1)
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let text = serde_json::to_vec(note).map_err(|_| StorageError::Other)?;
    let vault = std::sync::Arc::clone(&app.vault);
    let kept = app
        .db
        .run("dossier_keep_note", move |tx| {
            let (vault, text) = (std::sync::Arc::clone(&vault), text.clone());
            Box::pin(async move {
                match private_row::put(tx, &vault, dossier, KIND, row, 1, &text).await {
                    Ok(_) => Ok(true),
                    Err(error) => Err(Error::from(error)),
                }
            })
        })
        .await;
    // The same request in another task was faster.
    if let Err(Error::Storage(StorageError::Conflict { .. })) = kept {
        return Ok(false);
    }
    kept
}

/// Takes the note of a request back that was refused: no event names it.
pub(crate) async fn drop(app: &App, workflow_request: Uuid) -> Result<(), Error> {
    let row = row_of(workflow_request);
    app.db
        .run("dossier_drop_note", move |tx| {
            Box::pin(async move { Ok(private_row::remove(tx, row, 1).await?) })
        })
        .await
}

/// The reference to a note, if the request left one.
pub(crate) async fn reference(
    app: &App,
    tx: &Tx,
    workflow_request: Uuid,
) -> Result<Option<RowRef>, StorageError> {
    let row = row_of(workflow_request);
    let opened = private_row::get(tx.conn(), &app.vault, row, 1).await?;
    Ok(opened.map(|note| RowRef {
        row,
        version: 1,
        commitment: hex(&note.commitment.0),
    }))
}

/// The note behind a reference; none once it was erased.
pub(crate) async fn read(app: &App, note: &RowRef) -> Result<Option<Note>, StorageError> {
    let opened = private_row::get(app.db.read(), &app.vault, note.row, note.version).await?;
    Ok(opened.and_then(|opened| serde_json::from_slice(&opened.plain).ok()))
}

/// Bytes as hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(
        String::with_capacity(bytes.len().saturating_mul(2)),
        |mut out, b| {
            use std::fmt::Write as _;
            // Writing to a string does not fail.
            let _ = write!(out, "{b:02x}");
            out
        },
    )
}
