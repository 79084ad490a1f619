//! What several kinds of tests have in common: officers at their desks, what they
//! do, what they read, and what is on record of it.
//!
//! Checks of the whole live in `it/`, one file a topic: `edges` and `tidy` hold the
//! rules of the house that no compiler checks, `contract` the conventions of the
//! protos, `deploy` the files that operators start from.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test whose ground cannot be made fails there"
)]

pub mod acts;
pub mod fresh;
pub mod office;
pub mod reads;
pub mod record;
