//! Gateway: the edge of the house. What partners may file and look up, long work
//! as visible jobs, and the province's warehouse on procedure settlement, loaded
//! from the dossier feed and compared with its source.

mod api;
pub mod app;
mod error;
pub mod store;

pub use app::App;
pub use app::verify::verify;
pub use error::Error;
pub use store::migration;

use runtime::Failure;
use runtime::context::{Service, ServiceContext};
use storage::Db;

/// Builds the service over a migrated database.
///
/// # Errors
/// `NOT_CONFIGURED` when dossier, account or workflow cannot be reached.
pub fn build(ctx: &ServiceContext, db: Db) -> Result<Service, Failure> {
    let app = App::new(ctx, db)?;
    Ok(api::mount(&app)
        .job("gateway-follower", app::follow::run(app.clone()))
        .job("gateway-dimensions", app::dimensions::run(app.clone()))
        .job("gateway-jobs", app::run_jobs::run(app)))
}
