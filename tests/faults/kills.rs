//! T01: one service after another is killed with SIGKILL at random moments while
//! lives are walked, a quarter of them again while they start.

use motcua::SERVICES;
use testkit::Engine;

use crate::campaign::{Plan, Scene, campaign, moment};

/// Acts between two kills, at most.
const ACTS: u64 = 12;
/// After the chosen act the kill waits this long at most, in milliseconds.
const JITTER: u64 = 40;
/// After its start, a service that is killed again lives this long at most.
const STARTING: u64 = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_single_services_are_killed_on_sqlite() {
    kill(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_single_services_are_killed_on_postgres() {
    kill(Engine::Postgres).await;
}

async fn kill(engine: Engine) {
    let plan = Plan {
        test: "T01",
        engine,
        faults: 30,
        runs: [1, 10, 34],
        wires: &[],
        disk: None,
    };
    campaign(plan, strike).await;
}

/// Kills a service and starts it again at once.
pub(crate) async fn strike(scene: &mut Scene) {
    let Scene {
        place, load, draw, ..
    } = scene;
    let service = *draw.of(&SERVICES).expect("services");
    let acts = usize::try_from(draw.below(ACTS)).expect("few");
    if !load.reach(place, acts).await {
        return;
    }
    moment(draw.below(JITTER)).await;
    scene.hit(service).await;
    if scene.draw.below(4) == 0 {
        moment(scene.draw.below(STARTING)).await;
        if scene.load.walks() {
            scene.hit(service).await;
        }
    }
}

impl Scene {
    /// A kill that landed counts.
    async fn hit(&mut self, service: &'static str) {
        if self.place.kill(service).await {
            self.outcome.n += 1;
            self.place.launch(service);
        }
    }
}
