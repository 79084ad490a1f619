//! The normative state table (NĐ 118/2025 as amended; `domain` golden file
//! `transitions.golden.txt` prints every cell).

use serde::{Deserialize, Serialize};

use super::{State, Verb};

/// What a move does to the settlement clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEffect {
    /// No clock runs before or after.
    Nothing,
    /// It starts; a non-territorial one waits for the decider's receipt.
    Start,
    /// It starts and stops at once: settled at the counter.
    StartAndStop,
    /// It runs on.
    Run,
    /// It stands still.
    Pause,
    /// It goes on, from the beginning or from where it stood.
    Continue,
    /// It runs on to a new due date, once.
    Extend,
    /// It stops for good.
    Stop,
}

/// A printed form (TT 03/2025, set of 2025).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// 01: giấy tiếp nhận hồ sơ và hẹn trả kết quả.
    Slip,
    /// 02: phiếu yêu cầu bổ sung.
    Supplement,
    /// 03: phiếu từ chối.
    Refusal,
    /// 04: văn bản xin lỗi và đề nghị gia hạn.
    Apology,
    /// 05: thông báo dừng giải quyết.
    StopNotice,
    /// 06: a line of the phiếu kiểm soát.
    ControlLine,
    /// 07: a line of the sổ theo dõi.
    RegisterLine,
}

/// Where a verb leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The state afterwards.
    pub next: State,
    /// What it does to the clock.
    pub clock: ClockEffect,
    /// What is printed.
    pub form: Option<Form>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a row of the table, beside rows that are not there"
)]
const fn row(next: State, clock: ClockEffect, form: Option<Form>) -> Option<Row> {
    Some(Row { next, clock, form })
}

/// Where `verb` leads from `state`; `None` where the law knows no such move.
/// Total: every pair has an answer.
pub fn next(state: State, verb: Verb) -> Option<Row> {
    before_acceptance(state, verb)
        .or_else(|| on_the_way(state, verb))
        .or_else(|| in_settlement(state, verb))
        .or_else(|| ending(state, verb))
        .or_else(|| with_a_result(state, verb))
}

#[expect(
    clippy::match_same_arms,
    reason = "in the order of the published table"
)]
fn before_acceptance(state: State, verb: Verb) -> Option<Row> {
    use ClockEffect::{Nothing, Start, StartAndStop};
    match (state, verb) {
        (State::Draft, Verb::SubmitOnline) => row(State::AwaitingReception, Nothing, None),
        (State::Draft, Verb::SubmitAtCounter) => row(State::Checking, Nothing, None),
        (State::AwaitingReception | State::Checking, Verb::AskIntakeSupplement) => row(
            State::AwaitingIntakeSupplement,
            Nothing,
            Some(Form::Supplement),
        ),
        // What acceptance rests on changes in the same order as the state does.
        (
            before @ (State::AwaitingReception | State::Checking | State::AwaitingIntakeSupplement),
            Verb::Amend,
        ) => row(before, Nothing, None),
        (State::AwaitingIntakeSupplement, Verb::ReceiveIntakeSupplement) => {
            row(State::Checking, Nothing, None)
        }
        (State::AwaitingIntakeSupplement, Verb::ExpireIntakeSupplement)
        | (State::AwaitingReception | State::Checking, Verb::RefuseIntake) => {
            row(State::IntakeRefused, Nothing, Some(Form::Refusal))
        }
        (State::AwaitingReception | State::Checking, Verb::RequireFee) => {
            row(State::AwaitingFee, Nothing, None)
        }
        (State::AwaitingFee, Verb::ConfirmFee) => row(State::Checking, Nothing, None),
        // An online dossier is checked by being accepted.
        (State::AwaitingReception | State::Checking, Verb::Accept) => {
            row(State::Accepted, Start, Some(Form::Slip))
        }
        (State::Checking, Verb::AcceptAndSettle) => {
            row(State::ResultReady, StartAndStop, Some(Form::Slip))
        }
        _ => None,
    }
}

