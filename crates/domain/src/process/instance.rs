//! A running instance: where a dossier stands, who has it, when it is due.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::fact::{Advanced, Fact};
use crate::actor::Role;
use crate::dossier::{self, State, Verb};
use crate::ids::{DossierId, PersonId, TaskId, UnitId};
use crate::working_time::{AfterPause, Handover, Limit, Mode, Pause};

/// The version of a process that an instance keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRef {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i32,
}

/// The terms under which the dossier was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The published limit; none: no appointment is given.
    pub limit: Option<Limit>,
    /// How the limit is counted.
    pub mode: Mode,
    /// What a supplement during settlement does to the clock (NĐ 61/2018
    /// art. 19.4: restart, unless the sector's law says otherwise).
    pub supplement: AfterPause,
    /// How the dossier travels to another unit.
    pub handover: Handover,
}

/// The settlement clock. Instants are UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementClock {
    /// When the dossier was accepted; never changes.
    pub accepted: Option<DateTime<Utc>>,
    /// When the clock started; later than acceptance where another unit decides.
    pub started: Option<DateTime<Utc>>,
    /// The pauses, in order; the last may be open.
    pub pauses: Vec<Pause>,
    /// When the dossier is due.
    pub due: Option<DateTime<Utc>>,
    /// What was promised first.
    pub original_due: Option<DateTime<Utc>>,
    /// Whether the one re-appointment has been used.
    pub extended: bool,
    /// When the settlement ended.
    pub stopped: Option<DateTime<Utc>>,
    /// The version of the calendar that counted.
    pub calendar: Option<i64>,
}

impl SettlementClock {
    /// The due date that can be missed now: none while the clock stands still and
    /// after the settlement has ended.
    pub fn running_due(&self) -> Option<DateTime<Utc>> {
        self.due
            .filter(|_| self.stopped.is_none() && !self.is_paused())
    }

    /// Whether it stands still now.
    pub fn is_paused(&self) -> bool {
        self.stopped.is_none() && self.pauses.last().is_some_and(|p| p.to.is_none())
    }
}

/// The open task of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The node's label.
    pub label: String,
    /// What is to be done.
    pub action: String,
    /// The roles that may do it.
    pub roles: Vec<Role>,
    /// The unit that has it.
    pub unit: UnitId,
    /// The officer to whom it was assigned; none: whoever has the role.
    pub person: Option<PersonId>,
    /// The verb that completes it.
    pub fires: Verb,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When the step is due; none where no time is allotted.
    pub due: Option<DateTime<Utc>>,
}

/// A running instance. Its canonical JSON is what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The dossier.
    pub dossier: DossierId,
    /// 1..n, one an event.
    pub version: i64,
    /// The legal state.
    pub state: State,
    /// The process that it keeps.
    pub process: ProcessRef,
    /// The index of the present node.
    pub node: usize,
    /// The unit that took it in.
    pub receiver: UnitId,
    /// The unit that decides.
    pub decider: UnitId,
    /// The unit that has it now.
    pub owner: UnitId,
    /// The terms of its acceptance.
    pub terms: Terms,
    /// The clock.
    pub clock: SettlementClock,
    /// The open task; none at the end.
    pub task: Option<Task>,
    /// The officer who settles it.
    pub officer: Option<PersonId>,
    /// Who accepted it: may not sign it.
    pub accepted_by: Option<PersonId>,
    /// Who submitted the draft: may not sign it.
    pub drafted_by: Option<PersonId>,
    /// SHA-256 of the submitted draft, hexadecimal.
    pub digest: Option<String>,
    /// Requests for supplement before acceptance.
    pub intake_supplements: u32,
    /// Requests for supplement during settlement.
    pub supplements: u32,
}

impl Instance {
    /// Whether another unit decides than the one that received it.
    pub fn is_non_territorial(&self) -> bool {
        self.receiver != self.decider
    }

    /// The verbs that the state and the present node allow, whoever asks.
    pub fn possible(&self) -> Vec<Verb> {
        Verb::ALL
            .into_iter()
            .filter(|verb| self.allows(*verb))
            .filter(|verb| *verb != Verb::SendBack || self.earlier_step().is_some())
            .collect()
    }

    /// Whether the state and the present node allow a verb.
    pub fn allows(&self, verb: Verb) -> bool {
        if dossier::next(self.state, verb).is_none() {
            return false;
        }
        // These complete a node; any other node's state allows them too.
        let completes = matches!(verb, Verb::CompleteStep | Verb::SubmitForSignature);
        !completes || self.task.as_ref().is_some_and(|task| task.fires == verb)
    }

    /// Folds an event into the instance. Total: facts are applied as they are,
    /// whatever the state; an event that is already in changes nothing.
    #[must_use]
    pub fn apply(&self, event: &Advanced) -> Instance {
        let mut next = self.clone();
        if event.version <= self.version {
            return next;
        }
        next.version = event.version;
        for fact in &event.facts {
            next.take(fact);
        }
        next
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(first) => {
                *self = Instance {
                    version: self.version,
                    ..(**first).clone()
                }
            }
            Fact::StateChanged { to, .. } => self.state = *to,
            Fact::NodeEntered { node } => self.node = *node,
            Fact::OwnerChanged { to, .. } => self.owner = to.clone(),
            Fact::TaskOpened { task } => self.task = Some((**task).clone()),
            Fact::TaskClosed { .. } => self.task = None,
            Fact::Assigned { person } => {
                self.officer = Some(*person);
                if let Some(task) = &mut self.task {
                    task.person = Some(*person);
                }
            }
            Fact::Accepted { at, by } => {
                self.clock.accepted.get_or_insert(*at);
                self.accepted_by = *by;
            }
            Fact::ClockStarted { at, calendar } => {
                self.clock.started = Some(*at);
                self.clock.calendar = Some(*calendar);
            }
            Fact::ClockPaused { pause } => self.clock.pauses.push(*pause),
            Fact::ClockContinued { at } => {
                if let Some(open) = self.clock.pauses.last_mut() {
                    open.to = Some(*at);
                }
            }
            Fact::ClockStopped { at } => {
                self.clock.stopped = Some(*at);
                // A stopped clock has no open pause.
                if let Some(open) = self.clock.pauses.last_mut().filter(|p| p.to.is_none()) {
                    open.to = Some(*at);
                }
            }
            Fact::DueChanged { new, ground, .. } => {
                self.clock.due = *new;
                self.clock.original_due = self.clock.original_due.or(*new);
                self.clock.extended |= *ground == super::DueGround::Extended;
            }
            Fact::IntakeSupplementAsked => {
                self.intake_supplements = self.intake_supplements.saturating_add(1);
            }
            Fact::SupplementAsked => self.supplements = self.supplements.saturating_add(1),
            Fact::DraftFixed { digest, by } => {
                self.digest = Some(digest.clone());
                self.drafted_by = *by;
            }
            Fact::DraftReleased => {
                self.digest = None;
                self.drafted_by = None;
            }
        }
    }
}
