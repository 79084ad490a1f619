//! The services behind the pages: one method a call, in the person's own name.

mod account;
mod act;

use std::sync::Arc;

use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use proto::notification::v1::notification_service_client::NotificationServiceClient;
use proto::notification::v1::{ListMessagesRequest, ListMessagesResponse, MarkReadRequest};
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use proto::workflow::v1::{GetCaseRequest, ListCasesRequest, ListCasesResponse, ProcedureCase};
use runtime::client::Channel;
use tonic::metadata::MetadataValue;
use tonic::{Request, Status};

pub(crate) use account::Units;
pub(crate) use act::Act;

/// Channels to the services that the console speaks to.
#[derive(Clone)]
pub struct Backends {
    /// Sign-in and the directory.
    account: Channel,
    /// The catalogue.
    workflow: Channel,
    /// The dossiers.
    dossier: Channel,
    /// The inbox.
    notification: Channel,
    /// The units, once read: they keep name and place for their validity.
    units: Arc<Units>,
}

impl Backends {
    /// Over channels that carry no identity of their own: every call is made in
    /// the name of the person at the browser.
    pub fn new(
        account: &Channel,
        workflow: &Channel,
        dossier: &Channel,
        notification: &Channel,
    ) -> Self {
        Self {
            account: account.anonymous(),
            workflow: workflow.anonymous(),
            dossier: dossier.anonymous(),
            notification: notification.anonymous(),
            units: Arc::default(),
        }
    }
}

/// A request in a person's name.
fn bearing<T>(access: &str, message: T) -> Result<Request<T>, Status> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(format!("Bearer {access}"))
        .map_err(|_| Status::unauthenticated("the token is not a header value"))?;
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

impl Backends {
    fn dossiers(&self) -> DossierServiceClient<Channel> {
        DossierServiceClient::new(self.dossier.clone())
    }

    fn queries(&self) -> DossierQueryServiceClient<Channel> {
        DossierQueryServiceClient::new(self.dossier.clone())
    }

    fn catalogue(&self) -> CatalogueServiceClient<Channel> {
        CatalogueServiceClient::new(self.workflow.clone())
    }

    /// The numbers of the home page.
    pub(crate) async fn counts(&self, access: &str) -> Result<pb::CountDossiersResponse, Status> {
        let message = pb::CountDossiersRequest::default();
        Ok(self
            .queries()
            .count_dossiers(bearing(access, message)?)
            .await?
            .into_inner())
    }

    /// A page of dossiers.
    pub(crate) async fn list(
        &self,
        access: &str,
        message: pb::ListDossiersRequest,
    ) -> Result<pb::ListDossiersResponse, Status> {
        Ok(self
            .queries()
            .list_dossiers(bearing(access, message)?)
            .await?
            .into_inner())
    }

    /// One dossier, by its id.
    pub(crate) async fn dossier(&self, access: &str, id: &str) -> Result<pb::Dossier, Status> {
        let message = pb::GetDossierRequest {
            name: format!("dossiers/{id}"),
        };
        let answer = self
            .queries()
            .get_dossier(bearing(access, message)?)
            .await?
            .into_inner();
        answer
            .dossier
            .ok_or_else(|| Status::not_found("no dossier in the answer"))
    }

    /// The text of a draft.
    pub(crate) async fn draft(
        &self,
        access: &str,
        name: &str,
        draft: &str,
    ) -> Result<String, Status> {
        let message = pb::GetDraftRequest {
            name: name.to_owned(),
            draft: draft.to_owned(),
        };
        let answer = self.queries().get_draft(bearing(access, message)?).await?;
        Ok(answer.into_inner().content)
    }

    /// What was done, oldest first.
    pub(crate) async fn history(
        &self,
        access: &str,
        name: &str,
    ) -> Result<Vec<pb::HistoryLine>, Status> {
        let message = pb::ListHistoryRequest {
            name: name.to_owned(),
            page_size: 200,
            ..Default::default()
        };
        let answer = self
            .queries()
            .list_history(bearing(access, message)?)
            .await?;
        Ok(answer.into_inner().lines)
    }

    /// Why the due date is what it is.
    pub(crate) async fn why(
        &self,
        access: &str,
        name: &str,
    ) -> Result<pb::ExplainDueResponse, Status> {
        let message = pb::ExplainDueRequest {
            name: name.to_owned(),
        };
        Ok(self
            .queries()
            .explain_due(bearing(access, message)?)
            .await?
            .into_inner())
    }

    /// Procedure cases by words.
    pub(crate) async fn cases(
        &self,
        access: &str,
        query: &str,
    ) -> Result<ListCasesResponse, Status> {
        let message = ListCasesRequest {
            page_size: 200,
            query: query.to_owned(),
            ..Default::default()
        };
        Ok(self
            .catalogue()
            .list_cases(bearing(access, message)?)
            .await?
            .into_inner())
    }

    /// One procedure case.
    pub(crate) async fn case(&self, access: &str, name: &str) -> Result<ProcedureCase, Status> {
        let message = GetCaseRequest {
            name: name.to_owned(),
        };
        let answer = self
            .catalogue()
            .get_case(bearing(access, message)?)
            .await?
            .into_inner();
        answer
            .case
            .ok_or_else(|| Status::not_found("no case in the answer"))
    }

    /// Takes a dossier in.
    pub(crate) async fn submit(
        &self,
        access: &str,
        message: pb::SubmitRequest,
    ) -> Result<pb::Dossier, Status> {
        let answer = self
            .dossiers()
            .submit(bearing(access, message)?)
            .await?
            .into_inner();
        answer
            .dossier
            .ok_or_else(|| Status::not_found("no dossier in the answer"))
    }

    /// Accepts it.
    pub(crate) async fn accept(
        &self,
        access: &str,
        message: pb::AcceptRequest,
    ) -> Result<(), Status> {
        self.dossiers()
            .accept(bearing(access, message)?)
            .await
            .map(drop)
    }

    fn inboxes(&self) -> NotificationServiceClient<Channel> {
        NotificationServiceClient::new(self.notification.clone())
    }

    /// A page of the inbox.
    pub(crate) async fn inbox(
        &self,
        access: &str,
        page_token: String,
    ) -> Result<ListMessagesResponse, Status> {
        let message = ListMessagesRequest {
            page_size: 50,
            page_token,
            ..Default::default()
        };
        Ok(self
            .inboxes()
            .list_messages(bearing(access, message)?)
            .await?
            .into_inner())
    }

    /// Marks a message as read and answers its dossier.
    pub(crate) async fn read(
        &self,
        access: &str,
        message: MarkReadRequest,
    ) -> Result<String, Status> {
        let answer = self
            .inboxes()
            .mark_read(bearing(access, message)?)
            .await?
            .into_inner();
        Ok(answer.message.unwrap_or_default().dossier)
    }
}
