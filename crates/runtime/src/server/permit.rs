//! Permission: deny unless the contract lets this kind of caller in. Between our
//! own services a write is refused when the two sides disagree on what was
//! restored, or on what time it is.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::actor::Principal;
use domain::clock::Clock;
use http::Request;
use proto::common::v1::Audience;
use tonic::body::Body;

use super::access::Table;
use super::step::{Passing, Step};
use crate::auth::Caller;
use crate::failure::Failure;
use crate::incarnation::{Incarnations, SENT_AT};

/// Services' clocks may differ by this much.
const SKEW: TimeDelta = TimeDelta::minutes(2);
/// Mounted on purpose, open to anyone who reaches the port.
const OPEN: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

pub(super) struct Permit {
    pub(super) table: Arc<Table>,
    pub(super) incarnations: Incarnations,
    pub(super) clock: Arc<dyn Clock>,
}

impl Step for Permit {
    fn name(&self) -> &'static str {
        "permission"
    }

    fn pass(&self, request: &mut Request<Body>, _: &mut Passing) -> Result<(), Failure> {
        let path = request.uri().path();
        if OPEN.iter().any(|prefix| path.starts_with(prefix)) {
            return Ok(());
        }
        // An unknown path has no rule; the routes answer that it is unknown.
        let Some(rule) = self.table.rule(path).cloned() else {
            return Ok(());
        };
        let caller = request.extensions().get::<Caller>();
        admit(rule.audience, caller)?;
        let service = caller.and_then(|c| c.service.as_deref());
        if let Some(service) = service.filter(|_| rule.mutates) {
            self.agree(service, request.headers())?;
        }
        request.extensions_mut().insert(rule);
        Ok(())
    }
}

impl Permit {
    fn agree(&self, caller: &str, headers: &http::HeaderMap) -> Result<(), Failure> {
        if let Some(service) = self.incarnations.mismatch(headers) {
            return Err(Failure::incarnation_mismatch(&service));
        }
        let sent = headers
            .get(SENT_AT)
            .and_then(|v| v.to_str().ok()?.parse().ok())
            .and_then(chrono::DateTime::from_timestamp_millis);
        match sent {
            Some(sent) if (self.clock.now() - sent).abs() <= SKEW => {}
            Some(_) => return Err(Failure::clock_skew()),
            None => return Err(Failure::unauthenticated()),
        }
        // Last: only a call that is let in may say who its service is.
        if self.incarnations.pin(caller, headers) {
            Ok(())
        } else {
            Err(Failure::incarnation_mismatch(caller))
        }
    }
}

fn admit(audience: Audience, caller: Option<&Caller>) -> Result<(), Failure> {
    if audience == Audience::Public {
        return Ok(());
    }
    let caller = caller.ok_or_else(Failure::unauthenticated)?;
    let person = matches!(caller.actor.principal, Principal::Person(_));
    let partner = matches!(caller.actor.principal, Principal::Partner(_));
    let service = caller.service.is_some();
    let admitted = match audience {
        Audience::Public => true,
        Audience::Unspecified => false,
        Audience::Person => person,
        Audience::Service => service,
        Audience::Partner => partner,
        Audience::PersonOrService => person || service,
    };
    if admitted {
        Ok(())
    } else {
        Err(Failure::denied())
    }
}
