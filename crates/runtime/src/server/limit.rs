//! Message limit: headers that are too long are refused, and a request body is
//! cut off as soon as it is longer than its method allows, before it is decoded.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use tonic::Status;
use tonic::body::Body;

use super::step::{Passing, Step};
use super::{HEADER_LIST, MESSAGE_LIMIT};
use crate::failure::Failure;

/// The prefix of a message on the wire.
const PREFIX: usize = 5;
/// What a header counts beside its bytes (RFC 9113, section 6.5.2).
const HEADER: usize = 32;

pub(super) struct Limit {
    pub(super) large: Arc<BTreeMap<String, usize>>,
}

impl Step for Limit {
    fn name(&self) -> &'static str {
        "message limit"
    }

    fn pass(&self, request: &mut Request<Body>, _: &mut Passing) -> Result<(), Failure> {
        let headers = request.headers().iter();
        let length: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len() + HEADER)
            .sum();
        if length > HEADER_LIST {
            return Err(Failure::too_large(HEADER_LIST));
        }
        let limit = self
            .large
            .get(request.uri().path())
            .copied()
            .unwrap_or(MESSAGE_LIMIT);
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Limited {
            body,
            limit,
            left: limit.saturating_add(PREFIX),
            prefix: Vec::with_capacity(PREFIX),
        });
        Ok(())
    }
}

/// A body that ends in an error when it is too long. No request of ours is a
/// stream of messages, so the whole body is one message.
struct Limited {
    body: Body,
    limit: usize,
    left: usize,
    prefix: Vec<u8>,
}

impl Limited {
    /// Whether the length that the message announces is over the limit. The
    /// decoder has one of its own, and tells it in another code.
    fn announces_too_much(&mut self, data: &[u8]) -> bool {
        let missing = PREFIX.saturating_sub(self.prefix.len());
        self.prefix.extend(data.iter().take(missing));
        let [_, length @ ..] = self.prefix.as_slice() else {
            return false;
        };
        let length = <[u8; 4]>::try_from(length).map(u32::from_be_bytes);
        length.is_ok_and(|length| usize::try_from(length).is_ok_and(|n| n > self.limit))
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|f| f.as_ref().ok()?.data_ref()) {
            let announced = self.announces_too_much(data);
            match self.left.checked_sub(data.len()) {
                Some(left) if !announced => self.left = left,
                _ => return Poll::Ready(Some(Err(Failure::too_large(self.limit).into()))),
            }
        }
        Poll::Ready(frame)
    }
}
