//! T05: a wire is cut, stalled, slowed, sliced, or loses what it carries, while
//! lives are walked: between services, between a service and its database, between
//! client and service. Once it is whole, acts are acknowledged again.

use std::time::Duration;

use testkit::Engine;

use crate::campaign::{Plan, Scene, campaign, moment};
use crate::proxy::Mood;
use crate::supervisor::{CLIENT, DATABASE, Wire, millis};

/// Acts between two faults, at most.
const ACTS: u64 = 12;
/// A fault lasts this long, in milliseconds, and at most so much longer.
const LASTS: u64 = 500;
const LONGER: u64 = 1500;

/// Wires that both engines have.
const WIRES: [Wire; 6] = [
    (CLIENT, "dossier"),
    (CLIENT, "account"),
    ("dossier", "workflow"),
    ("gateway", "dossier"),
    ("notification", "dossier"),
    ("dossier", "account"),
];
/// Those to PostgreSQL beside them.
const WITH_DATABASE: [Wire; 9] = [
    WIRES[0],
    WIRES[1],
    WIRES[2],
    WIRES[3],
    WIRES[4],
    WIRES[5],
    ("dossier", DATABASE),
    ("workflow", DATABASE),
    ("gateway", DATABASE),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_wires_fail_on_sqlite() {
    cut(Engine::Sqlite, &WIRES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_wires_fail_on_postgres() {
    cut(Engine::Postgres, &WITH_DATABASE).await;
}

async fn cut(engine: Engine, wires: &'static [Wire]) {
    let plan = Plan {
        test: "T05",
        engine,
        faults: 12,
        runs: [1, 10, 50],
        wires,
        disk: None,
    };
    campaign(plan, strike).await;
}

/// Breaks a wire for a while.
pub(crate) async fn strike(scene: &mut Scene) {
    let Scene {
        place,
        load,
        draw,
        outcome,
    } = scene;
    let acts = usize::try_from(draw.below(ACTS)).expect("few");
    if !load.reach(place, acts).await {
        return;
    }
    let wires: Vec<Wire> = place.wires.keys().copied().collect();
    let wire = draw.of(&wires).expect("wires");
    let moods = [
        Mood::Cut,
        Mood::Stalled,
        Mood::HalfOpen,
        Mood::Slow(Duration::from_millis(5 + draw.below(60))),
        Mood::Sliced,
        Mood::Until(usize::try_from(draw.below(4096)).expect("few")),
    ];
    let mood = *draw.of(&moods).expect("moods");
    place.wires[wire].turn(mood);
    moment(LASTS + draw.below(LONGER)).await;
    place.wires[wire].turn(Mood::Whole);
    outcome.n += 1;
    match load.recover(place).await {
        Ok(took) => outcome.back.push(millis(took)),
        Err(why) => outcome.found.push(format!("{wire:?} {mood:?}: {why}")),
    }
}
