//! What is due or overdue: the query behind reminders.

use chrono::{DateTime, Utc};
use storage::Tx;

use super::App;
use crate::error::Error;
use crate::store::{self, timer};

/// An open instance with its due date.
pub use crate::store::instance::Due;

/// Open instances that are due at or before an instant, soonest first; the
/// ones whose clock is paused have no due date and are left out.
pub async fn until(app: &App, at: DateTime<Utc>, limit: u64) -> Result<Vec<Due>, Error> {
    Ok(store::instance::due_until(app.db.read(), at, limit).await?)
}

/// Takes timers that are ripe, at most `limit`, and marks them as fired: each
/// is handed to exactly one caller. Gives (instance, kind, instant).
pub async fn take_ripe(
    app: &App,
    limit: u64,
) -> Result<Vec<(uuid::Uuid, String, DateTime<Utc>)>, Error> {
    let now = app.clock.now();
    app.db
        .run("take_ripe_timers", move |tx: &Tx| {
            Box::pin(async move {
                let mut taken = Vec::new();
                for row in timer::waiting(tx.conn(), now, limit).await? {
                    if timer::fire(tx, &row, now).await? {
                        taken.push((row.instance, row.kind, row.at.unwrap_or(now)));
                    }
                }
                Ok(taken)
            })
        })
        .await
}
