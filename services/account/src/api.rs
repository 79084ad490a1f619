//! Account on the wire.

mod auth;
mod directory;
mod provisioning;

use domain::actor::Role;
use proto::account::v1 as pb;
use proto::account::v1::auth_service_server::AuthServiceServer;
use proto::account::v1::directory_service_server::DirectoryServiceServer;
use proto::account::v1::provisioning_service_server::ProvisioningServiceServer;
use runtime::context::Service;
use uuid::Uuid;

use crate::app::App;
use crate::app::tokens::Officer;
use crate::error::Error;

/// Everything that the service serves.
pub(crate) fn mount(app: &App) -> Service {
    Service::new()
        .mount(AuthServiceServer::new(auth::AuthApi(app.clone())))
        .mount(DirectoryServiceServer::new(directory::DirectoryApi(
            app.clone(),
        )))
        .mount(ProvisioningServiceServer::new(
            provisioning::ProvisioningApi(app.clone()),
        ))
}

fn stamp(at: chrono::DateTime<chrono::Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: 0,
    }
}

fn key(text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::Field("request_id", "phải là một UUID"))
}

fn officer(o: &Officer) -> pb::Officer {
    pb::Officer {
        name: format!("people/{}", o.person),
        full_name: o.full_name.clone(),
        unit: format!("units/{}", o.unit),
        unit_name: o.unit_name.clone(),
        title: o.title.clone(),
        roles: roles(&o.roles),
        stand_in: o.stand_in,
    }
}

fn roles(roles: &[Role]) -> Vec<i32> {
    roles.iter().map(|r| role(*r).into()).collect()
}

fn role(role: Role) -> pb::Role {
    match role {
        Role::Reception => pb::Role::Reception,
        Role::Processing => pb::Role::Processing,
        Role::DivisionHead => pb::Role::DivisionHead,
        Role::Leader => pb::Role::Leader,
        Role::Clerk => pb::Role::Clerk,
        Role::UnitAdmin => pb::Role::UnitAdmin,
        Role::ProvinceAdmin => pb::Role::ProvinceAdmin,
        Role::TechnicalAdmin => pb::Role::TechnicalAdmin,
        Role::Monitor => pb::Role::Monitor,
        Role::Inspector => pb::Role::Inspector,
    }
}
