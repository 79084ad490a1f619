//! The gateway on SQLite and PostgreSQL: one test binary, so that the stack is
//! linked once.
//!
//! The modules are marked `cfg(test)` for the sake of Clippy, which then knows
//! their helper functions as test code too.

#[cfg(test)]
mod equality;
#[cfg(test)]
mod house;
#[cfg(test)]
mod indicators;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod life;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod lookups;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod partner;
#[cfg(test)]
mod rebuild;
#[cfg(test)]
mod trials;
