//! Chance that can be had again: moments, choices and shapes of a test, by a seed.

/// A small reproducible generator (splitmix64): no secrets.
#[derive(Clone, Copy, Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `n`, which is not zero.
    pub fn below(&mut self, n: u64) -> u64 {
        self.any() % n
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of several; none of none.
    pub fn of<'a, T>(&mut self, some: &'a [T]) -> Option<&'a T> {
        let many = u64::try_from(some.len()).ok().filter(|many| *many > 0)?;
        some.get(usize::try_from(self.below(many)).ok()?)
    }
}
