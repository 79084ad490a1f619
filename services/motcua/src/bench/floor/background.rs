//! What runs beside commands: sequencers, and followers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::script::{Line, Script};
use super::{Stores, pause};
use crate::bench::Broken;

/// Stores with a feed that is followed.
pub(super) const SOURCES: [&str; 2] = ["workflow", "dossier"];
/// How often a sequencer looks without being told.
const POLL: Duration = Duration::from_millis(200);

/// An event's effect on a follower's store.
type Effect = Vec<Line>;

/// The tasks.
pub(super) struct Background {
    tasks: JoinSet<Result<(), Broken>>,
    teller: Teller,
}

/// Tells the tasks of what commands did.
#[derive(Clone)]
pub(super) struct Teller {
    wake: Arc<[Notify; 2]>,
    followers: BTreeMap<&'static str, mpsc::UnboundedSender<Effect>>,
}

impl Teller {
    /// A command has committed.
    pub(super) fn committed(&self) {
        for sequencer in self.wake.iter() {
            sequencer.notify_one();
        }
    }

    /// A life is over: its events are followed.
    pub(super) fn lived(&self, after: BTreeMap<&'static str, Vec<Effect>>) {
        for (store, effects) in after {
            if let Some(follower) = self.followers.get(store) {
                for effect in effects {
                    // A follower that has ended is told by its own error.
                    let _ = follower.send(effect);
                }
            }
        }
    }
}

/// Effects that are committed together: the cursor is locked and moved once.
fn together(effects: &mut Vec<Effect>) -> Effect {
    let last = effects.len().saturating_sub(1);
    let mut lines = Vec::new();
    for (nth, effect) in effects.drain(..).enumerate() {
        lines.extend(effect.into_iter().filter(|line| {
            let moves = line.sql.contains(r#"INSERT INTO "cursor""#);
            let looks = line.sql.contains(r#""cursor""#) || line.sql.contains(r#""parked""#);
            if moves {
                nth == last
            } else {
                nth == 0 || !looks
            }
        }));
    }
    lines
}

impl Background {
    pub(super) fn start(stores: &Stores, script: &Script, until: Instant) -> Self {
        let mut tasks = JoinSet::new();
        let wake: Arc<[Notify; 2]> = Arc::default();
        for (at, source) in SOURCES.into_iter().enumerate() {
            let (stores, wake) = (stores.clone(), Arc::clone(&wake));
            tasks.spawn(async move {
                while Instant::now() < until {
                    if !stores.number(source).await?
                        && let Some(told) = wake.get(at)
                    {
                        let _ = tokio::time::timeout(POLL, told.notified()).await;
                    }
                }
                Ok(())
            });
        }
        let mut followers = BTreeMap::new();
        for store in script.followed() {
            let (teller, mut told) = mpsc::unbounded_channel();
            followers.insert(store, teller);
            let stores = stores.clone();
            tasks.spawn(async move {
                let mut effects = Vec::new();
                while Instant::now() < until {
                    let some = told.recv_many(&mut effects, feed::TOGETHER);
                    match tokio::time::timeout(POLL, some).await {
                        Ok(0) => break,
                        Ok(_) => {
                            stores.unit(store, together(&mut effects)).await?;
                        }
                        Err(_) => {}
                    }
                }
                Ok(())
            });
        }
        Self {
            tasks,
            teller: Teller { wake, followers },
        }
    }

    pub(super) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Ends with the measurement; what is left to follow is left.
    pub(super) async fn end(mut self) -> Result<(), Broken> {
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        // Connections are given back before the next measurement begins.
        pause(POLL).await;
        Ok(())
    }
}
