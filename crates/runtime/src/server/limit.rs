//! Message limit: a request body is cut off as soon as it is longer than its
//! method allows, before it is decoded.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use tonic::Status;
use tonic::body::Body;

use super::MESSAGE_LIMIT;
use super::step::{Passing, Step};
use crate::failure::Failure;

/// The prefix of a message on the wire.
const PREFIX: usize = 5;

pub(super) struct Limit {
    pub(super) large: Arc<BTreeMap<String, usize>>,
}

impl Step for Limit {
    fn name(&self) -> &'static str {
        "message limit"
    }

    fn pass(&self, request: &mut Request<Body>, _: &mut Passing) -> Result<(), Failure> {
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
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match self.left.checked_sub(length) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(Failure::too_large(self.limit).into()))),
            }
        }
        Poll::Ready(frame)
    }
}
