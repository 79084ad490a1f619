//! Deciding: (definition, instance, command, now) → one event, or why not.

use super::clock;
use super::command::{Command, Ctx, Opening};
use super::definition::{Definition, NodeKind, UnitRule};
use super::fact::{Advanced, DueGround, Fact};
use super::instance::{Instance, ProcessRef, SettlementClock, Task};
use super::refusal::Refusal;
use crate::dossier::{self, ClockEffect, State, Verb};
use crate::ids::UnitId;
use crate::working_time::{self, AfterPause, Handover};

/// Opens the instance of a submitted dossier at the process's first node.
pub fn open(definition: &Definition, opening: &Opening, ctx: &Ctx<'_>) -> (Instance, Advanced) {
    let verb = if opening.online {
        Verb::SubmitOnline
    } else {
        Verb::SubmitAtCounter
    };
    let to = dossier::next(State::Draft, verb).map_or(State::Draft, |row| row.next);
    let first = Instance {
        dossier: opening.dossier,
        version: 0,
        state: to,
        process: ProcessRef {
            id: definition.id.clone(),
            version: definition.version,
        },
        node: 0,
        receiver: opening.receiver.clone(),
        decider: opening.decider.clone(),
        owner: opening.receiver.clone(),
        terms: opening.terms.clone(),
        clock: SettlementClock::default(),
        task: None,
        officer: None,
        accepted_by: None,
        drafted_by: None,
        digest: None,
        intake_supplements: 0,
        supplements: 0,
    };
    let mut draft = Drafting {
        next: first.clone(),
        facts: vec![Fact::Opened(Box::new(first.clone()))],
    };
    draft.enter(definition, 0, ctx);
    let event = Advanced {
        verb,
        version: 1,
        from: State::Draft,
        to,
        facts: draft.facts,
    };
    (first.apply(&event), event)
}

/// The facts so far, and the instance as they make it.
struct Drafting {
    next: Instance,
    facts: Vec<Fact>,
}

impl Drafting {
    fn add(&mut self, facts: impl IntoIterator<Item = Fact>) {
        for fact in facts {
            let step = Advanced {
                verb: Verb::CompleteStep,
                version: self.next.version.saturating_add(1),
                from: self.next.state,
                to: self.next.state,
                facts: vec![fact.clone()],
            };
            self.next = self.next.apply(&step);
            self.facts.push(fact);
        }
    }

    /// Goes to a node: its task is opened for the unit and the roles it names.
    fn enter(&mut self, definition: &Definition, at: usize, ctx: &Ctx<'_>) {
        let Some(node) = definition.nodes.get(at) else {
            return self.close();
        };
        self.close();
        if self.next.node != at {
            self.add([Fact::NodeEntered { node: at }]);
        }
        let unit: UnitId = match &node.unit {
            UnitRule::Receiver => self.next.receiver.clone(),
            UnitRule::Decider => self.next.decider.clone(),
            UnitRule::Named(unit) => unit.clone(),
        };
        if unit != self.next.owner {
            self.add([Fact::OwnerChanged {
                from: self.next.owner.clone(),
                to: unit.clone(),
            }]);
        }
        let calendar = if unit == self.next.receiver {
            ctx.receiver
        } else {
            ctx.decider
        };
        let due = (node.minutes > 0)
            .then(|| working_time::step_due(calendar, ctx.now, node.minutes).ok())
            .flatten();
        // The assigned officer keeps the work; any other node is its role's.
        let person = self.next.officer.filter(|_| node.kind == NodeKind::Process);
        let task = Task {
            id: ctx.task,
            label: node.label.clone(),
            action: node.action.clone(),
            roles: node.roles.clone(),
            unit,
            person,
            fires: node.fires,
            opened: ctx.now,
            due,
        };
        self.add([Fact::TaskOpened {
            task: Box::new(task),
        }]);
    }

    fn close(&mut self) {
        if let Some(id) = self.next.task.as_ref().map(|task| task.id) {
            self.add([Fact::TaskClosed { id }]);
        }
    }
}

impl Instance {
    /// Decides a command.
    ///
    /// # Errors
    /// The rule that refuses; nothing has happened then.
    pub fn decide(
        &self,
        definition: &Definition,
        command: &Command,
        ctx: &Ctx<'_>,
    ) -> Result<Advanced, Refusal> {
        if self.process.id != definition.id || self.process.version != definition.version {
            return Err(Refusal::ForeignDefinition);
        }
        let verb = command.verb();
        let wrong = Refusal::WrongState {
            state: self.state,
            verb,
        };
        let row = dossier::next(self.state, verb).ok_or(wrong)?;
        if !self.allows(verb) {
            return Err(Refusal::OtherStepFirst { verb });
        }
        self.check(command, ctx)?;

        let mut draft = Drafting {
            next: self.clone(),
            facts: Vec::new(),
        };
        if row.next != self.state {
            draft.add([Fact::StateChanged {
                from: self.state,
                to: row.next,
            }]);
        }
        draft.add(self.clock_facts(command, row.clock, ctx)?);
        draft.add(Self::own_facts(command, ctx));
        self.walk(definition, command, &mut draft, ctx);
        if let Command::Assign { person } = command {
            draft.add([Fact::Assigned { person: *person }]);
        }
        Ok(Advanced {
            verb,
            version: self.version.saturating_add(1),
            from: self.state,
            to: row.next,
            facts: draft.facts,
        })
    }

