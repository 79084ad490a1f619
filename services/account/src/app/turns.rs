//! Turns: what must happen one after the other for one account.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// Accounts share these; two that meet wait for one hash at most.
const LANES: u128 = 256;

/// The lanes.
pub(crate) struct Turns(Vec<Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..LANES).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Waits for the turn of an account; it ends with the guard.
    pub(crate) async fn take(&self, account: Uuid) -> Option<OwnedMutexGuard<()>> {
        let lane = usize::try_from(account.as_u128() % LANES).ok();
        let lane = lane.and_then(|lane| self.0.get(lane))?;
        Some(Arc::clone(lane).lock_owned().await)
    }
}
