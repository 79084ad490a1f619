//! One act on a dossier: the method by its name, with words that are right unless
//! a test says otherwise.

use domain::clock::Ids as _;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use runtime::client::Channel;
use runtime::clock::SystemIds;
use tonic::Status;

use crate::office::applicant;
pub use crate::reads::{get, history, list};

/// Every method that changes an existing dossier.
pub const METHODS: [&str; 25] = [
    "AskIntakeSupplement",
    "ReceiveIntakeSupplement",
    "ExpireIntakeSupplement",
    "RefuseIntake",
    "Accept",
    "Transfer",
    "Receive",
    "ReturnMisrouted",
    "Assign",
    "CompleteStep",
    "SendBack",
    "AskSupplement",
    "CompleteSupplement",
    "ExpireSupplement",
    "SubmitForSignature",
    "Sign",
    "RefuseToSign",
    "RefuseSettlement",
    "Issue",
    "ReturnResult",
    "Withdraw",
    "Stop",
    "Extend",
    "AttachDraft",
    "UpdateApplicant",
];

/// A fresh key.
pub fn key() -> String {
    SystemIds.next().to_string()
}

/// What an act says.
#[derive(Clone)]
pub struct Call {
    pub request_id: String,
    pub name: String,
    pub etag: String,
    pub reason: String,
    pub ground: String,
    pub items: Vec<pb::SupplementItem>,
    pub person: String,
    pub draft: String,
    pub digest: String,
    pub title: String,
    pub content: String,
    pub number: String,
    pub taker: String,
    pub way: i32,
    pub new_due: Option<prost_types::Timestamp>,
    pub applicant: Option<pb::Applicant>,
    pub parts: Vec<pb::Part>,
}

impl Call {
    /// On a dossier as it was seen, with a fresh key.
    pub fn on(seen: &pb::Dossier) -> Self {
        let last = seen.drafts.last().cloned().unwrap_or_default();
        let mut new_due = seen.due.unwrap_or_default();
        new_due.seconds += 7 * 86_400;
        Self {
            request_id: key(),
            name: seen.name.clone(),
            etag: seen.etag.clone(),
            reason: "Lý do thử nghiệm".to_owned(),
            ground: "Căn cứ thử nghiệm".to_owned(),
            items: vec![pb::SupplementItem {
                what: "Bản sao giấy tờ".to_owned(),
            }],
            person: String::new(),
            draft: last.id,
            digest: last.digest,
            title: "Dự thảo kết quả".to_owned(),
            content: "Nội dung dự thảo".to_owned(),
            number: "01/GKS".to_owned(),
            taker: "Người nhận".to_owned(),
            way: pb::ReturnWay::Counter.into(),
            new_due: Some(new_due),
            applicant: Some(applicant("Trần Thị Sửa")),
            parts: seen.parts.clone(),
        }
    }

    /// Gives the work to this officer.
    #[must_use]
    pub fn to(mut self, person: &str) -> Self {
        person.clone_into(&mut self.person);
        self
    }
}

macro_rules! call {
    ($line:expr, $call:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
        let call = $call.clone();
        let request = pb::$request {
            request_id: call.request_id,
            name: call.name,
            etag: call.etag,
            $($field: $value),*
        };
        let answer = DossierServiceClient::new($line.clone()).$method(request).await?;
        Ok(answer.into_inner().dossier.expect("a dossier in the answer"))
    }};
}

/// Acts.
pub async fn act(line: &Channel, method: &str, call: &Call) -> Result<pb::Dossier, Status> {
    match method {
        "AskIntakeSupplement"
        | "ExpireIntakeSupplement"
        | "RefuseIntake"
        | "ReceiveIntakeSupplement"
        | "Accept"
        | "Withdraw"
        | "UpdateApplicant" => intake(line, method, call).await,
        "Transfer" | "Receive" | "ReturnMisrouted" | "Assign" | "CompleteStep" | "AttachDraft" => {
            travel(line, method, call).await
        }
        _ => settle(line, method, call).await,
    }
}

