//! Takes up another service's feed: each event's effect once, in order.

mod control;
mod replay;
mod take;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use proto::event::v1::event_feed_service_client::EventFeedServiceClient;
use proto::event::v1::{FeedEntry, WatchRequest, WatchResponse};
use runtime::client::Channel;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use runtime::{Failure, Shutdown};
use storage::{Db, StorageError, Tx, cursor};
use tonic::Streaming;
use uuid::Uuid;

use crate::chain;
use control::Reporter;
pub use control::{Control, Report, State};
use replay::Again;
pub use take::Event;
use take::{Taken, Taker};

/// The first and the longest wait after the source was away.
const WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// How many events are taken in one unit of work: a commit for all of them, and
/// few enough that a command which waits for SQLite's writer waits little.
pub const TOGETHER: usize = 32;
/// Three heartbeats missed: the line is dead.
const SILENCE: Duration = Duration::from_secs(30);

/// Follows one feed under one consumer name. Replicas may run the same one:
/// the cursor's row lets one of them take each event.
pub struct Follower {
    name: String,
    source: Channel,
    db: Db,
    shutdown: Shutdown,
    reporter: Reporter,
    control: Control,
    knowing: Option<(Incarnations, String)>,
    again: Duration,
}

/// The last entry that was taken by this process. Its hash outlives the line, so
/// that a source that comes back with another history is noticed.
#[derive(Clone)]
struct Last {
    position: i64,
    hash: Vec<u8>,
}

impl Default for Last {
    fn default() -> Self {
        Self {
            position: 0,
            hash: chain::GENESIS.to_vec(),
        }
    }
}

impl Last {
    fn of(entry: &FeedEntry) -> Self {
        Self {
            position: entry.position,
            hash: entry.hash.clone(),
        }
    }

    /// What an entry must name as the hash before it, where we know.
    fn hash_before(&self, position: i64) -> Option<&[u8]> {
        (position == self.position + 1).then_some(self.hash.as_slice())
    }
}

/// Why a round ended before the line did.
#[derive(Debug)]
enum Halt {
    /// Shutdown.
    Leaving,
    /// The source or our own store is away, or a gap asks for a fresh start.
    Away(String),
    /// The source is another incarnation, or behind us, or not to be believed.
    Mismatch(String),
}

