//! sea-orm made safe: the only way of the services to a database.
//!
//! Rules of the house:
//! - Only use-cases open units of work, with [`Db::run`]. A unit of work is a
//!   re-runnable function: it does nothing outside the database, so that a
//!   retry or a regrouped SQLite commit repeats nothing else.
//! - A unit of work runs in its own task: a caller that goes away never leaves
//!   a connection inside a transaction.
//! - An answer is given only after the commit that makes it durable.
//! - Store functions take the connection; they never begin or commit.

pub mod access_log;
pub mod backup;
mod batch;
mod check;
mod connect;
pub mod cursor;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
mod entity;
mod error;
pub mod event;
pub mod idempotency;
mod migration;
#[cfg(feature = "mutants")]
pub mod mutant;
mod observe;
pub mod page;
pub mod private_row;
pub mod scratch;
#[cfg(feature = "test")]
#[expect(clippy::expect_used, reason = "a test fails with these words")]
pub mod test;
mod tx;
mod writer;

pub use batch::Batch;
pub use check::Check;
pub use connect::{Config, Db, Engine};
pub use error::StorageError;
pub use event::incarnation;
pub use observe::{Observer, Run, Seen};
pub use sea_orm::ConnectionTrait as Connection;
pub use sea_orm::sea_query::{InsertStatement as Insert, UpdateStatement as Update};
pub use sea_orm_migration::MigrationTrait;
pub use tx::Tx;
