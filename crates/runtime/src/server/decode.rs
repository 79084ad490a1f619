//! Bytes that are no message of the method's type: the codec calls that a fault of
//! ours and tells its own words. It is the caller's, and is told as any refusal is.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::failure::Failure;

/// How the codec begins what it says of such bytes.
const WORDS: &str = "failed to decode Protobuf message";

/// The answer as the caller gets it.
pub(super) fn told(answer: Response<Body>) -> Response<Body> {
    // What has a message has its status behind it, in the trailers.
    if !answer.headers().contains_key(Status::GRPC_STATUS) {
        return answer;
    }
    let malformed = Status::from_header_map(answer.headers())
        .filter(|status| status.code() == Code::Internal && status.message().starts_with(WORDS));
    if malformed.is_some() {
        Status::from(Failure::malformed()).into_http()
    } else {
        answer
    }
}
