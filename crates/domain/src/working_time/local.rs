//! Between instants and the wall clock of the province.

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDateTime, SecondsFormat, SubsecRound as _,
    TimeDelta, Utc,
};

use super::ClockError;

/// The most days that one computation walks: some 270 years.
pub const MAX_DAYS: u32 = 100_000;

const OFFSET_SECONDS: i32 = 7 * 3600;

const ZONE: FixedOffset = match FixedOffset::east_opt(OFFSET_SECONDS) {
    Some(zone) => zone,
    None => unreachable!(),
};

/// Years in which the clock answers. Far from the ends of chrono's own range,
/// so that [`MAX_DAYS`] more never leave it.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9000;

/// The zone of Vietnam. It has had no other offset since 1975 and no summer
/// time, so a fixed offset needs no zone database.
pub fn zone() -> FixedOffset {
    ZONE
}

/// What the wall clock shows in Vietnam.
pub fn local(at: DateTime<Utc>) -> Result<NaiveDateTime, ClockError> {
    let wall = at
        .naive_utc()
        .checked_add_signed(TimeDelta::seconds(i64::from(OFFSET_SECONDS)))
        .ok_or(ClockError::OutOfRange)?;
    if YEARS.contains(&wall.year()) {
        Ok(wall)
    } else {
        Err(ClockError::OutOfRange)
    }
}

/// The instant at which the wall clock shows this.
pub(super) fn instant(wall: NaiveDateTime) -> Result<DateTime<Utc>, ClockError> {
    wall.checked_sub_signed(TimeDelta::seconds(i64::from(OFFSET_SECONDS)))
        .map(|at| at.and_utc())
        .ok_or(ClockError::OutOfRange)
}

/// Reads an instant: RFC 3339, or the wall clock of Vietnam when no offset is
/// given (`2026-02-10T14:00`, with or without seconds).
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let with_offset = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%:z"));
    let at = if let Ok(at) = with_offset {
        at.to_utc()
    } else {
        let wall = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
        instant(wall).ok()?
    };
    let at = at.trunc_subsecs(6);
    local(at).is_ok().then_some(at)
}

/// Writes an instant with the offset of Vietnam.
pub fn to_rfc3339(at: DateTime<Utc>) -> String {
    at.with_timezone(&ZONE)
        .to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
