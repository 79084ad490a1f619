//! Every act of the dossier page as one value, so that the pages name no client.

use proto::dossier::v1 as pb;
use tonic::Status;

use super::{Backends, bearing};

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident($request:ident) => $call:ident),+ $(,)?) => {
        /// One command of `DossierService`.
        pub(crate) enum Act {
            $($act(pb::$request),)+
        }

        impl Backends {
            /// Sends a command in the person's name.
            pub(crate) async fn act(&self, access: &str, act: Act) -> Result<(), Status> {
                let mut client = self.dossiers();
                match act {
                    $(Act::$act(message) => client.$call(bearing(access, message)?).await.map(drop),)+
                }
            }
        }
    };
}

acts! {
    Amend(UpdateApplicantRequest) => update_applicant,
    ExpireIntakeSupplement(ExpireIntakeSupplementRequest) => expire_intake_supplement,
    SendBack(SendBackRequest) => send_back,
    ExpireSupplement(ExpireSupplementRequest) => expire_supplement,
    AskIntakeSupplement(AskIntakeSupplementRequest) => ask_intake_supplement,
    ReceiveIntakeSupplement(ReceiveIntakeSupplementRequest) => receive_intake_supplement,
    RefuseIntake(RefuseIntakeRequest) => refuse_intake,
    Accept(AcceptRequest) => accept,
    Transfer(TransferRequest) => transfer,
    Receive(ReceiveRequest) => receive,
    ReturnMisrouted(ReturnMisroutedRequest) => return_misrouted,
    Assign(AssignRequest) => assign,
    CompleteStep(CompleteStepRequest) => complete_step,
    AskSupplement(AskSupplementRequest) => ask_supplement,
    CompleteSupplement(CompleteSupplementRequest) => complete_supplement,
    AttachDraft(AttachDraftRequest) => attach_draft,
    SubmitForSignature(SubmitForSignatureRequest) => submit_for_signature,
    Sign(SignRequest) => sign,
    RefuseToSign(RefuseToSignRequest) => refuse_to_sign,
    RefuseSettlement(RefuseSettlementRequest) => refuse_settlement,
    Issue(IssueRequest) => issue,
    ReturnResult(ReturnResultRequest) => return_result,
    Withdraw(WithdrawRequest) => withdraw,
    Stop(StopRequest) => stop,
    Extend(ExtendRequest) => extend,
}
