//! Deadline budget: what the caller gives, at most half a minute; with nearly
//! nothing left no work is begun.

use std::time::Duration;

use http::Request;
use tonic::body::Body;

use super::step::{Passing, Step};
use crate::client::asked;
use crate::failure::Failure;

/// No call may take longer; long work is a job.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// A stream of events is open for as long as a connection may be.
const STREAM: Duration = Duration::from_mins(16);
/// The methods that answer with a stream and go on.
const STREAMS: [&str; 2] = ["/Watch", "/Verify"];
/// With less left, the answer would come too late.
const LEAST: Duration = Duration::from_millis(100);

pub(super) struct Deadline;

impl Step for Deadline {
    fn name(&self) -> &'static str {
        "deadline budget"
    }

    fn pass(&self, request: &mut Request<Body>, passing: &mut Passing) -> Result<(), Failure> {
        let path = request.uri().path();
        let streams = STREAMS.iter().any(|method| path.ends_with(method));
        let longest = if streams { STREAM } else { LONGEST };
        let budget = asked(request.headers()).unwrap_or(longest).min(longest);
        if budget < LEAST {
            return Err(Failure::deadline());
        }
        // The layer holds the time; tonic's own timer would answer untyped.
        request.headers_mut().remove("grpc-timeout");
        passing.budget = budget;
        Ok(())
    }
}