    /// The rules that are no row of the state table.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most commands have nothing special here"
    )]
    fn check(&self, command: &Command, ctx: &Ctx<'_>) -> Result<(), Refusal> {
        match command {
            Command::AskIntakeSupplement {} if self.intake_supplements > 0 => {
                Err(Refusal::SecondIntakeSupplement)
            }
            Command::AskSupplement { sector_ground } => {
                clock::check_supplement(self, ctx, *sector_ground)
            }
            Command::Sign { digest } => self.check_signature(digest, ctx),
            Command::RefuseSettlement {} if self.is_accepter(ctx) => Err(Refusal::AccepterSigns),
            Command::SendBack {} if self.earlier_step().is_none() => Err(Refusal::NoEarlierStep),
            _ => Ok(()),
        }
    }

    /// What is signed is what was submitted; who accepted or drafted does not
    /// sign.
    fn check_signature(&self, digest: &str, ctx: &Ctx<'_>) -> Result<(), Refusal> {
        if self.digest.as_deref() != Some(digest) {
            return Err(Refusal::OtherDraft);
        }
        match ctx.person {
            Some(person) if self.drafted_by == Some(person) => Err(Refusal::DrafterSigns),
            Some(_) if self.is_accepter(ctx) => Err(Refusal::AccepterSigns),
            _ => Ok(()),
        }
    }

    /// Who accepted a dossier does not decide it (`domain.md` §8).
    fn is_accepter(&self, ctx: &Ctx<'_>) -> bool {
        ctx.person.is_some() && self.accepted_by == ctx.person
    }

    /// Whether the deciding unit has the dossier with this command: its officer
    /// says so of paper; an electronic one is in its queue as soon as it is sent,
    /// so that nobody can hold a clock back by not looking (NĐ 309/2026 art. 8.3).
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other command brings a dossier to its decider"
    )]
    fn is_receipt(&self, command: &Command) -> bool {
        match command {
            Command::Receive {} => true,
            Command::Transfer {} => self.terms.handover == Handover::Electronic,
            _ => false,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most commands have nothing special here"
    )]
    fn clock_facts(
        &self,
        command: &Command,
        effect: ClockEffect,
        ctx: &Ctx<'_>,
    ) -> Result<Vec<Fact>, Refusal> {
        Ok(match effect {
            ClockEffect::Start => clock::accept(self, ctx)?,
            ClockEffect::StartAndStop => {
                let mut facts = clock::accept(self, ctx)?;
                facts.push(Fact::ClockStopped { at: ctx.now });
                facts
            }
            ClockEffect::Run if self.is_receipt(command) => clock::receive(self, ctx)?,
            ClockEffect::Pause => {
                let after = match command {
                    Command::AskSupplement { .. } => self.terms.supplement,
                    _ => AfterPause::Resume,
                };
                clock::pause(self, ctx, after)
            }
            ClockEffect::Continue => {
                let ground = match command {
                    Command::CompleteSupplement {} => DueGround::Supplemented,
                    _ => DueGround::Continued,
                };
                clock::go_on(self, ctx, ground)?
            }
            ClockEffect::Extend => match command {
                Command::Extend { due } => clock::extend(self, ctx, *due)?,
                _ => Vec::new(),
            },
            ClockEffect::Stop => clock::stop(self, ctx),
            ClockEffect::Nothing | ClockEffect::Run => Vec::new(),
        })
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most commands have nothing special here"
    )]
    fn own_facts(command: &Command, ctx: &Ctx<'_>) -> Option<Fact> {
        match command {
            Command::AskIntakeSupplement {} => Some(Fact::IntakeSupplementAsked),
            Command::AskSupplement { .. } => Some(Fact::SupplementAsked),
            Command::SubmitForSignature { digest } => Some(Fact::DraftFixed {
                digest: digest.clone(),
                by: ctx.person,
            }),
            Command::RefuseToSign {} => Some(Fact::DraftReleased),
            _ => None,
        }
    }

    /// Moves the token.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most commands have nothing special here"
    )]
    fn walk(
        &self,
        definition: &Definition,
        command: &Command,
        draft: &mut Drafting,
        ctx: &Ctx<'_>,
    ) {
        let verb = command.verb();
        let fires = definition.nodes.get(self.node).map(|n| n.fires);
        if draft.next.state.is_terminal() {
            return draft.close();
        }
        match command {
            // Assigning again keeps the node.
            Command::Assign { .. } if fires != Some(Verb::Assign) => {}
            Command::ReturnMisrouted {} | Command::Recall {} | Command::RefuseToSign {} => {
                draft.enter(definition, self.node.saturating_sub(1), ctx);
            }
            Command::SendBack {} => {
                if let Some(at) = self.earlier_step() {
                    draft.enter(definition, at, ctx);
                }
            }
            Command::AcceptAndSettle {} | Command::RefuseSettlement {} => {
                if let Some(at) = definition.find(NodeKind::Deliver, State::ResultReady) {
                    draft.enter(definition, at, ctx);
                }
            }
            _ if fires == Some(verb) => {
                draft.enter(definition, self.node.saturating_add(1), ctx);
            }
            _ => {}
        }
    }

    /// The node before, where that is settlement too: nodes 0–3 are intake and
    /// assignment in every process.
    pub(super) fn earlier_step(&self) -> Option<usize> {
        const FIRST_STEP: usize = 4;
        self.node.checked_sub(1).filter(|at| *at >= FIRST_STEP)
    }
}
