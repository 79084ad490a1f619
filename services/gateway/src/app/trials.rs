//! The outcome of the last rehearsal of each unit, as the operators' program
//! tells it.

use std::sync::Arc;

use domain::actor::{Actor, Principal};
use storage::{StorageError, Tx, idempotency};

use super::App;
use super::permit::{self, Deed};
use super::request::Request;
use crate::error::Error;
use crate::store::trials::{self, Trial};

/// The program that operators run.
const OPERATOR: &str = "operator";

/// Records a rehearsal; one that ended earlier than the recorded one changes
/// nothing. Answers what is on record.
pub async fn record(
    app: &App,
    actor: &Actor,
    request: &Request,
    trial: Trial,
) -> Result<Trial, Error> {
    if actor.principal != Principal::Service(OPERATOR.to_owned()) {
        return Err(Error::Denied);
    }
    let unit = trial.unit.clone();
    if request.recall(app).await?.is_none() {
        match put(app, request, trial).await {
            // The same request was faster elsewhere.
            Err(Error::Storage(StorageError::Conflict { .. }))
                if request.recall(app).await?.is_some() => {}
            other => other?,
        }
    }
    let known = trials::find(app.db.read(), &unit).await?;
    known.ok_or(Error::NotFound("trial"))
}

async fn put(app: &App, request: &Request, trial: Trial) -> Result<(), Error> {
    let now = app.clock.now();
    let work = Arc::new((request.key.clone(), trial));
    app.db
        .run("gateway_record_trial", move |tx: &Tx| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let (key, trial) = &*work;
                let resource = format!("trials/{}", trial.unit);
                idempotency::remember(tx, key, &resource, &[], now).await?;
                let known = trials::lock(tx, &trial.unit).await?;
                if known.is_none_or(|known| known.at <= trial.at) {
                    trials::put(tx, trial).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A page, by unit.
pub async fn page(app: &App, actor: &Actor, after: &str, size: u64) -> Result<Vec<Trial>, Error> {
    permit::check(actor, Deed::ReadTrials)?;
    Ok(trials::page(app.db.read(), after, size).await?)
}
