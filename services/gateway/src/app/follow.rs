//! Loading the warehouse: each event of the dossier feed becomes columns, in the
//! unit of work that moves the cursor.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::case_file::Fact;
use domain::working_time::Calendar;
use feed::{Control, Follower, State, envelope};
use proto::event::v1::Envelope;
use storage::cursor::{self, Cursor};
use storage::{Batch, StorageError, Tx};

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
        let following = follower.run(move |tx: &Tx, envelope: &Envelope, position| {
            let calendar = Arc::clone(&calendar);
            Box::pin(async move { take(&calendar, tx, envelope, position).await })
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

/// The effect of one event.
///
/// # Errors
/// `Stale` when the dossier's beginning was never seen.
pub async fn take(
    calendar: &Calendar,
    tx: &Tx,
    envelope: &Envelope,
    position: i64,
) -> Result<(), Error> {
    if envelope.aggregate_kind != KIND {
        return Ok(());
    }
    let unreadable = |_| Error::Unreadable("an event");
    let facts: Vec<Fact> = envelope::facts(envelope).map_err(unreadable)?;
    let occasion = Occasion {
        dossier: envelope::aggregate_id(envelope).map_err(unreadable)?,
        at: envelope::at(envelope).map_err(unreadable)?,
        position,
    };
    let known = facts::find(tx.conn(), occasion.dossier).await?;
    let loaded = shape::after(known, occasion, &facts)?.ok_or(StorageError::Stale)?;
    dates::ensure(tx, calendar, &loaded.row).await?;
    let mut batch = Batch::new().insert(facts::put(&loaded.row));
    let mut touched = BTreeSet::new();
    for step in &loaded.steps {
        let task = match step {
            StepChange::Opened(row) => row.task,
            StepChange::Closed(task, ..) => *task,
        };
        // What is opened and closed by one event is two batches: parts of one have
        // no order.
        if !touched.insert(task) {
            std::mem::take(&mut batch).write(tx).await?;
        }
        batch = match step {
            StepChange::Opened(row) => batch.insert(facts::put_step(row)),
            StepChange::Closed(task, at, verb) => {
                batch.update(facts::close_step(occasion.dossier, *task, *at, verb))
            }
        };
    }
    batch.write(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

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
