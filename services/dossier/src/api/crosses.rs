//! What the requests of all crossing verbs have in common.

use prost::Message;
use proto::dossier::v1 as pb;

/// What every crossing request has.
pub(super) trait Crosses: Message {
    fn request_id(&self) -> &str;
    fn name(&self) -> &str;
    fn etag(&self) -> &str;
}

/// The fields that every crossing request has.
macro_rules! crosses {
    ($($request:ident),* $(,)?) => {$(
        impl Crosses for pb::$request {
            fn request_id(&self) -> &str {
                &self.request_id
            }
            fn name(&self) -> &str {
                &self.name
            }
            fn etag(&self) -> &str {
                &self.etag
            }
        }
    )*};
}

crosses!(
    UpdateApplicantRequest,
    ExpireIntakeSupplementRequest,
    SendBackRequest,
    ExpireSupplementRequest,
    AskIntakeSupplementRequest,
    ReceiveIntakeSupplementRequest,
    RefuseIntakeRequest,
    AcceptRequest,
    TransferRequest,
    ReceiveRequest,
    ReturnMisroutedRequest,
    AssignRequest,
    CompleteStepRequest,
    AskSupplementRequest,
    CompleteSupplementRequest,
    SubmitForSignatureRequest,
    SignRequest,
    RefuseToSignRequest,
    RefuseSettlementRequest,
    IssueRequest,
    ReturnResultRequest,
    WithdrawRequest,
    StopRequest,
    ExtendRequest,
);
