//! `PartnerService`: what a registered partner system may do.

use proto::gateway::v1 as pb;
use proto::gateway::v1::partner_service_server::PartnerService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};

use super::convert::{self, Wrong};
use crate::app::{App, look_up, partner};

/// The partners' side over gRPC.
pub(crate) struct PartnerApi(pub(crate) App);

#[tonic::async_trait]
impl PartnerService for PartnerApi {
    async fn file_dossier(
        &self,
        request: Request<pb::FileDossierRequest>,
    ) -> Result<Response<pb::FileDossierResponse>, Status> {
        let actor = caller(&request)?.actor;
        let filing = convert::filing(request.into_inner())?;
        let dossier = partner::file(&self.0, &actor, filing).await?;
        Ok(Response::new(pb::FileDossierResponse {
            name: dossier.name,
            state: dossier.state,
        }))
    }

    async fn get_filed_dossier(
        &self,
        request: Request<pb::GetFiledDossierRequest>,
    ) -> Result<Response<pb::GetFiledDossierResponse>, Status> {
        let actor = caller(&request)?.actor;
        let mut wrong = Wrong::default();
        let id = wrong.resource("name", "dossiers/", &request.get_ref().name);
        wrong.end()?;
        let (dossier, partner_id) = partner::filed(&self.0, &actor, id).await?;
        Ok(Response::new(pb::GetFiledDossierResponse {
            name: dossier.name,
            code: dossier.code,
            state: dossier.state,
            state_label: dossier.state_label,
            due: dossier.due,
            partner_id,
        }))
    }

    async fn look_up(
        &self,
        request: Request<pb::LookUpRequest>,
    ) -> Result<Response<pb::LookUpResponse>, Status> {
        let actor = caller(&request)?.actor;
        let (code, second_factor) = convert::look_up(request.get_ref())?;
        let found = look_up::run(&self.0, &actor, code, second_factor).await?;
        Ok(Response::new(pb::LookUpResponse {
            code: found.code,
            state: found.state,
            state_label: found.state_label,
            due: found.due,
        }))
    }
}
