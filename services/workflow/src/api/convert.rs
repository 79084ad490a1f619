//! Messages to values and back. Every wrong field of a request is told at once.

pub mod instance;

use chrono::{DateTime, Utc};
use domain::process::{Node, NodeKind};
use domain::text::nfc;
use proto::workflow::v1 as wire;
use runtime::{Failure, FieldViolation};
use storage::page;
use uuid::Uuid;

use crate::app::list_cases::PAGE;
use crate::app::readiness::Readiness;
use crate::data::Case;
use crate::store::catalogue::StoredProcess;

/// Longest search text.
const QUERY: usize = 200;
/// Longest key of ours.
const KEY: usize = 64;

/// What `ListCases` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCases {
    /// The words.
    pub query: String,
    /// After this key.
    pub after: String,
    /// At most this many.
    pub size: u64,
}

/// Gathers what is wrong.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<FieldViolation>);

impl Wrong {
    pub(super) fn say(&mut self, field: &str, why: &str) {
        self.0.push(FieldViolation::new(field, why));
    }

    pub(super) fn uuid(&mut self, field: &str, text: &str) -> Uuid {
        text.parse().unwrap_or_else(|_| {
            self.say(field, "phải là một UUID");
            Uuid::nil()
        })
    }

    pub(super) fn key(&mut self, field: &str, prefix: &str, text: &str) -> String {
        name(field, prefix, text).unwrap_or_else(|failure| {
            self.0.extend(failure.fields().iter().cloned());
            String::new()
        })
    }

    pub(super) fn instant(
        &mut self,
        field: &str,
        at: Option<prost_types::Timestamp>,
    ) -> DateTime<Utc> {
        let known =
            at.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
        if known.is_none() {
            self.say(field, "phải là một thời điểm");
        }
        domain::clock::to_micros(known.unwrap_or(DateTime::UNIX_EPOCH))
    }

    pub(super) fn version(&mut self, field: &str, version: i64, least: i64) -> i64 {
        if version < least {
            self.say(field, "phải là số phiên bản hợp lệ");
        }
        version
    }

    /// The key that a page begins after; empty for the first page.
    pub(super) fn page(&mut self, filter: &str, token: &str) -> String {
        if let Ok(key) = page::decode::<String>(filter, token) {
            return key.unwrap_or_default();
        }
        self.say("page_token", "không thuộc danh sách này");
        String::new()
    }

    pub(super) fn end<T>(self, value: T) -> Result<T, Failure> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(Failure::invalid(self.0))
        }
    }
}

/// The key in a resource name such as `cases/tt-0001`.
pub fn name(field: &str, prefix: &str, text: &str) -> Result<String, Failure> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.strip_prefix(prefix)
        .filter(|key| !key.is_empty() && key.len() <= KEY && key.chars().all(fine))
        .map(str::to_owned)
        .ok_or_else(|| Failure::invalid_field(field, format!("phải có dạng {prefix}…")))
}

/// A UUID in a field.
pub fn uuid(field: &str, text: &str) -> Result<Uuid, Failure> {
    let mut wrong = Wrong::default();
    let id = wrong.uuid(field, text);
    wrong.end(id)
}

/// An opaque page token of a key, bound to what was asked.
pub fn page_token(filter: &str, key: &str) -> Result<String, Failure> {
    page::encode(filter, &key).map_err(|error| Failure::internal(&error))
}

pub(super) fn size(wrong: &mut Wrong, asked: i32, most: u64, usual: u64) -> u64 {
    match u64::try_from(asked) {
        Ok(0) => usual,
        Ok(n) if n <= most => n,
        Ok(_) | Err(_) => {
            wrong.say("page_size", &format!("phải từ 0 đến {most}"));
            usual
        }
    }
}

/// The query of `ListCases`.
pub fn list_cases(message: &wire::ListCasesRequest) -> Result<ListCases, Failure> {
    let mut wrong = Wrong::default();
    let size = size(&mut wrong, message.page_size, 500, PAGE);
    if message.query.chars().count() > QUERY {
        wrong.say("query", "tối đa 200 ký tự");
    }
    let query = nfc(&message.query);
    let after = wrong.page(&query, &message.page_token);
    wrong.end(ListCases { query, after, size })
}

/// A case on the wire.
pub fn case(case: Case) -> wire::ProcedureCase {
    wire::ProcedureCase {
        name: format!("cases/{}", case.id),
        code: case.code,
        title: case.title,
        field: case.field,
        level: case.level.as_str().to_owned(),
        decider: case
            .decider
            .map(|unit| format!("units/{unit}"))
            .unwrap_or_default(),
        limit: case
            .limit
            .map(|limit| limit.to_string())
            .unwrap_or_default(),
        parts: case.parts,
        result: case.result,
        fee: case.fee,
        confidence: case.confidence.as_str().to_owned(),
        process: format!("processes/{}", case.process),
    }
}

/// What a unit has, on the wire.
pub fn readiness(unit: &Readiness) -> wire::UnitReadiness {
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    wire::UnitReadiness {
        unit: format!("units/{}", unit.unit),
        calendar: unit.calendar,
        cases: count(unit.cases),
        with_process: count(unit.with_process),
        without_limit: unit
            .without_limit
            .iter()
            .map(|id| format!("cases/{id}"))
            .collect(),
    }
}

/// A process on the wire.
pub fn process(process: StoredProcess) -> wire::Process {
    let kind = |kind: NodeKind| {
        let name = serde_json::to_value(kind).ok();
        name.as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let step = |node: Node| wire::ProcessStep {
        label: node.label,
        action: node.action,
        kind: kind(node.kind),
        actor: node.actor,
        minutes: i32::try_from(node.minutes).unwrap_or(i32::MAX),
        implied: node.implied,
    };
    wire::Process {
        name: format!("processes/{}", process.id),
        version: process.definition.version,
        title: process.title,
        steps: process.definition.nodes.into_iter().map(step).collect(),
        source: process.source,
    }
}
