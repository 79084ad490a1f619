//! A correction of applicant or parts before acceptance. It is a crossing verb,
//! since acceptance rests on what it changes: workflow orders the two, and the one
//! who comes second is told. What is said waits in private rows under ids that
//! derive from the request, as a note does.

use domain::case_file::{Fact, Part, RowRef};
use storage::private_row;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::App;
use super::notes::hex;
use super::submit::Applicant;
use crate::error::Error;

/// What stands afterwards, whole.
#[derive(Clone, Debug)]
pub(crate) struct Amendment {
    /// The applicant.
    pub(crate) applicant: Applicant,
    /// The parts, by the catalogue's names.
    pub(crate) parts: Vec<Part>,
}

fn rows(workflow_request: Uuid) -> [Uuid; 2] {
    [&b"applicant"[..], b"parts"].map(|what| Uuid::new_v5(&workflow_request, what))
}

/// Keeps it before it crosses; again for a retry changes nothing. True when this
/// call wrote it.
pub(crate) async fn keep(
    app: &App,
    dossier: Uuid,
    workflow_request: Uuid,
    amendment: &Amendment,
) -> Result<bool, Error> {
    let [applicant, parts] = rows(workflow_request);
    let known = private_row::get(app.db.read(), &app.vault, applicant, 1).await?;
    if known.is_some() {
        return Ok(false);
    }
    let written = |error| {
        tracing::error!(%error, "an amendment cannot be written");
        StorageError::Other
    };
    let said = serde_json::to_vec(&amendment.applicant).map_err(written)?;
    let named = serde_json::to_vec(&amendment.parts).map_err(written)?;
    let vault = std::sync::Arc::clone(&app.vault);
    let kept = app
        .db
        .run("dossier_keep_amendment", move |tx: &Tx| {
            let (vault, said, named) = (std::sync::Arc::clone(&vault), said.clone(), named.clone());
            Box::pin(async move {
                let kind = "applicant";
                private_row::put(tx, &vault, dossier, kind, applicant, 1, &said).await?;
                private_row::put(tx, &vault, dossier, "parts", parts, 1, &named).await?;
                Ok::<_, Error>(())
            })
        })
        .await;
    match kept {
        Ok(()) => Ok(true),
        // The same request in another task was faster.
        Err(Error::Storage(StorageError::Conflict { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes an amendment back that was refused: no event names it.
pub(crate) async fn drop(app: &App, workflow_request: Uuid) -> Result<(), Error> {
    app.db
        .run("dossier_drop_amendment", move |tx: &Tx| {
            Box::pin(async move {
                for row in rows(workflow_request) {
                    private_row::remove(tx, row, 1).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The fact of an amendment that has crossed, with the applicant for the search
/// columns; none where its subject was erased meanwhile.
pub(crate) async fn fact(
    app: &App,
    tx: &Tx,
    workflow_request: Uuid,
) -> Result<Option<(Fact, Applicant)>, StorageError> {
    let [applicant, parts] = rows(workflow_request);
    let said = private_row::get(tx.conn(), &app.vault, applicant, 1).await?;
    let named = private_row::get(tx.conn(), &app.vault, parts, 1).await?;
    let Some((said, named)) = said.zip(named) else {
        return Ok(None);
    };
    let unreadable = |error| {
        tracing::error!(%error, "an amendment cannot be read");
        StorageError::Other
    };
    let person: Applicant = serde_json::from_slice(&said.plain).map_err(unreadable)?;
    let parts: Vec<Part> = serde_json::from_slice(&named.plain).map_err(unreadable)?;
    let row = RowRef {
        row: applicant,
        version: 1,
        commitment: hex(&said.commitment.0),
    };
    let fact = Fact::Corrected {
        applicant: row,
        parts,
    };
    Ok(Some((fact, person)))
}
