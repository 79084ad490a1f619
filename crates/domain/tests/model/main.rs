//! The protocol between officers, dossier, workflow and warehouse, checked in every
//! order of its steps: messages may be lost, late or doubled, and dossier may die at
//! any of them. States and verbs move by the product's own table
//! (`motcua_domain::dossier::next`); what stands for which function of the product is said at
//! each step in `world.rs`.
//!
//! `cargo test -p motcua-domain --test model -- --nocapture` prints how many states
//! there are.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a check may fail as tests do, and tells what it has gone through"
)]

mod mutants;
mod officer;
mod properties;
mod protocol;
mod world;

use stateright::{Checker as _, Model as _};

use protocol::Protocol;

/// Checks every state and tells how many there were.
fn holds(what: &str, protocol: Protocol) {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    println!(
        "{what}: {} states, {} steps at most",
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
    assert!(
        checker.unique_state_count() > 10_000,
        "it has hardly moved: something stands in its way"
    );
}

#[test]
fn nothing_is_lost_or_doubled_whatever_is_late_or_doubled_or_killed() {
    holds("two officers at one dossier", Protocol::rivals());
}

#[test]
fn nothing_is_lost_or_doubled_whatever_is_not_heard_of() {
    holds("the same, and messages get lost", Protocol::unheard());
}

#[test]
fn codes_are_given_once_and_without_a_gap() {
    holds("two dossiers of one unit", Protocol::neighbours());
}

#[test]
fn a_restored_workflow_rewrites_no_file() {
    holds("a restore", Protocol::restored());
}
