//! An officer at the counter of xã Mai Phụ, by the public contract.

use domain::clock::Ids as _;
use proto::account::v1::SignInRequest;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use proto::workflow::v1::ListCasesRequest;
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use runtime::client::Channel;
use runtime::clock::SystemIds;
use runtime::config::SecretString;
use tonic::Status;
use uuid::Uuid;

use crate::place::Place;

pub(crate) fn fresh() -> Uuid {
    SystemIds.next()
}

pub(crate) async fn sign_in(place: &Place) -> SecretString {
    let door = place.operator().anonymous();
    let login = "18583.tiepnhan1";
    let request = SignInRequest {
        login: login.to_owned(),
        password: place.password(login),
    };
    let answer = AuthServiceClient::new(door).sign_in(request).await;
    let tokens = answer.expect("a sign-in").into_inner().tokens;
    SecretString::from(tokens.expect("tokens").access)
}

pub(crate) async fn filing(line: &Channel) -> pb::SubmitRequest {
    let request = ListCasesRequest {
        page_size: 500,
        ..Default::default()
    };
    let cases = CatalogueServiceClient::new(line.clone())
        .list_cases(request)
        .await;
    let cases = cases.expect("cases").into_inner().cases;
    let case = cases
        .iter()
        .find(|c| c.level == "commune" && !c.parts.is_empty());
    pb::SubmitRequest {
        request_id: String::new(),
        receiver: "units/18583".to_owned(),
        decider: String::new(),
        case: case.expect("a case").name.clone(),
        applicant: Some(pb::Applicant {
            full_name: "Nguyễn Thị Thử".to_owned(),
            id_number: "003190000001".to_owned(),
            birth_date: "1990-01-02".to_owned(),
            phone: "0912345678".to_owned(),
            email: String::new(),
            address: "Xã Mai Phụ".to_owned(),
        }),
        parts: vec![pb::Part {
            number: 1,
            name: String::new(),
            originals: 1,
            copies: 0,
        }],
        channel: pb::Channel::Counter.into(),
        rehearsal: true,
    }
}

pub(crate) async fn submit(
    line: &Channel,
    filing: &pb::SubmitRequest,
    request_id: Uuid,
) -> Result<pb::Dossier, Status> {
    let request = pb::SubmitRequest {
        request_id: request_id.to_string(),
        ..filing.clone()
    };
    let mut client = DossierServiceClient::new(line.clone());
    let answer = client.submit(request).await?.into_inner();
    Ok(answer.dossier.expect("a dossier"))
}

pub(crate) async fn accept(
    line: &Channel,
    name: &str,
    etag: &str,
    request_id: Uuid,
) -> Result<pb::Dossier, Status> {
    let request = pb::AcceptRequest {
        request_id: request_id.to_string(),
        name: name.to_owned(),
        etag: etag.to_owned(),
    };
    let mut client = DossierServiceClient::new(line.clone());
    let answer = client.accept(request).await?.into_inner();
    Ok(answer.dossier.expect("a dossier"))
}
