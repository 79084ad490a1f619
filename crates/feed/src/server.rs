//! The feed as other services read it.

use std::pin::Pin;
use std::time::Duration;

use futures::Stream;
use proto::event::v1::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use proto::event::v1::{FeedEntry, ReadRequest, ReadResponse, WatchRequest, WatchResponse};
use runtime::{Failure, Shutdown};
use storage::event::{self, StoredEvent};
use storage::{Db, StorageError};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::tail::{Tail, length};

const DEFAULT_LIMIT: u64 = 200;
const LONGEST_PAGE: u64 = 1000;
/// A page ends before it grows past this, so that it fits a gRPC message.
const PAGE_BYTES: usize = 1024 * 1024;
/// The contract promises 10 s.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often to look where no sequencer of this process tells of the head.
const POLL: Duration = Duration::from_millis(500);

/// Serves one store's feed. Cheap to clone.
#[derive(Clone)]
pub struct FeedServer {
    service: String,
    db: Db,
    shutdown: Shutdown,
    head: watch::Receiver<i64>,
    tail: Tail,
}

/// A piece of the feed.
struct Page {
    entries: Vec<FeedEntry>,
    incarnation: Uuid,
    head: i64,
}

impl FeedServer {
    /// The feed of `service` over its store; `head` and `tail` are what the
    /// sequencer of the process tells and keeps.
    pub(crate) fn new(
        service: &str,
        db: Db,
        shutdown: Shutdown,
        (head, tail): (watch::Receiver<i64>, Tail),
    ) -> Self {
        Self {
            service: service.to_owned(),
            db,
            shutdown,
            head,
            tail,
        }
    }

    /// What to mount.
    pub fn into_service(self) -> EventFeedServiceServer<Self> {
        EventFeedServiceServer::new(self)
    }

    /// The entries after a position, for one who knows `incarnation`.
    async fn page(&self, after: i64, incarnation: &str, limit: u64) -> Result<Page, Failure> {
        let head = event::head(self.db.read()).await.map_err(|e| refused(&e))?;
        let stranger = !incarnation.is_empty() && incarnation != head.incarnation.to_string();
        if stranger || after > head.position {
            return Err(Failure::incarnation_mismatch(&self.service));
        }
        let stored = event::numbered_after(self.db.read(), after, limit)
            .await
            .map_err(|e| refused(&e))?;
        let entries = cut(stored).map_err(|e| refused(&e))?;
        // Events may have been numbered between the two readings.
        let last = entries.last().map_or(0, |entry| entry.position);
        Ok(Page {
            entries,
            incarnation: head.incarnation,
            head: head.position.max(last),
        })
    }
}

#[tonic::async_trait]
impl EventFeedService for FeedServer {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        let ReadRequest {
            after_position,
            incarnation,
            limit,
        } = request.into_inner();
        known(after_position)?;
        let limit = match u64::try_from(limit) {
            Ok(0) => DEFAULT_LIMIT,
            Ok(limit) if limit <= LONGEST_PAGE => limit,
            Ok(_) | Err(_) => {
                return Err(Failure::invalid_field("limit", "Giới hạn phải từ 1 đến 1000.").into());
            }
        };
        let page = self.page(after_position, &incarnation, limit).await?;
        Ok(Response::new(ReadResponse {
            entries: page.entries,
            incarnation: page.incarnation.to_string(),
            head_position: page.head,
        }))
    }

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let WatchRequest {
            after_position,
            incarnation,
        } = request.into_inner();
        known(after_position)?;
        // Refused here, not in the stream's first item.
        let first = self.page(after_position, &incarnation, 1).await?;
        let watching = Watching {
            server: self.clone(),
            after: after_position,
            incarnation: first.incarnation.to_string(),
            silent: false,
            ended: false,
        };
        let stream = futures::stream::unfold(watching, |mut watching| async move {
            let item = watching.next().await?;
            Some((item, watching))
        });
        Ok(Response::new(Box::pin(stream)))
    }
}

