//! The tables of gateway.

pub mod dates;
pub mod dimensions;
mod entity;
pub mod facts;
pub mod indicators;
pub mod jobs;
pub mod lookups;
pub mod migration;
pub mod trials;
