//! A source that says what a test wants.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::{Stream, StreamExt as _};
use prost::Message as _;
use proto::event::v1::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use proto::event::v1::{FeedEntry, ReadRequest, ReadResponse, WatchRequest, WatchResponse};
use runtime::client::Channel;
use runtime::failure::Failure;
use runtime::server::Routes;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use motcua_feed as feed;

use crate::{Pair, event_of};

/// What one call of `Watch` is answered with: entries, after which the line is
/// ended, or a refusal. What is asked after the last one waits for ever.
pub(crate) type Line = Result<(Uuid, Vec<FeedEntry>), Failure>;

#[derive(Clone)]
pub(crate) struct Fake {
    lines: Arc<Mutex<VecDeque<Line>>>,
    pub(crate) asked: Arc<Mutex<Vec<WatchRequest>>>,
}

impl Fake {
    /// Serves these lines, one a call.
    pub(crate) fn serve(pair: &Pair, lines: impl IntoIterator<Item = Line>) -> (Self, Channel) {
        let fake = Self {
            lines: Arc::new(Mutex::new(lines.into_iter().collect())),
            asked: Arc::default(),
        };
        let routes = Routes::new().add(EventFeedServiceServer::new(fake.clone()));
        let channel = pair.serve(routes);
        (fake, channel)
    }

    pub(crate) fn push(&self, line: Line) {
        self.lines.lock().unwrap().push_back(line);
    }
}

/// Entries of a true chain after an entry.
pub(crate) fn entries(after: i64, before: &[u8], events: &[(u64, i64)]) -> Vec<FeedEntry> {
    let (mut position, mut prev_hash) = (after, before.to_vec());
    events
        .iter()
        .map(|(n, version)| {
            position += 1;
            let envelope = event_of(*n, *version).envelope;
            let hash = feed::hash(position, &prev_hash, &envelope).to_vec();
            let entry = FeedEntry {
                position,
                envelope,
                prev_hash: std::mem::replace(&mut prev_hash, hash.clone()),
                hash,
            };
            assert!(entry.encoded_len() > 0);
            entry
        })
        .collect()
}

#[tonic::async_trait]
impl EventFeedService for Fake {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn read(&self, _: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        Err(Failure::not_found("page").into())
    }

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.asked.lock().unwrap().push(request.into_inner());
        let line = self.lines.lock().unwrap().pop_front();
        let Some(line) = line else {
            return Ok(Response::new(Box::pin(futures::stream::pending())));
        };
        let (incarnation, entries) = line?;
        let head_position = entries.last().map_or(0, |entry| entry.position);
        let batch = WatchResponse {
            entries,
            incarnation: incarnation.to_string(),
            head_position,
        };
        let stream = futures::stream::once(async { Ok(batch) });
        Ok(Response::new(stream.boxed()))
    }
}