/// Where one watcher stands.
struct Watching {
    server: FeedServer,
    after: i64,
    incarnation: String,
    /// Whether something was sent since the last wait; the first answer comes
    /// at once, empty or not.
    silent: bool,
    ended: bool,
}

impl Watching {
    /// The next batch or heartbeat; none at shutdown or after a refusal.
    async fn next(&mut self) -> Option<Result<WatchResponse, Status>> {
        let deadline = tokio::time::Instant::now() + HEARTBEAT;
        while !self.ended && !self.server.shutdown.is_stopped() {
            let told = *self.server.head.borrow_and_update();
            let late = tokio::time::Instant::now() >= deadline;
            let page = if let Some(page) = self.kept(told, late) {
                Ok(page)
            } else {
                let server = &self.server;
                server
                    .page(self.after, &self.incarnation, DEFAULT_LIMIT)
                    .await
            };
            let page = match page {
                Ok(page) => page,
                Err(failure) => {
                    self.ended = true;
                    return Some(Err(failure.into()));
                }
            };
            if !self.silent || late || !page.entries.is_empty() {
                self.silent = true;
                self.after = page
                    .entries
                    .last()
                    .map_or(self.after, |entry| entry.position);
                return Some(Ok(WatchResponse {
                    entries: page.entries,
                    incarnation: page.incarnation.to_string(),
                    head_position: page.head,
                }));
            }
            self.wait(deadline).await;
        }
        None
    }

    /// What the sequencer of this process still keeps in memory, where that is all
    /// there is to hand on. A heartbeat looks at the database, which may have been
    /// restored meanwhile.
    fn kept(&self, told: i64, late: bool) -> Option<Page> {
        let entries = if self.after == told {
            // Nobody tells of the head any more where the sequencer has ended.
            if late || !self.silent || self.server.head.has_changed().is_err() {
                return None;
            }
            Vec::new()
        } else {
            let tail = &self.server.tail;
            tail.after(self.after, &self.incarnation, PAGE_BYTES)?
        };
        // The tail is longer before the position is told.
        let last = entries.last().map_or(0, |entry| entry.position);
        Some(Page {
            entries,
            incarnation: self.incarnation.parse().ok()?,
            head: told.max(last),
        })
    }

    /// Until the head moves, a heartbeat is due, or shutdown.
    async fn wait(&mut self, deadline: tokio::time::Instant) {
        let token = self.server.shutdown.token.clone();
        let moved = tokio::select! {
            () = token.cancelled() => return,
            moved = tokio::time::timeout_at(deadline, self.server.head.changed()) => moved,
        };
        if let Ok(Err(_)) = moved {
            // The sequencer of this process has ended; another replica's goes on.
            self.server.shutdown.pause(POLL).await;
        }
    }
}

fn known(after: i64) -> Result<(), Failure> {
    if after < 0 {
        return Err(Failure::invalid_field(
            "after_position",
            "Vị trí không được âm.",
        ));
    }
    Ok(())
}

/// Entries up to the page's size; always the first one.
fn cut(stored: Vec<StoredEvent>) -> Result<Vec<FeedEntry>, StorageError> {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for event in stored {
        let entry = entry(event)?;
        bytes += length(&entry);
        if bytes > PAGE_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(event: StoredEvent) -> Result<FeedEntry, StorageError> {
    let (Some(position), Some(prev_hash), Some(hash)) =
        (event.position, event.prev_hash, event.hash)
    else {
        return Err(StorageError::Corrupt {
            table: "event",
            id: event.id.to_string(),
            why: "numbered without hashes".to_owned(),
        });
    };
    Ok(FeedEntry {
        position,
        envelope: event.envelope,
        prev_hash,
        hash,
    })
}

fn refused(error: &StorageError) -> Failure {
    if *error == StorageError::Unavailable {
        Failure::unavailable("feed")
    } else {
        Failure::internal(error)
    }
}
