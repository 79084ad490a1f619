//! The tables of dossier.

pub(crate) mod codes;
mod entity;
pub(crate) mod files;
pub(crate) mod kept;
pub(crate) mod list;
pub mod migration;
