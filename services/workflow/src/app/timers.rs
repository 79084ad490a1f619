//! Which timers an instance has: what they fire at is computed, never moved.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::dossier::State;
use domain::process::Instance;
use domain::working_time::{Calendar, ClockError, local, step_due, zone};

use crate::store::timer::{CHECK, OVERDUE, SOON, STEP};

/// An online or counter dossier is checked within 8 working hours.
const CHECK_MINUTES: u32 = 8 * 60;

/// The timers after an event at `at`.
pub fn of(
    instance: &Instance,
    receiving: &Calendar,
    deciding: &Calendar,
    at: DateTime<Utc>,
) -> Result<Vec<(&'static str, DateTime<Utc>)>, ClockError> {
    let mut timers = Vec::new();
    if matches!(instance.state, State::AwaitingReception | State::Checking) {
        timers.push((CHECK, step_due(receiving, at, CHECK_MINUTES)?));
    }
    if let Some(due) = instance.task.as_ref().and_then(|task| task.due) {
        timers.push((STEP, due));
    }
    if let Some(due) = instance.clock.running_due() {
        if let Some(soon) = day_before(deciding, due)?.filter(|soon| *soon > at) {
            timers.push((SOON, soon));
        }
        timers.push((OVERDUE, due));
    }
    Ok(timers)
}

/// When the offices open on the last working day before the due date's.
fn day_before(
    calendar: &Calendar,
    due: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ClockError> {
    let mut day = local(due)?.date();
    // No break is longer than a month.
    for _ in 0..31 {
        day -= TimeDelta::days(1);
        if calendar.is_working_day(day) {
            let midnight = day
                .and_time(NaiveTime::MIN)
                .and_local_timezone(zone())
                .single();
            return midnight
                .map(|at| calendar.next_open(at.to_utc()))
                .transpose();
        }
    }
    Ok(None)
}
