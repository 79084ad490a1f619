//! The tables of notification.

mod entity;
pub(crate) mod messages;
pub mod migration;
pub(crate) mod watched;
