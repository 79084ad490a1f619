//! The one shape of a refusal: a stable reason, a Vietnamese sentence for
//! people, and never a driver's text.

mod catalogue;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Ids as _;
pub use proto::common::v1::ErrorReason as Reason;

use crate::clock::SystemIds;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// The path of the field, as in the contract: `applicant.full_name`.
    pub field: String,
    /// What is wrong, in Vietnamese.
    pub message: String,
}

impl FieldViolation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// Why a request was not carried out. One constructor for each reason of the
/// contract; `From<Failure> for tonic::Status` chooses the code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.reason.as_str_name())]
pub struct Failure {
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) fields: Vec<FieldViolation>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    fn new(reason: Reason) -> Self {
        Self {
            reason,
            message: catalogue::vietnamese(reason).to_owned(),
            fields: Vec::new(),
            metadata: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// Every wrong field at once.
    pub fn invalid(fields: Vec<FieldViolation>) -> Self {
        Self {
            fields,
            ..Self::new(Reason::InvalidField)
        }
    }

    /// One wrong field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldViolation::new(field, message)])
    }

    /// The bytes are no message of the method's type.
    pub fn malformed() -> Self {
        Self {
            message: "Nội dung gửi lên không phải là thông điệp hợp lệ của phương thức này."
                .to_owned(),
            ..Self::new(Reason::InvalidField)
        }
    }

    /// No token, or one that is forged, expired or for somebody else.
    pub fn unauthenticated() -> Self {
        Self::new(Reason::Unauthenticated)
    }

    /// The caller may know of the thing but not do this to it.
    pub fn denied() -> Self {
        Self::new(Reason::Denied)
    }

    /// No such thing, or hidden from the caller: `what` is a kind and never
    /// tells the two apart (`dossier`).
    pub fn not_found(what: &str) -> Self {
        Self::new(Reason::NotFound).with("resource", what)
    }

    /// The state does not allow this act.
    pub fn wrong_state(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::new(Reason::WrongState)
        }
    }

    /// A rule of procedure refuses; `rule` is its stable name.
    pub fn rule(rule: &str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::new(Reason::RuleRefuses)
        }
        .with("rule", rule)
    }

    /// The etag is stale; the current one goes back.
    pub fn stale_etag(current: &str) -> Self {
        Self::new(Reason::StaleEtag).with("etag", current)
    }

    /// The same `request_id` came with another body.
    pub fn idempotency_key_reused() -> Self {
        Self::new(Reason::IdempotencyKeyReused)
    }

    /// The `request_id` was answered more than 30 days ago.
    pub fn already_done(resource: &str) -> Self {
        Self::new(Reason::AlreadyDone).with("resource", resource)
    }

    /// Something of this key exists.
    pub fn already_exists(what: &str) -> Self {
        Self::new(Reason::AlreadyExists).with("resource", what)
    }

    /// Too many calls.
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Reason::RateLimited)
        }
    }

    /// The message is larger than the limit in bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(Reason::TooLarge).with("limit", &limit.to_string())
    }

    /// A database or another service is away; safe to retry.
    pub fn unavailable(what: &str) -> Self {
        Self::new(Reason::Unavailable).with("resource", what)
    }

    /// The caller's deadline passed or is too near.
    pub fn deadline() -> Self {
        Self::new(Reason::Deadline)
    }

    /// The store of `service` was restored to another instant.
    pub fn incarnation_mismatch(service: &str) -> Self {
        Self::new(Reason::IncarnationMismatch).with("service", service)
    }

    /// The clocks of two services differ by more than 2 minutes.
    pub fn clock_skew() -> Self {
        Self::new(Reason::ClockSkew)
    }

    /// A fault of ours: logged here once under a fresh incident id, which is
    /// all that the caller gets to see.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        Self::incident(&error.to_string(), &causes)
    }

    /// As [`Failure::internal`], for a fault that has no error value.
    pub fn bug(what: &str) -> Self {
        Self::incident(what, &[])
    }

    fn incident(error: &str, causes: &[String]) -> Self {
        let incident = SystemIds.next().to_string();
        tracing::error!(%incident, %error, ?causes, "internal error");
        Self::new(Reason::Internal).with("incident", &incident)
    }

    /// The sign-in name or the secret is wrong; which one is not said.
    pub fn wrong_credentials() -> Self {
        Self::new(Reason::WrongCredentials)
    }

    /// This deployment's configuration refuses it.
    pub fn not_configured(what: &str) -> Self {
        Self::new(Reason::NotConfigured).with("resource", what)
    }

    /// Adds one entry of metadata: ids and names, never personal data.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Replaces the Vietnamese sentence.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The stable reason.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The Vietnamese sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The wrong fields.
    pub fn fields(&self) -> &[FieldViolation] {
        &self.fields
    }

    /// One entry of metadata: `rule`, `etag`, `resource`, `incident`…
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// When to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether what was asked may have been done, or may yet be: nobody has said
    /// that it was refused.
    pub fn is_undecided(&self) -> bool {
        self.is_transient() || matches!(self.reason, Reason::Internal | Reason::Unspecified)
    }

    /// Whether the same request with the same `request_id` may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.reason,
            Reason::Unavailable | Reason::RateLimited | Reason::Deadline
        )
    }
}
