//! The only readers of the wall clock and of randomness.

use chrono::{DateTime, Utc};
use domain::clock::{Clock, Ids, to_micros};
use uuid::Uuid;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the wall clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        to_micros(Utc::now())
    }
}

/// Time-ordered ids of the machine; increasing within a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one maker of ids")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The system's random source failed: nothing secret can be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system's random source failed")]
pub struct NoRandomness;

/// Fresh random bytes for secrets: refresh tokens, salts, data keys.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}
