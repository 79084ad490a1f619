//! The legal life of a dossier (*hồ sơ*): its states, the verbs that move it, and
//! the one table that says which verb leads where, with what effect on the
//! settlement clock and which printed form.

mod code;
mod state;
mod table;
mod verb;

pub use code::{CodeError, DossierCode};
pub use state::State;
pub use table::{ClockEffect, Form, Row, next};
pub use verb::Verb;
