//! Followers: `crates/feed/src/follower`, for the projection and the warehouse.

use super::{Mutant, Protocol};
use crate::world::World;

impl Protocol {
    /// The projection's next event and its cursor, in one unit of work.
    pub(super) fn project(&self, world: &mut World, effect: bool) {
        if self.is(Mutant::Unfollowed) || Self::stops(world) {
            return;
        }
        let at = world.dossier.cursor;
        if at >= world.workflow.numbered {
            return;
        }
        world.dossier.cursor += 1;
        if effect {
            let moved = world.workflow.log[at];
            self.apply(&mut world.dossier, moved);
        }
    }

    /// An entry is taken when its position is the next one, and else dropped.
    pub(super) fn load(&self, world: &mut World, position: usize) {
        let warehouse = &mut world.warehouse;
        if position != warehouse.cursor + 1 && !self.is(Mutant::Positionless) {
            return;
        }
        if warehouse.effects.len() > world.dossier.log.len() {
            return;
        }
        let change = world.dossier.log[position - 1];
        warehouse.files[change.dossier] = Some(change.file);
        warehouse.effects.push(position);
        warehouse.cursor = position;
    }
}
