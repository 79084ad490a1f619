//! Why an instance is due when it is, day by day: the one count, made again.

use domain::process::{Explained, Instance};
use uuid::Uuid;

use super::App;
use super::cross::calendars;
use super::instance::{Asker, only_dossier};
use crate::error::Error;
use crate::store;

/// The instance with the count behind its due date; no count where it has none.
pub async fn run(
    app: &App,
    asker: &Asker,
    id: Uuid,
) -> Result<(Instance, Option<Explained>), Error> {
    only_dossier(asker)?;
    let conn = app.db.read();
    let (row, stamp) = store::instance::find_with_stamp(conn, id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    let instance = store::instance::body(&row)?;
    let reference = app.references.at(conn, stamp).await?;
    let at = instance.clock.accepted.unwrap_or(app.clock.now());
    let (receiving, deciding) = calendars(&reference, &instance, at)?;
    let explained = instance.explain(&receiving, &deciding)?;
    Ok((instance, explained))
}
