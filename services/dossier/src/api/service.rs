//! DossierService: a method is caller, conversion, one use-case, answer.

use domain::process::Command;
use prost::Message;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_server::DossierService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::convert::{self, Wrong};
use crate::app::act::Act;
use crate::app::cross::{self, Asked, Crossing};
use crate::app::notes::Note;
use crate::app::view::{self, Detail};
use crate::app::{App, local, submit};
use crate::error::Error;
use domain::case_file::CaseFile;

/// The commands over gRPC.
pub(crate) struct DossierApi(pub(crate) App);

/// What every crossing request has.
struct Head<'a> {
    request_id: &'a str,
    name: &'a str,
    etag: &'a str,
}

impl DossierApi {
    /// A crossing verb, from the request's own words.
    async fn cross<T: Message>(
        &self,
        request: &Request<T>,
        method: &'static str,
        head: Head<'_>,
        asked: impl FnOnce(&mut Wrong) -> (Asked, Note),
    ) -> Result<pb::Dossier, Status> {
        let actor = caller(request)?.actor;
        let mut wrong = Wrong::default();
        let request_id = wrong.uuid("request_id", head.request_id);
        let dossier = wrong.resource("name", "dossiers/", head.name);
        let (command, note) = asked(&mut wrong);
        wrong.end()?;
        let act = Act::new(
            &self.0,
            actor,
            method,
            request_id,
            &request.get_ref().encode_to_vec(),
        );
        let note = Note {
            verb: method.to_owned(),
            ..note
        };
        let crossing = Crossing {
            dossier,
            etag: head.etag.to_owned(),
            command,
            note,
        };
        let shown = act.actor.clone();
        let file = cross::run(&self.0, act, crossing).await?;
        self.answer(&shown, &file).await
    }

    async fn answer(
        &self,
        actor: &domain::actor::Actor,
        file: &CaseFile,
    ) -> Result<pb::Dossier, Status> {
        let mut dossier = view::dossier(&self.0, file, Detail::Whole).await?;
        dossier.actions = view::actions(actor, file);
        Ok(dossier)
    }
}

/// One method of a crossing verb.
macro_rules! verb {
    ($self:ident, $request:ident, $method:literal, $answer:ident, |$message:ident, $wrong:ident| $asked:expr) => {{
        let $message = $request.get_ref().clone();
        let head = Head {
            request_id: &$message.request_id,
            name: &$message.name,
            etag: &$message.etag,
        };
        let dossier = $self
            .cross(&$request, $method, head, |$wrong: &mut Wrong| $asked)
            .await?;
        Ok(Response::new(pb::$answer {
            dossier: Some(dossier),
        }))
    }};
}

