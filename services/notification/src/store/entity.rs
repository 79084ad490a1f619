//! Rows, plain columns.

#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod message;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod message_read;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod watched;
