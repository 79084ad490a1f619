//! The use-cases, one a file: authorise, load, decide, save. The only room that
//! opens units of work.

pub mod after_restore;
pub mod dates;
pub mod dimensions;
pub mod follow;
pub mod indicators;
pub mod jobs;
pub mod look_up;
pub mod partner;
pub mod permit;
pub mod rebuild;
pub mod reconcile;
pub mod request;
pub mod run_jobs;
pub mod shape;
pub mod source;
pub mod trials;
pub mod verify;

use std::sync::Arc;

use domain::clock::{Clock, Ids};
use domain::working_time::{Calendar, national_calendar};
use runtime::client::Channel;
use runtime::context::ServiceContext;
use runtime::incarnation::Incarnations;
use runtime::{Failure, Shutdown};
use storage::Db;

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The store.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Which days are worked, for the dimension of days.
    pub calendar: Arc<Calendar>,
    /// Who this process is to the others that take jobs.
    pub owner: Arc<str>,
    pub(crate) incarnations: Incarnations,
    pub(crate) dossier: Channel,
    pub(crate) account: Channel,
    pub(crate) workflow: Channel,
}

impl App {
    /// Over a migrated database of its own.
    ///
    /// # Errors
    /// `NOT_CONFIGURED` when dossier, account or workflow cannot be reached.
    pub fn new(ctx: &ServiceContext, db: Db) -> Result<Self, Failure> {
        Ok(Self {
            db,
            clock: Arc::clone(&ctx.clock),
            ids: Arc::clone(&ctx.ids),
            shutdown: ctx.shutdown.clone(),
            calendar: Arc::new(national_calendar()),
            owner: ctx.ids.next().to_string().into(),
            incarnations: ctx.incarnations.clone(),
            dossier: ctx.peer("dossier")?,
            account: ctx.peer("account")?,
            workflow: ctx.peer("workflow")?,
        })
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
