//! `DossierService`: a method is caller, conversion, one use-case, answer.

use domain::actor::Actor;
use domain::case_file::CaseFile;
use prost::Message;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_server::DossierService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};

use super::asked;
use super::convert::{self, Wrong};
use super::crosses::Crosses;
use crate::app::act::Act;
use crate::app::amendment::Amendment;
use crate::app::cross::{self, Asked, Crossing};
use crate::app::notes::Note;
use crate::app::view::{self, Detail};
use crate::app::{App, local, submit};

/// The commands over gRPC.
pub(crate) struct DossierApi(pub(crate) App);

impl DossierApi {
    /// A crossing verb, from the request's own words.
    async fn cross<T: Crosses>(
        &self,
        request: &Request<T>,
        method: &'static str,
        asked: impl FnOnce(&T, &mut Wrong) -> (Asked, Note),
    ) -> Result<Option<pb::Dossier>, Status> {
        let actor = caller(request)?.actor;
        let message = request.get_ref();
        let mut wrong = Wrong::default();
        let request_id = wrong.uuid("request_id", message.request_id());
        let dossier = wrong.resource("name", "dossiers/", message.name());
        let (command, note) = asked(message, &mut wrong);
        wrong.end()?;
        let body = message.encode_to_vec();
        let act = Act::new(&self.0, actor.clone(), method, request_id, &body);
        let verb = method.to_owned();
        let crossing = Crossing {
            dossier,
            etag: message.etag().to_owned(),
            command,
            note: Note { verb, ..note },
        };
        let file = cross::run(&self.0, act, crossing).await?;
        Ok(Some(self.answer(&actor, &file).await?))
    }

    async fn answer(&self, actor: &Actor, file: &CaseFile) -> Result<pb::Dossier, Status> {
        let mut dossier = view::dossier(&self.0, file, Detail::Whole).await?;
        dossier.actions = view::actions(actor, file);
        Ok(dossier)
    }
}

/// The method of a crossing verb: request, answer, and what is asked.
macro_rules! crossing {
    ($self:ident, $request:ident, $method:literal, $answer:ident, $asked:path) => {{
        let dossier = $self.cross(&$request, $method, $asked).await?;
        Ok(Response::new(pb::$answer { dossier }))
    }};
}

#[tonic::async_trait]
impl DossierService for DossierApi {
    async fn submit(
        &self,
        request: Request<pb::SubmitRequest>,
    ) -> Result<Response<pb::SubmitResponse>, Status> {
        let actor = caller(&request)?.actor;
        let body = request.get_ref().encode_to_vec();
        let today = convert::today(&self.0)?;
        let (request_id, submission) = convert::submission(request.get_ref(), today)?;
        let act = Act::new(&self.0, actor.clone(), "Submit", request_id, &body);
        let file = submit::run(&self.0, act, submission).await?;
        let dossier = Some(self.answer(&actor, &file).await?);
        Ok(Response::new(pb::SubmitResponse { dossier }))
    }

    async fn attach_draft(
        &self,
        request: Request<pb::AttachDraftRequest>,
    ) -> Result<Response<pb::AttachDraftResponse>, Status> {
        let actor = caller(&request)?.actor;
        let body = request.get_ref().encode_to_vec();
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let request_id = wrong.uuid("request_id", &message.request_id);
        let dossier = wrong.resource("name", "dossiers/", &message.name);
        let title = wrong.line("title", &message.title, 1, 200);
        let content = wrong.text("content", &message.content, 1, 100_000);
        wrong.end()?;
        let act = Act::new(&self.0, actor.clone(), "AttachDraft", request_id, &body);
        let change = local::DraftText { title, content };
        let file = local::run(&self.0, act, dossier, &message.etag, change).await?;
        let dossier = Some(self.answer(&actor, &file).await?);
        Ok(Response::new(pb::AttachDraftResponse { dossier }))
    }

    async fn update_applicant(
        &self,
        request: Request<pb::UpdateApplicantRequest>,
    ) -> Result<Response<pb::UpdateApplicantResponse>, Status> {
        let today = convert::today(&self.0)?;
        let asked = |m: &pb::UpdateApplicantRequest, wrong: &mut Wrong| {
            let applicant = convert::applicant(wrong, m.applicant.as_ref(), today);
            let parts = convert::parts(wrong, &m.parts);
            let amendment = Amendment { applicant, parts };
            (Asked::Amend(amendment), Note::default())
        };
        let dossier = self.cross(&request, "UpdateApplicant", asked).await?;
        Ok(Response::new(pb::UpdateApplicantResponse { dossier }))
    }

