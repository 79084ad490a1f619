//! A dossier of another unit does not exist, by whatever method one asks.

use domain::clock::Ids as _;
use prost_reflect::DescriptorPool;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use runtime::client::Channel;
use runtime::clock::SystemIds;
use testkit::{Engine, Town, refusal};
use tonic::{Code, Status};

use crate::acts::{Call, METHODS, act, key, list};
use crate::office::{FIVE_DAYS, MAI_PHU, Office, THANH_SEN};
use crate::record::{fingerprint, settled, told_well};

/// Reads of one dossier, by name.
const READS: [&str; 4] = ["GetDossier", "ExplainDue", "ListHistory", "GetDraft"];
/// Lists, which show nothing; and what only services may call.
const OTHERS: [&str; 4] = [
    "ListDossiers",
    "CountDossiers",
    "GetPrivateRow",
    "LookUpDossier",
];

async fn read(line: &Channel, method: &str, name: &str) -> Result<(), Status> {
    let mut client = DossierQueryServiceClient::new(line.clone());
    let name = name.to_owned();
    match method {
        "GetDossier" => client
            .get_dossier(pb::GetDossierRequest { name })
            .await
            .map(drop),
        "ExplainDue" => client
            .explain_due(pb::ExplainDueRequest { name })
            .await
            .map(drop),
        "ListHistory" => {
            let asked = pb::ListHistoryRequest {
                name,
                ..pb::ListHistoryRequest::default()
            };
            client.list_history(asked).await.map(drop)
        }
        _ => {
            let draft = key();
            client
                .get_draft(pb::GetDraftRequest { name, draft })
                .await
                .map(drop)
        }
    }
}

#[test]
fn no_method_of_the_contract_is_left_out() {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let methods = |service: &str| -> Vec<String> {
        let service = pool.get_service_by_name(service).unwrap();
        service.methods().map(|m| m.name().to_owned()).collect()
    };
    let mut writes = methods("motcua.dossier.v1.DossierService");
    writes.retain(|m| m != "Submit");
    writes.sort();
    let mut known = METHODS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(writes, known);
    let mut reads = methods("motcua.dossier.v1.DossierQueryService");
    reads.sort();
    let mut known: Vec<_> = READS.into_iter().chain(OTHERS).map(str::to_owned).collect();
    known.sort();
    assert_eq!(reads, known);
}

#[tokio::test]
async fn a_dossier_of_another_unit_is_not_found_by_any_method() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let (ours, theirs) = (
            Office::open(&town, MAI_PHU).await,
            Office::open(&town, THANH_SEN).await,
        );
        let seen = ours.bring(FIVE_DAYS, pb::State::AwaitingSignature).await;
        let mut absent = seen.clone();
        absent.name = format!("dossiers/{}", SystemIds.next());
        settled(&town).await;
        let before = fingerprint(&town).await;

        for method in METHODS {
            let call = |on| Call::on(on).to(&theirs.processing.name);
            for who in [
                &theirs.counter,
                &theirs.processing,
                &theirs.leader,
                &theirs.clerk,
            ] {
                let hidden = act(&who.line, method, &call(&seen))
                    .await
                    .expect_err(method);
                let unknown = act(&who.line, method, &call(&absent))
                    .await
                    .expect_err(method);
                assert_eq!(
                    told_well(&hidden).code,
                    Code::NotFound,
                    "{method}: {hidden:?}"
                );
                assert_eq!(refusal(&hidden), refusal(&unknown), "{method}");
            }
        }
        for method in READS {
            for name in [&seen.name, &format!("codes/{}", seen.code)] {
                if name.starts_with("codes/") && method == "GetDraft" {
                    continue;
                }
                let hidden = read(&theirs.leader.line, method, name)
                    .await
                    .expect_err(method);
                assert_eq!(
                    told_well(&hidden).code,
                    Code::NotFound,
                    "{method}: {hidden:?}"
                );
                assert_eq!(
                    hidden.message(),
                    told_absent(&theirs, method, &absent.name).await
                );
            }
        }
        lists_and_internals(&theirs, &seen).await;
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

async fn told_absent(office: &Office, method: &str, name: &str) -> String {
    let unknown = read(&office.leader.line, method, name)
        .await
        .expect_err(method);
    unknown.message().to_owned()
}

async fn lists_and_internals(theirs: &Office, seen: &pb::Dossier) {
    let everything = pb::ListDossiersRequest::default();
    assert_eq!(list(&theirs.leader.line, &everything).await.unwrap(), []);
    let mut by_unit = everything.clone();
    seen.owner.clone_into(&mut by_unit.unit);
    assert_eq!(list(&theirs.leader.line, &by_unit).await.unwrap(), []);

    let mut client = DossierQueryServiceClient::new(theirs.leader.line.clone());
    for unit in [String::new(), seen.owner.clone()] {
        let asked = pb::CountDossiersRequest { unit };
        let counts = client.count_dossiers(asked).await.unwrap().into_inner();
        assert_eq!(counts, pb::CountDossiersResponse::default());
    }
    let row = pb::GetPrivateRowRequest {
        row: key(),
        version: 1,
        purpose: "thử".to_owned(),
    };
    let code = seen.code.clone();
    let public = pb::LookUpDossierRequest {
        code,
        second_factor: "5678".to_owned(),
    };
    for refused in [
        client
            .get_private_row(row)
            .await
            .expect_err("a private row"),
        client.look_up_dossier(public).await.expect_err("a look-up"),
    ] {
        assert_eq!(told_well(&refused).code, Code::PermissionDenied);
    }
}
