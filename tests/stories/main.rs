//! What the services do together, told over gRPC by the officers who do it: a
//! whole Motcua in the test's process, on each kind of database.
//!
//! The modules are marked `cfg(test)` for the sake of Clippy, which then knows
//! their helper functions as test code too.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod four_eyes;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod life;
#[cfg(test)]
mod races;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod searches;
#[cfg(test)]
mod sight;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod summaries;
#[cfg(test)]
mod tokens;

#[cfg(test)]
use motcua_tests::{acts, fresh, office, record};
