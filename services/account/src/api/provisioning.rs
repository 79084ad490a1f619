//! `ProvisioningService`: an operator's commands, under the service identity of the
//! operator's own program.

use proto::account::v1 as pb;
use proto::account::v1::provisioning_service_server::ProvisioningService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};

use super::{key, roles};
use crate::app::{App, first_admin, partner, passwords, provision};
use crate::error::Error;
use crate::store::units;

/// The program that operators run.
const OPERATOR: &str = "operator";

/// Provisioning over gRPC.
pub(crate) struct ProvisioningApi(pub(crate) App);

fn operator<T>(request: &Request<T>) -> Result<String, Status> {
    let caller = caller(request)?;
    if caller.service.as_deref() == Some(OPERATOR) {
        Ok(caller.actor.label())
    } else {
        Err(Error::Denied.into())
    }
}

#[tonic::async_trait]
impl ProvisioningService for ProvisioningApi {
    async fn provision_units(
        &self,
        request: Request<pb::ProvisionUnitsRequest>,
    ) -> Result<Response<pb::ProvisionUnitsResponse>, Status> {
        let actor = operator(&request)?;
        let done = provision::run(&self.0, &actor, key(&request.get_ref().request_id)?).await?;
        Ok(Response::new(pb::ProvisionUnitsResponse {
            communes: done.communes,
            added: done.added,
        }))
    }

    async fn issue_passwords(
        &self,
        request: Request<pb::IssuePasswordsRequest>,
    ) -> Result<Response<pb::IssuePasswordsResponse>, Status> {
        let actor = operator(&request)?;
        let m = request.into_inner();
        let only: Vec<String> = m
            .units
            .iter()
            .map(|u| u.trim_start_matches("units/").to_owned())
            .collect();
        let issued = passwords::run(&self.0, &actor, key(&m.request_id)?, &only).await?;
        let passwords = issued.into_iter().map(|i| pb::IssuedPassword {
            unit: format!("units/{}", i.post.unit),
            roles: roles(&units::roles(&i.post)),
            login: i.login,
            password: i.password,
        });
        Ok(Response::new(pb::IssuePasswordsResponse {
            passwords: passwords.collect(),
        }))
    }

    async fn open_first_admin(
        &self,
        request: Request<pb::OpenFirstAdminRequest>,
    ) -> Result<Response<pb::OpenFirstAdminResponse>, Status> {
        operator(&request)?;
        key(&request.get_ref().request_id)?;
        let token = first_admin::open(&self.0).await?.unwrap_or_default();
        Ok(Response::new(pb::OpenFirstAdminResponse { token }))
    }

    async fn register_partner(
        &self,
        request: Request<pb::RegisterPartnerRequest>,
    ) -> Result<Response<pb::RegisterPartnerResponse>, Status> {
        let actor = operator(&request)?;
        let m = request.into_inner();
        let key = key(&m.request_id)?;
        let client_secret = partner::register(&self.0, &actor, key, &m.client_id, m.scopes).await?;
        Ok(Response::new(pb::RegisterPartnerResponse { client_secret }))
    }
}
