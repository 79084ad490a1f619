//! `InstanceService` on the wire.

use proto::workflow::v1 as wire;
use proto::workflow::v1::instance_service_server::InstanceService;
use tonic::{Request, Response, Status};

use super::convert::{self, instance as messages};
use crate::app::instance::Asker;
use crate::app::{self, App};
use crate::data::Case;

/// Instances over gRPC, for the dossier service alone.
#[derive(Clone, Debug)]
pub struct InstanceApi(pub App);

/// Who asks, as the layers verified it.
fn asker<T>(request: &Request<T>) -> Result<Asker, Status> {
    let caller = runtime::auth::caller(request).map_err(Status::from)?;
    Ok(Asker {
        actor: caller.actor,
        service: caller.service,
    })
}

#[tonic::async_trait]
impl InstanceService for InstanceApi {
    async fn open_instance(
        &self,
        request: Request<wire::OpenInstanceRequest>,
    ) -> Result<Response<wire::OpenInstanceResponse>, Status> {
        let asker = asker(&request)?;
        let ask = messages::open(request.into_inner())?;
        let bytes = app::open_instance::run(&self.0, &asker, ask, messages::opened).await?;
        Ok(Response::new(messages::answer(&bytes)?))
    }

    async fn check_opening(
        &self,
        request: Request<wire::CheckOpeningRequest>,
    ) -> Result<Response<wire::CheckOpeningResponse>, Status> {
        let asker = asker(&request)?;
        let (case, receiver, decider) = messages::check(request.get_ref())?;
        let checked =
            app::open_instance::check(&self.0, &asker, &case, &receiver, decider.as_ref()).await?;
        let (decider, case) = checked;
        Ok(Response::new(wire::CheckOpeningResponse {
            decider: format!("units/{decider}"),
            case: Some(convert::case(Case::clone(&case))),
        }))
    }

    async fn cross(
        &self,
        request: Request<wire::CrossRequest>,
    ) -> Result<Response<wire::CrossResponse>, Status> {
        let asker = asker(&request)?;
        let ask = messages::cross(request.into_inner())?;
        let bytes = app::cross::run(&self.0, &asker, ask, messages::crossed).await?;
        Ok(Response::new(messages::answer(&bytes)?))
    }

    async fn list_instance_events(
        &self,
        request: Request<wire::ListInstanceEventsRequest>,
    ) -> Result<Response<wire::ListInstanceEventsResponse>, Status> {
        let asker = asker(&request)?;
        let dossier = request.get_ref().dossier.clone();
        let (id, after, size) = messages::list_events(request.get_ref())?;
        let (envelopes, next) = app::get_instance::events(&self.0, &asker, id, after, size).await?;
        let token = next.map(|version| convert::page_token(&dossier, &version.to_string()));
        let next_page_token = token.transpose()?.unwrap_or_default();
        Ok(Response::new(wire::ListInstanceEventsResponse {
            envelopes,
            next_page_token,
        }))
    }

    async fn explain_due(
        &self,
        request: Request<wire::ExplainDueRequest>,
    ) -> Result<Response<wire::ExplainDueResponse>, Status> {
        let asker = asker(&request)?;
        let id = convert::uuid("dossier", &request.get_ref().dossier)?;
        let (instance, explained) = app::explain_due::run(&self.0, &asker, id).await?;
        Ok(Response::new(messages::explanation(&instance, explained)))
    }

    async fn get_instance(
        &self,
        request: Request<wire::GetInstanceRequest>,
    ) -> Result<Response<wire::GetInstanceResponse>, Status> {
        let asker = asker(&request)?;
        let id = convert::uuid("dossier", &request.get_ref().dossier)?;
        let moved = app::get_instance::run(&self.0, &asker, id).await?;
        let instance = Some(messages::state(&moved));
        Ok(Response::new(wire::GetInstanceResponse { instance }))
    }

    async fn batch_get_instances(
        &self,
        request: Request<wire::BatchGetInstancesRequest>,
    ) -> Result<Response<wire::BatchGetInstancesResponse>, Status> {
        let asker = asker(&request)?;
        let ids = messages::batch(request.get_ref())?;
        let rows = app::get_instance::batch(&self.0, &asker, &ids).await?;
        let instances = rows.into_iter().map(messages::snapshot).collect();
        Ok(Response::new(wire::BatchGetInstancesResponse { instances }))
    }
}
