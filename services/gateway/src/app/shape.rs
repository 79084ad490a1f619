//! From the facts of an event to the columns of the warehouse: pure, and written
//! against the facts alone. The source folds the same facts into its own type;
//! that the two agree is what a reconciliation finds out, so neither may use the
//! other's code.

use chrono::{DateTime, NaiveDate, Utc};
use domain::case_file::{CaseFile, Channel, Digestible, Fact};
use domain::dossier::State;
use domain::process::{Advanced, DueGround, Fact as Step, Instance, Task};
use domain::working_time::{ClockError, local};
use uuid::Uuid;

use crate::store::facts;
use crate::store::facts::DossierFact;

/// What is to be done with a step's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepChange {
    /// A task was opened.
    Opened(Box<facts::Step>),
    /// A task was closed at this instant by this verb.
    Closed(Uuid, DateTime<Utc>, &'static str),
}

/// What an event makes of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The dossier's row afterwards.
    pub row: DossierFact,
    /// What happens to its steps, in order.
    pub steps: Vec<StepChange>,
}

/// Where and when an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// The dossier.
    pub dossier: Uuid,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Its position in the feed.
    pub position: i64,
}

/// The row and the steps after an event's facts; none when the dossier's
/// beginning was never seen.
///
/// # Errors
/// When an instant is of no year that the clock knows.
pub fn after(
    known: Option<DossierFact>,
    occasion: Occasion,
    facts: &[Fact],
) -> Result<Option<Loaded>, ClockError> {
    let mut row = known;
    let mut steps = Vec::new();
    for fact in facts {
        match fact {
            Fact::Submitted { file } => row = Some(begun(file, occasion)?),
            Fact::Moved { advanced } => {
                if let Some(row) = &mut row {
                    move_on(row, &mut steps, advanced, occasion);
                }
            }
            Fact::CodeGiven { code } => {
                if let Some(row) = &mut row {
                    row.code.get_or_insert_with(|| code.clone());
                }
            }
            // The warehouse holds nothing of what these change.
            Fact::Corrected { .. } | Fact::DraftAttached { .. } | Fact::NoteKept { .. } => {}
        }
    }
    let Some(mut row) = row else { return Ok(None) };
    row.position = occasion.position;
    row.accepted_day = day(row.accepted)?;
    row.due_day = day(row.due)?;
    row.finished_day = day(row.finished)?;
    Ok(Some(Loaded { row, steps }))
}

fn day(at: Option<DateTime<Utc>>) -> Result<Option<NaiveDate>, ClockError> {
    at.map(|at| local(at).map(|wall| wall.date())).transpose()
}

fn begun(file: &CaseFile, occasion: Occasion) -> Result<DossierFact, ClockError> {
    let mut row = DossierFact {
        id: occasion.dossier,
        code: file.code.clone(),
        case_id: file.case.clone(),
        receiver: file.receiver.0.clone(),
        decider: file.decider.0.clone(),
        owner: file.receiver.0.clone(),
        state: State::Draft.name().to_owned(),
        channel: channel(file.channel).to_owned(),
        rehearsal: file.rehearsal,
        day: local(file.submitted)?.date(),
        accepted_day: None,
        due_day: None,
        finished_day: None,
        submitted: file.submitted,
        accepted: None,
        started: None,
        due: None,
        original_due: None,
        finished: None,
        returned: None,
        supplements: 0,
        extended: false,
        instance_version: None,
        position: occasion.position,
    };
    if let Some(instance) = &file.instance {
        take_over(&mut row, instance);
    }
    Ok(row)
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Counter => "counter",
        Channel::Online => "online",
        Channel::Post => "post",
    }
}

/// The columns as an instance has them that is told whole.
fn take_over(row: &mut DossierFact, instance: &Instance) {
    let version = row.instance_version.unwrap_or(instance.version);
    row.instance_version = Some(version);
    instance.state.name().clone_into(&mut row.state);
    row.decider.clone_from(&instance.decider.0);
    row.owner.clone_from(&instance.owner.0);
    row.accepted = instance.clock.accepted;
    row.started = instance.clock.started;
    row.due = instance.clock.due;
    row.original_due = instance.clock.original_due;
    row.finished = instance.clock.stopped;
    row.extended = instance.clock.extended;
    row.supplements = count(instance.supplements);
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// An event of the workflow. One that is already in changes nothing, and before
/// the first that tells how the instance began there is nothing to change.
fn move_on(
    row: &mut DossierFact,
    steps: &mut Vec<StepChange>,
    advanced: &Advanced,
    occasion: Occasion,
) {
    if row.instance_version.is_none() {
        let Some(first) = advanced.facts.iter().find_map(opened) else {
            return;
        };
        take_over(row, first);
    }
    if row.instance_version >= Some(advanced.version) {
        return;
    }
    row.instance_version = Some(advanced.version);
    for fact in &advanced.facts {
        take(row, steps, fact, advanced, occasion);
    }
}

fn opened(fact: &Step) -> Option<&Instance> {
    if let Step::Opened(first) = fact {
        Some(first)
    } else {
        None
    }
}

fn take(
    row: &mut DossierFact,
    steps: &mut Vec<StepChange>,
    fact: &Step,
    advanced: &Advanced,
    occasion: Occasion,
) {
    match fact {
        Step::Opened(first) => take_over(row, first),
        Step::StateChanged { to, .. } => {
            to.name().clone_into(&mut row.state);
            if *to == State::Returned {
                row.returned = Some(occasion.at);
            }
        }
        Step::OwnerChanged { to, .. } => row.owner.clone_from(&to.0),
        Step::Accepted { at, .. } => {
            row.accepted.get_or_insert(*at);
        }
        Step::ClockStarted { at, .. } => row.started = Some(*at),
        Step::ClockStopped { at } => row.finished = Some(*at),
        Step::DueChanged { new, ground, .. } => {
            row.due = *new;
            row.original_due = row.original_due.or(*new);
            row.extended |= *ground == DueGround::Extended;
        }
        Step::SupplementAsked => row.supplements = row.supplements.saturating_add(1),
        Step::TaskOpened { task } => {
            steps.push(StepChange::Opened(Box::new(step(row, task, occasion))));
        }
        Step::TaskClosed { id } => {
            steps.push(StepChange::Closed(id.0, occasion.at, advanced.verb.name()));
        }
        // Who has the step, what is drafted and when the clock stands still is not
        // in the warehouse; the due date tells what a pause came to.
        Step::NodeEntered { .. }
        | Step::Assigned { .. }
        | Step::ClockPaused { .. }
        | Step::ClockContinued { .. }
        | Step::IntakeSupplementAsked
        | Step::DraftFixed { .. }
        | Step::DraftReleased => {}
    }
}

fn step(row: &DossierFact, task: &Task, occasion: Occasion) -> facts::Step {
    facts::Step {
        dossier: row.id,
        task: task.id.0,
        rehearsal: row.rehearsal,
        label: task.label.clone(),
        action: task.action.clone(),
        unit: task.unit.0.clone(),
        opened: task.opened,
        due: task.due,
        closed: None,
        closing_verb: None,
        position: occasion.position,
    }
}

/// What the row must have in common with its source.
pub fn digestible(row: &DossierFact) -> Digestible {
    let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
    Digestible {
        id: row.id.to_string(),
        code: row.code.clone().unwrap_or_default(),
        case: row.case_id.clone(),
        receiver: row.receiver.clone(),
        decider: row.decider.clone(),
        state: row.state.clone(),
        submitted: Some(row.submitted.timestamp_micros()),
        accepted: micros(row.accepted),
        due: micros(row.due),
        finished: micros(row.finished),
    }
}