    async fn ask_intake_supplement(
        &self,
        request: Request<pb::AskIntakeSupplementRequest>,
    ) -> Result<Response<pb::AskIntakeSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "AskIntakeSupplement",
            AskIntakeSupplementResponse,
            asked::intake_supplement
        )
    }

    async fn receive_intake_supplement(
        &self,
        request: Request<pb::ReceiveIntakeSupplementRequest>,
    ) -> Result<Response<pb::ReceiveIntakeSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "ReceiveIntakeSupplement",
            ReceiveIntakeSupplementResponse,
            asked::intake_supplement_received
        )
    }

    async fn refuse_intake(
        &self,
        request: Request<pb::RefuseIntakeRequest>,
    ) -> Result<Response<pb::RefuseIntakeResponse>, Status> {
        crossing!(
            self,
            request,
            "RefuseIntake",
            RefuseIntakeResponse,
            asked::intake_refusal
        )
    }

    async fn accept(
        &self,
        request: Request<pb::AcceptRequest>,
    ) -> Result<Response<pb::AcceptResponse>, Status> {
        crossing!(self, request, "Accept", AcceptResponse, asked::acceptance)
    }

    async fn transfer(
        &self,
        request: Request<pb::TransferRequest>,
    ) -> Result<Response<pb::TransferResponse>, Status> {
        crossing!(self, request, "Transfer", TransferResponse, asked::transfer)
    }

    async fn receive(
        &self,
        request: Request<pb::ReceiveRequest>,
    ) -> Result<Response<pb::ReceiveResponse>, Status> {
        crossing!(self, request, "Receive", ReceiveResponse, asked::receipt)
    }

    async fn return_misrouted(
        &self,
        request: Request<pb::ReturnMisroutedRequest>,
    ) -> Result<Response<pb::ReturnMisroutedResponse>, Status> {
        crossing!(
            self,
            request,
            "ReturnMisrouted",
            ReturnMisroutedResponse,
            asked::misrouted
        )
    }

    async fn assign(
        &self,
        request: Request<pb::AssignRequest>,
    ) -> Result<Response<pb::AssignResponse>, Status> {
        crossing!(self, request, "Assign", AssignResponse, asked::assignment)
    }

    async fn complete_step(
        &self,
        request: Request<pb::CompleteStepRequest>,
    ) -> Result<Response<pb::CompleteStepResponse>, Status> {
        crossing!(
            self,
            request,
            "CompleteStep",
            CompleteStepResponse,
            asked::step
        )
    }

    async fn ask_supplement(
        &self,
        request: Request<pb::AskSupplementRequest>,
    ) -> Result<Response<pb::AskSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "AskSupplement",
            AskSupplementResponse,
            asked::supplement
        )
    }

    async fn complete_supplement(
        &self,
        request: Request<pb::CompleteSupplementRequest>,
    ) -> Result<Response<pb::CompleteSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "CompleteSupplement",
            CompleteSupplementResponse,
            asked::supplement_full
        )
    }

    async fn submit_for_signature(
        &self,
        request: Request<pb::SubmitForSignatureRequest>,
    ) -> Result<Response<pb::SubmitForSignatureResponse>, Status> {
        crossing!(
            self,
            request,
            "SubmitForSignature",
            SubmitForSignatureResponse,
            asked::draft
        )
    }

    async fn sign(
        &self,
        request: Request<pb::SignRequest>,
    ) -> Result<Response<pb::SignResponse>, Status> {
        crossing!(self, request, "Sign", SignResponse, asked::signature)
    }

    async fn refuse_to_sign(
        &self,
        request: Request<pb::RefuseToSignRequest>,
    ) -> Result<Response<pb::RefuseToSignResponse>, Status> {
        crossing!(
            self,
            request,
            "RefuseToSign",
            RefuseToSignResponse,
            asked::signature_refusal
        )
    }

    async fn refuse_settlement(
        &self,
        request: Request<pb::RefuseSettlementRequest>,
    ) -> Result<Response<pb::RefuseSettlementResponse>, Status> {
        crossing!(
            self,
            request,
            "RefuseSettlement",
            RefuseSettlementResponse,
            asked::settlement_refusal
        )
    }

    async fn issue(
        &self,
        request: Request<pb::IssueRequest>,
    ) -> Result<Response<pb::IssueResponse>, Status> {
        crossing!(self, request, "Issue", IssueResponse, asked::issue)
    }

    async fn return_result(
        &self,
        request: Request<pb::ReturnResultRequest>,
    ) -> Result<Response<pb::ReturnResultResponse>, Status> {
        crossing!(
            self,
            request,
            "ReturnResult",
            ReturnResultResponse,
            asked::hand_out
        )
    }

    async fn withdraw(
        &self,
        request: Request<pb::WithdrawRequest>,
    ) -> Result<Response<pb::WithdrawResponse>, Status> {
        crossing!(
            self,
            request,
            "Withdraw",
            WithdrawResponse,
            asked::withdrawal
        )
    }

    async fn stop(
        &self,
        request: Request<pb::StopRequest>,
    ) -> Result<Response<pb::StopResponse>, Status> {
        crossing!(self, request, "Stop", StopResponse, asked::stop)
    }

    async fn extend(
        &self,
        request: Request<pb::ExtendRequest>,
    ) -> Result<Response<pb::ExtendResponse>, Status> {
        crossing!(self, request, "Extend", ExtendResponse, asked::extension)
    }

    async fn expire_intake_supplement(
        &self,
        request: Request<pb::ExpireIntakeSupplementRequest>,
    ) -> Result<Response<pb::ExpireIntakeSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "ExpireIntakeSupplement",
            ExpireIntakeSupplementResponse,
            asked::intake_expiry
        )
    }

    async fn send_back(
        &self,
        request: Request<pb::SendBackRequest>,
    ) -> Result<Response<pb::SendBackResponse>, Status> {
        crossing!(
            self,
            request,
            "SendBack",
            SendBackResponse,
            asked::sending_back
        )
    }

    async fn expire_supplement(
        &self,
        request: Request<pb::ExpireSupplementRequest>,
    ) -> Result<Response<pb::ExpireSupplementResponse>, Status> {
        crossing!(
            self,
            request,
            "ExpireSupplement",
            ExpireSupplementResponse,
            asked::supplement_expiry
        )
    }
}
