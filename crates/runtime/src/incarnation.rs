//! Which incarnation of each service's store a process knows. A restore
//! raises it; two sides that disagree must not write to each other.
//!
//! A service knows its own incarnation, and of others those of the feeds that it
//! follows. One that is called and follows nobody learns instead: the first call
//! that changes something tells the caller's incarnation, which is pinned from
//! then on.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::Notify;
use uuid::Uuid;

/// The header of a service's incarnation is this and the service's name.
pub const HEADER_PREFIX: &str = "motcua-incarnation-";
/// The header with the sender's clock, in milliseconds since 1970.
pub const SENT_AT: &str = "motcua-sent-at";

/// One service's view: its own store's incarnation, those of the feeds it
/// follows, and those that its callers were pinned to. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Incarnations(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    known: RwLock<Known>,
    pinned: Notify,
}

#[derive(Debug, Default)]
struct Known {
    services: BTreeMap<String, String>,
    /// Whether unknown callers are pinned.
    learns: bool,
    /// Pins that are not stored yet.
    fresh: BTreeMap<String, Uuid>,
}

impl Incarnations {
    /// Records what a store (own or followed) says it is.
    pub fn set(&self, service: &str, incarnation: impl Into<String>) {
        self.write()
            .services
            .insert(service.to_owned(), incarnation.into());
    }

    /// What is known of a service.
    pub fn get(&self, service: &str) -> Option<String> {
        self.read().services.get(service).cloned()
    }

    /// All that is known, by service.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.read().services.clone()
    }

    /// From now on pins unknown callers; what is known stays. Whoever turns this
    /// on stores what [`Incarnations::pinned`] gives.
    pub fn learn(&self) {
        self.write().learns = true;
    }

    /// Waits for pins that are not stored yet, and hands each out once.
    pub async fn pinned(&self) -> BTreeMap<String, Uuid> {
        loop {
            // Asked for before the look, so that a pin during it wakes us.
            let woken = self.0.pinned.notified();
            let fresh = std::mem::take(&mut self.write().fresh);
            if !fresh.is_empty() {
                return fresh;
            }
            woken.await;
        }
    }

    /// The first service on whose incarnation the sender disagrees.
    pub fn mismatch(&self, headers: &http::HeaderMap) -> Option<String> {
        let known = self.read();
        known.services.iter().find_map(|(service, ours)| {
            let theirs = headers.get(format!("{HEADER_PREFIX}{service}"))?;
            (theirs.as_bytes() != ours.as_bytes()).then(|| service.clone())
        })
    }

    /// Pins a caller to the incarnation that it says it is, if this service
    /// learns and does not know it; false when it says another one than is known,
    /// or none that can be read.
    pub(crate) fn pin(&self, caller: &str, headers: &http::HeaderMap) -> bool {
        let Some(theirs) = headers.get(format!("{HEADER_PREFIX}{caller}")) else {
            // A caller without a store, such as an operator's command.
            return true;
        };
        {
            let known = self.read();
            if let Some(ours) = known.services.get(caller) {
                return theirs.as_bytes() == ours.as_bytes();
            }
            if !known.learns {
                return true;
            }
        }
        let Some(theirs) = theirs.to_str().ok().and_then(|text| text.parse().ok()) else {
            return false;
        };
        let mut known = self.write();
        // Of two first calls at once the second finds what the first has left.
        let ours = known
            .services
            .entry(caller.to_owned())
            .or_insert_with(|| Uuid::to_string(&theirs));
        if *ours != theirs.to_string() {
            return false;
        }
        known.fresh.insert(caller.to_owned(), theirs);
        drop(known);
        self.0.pinned.notify_one();
        true
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_first_callers_on_two_threads_only_one_incarnation_gets_in() {
        let headers = [1, 2].map(|n| {
            let mut headers = http::HeaderMap::new();
            let incarnation = Uuid::from_u128(n).to_string();
            headers.insert("motcua-incarnation-dossier", incarnation.parse().unwrap());
            headers
        });
        let rounds: Vec<_> = (0..50_000).map(|_| Incarnations::default()).collect();
        rounds.iter().for_each(Incarnations::learn);
        let start = Barrier::new(2);
        let admitted = std::thread::scope(|threads| {
            let racers = headers.each_ref().map(|headers| {
                threads.spawn(|| {
                    let round = |incarnations: &Incarnations| {
                        start.wait();
                        incarnations.pin("dossier", headers)
                    };
                    rounds.iter().map(round).collect::<Vec<_>>()
                })
            });
            racers.map(|racer| racer.join().unwrap())
        });
        for (first, second) in admitted[0].iter().zip(&admitted[1]) {
            assert_ne!(first, second, "one of the two, and not both");
        }
    }
}
