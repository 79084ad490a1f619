//! `AuthService`.

use proto::account::v1 as pb;
use proto::account::v1::auth_service_server::AuthService;
use tonic::{Request, Response, Status};

use super::{key, officer, stamp};
use crate::app::tokens::{self, Issued};
use crate::app::{App, first_admin, partner, sign_in};

/// Signing in over gRPC.
pub(crate) struct AuthApi(pub(crate) App);

fn tokens_of(issued: &Issued) -> pb::Tokens {
    pb::Tokens {
        access: issued.access.clone(),
        access_until: Some(stamp(issued.until)),
        refresh: issued.refresh.clone(),
    }
}

#[tonic::async_trait]
impl AuthService for AuthApi {
    async fn sign_in(
        &self,
        request: Request<pb::SignInRequest>,
    ) -> Result<Response<pb::SignInResponse>, Status> {
        let m = request.into_inner();
        let issued = sign_in::run(&self.0, &m.login, &m.password).await?;
        let officer = Some(officer(&issued.officer));
        Ok(Response::new(pb::SignInResponse {
            tokens: Some(tokens_of(&issued)),
            officer,
        }))
    }

    async fn refresh(
        &self,
        request: Request<pb::RefreshRequest>,
    ) -> Result<Response<pb::RefreshResponse>, Status> {
        let issued = tokens::refresh(&self.0, &request.into_inner().refresh).await?;
        Ok(Response::new(pb::RefreshResponse {
            tokens: Some(tokens_of(&issued)),
        }))
    }

    async fn sign_out(
        &self,
        request: Request<pb::SignOutRequest>,
    ) -> Result<Response<pb::SignOutResponse>, Status> {
        let m = request.into_inner();
        key(&m.request_id)?;
        tokens::end(&self.0, &m.refresh).await?;
        Ok(Response::new(pb::SignOutResponse {}))
    }

    async fn claim_first_admin(
        &self,
        request: Request<pb::ClaimFirstAdminRequest>,
    ) -> Result<Response<pb::ClaimFirstAdminResponse>, Status> {
        let m = request.into_inner();
        let key = key(&m.request_id)?;
        let issued = first_admin::claim(&self.0, key, &m.token, &m.password).await?;
        let officer = Some(officer(&issued.officer));
        Ok(Response::new(pb::ClaimFirstAdminResponse {
            tokens: Some(tokens_of(&issued)),
            officer,
        }))
    }

    async fn get_key_set(
        &self,
        _: Request<pb::GetKeySetRequest>,
    ) -> Result<Response<pb::GetKeySetResponse>, Status> {
        Ok(Response::new(pb::GetKeySetResponse {
            jwks: self.0.signer.jwks(&[]),
        }))
    }

    async fn partner_token(
        &self,
        request: Request<pb::PartnerTokenRequest>,
    ) -> Result<Response<pb::PartnerTokenResponse>, Status> {
        let m = request.into_inner();
        let (access, until) = partner::token(&self.0, &m.client_id, &m.client_secret).await?;
        Ok(Response::new(pb::PartnerTokenResponse {
            access,
            access_until: Some(stamp(until)),
        }))
    }
}