/// A command without words.
fn plain(command: Command) -> (Asked, Note) {
    (Asked::Command(command), Note::default())
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
        let (request_id, submission) = convert::submission(request.into_inner(), today)?;
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
        let title = wrong.text("title", &message.title, 1, 200);
        let content = wrong.text("content", &message.content, 1, 100_000);
        wrong.end()?;
        let act = Act::new(&self.0, actor.clone(), "AttachDraft", request_id, &body);
        let change = local::Change::Attach { title, content };
        let file = local::run(&self.0, act, dossier, &message.etag, change).await?;
        let dossier = Some(self.answer(&actor, &file).await?);
        Ok(Response::new(pb::AttachDraftResponse { dossier }))
    }

    async fn update_applicant(
        &self,
        request: Request<pb::UpdateApplicantRequest>,
    ) -> Result<Response<pb::UpdateApplicantResponse>, Status> {
        let actor = caller(&request)?.actor;
        let body = request.get_ref().encode_to_vec();
        let message = request.into_inner();
        let today = convert::today(&self.0)?;
        let mut wrong = Wrong::default();
        let request_id = wrong.uuid("request_id", &message.request_id);
        let dossier = wrong.resource("name", "dossiers/", &message.name);
        let applicant = convert::applicant(&mut wrong, message.applicant.as_ref(), today);
        let parts = convert::parts(&mut wrong, &message.parts);
        wrong.end()?;
        let act = Act::new(&self.0, actor.clone(), "UpdateApplicant", request_id, &body);
        let change = local::Change::Correct { applicant, parts };
        let file = local::run(&self.0, act, dossier, &message.etag, change).await?;
        let dossier = Some(self.answer(&actor, &file).await?);
        Ok(Response::new(pb::UpdateApplicantResponse { dossier }))
    }

    async fn ask_intake_supplement(
        &self,
        request: Request<pb::AskIntakeSupplementRequest>,
    ) -> Result<Response<pb::AskIntakeSupplementResponse>, Status> {
        verb!(
            self,
            request,
            "AskIntakeSupplement",
            AskIntakeSupplementResponse,
            |m, wrong| {
                let items = convert::items(wrong, &m.items);
                let reason = wrong.text("reason", &m.reason, 1, 2000);
                (
                    Asked::Command(Command::AskIntakeSupplement {}),
                    Note {
                        items,
                        reason,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn receive_intake_supplement(
        &self,
        request: Request<pb::ReceiveIntakeSupplementRequest>,
    ) -> Result<Response<pb::ReceiveIntakeSupplementResponse>, Status> {
        verb!(
            self,
            request,
            "ReceiveIntakeSupplement",
            ReceiveIntakeSupplementResponse,
            |m, _w| plain(Command::ReceiveIntakeSupplement {})
        )
    }

    async fn refuse_intake(
        &self,
        request: Request<pb::RefuseIntakeRequest>,
    ) -> Result<Response<pb::RefuseIntakeResponse>, Status> {
        verb!(
            self,
            request,
            "RefuseIntake",
            RefuseIntakeResponse,
            |m, wrong| {
                let reason = wrong.text("reason", &m.reason, 1, 2000);
                let ground = wrong.text("ground", &m.ground, 1, 500);
                (
                    Asked::Command(Command::RefuseIntake {}),
                    Note {
                        reason,
                        ground,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn accept(
        &self,
        request: Request<pb::AcceptRequest>,
    ) -> Result<Response<pb::AcceptResponse>, Status> {
        verb!(self, request, "Accept", AcceptResponse, |m, _w| plain(
            Command::Accept {}
        ))
    }

    async fn transfer(
        &self,
        request: Request<pb::TransferRequest>,
    ) -> Result<Response<pb::TransferResponse>, Status> {
        verb!(self, request, "Transfer", TransferResponse, |m, _w| plain(
            Command::Transfer {}
        ))
    }

    async fn receive(
        &self,
        request: Request<pb::ReceiveRequest>,
    ) -> Result<Response<pb::ReceiveResponse>, Status> {
        verb!(self, request, "Receive", ReceiveResponse, |m, _w| plain(
            Command::Receive {}
        ))
    }

    async fn return_misrouted(
        &self,
        request: Request<pb::ReturnMisroutedRequest>,
    ) -> Result<Response<pb::ReturnMisroutedResponse>, Status> {
        verb!(
            self,
            request,
            "ReturnMisrouted",
            ReturnMisroutedResponse,
            |m, wrong| {
                let ground = wrong.text("ground", &m.ground, 1, 500);
                (
                    Asked::Command(Command::ReturnMisrouted {}),
                    Note {
                        ground,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn assign(
        &self,
        request: Request<pb::AssignRequest>,
    ) -> Result<Response<pb::AssignResponse>, Status> {
        verb!(self, request, "Assign", AssignResponse, |m, wrong| {
            let person: Uuid = wrong.resource("person", "people/", &m.person);
            plain(Command::Assign {
                person: domain::ids::PersonId(person),
            })
        })
    }

    async fn complete_step(
        &self,
        request: Request<pb::CompleteStepRequest>,
    ) -> Result<Response<pb::CompleteStepResponse>, Status> {
        verb!(
            self,
            request,
            "CompleteStep",
            CompleteStepResponse,
            |m, wrong| {
                let reason = wrong.text("note", &m.note, 0, 2000);
                (
                    Asked::Command(Command::CompleteStep {}),
                    Note {
                        reason,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn ask_supplement(
        &self,
        request: Request<pb::AskSupplementRequest>,
    ) -> Result<Response<pb::AskSupplementResponse>, Status> {
        verb!(
            self,
            request,
            "AskSupplement",
            AskSupplementResponse,
            |m, wrong| {
                let items = convert::items(wrong, &m.items);
                let reason = wrong.text("reason", &m.reason, 1, 2000);
                let command = Command::AskSupplement {
                    sector_ground: false,
                };
                (
                    Asked::Command(command),
                    Note {
                        items,
                        reason,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn complete_supplement(
        &self,
        request: Request<pb::CompleteSupplementRequest>,
    ) -> Result<Response<pb::CompleteSupplementResponse>, Status> {
        verb!(
            self,
            request,
            "CompleteSupplement",
            CompleteSupplementResponse,
            |m, _w| plain(Command::CompleteSupplement {})
        )
    }

    async fn submit_for_signature(
        &self,
        request: Request<pb::SubmitForSignatureRequest>,
    ) -> Result<Response<pb::SubmitForSignatureResponse>, Status> {
        verb!(
            self,
            request,
            "SubmitForSignature",
            SubmitForSignatureResponse,
            |m, wrong| { (Asked::Draft(wrong.uuid("draft", &m.draft)), Note::default()) }
        )
    }

    async fn sign(
        &self,
        request: Request<pb::SignRequest>,
    ) -> Result<Response<pb::SignResponse>, Status> {
        verb!(self, request, "Sign", SignResponse, |m, wrong| {
            plain(Command::Sign {
                digest: wrong.digest("digest", &m.digest),
            })
        })
    }

    async fn refuse_to_sign(
        &self,
        request: Request<pb::RefuseToSignRequest>,
    ) -> Result<Response<pb::RefuseToSignResponse>, Status> {
        verb!(
            self,
            request,
            "RefuseToSign",
            RefuseToSignResponse,
            |m, wrong| {
                let reason = wrong.text("reason", &m.reason, 1, 2000);
                (
                    Asked::Command(Command::RefuseToSign {}),
                    Note {
                        reason,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn refuse_settlement(
        &self,
        request: Request<pb::RefuseSettlementRequest>,
    ) -> Result<Response<pb::RefuseSettlementResponse>, Status> {
        verb!(
            self,
            request,
            "RefuseSettlement",
            RefuseSettlementResponse,
            |m, wrong| {
                let reason = wrong.text("reason", &m.reason, 1, 2000);
                (
                    Asked::Command(Command::RefuseSettlement {}),
                    Note {
                        reason,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn issue(
        &self,
        request: Request<pb::IssueRequest>,
    ) -> Result<Response<pb::IssueResponse>, Status> {
        verb!(self, request, "Issue", IssueResponse, |m, wrong| {
            let number = wrong.text("number", &m.number, 1, 50);
            (
                Asked::Command(Command::Issue {}),
                Note {
                    number,
                    ..Note::default()
                },
            )
        })
    }

    async fn return_result(
        &self,
        request: Request<pb::ReturnResultRequest>,
    ) -> Result<Response<pb::ReturnResultResponse>, Status> {
        verb!(
            self,
            request,
            "ReturnResult",
            ReturnResultResponse,
            |m, wrong| {
                let taker = wrong.text("taker", &m.taker, 1, 200);
                let way = convert::way(wrong, m.way());
                (
                    Asked::Command(Command::ReturnResult {}),
                    Note {
                        taker,
                        way,
                        ..Note::default()
                    },
                )
            }
        )
    }

    async fn withdraw(
        &self,
        request: Request<pb::WithdrawRequest>,
    ) -> Result<Response<pb::WithdrawResponse>, Status> {
        verb!(self, request, "Withdraw", WithdrawResponse, |m, wrong| {
            let reason = wrong.text("reason", &m.reason, 1, 2000);
            (
                Asked::Command(Command::Withdraw {}),
                Note {
                    reason,
                    ..Note::default()
                },
            )
        })
    }

    async fn stop(
        &self,
        request: Request<pb::StopRequest>,
    ) -> Result<Response<pb::StopResponse>, Status> {
        verb!(self, request, "Stop", StopResponse, |m, wrong| {
            let reason = wrong.text("reason", &m.reason, 1, 2000);
            let ground = wrong.text("ground", &m.ground, 1, 500);
            (
                Asked::Command(Command::Stop {}),
                Note {
                    reason,
                    ground,
                    ..Note::default()
                },
            )
        })
    }

    async fn extend(
        &self,
        request: Request<pb::ExtendRequest>,
    ) -> Result<Response<pb::ExtendResponse>, Status> {
        verb!(self, request, "Extend", ExtendResponse, |m, wrong| {
            let reason = wrong.text("reason", &m.reason, 1, 2000);
            let due = wrong.instant("new_due", m.new_due.as_ref());
            (
                Asked::Command(Command::Extend { due }),
                Note {
                    reason,
                    ..Note::default()
                },
            )
        })
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Error::Fields(wrong.into_fields())
    }
}
