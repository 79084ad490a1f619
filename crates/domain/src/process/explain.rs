//! Why a dossier is due when it is: the count as it was made, made again.

use chrono::{DateTime, Utc};

use super::clock::promised_from;
use super::instance::Instance;
use crate::working_time::{self, Calendar, ClockError, Limit, Pause, Promise};

/// The count behind a due date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The limit that was counted.
    pub limit: Limit,
    /// From when. Where the deciding unit's receipt is still awaited, the latest
    /// lawful one (NĐ 309/2026 art. 8.3).
    pub from: DateTime<Utc>,
    /// The days, and the instant that they give. A re-appointment (NĐ 61/2018
    /// art. 19.9) is later than this.
    pub promise: Promise,
}

impl Instance {
    /// Counts again what the due date rests on; none without a limit, before
    /// acceptance, or where settlement was refused without a clock. The calendars
    /// are those of the unit that received it and of the one that decides, in the
    /// versions that the clock was counted by.
    ///
    /// # Errors
    /// As [`working_time::due`].
    pub fn explain(
        &self,
        receiver: &Calendar,
        decider: &Calendar,
    ) -> Result<Option<Explained>, ClockError> {
        let (Some(limit), Some(accepted)) = (self.terms.limit, self.clock.accepted) else {
            return Ok(None);
        };
        let from = match self.clock.started {
            Some(started) => started,
            None => promised_from(self, receiver, decider, accepted)?,
        };
        // An open pause, and one that the end closed, have moved nothing yet.
        let moved = |pause: &&Pause| pause.to.is_some() && pause.to != self.clock.stopped;
        let pauses: Vec<Pause> = self.clock.pauses.iter().filter(moved).copied().collect();
        let promise = working_time::due(decider, &limit, self.terms.mode, from, &pauses)?;
        Ok(Some(Explained {
            limit,
            from,
            promise,
        }))
    }
}
