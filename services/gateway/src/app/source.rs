//! What gateway asks of the services that own what it shows.

use chrono::NaiveDate;
use proto::account::v1::ListUnitsRequest;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
use proto::dossier::v1 as dossier;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use proto::dossier::v1::filing_service_client::FilingServiceClient;
use proto::event::v1::ReadRequest;
use proto::event::v1::event_feed_service_client::EventFeedServiceClient;
use proto::workflow::v1::ListCasesRequest;
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use runtime::Failure;
use runtime::client::as_itself;
use uuid::Uuid;

use super::App;
use crate::error::Error;
use crate::store::dimensions::{Procedure, Unit};

/// The largest page that account and workflow give.
const PAGE: i32 = 500;

/// Files a dossier in a partner's name; the partner's own token goes along.
pub(crate) async fn file_online(
    app: &App,
    request: dossier::FileOnlineRequest,
) -> Result<dossier::Dossier, Error> {
    let mut client = FilingServiceClient::new(app.dossier.clone());
    let answer = client.file_online(request).await;
    let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
    answer.dossier.ok_or(Error::Unreadable("no dossier"))
}

/// A dossier that the partner filed, and the partner's own id of it.
pub(crate) async fn filing(
    app: &App,
    name: String,
    partner: &str,
) -> Result<(dossier::Dossier, String), Error> {
    let mut client = FilingServiceClient::new(app.dossier.clone());
    let request = dossier::GetFilingRequest {
        name,
        partner: partner.to_owned(),
    };
    let answer = client.get_filing(request).await;
    let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
    let found = answer.dossier.ok_or(Error::Unreadable("no dossier"))?;
    Ok((found, answer.partner_id))
}

/// The public state of a code, if the second factor is right.
pub(crate) async fn look_up(
    app: &App,
    code: String,
    second_factor: String,
) -> Result<dossier::LookUpDossierResponse, Error> {
    let mut client = DossierQueryServiceClient::new(app.dossier.clone());
    let request = dossier::LookUpDossierRequest {
        code,
        second_factor,
    };
    let answer = client.look_up_dossier(request).await;
    Ok(answer.map_err(|s| Failure::from_status(&s))?.into_inner())
}

/// Counts and checksums by (unit, day) of some days after one, and the position that
/// they are of.
pub(crate) async fn summarise(
    app: &App,
    unit: Option<&str>,
    after: Option<NaiveDate>,
) -> Result<dossier::SummariseResponse, Error> {
    let mut client = FilingServiceClient::new(app.dossier.clone());
    let request = dossier::SummariseRequest {
        unit: unit.map(|unit| format!("units/{unit}")).unwrap_or_default(),
        after_day: after.map(|day| day.to_string()).unwrap_or_default(),
    };
    let answer = as_itself(client.summarise(request)).await;
    Ok(answer.map_err(|s| Failure::from_status(&s))?.into_inner())
}

/// The incarnation of the dossier feed, and its last position.
pub(crate) async fn head(app: &App) -> Result<(Uuid, i64), Error> {
    let mut client = EventFeedServiceClient::new(app.dossier.clone());
    let request = ReadRequest {
        after_position: 0,
        incarnation: String::new(),
        limit: 1,
    };
    let answer = as_itself(client.read(request)).await;
    let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
    let incarnation = answer.incarnation.parse();
    let incarnation = incarnation.map_err(|_| Error::Unreadable("an incarnation"))?;
    Ok((incarnation, answer.head_position))
}

/// Every unit.
pub(crate) async fn units(app: &App) -> Result<Vec<Unit>, Error> {
    let mut client = DirectoryServiceClient::new(app.account.clone());
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListUnitsRequest {
            page_size: PAGE,
            page_token,
        };
        let answer = as_itself(client.list_units(request)).await;
        let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
        all.extend(answer.units.into_iter().map(|unit| Unit {
            id: key("units/", &unit.name),
            full_name: unit.full_name,
            kind: unit.kind,
            parent: key("units/", &unit.parent),
            valid_from: unit.valid_from,
        }));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Every procedure case.
pub(crate) async fn procedures(app: &App) -> Result<Vec<Procedure>, Error> {
    let mut client = CatalogueServiceClient::new(app.workflow.clone());
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCasesRequest {
            page_size: PAGE,
            page_token,
            query: String::new(),
        };
        let answer = as_itself(client.list_cases(request)).await;
        let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
        all.extend(answer.cases.into_iter().map(|case| Procedure {
            id: key("cases/", &case.name),
            code: case.code,
            title: case.title,
            field: case.field,
            level: case.level,
            decider: key("units/", &case.decider),
            time_limit: case.limit,
            process: key("processes/", &case.process),
        }));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// The key in a resource name; the whole of it where the prefix is not there.
pub(crate) fn key(prefix: &str, name: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}