async fn intake(line: &Channel, method: &str, c: &Call) -> Result<pb::Dossier, Status> {
    let (items, reason, ground) = (c.items.clone(), c.reason.clone(), c.ground.clone());
    match method {
        "AskIntakeSupplement" => {
            call!(
                line,
                c,
                ask_intake_supplement,
                AskIntakeSupplementRequest {
                    items: items,
                    reason: reason
                }
            )
        }
        "RefuseIntake" => {
            call!(
                line,
                c,
                refuse_intake,
                RefuseIntakeRequest {
                    reason: reason,
                    ground: ground
                }
            )
        }
        "ReceiveIntakeSupplement" => {
            call!(
                line,
                c,
                receive_intake_supplement,
                ReceiveIntakeSupplementRequest {}
            )
        }
        "ExpireIntakeSupplement" => {
            call!(
                line,
                c,
                expire_intake_supplement,
                ExpireIntakeSupplementRequest { reason: reason }
            )
        }
        "Accept" => call!(line, c, accept, AcceptRequest {}),
        "Withdraw" => call!(line, c, withdraw, WithdrawRequest { reason: reason }),
        _ => {
            let (applicant, parts) = (c.applicant.clone(), c.parts.clone());
            call!(
                line,
                c,
                update_applicant,
                UpdateApplicantRequest {
                    applicant: applicant,
                    parts: parts
                }
            )
        }
    }
}

async fn travel(line: &Channel, method: &str, c: &Call) -> Result<pb::Dossier, Status> {
    match method {
        "Transfer" => call!(line, c, transfer, TransferRequest {}),
        "Receive" => call!(line, c, receive, ReceiveRequest {}),
        "ReturnMisrouted" => {
            call!(
                line,
                c,
                return_misrouted,
                ReturnMisroutedRequest {
                    ground: c.ground.clone()
                }
            )
        }
        "Assign" => call!(
            line,
            c,
            assign,
            AssignRequest {
                person: c.person.clone()
            }
        ),
        "CompleteStep" => {
            call!(
                line,
                c,
                complete_step,
                CompleteStepRequest {
                    note: c.reason.clone()
                }
            )
        }
        _ => {
            let (title, content) = (c.title.clone(), c.content.clone());
            call!(
                line,
                c,
                attach_draft,
                AttachDraftRequest {
                    title: title,
                    content: content
                }
            )
        }
    }
}

async fn settle(line: &Channel, method: &str, c: &Call) -> Result<pb::Dossier, Status> {
    let (items, reason, ground) = (c.items.clone(), c.reason.clone(), c.ground.clone());
    match method {
        "AskSupplement" => {
            call!(
                line,
                c,
                ask_supplement,
                AskSupplementRequest {
                    items: items,
                    reason: reason
                }
            )
        }
        "ExpireSupplement" => {
            call!(
                line,
                c,
                expire_supplement,
                ExpireSupplementRequest { reason: reason }
            )
        }
        "SendBack" => call!(line, c, send_back, SendBackRequest { reason: reason }),
        "CompleteSupplement" => call!(line, c, complete_supplement, CompleteSupplementRequest {}),
        "RefuseSettlement" => {
            call!(
                line,
                c,
                refuse_settlement,
                RefuseSettlementRequest { reason: reason }
            )
        }
        "Stop" => call!(
            line,
            c,
            stop,
            StopRequest {
                reason: reason,
                ground: ground
            }
        ),
        "Extend" => {
            call!(
                line,
                c,
                extend,
                ExtendRequest {
                    new_due: c.new_due,
                    reason: reason
                }
            )
        }
        _ => conclude(line, method, c).await,
    }
}

async fn conclude(line: &Channel, method: &str, c: &Call) -> Result<pb::Dossier, Status> {
    let reason = c.reason.clone();
    match method {
        "SubmitForSignature" => {
            call!(
                line,
                c,
                submit_for_signature,
                SubmitForSignatureRequest {
                    draft: c.draft.clone()
                }
            )
        }
        "Sign" => call!(
            line,
            c,
            sign,
            SignRequest {
                digest: c.digest.clone()
            }
        ),
        "RefuseToSign" => call!(
            line,
            c,
            refuse_to_sign,
            RefuseToSignRequest { reason: reason }
        ),
        "Issue" => call!(
            line,
            c,
            issue,
            IssueRequest {
                number: c.number.clone()
            }
        ),
        "ReturnResult" => {
            let (taker, way) = (c.taker.clone(), c.way);
            call!(
                line,
                c,
                return_result,
                ReturnResultRequest {
                    taker: taker,
                    way: way
                }
            )
        }
        other => panic!("no method {other}"),
    }
}
