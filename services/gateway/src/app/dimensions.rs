//! The dimensions that other services own, taken up at start and now and then.
//! What has not changed is not written.

use std::sync::Arc;
use std::time::Duration;

use storage::Tx;

use super::{App, source};
use crate::error::Error;
use crate::store::dimensions::{self, Procedure, Unit};

/// How often.
const EVERY: Duration = Duration::from_mins(10);
/// How soon again when an owner was away.
const AGAIN: Duration = Duration::from_secs(10);
/// How many rows one unit of work writes.
const BATCH: usize = 200;

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    let mut wait = Duration::ZERO;
    while app.shutdown.pause(wait).await {
        wait = match refresh(&app).await {
            Ok(0) => EVERY,
            Ok(written) => {
                tracing::info!(written, "dimensions were refreshed");
                EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "dimensions could not be refreshed yet");
                AGAIN
            }
        };
    }
}

/// Takes up every unit and every procedure case; answers how many rows were
/// written.
pub async fn refresh(app: &App) -> Result<usize, Error> {
    let (units, procedures) = (source::units(app).await?, source::procedures(app).await?);
    if units.is_empty() {
        // The account service is there and still being filled.
        return Err(Error::NoUnits);
    }
    let known = dimensions::units(app.db.read()).await?;
    let changed = |unit: &Unit| known.get(&unit.id) != Some(unit);
    let units: Vec<Unit> = units.into_iter().filter(changed).collect();
    let known = dimensions::procedures(app.db.read()).await?;
    let changed = |one: &Procedure| known.get(&one.id) != Some(one);
    let procedures: Vec<Procedure> = procedures.into_iter().filter(changed).collect();
    let written = units.len().saturating_add(procedures.len());
    for batch in units.chunks(BATCH) {
        put_units(app, batch).await?;
    }
    for batch in procedures.chunks(BATCH) {
        put_procedures(app, batch).await?;
    }
    Ok(written)
}

async fn put_units(app: &App, rows: &[Unit]) -> Result<(), Error> {
    let rows: Arc<[Unit]> = rows.into();
    app.db
        .run("gateway_units", move |tx: &Tx| {
            let rows = Arc::clone(&rows);
            Box::pin(async move {
                for row in rows.iter() {
                    dimensions::put_unit(tx, row).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn put_procedures(app: &App, rows: &[Procedure]) -> Result<(), Error> {
    let rows: Arc<[Procedure]> = rows.into();
    app.db
        .run("gateway_procedures", move |tx: &Tx| {
            let rows = Arc::clone(&rows);
            Box::pin(async move {
                for row in rows.iter() {
                    dimensions::put_procedure(tx, row).await?;
                }
                Ok(())
            })
        })
        .await
}
