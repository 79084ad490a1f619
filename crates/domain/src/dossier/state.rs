//! The states in which a dossier may stand.

use serde::{Deserialize, Serialize};

/// The business state (*trạng thái nghiệp vụ*) of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nháp (`NHAP`).
    Draft,
    /// Chờ tiếp nhận (`CHO_TIEP_NHAN`).
    AwaitingReception,
    /// Đang kiểm tra (`DANG_KIEM_TRA`).
    Checking,
    /// Chờ bổ sung đầu vào (`CHO_BO_SUNG_DAU_VAO`).
    AwaitingIntakeSupplement,
    /// Từ chối tiếp nhận (`TU_CHOI_TIEP_NHAN`).
    IntakeRefused,
    /// Chờ nộp phí (`CHO_PHI`).
    AwaitingFee,
    /// Đã tiếp nhận (`DA_TIEP_NHAN`).
    Accepted,
    /// Chờ nhận xử lý (`CHO_NHAN_XU_LY`).
    InTransit,
    /// Chờ phân công (`CHO_PHAN_CONG`).
    AwaitingAssignment,
    /// Đang thụ lý (`DANG_THU_LY`).
    Processing,
    /// Chờ ý kiến phối hợp (`CHO_Y_KIEN`).
    AwaitingOpinion,
    /// Chờ bổ sung (`CHO_BO_SUNG`).
    AwaitingSupplement,
    /// Chờ nghĩa vụ tài chính (`CHO_NVTC`).
    AwaitingFinancialDuty,
    /// Tạm dừng (`TAM_DUNG`).
    Suspended,
    /// Chờ ký (`CHO_KY`).
    AwaitingSignature,
    /// Chờ phát hành (`CHO_PHAT_HANH`).
    AwaitingIssue,
    /// Đã có kết quả (`DA_CO_KET_QUA`).
    ResultReady,
    /// Chờ phí trả kết quả (`CHO_PHI_TRA`).
    AwaitingResultFee,
    /// Đang giao kết quả (`DANG_GIAO`).
    Delivering,
    /// Đã trả kết quả (`DA_TRA`).
    Returned,
    /// Đã rút (`DA_RUT`).
    Withdrawn,
    /// Dừng giải quyết (`DUNG`).
    Stopped,
}

impl State {
    /// Every state, in the order of a life.
    pub const ALL: [State; 22] = [
        State::Draft,
        State::AwaitingReception,
        State::Checking,
        State::AwaitingIntakeSupplement,
        State::IntakeRefused,
        State::AwaitingFee,
        State::Accepted,
        State::InTransit,
        State::AwaitingAssignment,
        State::Processing,
        State::AwaitingOpinion,
        State::AwaitingSupplement,
        State::AwaitingFinancialDuty,
        State::Suspended,
        State::AwaitingSignature,
        State::AwaitingIssue,
        State::ResultReady,
        State::AwaitingResultFee,
        State::Delivering,
        State::Returned,
        State::Withdrawn,
        State::Stopped,
    ];

