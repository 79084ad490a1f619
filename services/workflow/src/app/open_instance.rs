//! Opens the instance of a submitted dossier.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::actor::Principal;
use domain::authority::{self, Action, Decision, Subject};
use domain::dossier::State;
use domain::ids::{DossierId, TaskId, UnitId};
use domain::process::{self, Ctx, Opening, Terms};
use domain::working_time::{AfterPause, Handover, Mode};
use uuid::Uuid;

use super::instance::{self, Asker, Encode, Made};
use super::{App, timers};
use crate::data::{Case, Level};
use crate::error::Error;
use crate::store::reference::Reference;

/// What the dossier service asks.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its derived key.
    pub request_id: Uuid,
    /// SHA-256 of the request without its instant.
    pub body_hash: Vec<u8>,
    /// The dossier.
    pub dossier: Uuid,
    /// The case.
    pub case: String,
    /// The receiving unit.
    pub receiver: UnitId,
    /// The deciding unit; none: as the case says.
    pub decider: Option<UnitId>,
    /// Filed online, to be received.
    pub online: bool,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
}

/// The stored answer.
pub async fn run(app: &App, asker: &Asker, ask: Ask, encode: Encode) -> Result<Vec<u8>, Error> {
    instance::only_dossier(asker)?;
    let key = instance::key("OpenInstance", ask.request_id, ask.body_hash.clone());
    if let Some(answer) = instance::answered(app, &key).await? {
        return Ok(answer);
    }
    let reference = app.references.now(app.db.read()).await?;
    let case = reference.case(&ask.case).ok_or(Error::NotFound("case"))?;
    let decider = deciding(&reference, &ask.receiver, ask.decider.as_ref(), &case)?;
    authorise(asker, &ask, &decider)?;
    let process = reference.process(&case.process);
    let process = process.ok_or(Error::NotFound("process"))?;
    let today = domain::working_time::local(ask.submitted)?.date();
    let receiving = reference.calendar(&ask.receiver, today);
    let deciding = reference.calendar(&decider, today);
    let calendars = receiving.zip(deciding);
    let (receiving, deciding) = calendars.ok_or(Error::NotFound("calendar"))?;
    // A dossier that waited for us has an instant in the past: that is its own.
    let at = ask.submitted.min(app.clock.now());
    let ctx = Ctx {
        now: at,
        person: None,
        task: TaskId(app.ids.next()),
        receiver: &receiving,
        decider: &deciding,
    };
    let opening = Opening {
        dossier: DossierId(ask.dossier),
        receiver: ask.receiver.clone(),
        decider,
        terms: terms(&case, ask.online),
        online: ask.online,
    };
    let (next, facts) = process::open(&process.definition, &opening, &ctx);
    let timers = timers::of(&next, &receiving, &deciding, at)?;
    let made = Made {
        asker,
        key,
        event_type: "instance.opened".to_owned(),
        was: None,
        next,
        facts,
        case_id: case.id.clone(),
        file_version: 1,
        at,
        timers,
        encode,
    };
    instance::save(app, "open_instance", made).await
}

/// Whether an instance could be opened for these, who would decide, and the case:
/// asked before anything is stored, so that what is stored gets its instance.
pub async fn check(
    app: &App,
    asker: &Asker,
    case: &str,
    receiver: &UnitId,
    decider: Option<&UnitId>,
) -> Result<(UnitId, Arc<Case>), Error> {
    instance::only_dossier(asker)?;
    let reference = app.references.now(app.db.read()).await?;
    let case = reference
        .case(case)
        .ok_or(Error::Field("case", "không có thủ tục này trong danh mục"))?;
    let decider = deciding(&reference, receiver, decider, &case)?;
    Ok((decider, case))
}

/// Under what terms dossiers of the case are accepted.
fn terms(case: &Case, online: bool) -> Terms {
    Terms {
        limit: case.limit,
        mode: Mode::Day,
        supplement: AfterPause::Restart,
        // What was handed over at a counter or came by post travels as paper.
        handover: if online {
            Handover::Electronic
        } else {
            Handover::Paper
        },
    }
}

/// The deciding unit, both units known. A department's case is decided by its
/// department, whoever receives it.
fn deciding(
    reference: &Reference,
    receiver: &UnitId,
    decider: Option<&UnitId>,
    case: &Case,
) -> Result<UnitId, Error> {
    let unknown = |field| Error::Field(field, "không có đơn vị này");
    let known = reference.unit(receiver.as_str());
    if !known.ok_or_else(|| unknown("receiver"))?.receives {
        return Err(Error::Rule("RECEIVER", "Đơn vị này không tiếp nhận hồ sơ."));
    }
    let decides = match (&case.decider, decider) {
        (Some(own), Some(asked)) if own != asked => {
            return Err(Error::Rule(
                "DECIDER",
                "Thủ tục này do đơn vị khác giải quyết.",
            ));
        }
        (Some(own), _) => own.clone(),
        (None, Some(asked)) => asked.clone(),
        (None, None) => receiver.clone(),
    };
    let kind = reference.unit(decides.as_str());
    let kind = &kind.ok_or_else(|| unknown("decider"))?.kind;
    // The provincial centre takes in for communes; it settles nothing itself.
    let commune = matches!(kind.as_str(), "commune" | "ward");
    if case.level == Level::Commune && !commune {
        return Err(Error::Rule(
            "DECIDER",
            "Thủ tục cấp xã phải do một xã hoặc phường giải quyết.",
        ));
    }
    Ok(decides)
}

/// A person submits at their own counter; what a partner files, and what the
/// dossier service opens again by itself, dossier has authorised.
fn authorise(asker: &Asker, ask: &Ask, decider: &UnitId) -> Result<(), Error> {
    let subject = Subject {
        receiver: &ask.receiver,
        decider,
        owner: &ask.receiver,
        state: State::Draft,
        task_roles: &[],
        task_person: None,
        is_party: false,
    };
    match asker.actor.principal {
        Principal::Service(_) => Ok(()),
        Principal::Partner(_) if ask.online => Ok(()),
        Principal::Partner(_) => Err(Error::Denied),
        Principal::Person(_) => match authority::decide(&asker.actor, Action::Submit, &subject) {
            Decision::Allow(_) => Ok(()),
            Decision::Deny(_) | Decision::Hidden => Err(Error::Denied),
        },
    }
}
