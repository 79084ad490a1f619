//! `WarehouseService`: comparing and reading the warehouse.

use proto::warehouse::v1 as pb;
use proto::warehouse::v1::warehouse_service_server::WarehouseService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};

use super::convert;
use crate::app::{App, indicators, reconcile};

/// The warehouse over gRPC.
pub(crate) struct WarehouseApi(pub(crate) App);

#[tonic::async_trait]
impl WarehouseService for WarehouseApi {
    async fn reconcile(
        &self,
        request: Request<pb::ReconcileRequest>,
    ) -> Result<Response<pb::ReconcileResponse>, Status> {
        let actor = caller(&request)?.actor;
        let (filter, after) = convert::filter(request.get_ref())?;
        let found = reconcile::asked(&self.0, &actor, &filter, after).await?;
        let differences = found.differences.into_iter().map(convert::difference);
        Ok(Response::new(pb::ReconcileResponse {
            compared: i64::try_from(found.compared).unwrap_or(i64::MAX),
            dossiers: found.dossiers,
            differences: differences.collect(),
            position: found.position,
            next_page_token: found
                .rest_after
                .map_or_else(String::new, |day| day.to_string()),
        }))
    }

    async fn get_indicators(
        &self,
        request: Request<pb::GetIndicatorsRequest>,
    ) -> Result<Response<pb::GetIndicatorsResponse>, Status> {
        let actor = caller(&request)?.actor;
        let (from, to) = convert::period(request.get_ref())?;
        let units = indicators::run(&self.0, &actor, from, to).await?;
        Ok(Response::new(pb::GetIndicatorsResponse {
            units: units.iter().map(convert::indicators).collect(),
        }))
    }
}
