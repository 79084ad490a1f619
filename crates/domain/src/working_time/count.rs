//! The count itself.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::local::{MAX_DAYS, instant, local};
use super::pause::{Gap, Pause, resolve};
use super::{Calendar, ClockError, Limit};

/// How working days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By dates; due when the offices close on day N.
    #[default]
    Day,
    /// By hours in session; the hour of the start is kept.
    Hour,
}

/// A date that did not bring the end nearer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The date.
    pub date: NaiveDate,
    /// Why, in words.
    pub why: String,
}

/// When something is due, and why then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The last instant that is in time.
    pub due: DateTime<Utc>,
    /// The dates that were counted. After a restart only those since.
    pub counted: Vec<NaiveDate>,
    /// The dates that were passed over, with the reason. A limit in calendar
    /// days counts days off too; its last one is then in both lists, since the
    /// limit could not end on it.
    pub skipped: Vec<Skipped>,
}

/// When a limit that began to run at `start` ends.
///
/// Calendar days, months and same-day are counted by dates in either mode,
/// hours by hours in either mode.
pub fn due(
    calendar: &Calendar,
    limit: &Limit,
    mode: Mode,
    start: DateTime<Utc>,
    pauses: &[Pause],
) -> Result<Promise, ClockError> {
    calendar.check()?;
    let (begin, gaps) = resolve(start, pauses)?;
    let count = Count {
        calendar,
        gaps: &gaps,
    };
    match (limit, mode) {
        (
            Limit::WorkingHours(0)
            | Limit::WorkingDays(0)
            | Limit::CalendarDays(0)
            | Limit::Months(0),
            _,
        ) => Err(ClockError::ZeroLimit),
        (Limit::WorkingHours(hours), _) => count.minutes(begin, u64::from(*hours) * 60),
        (Limit::WorkingDays(days), Mode::Hour) => {
            let day = calendar.minutes_per_day(begin.date());
            count.minutes(begin, u64::from(*days) * u64::from(day))
        }
        (Limit::WorkingDays(days), Mode::Day) => {
            count.dates(next(begin.date())?, i64::from(*days), Counts::WorkingDays)
        }
        (Limit::CalendarDays(days), _) => {
            count.dates(next(begin.date())?, i64::from(*days), Counts::EveryDay)
        }
        (Limit::Months(months), _) => {
            count.capped(begin, |count, from| count.month_dates(from, *months))
        }
        (Limit::SameDay { cutoff }, _) => {
            count.capped(begin, |count, from| count.same_day(from, *cutoff))
        }
    }
}

/// When a step that may take so many working minutes ends. No minutes at all
/// end at the first working instant.
pub fn step_due(
    calendar: &Calendar,
    start: DateTime<Utc>,
    minutes: u32,
) -> Result<DateTime<Utc>, ClockError> {
    calendar.check()?;
    let count = Count {
        calendar,
        gaps: &[],
    };
    count
        .minutes(local(start)?, u64::from(minutes))
        .map(|promise| promise.due)
}

fn next(date: NaiveDate) -> Result<NaiveDate, ClockError> {
    date.succ_opt().ok_or(ClockError::OutOfRange)
}

/// Which dates bring the end nearer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    WorkingDays,
    EveryDay,
}

const PAUSED: &str = "đồng hồ tạm dừng";

struct Count<'a> {
    calendar: &'a Calendar,
    gaps: &'a [Gap],
}

