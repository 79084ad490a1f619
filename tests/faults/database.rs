//! T02: the PostgreSQL server is killed, or stopped at once, while lives are walked,
//! and started again. SQLite's is the process that T01 kills.

use testkit::Engine;

use crate::campaign::{Plan, Scene, campaign, moment};
use crate::supervisor::millis;

/// Acts between two kills, at most.
const ACTS: u64 = 40;
/// After the chosen act the kill waits this long at most, in milliseconds.
const JITTER: u64 = 40;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "not run to its end yet: see tests/README.md"]
async fn no_act_is_lost_or_doubled_when_the_database_is_killed() {
    let plan = Plan {
        test: "T02",
        engine: Engine::Postgres,
        faults: 5,
        runs: [1, 10, 40],
        wires: &[],
        disk: None,
    };
    campaign(plan, strike).await;
}

/// Kills the server and starts it again; then acts are acknowledged again.
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
    moment(draw.below(JITTER)).await;
    let cluster = place.cluster.as_ref().expect("a server of its own");
    if draw.below(2) == 0 {
        cluster.kill().await;
    } else {
        cluster.stop_at_once().await;
    }
    outcome.n += 1;
    cluster.serve().await;
    match load.recover(place).await {
        Ok(took) => outcome.back.push(millis(took)),
        Err(why) => outcome.found.push(why),
    }
}
