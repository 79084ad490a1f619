//! What can go wrong, and how it is told to a caller.

use std::time::Duration;

use runtime::{Failure, FieldViolation};
use storage::StorageError;

/// Why a use-case did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A field is wrong.
    #[error("wrong field {0}")]
    Field(&'static str, &'static str),
    /// Name or secret is wrong, or the session has ended.
    #[error("wrong credentials")]
    Credentials,
    /// Too many wrong passwords.
    #[error("throttled")]
    Throttled(Duration),
    /// The caller may not.
    #[error("denied")]
    Denied,
    /// There is one of this key.
    #[error("exists")]
    Exists(&'static str),
    /// The key came with another body, or long ago.
    #[error("key used")]
    KeyUsed,
    /// This deployment refuses it.
    #[error("refused by configuration")]
    Production,
    /// The unit list that came with the program cannot be used.
    #[error("the unit list: {0}")]
    Units(String),
    /// Hashing, signing or randomness failed.
    #[error("cryptography failed: {0}")]
    Cryptography(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(StorageError::Unavailable) => Failure::unavailable("account"),
            Error::Storage(error) => Failure::internal(&error),
            Error::Field(field, why) => Failure::invalid(vec![FieldViolation::new(field, why)]),
            Error::Credentials => Failure::wrong_credentials(),
            Error::Throttled(wait) => Failure::rate_limited(wait),
            Error::Denied => Failure::denied(),
            Error::Exists(what) => Failure::already_exists(what),
            Error::KeyUsed => Failure::idempotency_key_reused(),
            Error::Production => Failure::not_configured("demo"),
            error @ Error::Units(_) => Failure::internal(&error),
            Error::Cryptography(what) => Failure::bug(what),
        }
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
