//! One life, written down as its statements: what the services said to their
//! databases, command by command. The floor says the same again; the table of
//! verbs counts it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_query::Value;
use storage::{Run, Seen};

use super::Broken;
use super::deployment::Place;
use super::echo::Size;
use super::lives::Play;
use crate::house::{Means, Statements};
use crate::serve::{DEMO_PASSWORDS, Served};
use crate::trial::cast::{Cast, Lines};

/// How many lives are walked before the one that is written down, so that
/// prepared statements and caches are what they are in a server that has run.
const BEFORE: u32 = 5;
/// What follows an act is over within this.
const QUIET: Duration = Duration::from_millis(400);

/// A statement with what was bound to it.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Whose store.
    pub(crate) store: &'static str,
    /// The unit of work; none for a reading outside of one.
    pub(crate) unit: Option<Run>,
    /// Whether it was said while a call was being answered.
    pub(crate) called: bool,
    /// Its text.
    pub(crate) sql: String,
    /// What was bound.
    pub(crate) values: Vec<Value>,
    /// What the database took, in microseconds.
    pub(crate) micros: u128,
}

/// One act of the life.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The method.
    pub(crate) method: &'static str,
    /// What was said before its answer, in order.
    pub(crate) said: Vec<Said>,
    /// What followers said because of it, in order.
    pub(crate) after: Vec<Said>,
}

/// The stores of a life's commands.
const COMMANDED: [&str; 3] = ["account", "workflow", "dossier"];
/// The prefix of the units of work of sequencers and followers.
const FEED: &str = "feed.";
/// The unit of work of a follower.
const APPLY: &str = "feed.apply";

impl Said {
    /// Whether a command was waiting for it.
    fn is_of_command(&self) -> bool {
        COMMANDED.contains(&self.store)
            && match self.unit {
                // Units of work run in tasks of their own; timers have theirs.
                Some(run) => !run.name.starts_with(FEED) && run.name != "take_ripe_timers",
                None => self.called,
            }
    }

    /// Whether a follower said it of an event.
    fn is_of_follower(&self) -> bool {
        self.unit.is_some_and(|run| run.name == APPLY)
    }
}

/// A life on tape.
pub(crate) struct Tape {
    /// Its acts.
    pub(crate) acts: Vec<Recorded>,
    /// The messages of each act.
    pub(crate) sizes: Vec<Size>,
    /// What nobody waited for: sequencers, feed servers, followers, timers.
    pub(crate) beside: Vec<Said>,
}

/// Where statements are written down, and who writes.
pub(crate) fn writing() -> (Arc<Mutex<Vec<Said>>>, Statements) {
    let tape: Arc<Mutex<Vec<Said>>> = Arc::default();
    let writing = Arc::clone(&tape);
    let statements: Statements = Arc::new(move |store, seen: &Seen<'_>| {
        let said = Said {
            store,
            unit: seen.unit,
            called: runtime::client::remaining().is_some(),
            sql: seen.sql.to_owned(),
            values: seen.values.to_vec(),
            micros: seen.elapsed.as_micros(),
        };
        let mut tape = writing.lock().unwrap_or_else(PoisonError::into_inner);
        tape.push(said);
    });
    (tape, statements)
}

/// Writes one life down, on fresh databases of the place, which keep what is in
/// them.
pub(crate) async fn life(place: &Place) -> Result<Tape, Broken> {
    let (tape, statements) = writing();
    let means = Means {
        statements: Some(statements),
        ..Means::default()
    };
    let config = place.config();
    let served = Served::start(&config, "all", true, means).await?;
    let door = served.house.inner_door()?.anonymous();
    let lines = Lines::through(&door);
    let cast = Cast::gather(&lines, &config.data.join(DEMO_PASSWORDS), "all").await?;
    let play = Play::rehearse(cast, &door).await?;
    for _ in 0..BEFORE {
        let mut walk = play.walk(&door);
        while !walk.is_over() {
            walk.act().await?;
        }
    }
    let (mut acts, mut sizes, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    let take = || std::mem::take(&mut *tape.lock().unwrap_or_else(PoisonError::into_inner));
    quiet().await;
    take();
    let mut walk = play.walk(&door);
    for method in play.plan().methods() {
        sizes.push(walk.act().await?);
        let said = take();
        quiet().await;
        let after = take();
        let all = || said.iter().chain(&after);
        beside.extend(all().filter(|s| !s.is_of_command()).cloned());
        acts.push(Recorded {
            method,
            said: all().filter(|s| s.is_of_command()).cloned().collect(),
            after: all().filter(|s| s.is_of_follower()).cloned().collect(),
        });
    }
    served.end().await;
    Ok(Tape {
        acts,
        sizes,
        beside,
    })
}

/// Lets the followers follow.
async fn quiet() {
    let _ = tokio::time::timeout(QUIET, std::future::pending::<()>()).await;
}
