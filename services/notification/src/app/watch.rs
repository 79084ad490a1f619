//! Telling officers each morning, and through the day, what is due today and what
//! is late. A message a dossier, a kind and a due date: a restart tells nothing
//! twice.

use std::time::Duration;

use chrono::TimeDelta;
use domain::working_time;
use runtime::Shutdown;
use storage::{Batch, Tx};
use uuid::Uuid;

use super::App;
use crate::error::Error;
use crate::store::messages::{self, Message};
use crate::store::watched;

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// After a commit, others gather for this long.
const GATHER: Duration = Duration::from_millis(200);
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
                    for row in &due {
                        let mut batch = Batch::new();
                        let late = row.due_key < now.timestamp_micros();
                        let kind = if late { "overdue" } else { "due_today" };
                        for recipient in row.recipients.split(' ').filter(|r| !r.is_empty()) {
                            let unique = format!("{kind}/{}/{recipient}", row.due_key);
                            let message = Message {
                                id: Uuid::new_v5(&row.dossier, unique.as_bytes()),
                                recipient: recipient.to_owned(),
                                kind: kind.to_owned(),
                                dossier: row.dossier,
                                detail: String::new(),
                                created: now,
                            };
                            batch = batch.insert(messages::put(&message));
                        }
                        let told = if late { 2 } else { 1 };
                        batch = batch.update(watched::told(row.dossier, told));
                        batch.write(tx).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
    }
}

/// Midnight in Vietnam, in microseconds.
fn end_of_day(now: chrono::DateTime<chrono::Utc>) -> i64 {
    let local = working_time::local(now).unwrap_or_default();
    let left = TimeDelta::days(1) - (local.time() - chrono::NaiveTime::MIN);
    (now + left).timestamp_micros()
}
