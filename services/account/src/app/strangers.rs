//! Names that nobody has: they are made to wait like names that somebody has, so
//! that waiting does not tell the two apart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::error::Error;

/// As many names are remembered; then all are forgotten, and begin anew.
const REMEMBERED: usize = 10_000;

/// Attempts under names that nobody has, by a keyed hash of the name.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashMap<String, (i32, DateTime<Utc>)>>);

impl Strangers {
    /// Counts an attempt, or refuses it while the name must wait. `next` tells
    /// until when, from the attempts before.
    pub(crate) fn admit(
        &self,
        name: String,
        now: DateTime<Utc>,
        next: impl Fn(i32, DateTime<Utc>) -> DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED && !seen.contains_key(&name) {
            seen.clear();
        }
        let (failures, wait_until) = seen.entry(name).or_insert((0, now));
        if *wait_until > now {
            let wait = (*wait_until - now).to_std().unwrap_or_default();
            return Err(Error::Throttled(wait));
        }
        *wait_until = next(*failures, now);
        *failures = failures.saturating_add(1);
        Ok(())
    }
}
