//! Which incarnation of each service's store a process knows. A restore
//! raises it; two sides that disagree must not write to each other.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The header of a service's incarnation is this and the service's name.
pub const HEADER_PREFIX: &str = "motcua-incarnation-";
/// The header with the sender's clock, in milliseconds since 1970.
pub const SENT_AT: &str = "motcua-sent-at";

/// One service's view: its own store's incarnation and those of the feeds it
/// follows. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Incarnations(Arc<RwLock<BTreeMap<String, String>>>);

impl Incarnations {
    /// Records what a store (own or followed) says it is.
    pub fn set(&self, service: &str, incarnation: impl Into<String>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(service.to_owned(), incarnation.into());
    }

    /// What is known of a service.
    pub fn get(&self, service: &str) -> Option<String> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(service)
            .cloned()
    }

    /// All that is known, by service.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The first service on whose incarnation the sender disagrees.
    pub fn mismatch(&self, headers: &http::HeaderMap) -> Option<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find_map(|(service, ours)| {
            let theirs = headers.get(format!("{HEADER_PREFIX}{service}"))?;
            (theirs.as_bytes() != ours.as_bytes()).then(|| service.clone())
        })
    }
}
