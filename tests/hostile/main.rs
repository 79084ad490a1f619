//! Hostile input (T22): every method of the contract, found in its descriptors, is
//! sent what its types allow and what they do not, by callers of every kind. A new
//! method is attacked without a line more.
//!
//! `MOTCUA_TEST_SEED` repeats a run, `MOTCUA_HOSTILE_CASES` lengthens it: that many
//! requests a method, caller and engine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

mod messages;
mod raw;
mod shapes;
