//! The verbs that move a dossier.

use serde::{Deserialize, Serialize};

/// A business verb: one row or more of the state table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Nộp trực tuyến.
    SubmitOnline,
    /// Nộp tại quầy hoặc qua bưu chính.
    SubmitAtCounter,
    /// Sửa thông tin hồ sơ.
    Amend,
    /// Yêu cầu bổ sung đầu vào.
    AskIntakeSupplement,
    /// Nhận bổ sung đầu vào.
    ReceiveIntakeSupplement,
    /// Kết thúc vì quá hạn bổ sung đầu vào.
    ExpireIntakeSupplement,
    /// Từ chối tiếp nhận.
    RefuseIntake,
    /// Yêu cầu nộp phí trước.
    RequireFee,
    /// Xác nhận đã nộp phí.
    ConfirmFee,
    /// Tiếp nhận.
    Accept,
    /// Tiếp nhận và giải quyết ngay.
    AcceptAndSettle,
    /// Chuyển hồ sơ.
    Transfer,
    /// Nhận hồ sơ.
    Receive,
    /// Trả lại vì sai thẩm quyền.
    ReturnMisrouted,
    /// Phân công.
    Assign,
    /// Lấy ý kiến phối hợp.
    AskOpinion,
    /// Kết thúc lấy ý kiến.
    CloseOpinion,
    /// Yêu cầu bổ sung.
    AskSupplement,
    /// Xác nhận đủ bổ sung.
    CompleteSupplement,
    /// Kết thúc vì quá hạn bổ sung.
    ExpireSupplement,
    /// Yêu cầu nghĩa vụ tài chính.
    RequireFinancialDuty,
    /// Xác nhận hoàn thành nghĩa vụ tài chính.
    CompleteFinancialDuty,
    /// Tạm dừng.
    Suspend,
    /// Tiếp tục.
    Resume,
    /// Xin lỗi và hẹn lại.
    Extend,
    /// Chuyển bước.
    CompleteStep,
    /// Trả lại bước trước.
    SendBack,
    /// Trình ký.
    SubmitForSignature,
    /// Không ký.
    RefuseToSign,
    /// Ký.
    Sign,
    /// Phát hành.
    Issue,
    /// Từ chối giải quyết.
    RefuseSettlement,
    /// Rút hồ sơ.
    Withdraw,
    /// Dừng giải quyết.
    Stop,
    /// Yêu cầu phí trước khi trả.
    RequireResultFee,
    /// Xác nhận đã nộp phí trả.
    ConfirmResultFee,
    /// Trả kết quả.
    ReturnResult,
    /// Giao bưu chính.
    HandToPost,
    /// Xác nhận đã phát.
    ConfirmDelivery,
    /// Bưu chính hoàn.
    ReturnDelivery,
    /// Đính chính.
    Correct,
    /// Thu hồi bước.
    Recall,
    /// Chuyển giao đơn vị.
    HandOverUnit,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 43] = [
        Verb::SubmitOnline,
        Verb::SubmitAtCounter,
        Verb::Amend,
        Verb::AskIntakeSupplement,
        Verb::ReceiveIntakeSupplement,
        Verb::ExpireIntakeSupplement,
        Verb::RefuseIntake,
        Verb::RequireFee,
        Verb::ConfirmFee,
        Verb::Accept,
        Verb::AcceptAndSettle,
        Verb::Transfer,
        Verb::Receive,
        Verb::ReturnMisrouted,
        Verb::Assign,
        Verb::AskOpinion,
        Verb::CloseOpinion,
        Verb::AskSupplement,
        Verb::CompleteSupplement,
        Verb::ExpireSupplement,
        Verb::RequireFinancialDuty,
        Verb::CompleteFinancialDuty,
        Verb::Suspend,
        Verb::Resume,
        Verb::Extend,
        Verb::CompleteStep,
        Verb::SendBack,
        Verb::SubmitForSignature,
        Verb::RefuseToSign,
        Verb::Sign,
        Verb::Issue,
        Verb::RefuseSettlement,
        Verb::Withdraw,
        Verb::Stop,
        Verb::RequireResultFee,
        Verb::ConfirmResultFee,
        Verb::ReturnResult,
        Verb::HandToPost,
        Verb::ConfirmDelivery,
        Verb::ReturnDelivery,
        Verb::Correct,
        Verb::Recall,
        Verb::HandOverUnit,
    ];

    /// What officers call it.
    pub fn vi(self) -> &'static str {
        match self {
            Verb::SubmitOnline => "Nộp trực tuyến",
            Verb::SubmitAtCounter => "Nộp tại quầy hoặc qua bưu chính",
            Verb::Amend => "Sửa thông tin hồ sơ",
            Verb::AskIntakeSupplement => "Yêu cầu bổ sung đầu vào",
            Verb::ReceiveIntakeSupplement => "Nhận bổ sung đầu vào",
            Verb::ExpireIntakeSupplement => "Kết thúc vì quá hạn bổ sung đầu vào",
            Verb::RefuseIntake => "Từ chối tiếp nhận",
            Verb::RequireFee => "Yêu cầu nộp phí trước",
            Verb::ConfirmFee => "Xác nhận đã nộp phí",
            Verb::Accept => "Tiếp nhận",
            Verb::AcceptAndSettle => "Tiếp nhận và giải quyết ngay",
            Verb::Transfer => "Chuyển hồ sơ",
            Verb::Receive => "Nhận hồ sơ",
            Verb::ReturnMisrouted => "Trả lại vì sai thẩm quyền",
            Verb::Assign => "Phân công",
            Verb::AskOpinion => "Lấy ý kiến phối hợp",
            Verb::CloseOpinion => "Kết thúc lấy ý kiến",
            Verb::AskSupplement => "Yêu cầu bổ sung",
            Verb::CompleteSupplement => "Xác nhận đủ bổ sung",
            Verb::ExpireSupplement => "Kết thúc vì quá hạn bổ sung",
            Verb::RequireFinancialDuty => "Yêu cầu nghĩa vụ tài chính",
            Verb::CompleteFinancialDuty => "Xác nhận hoàn thành nghĩa vụ tài chính",
            Verb::Suspend => "Tạm dừng",
            Verb::Resume => "Tiếp tục",
            Verb::Extend => "Xin lỗi và hẹn lại",
            Verb::CompleteStep => "Chuyển bước",
            Verb::SendBack => "Trả lại bước trước",
            Verb::SubmitForSignature => "Trình ký",
            Verb::RefuseToSign => "Không ký",
            Verb::Sign => "Ký",
            Verb::Issue => "Phát hành",
            Verb::RefuseSettlement => "Từ chối giải quyết",
            Verb::Withdraw => "Rút hồ sơ",
            Verb::Stop => "Dừng giải quyết",
            Verb::RequireResultFee => "Yêu cầu phí trước khi trả",
            Verb::ConfirmResultFee => "Xác nhận đã nộp phí trả",
            Verb::ReturnResult => "Trả kết quả",
            Verb::HandToPost => "Giao bưu chính",
            Verb::ConfirmDelivery => "Xác nhận đã phát",
            Verb::ReturnDelivery => "Bưu chính hoàn",
            Verb::Correct => "Đính chính",
            Verb::Recall => "Thu hồi bước",
            Verb::HandOverUnit => "Chuyển giao đơn vị",
        }
    }

    /// The stable name: events are `dossier.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Verb::SubmitOnline => "submit_online",
            Verb::SubmitAtCounter => "submit_at_counter",
            Verb::Amend => "amend",
            Verb::AskIntakeSupplement => "ask_intake_supplement",
            Verb::ReceiveIntakeSupplement => "receive_intake_supplement",
            Verb::ExpireIntakeSupplement => "expire_intake_supplement",
            Verb::RefuseIntake => "refuse_intake",
            Verb::RequireFee => "require_fee",
            Verb::ConfirmFee => "confirm_fee",
            Verb::Accept => "accept",
            Verb::AcceptAndSettle => "accept_and_settle",
            Verb::Transfer => "transfer",
            Verb::Receive => "receive",
            Verb::ReturnMisrouted => "return_misrouted",
            Verb::Assign => "assign",
            Verb::AskOpinion => "ask_opinion",
            Verb::CloseOpinion => "close_opinion",
            Verb::AskSupplement => "ask_supplement",
            Verb::CompleteSupplement => "complete_supplement",
            Verb::ExpireSupplement => "expire_supplement",
            Verb::RequireFinancialDuty => "require_financial_duty",
            Verb::CompleteFinancialDuty => "complete_financial_duty",
            Verb::Suspend => "suspend",
            Verb::Resume => "resume",
            Verb::Extend => "extend",
            Verb::CompleteStep => "complete_step",
            Verb::SendBack => "send_back",
            Verb::SubmitForSignature => "submit_for_signature",
            Verb::RefuseToSign => "refuse_to_sign",
            Verb::Sign => "sign",
            Verb::Issue => "issue",
            Verb::RefuseSettlement => "refuse_settlement",
            Verb::Withdraw => "withdraw",
            Verb::Stop => "stop",
            Verb::RequireResultFee => "require_result_fee",
            Verb::ConfirmResultFee => "confirm_result_fee",
            Verb::ReturnResult => "return_result",
            Verb::HandToPost => "hand_to_post",
            Verb::ConfirmDelivery => "confirm_delivery",
            Verb::ReturnDelivery => "return_delivery",
            Verb::Correct => "correct",
            Verb::Recall => "recall",
            Verb::HandOverUnit => "hand_over_unit",
        }
    }
}
