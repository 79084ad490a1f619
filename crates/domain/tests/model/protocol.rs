//! The steps, each as one unit of work of the product is one, and which accidents
//! stand between them.

mod dossier;
mod feed;
mod workflow;

use motcua_domain::dossier::Verb;
use stateright::{Model, Property};

use super::mutants::Mutant;
use super::officer::{Officer, Plan};
use super::properties;
use super::world::{Ask, DOSSIERS, Left, Message, World};

/// Who does what, what may happen, and which mistake is in it.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    plans: &'static [Plan],
    left: Left,
    mutant: Option<Mutant>,
}

/// A step or an accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An officer sends, or sends again.
    Send(usize, Ask),
    /// A message arrives.
    Arrive(Message),
    /// It arrives, and will arrive again.
    ArriveTwice(Message),
    /// It never arrives.
    Lose(Message),
    /// Dossier is killed and starts again.
    Crash,
    /// A local verb: a draft is attached.
    Draft(usize),
    /// Workflow's sequencer numbers what is committed.
    NumberMoves,
    /// Dossier's sequencer does.
    NumberChanges,
    /// The projection takes the next event of workflow's feed.
    Project,
    /// The projection is killed between cursor and effect: only where both are not
    /// one unit of work.
    ProjectHalf,
    /// The warehouse is handed the entry of a position, by this or another replica.
    Load(usize),
    /// Workflow's store is put back to what it was this many events before.
    Restore(usize),
}

impl Protocol {
    /// Two officers at one dossier.
    pub(crate) fn rivals() -> Self {
        Self {
            plans: &[&[(0, Verb::Accept)], &[(0, Verb::Withdraw)]],
            left: Left {
                crashes: 1,
                losses: 0,
                copies: 0,
                drafts: 0,
                restores: 0,
            },
            mutant: None,
        }
    }

    /// The same two, whose messages get lost.
    pub(crate) fn unheard() -> Self {
        Self {
            left: Left {
                crashes: 0,
                losses: 1,
                copies: 0,
                drafts: 0,
                restores: 0,
            },
            ..Self::rivals()
        }
    }

    /// Two dossiers that get their codes from one counter.
    pub(crate) fn neighbours() -> Self {
        Self {
            plans: &[&[(0, Verb::Accept)], &[(1, Verb::Accept)]],
            left: Left {
                crashes: 0,
                losses: 0,
                copies: 0,
                drafts: 1,
                restores: 0,
            },
            mutant: None,
        }
    }

    /// Workflow is restored from a backup that is an event or two old.
    pub(crate) fn restored() -> Self {
        Self {
            plans: &[
                &[(0, Verb::Accept), (0, Verb::Transfer)],
                &[(0, Verb::RefuseIntake)],
            ],
            left: Left {
                crashes: 0,
                losses: 1,
                copies: 0,
                drafts: 0,
                restores: 1,
            },
            mutant: None,
        }
    }

    pub(crate) fn with(self, mutant: Mutant) -> Self {
        Self {
            mutant: Some(mutant),
            ..self
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// What officers can send now.
    pub(crate) fn asks(&self, world: &World) -> Vec<(usize, Ask)> {
        let officers = world.officers.iter().enumerate();
        officers
            .filter_map(|(n, officer)| {
                Some((n, officer.next(self.plans[n], &world.dossier.files)?))
            })
            .collect()
    }

    /// Whether dossier waits for an operator to compare both sides.
    pub(crate) fn stops(world: &World) -> bool {
        world.workflow.incarnation != world.dossier.pinned
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let officers = (0..).take(self.plans.len()).map(Officer::new).collect();
        vec![World::new(officers, self.left)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        steps.extend(
            self.asks(world)
                .into_iter()
                .map(|(n, ask)| Step::Send(n, ask)),
        );
        for message in &world.network {
            steps.push(Step::Arrive(*message));
            if world.left.copies > 0 {
                steps.push(Step::ArriveTwice(*message));
            }
            if world.left.losses > 0 {
                steps.push(Step::Lose(*message));
            }
        }
        if world.left.crashes > 0 && !world.dossier.handlers.is_empty() {
            steps.push(Step::Crash);
        }
        if world.left.drafts > 0 {
            steps.push(Step::Draft(0));
        }
        if world.workflow.numbered < world.workflow.log.len() {
            steps.push(Step::NumberMoves);
        }
        if world.dossier.numbered < world.dossier.log.len() {
            steps.push(Step::NumberChanges);
        }
        steps.push(Step::Project);
        if self.is(Mutant::CursorFirst) {
            steps.push(Step::ProjectHalf);
        }
        steps.extend((1..=world.dossier.numbered).map(Step::Load));
        if world.left.restores > 0 {
            let events = world.workflow.log.len();
            steps.extend((1..=events.min(2)).map(Step::Restore));
        }
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let mut world = last.clone();
        match step {
            Step::Send(officer, ask) => {
                world.officers[officer].send(ask);
                world.network.insert(Message::Ask(ask));
            }
            Step::Arrive(message) => {
                world.network.remove(&message);
                self.arrive(&mut world, message);
            }
            Step::ArriveTwice(message) => {
                world.left.copies -= 1;
                self.arrive(&mut world, message);
            }
            Step::Lose(message) => {
                world.left.losses -= 1;
                world.network.remove(&message);
            }
            Step::Crash => {
                world.left.crashes -= 1;
                world.dossier.handlers.clear();
            }
            Step::Draft(dossier) => {
                world.left.drafts -= 1;
                dossier::draft(&mut world.dossier, dossier);
            }
            Step::NumberMoves => world.workflow.numbered = world.workflow.log.len(),
            Step::NumberChanges => world.dossier.numbered = world.dossier.log.len(),
            Step::Project => self.project(&mut world, true),
            Step::ProjectHalf => self.project(&mut world, false),
            Step::Load(position) => self.load(&mut world, position),
            Step::Restore(events) => {
                world.left.restores -= 1;
                self.restore(&mut world, events);
            }
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    fn arrive(&self, world: &mut World, message: Message) {
        match message {
            Message::Ask(ask) => self.asked(world, ask),
            Message::Cross(ask, met) => self.cross(world, ask, met),
            Message::Moved(request, at) => self.moved(world, request, at),
            Message::Refused(request, told) => self.refused(world, request, told),
            Message::Told(request, told) => {
                for officer in &mut world.officers {
                    officer.hear(request, told);
                }
            }
        }
    }
}

const _: () = assert!(DOSSIERS == 2, "the plans above name two dossiers");
