//! How values look to a Vietnamese officer: dates, days left, labels.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use proto::dossier::v1 as pb;

/// The zone of every office: +07:00 all year.
const VIETNAM: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(zone) => zone,
    None => unreachable!(),
};

/// What stands where there is nothing to say.
const NONE: &str = "–";

fn local(at: Option<&prost_types::Timestamp>) -> Option<DateTime<FixedOffset>> {
    Some(at.and_then(utc)?.with_timezone(&VIETNAM))
}

fn utc(at: &prost_types::Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)
}

/// `17:00 ngày 03/03/2026`.
pub(crate) fn instant(at: Option<&prost_types::Timestamp>) -> String {
    local(at).map_or_else(
        || NONE.to_owned(),
        |at| at.format("%H:%M ngày %d/%m/%Y").to_string(),
    )
}

/// `17 giờ 00 phút, ngày 03 tháng 3 năm 2026`, as forms of the State write it.
pub(crate) fn instant_in_words(at: Option<&prost_types::Timestamp>) -> String {
    local(at).map_or_else(
        || NONE.to_owned(),
        |at| {
            format!(
                "{} giờ {} phút, {}",
                at.format("%H"),
                at.format("%M"),
                day_in_words(at)
            )
        },
    )
}

/// `ngày 03 tháng 3 năm 2026`: days below 10 and months below 3 have two digits.
fn day_in_words(at: DateTime<FixedOffset>) -> String {
    let month = at.month();
    let zero = if month < 3 { "0" } else { "" };
    format!(
        "ngày {} tháng {zero}{month} năm {}",
        at.format("%d"),
        at.year()
    )
}

/// The day of an instant, in words.
pub(crate) fn date_in_words(at: Option<&prost_types::Timestamp>) -> String {
    local(at).map_or_else(|| NONE.to_owned(), day_in_words)
}

/// `Thứ Ba 03/03/2026` from `2026-03-03`; anything else as it is.
pub(crate) fn weekday(text: &str) -> String {
    let name = |date: NaiveDate| match date.weekday().number_from_monday() {
        1 => "Thứ Hai",
        2 => "Thứ Ba",
        3 => "Thứ Tư",
        4 => "Thứ Năm",
        5 => "Thứ Sáu",
        6 => "Thứ Bảy",
        _ => "Chủ Nhật",
    };
    iso(text).map_or_else(
        || text.to_owned(),
        |date| format!("{} {}", name(date), date.format("%d/%m/%Y")),
    )
}

fn iso(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// `03/02/1990` from `1990-02-03`; anything else as it is.
pub(crate) fn day(text: &str) -> String {
    iso(text).map_or_else(|| text.to_owned(), |d| d.format("%d/%m/%Y").to_string())
}

/// `1990-02-03` from what hands type: `3/2/1990`, `03-02-1990`, `03021990`.
pub(crate) fn typed_day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|p| !p.is_empty())
        .collect();
    let (d, m, y) = match parts.as_slice() {
        [d, m, y] if y.len() == 4 => (*d, *m, *y),
        [all] if all.len() == 8 => (all.get(..2)?, all.get(2..4)?, all.get(4..)?),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?)?;
    Some(date.format("%Y-%m-%d").to_string())
}

/// `2026-03-03T17:00` as an instant of Vietnam.
pub(crate) fn typed_instant(text: &str) -> Option<prost_types::Timestamp> {
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    let at = VIETNAM.from_local_datetime(&at).single()?;
    Some(prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: 0,
    })
}

/// `10 ngày làm việc` from `10wd`.
pub(crate) fn limit(text: &str) -> String {
    let unit = |suffix: &str, name: &str| text.strip_suffix(suffix).map(|n| format!("{n} {name}"));
    match text {
        "" => "chưa công bố".to_owned(),
        "same-day" => "trong ngày".to_owned(),
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

/// Percent-encodes everything but the unreserved characters.
pub(crate) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                out.push(char::from(b));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{b:02X}");
            }
            out
        })
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text.to_owned()
    }
}

/// How long there is, in words and by a sign that needs no colour.
pub(crate) struct Left {
    pub(crate) text: String,
    pub(crate) class: &'static str,
    pub(crate) sign: &'static str,
}

