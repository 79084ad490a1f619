//! Processes (*quy trình nội bộ*) and their running instances: the one place that
//! orders a dossier's state, and says when it is due.
//!
//! `decide` looks at an instance and a command and answers what happened, as
//! facts, or why not. `apply` folds facts into an instance; it is total: it
//! cannot refuse in any state, so that the same event has the same effect
//! wherever and however often it arrives.

mod clock;
mod command;
mod decide;
mod definition;
mod explain;
mod fact;
mod instance;
mod refusal;

pub use command::{Command, Ctx, Opening};
pub use decide::open;
pub use definition::{Definition, DefinitionError, Node, NodeKind, PrintedStep, UnitRule};
pub use explain::Explained;
pub use fact::{Advanced, DueGround, Fact};
pub use instance::{Instance, ProcessRef, SettlementClock, Task, Terms};
pub use refusal::Refusal;
