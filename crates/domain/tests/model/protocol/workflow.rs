//! Workflow: `services/workflow/src/app/cross.rs`, and a restore of its store.

use motcua_domain::dossier::{State, next};

use super::{Mutant, Protocol};
use crate::world::{Ask, DOSSIERS, Message, Move, Told, World};

impl Protocol {
    /// `cross::run`: recall, compare, decide, and one unit of work.
    pub(super) fn cross(&self, world: &mut World, ask: Ask, met: u8) {
        let workflow = &mut world.workflow;
        // A caller that has met another incarnation is refused before all else, and
        // its caller is told nothing that it could take for an answer.
        if met != workflow.incarnation {
            world.dossier.handlers.remove(&ask);
            return;
        }
        let answer = |at| Message::Moved(ask.request, at);
        if let Some(at) = workflow.answers.get(&ask.request) {
            world.network.insert(answer(*at));
            return;
        }
        let version = workflow.version[ask.dossier];
        if version != ask.instance_version && !self.is(Mutant::Unguarded) {
            let refused = Message::Refused(ask.request, Told::Stale);
            world.network.insert(refused);
            return;
        }
        let Some(row) = next(workflow.state[ask.dossier], ask.verb) else {
            let refused = Message::Refused(ask.request, Told::Refused);
            world.network.insert(refused);
            return;
        };
        workflow.state[ask.dossier] = row.next;
        workflow.version[ask.dossier] += 1;
        workflow.log.push(Move {
            dossier: ask.dossier,
            version: version + 1,
            verb: ask.verb,
            state: row.next,
            request: ask.request,
            seen: ask.instance_version,
        });
        let at = workflow.log.len() - 1;
        workflow.answers.insert(ask.request, at);
        world.network.insert(answer(at));
    }

    /// The last events are gone, and with them what they did. Connections to the
    /// store that was there are gone too.
    pub(super) fn restore(&self, world: &mut World, events: usize) {
        let workflow = &mut world.workflow;
        workflow.log.truncate(workflow.log.len() - events);
        workflow.numbered = workflow.numbered.min(workflow.log.len());
        workflow.answers.retain(|_, at| *at < workflow.log.len());
        workflow.state = [State::AwaitingReception; DOSSIERS];
        workflow.version = [1; DOSSIERS];
        for moved in &workflow.log {
            workflow.state[moved.dossier] = moved.state;
            workflow.version[moved.dossier] = moved.version;
        }
        if !self.is(Mutant::SameIncarnation) {
            workflow.incarnation += 1;
        }
        let between = |message: &Message| matches!(message, Message::Ask(_) | Message::Told(..));
        world.network.retain(between);
        world.dossier.handlers.clear();
    }
}
