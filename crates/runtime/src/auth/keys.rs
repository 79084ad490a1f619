//! Ed25519 keys: made, written down, trusted, exchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use crate::shutdown::Shutdown;

/// A key that cannot be used. Says nothing about its bytes.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not an Ed25519 key in the expected form.
    #[error("not an Ed25519 key")]
    Malformed,
    /// The random source or the signing failed.
    #[error("key operation failed")]
    Failed,
    /// The document is not a JSON Web Key Set.
    #[error("not a key set")]
    NotAKeySet,
}

/// The public half, as text: 32 bytes in base64url.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(String);

impl PublicKey {
    /// From base64url.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when it is no Ed25519 key.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let key = Self(text.to_owned());
        key.decoding()?;
        Ok(key)
    }

    /// The id that tokens name it by: half of its SHA-256.
    pub fn kid(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        hex::encode(digest.iter().take(16).copied().collect::<Vec<u8>>())
    }

    /// Base64url, as configuration and key sets have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn decoding(&self) -> Result<DecodingKey, KeyError> {
        let length = URL_SAFE_NO_PAD
            .decode(&self.0)
            .map_err(|_| KeyError::Malformed)?
            .len();
        if length != 32 {
            return Err(KeyError::Malformed);
        }
        DecodingKey::from_ed_components(&self.0).map_err(|_| KeyError::Malformed)
    }
}

/// The private half. Prints as nothing.
pub struct PrivateKey {
    pkcs8: SecretSlice<u8>,
    public: PublicKey,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey")
            .field("kid", &self.public.kid())
            .finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// Reads what [`PrivateKey::to_text`] wrote.
    pub fn from_text(text: &SecretString) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.expose_secret().trim())
            .map_err(|_| KeyError::Malformed)?;
        Self::from_pkcs8(bytes)
    }

    /// For a key file with mode 0400.
    pub fn to_text(&self) -> SecretString {
        SecretString::from(URL_SAFE_NO_PAD.encode(self.pkcs8.expose_secret()))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn from_pkcs8(bytes: Vec<u8>) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| KeyError::Malformed)?;
        let public = PublicKey(URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()));
        Ok(Self {
            pkcs8: SecretSlice::from(bytes),
            public,
        })
    }

    pub(super) fn encoding(&self) -> EncodingKey {
        EncodingKey::from_ed_der(self.pkcs8.expose_secret())
    }
}

/// A fresh key pair; what embedded mode makes at its first start.
pub fn generate_key() -> Result<PrivateKey, KeyError> {
    let document =
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::Failed)?;
    PrivateKey::from_pkcs8(document.as_ref().to_vec())
}

/// Whose signature counts for what: the `trust` section of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustConfig {
    /// Keys of the account service, which signs for persons and partners.
    pub issuers: Vec<PublicKey>,
    /// Keys of each of our services, by name; two while one is being replaced.
    pub services: BTreeMap<String, Vec<PublicKey>>,
    /// Partners that sign their own tokens, by client id.
    pub partners: BTreeMap<String, PartnerTrust>,
}

/// A partner system that signs its own tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerTrust {
    /// Its keys.
    pub keys: Vec<PublicKey>,
    /// What it may do at most, whatever its tokens say.
    pub scopes: BTreeSet<String>,
}

/// What the holder of a key may vouch for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Issuer,
    Service(String),
    Partner(String, BTreeSet<String>),
}

#[derive(Clone)]
pub(super) struct Trusted {
    pub(super) owner: Owner,
    pub(super) key: DecodingKey,
}

/// The trusted keys by `kid`. Clones share one state; changing it drops every
/// cached verification.
#[derive(Clone, Default)]
pub struct KeySet(Arc<Inner>);

#[derive(Default)]
struct Inner {
    keys: RwLock<(u64, BTreeMap<String, Trusted>)>,
    unknown: Notify,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(keys.1.keys()).finish()
    }
}

