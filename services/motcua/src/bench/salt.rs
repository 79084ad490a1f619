//! Bits that differ between lives, so that the ids of one become those of another.

use uuid::Uuid;

/// Version and variant of an id.
const KIND: u128 = (0xF << 76) | (0x3 << 62);
/// The milliseconds of a `UUIDv7`.
const TIME: u128 = ((1 << 48) - 1) << 80;

/// Differs between lives in every bit but those of an id's version and variant.
pub(super) fn salt(nth: u64) -> u128 {
    let mix = |n: u64| {
        let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u128::from(n ^ (n >> 31))
    };
    ((mix(nth) << 64) | mix(!nth)) & !KIND
}

/// Another id of the same kind; one that is in order of time stays where it is.
pub(super) fn salted(id: Uuid, salt: u128) -> Uuid {
    let kept = if id.get_version_num() == 7 { TIME } else { 0 };
    Uuid::from_u128(id.as_u128() ^ (salt & !kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_life_has_other_ids_of_the_same_kind() {
        let old = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let (one, two) = (salted(old, salt(1)), salted(old, salt(2)));
        assert_ne!(one, two);
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(one.as_u128() >> 80, old.as_u128() >> 80);
    }
}
