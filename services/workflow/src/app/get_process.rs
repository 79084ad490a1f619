//! One process as dossiers follow it now.

use super::App;
use crate::error::Error;
use crate::store::catalogue::{self, StoredProcess};

/// The current version.
pub async fn run(app: &App, id: &str) -> Result<StoredProcess, Error> {
    catalogue::process(app.db.read(), id)
        .await?
        .ok_or(Error::NotFound("process"))
}
