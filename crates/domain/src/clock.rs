//! Time and ids as capabilities handed in. The system's own live in
//! `runtime::clock`; tests move theirs by hand.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Tells the present instant, in UTC, truncated to microseconds.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes time-ordered ids (`UUIDv7`).
pub trait Ids: Send + Sync + 'static {
    /// A fresh id.
    fn next(&self) -> Uuid;
}

/// Truncates to microseconds, the resolution that both databases keep.
pub fn to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}
