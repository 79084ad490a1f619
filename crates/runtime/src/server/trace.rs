//! Trace context: the call's span continues the caller's trace.

use http::Request;
use tonic::body::Body;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::step::{Passing, Step};
use crate::failure::Failure;
use crate::telemetry;

pub(super) struct Trace;

impl Step for Trace {
    fn name(&self) -> &'static str {
        "trace context"
    }

    fn pass(&self, request: &mut Request<Body>, passing: &mut Passing) -> Result<(), Failure> {
        let span = tracing::info_span!("rpc", method = request.uri().path());
        // Without a subscriber of traces there is nothing to continue.
        let _ = span.set_parent(telemetry::extract(request.headers()));
        passing.span = span;
        Ok(())
    }
}
