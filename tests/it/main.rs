//! One test binary, so that the stack is linked once.
//!
//! The modules are marked `cfg(test)` for the sake of Clippy, which then knows
//! their helper functions as test code too.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tree;
