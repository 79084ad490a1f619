//! Moves an instance by one verb.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::actor::{Actor, Principal};
use domain::authority::{self, Action, Decision, Subject};
use domain::ids::TaskId;
use domain::process::{Command, Ctx, Instance};
use domain::working_time::{Calendar, local};
use uuid::Uuid;

use super::instance::{self, Asker, Encode, Made};
use super::{App, timers};
use crate::error::{Error, corrupt};
use crate::store::{self, reference::Reference};

/// What the dossier service asks.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its derived key.
    pub request_id: Uuid,
    /// SHA-256 of the request without its instant.
    pub body_hash: Vec<u8>,
    /// The dossier.
    pub dossier: Uuid,
    /// The version that the caller saw.
    pub instance_version: i64,
    /// The file version on which dossier checked its guards.
    pub file_version: i64,
    /// What to do.
    pub command: Command,
    /// When dossier received it: the instant that counts.
    pub received: DateTime<Utc>,
}

/// The stored answer.
pub async fn run(app: &App, asker: &Asker, ask: Ask, encode: Encode) -> Result<Vec<u8>, Error> {
    instance::only_dossier(asker)?;
    let key = instance::key("Cross", ask.request_id, ask.body_hash.clone());
    let conn = app.db.read();
    let found = store::instance::find_with_stamp(conn, ask.dossier).await?;
    // What was done has raised the version, so a request that names the present
    // one was not done; should its key be another's, the record's own key tells.
    // A retry gets the first answer, and with it the first stored instant.
    let overtaken = found
        .as_ref()
        .is_none_or(|(row, _)| row.version != ask.instance_version);
    if overtaken && let Some(done) = instance::answered(app, &key).await? {
        return Ok(done);
    }
    instance::check_skew(app.clock.now(), ask.received)?;
    let (row, stamp) = found.ok_or(Error::NotFound("dossier"))?;
    let present = store::instance::body(&row)?;
    authorise(&asker.actor, &ask.command, &present)?;
    if overtaken {
        return Err(Error::Stale(row.version));
    }
    let version = i64::from(present.process.version);
    let reference = app.references.at(conn, stamp).await?;
    let process = reference
        .process_version(&present.process.id, version)
        .ok_or_else(|| corrupt("instance", &row.id.to_string()))?;
    let (receiving, deciding) = calendars(&reference, &present, ask.received)?;
    let ctx = Ctx {
        now: ask.received,
        person: person(&asker.actor),
        task: TaskId(app.ids.next()),
        receiver: &receiving,
        decider: &deciding,
    };
    let facts = present
        .decide(&process.definition, &ask.command, &ctx)
        .map_err(Error::Refused)?;
    let next = present.apply(&facts);
    let timers = timers::of(&next, &receiving, &deciding, ask.received)?;
    let made = Made {
        asker,
        key,
        event_type: event_type(&ask.command)?,
        was: store::instance::task(&present),
        next,
        facts,
        case_id: row.case_id,
        file_version: ask.file_version,
        at: ask.received,
        timers,
        encode,
    };
    instance::save(app, "cross", made).await
}

fn person(actor: &Actor) -> Option<domain::ids::PersonId> {
    match actor.principal {
        Principal::Person(id) => Some(id),
        Principal::Service(_) | Principal::Partner(_) => None,
    }
}

/// Whether the one acted for may, as the present task and the unit relation say.
fn authorise(actor: &Actor, command: &Command, present: &Instance) -> Result<(), Error> {
    let action = Action::Cross(command.verb());
    match authority::decide(actor, action, &Subject::of(present)) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(_) => Err(Error::Denied),
        Decision::Hidden => Err(Error::NotFound("dossier")),
    }
}

/// The calendars of receiver and decider: those of the day, except that a
/// clock that has started keeps the version that it was counted by.
pub(super) fn calendars(
    reference: &Reference,
    present: &Instance,
    at: DateTime<Utc>,
) -> Result<(Arc<Calendar>, Arc<Calendar>), Error> {
    let today = local(at)?.date();
    let receiving = reference.calendar(&present.receiver, today);
    let deciding = match present.clock.calendar {
        Some(version) => reference.calendar_at(&present.decider, version),
        None => reference.calendar(&present.decider, today),
    };
    receiving.zip(deciding).ok_or(Error::NotFound("calendar"))
}

/// `instance.accept`, `instance.sign`, …: the verb as JSON names it.
fn event_type(command: &Command) -> Result<String, Error> {
    let verb = serde_json::to_value(command.verb()).ok();
    let verb = verb.as_ref().and_then(serde_json::Value::as_str);
    Ok(format!(
        "instance.{}",
        verb.ok_or_else(|| corrupt("verb", "name"))?
    ))
}
