//! How a follower stands, and the operator's hand on it.

use std::sync::Arc;

use runtime::Shutdown;
use tokio::sync::{Notify, watch};

/// What a follower is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not connected yet.
    Starting,
    /// The line is up.
    Following,
    /// The source or our store is away; it tries again by itself.
    Waiting {
        /// What it met.
        why: String,
    },
    /// The source's history is not the one that was followed: it waits for
    /// [`Control::retry`].
    Stopped {
        /// What it met.
        why: String,
    },
    /// Shut down.
    Ended,
}

/// How a follower stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The consumer's name.
    pub name: String,
    /// What it is doing.
    pub state: State,
    /// The last position whose effect is stored.
    pub position: i64,
    /// The source's last position that it heard of.
    pub head: i64,
    /// Events set aside since the start of the process.
    pub parked: u64,
}

/// Watches a follower and wakes it after a stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    report: watch::Receiver<Report>,
    retry: Arc<Notify>,
}

impl Control {
    /// How it stands now.
    pub fn report(&self) -> Report {
        self.report.borrow().clone()
    }

    /// Told of every change.
    pub fn watch(&self) -> watch::Receiver<Report> {
        self.report.clone()
    }

    /// Tries again after a stop, once the cursor is reconciled.
    pub fn retry(&self) {
        self.retry.notify_one();
    }

    /// Until somebody asks for another try, or shutdown.
    pub(super) async fn retried(&self, shutdown: &Shutdown) {
        tokio::select! {
            () = self.retry.notified() => {}
            () = shutdown.token.cancelled() => {}
        }
    }
}

/// The follower's side of its report.
pub(super) struct Reporter(watch::Sender<Report>);

pub(super) fn pair(name: &str) -> (Reporter, Control) {
    let (sender, report) = watch::channel(Report {
        name: name.to_owned(),
        state: State::Starting,
        position: 0,
        head: 0,
        parked: 0,
    });
    (
        Reporter(sender),
        Control {
            report,
            retry: Arc::default(),
        },
    )
}

impl Reporter {
    pub(super) fn position(&self) -> i64 {
        self.0.borrow().position
    }

    pub(super) fn state(&self, state: State) {
        self.0.send_if_modified(|report| {
            let changed = report.state != state;
            report.state = state;
            changed
        });
    }

    pub(super) fn at(&self, position: i64) {
        self.0.send_modify(|report| report.position = position);
    }

    pub(super) fn head(&self, head: i64) {
        self.0.send_modify(|report| report.head = head);
    }

    pub(super) fn parked(&self) {
        self.0.send_modify(|report| report.parked += 1);
    }
}
