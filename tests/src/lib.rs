//! Checks of the whole: they live in `it/`, one file a topic.
//!
//! `edges` and `tidy` hold the rules of the house that no compiler checks, `contract` the
//! conventions of the protos, `deploy` the files that operators start from.
