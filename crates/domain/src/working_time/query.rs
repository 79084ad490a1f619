//! The question of `motcua due`, and its answer, as both travel in JSON.
//!
//! All values come as text, so that a bad one is refused by the name of its
//! field.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::limit::parse_time;
use super::transfer::waits_for_decider;
use super::{
    AfterPause, Calendar, ClockError, Handover, Limit, Mode, Pause, Skipped, due,
    non_territorial_start, parse_instant, to_rfc3339,
};

/// When is it due? Instants are RFC 3339 or local (`2026-02-10T14:00`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueQuery {
    /// `4h`, `10wd`, `30d`, `2mo`, `same-day`.
    pub limit: String,
    /// When the dossier was accepted.
    pub start: String,
    /// `day` (as promised by law) or `hour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Until when a `same-day` request is answered today; 15:00 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<String>,
    /// `FROM..TO:resume` or `FROM..TO:restart`; an empty `TO` = still paused.
    #[serde(
        default,
        deserialize_with = "none_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub pauses: Vec<String>,
    /// Code of the unit by whose calendar to count; the asker finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Non-territorial: when the deciding unit received the dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// Non-territorial: `electronic` or `paper`. Without `received` the count
    /// begins at the latest lawful arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<String>,
}

fn none_is_empty<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    Option::deserialize(input).map(Option::unwrap_or_default)
}

/// When it is due, and why then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueAnswer {
    /// RFC 3339 with the offset of Vietnam.
    pub due: String,
    /// The dates that were counted.
    pub counted: Vec<NaiveDate>,
    /// The dates that were passed over.
    pub skipped: Vec<Skipped>,
}

/// Why the question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct QueryError {
    /// The key at fault.
    pub field: &'static str,
    /// What is wrong with it, for people.
    pub why: String,
}

impl QueryError {
    fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self {
            field,
            why: why.into(),
        }
    }

    /// A refusal of the clock, laid at the door of the field that caused it.
    fn of(error: ClockError) -> Self {
        let field = match error {
            ClockError::ZeroLimit | ClockError::TooLong => "limit",
            ClockError::OutOfRange => "start",
            ClockError::Calendar(_) => "unit",
            ClockError::PauseBackwards
            | ClockError::PauseBeforeStart
            | ClockError::PausesOverlap
            | ClockError::TooManyPauses
            | ClockError::StillPaused { .. } => "pauses",
        };
        Self::new(field, error.to_string())
    }
}

/// Answers by one calendar, for dossiers that their own receiver decides; a
/// non-territorial one counts its receiver by the same calendar.
pub fn answer(calendar: &Calendar, query: &DueQuery) -> Result<DueAnswer, QueryError> {
    let limit = limit(query)?;
    let mode = match query.mode.as_deref() {
        None | Some("day") => Mode::Day,
        Some("hour") => Mode::Hour,
        Some(_) => return Err(QueryError::new("mode", "phải là day hoặc hour")),
    };
    let coded = |code: &str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if query.unit.as_deref().is_some_and(|code| !coded(code)) {
        return Err(QueryError::new("unit", "mã đơn vị không hợp lệ"));
    }
    let start = start(calendar, query)?;
    let pauses = query
        .pauses
        .iter()
        .map(|text| pause(text))
        .collect::<Result<Vec<_>, _>>()?;
    let promise = due(calendar, &limit, mode, start, &pauses).map_err(QueryError::of)?;
    Ok(DueAnswer {
        due: to_rfc3339(promise.due),
        counted: promise.counted,
        skipped: promise.skipped,
    })
}

fn limit(query: &DueQuery) -> Result<Limit, QueryError> {
    let limit: Limit = query
        .limit
        .parse()
        .map_err(|e: super::LimitError| QueryError::new("limit", e.to_string()))?;
    let cutoff = match query.cutoff.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_time(text).ok_or_else(|| QueryError::new("cutoff", "phải có dạng 15:00"))?)
        }
    };
    Ok(match (limit, cutoff) {
        (Limit::SameDay { .. }, Some(cutoff)) => Limit::SameDay { cutoff },
        (limit, _) => limit,
    })
}

fn instant(field: &'static str, text: &str) -> Result<chrono::DateTime<chrono::Utc>, QueryError> {
    parse_instant(text).ok_or_else(|| {
        QueryError::new(
            field,
            "phải có dạng 2026-02-10T14:00 hoặc RFC 3339, năm 1900–9000",
        )
    })
}

/// Where the count begins: the acceptance, or the receipt by the decider.
fn start(
    calendar: &Calendar,
    query: &DueQuery,
) -> Result<chrono::DateTime<chrono::Utc>, QueryError> {
    let accepted = instant("start", &query.start)?;
    let handover = match query.handover.as_deref() {
        None => None,
        Some("electronic") => Some(Handover::Electronic),
        Some("paper") => Some(Handover::Paper),
        Some(_) => return Err(QueryError::new("handover", "phải là electronic hoặc paper")),
    };
    if let Some(text) = query.received.as_deref() {
        let received = instant("received", text)?;
        if received < accepted {
            return Err(QueryError::new(
                "received",
                "không được trước thời điểm tiếp nhận",
            ));
        }
        let waits = waits_for_decider(accepted).map_err(QueryError::of)?;
        return Ok(if waits { received } else { accepted });
    }
    match handover {
        None => Ok(accepted),
        Some(handover) => {
            non_territorial_start(calendar, calendar, accepted, handover).map_err(QueryError::of)
        }
    }
}

fn pause(text: &str) -> Result<Pause, QueryError> {
    let bad = || QueryError::new("pauses", "phải có dạng TỪ..ĐẾN:resume hoặc TỪ..ĐẾN:restart");
    let (interval, after) = text.rsplit_once(':').ok_or_else(bad)?;
    let after = match after {
        "resume" => AfterPause::Resume,
        "restart" => AfterPause::Restart,
        _ => return Err(bad()),
    };
    let (from, to) = interval.split_once("..").ok_or_else(bad)?;
    let to = match to.trim() {
        "" => None,
        to => Some(instant("pauses", to)?),
    };
    Ok(Pause {
        from: instant("pauses", from)?,
        to,
        after,
    })
}
