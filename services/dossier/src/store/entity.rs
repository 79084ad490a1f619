//! Rows, plain columns.

#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod code_counter;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod code_kept;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod dossier;
#[expect(unreachable_pub, reason = "what sea-orm's derive makes is public")]
pub(crate) mod file_lost;
