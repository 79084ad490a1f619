//! Dossier: the case file. Applicant, parts, drafts, notes, code, and the list
//! that officers work from, with the workflow's state projected onto it. The
//! front door of every dossier command.

mod api;
mod app;
mod error;
mod store;
mod verify;

pub use app::{App, Settings};
pub use store::migration;
pub use verify::verify;

use runtime::Failure;
use runtime::context::{Service, ServiceContext};
use storage::Db;

/// Builds the service over a migrated database.
pub fn build(ctx: ServiceContext, db: Db, settings: Settings) -> Result<Service, Failure> {
    let app = App::new(ctx, db, settings)?;
    Ok(api::mount(&app).job("dossier-projection", app::follow::run(app.clone())))
}
