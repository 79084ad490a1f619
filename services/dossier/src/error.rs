//! What can go wrong in a use-case, and how it is told to a caller.

use domain::working_time::ClockError;
use runtime::{Failure, FieldViolation};
use storage::StorageError;

/// Why a use-case did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Another service refused or is away.
    #[error("another service: {0}")]
    Elsewhere(Box<Failure>),
    /// Fields are missing or wrong.
    #[error("wrong fields")]
    Fields(Vec<FieldViolation>),
    /// There is none, or the caller may not know of it.
    #[error("not found")]
    NotFound,
    /// The caller may know of it but not do this.
    #[error("denied: {0}")]
    Denied(&'static str),
    /// The file does not allow it now.
    #[error("refused: {0}")]
    Refused(&'static str, &'static str),
    /// The etag is stale; this is the current one.
    #[error("stale etag")]
    Stale(String),
    /// The key came with another body.
    #[error("idempotency key reused")]
    Reused,
    /// Done more than 30 days ago.
    #[error("already done")]
    AlreadyDone(String),
    /// The partner filed this one before.
    #[error("already filed")]
    AlreadyFiled(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Elsewhere(Box::new(failure))
    }
}

impl From<ClockError> for Error {
    fn from(_: ClockError) -> Self {
        Self::Refused("CLOCK", "không tính được ngày")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(StorageError::Unavailable) => Failure::unavailable("dossier"),
            Error::Storage(error) => Failure::internal(&error),
            Error::Elsewhere(failure) => *failure,
            Error::Fields(fields) => Failure::invalid(fields),
            Error::NotFound => Failure::not_found("dossier"),
            Error::Denied(_) => Failure::denied(),
            Error::Refused(rule, text) => Failure::rule(rule, text),
            Error::Stale(etag) => Failure::stale_etag(&etag),
            Error::Reused => Failure::idempotency_key_reused(),
            Error::AlreadyDone(resource) => Failure::already_done(&resource),
            Error::AlreadyFiled(resource) => {
                Failure::already_exists("dossier").with("resource", &resource)
            }
        }
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

/// A stored row that cannot be what it is.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an id is as often a text at hand as a value"
)]
pub(crate) fn corrupt(table: &'static str, id: impl ToString, why: &str) -> StorageError {
    StorageError::Corrupt {
        table,
        id: id.to_string(),
        why: why.to_owned(),
    }
}
