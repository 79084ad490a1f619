//! One process as dossiers follow it now.

use super::App;
use crate::error::Error;
use crate::store::catalogue::StoredProcess;

/// The current version.
pub async fn run(app: &App, id: &str) -> Result<StoredProcess, Error> {
    let reference = app.references.now(app.db.read()).await?;
    let process = reference.process(id).ok_or(Error::NotFound("process"))?;
    Ok(StoredProcess::clone(&process))
}
