//! The use-cases, one file each: load, authorise, decide, save, publish. The only
//! room that opens units of work.

pub(crate) mod act;
pub mod after_restore;
pub(crate) mod amendment;
pub(crate) mod cross;
pub(crate) mod follow;
pub(crate) mod local;
pub(crate) mod notes;
pub(crate) mod project;
pub(crate) mod read;
pub(crate) mod submit;
pub mod summarise;
pub(crate) mod view;

use std::sync::Arc;

use domain::clock::{Clock, Ids};
use domain::working_time::{Calendar, national_calendar};
use runtime::Failure;
use runtime::client::Channel;
use runtime::context::ServiceContext;
use storage::Db;
use storage::private_row::Vault;

use crate::error::Error;

/// What the service is configured with.
pub struct Settings {
    /// The master key of private rows.
    pub master_key: [u8; 32],
    /// Whether provisional codes are refused: a production deployment gives
    /// official identifiers only.
    pub production: bool,
}

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) ctx: ServiceContext,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) production: bool,
}

impl App {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "settings hold a key: they are handed over, not kept beside"
    )]
    pub(crate) fn new(ctx: ServiceContext, db: Db, settings: Settings) -> Result<Self, Failure> {
        let Settings {
            master_key,
            production,
        } = settings;
        let vault = Vault::new(&master_key).map_err(Error::from)?;
        Ok(Self {
            db,
            clock: Arc::clone(&ctx.clock),
            ids: Arc::clone(&ctx.ids),
            vault: Arc::new(vault),
            calendar: Arc::new(national_calendar()),
            production,
            ctx,
        })
    }

    /// The channel to the workflow service.
    pub(crate) fn workflow(&self) -> Result<Channel, Failure> {
        self.ctx.peer("workflow")
    }
}
