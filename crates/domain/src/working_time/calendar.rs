//! When the offices work.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

use super::local::{MAX_DAYS, instant, local};
use super::{CalendarError, ClockError};

/// A stretch of work within a day, from `opens` until `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Wall time at which work begins.
    pub opens: NaiveTime,
    /// Wall time at which it ends.
    pub closes: NaiveTime,
}

impl Session {
    fn minutes(self) -> i64 {
        (self.closes - self.opens).num_minutes()
    }
}

/// The sessions of each weekday, in order; an empty day is not worked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Week {
    /// Thứ Hai.
    pub mon: Vec<Session>,
    /// Thứ Ba.
    pub tue: Vec<Session>,
    /// Thứ Tư.
    pub wed: Vec<Session>,
    /// Thứ Năm.
    pub thu: Vec<Session>,
    /// Thứ Sáu.
    pub fri: Vec<Session>,
    /// Thứ Bảy.
    pub sat: Vec<Session>,
    /// Chủ nhật.
    pub sun: Vec<Session>,
}

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

impl Week {
    /// The same sessions from Monday to Friday, none at the weekend.
    pub fn weekdays(sessions: &[Session]) -> Self {
        let day = || sessions.to_vec();
        Self {
            mon: day(),
            tue: day(),
            wed: day(),
            thu: day(),
            fri: day(),
            sat: vec![],
            sun: vec![],
        }
    }

    /// The sessions of one weekday.
    pub fn on(&self, weekday: Weekday) -> &[Session] {
        match weekday {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }

    /// The sessions of a make-up day: its own weekday's where it has any,
    /// else those of the first weekday that is worked.
    fn on_makeup(&self, weekday: Weekday) -> &[Session] {
        let own = self.on(weekday);
        if !own.is_empty() {
            return own;
        }
        WEEKDAYS
            .iter()
            .map(|day| self.on(*day))
            .find(|day| !day.is_empty())
            .unwrap_or_default()
    }

    /// The length of the working day where all worked weekdays agree on one.
    fn common_minutes(&self) -> Option<i64> {
        let mut lengths = WEEKDAYS
            .iter()
            .map(|day| self.on(*day))
            .filter(|sessions| !sessions.is_empty())
            .map(|sessions| sessions.iter().map(|s| s.minutes()).sum::<i64>());
        let first = lengths.next()?;
        lengths.all(|other| other == first).then_some(first)
    }

    fn check(&self) -> Result<(), CalendarError> {
        if WEEKDAYS.iter().all(|day| self.on(*day).is_empty()) {
            return Err(CalendarError::NoWorkingTime);
        }
        for day in WEEKDAYS {
            let sessions = self.on(day);
            let each = sessions.iter().all(|s| s.opens < s.closes);
            let ordered = sessions.is_sorted_by(|one, next| one.closes <= next.opens);
            if !each || !ordered {
                return Err(CalendarError::Sessions(day));
            }
        }
        Ok(())
    }
}

/// Where one unit differs from its province, and from when to when. What is
/// not said here is inherited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitOverride {
    /// Drawn from the same counter as the versions of calendars.
    pub version: i64,
    /// First day on which it holds.
    pub valid_from: NaiveDate,
    /// Last day on which it holds; none = until further notice.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Own sessions.
    #[serde(default)]
    pub week: Option<Week>,
    /// Own length of a working day.
    #[serde(default)]
    pub minutes_per_day: Option<u32>,
    /// Further days off, with their names.
    #[serde(default)]
    pub holidays: BTreeMap<NaiveDate, String>,
    /// Further make-up days, with their names.
    #[serde(default)]
    pub makeup_days: BTreeMap<NaiveDate, String>,
}

/// One version of a working calendar. A dossier keeps the version it was
/// promised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Grows with every change.
    pub version: i64,
    /// First day on which promises are made by it.
    #[serde(default)]
    pub valid_from: Option<NaiveDate>,
    /// Last day on which promises are made by it.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Sessions by weekday.
    pub week: Week,
    /// Minutes that make a day in hour counting; none = as the sessions say
    /// where all worked weekdays are alike, else eight hours.
    #[serde(default)]
    pub minutes_per_day: Option<u32>,
    /// Days off, with their names.
    #[serde(default)]
    pub holidays: BTreeMap<NaiveDate, String>,
    /// Days of rest that are worked in place of others. A day that is also a
    /// holiday stays a holiday.
    #[serde(default)]
    pub makeup_days: BTreeMap<NaiveDate, String>,
    /// What the unit has of its own.
    #[serde(default)]
    pub unit: Option<UnitOverride>,
}

/// The newest version whose validity covers the day.
pub fn in_force(versions: &[Calendar], on: NaiveDate) -> Option<&Calendar> {
    versions
        .iter()
        .filter(|c| within(on, c.valid_from, c.valid_to))
        .max_by_key(|c| c.version)
}

fn within(on: NaiveDate, from: Option<NaiveDate>, to: Option<NaiveDate>) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}

impl Calendar {
    /// The calendar of a unit: its province's, with the unit's own rules on
    /// the days they hold. Its version is the newer of the two.
    #[must_use]
    pub fn for_unit(province: &Self, unit: Option<UnitOverride>) -> Self {
        let version = unit
            .as_ref()
            .map_or(province.version, |u| u.version.max(province.version));
        Self {
            version,
            unit,
            ..province.clone()
        }
    }

