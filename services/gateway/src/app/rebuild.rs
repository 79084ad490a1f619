//! Loading the warehouse anew. In one unit of work the facts go and the cursor is
//! set back to the beginning; the follower, which watches the cursor, then loads
//! everything as if for the first time.

use std::time::Duration;

use storage::{Tx, cursor};
use uuid::Uuid;

use super::follow::CONSUMER;
use super::reconcile::reached;
use super::{App, source};
use crate::error::Error;
use crate::store::facts;
use crate::store::jobs::{self, Change, Hold};

/// The phase of a job whose facts are gone already: one that is resumed does not
/// begin again, or a process that dies often would never end.
pub const EMPTIED: &str = "emptied";
/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Empties the facts and sets the cursor back, under the incarnation that the
/// source has now: a rebuild is also how a warehouse follows a restored source.
pub async fn empty(app: &App, hold: Hold) -> Result<(), Error> {
    let (incarnation, _) = source::head(app).await?;
    set_back(app, hold, incarnation).await
}

async fn set_back(app: &App, hold: Hold, incarnation: Uuid) -> Result<(), Error> {
    app.db
        .run("gateway_empty_warehouse", move |tx: &Tx| {
            Box::pin(async move {
                // First of all, so that an owner that has lost the job does no harm.
                if !jobs::change(tx, hold, Change::Phase(EMPTIED)).await? {
                    return Err(Error::LeaseLost);
                }
                // Locks the cursor: a follower at work is waited for.
                cursor::save(tx, CONSUMER, 0, incarnation).await?;
                Ok(facts::empty(tx, CONSUMER).await?)
            })
        })
        .await
}

/// Waits until everything is loaded that the source has now; answers how many
/// events that were.
pub async fn reload(app: &App, hold: Hold) -> Result<i64, Error> {
    let (_, head) = source::head(app).await?;
    let mut told = None;
    loop {
        let done = reached(app).await?.min(head);
        if told != Some(done) {
            progress(app, hold, done, head).await?;
            told = Some(done);
        }
        if done >= head {
            return Ok(head);
        }
        if !app.shutdown.pause(LOOK).await {
            return Err(Error::Leaving);
        }
    }
}

/// Tells how far a job has come.
pub(crate) async fn progress(app: &App, hold: Hold, done: i64, total: i64) -> Result<(), Error> {
    app.db
        .run("gateway_job_progress", move |tx: &Tx| {
            Box::pin(async move {
                let held = jobs::change(tx, hold, Change::Progress(done, total)).await?;
                if held { Ok(()) } else { Err(Error::LeaseLost) }
            })
        })
        .await
}
