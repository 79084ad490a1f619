//! Taking up the dossier feed: messages and the list of what may fall due.

use chrono::{DateTime, Utc};
use domain::case_file::Fact;
use feed::{Event, Follower, envelope};
use runtime::Shutdown;
use runtime::client::Channel;
use runtime::incarnation::Incarnations;
use storage::{Batch, StorageError, Tx};
use uuid::Uuid;

use super::{App, choose};
use crate::error::Error;
use crate::store::messages;
use crate::store::watched::{self, Watched};

/// Our name as a consumer of the dossier feed.
const CONSUMER: &str = "notification.dossier";

/// Runs until shutdown.
pub(crate) async fn run(app: App, source: Channel, incarnations: Incarnations, shutdown: Shutdown) {
    let follower =
        Follower::new(CONSUMER, source, app.db.clone(), shutdown).knowing(incarnations, "dossier");
    follower
        .run(|tx: &Tx, events: &[Event]| Box::pin(take(tx, events)))
        .await;
}

/// What an event says that concerns us.
struct Heard {
    event: Uuid,
    dossier: Uuid,
    at: DateTime<Utc>,
    facts: Vec<Fact>,
}

impl Heard {
    fn of(event: &Event) -> Result<Self, Error> {
        let envelope = &event.envelope;
        Ok(Self {
            event: envelope.id.parse().map_err(|_| Error::Event)?,
            dossier: envelope::aggregate_id(envelope).map_err(|_| Error::Event)?,
            at: envelope::at(envelope).map_err(|_| Error::Event)?,
            facts: envelope::facts(envelope).map_err(|_| Error::Event)?,
        })
    }
}

/// The effect of events: what they make of each dossier is written once, however
/// many tell of it.
async fn take(tx: &Tx, events: &[Event]) -> Result<(), Error> {
    let heard: Vec<Heard> = events.iter().map(Heard::of).collect::<Result<_, _>>()?;
    let dossiers = heard.iter().map(|heard| heard.dossier).collect();
    let known = watched::find(tx.conn(), &dossiers).await?;
    let (mut now, mut told) = (known.clone(), Vec::new());
    for heard in &heard {
        let watch = watched::after(now.remove(&heard.dossier), heard.dossier, &heard.facts);
        let watch = watch.ok_or(StorageError::Stale)?;
        told.extend(choose::messages(
            heard.event,
            heard.dossier,
            heard.at,
            watch.rehearsal,
            &heard.facts,
        ));
        now.insert(heard.dossier, watch);
    }
    let changed = |row: &&Watched| known.get(&row.dossier) != Some(*row);
    let mut batch = Batch::new();
    if now.values().any(|row| changed(&row)) {
        batch = batch.insert(watched::put(now.values().filter(changed)));
    }
    if !told.is_empty() {
        batch = batch.insert(messages::put(&told));
    }
    batch.write(tx).await?;
    Ok(())
}
