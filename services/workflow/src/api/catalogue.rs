//! `CatalogueService` on the wire.

use proto::workflow::v1 as wire;
use proto::workflow::v1::catalogue_service_server::CatalogueService;
use tonic::{Request, Response, Status};

use super::convert;
use crate::app::{self, App};

/// The catalogue over gRPC.
#[derive(Clone, Debug)]
pub struct CatalogueApi(pub App);

#[tonic::async_trait]
impl CatalogueService for CatalogueApi {
    async fn list_cases(
        &self,
        request: Request<wire::ListCasesRequest>,
    ) -> Result<Response<wire::ListCasesResponse>, Status> {
        let ask = convert::list_cases(request.get_ref())?;
        let (cases, next) = app::list_cases::run(&self.0, &ask.query, &ask.after, ask.size).await?;
        let token = next
            .map(|key| convert::page_token(&ask.query, &key))
            .transpose()?;
        Ok(Response::new(wire::ListCasesResponse {
            cases: cases.into_iter().map(convert::case).collect(),
            next_page_token: token.unwrap_or_default(),
        }))
    }

    async fn get_case(
        &self,
        request: Request<wire::GetCaseRequest>,
    ) -> Result<Response<wire::GetCaseResponse>, Status> {
        let id = convert::name("name", "cases/", &request.into_inner().name)?;
        let case = app::list_cases::get(&self.0, &id).await?;
        Ok(Response::new(wire::GetCaseResponse {
            case: Some(convert::case(case)),
        }))
    }

    async fn get_process(
        &self,
        request: Request<wire::GetProcessRequest>,
    ) -> Result<Response<wire::GetProcessResponse>, Status> {
        let id = convert::name("name", "processes/", &request.into_inner().name)?;
        let process = app::get_process::run(&self.0, &id).await?;
        Ok(Response::new(wire::GetProcessResponse {
            process: Some(convert::process(process)),
        }))
    }

    async fn get_readiness(
        &self,
        request: Request<wire::GetReadinessRequest>,
    ) -> Result<Response<wire::GetReadinessResponse>, Status> {
        let caller = runtime::auth::caller(&request).map_err(Status::from)?;
        let units = app::readiness::run(&self.0, &caller.actor).await?;
        let units = units.iter().map(convert::readiness).collect();
        Ok(Response::new(wire::GetReadinessResponse { units }))
    }
}
