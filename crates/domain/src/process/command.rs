//! What an instance is asked, and what it may look at to answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::instance::Terms;
use crate::dossier::Verb;
use crate::ids::{DossierId, PersonId, TaskId, UnitId};
use crate::working_time::Calendar;

/// A submitted dossier that wants an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The dossier.
    pub dossier: DossierId,
    /// The unit that takes it in.
    pub receiver: UnitId,
    /// The unit that decides.
    pub decider: UnitId,
    /// The terms of the procedure case.
    pub terms: Terms,
    /// Filed online: it waits for reception.
    pub online: bool,
}

/// A crossing verb with what it relies on. It carries no case-file content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum Command {
    /// Corrects applicant or parts before acceptance.
    Amend {},
    /// Asks for what is missing at intake.
    AskIntakeSupplement {},
    /// What was missing is there.
    ReceiveIntakeSupplement {},
    /// Closes a dossier whose applicant brought nothing.
    ExpireIntakeSupplement {},
    /// Refuses to take it in.
    RefuseIntake {},
    /// Accepts it.
    Accept {},
    /// Accepts and settles at once.
    AcceptAndSettle {},
    /// Sends it to the deciding unit.
    Transfer {},
    /// The deciding unit has it.
    Receive {},
    /// Wrongly routed.
    ReturnMisrouted {},
    /// Gives it to an officer.
    Assign {
        /// The officer.
        person: PersonId,
    },
    /// Asks another unit for its opinion.
    AskOpinion {},
    /// The opinions are in.
    CloseOpinion {},
    /// Asks the applicant for more.
    AskSupplement {
        /// Whether the sector's law allows it after three working days.
        #[serde(default)]
        sector_ground: bool,
    },
    /// The supplement is full.
    CompleteSupplement {},
    /// The applicant brought nothing.
    ExpireSupplement {},
    /// A financial duty stands between.
    RequireFinancialDuty {},
    /// It is done.
    CompleteFinancialDuty {},
    /// Pauses on a named legal ground.
    Suspend {},
    /// Goes on.
    Resume {},
    /// Apologises and appoints anew.
    Extend {
        /// The new appointment.
        due: DateTime<Utc>,
    },
    /// Completes the step.
    CompleteStep {},
    /// Back to the step before.
    SendBack {},
    /// Fixes the draft and submits it.
    SubmitForSignature {
        /// SHA-256 of the draft, hexadecimal.
        digest: String,
    },
    /// Sends the draft back.
    RefuseToSign {},
    /// Signs.
    Sign {
        /// SHA-256 of what the signer saw, hexadecimal.
        digest: String,
    },
    /// Numbers, seals, issues.
    Issue {},
    /// Refuses to settle after appraisal.
    RefuseSettlement {},
    /// The applicant withdraws.
    Withdraw {},
    /// Stops by decision.
    Stop {},
    /// Hands the result out.
    ReturnResult {},
    /// Gives the result to the post.
    HandToPost {},
    /// The post delivered it.
    ConfirmDelivery {},
    /// The post brought it back.
    ReturnDelivery {},
    /// Takes a step back that nobody has taken up.
    Recall {},
}

impl Command {
    /// The verb of the state table.
    pub fn verb(&self) -> Verb {
        match self {
            Command::Amend {} => Verb::Amend,
            Command::AskIntakeSupplement {} => Verb::AskIntakeSupplement,
            Command::ReceiveIntakeSupplement {} => Verb::ReceiveIntakeSupplement,
            Command::ExpireIntakeSupplement {} => Verb::ExpireIntakeSupplement,
            Command::RefuseIntake {} => Verb::RefuseIntake,
            Command::Accept {} => Verb::Accept,
            Command::AcceptAndSettle {} => Verb::AcceptAndSettle,
            Command::Transfer {} => Verb::Transfer,
            Command::Receive {} => Verb::Receive,
            Command::ReturnMisrouted {} => Verb::ReturnMisrouted,
            Command::Assign { .. } => Verb::Assign,
            Command::AskOpinion {} => Verb::AskOpinion,
            Command::CloseOpinion {} => Verb::CloseOpinion,
            Command::AskSupplement { .. } => Verb::AskSupplement,
            Command::CompleteSupplement {} => Verb::CompleteSupplement,
            Command::ExpireSupplement {} => Verb::ExpireSupplement,
            Command::RequireFinancialDuty {} => Verb::RequireFinancialDuty,
            Command::CompleteFinancialDuty {} => Verb::CompleteFinancialDuty,
            Command::Suspend {} => Verb::Suspend,
            Command::Resume {} => Verb::Resume,
            Command::Extend { .. } => Verb::Extend,
            Command::CompleteStep {} => Verb::CompleteStep,
            Command::SendBack {} => Verb::SendBack,
            Command::SubmitForSignature { .. } => Verb::SubmitForSignature,
            Command::RefuseToSign {} => Verb::RefuseToSign,
            Command::Sign { .. } => Verb::Sign,
            Command::Issue {} => Verb::Issue,
            Command::RefuseSettlement {} => Verb::RefuseSettlement,
            Command::Withdraw {} => Verb::Withdraw,
            Command::Stop {} => Verb::Stop,
            Command::ReturnResult {} => Verb::ReturnResult,
            Command::HandToPost {} => Verb::HandToPost,
            Command::ConfirmDelivery {} => Verb::ConfirmDelivery,
            Command::ReturnDelivery {} => Verb::ReturnDelivery,
            Command::Recall {} => Verb::Recall,
        }
    }
}

/// What a decision may look at besides the instance and the command.
#[derive(Clone, Copy, Debug)]
pub struct Ctx<'a> {
    /// The instant of the command.
    pub now: DateTime<Utc>,
    /// Who acts; none for a service.
    pub person: Option<PersonId>,
    /// The id of the task that may be opened.
    pub task: TaskId,
    /// The receiving unit's calendar.
    pub receiver: &'a Calendar,
    /// The deciding unit's calendar.
    pub decider: &'a Calendar,
}
