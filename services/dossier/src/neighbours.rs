//! Other services, as this one's clients of them see them: the only room beside
//! `api` that knows the wire.

pub(crate) mod account;
pub(crate) mod workflow;
