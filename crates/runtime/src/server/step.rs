//! The layers of every call, by name and in order. The order is a promise: a
//! refusal is traced, a call without time left is not authenticated, nobody is
//! asked for a permission before we know who they are, and no handler's panic
//! takes the process with it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::clock::Clock;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceExt as _};
use tracing::{Instrument as _, Span};

use super::access::Table;
use super::{authenticate, deadline, decode, limit, panic, permit, trace};
use crate::auth::Verifier;
use crate::client::{Scope, enter};
use crate::failure::Failure;
use crate::incarnation::Incarnations;

/// The names of the layers, outermost first.
pub const LAYERS: [&str; 6] = [
    "trace context",
    "deadline budget",
    "authentication",
    "permission",
    "message limit",
    "panic",
];

/// What the layers share.
pub(super) struct Parts {
    pub(super) verifier: Arc<Verifier>,
    pub(super) incarnations: Incarnations,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) table: Arc<Table>,
    pub(super) large: Arc<BTreeMap<String, usize>>,
}

/// What the layers have found out about a call.
pub(super) struct Passing {
    pub(super) span: Span,
    pub(super) budget: Duration,
    pub(super) on_behalf: Option<HeaderValue>,
}

/// A layer that looks at a request on its way in.
pub(super) trait Step: Send + Sync {
    /// Its name in [`LAYERS`].
    fn name(&self) -> &'static str;
    /// Lets the request pass, changed or not, or refuses it.
    fn pass(&self, request: &mut Request<Body>, passing: &mut Passing) -> Result<(), Failure>;
}

/// The layers in order; the last, panic, wraps the handler itself.
pub(super) fn steps(parts: Parts) -> Vec<Box<dyn Step>> {
    let Parts {
        verifier,
        incarnations,
        clock,
        table,
        large,
    } = parts;
    vec![
        Box::new(trace::Trace),
        Box::new(deadline::Deadline),
        Box::new(authenticate::Authenticate { verifier }),
        Box::new(permit::Permit {
            table,
            incarnations,
            clock,
        }),
        Box::new(limit::Limit { large }),
    ]
}

/// Puts the layers before the routes.
pub(super) fn stack(steps: Vec<Box<dyn Step>>, routes: tonic::service::Routes) -> Stack {
    debug_assert!(
        steps
            .iter()
            .map(|s| s.name())
            .eq(LAYERS.into_iter().take(steps.len()))
    );
    Stack {
        steps: steps.into(),
        routes,
    }
}

/// A server's routes behind their layers.
#[derive(Clone)]
pub(super) struct Stack {
    steps: Arc<[Box<dyn Step>]>,
    routes: tonic::service::Routes,
}

impl Service<Request<Body>> for Stack {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let mut passing = Passing {
            span: Span::none(),
            budget: deadline::LONGEST,
            on_behalf: None,
        };
        for step in self.steps.iter() {
            if let Err(failure) = step.pass(&mut request, &mut passing) {
                let span = passing.span;
                span.in_scope(|| tracing::debug!(layer = step.name(), %failure, "refused"));
                return Box::pin(async move { Ok(Status::from(failure).into_http()) });
            }
        }
        let routes = self.routes.clone();
        let scope = Scope {
            deadline: Some(tokio::time::Instant::now() + passing.budget),
            on_behalf: passing.on_behalf,
        };
        let handled = async move {
            let work = AssertUnwindSafe(enter(scope, routes.oneshot(request))).catch_unwind();
            match tokio::time::timeout(passing.budget, work).await {
                Ok(Ok(answer)) => answer.map(decode::told),
                Ok(Err(cause)) => Ok(Status::from(panic::failure(&*cause)).into_http()),
                Err(_) => Ok(Status::from(Failure::deadline()).into_http()),
            }
        };
        Box::pin(handled.instrument(passing.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{KeySet, TrustConfig};
    use crate::clock::SystemClock;

    #[test]
    fn the_layers_stand_in_the_promised_order() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = KeySet::new(&TrustConfig::default()).unwrap();
        let made = steps(Parts {
            verifier: Arc::new(Verifier::new(keys, Arc::clone(&clock))),
            incarnations: Incarnations::default(),
            clock,
            table: Arc::new(Table::of(proto::DESCRIPTORS, &[]).unwrap()),
            large: Arc::default(),
        });
        let names: Vec<_> = made.iter().map(|s| s.name()).chain(["panic"]).collect();
        assert_eq!(names, LAYERS);
    }
}
