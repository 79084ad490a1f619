//! Dossier: the case file. Applicant, parts, drafts, notes, code, and the list
//! that officers work from, with the workflow's state projected onto it. The
//! front door of every dossier command.

mod api;
mod app;
mod error;
mod neighbours;
mod store;
mod verify;

pub use app::{App, Settings, after_restore, summarise};
pub use store::migration;
pub use verify::verify;

use runtime::Failure;
use runtime::context::{Service, ServiceContext};
use storage::Db;

/// Builds the service over a migrated database.
pub async fn build(ctx: ServiceContext, db: Db, settings: Settings) -> Result<Service, Failure> {
    let app = App::new(ctx, db, settings)?;
    // The gateway calls us and we do not follow it: which one it is, we remember.
    let pins = feed::pins(&app.db, &app.ctx.incarnations, &app.ctx.shutdown).await;
    let pins = pins.map_err(|error| Failure::from(error::Error::from(error)))?;
    Ok(api::mount(&app)
        .job("dossier-projection", app::follow::run(app.clone()))
        .job("dossier-pins", pins))
}
