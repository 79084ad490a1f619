//! What happened, as facts. An event lists them; folding them is the state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::instance::{Instance, Task};
use crate::dossier::{State, Verb};
use crate::ids::{PersonId, TaskId, UnitId};
use crate::working_time::Pause;

/// Why a due date changed. Nothing else may change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueGround {
    /// The dossier was accepted.
    Accepted,
    /// The deciding unit received it (NĐ 309/2026 art. 8.3).
    ReceivedByDecider,
    /// A supplement was completed.
    Supplemented,
    /// A pause ended.
    Continued,
    /// Apology and re-appointment, once (NĐ 61/2018 art. 19.9).
    Extended,
}

/// One fact. It holds no personal data and no free text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Fact {
    /// The instance began like this.
    Opened(Box<Instance>),
    /// It stands elsewhere.
    StateChanged {
        /// Before.
        from: State,
        /// After.
        to: State,
    },
    /// It is at another node.
    NodeEntered {
        /// The node's index.
        node: usize,
    },
    /// Another unit has it.
    OwnerChanged {
        /// Before.
        from: UnitId,
        /// After.
        to: UnitId,
    },
    /// Something is to be done.
    TaskOpened {
        /// The task.
        task: Box<Task>,
    },
    /// It is done, or no longer to be done.
    TaskClosed {
        /// The task.
        id: TaskId,
    },
    /// An officer has it.
    Assigned {
        /// The officer.
        person: PersonId,
    },
    /// It was accepted.
    Accepted {
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<PersonId>,
    },
    /// The clock starts.
    ClockStarted {
        /// When.
        at: DateTime<Utc>,
        /// The calendar's version.
        calendar: i64,
    },
    /// The clock stands still.
    ClockPaused {
        /// The pause, open.
        pause: Pause,
    },
    /// The clock goes on.
    ClockContinued {
        /// When.
        at: DateTime<Utc>,
    },
    /// The clock stops for good.
    ClockStopped {
        /// When.
        at: DateTime<Utc>,
    },
    /// The due date changed.
    DueChanged {
        /// Before.
        old: Option<DateTime<Utc>>,
        /// After.
        new: Option<DateTime<Utc>>,
        /// Why.
        ground: DueGround,
    },
    /// The applicant was asked for more before acceptance.
    IntakeSupplementAsked,
    /// The applicant was asked for more during settlement.
    SupplementAsked,
    /// A draft was fixed for signature.
    DraftFixed {
        /// SHA-256, hexadecimal.
        digest: String,
        /// By whom it was submitted.
        by: Option<PersonId>,
    },
    /// The fixed draft is free to be changed again.
    DraftReleased,
}

/// One event of an instance: a verb and its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advanced {
    /// The verb.
    pub verb: Verb,
    /// The instance's version afterwards.
    pub version: i64,
    /// The state before; a draft before opening.
    pub from: State,
    /// The state afterwards.
    pub to: State,
    /// What happened, in order.
    pub facts: Vec<Fact>,
}
