//! The use-cases, one a file: load → authorise → decide → save.

pub mod adopt;
pub mod cross;
pub mod due;
pub mod explain_due;
pub mod get_instance;
pub mod get_process;
pub mod instance;
pub mod list_cases;
pub mod open_instance;
pub mod readiness;
pub mod seed;
pub mod timers;
pub mod verify;

use std::sync::Arc;

use domain::clock::{Clock, Ids};
use runtime::ServiceContext;
use storage::Db;

use crate::store::reference::References;

/// What every use-case is handed.
#[derive(Clone)]
pub struct App {
    /// The store.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// The catalogue in memory.
    pub references: References,
}

impl App {
    /// Over a migrated database of its own.
    pub fn new(ctx: &ServiceContext, db: Db) -> Self {
        let (clock, ids) = (Arc::clone(&ctx.clock), Arc::clone(&ctx.ids));
        Self {
            db,
            clock,
            ids,
            references: References::default(),
        }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
