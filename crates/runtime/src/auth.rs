//! Who is calling: `EdDSA` tokens, the keys that may sign them, and the caller
//! that a handler sees.
//!
//! A request carries `authorization: Bearer <token>`. A person or a partner
//! sends its own; one of our services sends its service token and, when it
//! acts for somebody, that one's token unchanged in `motcua-on-behalf`.

mod identity;
mod keys;
mod token;
mod verify;

use domain::actor::{Actor, Principal};

use crate::failure::Failure;

pub use identity::ServiceIdentity;
pub(crate) use identity::bearer;
pub use keys::{
    KeyError, KeySet, PartnerTrust, PrivateKey, PublicKey, TrustConfig, generate_key, keep_fresh,
};
pub use token::{ACCESS_LIFE, Claims, ISSUER, Kind, Signer};
pub use verify::{Revocation, Verifier};

/// The header with the token of the one on whose behalf a service calls.
pub const ON_BEHALF: &str = "motcua-on-behalf";

/// The verified caller of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// For whom: the person or partner, or the service itself.
    pub actor: Actor,
    /// The service that made the call, if one did.
    pub service: Option<String>,
}

impl Caller {
    /// Whether a service calls for itself and for nobody else.
    pub fn is_service_itself(&self) -> bool {
        matches!(self.actor.principal, Principal::Service(_))
    }
}

/// The access rule that let the request in, for handlers that pass the
/// permission's name on to the authority decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who may reach the method.
    pub audience: proto::common::v1::Audience,
    /// The action, such as `dossier.accept`; empty when the audience decides.
    pub permission: String,
    /// Whether the method changes something.
    pub mutates: bool,
}

/// The caller of a request; UNAUTHENTICATED where nobody was verified.
pub fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, Failure> {
    caller_if_any(request).ok_or_else(Failure::unauthenticated)
}

/// The caller of a public method, who may be nobody.
pub fn caller_if_any<T>(request: &tonic::Request<T>) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}
