//! The dimension of days. It grows by the year, when a fact first needs a day of
//! it: whole years keep it free of holes between the days that are asked about.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Datelike as _, NaiveDate};
use domain::working_time::Calendar;
use storage::{StorageError, Tx};

use crate::store::dates::{self, Day};
use crate::store::facts::DossierFact;

/// The years that were seen in the store: they stay there.
#[derive(Clone, Debug, Default)]
pub struct Years(Arc<Mutex<BTreeSet<i32>>>);

impl Years {
    fn know(&self, year: i32) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&year)
    }

    fn saw(&self, year: i32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(year);
    }
}

/// Adds the years of the days that a row names, where they are not there.
pub async fn ensure(
    tx: &Tx,
    calendar: &Calendar,
    known: &Years,
    row: &DossierFact,
) -> Result<(), StorageError> {
    let named = [
        Some(row.day),
        row.accepted_day,
        row.due_day,
        row.finished_day,
    ];
    let years: BTreeSet<i32> = named.into_iter().flatten().map(|day| day.year()).collect();
    for year in years.into_iter().filter(|year| !known.know(*year)) {
        let Some(first) = NaiveDate::from_ymd_opt(year, 1, 1) else {
            continue;
        };
        if dates::find(tx.conn(), first).await?.is_none() {
            let days = first.iter_days().take_while(|day| day.year() == year);
            dates::add(tx, days.map(|day| of(calendar, day)).collect()).await?;
        } else {
            // One that is added here is there only once this is committed.
            known.saw(year);
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
