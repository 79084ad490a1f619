//! The kill test. A supervisor kills the server with SIGKILL at random moments of
//! a rehearsal and starts it again at once. The driver, another process, writes
//! every acknowledged act to the disk, asks again under the same key, and finishes
//! every life. Then list and stores are compared.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use testkit::ledger::{Acknowledged, Stores, differences, stores};
use testkit::tally::{Outcome, Run, Subject};
use testkit::{Draw, Engine, variable};
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use crate::place::{Place, Server, json, lines, postgres_is_there};

/// At least so many kills land while lives are walked, on each engine.
const KILLS: usize = 10;
/// Communes, lives in each, and lives at once: enough that the kills land inside.
const UNITS: &str = "18583,18073,18100,18115,18133,18160,18196,18244";
const LIVES: usize = 48;
const PER_UNIT: &str = "6";
const AT_ONCE: &str = "8";
/// Acts between two kills, at most.
const ACTS: u64 = 52;
/// After the chosen act, or after the start, the kill waits this long at most.
const JITTER: u64 = 40;
const STARTING: u64 = 1500;
/// The whole rehearsal ends within this, restarts included.
const WHOLE: Duration = Duration::from_secs(400);

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_act_is_lost_or_doubled_by_kills_on_sqlite() {
    survive(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_act_is_lost_or_doubled_by_kills_on_postgres() {
    if postgres_is_there() {
        survive(Engine::Postgres).await;
    }
}

async fn survive(engine: Engine) {
    let seed = seed();
    println!("{engine:?}: seed {seed}, MOTCUA_TEST_SEED={seed} repeats its moments");
    let place = Place::new(engine).await;
    let run = Run::begin(Subject::new("T01 (all)", engine, seed));
    let list = place.beside("acknowledged");
    let server = place.serve().await;
    let began = Instant::now();
    let driver = driver(&place, &list);
    let supervised = supervise(&place, server, driver, &list, Draw(seed));
    let (report, kills, server) = timeout(WHOLE, supervised)
        .await
        .unwrap_or_else(|_| panic!("the rehearsal does not end: {}", place.log()));
    println!("{engine:?}: {kills:?} in {} s", began.elapsed().as_secs());
    assert_passed(&report);
    let floor = KILLS;
    assert!(
        kills.walking >= floor,
        "only {kills:?}: lengthen the rehearsal"
    );

    // Once more when all is done, so that what is verified was read from the disk.
    server.kill().await;
    let server = place.serve().await;
    let (status, verified) = place.ask(&["verify", "--json"]).await;
    assert_eq!(verified["violations"], 0, "{verified}");
    assert!(status.success());
    assert!(server.leave(Duration::from_secs(30)).await.success());

    let acts: Vec<_> = lines(&list).iter().map(|l| Acknowledged::read(l)).collect();
    let kept = stores(&place.config()).await;
    println!(
        "{engine:?}: {} acts, {} events of dossiers, {} of instances",
        acts.len(),
        kept.dossiers.len(),
        kept.instances.len()
    );
    let found = differences(&acts, &kept);
    run.end(Outcome {
        n: kills.walking + kills.ending,
        acts: acts.len(),
        found: found.clone(),
        back: Vec::new(),
    });
    assert!(found.is_empty(), "{found:#?}");
    assert_the_comparison_can_fail(&acts, &kept);
    place.end().await;
}

/// How many kills hit what.
#[derive(Clone, Copy, Debug, Default)]
struct Kills {
    /// While lives were walked.
    walking: usize,
    /// Of those, while the server was starting.
    starting: usize,
    /// While the driver verified and reported.
    ending: usize,
    /// Starts that ended by themselves: none of the kills.
    fell: usize,
}

/// The driver, as a process of its own.
fn driver(place: &Place, list: &Path) -> Child {
    let mut command = place.program();
    command
        .args(["trial", "--target", &place.target(), "--json"])
        .args([
            "--units",
            UNITS,
            "--per-unit",
            PER_UNIT,
            "--at-once",
            AT_ONCE,
        ])
        .arg("--acknowledged")
        .arg(list)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    command.spawn().expect("the driver")
}

/// Kills and restarts until the driver has ended.
async fn supervise(
    place: &Place,
    server: Server,
    driver: Child,
    list: &Path,
    mut draw: Draw,
) -> (Value, Kills, Server) {
    let output = driver.wait_with_output();
    tokio::pin!(output);
    let mut server = server;
    let mut kills = Kills::default();
    loop {
        // Every fourth restart is killed while it starts; the first moment of all
        // is drawn like that, while the driver signs in and reads the catalogue.
        let starting = (kills.walking % 4 == 3) || kills.walking == 0;
        let ended = ended(list);
        let moment = async {
            if starting || ended >= LIVES {
                wait(draw.below(STARTING)).await;
            } else {
                let acts = lines(list).len() + usize::try_from(draw.below(ACTS)).expect("small");
                reach(list, acts).await;
                wait(draw.below(JITTER)).await;
            }
        };
        tokio::select! {
            biased;
            done = &mut output => {
                let done = done.expect("the driver's output");
                let told = String::from_utf8_lossy(&done.stderr);
                assert!(done.status.success(), "{}\n{told}\n{}", json(&done), place.log());
                return (json(&done), kills, server);
            }
            // One whose database is too busy to be opened ends by itself.
            () = server.gone() => {
                kills.fell += 1;
                server = place.spawn();
                continue;
            }
            () = moment => {}
        }
        server.kill().await;
        if ended < LIVES {
            kills.walking += 1;
            kills.starting += usize::from(starting);
            server = place.spawn();
        } else {
            // One is enough here: the driver has a single thing left to do.
            kills.ending += 1;
            server = place.serve().await;
            let done = output.await.expect("the driver's output");
            return (json(&done), kills, server);
        }
    }
}

/// Lives that have ended.
fn ended(list: &Path) -> usize {
    let last = ["ReturnResult", "RefuseIntake", "Withdraw"];
    let lines = lines(list);
    let over = |line: &&String| last.iter().any(|method| line.contains(method));
    lines.iter().filter(over).count()
}

/// Waits until the list has so many lines, or every life has ended.
async fn reach(list: &Path, acts: usize) {
    let mut look = interval(Duration::from_millis(3));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while lines(list).len() < acts && ended(list) < LIVES {
        look.tick().await;
    }
}

/// A random moment has no condition to wait for.
async fn wait(millis: u64) {
    let _ = timeout(Duration::from_millis(millis), std::future::pending::<()>()).await;
}

fn seed() -> u64 {
    let given = variable("MOTCUA_TEST_SEED").and_then(|text| text.parse().ok());
    #[expect(clippy::disallowed_methods, reason = "a fresh seed, which is printed")]
    let fresh = || Uuid::new_v4().as_u64_pair().0;
    given.unwrap_or_else(fresh)
}

fn assert_passed(report: &Value) {
    assert_eq!(report["units_passed"], report["units"], "{report:#}");
    assert_eq!(report["dossiers"], LIVES, "{report:#}");
    assert_eq!(report["warehouse_equal"], true, "{report:#}");
    assert_eq!(report["violations"], 0, "{report:#}");
}

/// On copies of what was just compared: an act that never happened, an event that
/// is there twice, one that is gone, and a code that was given twice are found.
fn assert_the_comparison_can_fail(acts: &[Acknowledged], kept: &Stores) {
    let found = |list: &[Acknowledged], stores: &Stores, what: &str| {
        let found = differences(list, stores);
        assert!(
            found.iter().any(|line| line.contains(what)),
            "{what}: {found:?}"
        );
    };
    let mut list = acts.to_vec();
    let mut never = list[0].clone();
    never.method = "Sign".to_owned();
    never.request_id = Uuid::nil();
    list.push(never);
    found(&list, kept, "acknowledged and missing");

    let middle = kept.dossiers.len() / 2;
    let mut stores = kept.clone();
    stores.dossiers.push(kept.dossiers[middle].clone());
    found(acts, &stores, "doubled");
    stores = kept.clone();
    stores.dossiers.remove(middle);
    found(acts, &stores, "acknowledged and missing");
    let middle = kept.instances.len() / 2;
    stores = kept.clone();
    stores.instances.push(kept.instances[middle].clone());
    found(acts, &stores, "doubled");
    stores = kept.clone();
    stores.instances.remove(middle);
    found(acts, &stores, "acknowledged and missing");

    stores = kept.clone();
    let codes: Vec<usize> = (0..stores.dossiers.len())
        .filter(|at| stores.dossiers[*at].code.is_some())
        .collect();
    stores.dossiers[codes[1]].code = stores.dossiers[codes[0]].code.clone();
    found(acts, &stores, "was given 2 times");

    let list = &acts[1..];
    found(list, kept, "never acknowledged");
}
