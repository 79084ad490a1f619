//! For tests only: a whole Motcua on a data folder of its own, on each kind of
//! database, at a time that the test moves.

#![expect(
    clippy::expect_used,
    reason = "a test whose ground cannot be made fails there"
)]

mod clock;
mod draw;
mod fault;
pub mod ledger;
mod refusal;
pub mod tally;
mod town;

pub use clock::MovingClock;
pub use draw::Draw;
pub use fault::Fault;
pub use refusal::{Refusal, refusal};
pub use town::{Engine, Officer, Town, required, variable};
