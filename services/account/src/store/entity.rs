//! Rows, plain columns.

#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod partner;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod person;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod post;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod session;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod unit;