impl Count<'_> {
    fn skip(&self, date: NaiveDate) -> Skipped {
        let why = self
            .calendar
            .why_off(date)
            .unwrap_or_else(|| PAUSED.to_owned());
        Skipped { date, why }
    }

    /// Counts so many dates from `first` on, then settles on a working day.
    fn dates(&self, first: NaiveDate, days: i64, counts: Counts) -> Result<Promise, ClockError> {
        if days > i64::from(MAX_DAYS) {
            return Err(ClockError::TooLong);
        }
        let (mut counted, mut skipped) = (Vec::new(), Vec::new());
        let mut date = first;
        let mut left = days;
        for _ in 0..MAX_DAYS {
            let gap = self.gaps.iter().find(|gap| gap.leaves_out(date));
            gap.map_or(Ok(()), Gap::must_end)?;
            let worked = counts == Counts::EveryDay || self.calendar.is_working_day(date);
            if gap.is_none() && worked {
                counted.push(date);
                left -= 1;
            } else {
                skipped.push(self.skip(date));
            }
            if left <= 0 {
                let due = instant(self.settle(date, &mut skipped)?)?;
                return Ok(Promise {
                    due,
                    counted,
                    skipped,
                });
            }
            date = next(date)?;
        }
        Err(ClockError::TooLong)
    }

    /// The close of the first working day, from this date on, that no pause
    /// carries the end beyond.
    fn settle(
        &self,
        from: NaiveDate,
        skipped: &mut Vec<Skipped>,
    ) -> Result<NaiveDateTime, ClockError> {
        let mut date = from;
        for _ in 0..MAX_DAYS {
            let close = self.calendar.closing(date);
            let holding = self
                .gaps
                .iter()
                .find(|gap| close.is_some_and(|close| gap.stands_at(close)));
            holding.map_or(Ok(()), Gap::must_end)?;
            match close {
                Some(close) if holding.is_none() => return Ok(close),
                Some(_) | None => skipped.push(self.skip(date)),
            }
            date = next(date)?;
        }
        Err(ClockError::TooLong)
    }

    /// The limit with its pauses, but never past the whole limit begun anew
    /// after the last of them: resuming must not outlast restarting, which
    /// months of different length and cut-offs would otherwise allow.
    fn capped(
        &self,
        begin: NaiveDateTime,
        whole: impl Fn(&Self, NaiveDateTime) -> Result<Promise, ClockError>,
    ) -> Result<Promise, ClockError> {
        let mut resumed = whole(self, begin)?;
        let Some(end) = self.gaps.last().and_then(|gap| gap.to) else {
            return Ok(resumed);
        };
        let anew = whole(&Self { gaps: &[], ..*self }, end)?;
        if anew.due >= resumed.due {
            return Ok(resumed);
        }
        // The explanation keeps what lay before the new beginning.
        let first = anew
            .counted
            .iter()
            .chain(anew.skipped.iter().map(|s| &s.date))
            .min()
            .copied();
        resumed.counted.retain(|date| Some(*date) < first);
        resumed.skipped.retain(|skipped| Some(skipped.date) < first);
        resumed.counted.extend(anew.counted);
        resumed.skipped.extend(anew.skipped);
        Ok(Promise {
            due: anew.due,
            ..resumed
        })
    }

    /// To the same day of the month, or its last; with pauses, as many days.
    fn month_dates(&self, begin: NaiveDateTime, months: u32) -> Result<Promise, ClockError> {
        let end = begin
            .date()
            .checked_add_months(Months::new(months))
            .ok_or(ClockError::TooLong)?;
        let days = end.signed_duration_since(begin.date()).num_days();
        self.dates(next(begin.date())?, days, Counts::EveryDay)
    }

    /// Today when asked for on a working day by the cut-off and before the
    /// offices close, else the next working day.
    fn same_day(&self, begin: NaiveDateTime, cutoff: NaiveTime) -> Result<Promise, ClockError> {
        let today = begin.date();
        let close = self.calendar.closing(today);
        let in_time = begin.time() <= cutoff && close.is_some_and(|close| begin <= close);
        let first = if in_time { today } else { next(today)? };
        self.dates(first, 1, Counts::WorkingDays)
    }

    /// Spends so many minutes inside sessions and outside pauses.
    fn minutes(&self, begin: NaiveDateTime, minutes: u64) -> Result<Promise, ClockError> {
        let minutes = i64::try_from(minutes).map_err(|_| ClockError::TooLong)?;
        let mut left = TimeDelta::try_minutes(minutes).ok_or(ClockError::TooLong)?;
        if left > TimeDelta::days(i64::from(MAX_DAYS)) {
            return Err(ClockError::TooLong);
        }
        let (mut counted, mut skipped) = (Vec::new(), Vec::new());
        for day in 0..u64::from(MAX_DAYS) {
            let date = begin
                .date()
                .checked_add_days(Days::new(day))
                .ok_or(ClockError::OutOfRange)?;
            let before = left;
            let end = self.spend(begin, date, &mut left)?;
            if left < before {
                counted.push(date);
            } else if end.is_none() && (date > begin.date() || !self.calendar.is_working_day(date))
            {
                skipped.push(self.skip(date));
            }
            if let Some(end) = end {
                return Ok(Promise {
                    due: instant(end)?,
                    counted,
                    skipped,
                });
            }
        }
        Err(ClockError::TooLong)
    }

    /// Spends what it can on one date; tells the end when all is spent.
    fn spend(
        &self,
        begin: NaiveDateTime,
        date: NaiveDate,
        left: &mut TimeDelta,
    ) -> Result<Option<NaiveDateTime>, ClockError> {
        for session in self.calendar.sessions(date) {
            let close = date.and_time(session.closes);
            let mut at = begin.max(date.and_time(session.opens));
            while at < close {
                // The pause that holds the clock now, or else the next one.
                let gap = self.gaps.iter().find(|gap| gap.to.is_none_or(|to| to > at));
                let until = gap.map_or(close, |gap| gap.from.clamp(at, close));
                let piece = until - at;
                if *left <= piece && (until > at || gap.is_none()) {
                    let end = at.checked_add_signed(*left).ok_or(ClockError::OutOfRange)?;
                    *left = TimeDelta::zero();
                    return Ok(Some(end));
                }
                *left -= piece;
                let Some(gap) = gap.filter(|_| until < close) else {
                    break;
                };
                gap.must_end()?;
                at = gap.to.unwrap_or(close);
            }
        }
        Ok(None)
    }
}
