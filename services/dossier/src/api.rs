//! Dossier on the wire.

mod asked;
mod convert;
mod crosses;
mod filing;
mod query;
mod service;

use proto::dossier::v1::dossier_query_service_server::DossierQueryServiceServer;
use proto::dossier::v1::dossier_service_server::DossierServiceServer;
use proto::dossier::v1::filing_service_server::FilingServiceServer;
use runtime::context::Service;

use crate::app::App;

/// Everything that the service serves.
pub(crate) fn mount(app: &App) -> Service {
    let offer = feed::offer(app.ctx.name(), &app.db, &app.ctx.shutdown);
    Service::new()
        .mount(DossierServiceServer::new(service::DossierApi(app.clone())))
        .mount(DossierQueryServiceServer::new(query::QueryApi(app.clone())))
        .mount(FilingServiceServer::new(filing::FilingApi(app.clone())))
        .mount(offer.server.into_service())
        .job("dossier-sequencer", offer.job)
}
