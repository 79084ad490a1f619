//! T02: the PostgreSQL server is killed, or stopped at once, while lives are walked,
//! and started again. SQLite's is the process that T01 kills.

use std::time::Duration;

use testkit::Engine;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::campaign::{Plan, Scene, campaign, moment};
use crate::cluster::Held;
use crate::load::Load;
use crate::supervisor::{Supervisor, millis};

/// Acts between two kills, at most.
const ACTS: u64 = 40;
/// After the chosen act the kill waits this long at most, in milliseconds.
const JITTER: u64 = 40;
/// Where nothing else happens, an act comes to its commit within this.
const PILED_UP: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
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
    let writer = place.server().stall().await;
    let acts = 1 + usize::try_from(draw.below(ACTS)).expect("few");
    if !load.reach(place, acts).await {
        place.server().resume(&writer).await;
        return;
    }
    // Commits are short: every second time some are kept waiting inside the server,
    // so that it dies with acts that it has not taken.
    let held = if draw.below(2) == 0 {
        let service = *draw.of(&["dossier", "workflow"]).expect("services");
        let Some(held) = pile_up(place, load, service).await else {
            place.server().resume(&writer).await;
            return;
        };
        Some(held)
    } else {
        moment(draw.below(JITTER)).await;
        None
    };
    let cluster = place.server();
    if draw.below(2) == 0 {
        cluster.kill(&writer).await;
    } else {
        cluster.stop_at_once(&writer).await;
    }
    outcome.n += 1;
    cluster.serve().await;
    drop(held);
    match load.recover(place).await {
        Ok(took) => outcome.back.push(millis(took)),
        Err(why) => outcome.found.push(why),
    }
}

/// Holds a service's events until an act waits to be committed; none when the lives
/// end before.
async fn pile_up(place: &mut Supervisor, load: &mut Load, service: &str) -> Option<Held> {
    let database = place.database(service);
    let held = place.server().hold(&database).await;
    let mut look = interval(Duration::from_millis(10));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let waiting = async {
        while load.walks() {
            if place.server().commit_waits(&database).await {
                return Some(held);
            }
            place.tend();
            look.tick().await;
        }
        None
    };
    let waited = timeout(PILED_UP, waiting).await;
    waited.expect("acts come to their commit")
}