fn on_the_way(state: State, verb: Verb) -> Option<Row> {
    use ClockEffect::Run;
    let line = Some(Form::ControlLine);
    match (state, verb) {
        (State::Accepted, Verb::Transfer) => row(State::InTransit, Run, line),
        (State::InTransit, Verb::Receive) => row(State::AwaitingAssignment, Run, line),
        (State::InTransit, Verb::ReturnMisrouted | Verb::Recall) => row(State::Accepted, Run, None),
        (State::AwaitingAssignment, Verb::Recall) => row(State::InTransit, Run, None),
        // Assigning again is another officer, any time in settlement.
        (State::AwaitingAssignment | State::Processing, Verb::Assign) => {
            row(State::Processing, Run, None)
        }
        _ => None,
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "in the order of the published table"
)]
fn in_settlement(state: State, verb: Verb) -> Option<Row> {
    use ClockEffect::{Continue, Pause, Run};
    match (state, verb) {
        (State::Processing, Verb::AskOpinion) => row(State::AwaitingOpinion, Run, None),
        (State::AwaitingOpinion, Verb::CloseOpinion) => row(State::Processing, Run, None),
        (State::Processing, Verb::AskSupplement) => {
            row(State::AwaitingSupplement, Pause, Some(Form::Supplement))
        }
        (State::AwaitingSupplement, Verb::CompleteSupplement) => {
            row(State::Processing, Continue, Some(Form::Slip))
        }
        (State::Processing, Verb::RequireFinancialDuty) => {
            row(State::AwaitingFinancialDuty, Pause, None)
        }
        (State::AwaitingFinancialDuty, Verb::CompleteFinancialDuty)
        | (State::Suspended, Verb::Resume) => row(State::Processing, Continue, None),
        (State::Processing, Verb::Suspend) => row(State::Suspended, Pause, None),
        (State::Processing, Verb::CompleteStep | Verb::SendBack) => {
            row(State::Processing, Run, Some(Form::ControlLine))
        }
        (State::Processing, Verb::SubmitForSignature) => row(State::AwaitingSignature, Run, None),
        (State::AwaitingSignature, Verb::RefuseToSign) => row(State::Processing, Run, None),
        (State::AwaitingSignature, Verb::Sign) => row(State::AwaitingIssue, Run, None),
        _ => None,
    }
}

fn ending(state: State, verb: Verb) -> Option<Row> {
    use ClockEffect::{Extend, Nothing, Run, Stop};
    match (state, verb) {
        (State::AwaitingIssue, Verb::Issue) => row(State::ResultReady, Stop, None),
        (State::Processing, Verb::RefuseSettlement) => {
            row(State::ResultReady, Stop, Some(Form::Refusal))
        }
        (State::AwaitingSupplement, Verb::ExpireSupplement) => {
            row(State::Stopped, Stop, Some(Form::StopNotice))
        }
        (open, Verb::Extend) if open.is_open_after_acceptance() => {
            row(open, Extend, Some(Form::Apology))
        }
        (open, Verb::Stop) if open.is_open_after_acceptance() => {
            row(State::Stopped, Stop, Some(Form::StopNotice))
        }
        (State::AwaitingIssue | State::Draft, Verb::Withdraw) => None,
        (early, Verb::Withdraw) if early.is_before_acceptance() => {
            row(State::Withdrawn, Nothing, None)
        }
        (open, Verb::Withdraw) if open.is_open_after_acceptance() => {
            row(State::Withdrawn, Stop, Some(Form::StopNotice))
        }
        (open, Verb::HandOverUnit) if open.is_open_after_acceptance() => row(open, Run, None),
        (early, Verb::HandOverUnit) if early.is_before_acceptance() => row(early, Nothing, None),
        _ => None,
    }
}

fn with_a_result(state: State, verb: Verb) -> Option<Row> {
    use ClockEffect::Nothing;
    let line = Some(Form::RegisterLine);
    match (state, verb) {
        (State::ResultReady, Verb::RequireResultFee) => {
            row(State::AwaitingResultFee, Nothing, None)
        }
        (State::AwaitingResultFee, Verb::ConfirmResultFee)
        | (State::Delivering, Verb::ReturnDelivery)
        | (State::ResultReady, Verb::Correct) => row(State::ResultReady, Nothing, None),
        (State::ResultReady, Verb::ReturnResult) | (State::Delivering, Verb::ConfirmDelivery) => {
            row(State::Returned, Nothing, line)
        }
        (State::ResultReady, Verb::HandToPost) => row(State::Delivering, Nothing, line),
        (State::Returned, Verb::Correct) => row(State::Returned, Nothing, None),
        _ => None,
    }
}
