//! Leaving in order: say so, stop accepting, finish, and go in bounded time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Handed down to everything that runs. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Cancelled when work must end: loops return, servers stop accepting.
    pub token: CancellationToken,
    /// Counts every spawned task.
    pub tracker: TaskTracker,
    leaving: CancellationToken,
    names: Arc<Mutex<(u64, BTreeMap<u64, &'static str>)>>,
}

impl Shutdown {
    /// A fresh one, for one process or one test.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns a task that [`Shutdown::drain`] waits for, under its name.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let guard = Running::enter(self, name);
        let work = async move {
            let _guard = guard;
            future.await
        };
        self.tracker
            .spawn(work.instrument(tracing::info_span!("task", name)))
    }

    /// Cancelled first: readiness turns false while requests are still served.
    pub fn leaving(&self) -> CancellationToken {
        self.leaving.clone()
    }

    /// Whether work must end.
    pub fn is_stopped(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits, and tells whether to go on: `while shutdown.pause(period).await {…}`.
    pub async fn pause(&self, period: Duration) -> bool {
        tokio::time::timeout(period, self.token.cancelled())
            .await
            .is_err()
    }

    /// Turns readiness false, waits `announce` for load balancers to notice,
    /// then tells everything to stop.
    pub async fn begin(&self, announce: Duration) {
        self.leaving.cancel();
        let _ = tokio::time::timeout(announce, self.token.cancelled()).await;
        self.token.cancel();
        self.tracker.close();
    }

    /// Waits for every task, at most `limit`; the names of those still
    /// running otherwise.
    pub async fn drain(&self, limit: Duration) -> Result<(), Vec<&'static str>> {
        self.leaving.cancel();
        self.token.cancel();
        self.tracker.close();
        match tokio::time::timeout(limit, self.tracker.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.running()),
        }
    }

    /// The names of the tasks that run now.
    pub fn running(&self) -> Vec<&'static str> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.1.values().copied().collect()
    }

    /// Listens for SIGTERM and Ctrl-C from now on, and not only once the answer is
    /// awaited: whoever was told that the process is ready may end it at once.
    pub fn signalled(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let token = self.token.clone();
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                () = token.cancelled() => {}
            }
        })
    }
}

/// Keeps a task's name on the list until the task is gone, panics included.
struct Running {
    id: u64,
    names: Arc<Mutex<(u64, BTreeMap<u64, &'static str>)>>,
}

impl Running {
    fn enter(shutdown: &Shutdown, name: &'static str) -> Self {
        let mut names = shutdown
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        names.0 += 1;
        let id = names.0;
        names.1.insert(id, name);
        drop(names);
        Self {
            id,
            names: Arc::clone(&shutdown.names),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.1.remove(&self.id);
    }
}
