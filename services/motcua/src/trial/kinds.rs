//! The kinds of life that a rehearsal walks, and what each does where.

use proto::dossier::v1::State;
use serde::Serialize;

/// A kind of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A birth registration, due the same day.
    SameDayBirth,
    /// Working days, with a supplement during settlement.
    Supplement,
    /// Refused at the counter.
    RefusedAtIntake,
    /// Withdrawn by the applicant while it is being settled.
    Withdrawn,
    /// Received for a department, on the department's published process.
    Department,
    /// Received by one commune, decided by another.
    NonTerritorial,
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The result was handed out.
    Returned,
    /// Refused at the counter.
    Refused,
    /// Withdrawn.
    Withdrawn,
}

/// What to do next with a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Call this method.
    Do(&'static str),
    /// Complete the step, or draft and submit where the step is the last before
    /// the signature.
    Work,
    /// The life is over.
    Over(End),
}

impl Kind {
    /// All kinds, in the order in which they rotate over a unit's lives.
    pub(crate) const ALL: [Kind; 6] = [
        Kind::SameDayBirth,
        Kind::Supplement,
        Kind::RefusedAtIntake,
        Kind::Withdrawn,
        Kind::Department,
        Kind::NonTerritorial,
    ];

    /// The kind of the `nth` life of the `unit`th unit. The rotation begins at
    /// another kind in each unit, so that three lives a unit still cover all six
    /// kinds over the province, and any three in a row differ.
    pub(crate) fn of(unit: usize, nth: usize) -> Kind {
        let nth = unit.wrapping_add(nth) % Self::ALL.len();
        // Below the number of kinds, so there is one.
        Self::ALL.into_iter().nth(nth).unwrap_or(Kind::SameDayBirth)
    }

    /// What this kind does in a state; `supplemented` tells whether the one
    /// supplement has been asked for already.
    pub(crate) fn next(self, state: State, supplemented: bool) -> Option<Move> {
        use Move::{Do, Over, Work};
        Some(match state {
            State::AwaitingReception | State::Checking if self == Kind::RefusedAtIntake => {
                Do("RefuseIntake")
            }
            State::AwaitingReception | State::Checking => Do("Accept"),
            State::Accepted => Do("Transfer"),
            State::InTransit => Do("Receive"),
            State::AwaitingAssignment => Do("Assign"),
            State::Processing if self == Kind::Supplement && !supplemented => Do("AskSupplement"),
            State::Processing if self == Kind::Withdrawn => Do("Withdraw"),
            State::Processing => Work,
            State::AwaitingSupplement => Do("CompleteSupplement"),
            State::AwaitingSignature => Do("Sign"),
            State::AwaitingIssue => Do("Issue"),
            State::ResultReady => Do("ReturnResult"),
            State::Returned => Over(End::Returned),
            State::IntakeRefused => Over(End::Refused),
            State::Withdrawn => Over(End::Withdrawn),
            State::Unspecified
            | State::Draft
            | State::AwaitingIntakeSupplement
            | State::AwaitingFee
            | State::AwaitingOpinion
            | State::AwaitingFinancialDuty
            | State::Suspended
            | State::AwaitingResultFee
            | State::Delivering
            | State::Stopped => return None,
        })
    }

    /// How this kind must end.
    pub(crate) fn end(self) -> End {
        match self {
            Kind::RefusedAtIntake => End::Refused,
            Kind::Withdrawn => End::Withdrawn,
            Kind::SameDayBirth | Kind::Supplement | Kind::Department | Kind::NonTerritorial => {
                End::Returned
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn three_lives_of_a_unit_are_of_three_kinds_and_a_province_sees_all() {
        let mut seen = BTreeSet::new();
        for unit in 0..69 {
            let kinds: BTreeSet<Kind> = (0..3).map(|nth| Kind::of(unit, nth)).collect();
            assert_eq!(kinds.len(), 3);
            seen.extend(kinds);
        }
        assert_eq!(seen.len(), 6);
    }
}
