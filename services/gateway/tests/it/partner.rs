//! What partners file, and what they see of it.

use domain::actor::Role;
use proto::dossier::v1 as dossier;
use proto::gateway::v1 as pb;
use proto::gateway::v1::partner_service_client::PartnerServiceClient;
use runtime::failure::Reason;
use runtime::{Failure, FieldViolation};
use uuid::Uuid;

use crate::house::{House, refusal};
use crate::life::{Birth, Life};

fn filing() -> pb::FileDossierRequest {
    pb::FileDossierRequest {
        request_id: Uuid::from_u128(5).to_string(),
        partner_id: "HS-1".to_owned(),
        partner_revision: 1,
        receiver: "units/18583".to_owned(),
        case: "cases/tt-0001".to_owned(),
        applicant: Some(dossier::Applicant {
            full_name: "Nguyễn Thị Đào".to_owned(),
            ..dossier::Applicant::default()
        }),
        parts: vec![dossier::Part {
            number: 1,
            originals: 1,
            ..dossier::Part::default()
        }],
    }
}

#[tokio::test]
async fn a_filing_goes_on_under_a_derived_key_in_the_partners_name() {
    for house in House::all().await.into_iter().take(1) {
        let token = house.ground.partner("dvc", &["dossier.file"]);
        let mut client = PartnerServiceClient::new(house.with(&token));
        let filed = client.file_dossier(filing()).await.unwrap().into_inner();
        assert_eq!(filed.state(), dossier::State::AwaitingReception);
        assert!(filed.name.starts_with("dossiers/"));
        client.file_dossier(filing()).await.unwrap();
        let heard = house.neighbours.filed();
        let derived = Uuid::new_v5(&Uuid::from_u128(5), b"dossier").to_string();
        for (request, behalf) in &heard {
            assert_eq!(request.request_id, derived);
            assert_eq!(request.partner, "dvc");
            assert_eq!(behalf.as_deref(), Some("partner:dvc"));
            assert_eq!(request.applicant, filing().applicant);
            assert_eq!(request.parts, filing().parts);
            assert_eq!(
                (request.partner_id.as_str(), request.partner_revision),
                ("HS-1", 1)
            );
        }
        assert_eq!(heard.len(), 2);
    }
}

#[tokio::test]
async fn the_gateways_own_fields_are_checked_before_anybody_is_asked() {
    for house in House::all().await.into_iter().take(1) {
        let token = house.ground.partner("dvc", &["dossier.file"]);
        let mut client = PartnerServiceClient::new(house.with(&token));
        let wrong = pb::FileDossierRequest {
            request_id: "x".to_owned(),
            partner_id: "đ".repeat(101),
            partner_revision: 0,
            ..filing()
        };
        let refused = refusal(client.file_dossier(wrong).await);
        let named: Vec<_> = refused.fields().iter().map(|f| f.field.as_str()).collect();
        assert_eq!(named, ["request_id", "partner_id", "partner_revision"]);
        let longest = pb::FileDossierRequest {
            partner_id: "đ".repeat(100),
            ..filing()
        };
        client.file_dossier(longest).await.unwrap();
        assert_eq!(house.neighbours.filed().len(), 1);
    }
}

#[tokio::test]
async fn what_the_dossier_service_refuses_comes_back_as_it_is() {
    for house in House::all().await.into_iter().take(1) {
        let token = house.ground.partner("dvc", &["dossier.file"]);
        let mut client = PartnerServiceClient::new(house.with(&token));
        let wrong = FieldViolation::new("applicant.id_number", "không khớp với năm sinh");
        house
            .neighbours
            .refuse(Failure::invalid(vec![wrong.clone()]));
        let refused = refusal(client.file_dossier(filing()).await);
        assert_eq!(refused.reason(), Reason::InvalidField);
        assert_eq!(refused.fields(), [wrong]);
        let exists = Failure::already_exists("dossier").with("resource", "dossiers/7");
        house.neighbours.refuse(exists);
        let refused = refusal(client.file_dossier(filing()).await);
        assert_eq!(refused.reason(), Reason::AlreadyExists);
        assert_eq!(refused.metadata("resource"), Some("dossiers/7"));
    }
}

#[tokio::test]
async fn a_partner_sees_what_it_filed_and_nothing_else() {
    for house in House::all().await.into_iter().take(1) {
        let mut life = Life::begin(Birth::new(1));
        life.take_in_hand();
        let (name, code) = (format!("dossiers/{}", life.file.id), life.file.code.clone());
        house.neighbours.live(&[life]).await;
        let ask = pb::GetFiledDossierRequest { name };
        let own = house.ground.partner("dvc", &["dossier.read"]);
        let mut client = PartnerServiceClient::new(house.with(&own));
        let seen = client
            .get_filed_dossier(ask.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!((Some(seen.code), seen.partner_id.as_str()), (code, "HS-1"));
        let other = house.ground.partner("khac", &["dossier.read"]);
        let mut client = PartnerServiceClient::new(house.with(&other));
        let hidden = refusal(client.get_filed_dossier(ask).await);
        assert_eq!(hidden.reason(), Reason::NotFound);
    }
}

#[tokio::test]
async fn neither_a_missing_scope_nor_another_kind_of_caller_gets_in() {
    for house in House::all().await.into_iter().take(1) {
        let reading = house
            .ground
            .partner("dvc", &["dossier.read", "dossier.lookup"]);
        let mut client = PartnerServiceClient::new(house.with(&reading));
        let denied = refusal(client.file_dossier(filing()).await);
        assert_eq!(denied.reason(), Reason::Denied);
        let mut officer = PartnerServiceClient::new(house.person(Role::Reception));
        let denied = refusal(officer.file_dossier(filing()).await);
        assert_eq!(denied.reason(), Reason::Denied);
        let mut service = PartnerServiceClient::new(house.service("operator"));
        let denied = refusal(service.file_dossier(filing()).await);
        assert_eq!(denied.reason(), Reason::Denied);
        assert!(house.neighbours.filed().is_empty());
    }
}
