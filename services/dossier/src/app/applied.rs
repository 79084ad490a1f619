//! Which events of the workflow this process has applied and committed: most come
//! back through the feed a moment later, and are known without a look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// How many dossiers are remembered. Who is forgotten is looked up.
const REMEMBERED: usize = 16 * 1024;

/// Versions of instances by dossier. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied(Arc<Mutex<HashMap<Uuid, i64>>>);

impl Applied {
    /// Notes what was committed.
    pub(crate) fn note(&self, dossier: Uuid, version: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let newest = known.entry(dossier).or_default();
        *newest = version.max(*newest);
    }

    /// Whether an event of this version is in for certain.
    pub(crate) fn has(&self, dossier: Uuid, version: i64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&dossier).is_some_and(|newest| version <= *newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_applied_is_known_and_what_was_not_is_not() {
        let applied = Applied::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        applied.note(one, 3);
        applied.note(one, 2);
        assert!(applied.has(one, 3));
        assert!(!applied.has(one, 4));
        assert!(!applied.has(other, 1));
    }
}