impl From<StorageError> for Halt {
    fn from(error: StorageError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<tonic::Status> for Halt {
    fn from(status: tonic::Status) -> Self {
        let failure = Failure::from_status(&status);
        if failure.reason() == Reason::IncarnationMismatch {
            return Self::Mismatch("the source refuses our incarnation or position".to_owned());
        }
        Self::Away(failure.to_string())
    }
}

impl Follower {
    /// A follower of the feed behind `source`, whose cursor is kept in `db`
    /// under `name`, such as `dossier<workflow`.
    pub fn new(name: &str, source: Channel, db: Db, shutdown: Shutdown) -> Self {
        let (reporter, control) = control::pair(name);
        Self {
            name: name.to_owned(),
            source,
            db,
            shutdown,
            reporter,
            control,
            knowing: None,
            again: replay::EVERY,
        }
    }

    /// Records the incarnation of the source, the service of this name, with what
    /// the following service knows: its calls to the source then carry it.
    #[must_use]
    pub fn knowing(mut self, incarnations: Incarnations, service: &str) -> Self {
        self.knowing = Some((incarnations, service.to_owned()));
        self
    }

    /// How often parked events are tried again, beside once at the start of a line;
    /// 5 minutes unless it is said.
    #[must_use]
    pub fn trying_again(mut self, every: Duration) -> Self {
        self.again = every;
        self
    }

    /// Tells how it stands and, after a stop, lets it try again.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Follows until shutdown. `apply` writes the effect of events that follow each
    /// other, of one at least, inside the unit of work that also moves the cursor;
    /// it may be run again, and does nothing outside the database. Of several that
    /// it refuses each is tried alone; what it refuses 5 times is parked, and so is
    /// all that follows of that aggregate. What is parked is tried again, in its
    /// order, at the start of a line and every few minutes: an operator mends the
    /// cause and has nothing else to do.
    pub async fn run<E, F>(self, apply: F)
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let taker = Taker::new(&self.name, self.db.clone(), self.shutdown.clone(), apply);
        let mut wait = WAIT;
        let mut last = Last::default();
        let mut again = Again::new(self.again);
        while !self.shutdown.is_stopped() {
            let before = self.reporter.position();
            let halt = match self.round(&taker, &mut last, &mut again).await {
                Ok(()) => Halt::Away("the source ended the stream".to_owned()),
                Err(halt) => halt,
            };
            if self.reporter.position() != before {
                wait = WAIT;
            }
            match halt {
                Halt::Leaving => break,
                Halt::Away(why) => {
                    tracing::warn!(follower = %self.name, %why, "the feed is away");
                    self.reporter.state(State::Waiting { why });
                    self.shutdown.pause(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Halt::Mismatch(why) => {
                    tracing::error!(
                        follower = %self.name,
                        %why,
                        "STOPPED: the source's history is not the one that was followed; \
                         an operator must reconcile the cursor and retry"
                    );
                    self.reporter.state(State::Stopped { why });
                    self.control.retried(&self.shutdown).await;
                    // The operator has compared both sides: nothing of before counts.
                    last = Last::default();
                    wait = WAIT;
                }
            }
        }
        self.reporter.state(State::Ended);
    }

    /// From the stored cursor to the end of one stream.
    async fn round<E, F>(
        &self,
        taker: &Taker<F>,
        last: &mut Last,
        again: &mut Again,
    ) -> Result<(), Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let known = cursor::load(self.db.read(), &self.name).await?;
        let after = known.map_or(0, |cursor| cursor.position);
        let mut incarnation = known.map(|cursor| cursor.incarnation);
        if let Some(incarnation) = incarnation {
            self.know(incarnation);
        }
        self.reporter.at(after);
        again.soon();
        let request = WatchRequest {
            after_position: after,
            incarnation: incarnation
                .map(|known| known.to_string())
                .unwrap_or_default(),
        };
        let mut client = EventFeedServiceClient::new(self.source.clone());
        let mut stream = self.or_leave(client.watch(request)).await??.into_inner();
        while let Some(batch) = self.next(&mut stream).await? {
            let theirs: Uuid = batch
                .incarnation
                .parse()
                .map_err(|_| Halt::Mismatch("the source names no incarnation".to_owned()))?;
            if *incarnation.get_or_insert(theirs) != theirs {
                return Err(Halt::Mismatch(format!("the source is now {theirs}")));
            }
            self.know(theirs);
            self.reporter.head(batch.head_position);
            self.reporter.state(State::Following);
            again.pass(taker, theirs).await?;
            let entries: Vec<_> = batch.entries.into_iter().map(Arc::new).collect();
            for some in entries.chunks(TOGETHER) {
                self.take(taker, some, theirs, last).await?;
            }
        }
        Ok(())
    }

    /// Takes a few entries: in one unit of work where each of them applies, else
    /// one by one, so that one that does not is set aside alone.
    async fn take<E, F>(
        &self,
        taker: &Taker<F>,
        entries: &[Arc<FeedEntry>],
        source: Uuid,
        last: &mut Last,
    ) -> Result<(), Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let (mut seen, mut believed, mut lie) = (last.clone(), 0, None);
        for entry in entries {
            let before = seen.hash_before(entry.position);
            if let Err(why) = take::believe(entry, before) {
                lie = Some(Halt::Mismatch(why));
                break;
            }
            seen = Last::of(entry);
            believed += 1;
        }
        // What came before a lie is taken.
        let entries = entries.get(..believed).unwrap_or_default();
        self.take_believed(taker, entries, source, last).await?;
        lie.map_or(Ok(()), Err)
    }

    async fn take_believed<E, F>(
        &self,
        taker: &Taker<F>,
        entries: &[Arc<FeedEntry>],
        source: Uuid,
        last: &mut Last,
    ) -> Result<(), Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        if entries.len() > 1 && taker.together(entries, source).await? {
            if let Some(entry) = entries.last() {
                *last = Last::of(entry);
                self.reporter.at(entry.position);
            }
            return Ok(());
        }
        for entry in entries {
            match taker.take(Arc::clone(entry), source).await? {
                Taken::Applied | Taken::Duplicate => {}
                Taken::Parked => self.reporter.parked(),
                Taken::Gap => return Err(Halt::Away("a gap before the next event".to_owned())),
            }
            *last = Last::of(entry);
            self.reporter.at(entry.position);
        }
        Ok(())
    }

    fn know(&self, incarnation: Uuid) {
        if let Some((incarnations, service)) = &self.knowing {
            incarnations.set(service, incarnation.to_string());
        }
    }

    async fn next(
        &self,
        stream: &mut Streaming<WatchResponse>,
    ) -> Result<Option<WatchResponse>, Halt> {
        let silence = || Halt::Away("the source is silent".to_owned());
        let answer = self
            .or_leave(tokio::time::timeout(SILENCE, stream.message()))
            .await?;
        Ok(answer.map_err(|_| silence())??)
    }

    async fn or_leave<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            () = self.shutdown.token.cancelled() => Err(Halt::Leaving),
            done = work => Ok(done),
        }
    }
}