impl KeySet {
    /// The configured keys; a malformed one stops the start.
    pub fn new(trust: &TrustConfig) -> Result<Self, KeyError> {
        let set = Self::default();
        for key in &trust.issuers {
            set.trust_issuer(key)?;
        }
        for (service, keys) in &trust.services {
            for key in keys {
                set.trust_service(service, key)?;
            }
        }
        for (partner, PartnerTrust { keys, scopes }) in &trust.partners {
            for key in keys {
                set.add(key, Owner::Partner(partner.clone(), scopes.clone()))?;
            }
        }
        Ok(set)
    }

    /// Trusts a key to sign for persons and partners.
    pub fn trust_issuer(&self, key: &PublicKey) -> Result<(), KeyError> {
        self.add(key, Owner::Issuer)
    }

    /// Trusts a key to sign for one service.
    pub fn trust_service(&self, service: &str, key: &PublicKey) -> Result<(), KeyError> {
        self.add(key, Owner::Service(service.to_owned()))
    }

    /// Replaces the issuer's keys by those of a JSON Web Key Set. Keys that
    /// are not Ed25519 are passed over; a set without any is refused, so that
    /// a broken answer keeps the last good one.
    pub fn replace_issuers(&self, jwks: &str) -> Result<(), KeyError> {
        let document: Document = serde_json::from_str(jwks).map_err(|_| KeyError::NotAKeySet)?;
        let mut fresh = BTreeMap::new();
        for key in document.keys {
            if key.kty != "OKP" || key.crv.as_deref() != Some("Ed25519") {
                continue;
            }
            let public = PublicKey(key.x.ok_or(KeyError::NotAKeySet)?);
            let trusted = Trusted {
                owner: Owner::Issuer,
                key: public.decoding()?,
            };
            fresh.insert(public.kid(), trusted);
        }
        if fresh.is_empty() {
            return Err(KeyError::NotAKeySet);
        }
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.1.retain(|_, trusted| trusted.owner != Owner::Issuer);
        // A key of a service or partner never comes to sign for persons.
        fresh.retain(|kid, _| !keys.1.contains_key(kid));
        keys.1.append(&mut fresh);
        keys.0 += 1;
        Ok(())
    }

    /// Waits until a token names a key that is not in the set.
    pub async fn unknown_key(&self) {
        self.0.unknown.notified().await;
    }

    fn add(&self, key: &PublicKey, owner: Owner) -> Result<(), KeyError> {
        let trusted = Trusted {
            owner,
            key: key.decoding()?,
        };
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.1.insert(key.kid(), trusted);
        keys.0 += 1;
        Ok(())
    }

    pub(super) fn find(&self, kid: &str) -> Option<Trusted> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let found = keys.1.get(kid).cloned();
        if found.is_none() {
            self.0.unknown.notify_one();
        }
        found
    }

    pub(super) fn generation(&self) -> u64 {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).0
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<DocumentKey>,
}

#[derive(Deserialize)]
struct DocumentKey {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
}

/// Keeps the issuer's keys fresh: every 10 minutes, and when a token names an
/// unknown key, but not within 30 seconds of the last time. A failing fetch
/// leaves the last good set in use. Ends at shutdown.
pub async fn keep_fresh<F, Fut>(keys: KeySet, shutdown: Shutdown, fetch: F)
where
    F: Fn() -> Fut + Send,
    Fut: Future<Output = Result<String, crate::failure::Failure>> + Send,
{
    loop {
        match fetch().await {
            Ok(jwks) => {
                if let Err(error) = keys.replace_issuers(&jwks) {
                    tracing::warn!(%error, "the issuer's key set is kept as it was");
                }
            }
            Err(failure) => tracing::warn!(%failure, "the issuer's key set cannot be fetched"),
        }
        if !shutdown.pause(Duration::from_secs(30)).await {
            return;
        }
        tokio::select! {
            () = keys.unknown_key() => {}
            go_on = shutdown.pause(Duration::from_secs(570)) => if !go_on { return },
        }
    }
}
