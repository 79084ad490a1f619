//! Jobs as callers see them: asked for, looked at, listed.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::actor::Actor;
use storage::{StorageError, Tx, idempotency};
use uuid::Uuid;

use super::App;
use super::permit::{self, Deed};
use super::request::Request;
use crate::error::Error;
use crate::store::jobs::{self, Job, Key, WAITING};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Compares the warehouse with its source.
    Reconcile,
    /// Loads the warehouse anew, and compares.
    RebuildWarehouse,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 2] = [Kind::Reconcile, Kind::RebuildWarehouse];

    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Reconcile => "reconcile",
            Kind::RebuildWarehouse => "rebuild_warehouse",
        }
    }

    /// From what is stored; none for a kind of a newer program.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A job that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it does.
    pub kind: Kind,
    /// Only this unit.
    pub unit: Option<String>,
    /// From this day.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub to: Option<NaiveDate>,
}

/// Asks for a job; the same request gives the same job.
pub async fn start(
    app: &App,
    actor: &Actor,
    request: &Request,
    wanted: Wanted,
) -> Result<Job, Error> {
    permit::check(actor, Deed::RunJob)?;
    if let Some(job) = started(app, request).await? {
        return Ok(job);
    }
    let job = Job {
        id: app.ids.next(),
        kind: wanted.kind.name().to_owned(),
        unit: wanted.unit.unwrap_or_default(),
        from_day: wanted.from,
        to_day: wanted.to,
        state: WAITING.to_owned(),
        phase: String::new(),
        done: 0,
        total: 0,
        owner: String::new(),
        lease_until: None,
        fence: 0,
        outcome: String::new(),
        requested_by: actor.label(),
        created: app.clock.now(),
        started: None,
        finished: None,
    };
    let work = Arc::new((request.key.clone(), job.clone()));
    let stored = app.db.run("gateway_start_job", move |tx: &Tx| {
        let work = Arc::clone(&work);
        Box::pin(async move {
            let (key, job) = &*work;
            let resource = format!("jobs/{}", job.id);
            idempotency::remember(tx, key, &resource, job.id.as_bytes(), job.created).await?;
            Ok(jobs::insert(tx, job).await?)
        })
    });
    match stored.await {
        Ok(()) => Ok(job),
        // The same request was faster elsewhere.
        Err(error @ Error::Storage(StorageError::Conflict { .. })) => {
            started(app, request).await?.ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// The job that this request was answered with before.
async fn started(app: &App, request: &Request) -> Result<Option<Job>, Error> {
    let Some(kept) = request.recall(app).await? else {
        return Ok(None);
    };
    let id = Uuid::from_slice(&kept).map_err(|_| Error::Unreadable("a kept answer"))?;
    Ok(jobs::find(app.db.read(), id).await?)
}

/// A job by its id.
pub async fn get(app: &App, actor: &Actor, id: Uuid) -> Result<Job, Error> {
    permit::check(actor, Deed::ReadJob)?;
    let found = jobs::find(app.db.read(), id).await?;
    found.ok_or(Error::NotFound("job"))
}

/// A page, newest first.
pub async fn page(
    app: &App,
    actor: &Actor,
    after: Option<Key>,
    size: u64,
) -> Result<Vec<Job>, Error> {
    permit::check(actor, Deed::ReadJob)?;
    Ok(jobs::page(app.db.read(), after, size).await?)
}