impl Left {
    fn of(days: Option<i32>) -> Self {
        let (text, class, sign) = match days {
            None => (String::new(), "none", ""),
            Some(n) if n < 0 => (format!("Quá hạn {} ngày", n.unsigned_abs()), "late", "▲"),
            Some(0) => ("Hạn hôm nay".to_owned(), "soon", "◆"),
            Some(1) => ("Còn 1 ngày".to_owned(), "soon", "◆"),
            Some(n) => (format!("Còn {n} ngày"), "ok", "●"),
        };
        Self { text, class, sign }
    }
}

/// A step by what is done there: the number that the province's decision prints
/// stays (`B2: Thẩm định`), a key of ours goes (`chuyển: Chuyển hồ sơ`).
fn step(label: &str) -> String {
    match label.split_once(": ") {
        Some((key, action)) if key.starts_with(char::is_lowercase) => action.to_owned(),
        _ => label.to_owned(),
    }
}

/// A dossier in a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) applicant: String,
    pub(crate) title: String,
    pub(crate) state: String,
    pub(crate) step: String,
    pub(crate) due: String,
    pub(crate) left: Left,
}

impl Row {
    pub(crate) fn of(d: &pb::Dossier) -> Self {
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
            step: step(&d.step_label),
            due: if d.due.is_none() && d.accepted.is_some() {
                "Không hẹn ngày".to_owned()
            } else {
                instant(d.due.as_ref())
            },
            left: Left::of(d.days_left),
        }
    }
}

/// A dossier on its own page and on its slip.
pub(crate) struct Whole {
    pub(crate) row: Row,
    pub(crate) etag: String,
    pub(crate) provisional: bool,
    pub(crate) rehearsal: bool,
    pub(crate) is_accepted: bool,
    pub(crate) accepted: String,
    pub(crate) submitted: String,
    pub(crate) channel: &'static str,
    pub(crate) receiver: String,
    pub(crate) decider: String,
    pub(crate) owner: String,
    pub(crate) number: String,
    pub(crate) id_number: String,
    pub(crate) birth_date: String,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) address: String,
    pub(crate) parts: Vec<pb::Part>,
}

impl Whole {
    /// With the units' names already looked up.
    pub(crate) fn of(d: &pb::Dossier, unit_name: impl Fn(&str) -> String) -> Self {
        let a = d.applicant.clone().unwrap_or_default();
        Self {
            row: Row::of(d),
            etag: d.etag.clone(),
            provisional: d.code.contains(".TAM."),
            rehearsal: d.rehearsal,
            is_accepted: d.accepted.is_some(),
            accepted: instant(d.accepted.as_ref()),
            submitted: instant(d.submitted.as_ref()),
            channel: match d.channel() {
                pb::Channel::Online => "Trực tuyến",
                pb::Channel::Post => "Bưu chính công ích",
                pb::Channel::Counter | pb::Channel::Unspecified => "Trực tiếp",
            },
            receiver: unit_name(&d.receiver),
            decider: unit_name(&d.decider),
            owner: unit_name(&d.owner),
            number: d.result_number.clone(),
            id_number: or_none(&a.id_number),
            birth_date: or_none(&day(&a.birth_date)),
            phone: or_none(&a.phone),
            email: or_none(&a.email),
            address: or_none(&a.address),
            parts: d.parts.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_hands_type_it() {
        for typed in [
            "03/02/1990",
            "3/2/1990",
            "03-02-1990",
            "03.02.1990",
            "03021990",
        ] {
            assert_eq!(typed_day(typed).as_deref(), Some("1990-02-03"), "{typed}");
        }
        for wrong in ["", "31/02/1990", "3/2/90", "1990", "hôm qua"] {
            assert_eq!(typed_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_told_in_vietnam() {
        let at = typed_instant("2026-12-01T17:00").unwrap();
        assert_eq!(instant(Some(&at)), "17:00 ngày 01/12/2026");
        assert_eq!(
            instant_in_words(Some(&at)),
            "17 giờ 00 phút, ngày 01 tháng 12 năm 2026"
        );
        assert_eq!(weekday("2026-12-01"), "Thứ Ba 01/12/2026");
    }

    #[test]
    fn a_query_survives_its_link() {
        assert_eq!(escape("Đỗ a"), "%C4%90%E1%BB%97%20a");
    }

    #[test]
    fn lateness_is_told_in_words_and_not_by_colour_alone() {
        assert_eq!(Left::of(Some(-2)).text, "Quá hạn 2 ngày");
        let signs = [-1, 0, 5].map(|n| Left::of(Some(n)).sign);
        assert_eq!(signs, ["▲", "◆", "●"]);
    }
}
