//! What can go wrong, and how it is told to a caller.

use runtime::{Failure, FieldViolation};
use storage::StorageError;

/// Why a use-case did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Fields are wrong.
    #[error("wrong fields")]
    Fields(Vec<FieldViolation>),
    /// No such message for this caller.
    #[error("not found")]
    NotFound,
    /// An event of the feed cannot be read.
    #[error("an event cannot be read")]
    Event,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(StorageError::Unavailable) => Failure::unavailable("notification"),
            Error::Storage(error) => Failure::internal(&error),
            Error::Fields(fields) => Failure::invalid(fields),
            Error::NotFound => Failure::not_found("message"),
            Error::Event => Failure::bug("an event cannot be read"),
        }
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
