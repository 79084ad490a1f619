//! Reasons, grounds, numbers and notes of the verbs: free text, kept as private
//! rows before the verb crosses, under an id that derives from the request. So a
//! crash between the two services loses no word: whoever applies the workflow's
//! event finds the note by the event's own request id.

use serde::{Deserialize, Serialize};
use storage::private_row::{self, Commitment, Opened, Vault};
use storage::{Batch, Connection, StorageError};
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

/// What was kept before a verb crosses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Whether this call wrote it.
    pub(crate) wrote: bool,
    /// The note, if something was said.
    pub(crate) note: Option<RowRef>,
}

/// Keeps a note before its verb crosses; again for a retry changes nothing.
pub(crate) async fn keep(
    app: &App,
    dossier: Uuid,
    workflow_request: Uuid,
    note: &Note,
) -> Result<Kept, Error> {
    if note.is_empty() {
        return Ok(Kept::default());
    }
    let row = row_of(workflow_request);
    let text = serde_json::to_vec(note).map_err(|_| StorageError::Other)?;
    let (conn, vault) = (app.db.read(), &app.vault);
    let sealed = private_row::seal(conn, vault, dossier, KIND, (row, 1), &text).await?;
    let batch = sealed.rows.into_iter().fold(Batch::new(), Batch::insert);
    let wrote = match app.db.commit("dossier_keep_note", batch).await {
        Ok(wrote) => wrote,
        // An earlier attempt of this request wrote it, or another task does.
        Err(StorageError::Conflict { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let note = if wrote {
        Some(reference_to(row, &sealed.commitment))
    } else {
        // A conflict of another kind left no words, and without them it must not
        // cross.
        let kept = reference(conn, vault, workflow_request).await?;
        Some(kept.ok_or(StorageError::Unavailable)?)
    };
    Ok(Kept { wrote, note })
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
pub(crate) async fn reference<C: Connection>(
    conn: &C,
    vault: &Vault,
    workflow_request: Uuid,
) -> Result<Option<RowRef>, StorageError> {
    let row = row_of(workflow_request);
    let opened = private_row::get(conn, vault, row, 1).await?;
    Ok(opened.map(|note| reference_to(row, &note.commitment)))
}

fn reference_to(row: Uuid, commitment: &Commitment) -> RowRef {
    RowRef {
        row,
        version: 1,
        commitment: hex(&commitment.0),
    }
}

/// The note in an opened row.
pub(crate) fn of(opened: &Opened) -> Option<Note> {
    serde_json::from_slice(&opened.plain).ok()
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
