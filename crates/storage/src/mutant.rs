//! Faults that are built in on purpose, to see that a test finds them: only with
//! the feature `mutants`, which no product has, and one at a time, named by the
//! variable `MUTANT` of the process.

use std::sync::LazyLock;

/// The promises that a mutant breaks.
pub const ALL: [&str; 6] = [PIECES, UNRECORDED, SWALLOWED, UNFLUSHED, CURSOR_FIRST, LEAP];

/// A batch is committed piece by piece.
pub const PIECES: &str = "pieces";
/// A batch is written without the record of its request.
pub const UNRECORDED: &str = "unrecorded";
/// A batch that the database did not take is answered as if it had.
pub const SWALLOWED: &str = "swallowed";
/// PostgreSQL answers before it has written.
pub const UNFLUSHED: &str = "unflushed";
/// A follower moves its cursor, and writes the effect afterwards.
pub const CURSOR_FIRST: &str = "cursor_first";
/// A follower that is far behind passes over what it has missed.
pub const LEAP: &str = "leap";

/// Whether this process is that mutant.
pub fn is(name: &str) -> bool {
    static CHOSEN: LazyLock<Option<String>> = LazyLock::new(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "a mutant is chosen for a process, and is no configuration"
        )]
        let chosen = std::env::var("MUTANT").ok();
        if let Some(chosen) = &chosen {
            tracing::warn!(%chosen, "this process breaks a promise on purpose");
        }
        chosen
    });
    CHOSEN.as_deref() == Some(name)
}
