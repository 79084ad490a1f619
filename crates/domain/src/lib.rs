//! The rules of the house: pure, without clock, database or wire.
//!
//! Every rule takes time, ids and facts as parameters and returns new values
//! and events. This crate knows neither tonic, prost, sea-orm nor tokio.

pub mod actor;
pub mod authority;
pub mod case_file;
pub mod clock;
pub mod dossier;
pub mod ids;
pub mod process;
pub mod text;
pub mod working_time;
