//! What can go wrong in a use-case, and how it is told to a caller.

use domain::process::Refusal;
use domain::working_time::ClockError;
use runtime::Failure;
use storage::StorageError;

use crate::data::DataError;

/// Why a use-case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The data that came with the program cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The state table or the process refuses.
    #[error(transparent)]
    Refused(Refusal),
    /// The clock cannot count.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The instance has moved on; its version now.
    #[error("stale: the instance is at version {0}")]
    Stale(i64),
    /// No such thing.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A field names what is not there.
    #[error("wrong field {0}")]
    Field(&'static str, &'static str),
    /// The caller may not.
    #[error("denied")]
    Denied,
    /// The sender's clock differs by more than 2 minutes.
    #[error("clock skew")]
    Skew,
    /// The key came before with another body.
    #[error("idempotency key reused")]
    Reused,
    /// The key was answered more than 30 days ago.
    #[error("done long ago: {0}")]
    AlreadyDone(String),
    /// The instance was opened before under another key.
    #[error("exists: {0}")]
    AlreadyExists(String),
    /// A rule that is no row of the state table.
    #[error("rule {0}")]
    Rule(&'static str, &'static str),
}

/// A stored row that cannot be read.
pub fn corrupt(table: &'static str, key: &str) -> StorageError {
    StorageError::Corrupt {
        table,
        id: key.to_owned(),
        why: "cannot be read".to_owned(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(StorageError::Unavailable) => Failure::unavailable("workflow"),
            Error::Storage(error) => Failure::internal(&error),
            Error::Data(error) => Failure::internal(&error),
            Error::Refused(refusal) => refused(&refusal),
            Error::Clock(error) => Failure::rule("CLOCK", error.to_string()),
            Error::Stale(version) => Failure::stale_etag(&version.to_string()),
            Error::NotFound(what) => Failure::not_found(what),
            Error::Field(field, why) => Failure::invalid_field(field, why),
            Error::Denied => Failure::denied(),
            Error::Skew => Failure::clock_skew(),
            Error::Reused => Failure::idempotency_key_reused(),
            Error::AlreadyDone(what) => Failure::already_done(&what),
            Error::AlreadyExists(what) => Failure::already_exists(&what),
            Error::Rule(rule, why) => Failure::rule(rule, why),
        }
    }
}

fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::WrongState { .. } | Refusal::OtherStepFirst { .. } => {
            Failure::wrong_state(refusal.vi()).with("rule", refusal.reason())
        }
        Refusal::ForeignDefinition => Failure::internal(refusal),
        Refusal::SecondIntakeSupplement
        | Refusal::SecondSupplement
        | Refusal::SupplementTooLate
        | Refusal::NothingToExtend
        | Refusal::SecondExtension
        | Refusal::ExtensionTooLate
        | Refusal::ExtensionBackwards
        | Refusal::ExtensionOffHours
        | Refusal::ExtensionTooLong
        | Refusal::OtherDraft
        | Refusal::DrafterSigns
        | Refusal::AccepterSigns
        | Refusal::NothingToRecall
        | Refusal::NoEarlierStep
        | Refusal::Clock(_) => Failure::rule(refusal.reason(), refusal.vi()),
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}
