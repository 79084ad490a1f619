//! What must hold in every state, and what must be reachable for the check to mean
//! anything.

use std::collections::BTreeSet;

use motcua_domain::dossier::{State, Verb, next};
use stateright::Property;

use super::protocol::Protocol;
use super::world::{DOSSIERS, Told, World};

pub(crate) const KEPT: &str = "what was acknowledged is stored, on both sides";
pub(crate) const ONE_EFFECT: &str = "a request has one effect at most";
pub(crate) const DECIDED_ON_WHAT_WAS_SEEN: &str = "each act was decided on what its officer saw";
pub(crate) const FILE_FOLLOWS: &str = "a file is what workflow's events make of it";
pub(crate) const RECALLED: &str = "what is done in the file is never answered as overtaken";
pub(crate) const WAREHOUSE_FOLLOWS: &str = "the warehouse is what its cursor says";
pub(crate) const CODES: &str = "an accepted dossier has a code of its own, without a gap";
pub(crate) const ARRIVES: &str = "all that was decided arrives everywhere";

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(KEPT, |_, world| kept(world)),
        Property::always(ONE_EFFECT, |_, world| one_effect(world)),
        Property::always(DECIDED_ON_WHAT_WAS_SEEN, |_, world: &World| {
            let mut log = world.workflow.log.iter();
            log.all(|moved| moved.seen + 1 == moved.version)
        }),
        Property::always(FILE_FOLLOWS, |_, world| file_follows(world)),
        Property::always(RECALLED, |_, world| recalled(world)),
        Property::always(WAREHOUSE_FOLLOWS, |_, world| warehouse_follows(world)),
        Property::always(CODES, |_, world| codes(world)),
        Property::eventually(ARRIVES, |protocol, world| {
            Protocol::stops(world)
                || world.at_rest() && agree(world) && nobody_can_go_on(protocol, world)
        }),
        Property::sometimes("an act is told as done", |_, world| {
            done(world).next().is_some()
        }),
        Property::sometimes("somebody was faster", |_, world| told(world, Told::Stale)),
        Property::sometimes(
            "the feed brings what no answer brought",
            |_, world: &World| {
                let log = &world.dossier.log;
                let mut brought = log.iter().filter_map(|change| change.request);
                world.at_rest() && brought.any(|request| !world.dossier.answers.contains(&request))
            },
        ),
    ]
}

/// Requests that were answered as done.
fn done(world: &World) -> impl Iterator<Item = u8> {
    world
        .officers
        .iter()
        .flat_map(super::officer::Officer::done)
}

fn told(world: &World, what: Told) -> bool {
    let mut all = world.officers.iter().flat_map(|officer| &officer.told);
    all.any(|(_, told)| *told == what)
}

/// Workflow's part is asked for as long as it is the one that dossier knows.
fn kept(world: &World) -> bool {
    let same = world.workflow.incarnation == world.dossier.pinned;
    done(world).all(|request| {
        let here = &world.dossier.log;
        let there = &world.workflow.log;
        here.iter().any(|change| change.request == Some(request))
            && (!same || there.iter().any(|moved| moved.request == request))
    })
}

fn one_effect(world: &World) -> bool {
    let mut there = BTreeSet::new();
    let mut here = BTreeSet::new();
    let mut moves = world.workflow.log.iter();
    let mut changes = world.dossier.log.iter().filter_map(|change| change.request);
    moves.all(|moved| there.insert(moved.request)) && changes.all(|request| here.insert(request))
}

/// A file is the fold of workflow's events up to the version that it has, by the
/// product's own table.
fn file_follows(world: &World) -> bool {
    if world.workflow.incarnation != world.dossier.pinned {
        return true;
    }
    (0..DOSSIERS).all(|dossier| {
        let file = world.dossier.files[dossier];
        let log = world.workflow.log.iter();
        let mut known =
            log.filter(|moved| moved.dossier == dossier && moved.version <= file.instance_version);
        let folded = known.try_fold((State::AwaitingReception, 1), |(state, version), moved| {
            let row = next(state, moved.verb)?;
            (moved.version == version + 1).then_some((row.next, moved.version))
        });
        folded == Some((file.state, file.instance_version))
    })
}

/// Workflow may have done it while the file did not know: then to read again is the
/// right answer.
fn recalled(world: &World) -> bool {
    world.dossier.wronged.is_empty()
}

fn warehouse_follows(world: &World) -> bool {
    let warehouse = &world.warehouse;
    let upto: Vec<_> = (1..=warehouse.cursor).collect();
    let known = &world.dossier.log[..warehouse.cursor.min(world.dossier.log.len())];
    let last = |dossier| {
        let mut of = known
            .iter()
            .rev()
            .filter(|change| change.dossier == dossier);
        of.next().map(|change| change.file)
    };
    warehouse.effects == upto
        && (0..DOSSIERS).all(|dossier| warehouse.files[dossier] == last(dossier))
}

fn codes(world: &World) -> bool {
    let accepted = |dossier: usize| {
        let mut log = world
            .dossier
            .log
            .iter()
            .filter(|change| change.dossier == dossier);
        log.any(|change| change.file.state == State::Accepted)
    };
    let given: BTreeSet<_> = (0..DOSSIERS)
        .filter_map(|dossier| world.dossier.files[dossier].code)
        .collect();
    let accepted = (0..DOSSIERS).filter(|dossier| accepted(*dossier)).count();
    let unchanged = world.dossier.log.iter().all(|change| {
        change.file.code.is_none() || change.file.code == world.dossier.files[change.dossier].code
    });
    unchanged && given.len() == accepted && given.into_iter().eq(1..=world.dossier.serial)
}

fn agree(world: &World) -> bool {
    (0..DOSSIERS).all(|dossier| {
        let file = world.dossier.files[dossier];
        let known = world.warehouse.files[dossier].is_none_or(|known| known == file);
        known
            && file.state == world.workflow.state[dossier]
            && file.instance_version == world.workflow.version[dossier]
    })
}

/// Nobody waits for an answer that could still be asked for.
fn nobody_can_go_on(protocol: &Protocol, world: &World) -> bool {
    world.network.is_empty() && protocol.asks(world).is_empty()
}

/// The verb that gives a code.
pub(crate) fn gives_code(verb: Verb) -> bool {
    matches!(verb, Verb::Accept)
}
