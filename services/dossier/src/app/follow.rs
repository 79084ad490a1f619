//! The projection job: opens instances that a dead process left unopened, and
//! applies the workflow's events that no answer brought.

use std::time::Duration;

use feed::{Event, Follower};
use storage::{StorageError, Tx};

use super::{App, project, submit};
use crate::error::Error;
use crate::neighbours::workflow::Moved;
use crate::store::{files, kept};

/// Our name as a consumer of the workflow's feed.
const CONSUMER: &str = "dossier.workflow";
/// How often unopened files are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// How many at a time.
const BATCH: u64 = 100;

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    let Ok(source) = app.workflow() else {
        tracing::error!("no channel to workflow: the projection does not run");
        return;
    };
    let shutdown = app.ctx.shutdown.clone();
    let follower = Follower::new(CONSUMER, source, app.db.clone(), shutdown.clone())
        .knowing(app.ctx.incarnations.clone(), "workflow");
    let projecting = app.clone();
    let following = follower.run(move |tx: &Tx, events: &[Event]| {
        let app = projecting.clone();
        Box::pin(async move { take(&app, tx, events).await })
    });
    let opening = async {
        while shutdown.pause(EVERY).await {
            if let Err(error) = open_waiting(&app).await {
                tracing::warn!(%error, "unopened dossiers could not be opened yet");
            }
        }
    };
    tokio::join!(following, opening);
}

async fn take(app: &App, tx: &Tx, events: &[Event]) -> Result<(), Error> {
    let mut told = Vec::with_capacity(events.len());
    for Event { envelope, .. } in events {
        let dossier = feed::envelope::aggregate_id(envelope).map_err(|_| StorageError::Other)?;
        told.push((dossier, envelope));
    }
    // Most come back of what was applied by the answer: a look without a lock.
    let dossiers = told.iter().map(|(dossier, _)| *dossier).collect();
    let known = files::instance_versions(tx.conn(), &dossiers).await?;
    for (dossier, envelope) in told {
        let known = known.get(&dossier);
        if known.is_some_and(|known| envelope.aggregate_version <= *known) {
            continue;
        }
        // A restore has taken the file: there is nothing to project onto.
        if known.is_none() && kept::is_lost(tx.conn(), dossier).await? {
            continue;
        }
        let moved = Moved::of(envelope.clone())?;
        project::one(app, tx, dossier, &moved, app.ids.next()).await?;
    }
    Ok(())
}

async fn open_waiting(app: &App) -> Result<(), Error> {
    for stored in files::unopened(app.db.read(), BATCH).await? {
        let id = stored.file.id;
        // One that cannot be opened does not keep the others waiting.
        if let Err(error) = submit::open(app, stored.file).await {
            tracing::warn!(dossier = %id, %error, "a dossier could not be opened yet");
        }
    }
    Ok(())
}
