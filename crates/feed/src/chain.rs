//! The hash chain, as `motcua/event/v1/feed.proto` defines it.

use sha2::{Digest as _, Sha256};

/// What the first entry's `prev_hash` is.
pub const GENESIS: [u8; 32] = [0; 32];

const TAG: &[u8] = b"motcua.feed.v1";

/// SHA-256(tag ‖ position as 8 bytes big endian ‖ `prev_hash` ‖
/// SHA-256(envelope)).
pub fn hash(position: i64, prev_hash: &[u8], envelope: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(TAG)
        .chain_update(position.to_be_bytes())
        .chain_update(prev_hash)
        .chain_update(Sha256::digest(envelope))
        .finalize()
        .into()
}
