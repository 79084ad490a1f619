//! Passwords, opaque tokens and their hashes.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// Hashes, derives and draws secrets.
pub(crate) struct Secrets {
    argon2: Argon2<'static>,
    derive: hmac::Key,
    random: SystemRandom,
    /// Verified against when the name is unknown, so that it takes as long.
    nobody: String,
}

impl Secrets {
    pub(crate) fn new(master: &[u8; 32], cost: Params) -> Result<Self, Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
        let nobody = hash(&argon2, "nobody signs in with this")?;
        let derive = hmac::Key::new(hmac::HMAC_SHA256, master);
        Ok(Self {
            argon2,
            derive,
            random: SystemRandom::new(),
            nobody,
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

    /// The Argon2id hash of a password, off the runtime's threads.
    pub(crate) async fn hash_password(self: &Arc<Self>, password: String) -> Result<String, Error> {
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || hash(&this.argon2, &password))
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
        tokio::task::spawn_blocking(move || {
            let known = hashed.is_some();
            let hashed = hashed.unwrap_or_else(|| this.nobody.clone());
            let parsed =
                PasswordHash::new(&hashed).map_err(|_| Error::Cryptography("a stored hash"))?;
            Ok(this
                .argon2
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
                && known)
        })
        .await
        .map_err(|_| Error::Cryptography("a hash broke"))?
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
