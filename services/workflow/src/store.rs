//! What workflow keeps: entities, queries, the migration chain. No rule.

pub mod calendar;
pub mod catalogue;
pub mod entity;
pub mod instance;
pub mod migration;
pub mod reference;
pub mod timer;
