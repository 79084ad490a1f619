//! The tables of account.

mod entity;
pub mod migration;
pub(crate) mod partners;
pub(crate) mod people;
pub(crate) mod sessions;
pub(crate) mod units;
