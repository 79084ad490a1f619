//! Days off and make-up days as published, and the calendar made of them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{Calendar, CalendarError, Session, Week};

const NATIONAL: &str = include_str!("../../data/holidays.csv");

/// What a row of the table says of its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayKind {
    /// A holiday by the Labour Code or a resolution.
    Statutory,
    /// A day off for a holiday that fell on a day of rest.
    Compensatory,
    /// A day off that is worked on another date.
    SwappedOff,
    /// A day of rest that is worked.
    SwappedWorking,
}

/// How sure the row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayStatus {
    /// Read in the year's notice.
    Decreed,
    /// Follows from the law, notice not out yet.
    ByLaw,
    /// Computed by us, to be checked against the notice.
    Computed,
    /// Known without a source, to be checked.
    Memory,
}

/// One row of the table of holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayRow {
    /// The date.
    pub date: NaiveDate,
    /// Its name, for people.
    pub name: String,
    /// Off or worked.
    pub kind: HolidayKind,
    /// How sure.
    pub status: HolidayStatus,
}

impl Calendar {
    /// A calendar of these sessions and rows. Where two rows give one date
    /// off, the first names it.
    pub fn from_rows(version: i64, week: Week, rows: &[HolidayRow]) -> Result<Self, CalendarError> {
        let mut holidays = BTreeMap::new();
        let mut makeup_days = BTreeMap::new();
        for row in rows {
            let days = match row.kind {
                HolidayKind::SwappedWorking => &mut makeup_days,
                HolidayKind::Statutory | HolidayKind::Compensatory | HolidayKind::SwappedOff => {
                    &mut holidays
                }
            };
            days.entry(row.date).or_insert_with(|| row.name.clone());
        }
        if let Some(date) = makeup_days.keys().find(|date| holidays.contains_key(*date)) {
            return Err(CalendarError::Contradiction(*date));
        }
        let calendar = Self {
            version,
            valid_from: None,
            valid_to: None,
            week,
            minutes_per_day: None,
            holidays,
            makeup_days,
            unit: None,
        };
        calendar.check()?;
        Ok(calendar)
    }
}

/// Reads rows of `date,name,kind,status` after one line of heading. A name has
/// no comma: this is our own form, not CSV at large.
pub(super) fn parse_rows(text: &str) -> Result<Vec<HolidayRow>, CalendarError> {
    let lines = text
        .lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| parse_row(line).ok_or(CalendarError::Row { line: at + 1 }))
        .collect()
}

fn parse_row(line: &str) -> Option<HolidayRow> {
    let mut cells = line.split(',').map(str::trim);
    let (date, name, kind, status) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    if cells.next().is_some() || name.is_empty() {
        return None;
    }
    Some(HolidayRow {
        date: date.parse().ok()?,
        name: name.to_owned(),
        kind: match kind {
            "statutory" => HolidayKind::Statutory,
            "compensatory" => HolidayKind::Compensatory,
            "swapped_off" => HolidayKind::SwappedOff,
            "swapped_working" => HolidayKind::SwappedWorking,
            _ => return None,
        },
        status: match status {
            "decreed" => HolidayStatus::Decreed,
            "by_law" => HolidayStatus::ByLaw,
            "computed" => HolidayStatus::Computed,
            "memory" => HolidayStatus::Memory,
            _ => return None,
        },
    })
}

/// The table that comes with the program: 2024 to 2027.
pub fn national_holidays() -> Result<Vec<HolidayRow>, CalendarError> {
    parse_rows(NATIONAL)
}

/// The calendar that comes with the program: the table's days, and sessions
/// 07:00–11:30 and 13:30–17:00 from Monday to Friday.
///
/// The table is compiled in and a test reads it; an unreadable one would leave
/// a calendar that refuses every count, not one without holidays.
pub fn national_calendar() -> Calendar {
    let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    let sessions = [
        Session {
            opens: at(7, 0),
            closes: at(11, 30),
        },
        Session {
            opens: at(13, 30),
            closes: at(17, 0),
        },
    ];
    national_holidays()
        .and_then(|rows| Calendar::from_rows(1, Week::weekdays(&sessions), &rows))
        .unwrap_or_else(|_| Calendar {
            version: 0,
            valid_from: None,
            valid_to: None,
            week: Week::default(),
            minutes_per_day: None,
            holidays: BTreeMap::new(),
            makeup_days: BTreeMap::new(),
            unit: None,
        })
}

#[cfg(test)]
mod tests {
    use super::{CalendarError, national_calendar, national_holidays, parse_rows};
    use crate::working_time::Calendar;
    use chrono::NaiveDate;

    #[test]
    fn the_table_that_comes_with_the_program_can_be_read() {
        let rows = national_holidays().unwrap();
        assert!(rows.len() >= 60);
        assert_eq!(national_calendar().version, 1);
    }

    #[test]
    fn the_working_days_of_2025_and_2026_are_as_computed_by_hand() {
        let calendar = national_calendar();
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let worked = |year| {
            calendar
                .working_days_between(day(year - 1, 12, 31), day(year, 12, 31))
                .unwrap()
        };
        assert_eq!(worked(2025), 250);
        assert_eq!(worked(2026), 249);
        assert_eq!(calendar.known_until(), Some(day(2027, 12, 31)));
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        let head = "date,name,kind,status\n";
        for bad in [
            "2026-13-01,x,statutory,decreed",
            "2026-01-01,x,festive,decreed",
            "2026-01-01",
            "2026-01-01,,statutory,decreed,",
        ] {
            assert_eq!(
                parse_rows(&format!("{head}\n{bad}")),
                Err(CalendarError::Row { line: 3 })
            );
        }
    }

    #[test]
    fn a_date_that_is_both_off_and_worked_is_refused() {
        let rows =
            parse_rows("h\n2026-01-10,A,statutory,decreed\n2026-01-10,B,swapped_working,decreed")
                .unwrap();
        assert!(matches!(
            Calendar::from_rows(1, national_calendar().week, &rows),
            Err(CalendarError::Contradiction(_))
        ));
    }
}
