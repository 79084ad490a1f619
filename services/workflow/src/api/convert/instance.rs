//! Messages of `InstanceService` to values and back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::ids::UnitId;
use domain::process::{Command, Explained, Instance};
use prost::Message as _;
use proto::workflow::v1 as wire;
use runtime::Failure;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Wrong, size};
use crate::app::cross;
use crate::app::instance::Moved;
use crate::app::open_instance;
use crate::store::instance::Row;

/// Longest command.
const COMMAND: usize = 64 * 1024;
/// Most instances that are asked for at once.
const MOST: usize = 200;

/// What `ListInstanceEvents` asks: instance, after which version, how many.
pub fn list_events(message: &wire::ListInstanceEventsRequest) -> Result<(Uuid, i64, u64), Failure> {
    let mut wrong = Wrong::default();
    let id = wrong.uuid("dossier", &message.dossier);
    let size = size(&mut wrong, message.page_size, 200, 200);
    let after = wrong.version("after_version", message.after_version, 0);
    let after = match wrong.page(&message.dossier, &message.page_token).as_str() {
        "" => after,
        text => text.parse().unwrap_or(after),
    };
    wrong.end((id, after, size))
}

/// The instances that `BatchGetInstances` asks for.
pub fn batch(message: &wire::BatchGetInstancesRequest) -> Result<BTreeSet<Uuid>, Failure> {
    let mut wrong = Wrong::default();
    let asked = message.dossiers.iter();
    let ids: BTreeSet<Uuid> = asked.map(|id| wrong.uuid("dossiers", id)).collect();
    if ids.is_empty() || ids.len() > MOST || ids.len() != message.dossiers.len() {
        wrong.say("dossiers", "phải có từ 1 đến 200 hồ sơ, không lặp lại");
    }
    wrong.end(ids)
}

/// The hash by which a repeated request is recognised.
fn body_hash(message: &impl prost::Message) -> Vec<u8> {
    Sha256::digest(message.encode_to_vec()).to_vec()
}

/// The command of `OpenInstance`. The instant may differ in a retry, so it is
/// no part of the request's identity.
pub fn open(mut message: wire::OpenInstanceRequest) -> Result<open_instance::Ask, Failure> {
    let mut wrong = Wrong::default();
    let submitted = wrong.instant("submitted", message.submitted.take());
    let body_hash = body_hash(&message);
    let decider = match message.decider.as_str() {
        "" => None,
        text => Some(UnitId(wrong.key("decider", "units/", text))),
    };
    let ask = open_instance::Ask {
        request_id: wrong.uuid("request_id", &message.request_id),
        body_hash,
        dossier: wrong.uuid("dossier", &message.dossier),
        case: wrong.key("case", "cases/", &message.case),
        receiver: UnitId(wrong.key("receiver", "units/", &message.receiver)),
        decider,
        online: message.online,
        submitted,
    };
    wrong.end(ask)
}

/// What `CheckOpening` asks: case, receiver, decider.
pub fn check(
    message: &wire::CheckOpeningRequest,
) -> Result<(String, UnitId, Option<UnitId>), Failure> {
    let mut wrong = Wrong::default();
    let case = wrong.key("case", "cases/", &message.case);
    let receiver = UnitId(wrong.key("receiver", "units/", &message.receiver));
    let decider = (!message.decider.is_empty())
        .then(|| UnitId(wrong.key("decider", "units/", &message.decider)));
    wrong.end((case, receiver, decider))
}

/// The command of `Cross`; as above for `received`.
pub fn cross(mut message: wire::CrossRequest) -> Result<cross::Ask, Failure> {
    let mut wrong = Wrong::default();
    let received = wrong.instant("received", message.received.take());
    let body_hash = body_hash(&message);
    let request_id = wrong.uuid("request_id", &message.request_id);
    let dossier = wrong.uuid("dossier", &message.dossier);
    let instance_version = wrong.version("instance_version", message.instance_version, 1);
    let file_version = wrong.version("file_version", message.file_version, 0);
    let command: Option<Command> = Some(&message.command_json)
        .filter(|json| json.len() <= COMMAND)
        .and_then(|json| serde_json::from_slice(json).ok());
    if command.is_none() {
        wrong.say("command_json", "không phải là một lệnh hợp lệ");
    }
    match command {
        Some(command) if wrong.0.is_empty() => Ok(cross::Ask {
            request_id,
            body_hash,
            dossier,
            instance_version,
            file_version,
            command,
            received,
        }),
        Some(_) | None => Err(Failure::invalid(wrong.0)),
    }
}

/// A moved instance on the wire.
pub fn state(moved: &Moved) -> wire::InstanceState {
    wire::InstanceState {
        dossier: moved.dossier.to_string(),
        version: moved.version,
        instance_json: moved.instance.clone(),
        envelope: moved.envelope.clone(),
    }
}

/// An instance as it stands.
pub fn snapshot(row: Row) -> wire::InstanceSnapshot {
    wire::InstanceSnapshot {
        dossier: row.id.to_string(),
        version: row.version,
        instance_json: row.body,
    }
}

/// The encoder of `OpenInstance`'s answer, as idempotency stores it.
pub fn opened(moved: &Moved) -> Vec<u8> {
    wire::OpenInstanceResponse {
        instance: Some(state(moved)),
    }
    .encode_to_vec()
}

/// The encoder of `Cross`'s answer.
pub fn crossed(moved: &Moved) -> Vec<u8> {
    wire::CrossResponse {
        instance: Some(state(moved)),
    }
    .encode_to_vec()
}

/// Why it is due then, on the wire.
pub fn explanation(instance: &Instance, explained: Option<Explained>) -> wire::ExplainDueResponse {
    let due = instance.clock.due;
    let Some((due, explained)) = due.zip(explained) else {
        return wire::ExplainDueResponse::default();
    };
    let skipped = explained.promise.skipped.into_iter();
    wire::ExplainDueResponse {
        due: Some(stamp(due)),
        started: Some(stamp(explained.from)),
        limit: explained.limit.to_string(),
        counted: explained
            .promise
            .counted
            .iter()
            .map(ToString::to_string)
            .collect(),
        skipped: skipped
            .map(|day| wire::SkippedDay {
                date: day.date.to_string(),
                why: day.why,
            })
            .collect(),
        extended: instance.clock.extended,
    }
}

fn stamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// A stored answer back as a message.
pub fn answer<M: prost::Message + Default>(bytes: &[u8]) -> Result<M, Failure> {
    M::decode(bytes).map_err(|error| Failure::internal(&error))
}
