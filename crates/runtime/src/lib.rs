//! What every process of Motcua shares: configuration, clocks, shutdown,
//! telemetry, the one server builder, the one client builder, tokens and
//! the shape of refusals. No business rule lives here.

pub mod auth;
pub mod client;
pub mod clock;
pub mod config;
pub mod context;
pub mod failure;
pub mod incarnation;
pub mod server;
pub mod shutdown;
pub mod telemetry;

pub use context::{Job, Peers, Service, ServiceContext};
pub use failure::{Failure, FieldViolation};
pub use shutdown::Shutdown;
