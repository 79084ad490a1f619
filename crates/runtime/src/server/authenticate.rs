//! Authentication: a token that is there must be good, whoever may call.

use std::sync::Arc;

use http::Request;
use http::header::AUTHORIZATION;
use tonic::body::Body;

use super::step::{Passing, Step};
use crate::auth::{ON_BEHALF, Verifier};
use crate::failure::Failure;

pub(super) struct Authenticate {
    pub(super) verifier: Arc<Verifier>,
}

impl Step for Authenticate {
    fn name(&self) -> &'static str {
        "authentication"
    }

    fn pass(&self, request: &mut Request<Body>, passing: &mut Passing) -> Result<(), Failure> {
        let headers = request.headers();
        let text = |name: http::HeaderName| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) => value
                    .to_str()
                    .map(Some)
                    .map_err(|_| Failure::unauthenticated()),
                // Who stands before us may have looked at the other one.
                (Some(_), Some(_)) => Err(Failure::unauthenticated()),
            }
        };
        let Some(bearer) = text(AUTHORIZATION)? else {
            return Ok(());
        };
        let bearer = bearer
            .strip_prefix("Bearer ")
            .ok_or_else(Failure::unauthenticated)?;
        let on_behalf = text(http::HeaderName::from_static(ON_BEHALF))?;
        let caller = self.verifier.caller(bearer, on_behalf)?;
        // What this call makes us call is made for the same person or partner.
        passing.on_behalf = match (caller.is_service_itself(), on_behalf) {
            (true, _) => None,
            (false, Some(token)) => Some(sensitive(token)?),
            (false, None) => Some(sensitive(bearer)?),
        };
        request.extensions_mut().insert(caller);
        Ok(())
    }
}

fn sensitive(token: &str) -> Result<http::HeaderValue, Failure> {
    let mut value = http::HeaderValue::from_str(token).map_err(|_| Failure::unauthenticated())?;
    value.set_sensitive(true);
    Ok(value)
}
