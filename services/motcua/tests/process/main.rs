//! The binary as its operators meet it: processes, signals, exit codes.
//!
//! The modules are marked `cfg(test)` for the sake of Clippy, which then knows
//! their helper functions as test code too.

#[cfg(test)]
mod counter;
#[cfg(test)]
mod drill;
#[cfg(test)]
mod due;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod place;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod split;
#[cfg(test)]
mod telemetry;
