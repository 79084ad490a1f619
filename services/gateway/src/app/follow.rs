//! Loading the warehouse: each event of the dossier feed becomes columns, in the
//! unit of work that moves the cursor.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::case_file::Fact;
use domain::working_time::Calendar;
use feed::{Control, Event, Follower, State, envelope};
use storage::cursor::{self, Cursor};
use storage::{Batch, StorageError, Tx};
use uuid::Uuid;

use super::shape::{self, Occasion, StepChange};
use super::{App, dates};
use crate::error::Error;
use crate::store::facts;

/// Our name as a consumer of the dossier feed.
pub const CONSUMER: &str = "gateway.dossier";
/// The kind of aggregate whose facts we read.
const KIND: &str = "dossier";
/// How often it is looked whether the cursor was set back.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until shutdown.
///
/// A rebuild sets the cursor back, maybe in another process. A follower that is
/// on the line notices only with the next event, which may not come for hours;
/// so the cursor is watched, and one that was set back starts a new follower.
pub(crate) async fn run(app: App) {
    while !app.shutdown.is_stopped() {
        let mut line = app.shutdown.clone();
        line.token = app.shutdown.token.child_token();
        let source = app.dossier.clone();
        let follower = Follower::new(CONSUMER, source, app.db.clone(), line.clone())
            .knowing(app.incarnations.clone(), "dossier");
        let control = follower.control();
        let calendar = Arc::clone(&app.calendar);
        let following = follower.run(move |tx: &Tx, events: &[Event]| {
            let calendar = Arc::clone(&calendar);
            Box::pin(async move { take(&calendar, tx, events).await })
        });
        let watching = async {
            set_back(&app, &control).await;
            line.token.cancel();
        };
        tokio::join!(following, watching);
    }
}

/// Until the cursor was set back behind the follower, or shutdown.
async fn set_back(app: &App, control: &Control) {
    let mut began = None;
    while app.shutdown.pause(LOOK).await {
        // Told before stored: the stored one is never behind unless set back.
        let report = control.report();
        let Ok(Some(stored)) = cursor::load(app.db.read(), CONSUMER).await else {
            continue;
        };
        let began = *began.get_or_insert(stored);
        if is_set_back(report.position, &report.state, began, stored) {
            tracing::info!(from = report.position, to = stored.position, "loading anew");
            return;
        }
    }
}

/// A follower that was stopped by a foreign incarnation has not moved; there the
/// incarnation that a rebuild stored tells.
fn is_set_back(reached: i64, state: &State, began: Cursor, stored: Cursor) -> bool {
    let stopped = matches!(state, State::Stopped { .. });
    stored.position < reached || (stopped && stored.incarnation != began.incarnation)
}

/// The effect of events: each row is written once, however many tell of it.
///
/// # Errors
/// `Stale` when a dossier's beginning was never seen.
pub async fn take(calendar: &Calendar, tx: &Tx, events: &[Event]) -> Result<(), Error> {
    let told: Vec<(Occasion, Vec<Fact>)> = events
        .iter()
        .filter(|event| event.envelope.aggregate_kind == KIND)
        .map(read)
        .collect::<Result<_, _>>()?;
    if told.is_empty() {
        return Ok(());
    }
    let dossiers = told.iter().map(|(occasion, _)| occasion.dossier).collect();
    let mut rows = facts::find_all(tx.conn(), &dossiers).await?;
    let mut steps = Steps::default();
    for (occasion, facts) in &told {
        let known = rows.remove(&occasion.dossier);
        let loaded = shape::after(known, *occasion, facts)?.ok_or(StorageError::Stale)?;
        for change in loaded.steps {
            steps.note(occasion.dossier, change);
        }
        rows.insert(occasion.dossier, loaded.row);
    }
    dates::ensure(tx, calendar, rows.values()).await?;
    let batch = Batch::new().insert(facts::put(rows.values()));
    steps.write(batch).write(tx).await?;
    Ok(())
}

fn read(event: &Event) -> Result<(Occasion, Vec<Fact>), Error> {
    let unreadable = |_| Error::Unreadable("an event");
    let envelope = &event.envelope;
    let occasion = Occasion {
        dossier: envelope::aggregate_id(envelope).map_err(unreadable)?,
        at: envelope::at(envelope).map_err(unreadable)?,
        position: event.position,
    };
    Ok((occasion, envelope::facts(envelope).map_err(unreadable)?))
}

/// What becomes of steps, by dossier and task: the parts of a batch have no order,
/// so none of them may be the same step's.
#[derive(Default)]
struct Steps {
    opened: BTreeMap<(Uuid, Uuid), facts::Step>,
    closed: BTreeMap<(Uuid, Uuid), (DateTime<Utc>, &'static str)>,
}

impl Steps {
    fn note(&mut self, dossier: Uuid, change: StepChange) {
        match change {
            StepChange::Opened(row) => {
                let key = (dossier, row.task);
                // The whole row is written: what was closed before is open again.
                self.closed.remove(&key);
                self.opened.insert(key, *row);
            }
            StepChange::Closed(task, at, verb) => {
                let key = (dossier, task);
                if let Some(row) = self.opened.get_mut(&key) {
                    row.closed = Some(at);
                    row.closing_verb = Some(verb.to_owned());
                } else {
                    self.closed.insert(key, (at, verb));
                }
            }
        }
    }

    fn write(&self, mut batch: Batch) -> Batch {
        if !self.opened.is_empty() {
            batch = batch.insert(facts::put_steps(self.opened.values()));
        }
        for ((dossier, task), (at, verb)) in &self.closed {
            batch = batch.update(facts::close_step(*dossier, *task, *at, verb));
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: i64, incarnation: u128) -> Cursor {
        Cursor {
            position,
            incarnation: Uuid::from_u128(incarnation),
        }
    }

    #[test]
    fn a_cursor_behind_what_was_reached_was_set_back() {
        let on = State::Following;
        assert!(is_set_back(7, &on, at(3, 1), at(0, 1)));
        // Another replica may be further.
        assert!(!is_set_back(7, &on, at(3, 1), at(9, 1)));
        assert!(!is_set_back(7, &on, at(3, 1), at(7, 1)));
    }

    #[test]
    fn a_stopped_follower_goes_on_once_the_cursor_names_another_incarnation() {
        let stopped = State::Stopped { why: String::new() };
        assert!(!is_set_back(0, &stopped, at(0, 1), at(0, 1)));
        assert!(is_set_back(0, &stopped, at(0, 1), at(0, 2)));
        assert!(!is_set_back(0, &State::Following, at(0, 1), at(0, 2)));
    }
}
