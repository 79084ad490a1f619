//! Faults that are built in on purpose, to see that a test finds them: only with
//! the feature `mutants`, which no product has, and one at a time, named by the
//! variable `MUTANT` of the process.

use std::sync::LazyLock;

/// The promises that a mutant breaks.
pub const ALL: [&str; 2] = [PIECES, UNRECORDED];

/// A batch is committed piece by piece.
pub const PIECES: &str = "pieces";
/// A batch is written without the record of its request.
pub const UNRECORDED: &str = "unrecorded";

/// Whether this process is that mutant.
pub(crate) fn is(name: &str) -> bool {
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
