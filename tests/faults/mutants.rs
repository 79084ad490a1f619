//! Each mutant is caught: the test that is there for its promise fails with it.

use std::process::Command;

use storage::mutant::{ALL, PIECES, UNRECORDED};

/// The mutant, and the test of this program that must fail.
const CAUGHT_BY: [(&str, &str); 2] = [
    (
        PIECES,
        "statements::when_a_statement_of_workflow_fails_nothing_is_done_and_the_same_request_does_it_later",
    ),
    (UNRECORDED, "retries::what_is_sent_again_is_answered_again"),
];

#[test]
fn each_mutant_is_caught_by_the_test_of_its_promise() {
    assert_eq!(CAUGHT_BY.map(|(mutant, _)| mutant), ALL);
    let program = std::env::current_exe().unwrap();
    for (mutant, test) in CAUGHT_BY {
        let ended = Command::new(&program)
            .args(["--exact", test])
            .env("MUTANT", mutant)
            // The first engine is enough to be caught on.
            .env_remove("MOTCUA_TEST_POSTGRES")
            .env_remove("MOTCUA_TEST_REQUIRE")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ended.stdout);
        assert!(
            told.contains("0 passed; 1 failed"),
            "{mutant} lives: {test} says {told}"
        );
    }
}
