//! The dimension of days. It grows by the year, when a fact first needs a day of
//! it: whole years keep it free of holes between the days that are asked about.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use domain::working_time::Calendar;
use storage::{StorageError, Tx};

use crate::store::dates::{self, Day};
use crate::store::facts::DossierFact;

/// Adds the years of the days that rows name, where they are not there.
pub async fn ensure<'r>(
    tx: &Tx,
    calendar: &Calendar,
    rows: impl IntoIterator<Item = &'r DossierFact>,
) -> Result<(), StorageError> {
    let named = rows.into_iter().flat_map(|row| {
        let days = [
            Some(row.day),
            row.accepted_day,
            row.due_day,
            row.finished_day,
        ];
        days.into_iter().flatten()
    });
    let years: BTreeSet<i32> = named.map(|day| day.year()).collect();
    for year in years {
        let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) else {
            continue;
        };
        if dates::find(tx.conn(), first).await?.is_none() {
            let days = first.iter_days().take_while(|day| day.year() == year);
            dates::add(tx, days.map(|day| of(calendar, day)).collect()).await?;
        }
    }
    Ok(())
}

fn of(calendar: &Calendar, day: NaiveDate) -> Day {
    let number = |n: u32| i32::try_from(n).unwrap_or_default();
    Day {
        day,
        year: day.year(),
        quarter: number(day.quarter()),
        month: number(day.month()),
        day_of_month: number(day.day()),
        weekday: number(day.weekday().number_from_monday()),
        working: calendar.is_working_day(day),
        why_off: calendar.why_off(day).unwrap_or_default(),
    }
}
