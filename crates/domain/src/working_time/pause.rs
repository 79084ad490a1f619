//! Intervals in which the clock stands still.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ClockError;
use super::local::{instant, local};

/// The most pauses that one dossier may have.
pub const MAX_PAUSES: usize = 100;

/// How the clock goes on after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterPause {
    /// With what was left.
    Resume,
    /// With the whole limit, from the end of the pause.
    Restart,
}

/// A stored pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When the clock stopped.
    pub from: DateTime<Utc>,
    /// When it went on; none = it still stands.
    pub to: Option<DateTime<Utc>>,
    /// How it goes on.
    pub after: AfterPause,
}

/// A pause on the wall clock, after which the clock resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: NaiveDateTime,
    pub(super) to: Option<NaiveDateTime>,
}

impl Gap {
    /// Whether a day count leaves this date out.
    pub(super) fn leaves_out(&self, date: NaiveDate) -> bool {
        self.from.date() < date && self.to.is_none_or(|to| date <= to.date())
    }

    /// Whether the clock stands when the offices close: nothing can end then. A
    /// pause within one date keeps the date, whatever its hours.
    pub(super) fn stands_at(&self, close: NaiveDateTime) -> bool {
        let within_a_date = self.to.is_some_and(|to| to.date() == self.from.date());
        !within_a_date && self.from < close && self.to.is_none_or(|to| to > close)
    }

    /// The refusal to count past an open pause.
    pub(super) fn must_end(&self) -> Result<(), ClockError> {
        match self.to {
            Some(_) => Ok(()),
            None => Err(ClockError::StillPaused {
                since: instant(self.from)?,
            }),
        }
    }
}

/// Where the count begins and what interrupts it: a restart moves the
/// beginning and makes what lay before it irrelevant. Pauses of no length
/// change nothing, whatever their kind.
pub(super) fn resolve(
    start: DateTime<Utc>,
    pauses: &[Pause],
) -> Result<(NaiveDateTime, Vec<Gap>), ClockError> {
    let mut begin = local(start)?;
    if pauses.len() > MAX_PAUSES {
        return Err(ClockError::TooManyPauses);
    }
    let mut sorted = pauses.to_vec();
    sorted.sort_by_key(|pause| (pause.from, pause.to.is_none(), pause.to));
    let mut gaps = Vec::new();
    let mut free_from = Some(begin);
    let mut first = true;
    for pause in sorted {
        let gap = Gap {
            from: local(pause.from)?,
            to: pause.to.map(local).transpose()?,
        };
        if gap.to.is_some_and(|to| to < gap.from) {
            return Err(ClockError::PauseBackwards);
        }
        if free_from.is_none_or(|free| gap.from < free) {
            let early = if first {
                ClockError::PauseBeforeStart
            } else {
                ClockError::PausesOverlap
            };
            return Err(early);
        }
        first = false;
        free_from = gap.to;
        match (pause.after, gap.to) {
            (_, Some(to)) if to == gap.from => {}
            (AfterPause::Restart, Some(to)) => {
                begin = to;
                gaps.clear();
            }
            (AfterPause::Restart, None) => gap.must_end()?,
            (AfterPause::Resume, _) => gaps.push(gap),
        }
    }
    Ok((begin, gaps))
}
