//! Signing in and out, and who is where.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use proto::account::v1 as pb;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
use proto::dossier::v1::Dossier;
use runtime::client::Channel;
use tonic::Status;
use uuid::Uuid;

use super::{Backends, bearing};
use crate::session::SignedIn;

/// Renewed tokens.
pub(crate) struct Renewed {
    pub(crate) access: String,
    pub(crate) until: DateTime<Utc>,
    pub(crate) refresh: String,
}

/// Names of units, by resource name.
#[derive(Default)]
pub(crate) struct UnitNames(RwLock<BTreeMap<String, String>>);

impl UnitNames {
    /// The name, or the id where it is unknown.
    pub(crate) fn of(&self, unit: &str) -> String {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(unit).cloned().unwrap_or_else(|| unit.to_owned())
    }

    fn know<'a>(&self, mut units: impl Iterator<Item = &'a str>) -> bool {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        units.all(|unit| unit.is_empty() || names.contains_key(unit))
    }
}

fn tokens(tokens: Option<pb::Tokens>) -> Renewed {
    let tokens = tokens.unwrap_or_default();
    let until = tokens
        .access_until
        .and_then(|t| DateTime::from_timestamp(t.seconds, 0));
    Renewed {
        access: tokens.access,
        until: until.unwrap_or_default(),
        refresh: tokens.refresh,
    }
}

fn signed_in(given: Option<pb::Tokens>, officer: Option<pb::Officer>) -> SignedIn {
    let (tokens, officer) = (tokens(given), officer.unwrap_or_default());
    SignedIn {
        access: tokens.access,
        access_until: tokens.until,
        refresh: tokens.refresh,
        name: officer.full_name,
        unit_name: officer.unit_name,
        unit: officer.unit,
    }
}

impl Backends {
    fn auth(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(self.account.clone())
    }

    fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.account.clone())
    }

    /// Signs a person in.
    pub(crate) async fn sign_in(&self, login: &str, password: &str) -> Result<SignedIn, Status> {
        let message = pb::SignInRequest {
            login: login.into(),
            password: password.into(),
        };
        let answer = self.auth().sign_in(message).await?.into_inner();
        Ok(signed_in(answer.tokens, answer.officer))
    }

    /// Rotates the refresh token; the old one is spent.
    pub(crate) async fn refresh(&self, refresh: &str) -> Result<Renewed, Status> {
        let message = pb::RefreshRequest {
            refresh: refresh.into(),
        };
        Ok(tokens(
            self.auth().refresh(message).await?.into_inner().tokens,
        ))
    }

    /// Ends the session at the account service.
    pub(crate) async fn sign_out(
        &self,
        request_id: Uuid,
        access: &str,
        refresh: &str,
    ) -> Result<(), Status> {
        let message = pb::SignOutRequest {
            request_id: request_id.to_string(),
            refresh: refresh.into(),
        };
        self.auth()
            .sign_out(bearing(access, message)?)
            .await
            .map(drop)
    }

    /// Takes the one-time link of the first administrator.
    pub(crate) async fn claim_first_admin(
        &self,
        request_id: Uuid,
        token: &str,
        password: &str,
    ) -> Result<SignedIn, Status> {
        let message = pb::ClaimFirstAdminRequest {
            request_id: request_id.to_string(),
            token: token.into(),
            password: password.into(),
        };
        let answer = self.auth().claim_first_admin(message).await?.into_inner();
        Ok(signed_in(answer.tokens, answer.officer))
    }

    /// Officers of a unit, as (`people/{id}`, name and title).
    pub(crate) async fn officers(
        &self,
        access: &str,
        unit: &str,
    ) -> Result<Vec<(String, String)>, Status> {
        let message = pb::ListOfficersRequest {
            unit: unit.into(),
            page_size: 200,
            ..Default::default()
        };
        let answer = self
            .directory()
            .list_officers(bearing(access, message)?)
            .await?
            .into_inner();
        let label = |o: &pb::Officer| format!("{} – {}", o.full_name, o.title);
        Ok(answer
            .officers
            .into_iter()
            .map(|o| (o.name.clone(), label(&o)))
            .collect())
    }

    /// Names for the units of a dossier.
    pub(crate) async fn unit_names(
        &self,
        access: &str,
        dossier: &Dossier,
    ) -> Result<&UnitNames, Status> {
        let units = [&dossier.receiver, &dossier.decider, &dossier.owner];
        if self.names.know(units.into_iter().map(String::as_str)) {
            return Ok(&self.names);
        }
        let mut page_token = String::new();
        loop {
            let message = pb::ListUnitsRequest {
                page_size: 200,
                page_token,
            };
            let answer = self
                .directory()
                .list_units(bearing(access, message)?)
                .await?
                .into_inner();
            let mut names = self.names.0.write().unwrap_or_else(PoisonError::into_inner);
            names.extend(answer.units.into_iter().map(|u| (u.name, u.full_name)));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(&self.names);
            }
        }
    }
}
