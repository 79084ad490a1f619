//! What dossier asks of account.

use domain::ids::{PersonId, UnitId};
use proto::account::v1 as ac;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
use runtime::Failure;

use crate::app::App;
use crate::error::Error;

/// The roles that a person has in a unit and its sub-units; none when the person
/// has no post there.
pub(crate) async fn roles_in(
    app: &App,
    unit: &UnitId,
    person: PersonId,
) -> Result<Vec<ac::Role>, Error> {
    let mut client = DirectoryServiceClient::new(app.ctx.peer("account")?);
    let asked = ac::ListOfficersRequest {
        unit: format!("units/{unit}"),
        page_size: 500,
        page_token: String::new(),
    };
    let answer = runtime::client::as_itself(client.list_officers(asked)).await;
    let officers = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
    let name = format!("people/{person}");
    let posts = officers.officers.iter().filter(|o| o.name == name);
    Ok(posts.flat_map(ac::Officer::roles).collect())
}
