//! What an officer reads of dossiers.

use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use runtime::client::Channel;
use tonic::Status;

/// A dossier as an officer sees it.
pub async fn get(line: &Channel, name: &str) -> Result<pb::Dossier, Status> {
    let name = name.to_owned();
    let mut client = DossierQueryServiceClient::new(line.clone());
    let answer = client.get_dossier(pb::GetDossierRequest { name }).await?;
    Ok(answer
        .into_inner()
        .dossier
        .expect("a dossier in the answer"))
}

/// Every dossier of a list, page by page.
pub async fn list(
    line: &Channel,
    asked: &pb::ListDossiersRequest,
) -> Result<Vec<pb::Dossier>, Status> {
    let mut client = DossierQueryServiceClient::new(line.clone());
    let (mut all, mut asked) = (Vec::new(), asked.clone());
    loop {
        let page = client.list_dossiers(asked.clone()).await?.into_inner();
        all.extend(page.dossiers);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// The types of a dossier's history, without their prefix, page by page.
pub async fn history(line: &Channel, name: &str) -> Vec<String> {
    let mut client = DossierQueryServiceClient::new(line.clone());
    let mut asked = pb::ListHistoryRequest {
        name: name.to_owned(),
        page_size: 3,
        page_token: String::new(),
    };
    let mut all = Vec::new();
    loop {
        let page = client
            .list_history(asked.clone())
            .await
            .unwrap()
            .into_inner();
        all.extend(page.lines.into_iter().map(|line| {
            assert!(!line.label.is_empty());
            line.r#type.trim_start_matches("dossier.").to_owned()
        }));
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            return all;
        }
    }
}
