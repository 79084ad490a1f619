//! How values look to a Vietnamese officer: dates, days left, labels.

use chrono::{DateTime, FixedOffset, Utc};
use proto::dossier::v1 as pb;

/// The zone of every office: +07:00 all year.
const VIETNAM: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(zone) => zone,
    None => unreachable!(),
};

/// What stands where there is nothing to say.
const NONE: &str = "–";

/// `17:00 ngày 03/03/2026`.
pub(crate) fn instant(at: Option<&prost_types::Timestamp>) -> String {
    at.and_then(utc).map_or_else(
        || NONE.to_owned(),
        |at| {
            at.with_timezone(&VIETNAM)
                .format("%H:%M ngày %d/%m/%Y")
                .to_string()
        },
    )
}

fn utc(at: &prost_types::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

/// `03/03/2026` from `2026-03-03`; anything else as it is.
pub(crate) fn day(text: &str) -> String {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_or_else(|_| text.to_owned(), |d| d.format("%d/%m/%Y").to_string())
}

/// `10 ngày làm việc` from `10wd`.
pub(crate) fn limit(text: &str) -> String {
    let unit = |suffix: &str, name: &str| text.strip_suffix(suffix).map(|n| format!("{n} {name}"));
    match text {
        "" => "Không hẹn ngày".to_owned(),
        "same-day" => "Trong ngày".to_owned(),
        _ => unit("wd", "ngày làm việc")
            .or_else(|| unit("mo", "tháng"))
            .or_else(|| unit("d", "ngày"))
            .or_else(|| unit("h", "giờ làm việc"))
            .unwrap_or_else(|| text.to_owned()),
    }
}

/// The id behind a resource name.
pub(crate) fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text.to_owned()
    }
}

/// A dossier in a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) applicant: String,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) due: String,
    pub(crate) left: String,
    pub(crate) urgency: &'static str,
}

impl Row {
    pub(crate) fn of(d: &pb::Dossier) -> Self {
        let (left, urgency) = left(d.days_left);
        Self {
            id: id(&d.name),
            code: if d.code.is_empty() {
                "(chưa có mã)".to_owned()
            } else {
                d.code.clone()
            },
            applicant: d
                .applicant
                .as_ref()
                .map_or_else(String::new, |a| a.full_name.clone()),
            title: d.case_title.clone(),
            state: d.state_label.clone(),
            due: instant(d.due.as_ref()),
            left,
            urgency,
        }
    }
}

fn left(days: Option<i32>) -> (String, &'static str) {
    match days {
        None => (String::new(), ""),
        Some(n) if n < 0 => (format!("Quá hạn {} ngày", n.unsigned_abs()), "late"),
        Some(0) => ("Đến hạn hôm nay".to_owned(), "soon"),
        Some(1) => ("Còn 1 ngày".to_owned(), "soon"),
        Some(n) => (format!("Còn {n} ngày"), "ok"),
    }
}

/// A dossier on its own page and on its slip.
pub(crate) struct Whole {
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) code: String,
    pub(crate) provisional: bool,
    pub(crate) rehearsal: bool,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) step: String,
    pub(crate) due: String,
    pub(crate) left: String,
    pub(crate) urgency: &'static str,
    pub(crate) accepted: String,
    pub(crate) receiver: String,
    pub(crate) decider: String,
    pub(crate) owner: String,
    pub(crate) applicant: String,
    pub(crate) id_number: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    pub(crate) parts: Vec<pb::Part>,
}

impl Whole {
    /// With the units' names already looked up.
    pub(crate) fn of(d: &pb::Dossier, unit_name: impl Fn(&str) -> String) -> Self {
        let row = Row::of(d);
        let a = d.applicant.clone().unwrap_or_default();
        Self {
            id: row.id,
            etag: d.etag.clone(),
            provisional: d.code.contains(".TAM."),
            code: row.code,
            rehearsal: d.rehearsal,
            title: row.title,
            state: row.state,
            step: d.step_label.clone(),
            due: if d.due.is_none() && d.accepted.is_some() {
                "Không hẹn ngày".to_owned()
            } else {
                row.due
            },
            left: row.left,
            urgency: row.urgency,
            accepted: instant(d.accepted.as_ref()),
            receiver: unit_name(&d.receiver),
            decider: unit_name(&d.decider),
            owner: unit_name(&d.owner),
            applicant: a.full_name,
            id_number: or_none(&a.id_number),
            phone: or_none(&a.phone),
            address: or_none(&a.address),
            parts: d.parts.clone(),
        }
    }
}
