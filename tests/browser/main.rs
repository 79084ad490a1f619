//! The console in a real browser, as officers use it: by keyboard, on their own
//! screens, with a printer.
//!
//! Needs Chromium and chromedriver. What they saw is kept as pictures below the
//! target folder. The modules are marked `cfg(test)` for the sake of Clippy,
//! which then knows their helper functions as test code too.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod counter;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod fitness;
#[cfg(test)]
mod hands;
#[cfg(test)]
mod safety;
