//! Dossier: `services/dossier/src/app/{cross,project,local}.rs`.

use super::{Mutant, Protocol};
use crate::properties::gives_code;
use crate::world::{Ask, Change, Dossier, Message, Move, Request, Told, World};

impl Protocol {
    /// `cross::carry` up to the call of workflow.
    pub(super) fn asked(&self, world: &mut World, ask: Ask) {
        let dossier = &mut world.dossier;
        let file = dossier.files[ask.dossier];
        let seen = (ask.file_version, ask.instance_version);
        let overtaken = seen != (file.version, file.instance_version);
        if overtaken {
            let crossed = dossier.knows(ask.request);
            if crossed && !self.is(Mutant::Forgetful) {
                dossier.answers.insert(ask.request);
                tell(world, ask.request, Told::Done);
            } else {
                if crossed {
                    dossier.wronged.insert(ask.request);
                }
                tell(world, ask.request, Told::Stale);
            }
            return;
        }
        if self.is(Mutant::MovesFirst)
            && let Some(row) = motcua_domain::dossier::next(file.state, ask.verb)
        {
            dossier.files[ask.dossier].state = row.next;
        }
        if self.is(Mutant::CodeEarly) && gives_code(ask.verb) {
            dossier.serial += 1;
        }
        dossier.handlers.insert(ask);
        let pinned = dossier.pinned;
        world.network.insert(Message::Cross(ask, pinned));
    }

    /// `project::answered`: the effect, the event and the record of the answer, after
    /// whatever was missed before it.
    pub(super) fn moved(&self, world: &mut World, request: Request, at: usize) {
        let Some(ask) = world.dossier.handler(request) else {
            return;
        };
        if self.is(Mutant::AnswersFirst)
            && !world.network.contains(&Message::Told(request, Told::Done))
        {
            // The effect comes with the second look.
            tell(world, request, Told::Done);
            world.network.insert(Message::Moved(request, at));
            return;
        }
        let upto = world.workflow.log[at].version;
        self.catch_up(world, ask.dossier, upto);
        world.dossier.answers.insert(request);
        world.dossier.handlers.remove(&ask);
        tell(world, request, Told::Done);
    }

    /// A refusal is handed on; one that was overtaken after all that was missed is
    /// applied.
    pub(super) fn refused(&self, world: &mut World, request: Request, told: Told) {
        let Some(ask) = world.dossier.handler(request) else {
            return;
        };
        world.dossier.handlers.remove(&ask);
        if told == Told::Stale {
            self.catch_up(world, ask.dossier, u8::MAX);
        }
        tell(world, request, told);
    }

    /// `cross::catch_up`: workflow's committed events of one dossier, numbered or not.
    fn catch_up(&self, world: &mut World, dossier: usize, upto: u8) {
        if Self::stops(world) {
            return;
        }
        let log = world.workflow.log.iter();
        let missed: Vec<_> = log
            .filter(|moved| moved.dossier == dossier && moved.version <= upto)
            .copied()
            .collect();
        for moved in missed {
            self.apply(&mut world.dossier, moved);
        }
    }

    /// `project::one`: an event of workflow, once.
    pub(super) fn apply(&self, dossier: &mut Dossier, moved: Move) {
        let file = &mut dossier.files[moved.dossier];
        let next = file.instance_version + 1;
        if moved.version != next && !(self.is(Mutant::Credulous) && moved.version < next) {
            return;
        }
        file.state = moved.state;
        file.instance_version = moved.version;
        file.version += 1;
        if gives_code(moved.verb) {
            if !self.is(Mutant::CodeEarly) {
                dossier.serial += 1;
            }
            file.code = Some(dossier.serial);
        }
        let change = Change {
            dossier: moved.dossier,
            file: *file,
            request: Some(moved.request),
        };
        dossier.log.push(change);
    }
}

fn tell(world: &mut World, request: Request, told: Told) {
    world.network.insert(Message::Told(request, told));
}

/// `local::run`: a verb that touches the file alone.
pub(super) fn draft(dossier: &mut Dossier, at: usize) {
    let file = &mut dossier.files[at];
    file.version += 1;
    let change = Change {
        dossier: at,
        file: *file,
        request: None,
    };
    dossier.log.push(change);
}

impl Dossier {
    /// Whether a request's event is in the file's log: `act.answered` and
    /// `cross::crossed`.
    fn knows(&self, request: Request) -> bool {
        self.log
            .iter()
            .any(|change| change.request == Some(request))
    }

    /// The handler that waits for workflow's answer to a request.
    fn handler(&self, request: Request) -> Option<Ask> {
        self.handlers
            .iter()
            .find(|ask| ask.request == request)
            .copied()
    }
}
