//! Taking up the dossier feed: messages and the list of what may fall due.

use domain::case_file::Fact;
use feed::{Follower, envelope};
use proto::event::v1::Envelope;
use runtime::Shutdown;
use runtime::client::Channel;
use runtime::incarnation::Incarnations;
use storage::{Batch, StorageError, Tx};

use super::{App, choose};
use crate::error::Error;
use crate::store::{messages, watched};

/// Our name as a consumer of the dossier feed.
const CONSUMER: &str = "notification.dossier";

/// Runs until shutdown.
pub(crate) async fn run(app: App, source: Channel, incarnations: Incarnations, shutdown: Shutdown) {
    let follower =
        Follower::new(CONSUMER, source, app.db.clone(), shutdown).knowing(incarnations, "dossier");
    follower
        .run(|tx: &Tx, envelope: &Envelope, _| Box::pin(async move { take(tx, envelope).await }))
        .await;
}

async fn take(tx: &Tx, envelope: &Envelope) -> Result<(), Error> {
    let facts: Vec<Fact> = envelope::facts(envelope).map_err(|_| Error::Event)?;
    let dossier = envelope::aggregate_id(envelope).map_err(|_| Error::Event)?;
    let at = envelope::at(envelope).map_err(|_| Error::Event)?;
    let event = envelope.id.parse().map_err(|_| Error::Event)?;

    let known = watched::find(tx.conn(), dossier).await?;
    let watch = watched::after(known, dossier, &facts);
    let watch = watch.ok_or(StorageError::Stale)?;
    let messages = choose::messages(event, dossier, at, watch.rehearsal, &facts);
    let batch = Batch::new().insert(watched::put(&watch));
    let batch = messages
        .iter()
        .fold(batch, |batch, message| batch.insert(messages::put(message)));
    batch.write(tx).await?;
    Ok(())
}
