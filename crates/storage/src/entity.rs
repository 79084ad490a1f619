//! The base tables, plain columns.

pub(crate) mod access_log;
pub(crate) mod cursor;
pub(crate) mod event;
pub(crate) mod feed_head;
pub(crate) mod idempotency;
pub(crate) mod parked;
pub(crate) mod private_row;
pub(crate) mod subject_key;
