//! Protocols with a mistake in them, each of which must be found out.

use stateright::{Checker as _, HasDiscoveries, Model as _};

use super::protocol::Protocol;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Workflow does not compare the version that was seen with the present one.
    Unguarded,
    /// Dossier answers a repeated request without looking whether it was done.
    Forgetful,
    /// Dossier answers the officer before it has stored the effect.
    AnswersFirst,
    /// Dossier moves its file before workflow has decided.
    MovesFirst,
    /// The projection applies an event without comparing versions.
    Credulous,
    /// The projection's cursor is stored before the effect.
    CursorFirst,
    /// The warehouse takes an entry without looking at its position.
    Positionless,
    /// Nobody follows workflow's feed: only answers are applied.
    Unfollowed,
    /// A restored store keeps its incarnation.
    SameIncarnation,
    /// A code is reserved before workflow has decided.
    CodeEarly,
}

/// Fails unless the mistake is found by the property of this name.
fn caught(mutant: Mutant, protocol: Protocol, property: &str) {
    let checker = protocol
        .with(mutant)
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    let found: Vec<_> = found
        .iter()
        .map(|(name, path)| (*name, path.clone().into_actions()))
        .collect();
    let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
    let by = found.iter().find(|(name, _)| *name == property);
    assert!(
        by.is_some(),
        "{mutant:?} is not caught by {property:?}, but by {names:?}"
    );
    let (_, actions) = by.unwrap();
    println!("{mutant:?} in {} steps: {actions:?}", actions.len());
}

#[test]
fn a_workflow_that_does_not_compare_versions_is_caught() {
    caught(
        Mutant::Unguarded,
        Protocol::rivals(),
        super::properties::DECIDED_ON_WHAT_WAS_SEEN,
    );
}

#[test]
fn a_dossier_that_forgets_its_answers_is_caught() {
    caught(
        Mutant::Forgetful,
        Protocol::rivals(),
        super::properties::RECALLED,
    );
}

#[test]
fn an_answer_before_the_effect_is_caught() {
    caught(
        Mutant::AnswersFirst,
        Protocol::rivals(),
        super::properties::KEPT,
    );
}

#[test]
fn a_file_that_moves_before_workflow_decides_is_caught() {
    caught(
        Mutant::MovesFirst,
        Protocol::rivals(),
        super::properties::FILE_FOLLOWS,
    );
}

#[test]
fn a_projection_that_compares_no_versions_is_caught() {
    caught(
        Mutant::Credulous,
        Protocol::rivals(),
        super::properties::ONE_EFFECT,
    );
}

#[test]
fn a_cursor_before_its_effect_is_caught() {
    caught(
        Mutant::CursorFirst,
        Protocol::rivals(),
        super::properties::ARRIVES,
    );
}

#[test]
fn a_warehouse_without_positions_is_caught() {
    caught(
        Mutant::Positionless,
        Protocol::rivals(),
        super::properties::WAREHOUSE_FOLLOWS,
    );
}

#[test]
fn a_feed_that_nobody_follows_is_caught() {
    caught(
        Mutant::Unfollowed,
        Protocol::rivals(),
        super::properties::ARRIVES,
    );
}

#[test]
fn a_restore_under_the_same_incarnation_is_caught() {
    caught(
        Mutant::SameIncarnation,
        Protocol::restored(),
        super::properties::FILE_FOLLOWS,
    );
}

#[test]
fn a_code_that_is_reserved_before_the_decision_is_caught() {
    caught(
        Mutant::CodeEarly,
        Protocol::neighbours(),
        super::properties::CODES,
    );
}
