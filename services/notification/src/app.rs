//! The use-cases, one a file.

pub mod after_restore;
pub(crate) mod choose;
pub(crate) mod follow;
pub(crate) mod inbox;
pub(crate) mod watch;

use std::sync::Arc;

use domain::clock::Clock;
use runtime::context::ServiceContext;
use storage::Db;

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl App {
    pub(crate) fn new(ctx: &ServiceContext, db: Db) -> Self {
        Self {
            db,
            clock: Arc::clone(&ctx.clock),
        }
    }
}
