//! After a restore of this store: what dossier has kept of the instances that were
//! lost with it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::process::{Advanced, Instance};
use feed::envelope::{self, Draft};
use storage::event::NewEvent;
use storage::{Batch, StorageError, Tx};
use uuid::Uuid;

use super::cross::calendars;
use super::instance::{KIND, SCHEMA, canonical};
use super::{App, timers};
use crate::error::{Error, corrupt};
use crate::store;

/// An act that dossier has on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    /// What it did.
    pub advanced: Advanced,
    /// Who, as the event says it.
    pub actor: String,
    /// In whose name.
    pub unit: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The key under which workflow was asked.
    pub request_id: String,
}

/// An instance as dossier shows it, and the acts that brought it there.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The instance.
    pub instance: Instance,
    /// The procedure case.
    pub case_id: String,
    /// The version of its file.
    pub file_version: i64,
    /// In their order; those that are stored here are passed over.
    pub acts: Vec<Crossed>,
}

/// Instances after an id, at most `limit`: for comparing.
pub async fn instances(
    app: &App,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Instance>, StorageError> {
    let rows = store::instance::page(app.db.read(), after, limit).await?;
    rows.iter().map(store::instance::body).collect()
}

/// Stores what is missing of an instance, in one unit of work. False when nothing
/// is.
pub async fn run(app: &App, kept: &Kept) -> Result<bool, Error> {
    let id = kept.instance.dossier.0;
    let present = store::instance::find(app.db.read(), id).await?;
    let from = present.as_ref().map_or(0, |row| row.version);
    let missing: Vec<_> = kept
        .acts
        .iter()
        .filter(|act| act.advanced.version > from)
        .collect();
    let dense = missing
        .iter()
        .zip(from + 1..)
        .all(|(act, version)| act.advanced.version == version);
    let Some(last) = missing.last() else {
        return Ok(false);
    };
    if !dense || last.advanced.version != kept.instance.version {
        return Err(corrupt("instance", &id.to_string()).into());
    }
    let body = canonical(&kept.instance)?;
    let row = store::instance::row(&kept.instance, &kept.case_id, kept.file_version, body)?;
    let was = match &present {
        Some(row) => store::instance::task(&store::instance::body(row)?),
        None => None,
    };
    let open = store::instance::task(&kept.instance);
    let reference = app.references.now(app.db.read()).await?;
    let (receiving, deciding) = calendars(&reference, &kept.instance, last.at)?;
    let timers = timers::of(&kept.instance, &receiving, &deciding, last.at)?;
    let batch = if from == 0 {
        Batch::new().insert(store::instance::insert(row))
    } else {
        Batch::new().guarded(store::instance::update(row, from))
    };
    let batch = store::instance::put_task(batch, id, was.as_ref(), open.as_ref());
    let batch = store::timer::put(batch, id, &timers);
    let events = missing.into_iter().map(|act| event(app, id, act));
    let events: Vec<NewEvent> = events.collect::<Result<_, _>>()?;
    let work = Arc::new((batch, events));
    app.db
        .run("adopt", move |tx: &Tx| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let (batch, events) = &*work;
                if !batch.write(tx).await? {
                    return Err(StorageError::Stale.into());
                }
                // One by one: the parts of a batch have no order, and events have.
                for event in events {
                    storage::event::append(tx, event).await?;
                }
                Ok(true)
            })
        })
        .await
}

/// The event of an act, told as it was told to dossier, under an id of its own.
fn event(app: &App, id: Uuid, act: &Crossed) -> Result<NewEvent, StorageError> {
    let opened = act.advanced.version == 1;
    let draft = Draft {
        id: app.ids.next(),
        aggregate_kind: KIND,
        aggregate_id: id,
        aggregate_version: act.advanced.version,
        event_type: &if opened {
            "instance.opened".to_owned()
        } else {
            format!("instance.{}", act.advanced.verb.name())
        },
        schema_version: SCHEMA,
        actor: &act.actor,
        unit: &act.unit,
        at: act.at,
        request_id: &act.request_id,
    };
    envelope::new_event(draft, &act.advanced).map_err(|_| corrupt("event", "cannot be written"))
}
