//! Working through jobs: taken under a lease, renewed while they are worked on,
//! taken up by another process when the lease has run out. The fence rises with
//! each taking, and every write names it, so that an owner that was away for too
//! long writes nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::Failure;
use serde_json::{Value, json};
use storage::{StorageError, Tx};

use super::App;
use super::jobs::Kind;
use super::rebuild::{self, EMPTIED, progress};
use super::reconcile::{self, Reconciliation};
use crate::error::Error;
use crate::store::facts::Filter;
use crate::store::jobs::{self, Change, DONE, FAILED, Hold, Job};

/// How often waiting jobs are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// For how long a job is taken.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often the lease is renewed.
const RENEW: Duration = Duration::from_secs(20);
/// How long a job rests whose neighbours are away.
const REST: TimeDelta = TimeDelta::seconds(5);
/// A job that was taken so often is given up when it fails once more.
const TAKES: i64 = 50;
/// A comparison may take this long.
const BUDGET: Duration = Duration::from_mins(5);
/// How many differences an outcome names; all are counted.
const NAMED: usize = 200;

/// Runs until shutdown.
pub(crate) async fn run(app: App) {
    while app.shutdown.pause(EVERY).await {
        loop {
            match next(&app).await {
                Ok(true) if !app.shutdown.is_stopped() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "jobs could not be taken yet");
                    break;
                }
            }
        }
    }
}

/// Takes one job and works on it; whether there was one.
pub async fn next(app: &App) -> Result<bool, Error> {
    let Some(job) = take(app).await? else {
        return Ok(false);
    };
    let hold = Hold {
        job: job.id,
        fence: job.fence,
    };
    tracing::info!(job = %job.id, kind = %job.kind, fence = job.fence, "a job is taken");
    let worked = tokio::select! {
        worked = work(app, &job, hold) => worked,
        lost = keep(app, hold) => Err(lost),
    };
    let ending = ending(&job, worked, app.clock.now());
    if let Some(change) = ending {
        change_held(app, hold, change).await?;
    }
    Ok(true)
}

/// Takes the oldest job that is free and of a kind that we know.
pub async fn take(app: &App) -> Result<Option<Job>, Error> {
    let (now, owner) = (app.clock.now(), app.owner.to_string());
    let kinds = Kind::ALL.map(Kind::name);
    // Looking first keeps idle processes from writing.
    if !jobs::is_any_free(app.db.read(), &kinds, now).await? {
        return Ok(None);
    }
    app.db
        .run("gateway_take_job", move |tx: &Tx| {
            let owner = owner.clone();
            Box::pin(async move { Ok(jobs::take(tx, &kinds, &owner, now, now + LEASE).await?) })
        })
        .await
}

/// Writes what an owner has to say.
///
/// # Errors
/// [`Error::LeaseLost`] when another has the job.
pub async fn change_held(app: &App, hold: Hold, change: Change) -> Result<(), Error> {
    app.db
        .run("gateway_change_job", move |tx: &Tx| {
            let change = change.clone();
            Box::pin(async move {
                let held = jobs::change(tx, hold, change).await?;
                if held { Ok(()) } else { Err(Error::LeaseLost) }
            })
        })
        .await
}

/// Renews the lease until it is lost.
async fn keep(app: &App, hold: Hold) -> Error {
    while app.shutdown.pause(RENEW).await {
        let until = app.clock.now() + LEASE;
        match change_held(app, hold, Change::Renew(until)).await {
            // Though the store is away the lease still runs; the fence guards what
            // comes after it.
            Ok(()) | Err(Error::Storage(StorageError::Unavailable)) => {}
            Err(error) => return error,
        }
    }
    // The work itself hears of the shutdown and puts the job back.
    std::future::pending().await
}

/// What becomes of a job after it was worked on; nothing when it is no longer
/// ours to say.
fn ending(job: &Job, worked: Result<Value, Error>, now: DateTime<Utc>) -> Option<Change> {
    let error = match worked {
        Ok(outcome) => return Some(Change::End(now, DONE, outcome.to_string())),
        Err(error) => error,
    };
    tracing::warn!(job = %job.id, %error, "a job did not end");
    if matches!(error, Error::LeaseLost) {
        return None;
    }
    if matches!(error, Error::Leaving) {
        return Some(Change::Release(now));
    }
    if error.is_transient() && job.fence < TAKES {
        return Some(Change::Release(now + REST));
    }
    let told = json!({ "error": Failure::from(error).message() });
    Some(Change::End(now, FAILED, told.to_string()))
}

async fn work(app: &App, job: &Job, hold: Hold) -> Result<Value, Error> {
    let filter = Filter {
        unit: Some(job.unit.clone()).filter(|unit| !unit.is_empty()),
        from: job.from_day,
        to: job.to_day,
    };
    match Kind::of(&job.kind) {
        Some(Kind::Reconcile) => {
            let found = reconcile::run(app, &filter, BUDGET).await?;
            let pairs = i64::try_from(found.compared).unwrap_or(i64::MAX);
            progress(app, hold, pairs, pairs).await?;
            Ok(told(found))
        }
        Some(Kind::RebuildWarehouse) => {
            if job.phase != EMPTIED {
                rebuild::empty(app, hold).await?;
            }
            let events = rebuild::reload(app, hold).await?;
            let found = reconcile::run(app, &filter, BUDGET).await?;
            Ok(json!({ "events": events, "reconciliation": told(found) }))
        }
        None => Err(Error::Unreadable("the kind of a job")),
    }
}

fn told(found: Reconciliation) -> Value {
    let differing = found.differences.len();
    let differences: Vec<_> = found.differences.into_iter().take(NAMED).collect();
    json!({
        "compared": found.compared,
        "dossiers": found.dossiers,
        "position": found.position,
        "differing": differing,
        "differences": differences,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::jobs::RUNNING;
    use uuid::Uuid;

    fn job(fence: i64) -> Job {
        Job {
            id: Uuid::nil(),
            kind: "reconcile".to_owned(),
            unit: String::new(),
            from_day: None,
            to_day: None,
            state: RUNNING.to_owned(),
            phase: String::new(),
            done: 0,
            total: 0,
            owner: String::new(),
            lease_until: None,
            fence,
            outcome: String::new(),
            requested_by: String::new(),
            created: DateTime::UNIX_EPOCH,
            started: None,
            finished: None,
        }
    }

    #[test]
    fn a_job_whose_neighbours_are_away_rests_and_is_given_up_in_the_end() {
        let now = DateTime::UNIX_EPOCH;
        let away = || Err(Error::Behind);
        assert_eq!(
            ending(&job(1), away(), now),
            Some(Change::Release(now + REST))
        );
        let given_up = ending(&job(TAKES), away(), now);
        assert!(matches!(given_up, Some(Change::End(_, FAILED, _))));
    }

    #[test]
    fn a_job_that_is_no_longer_ours_is_left_alone() {
        let lost = ending(&job(1), Err(Error::LeaseLost), DateTime::UNIX_EPOCH);
        assert_eq!(lost, None);
    }

    #[test]
    fn a_fault_of_ours_is_told_without_its_words() {
        let fault = Err(Error::Storage(StorageError::Other));
        let Some(Change::End(_, FAILED, told)) = ending(&job(1), fault, DateTime::UNIX_EPOCH)
        else {
            panic!("it should have failed");
        };
        assert!(told.contains("Hệ thống gặp lỗi"), "{told}");
    }
}
