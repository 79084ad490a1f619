//! T13: the warehouse is away while lives are walked; when it is back, it takes up
//! what it has missed and equals its sources.

use testkit::Engine;

use crate::campaign::{Plan, Scene, campaign};

/// Acts while it is away: more than a follower takes at once.
const AWAY: usize = 150;

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_was_away_catches_up_on_sqlite() {
    away(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_was_away_catches_up_on_postgres() {
    away(Engine::Postgres).await;
}

async fn away(engine: Engine) {
    let plan = Plan {
        test: "T13",
        engine,
        faults: 1,
        runs: [1, 3, 10],
        wires: &[],
        disk: None,
    };
    campaign(plan, strike).await;
}

/// Kills the gateway, and starts it again after many acts.
async fn strike(scene: &mut Scene) {
    let Scene {
        place,
        load,
        outcome,
        ..
    } = scene;
    if !place.kill("gateway").await {
        return;
    }
    let acted = load.reach(place, AWAY).await;
    place.launch("gateway");
    outcome.n += usize::from(acted);
}