    /// The name that officers and citizens read.
    pub fn vi(self) -> &'static str {
        match self {
            State::Draft => "Nháp",
            State::AwaitingReception => "Chờ tiếp nhận",
            State::Checking => "Đang kiểm tra",
            State::AwaitingIntakeSupplement => "Chờ bổ sung đầu vào",
            State::IntakeRefused => "Từ chối tiếp nhận",
            State::AwaitingFee => "Chờ nộp phí",
            State::Accepted => "Đã tiếp nhận",
            State::InTransit => "Chờ nhận xử lý",
            State::AwaitingAssignment => "Chờ phân công",
            State::Processing => "Đang thụ lý",
            State::AwaitingOpinion => "Chờ ý kiến phối hợp",
            State::AwaitingSupplement => "Chờ bổ sung",
            State::AwaitingFinancialDuty => "Chờ nghĩa vụ tài chính",
            State::Suspended => "Tạm dừng",
            State::AwaitingSignature => "Chờ ký",
            State::AwaitingIssue => "Chờ phát hành",
            State::ResultReady => "Đã có kết quả",
            State::AwaitingResultFee => "Chờ phí trả kết quả",
            State::Delivering => "Đang giao kết quả",
            State::Returned => "Đã trả kết quả",
            State::Withdrawn => "Đã rút",
            State::Stopped => "Dừng giải quyết",
        }
    }

    /// The stable name, in snake case: as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::AwaitingReception => "awaiting_reception",
            State::Checking => "checking",
            State::AwaitingIntakeSupplement => "awaiting_intake_supplement",
            State::IntakeRefused => "intake_refused",
            State::AwaitingFee => "awaiting_fee",
            State::Accepted => "accepted",
            State::InTransit => "in_transit",
            State::AwaitingAssignment => "awaiting_assignment",
            State::Processing => "processing",
            State::AwaitingOpinion => "awaiting_opinion",
            State::AwaitingSupplement => "awaiting_supplement",
            State::AwaitingFinancialDuty => "awaiting_financial_duty",
            State::Suspended => "suspended",
            State::AwaitingSignature => "awaiting_signature",
            State::AwaitingIssue => "awaiting_issue",
            State::ResultReady => "result_ready",
            State::AwaitingResultFee => "awaiting_result_fee",
            State::Delivering => "delivering",
            State::Returned => "returned",
            State::Withdrawn => "withdrawn",
            State::Stopped => "stopped",
        }
    }

    /// The code of the National Public Service Portal (1–10); none for a draft.
    #[expect(
        clippy::match_same_arms,
        reason = "one line a state, as the portal's table has it"
    )]
    pub fn portal_code(self) -> Option<u8> {
        match self {
            State::Draft => None,
            State::AwaitingReception => Some(1),
            State::Checking => Some(1),
            State::AwaitingIntakeSupplement => Some(5),
            State::IntakeRefused => Some(3),
            State::AwaitingFee => Some(1),
            State::Accepted => Some(2),
            State::InTransit => Some(4),
            State::AwaitingAssignment => Some(4),
            State::Processing => Some(4),
            State::AwaitingOpinion => Some(4),
            State::AwaitingSupplement => Some(5),
            State::AwaitingFinancialDuty => Some(6),
            State::Suspended => Some(8),
            State::AwaitingSignature => Some(4),
            State::AwaitingIssue => Some(4),
            State::ResultReady => Some(9),
            State::AwaitingResultFee => Some(9),
            State::Delivering => Some(9),
            State::Returned => Some(10),
            State::Withdrawn => Some(7),
            State::Stopped => Some(8),
        }
    }

    /// Whether nothing moves it any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            State::IntakeRefused | State::Returned | State::Withdrawn | State::Stopped
        )
    }

    /// Whether it has been accepted and its settlement has not ended: while one
    /// of these holds, the dossier can fall due.
    pub fn is_open_after_acceptance(self) -> bool {
        matches!(
            self,
            State::Accepted
                | State::InTransit
                | State::AwaitingAssignment
                | State::Processing
                | State::AwaitingOpinion
                | State::AwaitingSupplement
                | State::AwaitingFinancialDuty
                | State::Suspended
                | State::AwaitingSignature
                | State::AwaitingIssue
        )
    }

    /// Whether its settlement clock stands still: it cannot become late meanwhile.
    pub fn is_paused(self) -> bool {
        matches!(
            self,
            State::AwaitingSupplement | State::AwaitingFinancialDuty | State::Suspended
        )
    }

    /// Whether it waits before acceptance.
    pub fn is_before_acceptance(self) -> bool {
        matches!(
            self,
            State::Draft
                | State::AwaitingReception
                | State::Checking
                | State::AwaitingIntakeSupplement
                | State::AwaitingFee
        )
    }
}
