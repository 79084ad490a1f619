//! Workflow: procedures and their cases, processes, running instances, tasks,
//! working calendars and clocks. The authority on where a dossier stands in
//! its process and when it is due.

pub mod api;
pub mod app;
pub mod data;
pub mod error;
pub mod store;

use proto::workflow::v1::catalogue_service_server::CatalogueServiceServer;
use proto::workflow::v1::instance_service_server::InstanceServiceServer;
use runtime::{Failure, Service, ServiceContext};
use storage::Db;

pub use app::App;
pub use error::Error;
pub use store::migration;

/// Checks every stored instance, for `motcua verify`.
pub async fn verify(ctx: &ServiceContext, db: Db) -> Result<Vec<storage::Check>, Error> {
    app::verify::run(&App::new(ctx, db)).await
}

/// The service over a migrated database of its own: `CatalogueService` and
/// `InstanceService`, its `EventFeedService`, and the sequencer as a job. Loads the
/// seed, which writes at the first start and after a change of data only.
/// Calls no other service.
pub async fn build(ctx: &ServiceContext, db: Db) -> Result<Service, Failure> {
    let app = App::new(ctx, db);
    app::seed::run(&app).await.map_err(Failure::from)?;
    let offer = feed::offer(ctx.name(), &app.db, &ctx.shutdown);
    // Dossier calls us and we follow nobody: which dossier it is, we remember.
    let pins = feed::pins(&app.db, &ctx.incarnations, &ctx.shutdown).await;
    let pins = pins.map_err(|error| Failure::from(Error::from(error)))?;
    Ok(Service::new()
        .mount(offer.server.into_service())
        .mount(CatalogueServiceServer::new(api::catalogue::CatalogueApi(
            app.clone(),
        )))
        .mount(InstanceServiceServer::new(api::instance::InstanceApi(app)))
        .job("workflow-sequencer", offer.job)
        .job("workflow-pins", pins))
}
