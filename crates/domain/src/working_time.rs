//! The working-time clock: the only calculator of deadlines in the house.
//!
//! A due date is a pure function of the start, the limit, the stored pauses
//! and one version of a calendar. Nothing here reads the present time.
//!
//! * **Day** counting is the legal promise: the day of the start does not
//!   count, day 1 is the first working day after it, and the limit ends when
//!   the offices close on day N.
//! * **Hour** counting carries the hour of the start: N days are N times the
//!   calendar's hours, spent inside the sessions. It serves the limits of
//!   steps inside an agency.
//! * A **pause** on a day count leaves out the dates after the one it began
//!   on, up to and including the one it ended on. A limit never ends on a date
//!   that the pause has carried it beyond.
//!
//! All arithmetic is checked and every walk is bounded by [`MAX_DAYS`], so any
//! input yields a promise or a [`ClockError`].

mod calendar;
mod count;
mod error;
mod holidays;
mod limit;
mod local;
mod pause;
pub mod query;
mod transfer;

pub use calendar::{Calendar, Session, UnitOverride, Week, in_force};
pub use count::{Mode, Promise, Skipped, due, step_due};
pub use error::{CalendarError, ClockError};
pub use holidays::{HolidayKind, HolidayRow, HolidayStatus, national_calendar, national_holidays};
pub use limit::{DEFAULT_CUTOFF, Limit, LimitError};
pub use local::{MAX_DAYS, local, parse_instant, to_rfc3339, zone};
pub use pause::{AfterPause, MAX_PAUSES, Pause};
pub use transfer::{Handover, TRANSFER_CUTOFF, non_territorial_start};
