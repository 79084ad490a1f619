//! T36: everything that breaks, in an order that the seed chooses. The gate does
//! not run it.

use testkit::Engine;

use crate::campaign::{Plan, Scene, campaign};
use crate::supervisor::{CLIENT, DATABASE, Wire};
use crate::{database, kills, network};

/// Faults of a run.
const FAULTS: usize = 40;
const WIRES: [Wire; 3] = [
    (CLIENT, "dossier"),
    ("dossier", "workflow"),
    ("gateway", "dossier"),
];
const WITH_DATABASE: [Wire; 5] = [
    WIRES[0],
    WIRES[1],
    WIRES[2],
    ("dossier", DATABASE),
    ("workflow", DATABASE),
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not in the gate: run it by name, see tests/README.md"]
async fn no_act_is_lost_or_doubled_in_a_storm_on_sqlite() {
    storm(Engine::Sqlite, &WIRES).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not in the gate: run it by name, see tests/README.md"]
async fn no_act_is_lost_or_doubled_in_a_storm_on_postgres() {
    storm(Engine::Postgres, &WITH_DATABASE).await;
}

async fn storm(engine: Engine, wires: &'static [Wire]) {
    let plan = Plan {
        test: "T36",
        engine,
        faults: FAULTS,
        runs: [0, 10, 40],
        wires,
        disk: None,
    };
    campaign(plan, async |scene: &mut Scene| {
        let server = scene.place.cluster.is_some();
        match scene.draw.below(8) {
            0..=3 => kills::strike(scene).await,
            4 if server => database::strike(scene).await,
            _ => network::strike(scene).await,
        }
    })
    .await;
}
