//! The wire: messages are checked and converted here, and nowhere else.

pub mod catalogue;
pub mod convert;
pub mod instance;