    /// Whether it can be counted by; the clock asks this before every count.
    pub fn check(&self) -> Result<(), CalendarError> {
        let own = self.unit.as_ref();
        self.week.check()?;
        own.and_then(|u| u.week.as_ref())
            .map_or(Ok(()), Week::check)?;
        let lengths = [self.minutes_per_day, own.and_then(|u| u.minutes_per_day)];
        if lengths
            .into_iter()
            .flatten()
            .any(|minutes| !(1..=1440).contains(&minutes))
        {
            return Err(CalendarError::MinutesPerDay);
        }
        let backwards = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
            from.zip(to).is_some_and(|(from, to)| to < from)
        };
        if backwards(self.valid_from, self.valid_to)
            || own.is_some_and(|u| backwards(Some(u.valid_from), u.valid_to))
        {
            return Err(CalendarError::Validity);
        }
        Ok(())
    }

    fn own_rules(&self, on: NaiveDate) -> Option<&UnitOverride> {
        self.unit
            .as_ref()
            .filter(|u| within(on, Some(u.valid_from), u.valid_to))
    }

    fn week_on(&self, on: NaiveDate) -> &Week {
        self.own_rules(on)
            .and_then(|u| u.week.as_ref())
            .unwrap_or(&self.week)
    }

    fn holiday(&self, on: NaiveDate) -> Option<&str> {
        let own = self.own_rules(on).and_then(|u| u.holidays.get(&on));
        self.holidays.get(&on).or(own).map(String::as_str)
    }

    fn is_makeup(&self, on: NaiveDate) -> bool {
        self.makeup_days.contains_key(&on)
            || self
                .own_rules(on)
                .is_some_and(|u| u.makeup_days.contains_key(&on))
    }

    /// The sessions of a date; none on a day off.
    pub fn sessions(&self, on: NaiveDate) -> &[Session] {
        if self.holiday(on).is_some() {
            &[]
        } else if self.is_makeup(on) {
            self.week_on(on).on_makeup(on.weekday())
        } else {
            self.week_on(on).on(on.weekday())
        }
    }

    /// Whether the date is a working day.
    pub fn is_working_day(&self, on: NaiveDate) -> bool {
        !self.sessions(on).is_empty()
    }

    /// Why a date is not worked, in words; none on a working day.
    pub fn why_off(&self, on: NaiveDate) -> Option<String> {
        if let Some(name) = self.holiday(on) {
            return Some(name.to_owned());
        }
        if self.is_working_day(on) {
            return None;
        }
        let weekend = matches!(on.weekday(), Weekday::Sat | Weekday::Sun);
        Some(
            if weekend {
                "cuối tuần"
            } else {
                "đơn vị không làm việc"
            }
            .to_owned(),
        )
    }

    /// Minutes that make a day in hour counting, for a start on this date.
    pub fn minutes_per_day(&self, on: NaiveDate) -> u32 {
        let own = self.own_rules(on);
        let said = match own {
            // Own sessions make the province's length meaningless.
            Some(own) if own.week.is_some() || own.minutes_per_day.is_some() => own.minutes_per_day,
            Some(_) | None => self.minutes_per_day,
        };
        said.or_else(|| {
            self.week_on(on)
                .common_minutes()
                .and_then(|m| u32::try_from(m).ok())
        })
        .unwrap_or(8 * 60)
    }

    /// When the first session opens on a date.
    pub fn opening(&self, on: NaiveDate) -> Option<NaiveDateTime> {
        self.sessions(on).first().map(|s| on.and_time(s.opens))
    }

    /// When the last session closes on a date.
    pub fn closing(&self, on: NaiveDate) -> Option<NaiveDateTime> {
        self.sessions(on).last().map(|s| on.and_time(s.closes))
    }

    /// The first working day after a date.
    pub fn next_working_day(&self, after: NaiveDate) -> Result<NaiveDate, ClockError> {
        let mut date = after;
        for _ in 0..MAX_DAYS {
            date = date.succ_opt().ok_or(ClockError::OutOfRange)?;
            if self.is_working_day(date) {
                return Ok(date);
            }
        }
        Err(ClockError::TooLong)
    }

    /// The earliest instant, from this one on, at which the offices work.
    pub fn next_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, ClockError> {
        instant(self.open_from(local(at)?)?)
    }

    pub(super) fn open_from(&self, at: NaiveDateTime) -> Result<NaiveDateTime, ClockError> {
        let today = self
            .sessions(at.date())
            .iter()
            .find(|s| at.time() < s.closes)
            .map(|s| at.max(at.date().and_time(s.opens)));
        match today {
            Some(open) => Ok(open),
            None => self
                .opening(self.next_working_day(at.date())?)
                .ok_or(ClockError::Calendar(CalendarError::NoWorkingTime)),
        }
    }

    /// How many working days lie after `from`, up to and including `to`;
    /// negative when `to` comes first. This is the "days left" of a work list.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> Result<i64, ClockError> {
        let (first, last, sign) = if from <= to {
            (from, to, 1)
        } else {
            (to, from, -1)
        };
        if last.signed_duration_since(first).num_days() > i64::from(MAX_DAYS) {
            return Err(ClockError::TooLong);
        }
        let days = first.iter_days().skip(1).take_while(|day| *day <= last);
        let worked = days.filter(|day| self.is_working_day(*day)).count();
        i64::try_from(worked)
            .map(|n| n * sign)
            .map_err(|_| ClockError::TooLong)
    }

    /// The last day of the last year that has any holiday here. A promise
    /// beyond it knows weekends only.
    pub fn known_until(&self) -> Option<NaiveDate> {
        self.holidays
            .keys()
            .next_back()
            .and_then(|d| NaiveDate::from_ymd_opt(d.year(), 12, 31))
    }
}
