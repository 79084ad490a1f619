//! What partners file, and what they see of it. All but the caller's right and
//! the shape of the request is the dossier service's to judge.

use domain::actor::Actor;
use proto::dossier::v1::{Dossier, FileOnlineRequest};
use uuid::Uuid;

use super::{App, permit, source};
use crate::error::Error;

/// What a partner files: as [`FileOnlineRequest`], without key and partner.
#[derive(Clone, Debug, PartialEq)]
pub struct Filing {
    /// The partner's key.
    pub request_id: Uuid,
    /// What goes on to the dossier service.
    pub request: FileOnlineRequest,
}

/// Files a dossier under a key derived from the partner's, so that a call that is
/// repeated here is repeated there.
pub async fn file(app: &App, actor: &Actor, filing: Filing) -> Result<Dossier, Error> {
    let partner = permit::partner(actor, "dossier.file")?;
    let request = FileOnlineRequest {
        request_id: Uuid::new_v5(&filing.request_id, b"dossier").to_string(),
        partner: partner.to_owned(),
        ..filing.request
    };
    source::file_online(app, request).await
}

/// A dossier that this partner filed, with the partner's own id; any other is
/// not found.
pub async fn filed(app: &App, actor: &Actor, id: Uuid) -> Result<(Dossier, String), Error> {
    let partner = permit::partner(actor, "dossier.read")?;
    source::filing(app, format!("dossiers/{id}"), partner).await
}
