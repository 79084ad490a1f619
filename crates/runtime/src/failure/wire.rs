//! Failures on the wire and back.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{Failure, FieldViolation, Reason, catalogue};

/// The domain of every `ErrorInfo` that we send.
const DOMAIN: &str = "motcua";
const PREFIX: &str = "ERROR_REASON_";

fn code(reason: Reason) -> Code {
    match reason {
        Reason::InvalidField | Reason::IdempotencyKeyReused => Code::InvalidArgument,
        Reason::Unauthenticated | Reason::WrongCredentials => Code::Unauthenticated,
        Reason::Denied => Code::PermissionDenied,
        Reason::NotFound => Code::NotFound,
        Reason::WrongState
        | Reason::RuleRefuses
        | Reason::IncarnationMismatch
        | Reason::NotConfigured => Code::FailedPrecondition,
        Reason::StaleEtag => Code::Aborted,
        Reason::AlreadyDone | Reason::AlreadyExists => Code::AlreadyExists,
        Reason::RateLimited | Reason::TooLarge => Code::ResourceExhausted,
        Reason::Unavailable | Reason::ClockSkew => Code::Unavailable,
        Reason::Deadline => Code::DeadlineExceeded,
        Reason::Internal | Reason::Unspecified => Code::Internal,
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason;
        let name = reason.as_str_name();
        let mut details = ErrorDetails::with_error_info(
            name.strip_prefix(PREFIX).unwrap_or(name),
            DOMAIN,
            failure
                .metadata
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
        details.set_localized_message("vi", failure.message);
        for violation in failure.fields {
            details.add_bad_request_violation(violation.field, violation.message);
        }
        if failure.retry_after.is_some() {
            details.set_retry_info(failure.retry_after);
        }
        Status::with_error_details(code(reason), catalogue::english(reason), details)
    }
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        Failure::from_status(status)
    }
}

impl Failure {
    /// What another service said, with its Vietnamese text and field
    /// violations. A status that is not ours is judged by its code, and its
    /// text is dropped; one that was made on this side of a line that broke has
    /// a source, and says that the service is away, whatever code it was given.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let reason = details
            .error_info()
            .filter(|info| info.domain == DOMAIN)
            .and_then(|info| Reason::from_str_name(&format!("{PREFIX}{}", info.reason)))
            .unwrap_or_else(|| foreign(status));
        let mut failure = Failure::new(reason);
        if let Some(text) = details.localized_message() {
            failure.message.clone_from(&text.message);
        }
        if let Some(info) = details.error_info() {
            failure.metadata.extend(info.metadata.clone());
        }
        if let Some(request) = details.bad_request() {
            failure.fields = request
                .field_violations
                .iter()
                .map(|v| FieldViolation::new(&v.field, &v.description))
                .collect();
        }
        failure.retry_after = details.retry_info().and_then(|info| info.retry_delay);
        failure
    }
}

fn foreign(status: &Status) -> Reason {
    let broke = std::error::Error::source(status).is_some();
    match status.code() {
        Code::Unknown | Code::Internal | Code::DataLoss if broke => Reason::Unavailable,
        Code::InvalidArgument => Reason::InvalidField,
        Code::Unauthenticated => Reason::Unauthenticated,
        Code::PermissionDenied => Reason::Denied,
        Code::NotFound => Reason::NotFound,
        Code::FailedPrecondition => Reason::WrongState,
        Code::Aborted => Reason::StaleEtag,
        Code::AlreadyExists => Reason::AlreadyExists,
        Code::ResourceExhausted => Reason::RateLimited,
        Code::Unavailable | Code::Cancelled => Reason::Unavailable,
        Code::DeadlineExceeded => Reason::Deadline,
        Code::Ok
        | Code::Unknown
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Reason::Internal,
    }
}
