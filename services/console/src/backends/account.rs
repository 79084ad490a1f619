//! Signing in and out, and who is where.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use proto::account::v1 as pb;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
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

/// The units, by resource name.
#[derive(Default)]
pub(crate) struct Units(RwLock<BTreeMap<String, Known>>);

/// What is known of a unit.
struct Known {
    full_name: String,
    kind: String,
    parent: String,
}

impl Units {
    /// The name, or the id where it is unknown.
    pub(crate) fn name(&self, unit: &str) -> String {
        let units = self.0.read().unwrap_or_else(PoisonError::into_inner);
        units.get(unit).map_or_else(
            || unit.trim_start_matches("units/").to_owned(),
            |u| u.full_name.clone(),
        )
    }

    /// The commune or agency that a unit belongs to: a centre or division is
    /// none itself, and takes in for the one above it.
    pub(crate) fn agency(&self, unit: &str) -> String {
        let units = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut at = unit;
        while let Some(known) = units.get(at)
            && matches!(known.kind.as_str(), "centre" | "division")
            && !known.parent.is_empty()
        {
            at = known.parent.as_str();
        }
        at.to_owned()
    }

    fn know(&self, unit: &str) -> bool {
        let units = self.0.read().unwrap_or_else(PoisonError::into_inner);
        units.contains_key(unit)
    }

    fn learn(&self, unit: pb::Unit) {
        let mut units = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = Known {
            full_name: unit.full_name,
            kind: unit.kind,
            parent: unit.parent,
        };
        units.insert(unit.name, known);
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
        reception: officer.roles().any(|role| role == pb::Role::Reception),
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

    /// Officers of a unit and of what is below it.
    pub(crate) async fn officers(
        &self,
        access: &str,
        unit: &str,
    ) -> Result<Vec<pb::Officer>, Status> {
        let message = pb::ListOfficersRequest {
            unit: unit.into(),
            page_size: 500,
            ..Default::default()
        };
        let answer = self
            .directory()
            .list_officers(bearing(access, message)?)
            .await?
            .into_inner();
        Ok(answer.officers)
    }

    /// The units, in which those that are asked for are known if there are any.
    pub(crate) async fn units(&self, access: &str, needed: &[&str]) -> Result<&Units, Status> {
        if needed.iter().all(|u| u.is_empty() || self.units.know(u)) {
            return Ok(&self.units);
        }
        let mut page_token = String::new();
        loop {
            let message = pb::ListUnitsRequest {
                page_size: 500,
                page_token,
            };
            let answer = self
                .directory()
                .list_units(bearing(access, message)?)
                .await?
                .into_inner();
            for unit in answer.units {
                self.units.learn(unit);
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(&self.units);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_below_a_commune_takes_in_for_the_commune() {
        let units = Units::default();
        for (name, kind, parent) in [
            ("units/42", "province", ""),
            ("units/18583", "commune", "units/42"),
            ("units/18583-TTPVHCC", "centre", "units/18583"),
            ("units/42-PVHCC", "one_stop_centre", "units/42"),
        ] {
            units.learn(pb::Unit {
                name: name.to_owned(),
                kind: kind.to_owned(),
                parent: parent.to_owned(),
                ..pb::Unit::default()
            });
        }
        assert_eq!(units.agency("units/18583-TTPVHCC"), "units/18583");
        assert_eq!(units.agency("units/18583"), "units/18583");
        assert_eq!(units.agency("units/42-PVHCC"), "units/42-PVHCC");
        assert_eq!(units.agency("units/unknown"), "units/unknown");
    }
}
