//! Each mutant is caught: the test that is there for its promise fails with it, and
//! for that reason.

use std::process::Command;

use storage::mutant::{ALL, CURSOR_FIRST, LEAP, PIECES, SWALLOWED, UNFLUSHED, UNRECORDED};

use crate::campaign::MACHINE;
use crate::cluster::programs;

/// A mutant, the test of this program that must fail, and a word of its failure.
type Caught = (&'static str, &'static str, &'static str);

/// Caught in a town in the test's process, on the first engine.
const IN_A_TOWN: [Caught; 2] = [
    (
        PIECES,
        "statements::when_a_statement_of_workflow_fails_nothing_is_done_and_the_same_request_does_it_later",
        "",
    ),
    (
        UNRECORDED,
        "retries::what_is_sent_again_is_answered_again",
        "",
    ),
];

/// Caught by what happens to processes on files.
const ON_SQLITE: [Caught; 2] = [
    (
        CURSOR_FIRST,
        "kills::no_act_is_lost_or_doubled_when_single_services_are_killed_on_sqlite",
        "verify: ",
    ),
    (
        LEAP,
        "warehouse::a_warehouse_that_was_away_catches_up_on_sqlite",
        "gateway.warehouse_equals_sources",
    ),
];

/// Caught by what happens to a server of databases.
const ON_POSTGRES: [Caught; 2] = [
    (
        UNFLUSHED,
        "database::no_act_is_lost_or_doubled_when_the_database_is_killed",
        "acknowledged and missing",
    ),
    (
        SWALLOWED,
        "database::no_act_is_lost_or_doubled_when_the_database_is_killed",
        "acknowledged and missing",
    ),
];

#[test]
fn each_mutant_is_caught_by_a_test_of_this_program() {
    let all = IN_A_TOWN.iter().chain(&ON_SQLITE).chain(&ON_POSTGRES);
    let caught: Vec<&str> = all.map(|(mutant, ..)| *mutant).collect();
    for mutant in ALL {
        assert!(caught.contains(&mutant), "nobody looks for {mutant}");
    }
}

#[test]
fn mutants_that_break_a_statement_are_caught() {
    IN_A_TOWN.iter().for_each(assert_caught);
}

#[test]
fn mutants_that_do_not_survive_a_process_are_caught() {
    let _machine = MACHINE.blocking_lock();
    ON_SQLITE.iter().for_each(assert_caught);
}

#[test]
fn mutants_that_do_not_survive_a_database_are_caught() {
    if programs().is_some() {
        let _machine = MACHINE.blocking_lock();
        ON_POSTGRES.iter().for_each(assert_caught);
    }
}

fn assert_caught((mutant, test, word): &Caught) {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--include-ignored", "--exact", test])
        .env("MUTANT", mutant)
        // The first engine is enough to be caught on.
        .env_remove("MOTCUA_TEST_POSTGRES")
        .env_remove("MOTCUA_TEST_REQUIRE")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(
        told.contains("0 passed; 1 failed") && told.contains(word),
        "{mutant} lives: {test} says {told}"
    );
    println!("{mutant} is caught by {test}");
}
