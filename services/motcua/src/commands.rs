//! The commands, one file each.

pub(crate) mod due;
pub(crate) mod first_admin;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod partner;
pub(crate) mod readiness;
pub(crate) mod verify;
