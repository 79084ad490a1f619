//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;

/// Clones show the same time.
#[derive(Clone, Debug)]
pub struct MovingClock(Arc<Mutex<DateTime<Utc>>>);

impl MovingClock {
    /// Stands at an instant, such as `2026-11-30T02:00:00Z`.
    ///
    /// # Panics
    /// When the text is no instant.
    pub fn at(text: &str) -> Self {
        let at = text.parse().expect("an instant");
        Self(Arc::new(Mutex::new(at)))
    }

    /// Goes on, or back.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Goes to an instant.
    ///
    /// # Panics
    /// When the text is no instant.
    pub fn set(&self, text: &str) {
        let at = text.parse().expect("an instant");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

impl Clock for MovingClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
