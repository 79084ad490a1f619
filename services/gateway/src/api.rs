//! Gateway on the wire.

mod convert;
mod jobs;
mod partner;
mod warehouse;

use proto::gateway::v1::job_service_server::JobServiceServer;
use proto::gateway::v1::partner_service_server::PartnerServiceServer;
use proto::warehouse::v1::warehouse_service_server::WarehouseServiceServer;
use runtime::context::Service;

use crate::app::App;

/// Everything that the service serves.
pub(crate) fn mount(app: &App) -> Service {
    Service::new()
        .mount(PartnerServiceServer::new(partner::PartnerApi(app.clone())))
        .mount(WarehouseServiceServer::new(warehouse::WarehouseApi(
            app.clone(),
        )))
        .mount(JobServiceServer::new(jobs::JobApi(app.clone())))
}
