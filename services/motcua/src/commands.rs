//! The commands, one file each.

pub(crate) mod backup;
pub(crate) mod due;
pub(crate) mod first_admin;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod partner;
pub(crate) mod readiness;
pub(crate) mod reconcile;
pub(crate) mod restore;
pub(crate) mod verify;
