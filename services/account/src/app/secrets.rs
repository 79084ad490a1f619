//! Passwords, opaque tokens and their hashes.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::error::Error;

/// Hashes, derives and draws secrets.
pub(crate) struct Secrets {
    argon2: Argon2<'static>,
    /// Of the least cost.
    least: Argon2<'static>,
    derive: hmac::Key,
    random: SystemRandom,
    /// Verified against when the name is unknown, so that it takes as long.
    nobody: String,
    /// Hashes that may wait: a flood of sign-ins is refused before it costs
    /// memory.
    waiting: Semaphore,
    /// Hashes that run: each takes a core and its memory.
    running: Arc<Semaphore>,
}

/// As many hashes at once as leave the machine to other calls.
const RUNNING: usize = 2;
/// With two running, the last of these waits some two seconds.
const WAITING: usize = 64;
/// What is told to those beyond.
const LATER: Duration = Duration::from_secs(2);

impl Secrets {
    pub(crate) fn new(master: &[u8; 32], cost: Params) -> Result<Self, Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
        let least = Params::new(Params::MIN_M_COST, 1, 1, None)
            .map_err(|_| Error::Cryptography("argon2 cost"))?;
        let least = Argon2::new(Algorithm::Argon2id, Version::V0x13, least);
        let nobody = hash(&argon2, "nobody signs in with this")?;
        let derive = hmac::Key::new(hmac::HMAC_SHA256, master);
        Ok(Self {
            argon2,
            least,
            derive,
            random: SystemRandom::new(),
            nobody,
            waiting: Semaphore::new(WAITING),
            running: Arc::new(Semaphore::new(RUNNING)),
        })
    }

    /// An opaque token of 256 random bits.
    pub(crate) fn token(&self) -> Result<String, Error> {
        let mut bytes = [0; 32];
        self.random
            .fill(&mut bytes)
            .map_err(|_| Error::Cryptography("randomness"))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The one token that follows from another: a refresh that is asked twice in
    /// its grace gets the same successor.
    pub(crate) fn derived(&self, purpose: &str, from: &str) -> String {
        let tag = hmac::sign(&self.derive, format!("{purpose}\0{from}").as_bytes());
        URL_SAFE_NO_PAD.encode(tag.as_ref())
    }

    /// Does a costly hash off the runtime's threads, a few at a time. A caller who
    /// hangs up leaves its turn only when the hash is done.
    async fn costly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| Error::Throttled(LATER))?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Cryptography("a hash broke"))?;
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        hashing
            .await
            .map_err(|_| Error::Cryptography("a hash broke"))?
    }

    /// The Argon2id hash of a password.
    pub(crate) async fn hash_password(self: &Arc<Self>, password: String) -> Result<String, Error> {
        let this = Arc::clone(self);
        self.costly(move || hash(&this.argon2, &password)).await
    }

    /// The hash of a password of 256 random bits. Nobody can guess one, so the
    /// cost that protects what people choose would protect nothing.
    pub(crate) async fn hash_random(self: &Arc<Self>, password: String) -> Result<String, Error> {
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || hash(&this.least, &password))
            .await
            .map_err(|_| Error::Cryptography("a hash broke"))?
    }

    /// Whether a password is the hashed one; without a hash it takes as long and
    /// is not.
    pub(crate) async fn check_password(
        self: &Arc<Self>,
        hashed: Option<String>,
        password: String,
    ) -> Result<bool, Error> {
        let this = Arc::clone(self);
        self.costly(move || {
            let known = hashed.is_some();
            let hashed = hashed.unwrap_or_else(|| this.nobody.clone());
            let parsed =
                PasswordHash::new(&hashed).map_err(|_| Error::Cryptography("a stored hash"))?;
            let right = this.argon2.verify_password(password.as_bytes(), &parsed);
            Ok(right.is_ok() && known)
        })
        .await
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, Error> {
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| Error::Cryptography("a hash"))
}

/// The stored form of an opaque token: it has 256 random bits, so one fast hash
/// is enough.
pub(crate) fn fingerprint(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
