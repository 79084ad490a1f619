//! Reading instances and their events, for a file that is behind.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::App;
use super::instance::{Asker, Moved, only_dossier};
use crate::error::{Error, corrupt};
use crate::store;

/// An instance with the event that made its version.
pub async fn run(app: &App, asker: &Asker, id: Uuid) -> Result<Moved, Error> {
    only_dossier(asker)?;
    let conn = app.db.read();
    let row = store::instance::find(conn, id)
        .await?
        .ok_or(Error::NotFound("instance"))?;
    // Read after the row, so later events may be there; the one wanted is first.
    let stored = storage::event::load_after(conn, id, row.version - 1).await?;
    let event = stored
        .into_iter()
        .find(|event| event.aggregate_version == row.version);
    let event = event.ok_or_else(|| corrupt("event", &id.to_string()))?;
    Ok(Moved {
        dossier: id,
        version: row.version,
        instance: row.body,
        envelope: event.envelope,
    })
}

/// Instances as they stand, by their ids; those that are not there are left out.
pub async fn batch(
    app: &App,
    asker: &Asker,
    ids: &BTreeSet<Uuid>,
) -> Result<Vec<store::instance::Row>, Error> {
    only_dossier(asker)?;
    Ok(store::instance::find_all(app.db.read(), ids).await?)
}

/// Envelopes after a version, oldest first, with the version to go on from.
pub async fn events(
    app: &App,
    asker: &Asker,
    id: Uuid,
    after: i64,
    size: u64,
) -> Result<(Vec<Vec<u8>>, Option<i64>), Error> {
    only_dossier(asker)?;
    let conn = app.db.read();
    if store::instance::find(conn, id).await?.is_none() {
        return Err(Error::NotFound("instance"));
    }
    let mut stored = storage::event::load_after(conn, id, after).await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = stored.len() > size;
    stored.truncate(size);
    let next = stored
        .last()
        .filter(|_| more)
        .map(|event| event.aggregate_version);
    Ok((
        stored.into_iter().map(|event| event.envelope).collect(),
        next,
    ))
}
