//! Who a service is when it calls another.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;
use http::HeaderValue;

use super::keys::{KeyError, PrivateKey, PublicKey};
use super::token::{ACCESS_LIFE, Claims, Signer};
use crate::failure::Failure;

/// A service's name and key. Signs its own short tokens, one every 4 minutes.
pub struct ServiceIdentity {
    name: String,
    signer: Signer,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<(DateTime<Utc>, HeaderValue)>>,
}

impl std::fmt::Debug for ServiceIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceIdentity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ServiceIdentity {
    /// The service `name`, known to the others by the public half of `key`.
    pub fn new(name: &str, key: &PrivateKey, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: name.to_owned(),
            signer: Signer::new(key),
            clock,
            current: RwLock::new(None),
        }
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that the others must trust.
    pub fn public(&self) -> &PublicKey {
        self.signer.public()
    }

    /// The value of the `authorization` header now.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, Failure> {
        let now = self.clock.now();
        {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((made, value)) = current.as_ref()
                && *made <= now
                && now < *made + ACCESS_LIFE - TimeDelta::minutes(1)
            {
                return Ok(value.clone());
            }
        }
        let value = self.fresh(now).map_err(|error| Failure::internal(&error))?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some((now, value.clone()));
        Ok(value)
    }

    fn fresh(&self, now: DateTime<Utc>) -> Result<HeaderValue, KeyError> {
        let token = self.signer.sign(&Claims::service(&self.name, now))?;
        bearer(&token)
    }
}

/// A token as the `authorization` header has it; never printed.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, KeyError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| KeyError::Malformed)?;
    value.set_sensitive(true);
    Ok(value)
}
