//! The rows as sea-orm sees them.

pub mod calendar;
pub mod instance;
pub mod procedure_case;
pub mod process;
pub mod served_unit;
pub mod task;
pub mod timer;
pub mod unit_calendar;
