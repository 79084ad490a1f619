//! What opening and crossing share: who may call, and the one unit of work
//! that saves an instance, its task and timers, its event and its answer.

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::process::{Advanced, Instance};
use feed::envelope::{self, Draft};
use storage::event::NewEvent;
use storage::idempotency::{self, Key, Recall};
use storage::{Batch, StorageError};
use uuid::Uuid;

use super::App;
use crate::error::{Error, corrupt};
use crate::store;

/// The only service that may move instances.
const DOSSIER: &str = "dossier";
/// Services' clocks may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(2);
/// The kind of our aggregate in events.
pub const KIND: &str = "instance";
/// The version of the facts' schema.
pub(super) const SCHEMA: i32 = 1;

/// Who asks: the one acted for, and the service that made the call.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The person or partner, or the service itself.
    pub actor: Actor,
    /// The service.
    pub service: Option<String>,
}

/// An instance and the event that brought it where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The dossier, whose id the instance has.
    pub dossier: Uuid,
    /// The instance's version.
    pub version: i64,
    /// Canonical JSON of the instance.
    pub instance: Vec<u8>,
    /// The envelope as stored.
    pub envelope: Vec<u8>,
}

/// Makes the stored answer; the api room passes it in.
pub type Encode = fn(&Moved) -> Vec<u8>;

/// Refuses everybody but the dossier service.
pub fn only_dossier(asker: &Asker) -> Result<(), Error> {
    if asker.service.as_deref() == Some(DOSSIER) {
        Ok(())
    } else {
        Err(Error::Denied)
    }
}

/// Refuses an instant too far from ours.
pub fn check_skew(now: DateTime<Utc>, theirs: DateTime<Utc>) -> Result<(), Error> {
    if (now - theirs).abs() > SKEW {
        Err(Error::Skew)
    } else {
        Ok(())
    }
}

/// The key of a request of the dossier service.
pub fn key(method: &str, request_id: Uuid, body_hash: Vec<u8>) -> Key {
    Key {
        scope: format!("service:{DOSSIER}"),
        method: method.to_owned(),
        request_id,
        body_hash,
    }
}

/// The answer that was given before, if one was.
pub async fn answered(app: &App, key: &Key) -> Result<Option<Vec<u8>>, Error> {
    match idempotency::recall(app.db.read(), key, app.clock.now()).await? {
        Recall::New => Ok(None),
        Recall::Answer(bytes) => Ok(Some(bytes)),
        Recall::Expired { resource } => Err(Error::AlreadyDone(resource)),
        Recall::Reused => Err(Error::Reused),
    }
}

/// Canonical JSON: keys sorted, no white space.
pub fn canonical<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, StorageError> {
    envelope::canonical_json(value).map_err(|_| corrupt("instance", "cannot be written as JSON"))
}

/// Everything that one unit of work writes; made before it begins.
pub struct Work {
    /// The request.
    pub key: Key,
    /// The version that is replaced; 0 for a new instance.
    pub from: i64,
    /// The row afterwards.
    pub row: store::instance::Row,
    /// The open task before and afterwards.
    pub tasks: (Option<store::instance::Task>, Option<store::instance::Task>),
    /// The timers afterwards.
    pub timers: Vec<(&'static str, DateTime<Utc>)>,
    /// What happened.
    pub event: NewEvent,
    /// The answer as it is stored.
    pub answer: Vec<u8>,
    /// Our time.
    pub now: DateTime<Utc>,
}

/// What a decision made, before it is saved.
pub struct Made<'a> {
    /// Who asked.
    pub asker: &'a Asker,
    /// The request.
    pub key: Key,
    /// `instance.opened`, `instance.accepted`, …
    pub event_type: String,
    /// The task that was open.
    pub was: Option<store::instance::Task>,
    /// The instance afterwards.
    pub next: Instance,
    /// The event.
    pub facts: Advanced,
    /// The case.
    pub case_id: String,
    /// The file version that the guards saw.
    pub file_version: i64,
    /// The instant that the decision went by.
    pub at: DateTime<Utc>,
    /// The timers afterwards.
    pub timers: Vec<(&'static str, DateTime<Utc>)>,
    /// How the answer is stored.
    pub encode: Encode,
}

/// Saves what was decided, or tells who was faster.
pub async fn save(app: &App, name: &'static str, made: Made<'_>) -> Result<Vec<u8>, Error> {
    let work = work(app, made)?;
    let faster = match app.db.commit(name, batch(&work)).await {
        Ok(true) => return Ok(work.answer),
        Err(StorageError::Conflict { .. }) if work.from == 0 => {
            Error::AlreadyExists(format!("instances/{}", work.row.id))
        }
        Ok(false) | Err(StorageError::Conflict { .. }) => Error::Stale(0),
        Err(error) => return Err(error.into()),
    };
    // Who was faster may have been this very request.
    if let Some(done) = answered(app, &work.key).await? {
        return Ok(done);
    }
    if let Error::Stale(_) = faster {
        let current = store::instance::version(app.db.read(), work.row.id).await?;
        return Err(Error::Stale(current.unwrap_or_default()));
    }
    Err(faster)
}

fn work(app: &App, made: Made<'_>) -> Result<Work, StorageError> {
    let instance = canonical(&made.next)?;
    let event = event(app, &made)?;
    let moved = Moved {
        dossier: made.next.dossier.0,
        version: made.next.version,
        instance: instance.clone(),
        envelope: event.envelope.clone(),
    };
    Ok(Work {
        key: made.key,
        from: made.next.version - 1,
        row: store::instance::row(&made.next, &made.case_id, made.file_version, instance)?,
        tasks: (made.was, store::instance::task(&made.next)),
        timers: made.timers,
        event,
        answer: (made.encode)(&moved),
        now: app.clock.now(),
    })
}

/// All of it, guarded by the version that it was decided on.
fn batch(work: &Work) -> Batch {
    let id = work.row.id;
    let batch = if work.from == 0 {
        Batch::new().insert(store::instance::insert(work.row.clone()))
    } else {
        Batch::new().guarded(store::instance::update(work.row.clone(), work.from))
    };
    let (was, open) = &work.tasks;
    let batch = store::instance::put_task(batch, id, was.as_ref(), open.as_ref());
    let batch = store::timer::put(batch, id, &work.timers);
    let resource = format!("instances/{id}");
    let record = idempotency::row(&work.key, &resource, &work.answer, work.now);
    batch
        .insert(storage::event::row(&work.event))
        .insert(record)
}

/// The event; it holds no personal data and no free text, as its facts do not.
fn event(app: &App, made: &Made<'_>) -> Result<NewEvent, StorageError> {
    let actor = &made.asker.actor;
    let unit = actor
        .post
        .as_ref()
        .map(|post| post.unit.as_str())
        .unwrap_or_default();
    let draft = Draft {
        id: app.ids.next(),
        aggregate_kind: KIND,
        aggregate_id: made.next.dossier.0,
        aggregate_version: made.next.version,
        event_type: &made.event_type,
        schema_version: SCHEMA,
        actor: &actor.label(),
        unit,
        at: made.at,
        request_id: &made.key.request_id.to_string(),
    };
    envelope::new_event(draft, &made.facts).map_err(|_| corrupt("event", "cannot be written"))
}

/// The facts in a stored envelope.
pub fn facts(stored: &[u8]) -> Option<Advanced> {
    envelope::facts(&envelope::decode(stored).ok()?).ok()
}
