//! Events as they are stored, hashed and sent.

use chrono::{DateTime, Utc};
use domain::clock::to_micros;
use prost::Message as _;
pub use proto::event::v1::Envelope;
use serde::Serialize;
use serde_json::Value;
use storage::event::NewEvent;
use uuid::Uuid;

/// Why an event cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// The facts have no JSON form.
    #[error("the facts cannot be written as JSON")]
    Facts(#[from] serde_json::Error),
    /// The bytes are no envelope.
    #[error("the bytes are no envelope")]
    Bytes(#[from] prost::DecodeError),
    /// A field of the envelope is not what it must be.
    #[error("the envelope's {0} is malformed")]
    Field(&'static str),
}

/// What an event says beside its facts.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// A fresh `UUIDv7`.
    pub id: Uuid,
    /// `dossier`, `instance`, `person`, …
    pub aggregate_kind: &'a str,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// Its version after this event: 1..n without a hole.
    pub aggregate_version: i64,
    /// `dossier.accepted`, …
    pub event_type: &'a str,
    /// Version of the facts' schema.
    pub schema_version: i32,
    /// The actor's label.
    pub actor: &'a str,
    /// The unit in whose name it was done.
    pub unit: &'a str,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The `request_id` that caused it; empty for a job of ours.
    pub request_id: &'a str,
}

/// Makes the row and the envelope of an event, with the facts as canonical
/// JSON. The two say the same, since both come from here.
///
/// # Errors
/// [`EnvelopeError::Facts`] when the facts have no JSON form.
pub fn new_event<T: Serialize + ?Sized>(
    draft: Draft<'_>,
    facts: &T,
) -> Result<NewEvent, EnvelopeError> {
    let at = to_micros(draft.at);
    let envelope = Envelope {
        id: draft.id.to_string(),
        aggregate_kind: draft.aggregate_kind.to_owned(),
        aggregate_id: draft.aggregate_id.to_string(),
        aggregate_version: draft.aggregate_version,
        r#type: draft.event_type.to_owned(),
        schema_version: draft.schema_version,
        actor: draft.actor.to_owned(),
        unit: draft.unit.to_owned(),
        at: Some(timestamp(at)),
        request_id: draft.request_id.to_owned(),
        facts_json: canonical_json(facts)?,
    };
    Ok(NewEvent {
        id: draft.id,
        aggregate_kind: draft.aggregate_kind.to_owned(),
        aggregate_id: draft.aggregate_id,
        aggregate_version: draft.aggregate_version,
        event_type: draft.event_type.to_owned(),
        schema_version: draft.schema_version,
        actor: draft.actor.to_owned(),
        unit: draft.unit.to_owned(),
        at,
        envelope: envelope.encode_to_vec(),
    })
}

/// Reads stored or received bytes.
///
/// # Errors
/// [`EnvelopeError::Bytes`] when they are no envelope.
pub fn decode(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    Ok(Envelope::decode(bytes)?)
}

/// The facts of an envelope, in the domain's own type.
///
/// # Errors
/// [`EnvelopeError::Facts`] when they are of another schema.
pub fn facts<T: serde::de::DeserializeOwned>(envelope: &Envelope) -> Result<T, EnvelopeError> {
    Ok(serde_json::from_slice(&envelope.facts_json)?)
}

/// The aggregate of an envelope.
///
/// # Errors
/// [`EnvelopeError::Field`] when it is no UUID.
pub fn aggregate_id(envelope: &Envelope) -> Result<Uuid, EnvelopeError> {
    envelope
        .aggregate_id
        .parse()
        .map_err(|_| EnvelopeError::Field("aggregate_id"))
}

/// When the event of an envelope was decided.
///
/// # Errors
/// [`EnvelopeError::Field`] when it is missing or no instant.
pub fn at(envelope: &Envelope) -> Result<DateTime<Utc>, EnvelopeError> {
    let wrong = EnvelopeError::Field("at");
    let Some(stamp) = &envelope.at else {
        return Err(wrong);
    };
    let Ok(nanos) = u32::try_from(stamp.nanos) else {
        return Err(wrong);
    };
    DateTime::from_timestamp(stamp.seconds, nanos).ok_or(wrong)
}

/// JSON with the keys of every object in byte order and no spaces: equal
/// values have equal bytes, whatever map they came from.
///
/// # Errors
/// [`EnvelopeError::Facts`] when the value has no JSON form.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EnvelopeError> {
    let mut out = Vec::new();
    write(&serde_json::to_value(value)?, &mut out)?;
    Ok(out)
}

/// Sorts by itself: whether `serde_json`'s own map does depends on a feature
/// that any other crate of the build can turn on.
fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            out.push(b'{');
            for (n, (key, value)) in entries.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write(value, out)?;
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_json::to_writer(out, value)?;
        }
    }
    Ok(())
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        // Below 10⁹, and a leap second is one of the next second.
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(999_999_000),
    }
}
