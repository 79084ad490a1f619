//! What can go wrong, and how it is told to a caller.

use std::time::Duration;

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
    /// There is none of this kind, or the caller may not know of it.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The caller may not do this.
    #[error("denied")]
    Denied,
    /// Too many tries; the next one counts after this long.
    #[error("throttled")]
    Throttled(Duration),
    /// The key came with another body.
    #[error("idempotency key reused")]
    Reused,
    /// Done more than 30 days ago.
    #[error("already done")]
    AlreadyDone(String),
    /// The warehouse does not reach its source's position in time.
    #[error("the warehouse is behind its source")]
    Behind,
    /// Another process has the job in hand.
    #[error("another process has the job")]
    LeaseLost,
    /// The account service has no unit yet.
    #[error("no unit is there yet")]
    NoUnits,
    /// The process is shutting down.
    #[error("shutting down")]
    Leaving,
    /// An event of the feed, or an answer of another service, cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(&'static str),
}

impl Error {
    /// Whether the same work may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Error::Storage(error) => *error == StorageError::Unavailable,
            Error::Elsewhere(failure) => failure.is_transient(),
            Error::Behind | Error::NoUnits | Error::Leaving | Error::Throttled(_) => true,
            Error::Fields(_)
            | Error::NotFound(_)
            | Error::Denied
            | Error::Reused
            | Error::AlreadyDone(_)
            | Error::LeaseLost
            | Error::Unreadable(_) => false,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Elsewhere(Box::new(failure))
    }
}

impl From<ClockError> for Error {
    fn from(_: ClockError) -> Self {
        Self::Unreadable("an instant out of range")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(StorageError::Unavailable) | Error::Leaving | Error::NoUnits => {
                Failure::unavailable("gateway")
            }
            Error::Storage(error) => Failure::internal(&error),
            Error::Elsewhere(failure) => *failure,
            Error::Fields(fields) => Failure::invalid(fields),
            Error::NotFound(what) => Failure::not_found(what),
            Error::Denied => Failure::denied(),
            Error::Throttled(wait) => Failure::rate_limited(wait),
            Error::Reused => Failure::idempotency_key_reused(),
            Error::AlreadyDone(resource) => Failure::already_done(&resource),
            Error::Behind => Failure::unavailable("warehouse")
                .saying("Kho dữ liệu chưa theo kịp nguồn. Vui lòng thử lại sau ít phút."),
            Error::LeaseLost => Failure::unavailable("job"),
            Error::Unreadable(what) => Failure::bug(what),
        }
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
