//! Telling officers each morning, and through the day, what is due today and what
//! is late. A message a dossier, a kind and a due date: a restart tells nothing
//! twice.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::working_time;
use runtime::Shutdown;
use storage::{Batch, Tx};
use uuid::Uuid;

use super::App;
use crate::error::Error;
use crate::store::messages::{self, Message};
use crate::store::watched::{self, Watched};

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// After a commit, others gather for this long.
const GATHER: Duration = Duration::from_secs(1);
/// How many dossiers a unit of work tells of.
const BATCH: u64 = 200;

/// Runs until shutdown: each minute, since time makes things due, and after each
/// commit, since events do.
pub(crate) async fn run(app: App, shutdown: Shutdown) {
    let mut commits = app.db.committed();
    loop {
        if let Err(error) = tell(&app).await {
            tracing::warn!(%error, "due dates could not be told of yet");
        }
        let goes_on = tokio::select! {
            goes_on = shutdown.pause(EVERY) => goes_on,
            committed = commits.changed() => {
                // Events come in crowds.
                committed.is_ok() && shutdown.pause(GATHER).await
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// Tells of everything that is due before the end of today and not told of yet.
pub(crate) async fn tell(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    loop {
        // Looking is no unit of work: its commit would wake this very job.
        let waiting = watched::untold(app.db.read(), now, end_of_day(now), 1).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        app.db
            .run("notification_tell_due", move |tx: &Tx| {
                Box::pin(async move {
                    let tomorrow = end_of_day(now);
                    let due = watched::untold(tx.conn(), now, tomorrow, BATCH).await?;
                    let messages: Vec<Message> =
                        due.iter().flat_map(|row| messages_of(row, now)).collect();
                    let mut batch = Batch::new();
                    if !messages.is_empty() {
                        batch = batch.insert(messages::put(&messages));
                    }
                    let (late, today): (Vec<_>, Vec<_>) =
                        due.iter().partition(|row| is_late(row, now));
                    for (rows, told) in [(late, 2), (today, 1)] {
                        if !rows.is_empty() {
                            let rows = rows.iter().map(|row| row.dossier);
                            batch = batch.update(watched::told(rows, told));
                        }
                    }
                    batch.write(tx).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
    }
}

fn is_late(row: &Watched, now: DateTime<Utc>) -> bool {
    row.due_key < now.timestamp_micros()
}

/// A message for each whom a dossier waits for.
fn messages_of(row: &Watched, now: DateTime<Utc>) -> impl Iterator<Item = Message> + '_ {
    let kind = if is_late(row, now) {
        "overdue"
    } else {
        "due_today"
    };
    let recipients = row.recipients.split(' ').filter(|r| !r.is_empty());
    recipients.map(move |recipient| {
        let unique = format!("{kind}/{}/{recipient}", row.due_key);
        Message {
            id: Uuid::new_v5(&row.dossier, unique.as_bytes()),
            recipient: recipient.to_owned(),
            kind: kind.to_owned(),
            dossier: row.dossier,
            detail: String::new(),
            created: now,
        }
    })
}

/// Midnight in Vietnam, in microseconds.
fn end_of_day(now: DateTime<Utc>) -> i64 {
    let local = working_time::local(now).unwrap_or_default();
    let left = TimeDelta::days(1) - (local.time() - chrono::NaiveTime::MIN);
    (now + left).timestamp_micros()
}
