//! Moves an instance by one verb.

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
use crate::store::{self, calendar, catalogue};

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
    // A retry gets the first answer, and with it the first stored instant.
    if let Some(answer) = instance::answered(app, &key).await? {
        return Ok(answer);
    }
    instance::check_skew(app.clock.now(), ask.received)?;
    let conn = app.db.read();
    let row = store::instance::find(conn, ask.dossier)
        .await?
        .ok_or(Error::NotFound("dossier"))?;
    let present = store::instance::body(&row)?;
    let overtaken = row.version != ask.instance_version;
    // Between the look-up and here this very request may have been done, and
    // have taken the task from who asks.
    if overtaken && let Some(done) = instance::answered(app, &key).await? {
        return Ok(done);
    }
    authorise(&asker.actor, &ask.command, &present)?;
    if overtaken {
        return Err(Error::Stale(row.version));
    }
    let version = i64::from(present.process.version);
    let definition = catalogue::process_version(conn, &present.process.id, version)
        .await?
        .ok_or_else(|| corrupt("instance", &row.id.to_string()))?
        .definition;
    let (receiving, deciding) = calendars(app, &present, ask.received).await?;
    let ctx = Ctx {
        now: ask.received,
        person: person(&asker.actor),
        task: TaskId(app.ids.next()),
        receiver: &receiving,
        decider: &deciding,
    };
    let facts = present
        .decide(&definition, &ask.command, &ctx)
        .map_err(Error::Refused)?;
    let next = present.apply(&facts);
    let timers = timers::of(&next, &receiving, &deciding, ask.received)?;
    let made = Made {
        asker,
        key,
        event_type: event_type(&ask.command)?,
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
pub(super) async fn calendars(
    app: &App,
    present: &Instance,
    at: DateTime<Utc>,
) -> Result<(Calendar, Calendar), Error> {
    let (conn, today) = (app.db.read(), local(at)?.date());
    let receiving = calendar::of_unit(conn, &present.receiver, today).await?;
    let deciding = match present.clock.calendar {
        Some(version) => calendar::of_unit_at(conn, &present.decider, version).await?,
        None => calendar::of_unit(conn, &present.decider, today).await?,
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
