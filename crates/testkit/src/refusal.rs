//! What a refusal says, for a test to compare.

use runtime::Failure;
use tonic::{Code, Status};

/// The parts of a refusal that a program or a person relies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// The stable reason, without its prefix: `INVALID_FIELD`.
    pub reason: String,
    /// The paths of the wrong fields.
    pub fields: Vec<String>,
    /// The Vietnamese sentence.
    pub message: String,
}

/// Reads a refusal.
pub fn refusal(status: &Status) -> Refusal {
    let failure = Failure::from_status(status);
    let reason = failure.reason().as_str_name();
    Refusal {
        code: status.code(),
        reason: reason.trim_start_matches("ERROR_REASON_").to_owned(),
        fields: failure.fields().iter().map(|f| f.field.clone()).collect(),
        message: failure.message().to_owned(),
    }
}
