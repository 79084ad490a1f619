//! Why a command is refused: one variant a rule.

use crate::dossier::{State, Verb};
use crate::working_time::ClockError;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state table knows no such move.
    #[error("không thể {} khi hồ sơ đang ở trạng thái “{}”", verb.vi().to_lowercase(), state.vi())]
    WrongState {
        /// The state.
        state: State,
        /// The verb.
        verb: Verb,
    },
    /// The process has another step to be done first.
    #[error("quy trình còn bước khác trước khi {}", verb.vi().to_lowercase())]
    OtherStepFirst {
        /// The verb.
        verb: Verb,
    },
    /// Intake asks once, completely (NĐ 61/2018 art. 17).
    #[error("đầu vào chỉ được yêu cầu bổ sung một lần; hãy tiếp nhận hoặc từ chối")]
    SecondIntakeSupplement,
    /// Settlement asks once (NĐ 61/2018 art. 11.2.c).
    #[error("khi giải quyết chỉ được yêu cầu bổ sung một lần")]
    SecondSupplement,
    /// Settlement asks within 3 working days (NĐ 61/2018 art. 19.4).
    #[error("đã quá 3 ngày làm việc để yêu cầu bổ sung; cần căn cứ của luật chuyên ngành")]
    SupplementTooLate,
    /// There is no due date to move.
    #[error("hồ sơ không có ngày hẹn trả để gia hạn")]
    NothingToExtend,
    /// One re-appointment only (NĐ 61/2018 art. 19.9).
    #[error("chỉ được hẹn lại một lần")]
    SecondExtension,
    /// At the latest one day before the due date.
    #[error("phải hẹn lại trước ngày hẹn trả ít nhất một ngày")]
    ExtensionTooLate,
    /// A re-appointment lies after the due date.
    #[error("ngày hẹn lại phải sau ngày hẹn trả hiện tại")]
    ExtensionBackwards,
    /// Somebody must be there to hand the result out.
    #[error("ngày hẹn lại phải trong giờ làm việc của một ngày làm việc")]
    ExtensionOffHours,
    /// A re-appointment grants the published limit once more at the most.
    #[error("thời gian hẹn lại không được dài hơn thời hạn giải quyết của thủ tục")]
    ExtensionTooLong,
    /// What is signed is what was submitted.
    #[error("dự thảo đã thay đổi so với bản trình ký")]
    OtherDraft,
    /// Who drafts does not sign.
    #[error("người trình ký không được ký chính dự thảo đó")]
    DrafterSigns,
    /// Who accepts does not decide.
    #[error("người tiếp nhận không được ký quyết định của hồ sơ đó")]
    AccepterSigns,
    /// Nobody may recall what the next person has taken up.
    #[error("bước sau đã được xử lý, không thể thu hồi")]
    NothingToRecall,
    /// There is no earlier step of settlement.
    #[error("không có bước trước để trả lại")]
    NoEarlierStep,
    /// The clock cannot count.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The instance's process is not the one that was given.
    #[error("định nghĩa quy trình không khớp với hồ sơ")]
    ForeignDefinition,
}

impl Refusal {
    /// The rule, stable for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::WrongState { .. } => "WRONG_STATE",
            Refusal::OtherStepFirst { .. } => "OTHER_STEP_FIRST",
            Refusal::SecondIntakeSupplement => "SECOND_INTAKE_SUPPLEMENT",
            Refusal::SecondSupplement => "SECOND_SUPPLEMENT",
            Refusal::SupplementTooLate => "SUPPLEMENT_TOO_LATE",
            Refusal::NothingToExtend => "NOTHING_TO_EXTEND",
            Refusal::SecondExtension => "SECOND_EXTENSION",
            Refusal::ExtensionTooLate => "EXTENSION_TOO_LATE",
            Refusal::ExtensionBackwards => "EXTENSION_BACKWARDS",
            Refusal::ExtensionOffHours => "EXTENSION_OFF_HOURS",
            Refusal::ExtensionTooLong => "EXTENSION_TOO_LONG",
            Refusal::OtherDraft => "OTHER_DRAFT",
            Refusal::DrafterSigns => "DRAFTER_SIGNS",
            Refusal::AccepterSigns => "ACCEPTER_SIGNS",
            Refusal::NothingToRecall => "NOTHING_TO_RECALL",
            Refusal::NoEarlierStep => "NO_EARLIER_STEP",
            Refusal::Clock(_) => "CLOCK",
            Refusal::ForeignDefinition => "FOREIGN_DEFINITION",
        }
    }

    /// What to tell a person.
    pub fn vi(&self) -> String {
        self.to_string()
    }
}
