//! When the clock starts for a dossier that one unit takes in and another
//! decides.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::local::{instant, local};
use super::{Calendar, CalendarError, ClockError};

/// Paper taken in after this may leave on the next working morning.
pub const TRANSFER_CUTOFF: NaiveTime = super::DEFAULT_CUTOFF;

/// First day of the rule that the clock waits for the deciding agency
/// (NĐ 309/2026 art. 8.3).
const RULE_FROM: NaiveDate = match NaiveDate::from_ymd_opt(2026, 8, 5) {
    Some(date) => date,
    None => unreachable!(),
};

/// How the dossier travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// Into the deciding unit's queue, which acknowledges by itself.
    Electronic,
    /// By hand.
    Paper,
}

/// Whether the clock of a dossier accepted then waits for its decider.
pub(super) fn waits_for_decider(accepted: DateTime<Utc>) -> Result<bool, ClockError> {
    Ok(local(accepted)?.date() >= RULE_FROM)
}

/// The start that a slip may promise by: the latest lawful arrival at the
/// deciding unit. The actual receipt replaces it once known.
///
/// Electronic dossiers arrive at once. Paper arrives the same working day, or
/// when the offices open on the next one if it was taken in after 15:00 or on
/// a day off; and not before the deciding unit works. A dossier accepted
/// before 5 August 2026 keeps the old start, its acceptance.
pub fn non_territorial_start(
    receiver: &Calendar,
    decider: &Calendar,
    accepted: DateTime<Utc>,
    handover: Handover,
) -> Result<DateTime<Utc>, ClockError> {
    receiver.check()?;
    decider.check()?;
    if handover == Handover::Electronic || !waits_for_decider(accepted)? {
        return Ok(accepted);
    }
    let wall = local(accepted)?;
    let today = wall.date();
    if let Some(opening) = receiver.opening(today)
        && wall.time() <= TRANSFER_CUTOFF
    {
        // Nobody carries paper before the offices open.
        let ready = wall.max(opening);
        return match decider.opening(today) {
            Some(theirs) => instant(ready.max(theirs)),
            None => instant(decider.open_from(ready)?),
        };
    }
    let morning = receiver
        .opening(receiver.next_working_day(today)?)
        .ok_or(ClockError::Calendar(CalendarError::NoWorkingTime))?;
    instant(decider.open_from(morning)?)
}
