//! Account: units, people, posts, sign-in and tokens. A leaf: it calls nobody.

mod api;
mod app;
mod error;
mod organisation;
mod store;
mod verify;

pub use app::{App, Settings};
pub use store::migration;
pub use verify::verify;

use runtime::Failure;
use runtime::context::{Service, ServiceContext};
use storage::Db;

/// Builds the service over a migrated database.
pub fn build(ctx: &ServiceContext, db: Db, settings: Settings) -> Result<Service, Failure> {
    let app = App::new(ctx, db, settings)?;
    let offer = feed::offer(ctx.name(), &app.db, &ctx.shutdown);
    Ok(api::mount(&app)
        .mount(offer.server.into_service())
        .job("account-sequencer", offer.job))
}
